//! What teams say by themselves, word for word, in each language: as the preview shows it.

use crate::Tested;
use crate::automatic_messages::{on, world};
use crate::world::World;
use events::common::AutomaticMessageKind as Kind;
use rpc::conversation::opening_hours_service_client::OpeningHoursServiceClient;
use rpc::conversation::{self as proto, AutomaticMessage};

const KINDS: [Kind; 14] = [
    Kind::MissedCall,
    Kind::Voicemail,
    Kind::CallEnded,
    Kind::AskRating,
    Kind::AskSolved,
    Kind::FirstMessage,
    Kind::AskMedia,
    Kind::ContactPage,
    Kind::CallOutOfHours,
    Kind::CallGivenUp,
    Kind::AskApproval,
    Kind::AskPayment,
    Kind::TextOutOfHours,
    Kind::ChatOutOfHours,
];

/// The team opens on Mondays only, and it is a Tuesday.
async fn close_until_monday(world: &World) -> Tested {
    world.clock.set("2026-11-24T12:00:00Z".parse()?);
    let request = proto::SetOpeningHoursRequest {
        workspace: "acme".into(),
        team: "parcels".into(),
        hours: Some(proto::OpeningHours {
            time_zone: "Europe/Warsaw".into(),
            monday: Some(proto::DayHours {
                ranges: vec!["09:00-17:00".into()],
            }),
            ..Default::default()
        }),
        version: 0,
    };
    let channel = rpc::connect(&format!("http://{}", world.running.grpc))?;
    OpeningHoursServiceClient::new(channel)
        .set_opening_hours(request)
        .await?;
    Ok(())
}

/// `UPDATE_GOLDEN=1` rewrites the files; look at the difference.
fn compare(language: &str, said: &str) {
    let file = format!("{}/tests/golden/automatic_{language}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, said).expect("the folder of golden words");
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(said == golden, "{file} is not what is said now:\n{said}");
}

#[tokio::test]
async fn every_automatic_message_is_what_it_was_in_each_language() -> Tested {
    let (world, mut voices) = world(&[Kind::ContactPage]).await?;
    close_until_monday(&world).await?;
    for language in ["en", "pl", "fr"] {
        let mut said = String::new();
        for kind in KINDS {
            said.push_str(kind.as_str_name().trim_start_matches("AUTOMATIC_MESSAGE_KIND_"));
            said.push('\n');
            let whole = AutomaticMessage {
                business_name: true,
                team_name: true,
                extra_text: "+48 22 000 00 00".into(),
                ..on(kind)
            };
            for (how, message, by_text) in [
                ("in a chat", on(kind), false),
                ("by text", on(kind), true),
                ("with all parts", whole, false),
            ] {
                let request = proto::PreviewAutomaticMessageRequest {
                    workspace: "acme".into(),
                    team: "parcels".into(),
                    message: Some(message),
                    language: language.into(),
                    by_text,
                };
                let words = voices.preview_automatic_message(request).await?.into_inner().text;
                said.push_str(&format!("{how}: {words}\n"));
            }
            said.push('\n');
        }
        compare(language, &said);
    }
    world.end().await;
    Ok(())
}

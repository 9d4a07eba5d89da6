//! Mails to agents who are not there when they are reminded of a conversation that they starred.

use crate::harness::{Harness, SOON, Tested};
use crate::inbound_mails::{ARRIVED, REPORT, report_on};
use domain::{Clock, ConversationId, EventId, Timestamp};
use events::common::ChannelSettings;
use events::event::AgentAvailability::{self, Available, Away, Busy, Offline};
use events::event::ReminderDue;
use events::stamp;
use jiff::SignedDuration;
use rpc::conversation::GetReminderResponse;
use rpc::notifier::explain_follow_up_request::Of;
use rpc::notifier::{ExplainFollowUpRequest, InboundMailOutcome};
use rpc::routing::Agent;
use testkit::{Mail, MailFault, eventually};
use tonic::Code;
use uuid::Uuid;

const ANNA: &str = "anna@acme.example";

impl Harness {
    /// A conversation that `anna` starred, and whose reminder stands as told.
    fn starred(&self, language: &str, note: &str, email: &str) -> String {
        let conversation = ConversationId::generate(&self.entropy).to_string();
        let reminder = GetReminderResponse {
            number: 42,
            note: note.into(),
            email: email.into(),
            settings: Some(ChannelSettings {
                language: language.into(),
                business_name: "Księgarnia & Café".into(),
                ..Default::default()
            }),
            link: "https://desk.example/conversations?number=42".into(),
        };
        let key = (conversation.clone(), "anna".to_owned());
        self.truth().reminders.insert(key, reminder);
        conversation
    }

    fn anna_is(&self, availability: AgentAvailability, is_connected: bool) {
        let agent = Agent {
            agent: "anna".into(),
            availability: availability.into(),
            is_connected,
            ..Default::default()
        };
        self.truth().agents.insert("anna".into(), agent);
    }

    async fn remind(&self, conversation: &str, version: u64) -> Tested {
        self.remind_at(conversation, version, self.clock.now()).await
    }

    async fn remind_at(&self, conversation: &str, version: u64, at: Timestamp) -> Tested {
        let fact = ReminderDue {
            conversation: conversation.into(),
            agent: "anna".into(),
            at: Some(stamp(at)),
            version,
        };
        self.publish(&fact).await
    }

    /// Waits until somebody has a mail that is due in hand.
    async fn asking(&self) -> Tested {
        let leased = "SELECT count(*) FROM reminder_mail WHERE leased_until IS NOT NULL AND state = $1";
        let asks = async || (self.count(leased, "due").await.ok()? == 1).then_some(());
        Ok(eventually("somebody asks", SOON, asks).await?)
    }

    /// What the history says became of reminders, in its order.
    async fn ends(&self, conversation: &str) -> anyhow::Result<Vec<String>> {
        let request = ExplainFollowUpRequest {
            workspace: self.workspace.to_string(),
            of: Some(Of::Conversation(conversation.to_owned())),
        };
        let told = self.client.clone().explain_follow_up(request).await?.into_inner();
        let lines = told.timeline.into_iter().filter(|line| line.what == "agent reminded");
        let end = |facts: &dyn Fn(&str) -> Option<String>| Some(format!("{} {}", facts("agent")?, facts("outcome")?));
        Ok(lines
            .filter_map(|line| end(&|name| line.facts.get(name).cloned()))
            .collect())
    }

    /// Mails in this state, once it is as expected.
    async fn reminders(&self, state: &'static str, expected: i64) -> Tested {
        eventually(format!("{expected} {state}"), SOON, async || {
            let count = self.count("SELECT count(*) FROM reminder_mail WHERE state = $1", state);
            (count.await.ok()? == expected).then_some(())
        })
        .await?;
        Ok(())
    }
}

/// The mail without what is another one every time. `UPDATE_GOLDEN=1` rewrites the files; look at the difference.
fn compare(name: &str, mail: &Mail, conversation: &str) {
    let id = mail.message_id.clone().unwrap_or_default();
    let (id, _) = id.split_once('@').expect("a Message-ID");
    let raw = String::from_utf8(mail.raw.clone()).expect("ASCII");
    let raw = raw
        .replace("\r\n", "\n")
        .replace(id, "ID")
        .replace(conversation, "CONVERSATION");
    let file = format!("{}/tests/golden/{name}.eml", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &raw).expect("the folder of golden mails");
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(raw == golden, "{file} is not what is sent now:\n{raw}");
}

#[tokio::test]
async fn who_is_away_is_mailed_once_in_the_language_of_the_channel() -> Tested {
    let notifier = Harness::start().await?;
    notifier.clock.set("2026-11-20T14:00:00Z".parse()?);
    notifier.anna_is(Away, true);
    let note = "call <Ann> & ask about the żółty one";
    for (number, language) in (1..).zip(["en", "pl", "fr"]) {
        let conversation = notifier.starred(language, note, ANNA);
        for telling in [3, 4] {
            let fact = ReminderDue {
                conversation: conversation.clone(),
                agent: "anna".into(),
                at: Some(stamp(notifier.clock.now())),
                version: 3,
            };
            // The same telling under two ids: a relay that died over its mark publishes again.
            let id = EventId(Uuid::from_u128(u128::try_from(10 * number + telling)?));
            notifier.publish_as(id, &fact, None).await?;
        }
        let mail = notifier.smtp.nth(ANNA, number, SOON).await?;
        compare(&format!("reminder_{language}"), &mail, &conversation);
        assert!(mail.header("List-Unsubscribe").is_none() && mail.reply_to.is_none());
    }
    assert_eq!(notifier.sent().await, (0, 3));
    assert!(notifier.truth().holds.is_empty(), "nobody pays for it");
    notifier.reminders("sent", 3).await?;
    // Without a note and a place there is only the number; another time is told again.
    let conversation = notifier.starred("en", "", ANNA);
    let key = (conversation.clone(), "anna".to_owned());
    let told = notifier.truth().reminders.get_mut(&key).map(|told| told.link.clear());
    assert_eq!(told, Some(()));
    notifier.remind(&conversation, 1).await?;
    let mail = notifier.smtp.nth(ANNA, 4, SOON).await?;
    let text = mail.text.unwrap_or_default();
    assert!(
        text.contains("no. 42") && !text.contains("note") && !text.contains("Open"),
        "{text}"
    );
    notifier.remind(&conversation, 3).await?;
    notifier.smtp.nth(ANNA, 5, SOON).await?;
    Ok(())
}

#[tokio::test]
async fn who_sees_their_console_or_has_no_address_or_no_star_any_more_gets_no_mail() -> Tested {
    let notifier = Harness::start().await?;
    let conversation = notifier.starred("en", "", ANNA);
    let mut version = 0;
    for (availability, is_connected) in [(Available, true), (Busy, true)] {
        version += 1;
        notifier.anna_is(availability, is_connected);
        notifier.remind(&conversation, version).await?;
        notifier.reminders("agent_there", i64::try_from(version)?).await?;
    }
    assert_eq!(notifier.sent().await, (0, 0));
    for (mails, (availability, is_connected)) in (1..).zip([(Available, false), (Away, true), (Offline, true)]) {
        version += 1;
        notifier.anna_is(availability, is_connected);
        notifier.remind(&conversation, version).await?;
        notifier.smtp.nth(ANNA, mails, SOON).await?;
    }
    // Who never told where they are is not there.
    notifier.truth().agents.clear();
    notifier.remind(&conversation, version + 1).await?;
    notifier.smtp.nth(ANNA, 4, SOON).await?;

    let unreachable = notifier.starred("en", "", "");
    notifier.remind(&unreachable, 1).await?;
    notifier.reminders("no_address", 1).await?;
    let nothing = ConversationId::generate(&notifier.entropy).to_string();
    notifier.remind(&nothing, 1).await?;
    notifier.reminders("gone", 1).await?;
    let old = notifier.clock.now() - SignedDuration::from_hours(25);
    notifier.remind_at(&conversation, 20, old).await?;
    notifier.reminders("too_late", 1).await?;
    assert_eq!(notifier.sent().await, (0, 4));
    Ok(())
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_and_what_may_have_been_is_not() -> Tested {
    let notifier = Harness::start().await?;
    let conversation = notifier.starred("en", "", ANNA);
    notifier.smtp.fail_next(MailFault::Greylist);
    notifier.remind(&conversation, 1).await?;
    let waits = "SELECT count(*) FROM reminder_mail WHERE state = 'due' AND attempts = 1 AND $1 = ''";
    eventually("it waits for the next try", SOON, async || {
        (notifier.count(waits, "").await.ok()? == 1).then_some(())
    })
    .await?;
    assert_eq!(notifier.sent().await, (0, 0));
    notifier.advance(10).await;
    notifier.smtp.nth(ANNA, 1, SOON).await?;
    notifier.reminders("sent", 1).await?;

    notifier.smtp.fail_next(MailFault::RefuseRecipient);
    notifier.remind(&conversation, 2).await?;
    notifier.reminders("failed", 1).await?;
    notifier.smtp.fail_next(MailFault::AcceptThenDrop);
    notifier.remind(&conversation, 3).await?;
    notifier.reminders("unknown", 1).await?;
    let before = notifier.smtp.mails().len();
    notifier.advance(3 * 3600).await;
    assert_eq!(notifier.sent().await, (0, before));
    Ok(())
}

#[tokio::test]
async fn while_an_owner_is_away_it_waits_for_a_day() -> Tested {
    let mut notifier = Harness::start().await?;
    let conversation = notifier.starred("en", "", ANNA);
    notifier.truth().routing_away = true;
    notifier.remind(&conversation, 1).await?;
    notifier.asking().await?;
    // Whoever asks is done with it, in vain.
    notifier.stop().await;
    notifier.truth().routing_away = false;
    notifier.run().await?;
    notifier.advance(31).await;
    notifier.smtp.nth(ANNA, 1, SOON).await?;
    notifier.reminders("sent", 1).await?;

    notifier.truth().routing_away = true;
    notifier.remind(&conversation, 2).await?;
    notifier.asking().await?;
    notifier.stop().await;
    notifier.advance(25 * 3600).await;
    notifier.run().await?;
    notifier.reminders("too_late", 1).await?;
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

#[tokio::test]
async fn killed_while_asking_it_is_mailed_once_and_killed_while_mailing_not_again() -> Tested {
    let mut notifier = Harness::start().await?;
    let conversation = notifier.starred("en", "", ANNA);
    notifier.truth().conversation_hangs = true;
    notifier.remind(&conversation, 1).await?;
    notifier.asking().await?;
    notifier.kill().await;
    notifier.truth().conversation_hangs = false;
    notifier.run().await?;
    notifier.advance(31).await;
    notifier.smtp.nth(ANNA, 1, SOON).await?;
    notifier.reminders("sent", 1).await?;

    notifier.smtp.fail_next(MailFault::AcceptThenHang);
    notifier.remind(&conversation, 2).await?;
    notifier.smtp.nth(ANNA, 2, SOON).await?;
    notifier.kill().await;
    notifier.run().await?;
    notifier.advance(31).await;
    notifier.reminders("unknown", 1).await?;
    assert_eq!(notifier.sent().await, (0, 2));
    Ok(())
}

#[tokio::test]
async fn a_reminder_that_did_not_arrive_is_counted_told_of_and_answered_by_nobody() -> Tested {
    let notifier = Harness::start().await?;
    let conversation = notifier.starred("en", "", ANNA);
    notifier.remind(&conversation, 1).await?;
    let mail = notifier.smtp.nth(ANNA, 1, SOON).await?;
    notifier.reminders("sent", 1).await?;
    let report = |text: &str, whom: &str| report_on(text, &mail).replace("ann@example.com", whom);
    // One that names somebody else is taken, as nobody would hear of a refusal, and moves nothing; nor does one for later.
    let delayed = report(REPORT, ANNA).replace("Action: failed", "Action: delayed");
    for doubtful in [report(REPORT, "bob@example.net"), delayed] {
        let taken = notifier.handed(&mail.envelope_from, Some(""), &doubtful).await;
        assert_eq!(taken, Ok(InboundMailOutcome::Bounce));
        notifier.reminders("sent", 1).await?;
    }
    let unknown = mail
        .message_id
        .clone()
        .expect("a Message-ID")
        .replace(".acme@", ".other@");
    let foreign = REPORT.replace("MESSAGE-ID", &unknown).replace("ann@example.com", ANNA);
    assert_eq!(
        notifier.handed(&mail.envelope_from, Some(""), &foreign).await,
        Err(Code::NotFound)
    );
    for _ in 0..2 {
        let taken = notifier
            .handed(&mail.envelope_from, Some(""), report(REPORT, ANNA))
            .await;
        assert_eq!(taken, Ok(InboundMailOutcome::Bounce));
        notifier.reminders("undelivered", 1).await?;
    }
    // That it arrived after all is believed no more.
    notifier
        .handed(&mail.envelope_from, Some(""), report(ARRIVED, ANNA))
        .await
        .map_err(|code| anyhow::anyhow!("{code}"))?;
    notifier.reminders("undelivered", 1).await?;
    assert_eq!(notifier.ends(&conversation).await?, ["anna sent", "anna undelivered"]);
    assert_eq!(notifier.sent().await, (0, 1), "nobody was answered");
    Ok(())
}

#[tokio::test]
async fn a_report_settles_a_reminder_whose_answer_was_lost() -> Tested {
    let notifier = Harness::start().await?;
    for (number, (text, state)) in (1..).zip([(REPORT, "undelivered"), (ARRIVED, "sent")]) {
        let conversation = notifier.starred("en", "", ANNA);
        notifier.smtp.fail_next(MailFault::AcceptThenDrop);
        notifier.remind(&conversation, 1).await?;
        let mail = notifier.smtp.nth(ANNA, number, SOON).await?;
        notifier.reminders("unknown", 1).await?;
        let report = report_on(text, &mail).replace("ann@example.com", ANNA);
        let taken = notifier.handed(&mail.envelope_from, Some(""), &report).await;
        assert_eq!(taken, Ok(InboundMailOutcome::Bounce));
        notifier.reminders(state, 1).await?;
    }
    notifier.advance(3 * 3600).await;
    assert_eq!(notifier.sent().await, (0, 2), "it is sent to nobody again");
    Ok(())
}

//! Forms that a widget shows: those that come by themselves, and those that agents offer.

use crate::Tested;
use crate::contacts::id_of;
use crate::deliveries::tell;
use crate::world::{CUSTOMER, SOON, World, starting, why};
use domain::Clock;
use events::event::{FormChanged, TeamStaffingChanged};
use rpc::conversation::form_service_client::FormServiceClient;
use rpc::conversation::message::Content;
use rpc::conversation::{self as proto, Form, FormField, FormFieldKind, FormKind};
use sqlx::{Connection, PgConnection};
use std::time::Duration;
use testkit::eventually;
use tonic::Status;
use tonic::transport::Channel;

const VISITOR: &str = "018f4e3a-0000-7000-8000-0000000000aa";

pub type Forms = FormServiceClient<Channel>;

pub async fn world() -> anyhow::Result<(World, Forms)> {
    let world = World::new().await?;
    let channel = rpc::connect(&format!("http://{}", world.running.grpc))?;
    Ok((world, FormServiceClient::new(channel)))
}

pub fn by_visitor(request_id: &str) -> proto::StartConversationRequest {
    proto::StartConversationRequest {
        visitor: VISITOR.into(),
        ..starting(request_id)
    }
}

impl World {
    /// A conversation that a visitor of the page starts, who says nothing of themselves.
    pub async fn visit(&self, request_id: &str) -> anyhow::Result<String> {
        let started = self
            .conversations
            .clone()
            .start_conversation(by_visitor(request_id))
            .await?;
        Ok(started.into_inner().conversation.unwrap_or_default().conversation)
    }

    /// The form that opens in a conversation.
    pub async fn opens(&self, forms: &Forms, conversation: &str) -> anyhow::Result<Form> {
        let open = async || open(forms, conversation).await.ok().flatten();
        Ok(eventually("an open form", SOON, open).await?)
    }
}

pub async fn open(forms: &Forms, conversation: &str) -> Result<Option<Form>, Status> {
    let request = proto::GetOpenFormRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
    };
    Ok(forms.clone().get_open_form(request).await?.into_inner().form)
}

pub async fn submit(
    forms: &Forms,
    conversation: &str,
    form: &Form,
    values: &[(&str, &str)],
) -> Result<proto::SubmitFormResponse, Status> {
    let values = values
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let request = proto::SubmitFormRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        form: form.form.clone(),
        page: form.page,
        values: values.collect(),
    };
    Ok(forms.clone().submit_form(request).await?.into_inner())
}

pub fn keys(form: &Form) -> Vec<&str> {
    form.fields.iter().map(|field| field.key.as_str()).collect()
}

#[tokio::test]
async fn a_visitor_introduces_themselves_page_by_page() -> Tested {
    let (world, forms) = world().await?;
    let conversation = world.visit("r-1").await?;
    assert_eq!(open(&forms, &conversation).await?, None, "it comes five seconds later");
    world.clock.advance(Duration::from_secs(5));
    let first = world.opens(&forms, &conversation).await?;
    assert_eq!(
        (first.kind(), keys(&first)),
        (FormKind::IntroduceYourself, vec!["name"])
    );
    let missing = submit(&forms, &conversation, &first, &[]).await?;
    assert_eq!(missing.errors[0].key, "name");
    assert!(missing.message.is_none() && world.messages(&conversation).await?.len() == 1);

    let taken = submit(&forms, &conversation, &first, &[("name", "Ann")]).await?;
    let second = taken.next.clone().expect("it grows");
    assert_eq!((keys(&second), second.page), (vec!["email", "phone"], 2));
    // The same page again answers the same message.
    let again = submit(&forms, &conversation, &first, &[("name", "Ann")]).await?;
    assert_eq!(again.message, taken.message);
    assert_eq!(open(&forms, &conversation).await?, Some(second.clone()));
    let refused = submit(&forms, &conversation, &second, &[("phone", "+48000000000")]).await?;
    assert_eq!((refused.errors.len(), refused.errors[0].key.as_str()), (1, "phone"));

    let values = [("email", "ann@example.com"), ("phone", "")];
    let done = submit(&forms, &conversation, &second, &values).await?;
    assert_eq!((done.errors.len(), done.next), (0, None));
    let told = done.message.expect("a message");
    assert_eq!((told.author, told.text.as_str()), (CUSTOMER, "E-mail: ann@example.com"));
    let Some(Content::Form(filled)) = told.content else {
        panic!("it says that it is a form")
    };
    assert_eq!(filled.answers[0].value, "ann@example.com");
    // What was given is the conversation's, under the name that came first.
    let asked = world.contacts.asked();
    let last = asked.last().expect("a captured contact");
    assert_eq!((last.name.as_str(), last.email.as_str()), ("Ann", "ann@example.com"));
    assert_eq!(
        world.get(&conversation).await?.contact,
        id_of("contact of ann@example.com")
    );
    assert_eq!(open(&forms, &conversation).await?, None);
    let pages: Vec<u32> = world
        .facts::<FormChanged>(3)
        .await?
        .iter()
        .map(|fact| fact.page)
        .collect();
    assert_eq!(pages, [1, 2, 0]);
    let kept = count(&world, "SELECT count(*) FROM form WHERE given_name <> ''").await?;
    assert_eq!(kept, 0, "the name is contacts-service's to keep");
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn who_is_known_or_has_no_widget_is_not_asked() -> Tested {
    let (world, forms) = world().await?;
    let known = proto::StartConversationRequest {
        contact: Some(proto::GivenContact {
            email: "ann@example.com".into(),
            ..Default::default()
        }),
        ..by_visitor("r-1")
    };
    let known = world
        .conversations
        .clone()
        .start_conversation(known)
        .await?
        .into_inner();
    let known = known.conversation.unwrap_or_default().conversation;
    let without = world.start("r-2").await?.conversation;
    // Who says who they are in time is not asked either.
    let in_time = world.visit("r-3").await?;
    let given = proto::AddContactRequest {
        workspace: "acme".into(),
        conversation: in_time.clone(),
        contact: Some(proto::GivenContact {
            phone: "+48600700123".into(),
            ..Default::default()
        }),
    };
    world.conversations.clone().add_contact(given).await?;
    let asked = world.visit("r-4").await?;
    world.clock.advance(Duration::from_secs(5));
    world.opens(&forms, &asked).await?;
    for conversation in [known, without, in_time] {
        assert_eq!(open(&forms, &conversation).await?, None);
    }
    world.end().await;
    Ok(())
}

pub async fn staffing(world: &World, team: &str, is_staffed: bool, version: u64) -> anyhow::Result<()> {
    let fact = TeamStaffingChanged {
        team: team.into(),
        is_staffed,
        version,
        at: Some(events::stamp(world.clock.now())),
    };
    // An id of its own for each.
    tell(world, "acme", 10 * version + team.len() as u64, &fact).await
}

/// What the database holds, of all workspaces.
pub async fn count(world: &World, sql: &'static str) -> anyhow::Result<i64> {
    let mut db = PgConnection::connect(&world.database.admin_url()).await?;
    Ok(sqlx::query_scalar(sql).fetch_one(&mut db).await?)
}

/// Waits until so many are.
pub async fn counted(world: &World, expected: i64, sql: &'static str) -> anyhow::Result<()> {
    let found = async || (count(world, sql).await.ok()? == expected).then_some(());
    Ok(eventually(sql.to_owned(), SOON, found).await?)
}

#[tokio::test]
async fn while_nobody_can_answer_contacts_may_be_left_once() -> Tested {
    let (world, forms) = world().await?;
    staffing(&world, "", false, 2).await?;
    // Told late: the higher version counts.
    staffing(&world, "", true, 1).await?;
    // The channel is of no team: that one of them has somebody is not asked.
    staffing(&world, "sales", true, 1).await?;
    counted(&world, 2, "SELECT count(*) FROM team_staffing").await?;
    let conversation = world.visit("r-1").await?;
    world.clock.advance(Duration::from_secs(5));
    let form = world.opens(&forms, &conversation).await?;
    assert_eq!(
        (form.kind(), keys(&form)),
        (FormKind::LeaveContacts, vec!["name", "email", "phone"])
    );
    let dismiss = proto::DismissFormRequest {
        workspace: "acme".into(),
        conversation: conversation.clone(),
        form: form.form.clone(),
    };
    forms.clone().dismiss_form(dismiss).await?;
    let late = submit(&forms, &conversation, &form, &[("email", "ann@example.com")]).await;
    assert_eq!(why(late), ("form.closed", "form".into()));
    // It does not come again in this conversation, and in the next one only while nobody can answer.
    world.post(&conversation, CUSTOMER, "c-2", "Hello?").await?;
    staffing(&world, "", true, 3).await?;
    counted(
        &world,
        1,
        "SELECT count(*) FROM team_staffing WHERE is_staffed AND team = ''",
    )
    .await?;
    let next = world.visit("r-2").await?;
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(world.opens(&forms, &next).await?.kind(), FormKind::IntroduceYourself);
    assert_eq!(open(&forms, &conversation).await?, None);
    world.end().await;
    Ok(())
}

fn field(key: &str, kind: FormFieldKind, required: bool) -> FormField {
    FormField {
        key: key.into(),
        kind: kind.into(),
        label: format!("Label of {key}"),
        required,
        choices: if kind == FormFieldKind::Choice {
            vec!["S".into(), "M".into()]
        } else {
            Vec::new()
        },
    }
}

pub fn news(version: u64) -> proto::SetInputFormRequest {
    let form = proto::InputForm {
        name: "news".into(),
        title: "Our news".into(),
        fields: vec![
            field("email", FormFieldKind::Email, true),
            field("size", FormFieldKind::Choice, false),
            field("news", FormFieldKind::Consent, false),
        ],
        ..Default::default()
    };
    proto::SetInputFormRequest {
        workspace: "acme".into(),
        form: Some(form),
        version,
    }
}

pub fn offer(conversation: &str, request_id: &str) -> proto::OfferFormRequest {
    proto::OfferFormRequest {
        workspace: "acme".into(),
        conversation: conversation.into(),
        request_id: request_id.into(),
        name: "news".into(),
        seconds: 0,
    }
}

#[tokio::test]
async fn a_consent_names_what_was_filled_in_beside_it_and_is_recorded_once() -> Tested {
    let (world, forms) = world().await?;
    let mut client = forms.clone();
    assert_eq!(client.set_input_form(news(0)).await?.into_inner().version, 1);
    assert_eq!(
        client.set_input_form(news(1)).await?.into_inner().version,
        1,
        "nothing changed"
    );
    assert_eq!(
        why(client.set_input_form(news(9)).await),
        ("conversation.version", "version".into())
    );
    let conversation = world.visit("r-1").await?;
    let offered = client
        .offer_form(offer(&conversation, "o-1"))
        .await?
        .into_inner()
        .form
        .expect("a form");
    let again = client.offer_form(offer(&conversation, "o-1")).await?.into_inner().form;
    assert_eq!(again.as_ref(), Some(&offered));
    let values = [("email", "ann@example.com"), ("size", "M"), ("news", "yes")];
    let taken = submit(&forms, &conversation, &offered, &values).await?;
    let text = taken.message.clone().map(|message| message.text);
    let words = "Label of email: ann@example.com\nLabel of size: M\nLabel of news: tak";
    assert_eq!(text.as_deref(), Some(words.replace("tak", "yes").as_str()));
    let consents = eventually("a consent", SOON, async || {
        let told = world.contacts.consents();
        (!told.is_empty()).then_some(told)
    })
    .await?;
    let [consent] = &consents[..] else {
        panic!("one consent")
    };
    assert_eq!((consent.form.as_str(), consent.form_version), ("news", 1));
    assert_eq!(consent.addresses, [id_of("ann@example.com")]);
    assert_eq!(consent.contact, id_of("contact of ann@example.com"));
    let at = taken.message.and_then(|message| message.at);
    assert_eq!(consent.given_at, at);

    // An address that was given before, for support, is not among them.
    let known = proto::StartConversationRequest {
        contact: Some(proto::GivenContact {
            phone: "+48600700123".into(),
            ..Default::default()
        }),
        ..by_visitor("r-2")
    };
    let known = world
        .conversations
        .clone()
        .start_conversation(known)
        .await?
        .into_inner();
    let known = known.conversation.unwrap_or_default().conversation;
    let offered = client
        .offer_form(offer(&known, "o-1"))
        .await?
        .into_inner()
        .form
        .expect("a form");
    submit(
        &forms,
        &known,
        &offered,
        &[("email", "bob@example.com"), ("news", "yes")],
    )
    .await?;
    let consents = eventually("another consent", SOON, async || {
        let told = world.contacts.consents();
        (told.len() == 2).then_some(told)
    })
    .await?;
    let of_bob = consents
        .iter()
        .find(|one| one.contact == id_of("contact of bob@example.com"));
    assert_eq!(
        of_bob.map(|one| one.addresses.clone()),
        Some(vec![id_of("bob@example.com")])
    );
    counted(
        &world,
        0,
        "SELECT count(*) FROM form WHERE due_at IS NOT NULL OR consent IS NOT NULL",
    )
    .await?;
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn whom_an_agent_serves_or_who_gives_an_address_is_asked_no_more() -> Tested {
    let (world, forms) = world().await?;
    let conversation = world.visit("r-1").await?;
    world.clock.advance(Duration::from_secs(5));
    world.opens(&forms, &conversation).await?;
    let given = proto::AddContactRequest {
        workspace: "acme".into(),
        conversation: conversation.clone(),
        contact: Some(proto::GivenContact {
            email: "ann@example.com".into(),
            ..Default::default()
        }),
    };
    world.conversations.clone().add_contact(given).await?;
    assert_eq!(open(&forms, &conversation).await?, None);
    staffing(&world, "", false, 1).await?;
    counted(&world, 1, "SELECT count(*) FROM team_staffing").await?;
    let served = world.visit("r-2").await?;
    world.post(&served, crate::world::AGENT, "a-1", "Hello.").await?;
    world.clock.advance(Duration::from_secs(5));
    let first = world.opens(&forms, &served).await?;
    let dismiss = proto::DismissFormRequest {
        workspace: "acme".into(),
        conversation: served.clone(),
        form: first.form,
    };
    forms.clone().dismiss_form(dismiss).await?;
    world.post(&served, CUSTOMER, "c-2", "And now?").await?;
    assert_eq!(
        count(&world, "SELECT count(*) FROM form WHERE state IN ('due', 'open')").await?,
        0
    );
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn impossible_forms_are_refused_and_another_workspace_is_neither_asked_nor_shown() -> Tested {
    let (world, mut forms) = world().await?;
    let mut twice = news(0);
    if let Some(form) = &mut twice.form {
        form.fields.push(field("email", FormFieldKind::Text, false));
    }
    assert_eq!(
        why(forms.set_input_form(twice).await),
        ("request.invalid", "fields[3].key".into())
    );
    let mut nameless = news(0);
    if let Some(form) = &mut nameless.form {
        form.name = "News!".into();
    }
    assert_eq!(
        why(forms.set_input_form(nameless).await),
        ("request.invalid", "form.name".into())
    );
    let conversation = world.visit("r-1").await?;
    assert_eq!(
        why(forms.offer_form(offer(&conversation, "o-1")).await),
        ("request.invalid", "name".into())
    );
    forms.set_input_form(news(0)).await?;
    let without_widget = world.start("r-2").await?.conversation;
    let refused = forms.offer_form(offer(&without_widget, "o-1")).await;
    assert_eq!(why(refused), ("request.invalid", "conversation".into()));
    let offered = forms
        .offer_form(offer(&conversation, "o-2"))
        .await?
        .into_inner()
        .form
        .expect("a form");

    world.set_up("bolt").await?;
    let list = proto::ListInputFormsRequest {
        workspace: "bolt".into(),
    };
    assert!(forms.list_input_forms(list).await?.into_inner().forms.is_empty());
    let foreign = proto::SubmitFormRequest {
        workspace: "bolt".into(),
        conversation: conversation.clone(),
        form: offered.form.clone(),
        page: 1,
        values: Default::default(),
    };
    assert_eq!(
        why(forms.submit_form(foreign).await),
        ("request.not_found", "conversation".into())
    );
    let elsewhere = submit(&forms, &without_widget, &offered, &[]).await;
    assert_eq!(why(elsewhere), ("request.not_found", "form".into()));
    world.end().await;
    Ok(())
}

#[tokio::test]
async fn of_who_is_erased_no_half_filled_form_is_left() -> Tested {
    let (world, forms) = world().await?;
    let conversation = world.visit("r-1").await?;
    world.clock.advance(Duration::from_secs(5));
    let first = world.opens(&forms, &conversation).await?;
    submit(&forms, &conversation, &first, &[("name", "Canary")]).await?;
    assert_eq!(
        count(&world, "SELECT count(*) FROM form WHERE given_name = 'Canary'").await?,
        1
    );
    let erase = proto::ErasePersonRequest {
        workspace: "acme".into(),
        conversations: vec![conversation],
    };
    world.persons.clone().erase_person(erase).await?;
    let left = world.database.rows_of("acme").await?;
    assert!(left.values().all(|rows| !rows.contains("Canary")), "{left:?}");
    world.end().await;
    Ok(())
}

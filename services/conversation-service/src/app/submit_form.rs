use super::record::record;
use super::take_copy::too_often;
use super::tend_form::changed;
use super::{App, retry};
use crate::domain::conversation::{Content, Draft, Message, Reach};
use crate::domain::form::{Consent, FieldError, FieldKind, Filled, Form, FormState};
use crate::domain::given::Given;
use crate::domain::run::Heard;
use crate::domain::settings::Channel;
use crate::outbound::postgres::{channel, conversation, form, message, transcript};
use domain::{AuthorRole, ConversationId, FormId, Language, MessageId, MessageText, Timestamp, WorkspaceId};
use fault::{Fault, Kind, Result, codes};
use std::collections::BTreeMap;

/// What became of a page that a customer filled in.
#[derive(Debug)]
pub enum Submitted {
    /// All that is wrong with it, in this language; nothing was stored.
    Refused(Vec<FieldError>, Language),
    /// Its message, none of an offer of a copy, and the form as it stands now.
    Taken(Option<Box<Message>>, Box<Form>),
}

/// A page that is about to be stored.
pub(super) struct Page<'a> {
    pub workspace: &'a WorkspaceId,
    pub form: FormId,
    pub number: u32,
    pub filled: Filled,
    pub channel: Channel,
    pub language: Language,
    /// What contacts-service made of the addresses.
    pub reach: Reach,
}

impl Page<'_> {
    /// What was agreed to on it, by whom and for which addresses: those filled in on it.
    fn consent(&self, now: Timestamp) -> Option<Consent> {
        let contact = self.reach.contact.filter(|_| !self.filled.consents.is_empty())?;
        Some(Consent {
            contact,
            addresses: [self.reach.phone, self.reach.email].into_iter().flatten().collect(),
            keys: self.filled.consents.clone(),
            given_at: now,
        })
    }
}

impl App {
    /// Takes a page of a form; the same page again answers its message.
    pub async fn submit_form(
        &self,
        workspace: &WorkspaceId,
        id: ConversationId,
        form: FormId,
        number: u32,
        values: &BTreeMap<String, String>,
    ) -> Result<Submitted> {
        let (channel, present) = self.open_form(workspace, id, form).await?;
        let language = Language::parse(&channel.settings.language)?;
        if let Some(taken) = self.taken_before(workspace, &present, number).await? {
            return Ok(taken);
        }
        if present.state != FormState::Open || present.page != number {
            return Err(closed());
        }
        let filled = match present.fill(values) {
            Ok(filled) => filled,
            Err(errors) => return Ok(Submitted::Refused(errors, language)),
        };
        let is_copy = present.kind.offers_copy();
        if is_copy && !self.may_copy(workspace, id).await? {
            // The same page may have come in meanwhile, and been the last that fitted.
            let taken = self.taken_before(workspace, &present, number).await?;
            return Ok(taken.unwrap_or_else(|| too_often(&present, language)));
        }
        let given = Given {
            name: match filled.given.name.is_empty() {
                true => present.given_name.clone(),
                false => filled.given.name.clone(),
            },
            ..filled.given.clone()
        };
        let reach = match self.capture(workspace, &given, &channel).await {
            Ok(reach) => reach,
            Err(fault) => return refused(fault, &present, language),
        };
        let page = Page {
            workspace,
            form,
            number,
            filled,
            channel,
            language,
            reach,
        };
        match is_copy {
            true => retry(|| self.take_copy(id, &page)).await,
            false => retry(|| self.take_page(id, &page)).await,
        }
    }

    async fn open_form(&self, workspace: &WorkspaceId, id: ConversationId, form: FormId) -> Result<(Channel, Form)> {
        let mut tx = self.store.begin(workspace).await?;
        let found = conversation::get(&mut tx, workspace, id).await?;
        let conversation = found.ok_or_else(|| Fault::not_found("conversation"))?;
        let found = channel::get(&mut tx, workspace, &conversation.channel).await?;
        let channel = found.ok_or_else(|| Fault::not_found("channel"))?;
        let found = form::get(&mut tx, workspace, form).await?;
        let present = found.filter(|form| form.conversation == id);
        Ok((channel, present.ok_or_else(|| Fault::not_found("form"))?))
    }

    pub(super) async fn taken_before(
        &self,
        workspace: &WorkspaceId,
        form: &Form,
        number: u32,
    ) -> Result<Option<Submitted>> {
        let mut tx = self.store.begin(workspace).await?;
        if form.kind.offers_copy() {
            let asked = transcript::get(&mut tx, workspace, form.conversation, &form.client_id(number)).await?;
            return Ok(asked.map(|_| Submitted::Taken(None, Box::new(form.clone()))));
        }
        let here = [form.conversation];
        let stored = message::get_by_client_id(&mut tx, workspace, &here, &form.client_id(number)).await?;
        let is_page =
            |message: &Message| matches!(&message.draft.content, Content::Form { form: of, .. } if *of == form.id);
        let stored = stored.filter(is_page);
        Ok(stored.map(|message| Submitted::Taken(Some(Box::new(message)), Box::new(form.clone()))))
    }

    async fn take_page(&self, id: ConversationId, page: &Page<'_>) -> Result<Submitted> {
        let workspace = page.workspace;
        let mut tx = self.store.begin(workspace).await?;
        let locked = conversation::lock(&mut tx, workspace, id).await?;
        let mut conversation = locked.ok_or_else(|| Fault::not_found("conversation"))?;
        let found = form::get(&mut tx, workspace, page.form).await?;
        let mut form = found.ok_or_else(|| Fault::not_found("form"))?;
        if form.state != FormState::Open || form.page != page.number {
            drop(tx);
            let taken = self.taken_before(workspace, &form, page.number).await?;
            return taken.ok_or_else(closed);
        }
        let now = self.now();
        let words = page.filled.words(page.language);
        let draft = Draft {
            id: MessageId::generate(self.store.entropy()),
            author: AuthorRole::Customer,
            agent: None,
            // A form of which nothing is required may be sent in empty.
            text: MessageText::parse(if words.is_empty() { &form.title } else { &words })?,
            at: now,
            follow_up: false,
            client_id: Some(form.client_id(page.number)),
            foreign: None,
            content: Content::Form {
                form: form.id,
                answers: page.filled.answers.clone(),
            },
        };
        let before = conversation.clone();
        let reach = conversation.reach.with(page.reach);
        let reachable = conversation.reach(reach, now);
        let (message, posted) = conversation
            .post(draft)
            .expect("what a form says opens no other conversation");
        form.go_on(&page.filled, &page.channel.settings, page.language);
        form.consent = page.consent(now);
        let due = form.consent.is_some().then_some(now);
        form::update(&mut tx, workspace, &form, due).await?;
        conversation::update(&mut tx, &[(workspace, &conversation)]).await?;
        message::insert(&mut tx, &[(workspace, &message)]).await?;
        for change in reachable.into_iter().chain([posted, changed(&form, now)]) {
            record(&mut tx, workspace, &change, None);
        }
        let copy_due = match form.state {
            FormState::Submitted => self.offer_copy(&mut tx, workspace, &before).await?,
            _ => None,
        };
        // To answer what is asked of everybody says nothing to a run.
        let goes_on = match form.kind.comes_by_itself() {
            true => None,
            false => self.tell_run(&mut tx, workspace, id, Heard::Submitted(form.id)).await?,
        };
        tx.commit().await?;
        for due in [due, copy_due, goes_on] {
            self.tell_due(due);
        }
        Ok(Submitted::Taken(Some(Box::new(message)), Box::new(form)))
    }
}

/// What contacts-service says of an address belongs to its field.
fn refused(fault: Fault, form: &Form, language: Language) -> Result<Submitted> {
    let kind = match fault.field() {
        _ if fault.kind() != Kind::InvalidArgument => None,
        Some("contact.phone") => Some((FieldKind::Phone, "wrong-phone")),
        Some("contact.email") => Some((FieldKind::Email, "wrong-email")),
        Some("contact.name") => Some((FieldKind::Name, "wrong-name")),
        _ => None,
    };
    let field = kind.and_then(|(kind, word)| {
        let field = form.fields.iter().find(|field| field.kind == kind)?;
        Some(FieldError {
            key: field.key.clone(),
            detail: fault.public().to_owned(),
            word,
        })
    });
    match field {
        Some(error) => Ok(Submitted::Refused(vec![error], language)),
        None => Err(fault),
    }
}

pub(super) fn closed() -> Fault {
    Fault::new(
        &codes::FORM_CLOSED,
        "is not open any more, or shows another page; read it again",
    )
    .of("form")
}

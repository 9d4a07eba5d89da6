//! Forms: which fields a page has, what may be filled into them, and what comes of it.

use super::given::Given;
use super::refused::Refused;
use super::settings::{FieldRule, Settings};
use super::words::Words;
use domain::{AddressId, ContactId, ConversationId, Email, FormId, Invalid, Language, PersonName, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// Which form it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormKind {
    /// First the name; once it is given, e-mail and phone.
    IntroduceYourself,
    /// Nobody can answer now: where to.
    LeaveContacts,
    /// The conversation has ended: where to send a copy of it.
    OfferCopy,
    /// One of the workspace's own, by name and version.
    Input { name: String, version: u64 },
}

impl FormKind {
    /// The word as stored.
    pub fn word(&self) -> &'static str {
        match self {
            Self::IntroduceYourself => "introduce_yourself",
            Self::LeaveContacts => "leave_contacts",
            Self::OfferCopy => "offer_copy",
            Self::Input { .. } => "input",
        }
    }

    /// Whether Homing shows it by itself, whatever else is going on in the conversation.
    pub fn comes_by_itself(&self) -> bool {
        !matches!(self, Self::Input { .. })
    }

    pub fn from_word(word: &str, name: String, version: u64) -> Option<Self> {
        match word {
            "introduce_yourself" => Some(Self::IntroduceYourself),
            "leave_contacts" => Some(Self::LeaveContacts),
            "offer_copy" => Some(Self::OfferCopy),
            "input" => Some(Self::Input { name, version }),
            _ => None,
        }
    }

    /// It asks for addresses because none is known.
    pub fn asks_who(&self) -> bool {
        matches!(self, Self::IntroduceYourself | Self::LeaveContacts)
    }

    pub fn offers_copy(&self) -> bool {
        *self == Self::OfferCopy
    }

    fn title(&self) -> Option<&'static str> {
        match self {
            Self::IntroduceYourself => Some("form-introduce"),
            Self::LeaveContacts => Some("form-leave-contacts"),
            Self::OfferCopy => Some("form-offer-copy"),
            Self::Input { .. } => None,
        }
    }
}

/// What a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    Name,
    Email,
    Phone,
    Choice,
    /// Consent for outreach to the addresses that the customer gave.
    Consent,
}

/// One field of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub key: String,
    pub kind: FieldKind,
    pub label: String,
    pub required: bool,
    /// Of a choice.
    #[serde(default)]
    pub choices: Vec<String>,
}

/// Where a form stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormState {
    /// Comes by itself, in a moment.
    Due,
    Open,
    Submitted,
    /// By the customer.
    Dismissed,
    /// Not needed any more.
    Withdrawn,
}

impl FormState {
    const ALL: [Self; 5] = [Self::Due, Self::Open, Self::Submitted, Self::Dismissed, Self::Withdrawn];

    /// The word as stored.
    pub fn word(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Open => "open",
            Self::Submitted => "submitted",
            Self::Dismissed => "dismissed",
            Self::Withdrawn => "withdrawn",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A form in a conversation. Debug prints no name.
#[derive(Clone, PartialEq, Eq)]
pub struct Form {
    pub id: FormId,
    pub conversation: ConversationId,
    pub kind: FormKind,
    pub state: FormState,
    /// 1, 2, ...
    pub page: u32,
    pub title: String,
    pub fields: Vec<Field>,
    /// What was filled in for a name, until there is an address to keep it by.
    pub given_name: String,
    /// What was agreed to, until it is recorded.
    pub consent: Option<Consent>,
}

/// What a person agreed to, as it was when they sent the form in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    pub contact: ContactId,
    /// Filled in beside it.
    pub addresses: Vec<AddressId>,
    /// Of the fields.
    pub keys: Vec<String>,
    pub given_at: Timestamp,
}

/// An answer as the conversation shows it. Debug prints no value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub key: String,
    pub label: String,
    pub value: String,
}

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    pub key: String,
    /// What to do, for programs.
    pub detail: String,
    /// Name of the words that tell the customer.
    pub word: &'static str,
}

/// A page that was filled in as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Without what was left empty.
    pub answers: Vec<Answer>,
    pub given: Given,
    /// Keys of the consents that were ticked.
    pub consents: Vec<String>,
}

/// All fields and labels together fit a message.
const MAX_TEXT: usize = 500;
const MAX_LABEL: usize = 200;
const MAX_TITLE: usize = 200;
const MAX_KEY: usize = 32;
const MAX_CHOICE: usize = 100;
const CHOICES: std::ops::RangeInclusive<usize> = 2..=50;
const FIELDS: std::ops::RangeInclusive<usize> = 1..=20;
/// What begins a new line on some screen.
const LINE_ENDS: [char; 3] = ['\n', '\u{2028}', '\u{2029}'];
/// What says yes to a consent.
const YES: &str = "yes";

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({})", self.key)
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Form({}, {:?}, page {})", self.id, self.state, self.page)
    }
}

impl Form {
    /// By this id of the sender the message of a page is known.
    pub fn client_id(&self, page: u32) -> String {
        format!("form:{}:{page}", self.id)
    }

    /// The page that is shown; 0: none.
    pub fn shown(&self) -> u32 {
        if self.state == FormState::Open { self.page } else { 0 }
    }

    /// A form that comes by itself; `None` where the channel asks for nothing that it has.
    pub fn by_itself(
        id: FormId,
        conversation: ConversationId,
        kind: FormKind,
        settings: &Settings,
        language: Language,
    ) -> Option<Self> {
        let page = first_page(&kind, settings);
        let words = Words::of(language);
        let fields = fields(&kind, page, settings, words);
        let title = words.say(kind.title()?, &[]);
        (!fields.is_empty()).then_some(Self {
            id,
            conversation,
            kind,
            state: FormState::Due,
            page,
            title,
            fields,
            given_name: String::new(),
            consent: None,
        })
    }

    /// After a page was filled in: the next page, or the end.
    pub fn go_on(&mut self, filled: &Filled, settings: &Settings, language: Language) {
        if !filled.given.name.is_empty() {
            self.given_name.clone_from(&filled.given.name);
        }
        let next = match self.kind {
            FormKind::IntroduceYourself if self.page == 1 => fields(&self.kind, 2, settings, Words::of(language)),
            _ => Vec::new(),
        };
        if next.is_empty() {
            self.state = FormState::Submitted;
            self.given_name.clear();
        } else {
            self.page += 1;
            self.fields = next;
        }
    }

    /// It is not needed any more.
    pub fn withdraw(&mut self) {
        self.state = FormState::Withdrawn;
        self.given_name.clear();
    }

    /// What was filled in, or all that is wrong with it.
    pub fn fill(&self, values: &BTreeMap<String, String>) -> Result<Filled, Vec<FieldError>> {
        let mut errors = Vec::new();
        for key in values
            .keys()
            .filter(|key| self.fields.iter().all(|field| field.key != **key))
        {
            errors.push(wrong(key, "is no field of this page; leave it out", "wrong-unknown"));
        }
        let mut filled = Filled {
            answers: Vec::new(),
            given: Given::default(),
            consents: Vec::new(),
        };
        for field in &self.fields {
            let value = values.get(&field.key).map(|value| value.trim().replace("\r\n", "\n"));
            let value = value.unwrap_or_default();
            if value.is_empty() {
                if field.required {
                    errors.push(wrong(&field.key, "is required; fill it in", "wrong-missing"));
                }
                continue;
            }
            match field.check(&value) {
                Some(error) => errors.push(error),
                None => filled.take(field, &value),
            }
        }
        let gives_address = filled.given.has_address();
        let needs_address = match self.kind {
            // A consent holds for the addresses that are filled in beside it, and no others.
            FormKind::Input { .. } => !filled.consents.is_empty(),
            _ => self.fields.iter().any(|field| field.kind.is_address()),
        };
        let address = self.fields.iter().find(|field| field.kind.is_address());
        if let (true, false, true, Some(address)) = (errors.is_empty(), gives_address, needs_address, address) {
            let detail = "needs an e-mail address or a phone number";
            errors.push(wrong(&address.key, detail, "wrong-address"));
        }
        if errors.is_empty() { Ok(filled) } else { Err(errors) }
    }
}

impl Filled {
    fn take(&mut self, field: &Field, value: &str) {
        match field.kind {
            FieldKind::Name => self.given.name = value.to_owned(),
            FieldKind::Email => self.given.email = value.to_owned(),
            FieldKind::Phone => self.given.phone = value.to_owned(),
            FieldKind::Consent => self.consents.push(field.key.clone()),
            FieldKind::Text | FieldKind::Choice => {}
        }
        self.answers.push(Answer {
            key: field.key.clone(),
            label: field.label.clone(),
            value: value.to_owned(),
        });
    }

    /// The answers as a message, line by line; empty where nothing was filled in. Further lines of an answer stand further in, so
    /// that none passes for another answer.
    pub fn words(&self, language: Language) -> String {
        let lines = self.answers.iter().map(|answer| {
            let value = match self.consents.contains(&answer.key) {
                true => Words::of(language).say("field-yes", &[]),
                false => answer.value.split(LINE_ENDS).collect::<Vec<_>>().join("\n  "),
            };
            format!("{}: {value}", answer.label)
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl FieldKind {
    fn is_address(self) -> bool {
        matches!(self, Self::Email | Self::Phone)
    }
}

impl Field {
    /// What is wrong with a value that is not empty.
    fn check(&self, value: &str) -> Option<FieldError> {
        let plain = !value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        let (fits, detail, word) = match self.kind {
            FieldKind::Text => {
                let fits = value.chars().count() <= MAX_TEXT && plain;
                (
                    fits,
                    "may have 500 characters at most, without control characters",
                    "wrong-text",
                )
            }
            FieldKind::Name => {
                let fits = PersonName::parse(value).is_ok();
                (
                    fits,
                    "may have 200 characters at most, without control characters",
                    "wrong-name",
                )
            }
            FieldKind::Email => (Email::parse(value).is_ok(), "must be an e-mail address", "wrong-email"),
            FieldKind::Phone => (is_phone(value), "must be a phone number", "wrong-phone"),
            FieldKind::Choice => {
                let fits = self.choices.iter().any(|choice| choice == value);
                (fits, "must be one of the choices", "wrong-choice")
            }
            FieldKind::Consent => (value == YES, "must be yes, or empty", "wrong-consent"),
        };
        (!fits).then(|| wrong(&self.key, detail, word))
    }

    fn check_itself(&self) -> Result<(), Invalid> {
        let of_key = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-' || c == b'_';
        if !(1..=MAX_KEY).contains(&self.key.len()) || !self.key.bytes().all(of_key) {
            let remedy = "needs 1 to 32 characters out of a-z, 0-9, '-' and '_'";
            return Err(Invalid::new("key", remedy));
        }
        check_line("label", &self.label, MAX_LABEL)?;
        let choices: HashSet<&String> = self.choices.iter().collect();
        match self.kind {
            FieldKind::Choice if !CHOICES.contains(&self.choices.len()) || choices.len() < self.choices.len() => {
                Err(Invalid::new("choices", "needs 2 to 50, each once"))
            }
            FieldKind::Choice => self
                .choices
                .iter()
                .try_for_each(|choice| check_line("choices", choice, MAX_CHOICE)),
            _ if !self.choices.is_empty() => Err(Invalid::new("choices", "belong to a CHOICE only")),
            _ => Ok(()),
        }
    }
}

/// Refuses a form that could not be filled in.
pub fn check_input(title: &str, fields: &[Field]) -> Result<(), Refused> {
    check_line("title", title, MAX_TITLE)?;
    if !FIELDS.contains(&fields.len()) {
        return Err(Refused::new("fields", "needs 1 to 20"));
    }
    let (mut keys, mut once) = (HashSet::new(), HashSet::new());
    for (index, field) in fields.iter().enumerate() {
        let wrong = |wrong| Refused::within(format_args!("fields[{index}]"), wrong);
        field.check_itself().map_err(wrong)?;
        if !keys.insert(&field.key) {
            return Err(wrong(Invalid::new("key", format!("is there twice: {}", field.key))));
        }
        let is_of_person = matches!(field.kind, FieldKind::Name | FieldKind::Email | FieldKind::Phone);
        if is_of_person && !once.insert(field.kind) {
            return Err(wrong(Invalid::new("kind", "may be NAME, EMAIL and PHONE once each")));
        }
    }
    let consent = fields.iter().any(|field| field.kind == FieldKind::Consent);
    if consent && !fields.iter().any(|field| field.kind.is_address()) {
        let remedy = "needs an EMAIL or a PHONE beside a CONSENT: it names addresses";
        return Err(Refused::new("fields", remedy));
    }
    Ok(())
}

fn check_line(field: &'static str, text: &str, most: usize) -> Result<(), Invalid> {
    let length = text.chars().count();
    if (1..=most).contains(&length) && !text.chars().any(char::is_control) && !text.trim().is_empty() {
        Ok(())
    } else {
        let remedy = format!("needs 1 to {most} characters without control characters");
        Err(Invalid::new(field, remedy))
    }
}

/// Roughly: contacts-service knows the plan of each country.
fn is_phone(value: &str) -> bool {
    let given = Given {
        phone: value.to_owned(),
        ..Given::default()
    };
    given.well_formed().is_ok()
}

/// A form whose channel does not ask for names begins with the addresses.
fn first_page(kind: &FormKind, settings: &Settings) -> u32 {
    match kind {
        FormKind::IntroduceYourself if settings.name == FieldRule::Off => 2,
        _ => 1,
    }
}

/// The fields of a page, as far as the channel asks for them.
fn fields(kind: &FormKind, page: u32, settings: &Settings, words: &Words) -> Vec<Field> {
    let name = (FieldKind::Name, "name", settings.name);
    let email = (FieldKind::Email, "email", settings.email);
    let phone = (FieldKind::Phone, "phone", settings.phone);
    let asked = match (kind, page) {
        (FormKind::IntroduceYourself, 1) => vec![name],
        (FormKind::IntroduceYourself, _) => vec![email, phone],
        (FormKind::LeaveContacts, _) if settings.email == FieldRule::Off && settings.phone == FieldRule::Off => vec![],
        (FormKind::LeaveContacts, _) => vec![name, email, phone],
        (FormKind::OfferCopy, _) => vec![email],
        (FormKind::Input { .. }, _) => vec![],
    };
    let asked = asked.into_iter().filter(|(.., rule)| *rule != FieldRule::Off);
    let field = |(field, key, rule): (FieldKind, &str, FieldRule)| Field {
        key: key.to_owned(),
        kind: field,
        label: words.say(&format!("field-{key}"), &[]),
        required: rule == FieldRule::Required
            || (field == FieldKind::Name && *kind == FormKind::IntroduceYourself)
            || *kind == FormKind::OfferCopy,
        choices: Vec::new(),
    };
    asked.map(field).collect()
}

fn wrong(key: &str, detail: &str, word: &'static str) -> FieldError {
    FieldError {
        key: key.to_owned(),
        detail: detail.to_owned(),
        word,
    }
}

#[cfg(test)]
#[path = "form_tests.rs"]
mod tests;

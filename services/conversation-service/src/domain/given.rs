//! What a customer must, may and may not give when a chat starts.

use super::settings::{ChannelKind, FieldRule, Settings};
use domain::{AuthorRole, Email, Invalid, PersonName, Timestamp};
use std::collections::BTreeMap;
use std::fmt;

/// Contact data as typed; empty where nothing was. Debug prints no value.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Given {
    pub name: String,
    pub phone: String,
    pub email: String,
    /// What the channel itself knows of the person; boxed, as few channels do.
    pub told: Option<Box<Told>>,
}

/// What a channel knows of a person by itself. What of it the kind of the channel permits, contacts-service decides.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Told {
    /// The id by which the page behind the channel knows the person; may be empty.
    pub page_scoped_id: String,
    /// By field.
    pub profile: BTreeMap<String, String>,
    pub at: Timestamp,
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given(redacted)")
    }
}

/// Why contact data were refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Required fields that were not given, by the names that callers know.
    Missing(Vec<&'static str>),
    Invalid(Invalid),
}

const NAME: &str = "contact.name";
const PHONE: &str = "contact.phone";
const EMAIL: &str = "contact.email";
/// No number written in any style is longer.
const MAX_PHONE: usize = 40;

impl Given {
    /// True if there is something to store: a person is kept by an address.
    pub fn has_address(&self) -> bool {
        !self.phone.is_empty() || !self.email.is_empty() || self.has_page_scoped_id()
    }

    /// A page of a social network knows the person.
    pub fn has_page_scoped_id(&self) -> bool {
        self.told.as_ref().is_some_and(|told| !told.page_scoped_id.is_empty())
    }

    /// Trims, and checks form and the channel's rules. A chat that a customer starts on the web needs the required
    /// fields; chats opened by agents, calls and bridges do not. A field that is switched off is refused: it would be
    /// stored without a purpose.
    pub fn check(self, settings: &Settings, kind: ChannelKind, author: AuthorRole) -> Result<Self, Refused> {
        let given = self.well_formed().map_err(Refused::Invalid)?;
        let rules = [
            (NAME, settings.name, &given.name),
            (PHONE, settings.phone, &given.phone),
            (EMAIL, settings.email, &given.email),
        ];
        if let Some((field, ..)) = rules
            .iter()
            .find(|(_, rule, value)| *rule == FieldRule::Off && !value.is_empty())
        {
            return Err(Refused::Invalid(Invalid::new(
                field,
                "is switched off in this channel; leave it out",
            )));
        }
        let asked = author == AuthorRole::Customer && kind == ChannelKind::Web;
        let missing: Vec<_> = rules
            .iter()
            .filter(|(_, rule, value)| asked && *rule == FieldRule::Required && value.is_empty())
            .map(|(field, ..)| *field)
            .collect();
        if missing.is_empty() {
            Ok(given)
        } else {
            Err(Refused::Missing(missing))
        }
    }

    /// Without what the channel has switched off: for bridges, which send what they know.
    #[must_use]
    pub fn allowed_by(mut self, settings: &Settings) -> Self {
        for (rule, value) in [
            (settings.name, &mut self.name),
            (settings.phone, &mut self.phone),
            (settings.email, &mut self.email),
        ] {
            if rule == FieldRule::Off {
                value.clear();
            }
        }
        // What is told of a phone number that may not be kept is told of nobody.
        if self.phone.is_empty() && !self.has_page_scoped_id() {
            self.told = None;
        }
        self
    }

    /// Trims, and refuses what cannot be a name, a number or an address in any country.
    pub fn well_formed(self) -> Result<Self, Invalid> {
        let [name, phone, email] = [self.name, self.phone, self.email].map(|value| value.trim().to_owned());
        if !name.is_empty() {
            PersonName::parse(&name).map_err(|wrong| wrong.of(NAME))?;
        }
        if !email.is_empty() {
            Email::parse(&email).map_err(|wrong| wrong.of(EMAIL))?;
        }
        let digits = phone.chars().filter(char::is_ascii_digit).count();
        if !phone.is_empty() && (phone.len() > MAX_PHONE || digits < 5 || phone.chars().any(char::is_control)) {
            return Err(Invalid::new(
                PHONE,
                "is not a phone number; give it with its country code, like +48600700123",
            ));
        }
        Ok(Self {
            name,
            phone,
            email,
            told: self.told,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(phone: FieldRule, name: FieldRule) -> Settings {
        Settings {
            phone,
            name,
            ..Settings::default_for(ChannelKind::Web, "Acme")
        }
    }

    fn given(name: &str, phone: &str) -> Given {
        Given {
            name: name.into(),
            phone: phone.into(),
            ..Given::default()
        }
    }

    #[test]
    fn all_missing_fields_are_named() {
        let strict = settings(FieldRule::Required, FieldRule::Required);
        let check = |given: Given, kind, author| given.check(&strict, kind, author);
        assert_eq!(
            check(given(" ", ""), ChannelKind::Web, AuthorRole::Customer),
            Err(Refused::Missing(vec![NAME, PHONE]))
        );
        assert!(check(given("Ann", "+48600700123"), ChannelKind::Web, AuthorRole::Customer).is_ok());
        assert!(check(given("", ""), ChannelKind::Web, AuthorRole::Agent).is_ok());
        assert!(check(given("", ""), ChannelKind::Voice, AuthorRole::Customer).is_ok());
    }

    #[test]
    fn what_is_switched_off_is_refused_or_dropped() {
        let off = settings(FieldRule::Off, FieldRule::Optional);
        let refused = given("", "+48600700123").check(&off, ChannelKind::Web, AuthorRole::Customer);
        assert!(matches!(refused, Err(Refused::Invalid(wrong)) if wrong.field == PHONE));
        assert!(!given("", "+48600700123").allowed_by(&off).has_address());
    }

    #[test]
    fn impossible_values_name_their_field() {
        for (given, field) in [
            (given(&"x".repeat(201), ""), NAME),
            (given("", "12"), PHONE),
            (
                Given {
                    email: "a@b".into(),
                    ..Given::default()
                },
                EMAIL,
            ),
        ] {
            assert_eq!(given.well_formed().expect_err(field).field, field);
        }
    }
}

//! Contacts as lines of CSV, for spreadsheets and for reading back.

use super::roles::{FieldGroup, Rights, Shown};
use super::{AddressValue, DataKey, Purpose, Stage, Tag, Zone};
use domain::{Invalid, PersonName};
use std::borrow::Cow;

/// A column; custom values have one each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    Contact,
    Name,
    Phone,
    Email,
    OtherAddresses,
    CreatedAt,
    Stage,
    Source,
    TimeZone,
    Tags,
    Data(DataKey),
}

impl Column {
    /// Those that a purpose and a role see, in their order.
    pub fn seen(purpose: Purpose, rights: &Rights, data: &[DataKey]) -> Vec<Self> {
        let for_all = [
            Self::Contact,
            Self::Name,
            Self::Phone,
            Self::Email,
            Self::OtherAddresses,
            Self::CreatedAt,
        ];
        let from_serving = [Self::Stage, Self::Source, Self::TimeZone, Self::Tags];
        let keys = data.iter().cloned().map(Self::Data);
        let known = from_serving
            .into_iter()
            .chain(keys)
            .filter(|_| purpose == Purpose::Support);
        let columns = for_all.into_iter().chain(known);
        columns
            .filter(|column| column.fields().is_empty() || column.fields().iter().any(|field| rights.sees(*field)))
            .collect()
    }

    pub fn name(&self) -> String {
        let name = match self {
            Self::Contact => "contact",
            Self::Name => "name",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::OtherAddresses => "other_addresses",
            Self::CreatedAt => "created_at",
            Self::Stage => "stage",
            Self::Source => "source",
            Self::TimeZone => "time_zone",
            Self::Tags => "tags",
            Self::Data(key) => return format!("data.{}", key.as_str()),
        };
        name.to_owned()
    }

    /// Without any of them it shows nothing; none: it shows no field of the person's.
    fn fields(&self) -> &'static [FieldGroup] {
        match self {
            Self::Contact | Self::CreatedAt => &[],
            Self::Name => &[FieldGroup::Name],
            Self::Phone => &[FieldGroup::Phones],
            Self::Email => &[FieldGroup::Emails],
            Self::OtherAddresses => &[FieldGroup::Phones, FieldGroup::Emails],
            Self::Stage => &[FieldGroup::Stage],
            Self::Source => &[FieldGroup::Source],
            Self::TimeZone => &[FieldGroup::TimeZone],
            Self::Tags => &[FieldGroup::Tags],
            Self::Data(_) => &[FieldGroup::Data],
        }
    }
}

/// The cells of a contact, as a purpose and a role see it. The oldest phone number and the oldest e-mail address have a column each.
pub fn cells(contact: &Shown, columns: &[Column]) -> Vec<String> {
    let (mut phone, mut email, mut others) = (None, None, vec![]);
    for address in &contact.addresses {
        let value = address.value.expose();
        match &address.value {
            AddressValue::Phone(_) if phone.is_none() => phone = Some(value),
            AddressValue::Email(_) if email.is_none() => email = Some(value),
            AddressValue::Phone(_) | AddressValue::Email(_) => others.push(value),
            AddressValue::External(_) | AddressValue::PageScoped(_) => {}
        }
    }
    let text = |text: &str| harmless(text).into_owned();
    let profile = contact.profile.as_ref();
    let cell = |column: &Column| match column {
        Column::Contact => contact.id.to_string(),
        Column::Name => text(contact.name.as_ref().map_or("", PersonName::expose)),
        // Digits behind a plus: as a formula it is the number itself.
        Column::Phone => phone.unwrap_or_default().to_owned(),
        Column::Email => text(email.unwrap_or_default()),
        Column::OtherAddresses => text(&others.join("; ")),
        Column::CreatedAt => contact.created_at.to_string(),
        Column::Stage => profile.and_then(|known| known.stage).map_or("", Stage::word).to_owned(),
        Column::Source => text(profile.and_then(|known| known.source.as_deref()).unwrap_or_default()),
        Column::TimeZone => {
            let zone = profile.and_then(|known| known.time_zone.as_ref());
            zone.map_or("", Zone::as_str).to_owned()
        }
        Column::Tags => text(&joined(profile.into_iter().flat_map(|known| known.tags.iter()))),
        Column::Data(key) => {
            let value = profile.and_then(|known| known.data.get(key));
            text(value.map_or("", |datum| datum.value.expose()))
        }
    };
    columns.iter().map(cell).collect()
}

/// Lines of cells.
pub fn written(lines: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(vec![]);
    for line in lines {
        writer.write_record(line)?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

/// Spreadsheets run what begins like a formula; with `'` before it they show it as it stands. What would read as if it had
/// got one gets one, too, so that [`plain`] gives back every text.
pub fn harmless(text: &str) -> Cow<'_, str> {
    match is_formula(text) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// A cell without the `'` that [`harmless`] puts before it.
pub fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => cell,
    }
}

fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// Tags in one cell, `;` between them; one within a tag has `\` before it.
pub fn joined<'a>(tags: impl Iterator<Item = &'a Tag>) -> String {
    let tags: Vec<String> = tags
        .map(|tag| tag.expose().replace('\\', "\\\\").replace(';', "\\;"))
        .collect();
    tags.join(";")
}

/// The tags of a cell.
pub fn parted(cell: &str) -> Result<Vec<Tag>, Invalid> {
    let mut tags = vec![String::new()];
    let mut characters = cell.chars();
    while let Some(character) = characters.next() {
        match character {
            ';' => tags.push(String::new()),
            character => {
                let literal = match character {
                    '\\' => characters.next().unwrap_or('\\'),
                    other => other,
                };
                tags.last_mut().into_iter().for_each(|tag| tag.push(literal));
            }
        }
    }
    let filled = tags.iter().filter(|tag| !tag.trim().is_empty());
    filled.map(|tag| Tag::parse(tag)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_a_spreadsheet_would_run_it_shows() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1", "''+1"] {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        for text in ["", "Ann", "'t Hooft", "a=1", "1-1", "'"] {
            assert_eq!(harmless(text), text);
            assert_eq!(plain(text), text);
        }
    }

    proptest! {
        #[test]
        fn every_text_can_be_read_back(text in "[='+@a\\t-]{0,6}|.*") {
            let cell = harmless(&text);
            prop_assert_eq!(plain(&cell), &text);
            prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
        }

        #[test]
        fn tags_can_be_read_back(tags in prop::collection::btree_set("[a;\\\\ ]{0,3}b", 0..5)) {
            let tags: BTreeSet<Tag> = tags.iter().map(|tag| Tag::parse(tag).expect("a tag")).collect();
            let read: BTreeSet<Tag> = parted(&joined(tags.iter())).expect("tags").into_iter().collect();
            prop_assert_eq!(read, tags);
        }
    }
}

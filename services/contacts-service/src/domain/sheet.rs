//! Contacts as lines of CSV, for spreadsheets and for reading back.

use super::{AddressValue, Contact, DataKey, Purpose, Tag};
use domain::{Invalid, PersonName};
use std::borrow::Cow;

/// Columns for every purpose.
const SEEN: [&str; 6] = ["contact", "name", "phone", "email", "other_addresses", "created_at"];
/// Columns of what is known from serving a person; custom values follow.
const PROFILE: [&str; 4] = ["stage", "source", "time_zone", "tags"];

/// The names of the columns.
pub fn head(purpose: Purpose, data: &[DataKey]) -> Vec<String> {
    let seen = SEEN.into_iter().map(str::to_owned);
    match purpose {
        Purpose::Support => {
            let keys = data.iter().map(|key| format!("data.{}", key.as_str()));
            seen.chain(PROFILE.map(str::to_owned)).chain(keys).collect()
        }
        Purpose::Outreach => seen.collect(),
    }
}

/// The cells of a contact, as a purpose sees it. The oldest phone number and the oldest e-mail address have a column each.
pub fn cells(contact: &Contact, data: &[DataKey]) -> Vec<String> {
    let (mut phone, mut email, mut others) = (None, None, vec![]);
    for address in &contact.addresses {
        let value = address.value.expose();
        match &address.value {
            AddressValue::Phone(_) if phone.is_none() => phone = Some(value),
            AddressValue::Email(_) if email.is_none() => email = Some(value),
            AddressValue::Phone(_) | AddressValue::Email(_) => others.push(value),
            AddressValue::External(_) => {}
        }
    }
    let text = |text: &str| harmless(text).into_owned();
    let mut cells = vec![
        contact.id.to_string(),
        text(contact.name.as_ref().map_or("", PersonName::expose)),
        // Digits behind a plus: as a formula it is the number itself.
        phone.unwrap_or_default().to_owned(),
        text(email.unwrap_or_default()),
        text(&others.join("; ")),
        contact.created_at.to_string(),
    ];
    if let Some(profile) = &contact.profile {
        cells.push(profile.stage.word().to_owned());
        cells.push(text(profile.source.as_deref().unwrap_or_default()));
        cells.push(
            profile
                .time_zone
                .as_ref()
                .map_or_else(String::new, |zone| zone.as_str().to_owned()),
        );
        cells.push(text(&joined(profile.tags.iter())));
        let value = |key: &DataKey| profile.data.get(key).map_or("", |datum| datum.value.expose());
        cells.extend(data.iter().map(|key| text(value(key))));
    }
    cells
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

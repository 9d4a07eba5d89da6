use super::profile::{DATA, TAGS};
use super::roles::FieldGroup;
use super::{DataKey, DataValue, Profile, Stage, Tag, Zone};
use domain::{Invalid, PersonName};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What to change; outer `None`: as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// Inner `None`: no name.
    pub name: Option<Option<PersonName>>,
    pub stage: Option<Stage>,
    /// Inner `None`: not known.
    pub time_zone: Option<Option<Zone>>,
    /// All of them.
    pub tags: Option<BTreeSet<Tag>>,
    /// Only these keys; `None` removes one.
    pub data: BTreeMap<DataKey, Option<DataValue>>,
}

impl Edit {
    /// The fields that it names.
    pub fn touched(&self) -> Vec<FieldGroup> {
        let named = [
            (FieldGroup::Name, self.name.is_some()),
            (FieldGroup::Stage, self.stage.is_some()),
            (FieldGroup::TimeZone, self.time_zone.is_some()),
            (FieldGroup::Tags, self.tags.is_some()),
            (FieldGroup::Data, !self.data.is_empty()),
        ];
        named
            .into_iter()
            .filter(|(_, named)| *named)
            .map(|(field, _)| field)
            .collect()
    }
}

/// The fields that can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    pub name: Option<PersonName>,
    pub stage: Stage,
    pub time_zone: Option<Zone>,
    pub tags: BTreeSet<Tag>,
    pub data: BTreeMap<DataKey, DataValue>,
}

impl Fields {
    pub fn new(name: Option<PersonName>, profile: Profile) -> Self {
        let values = profile.data.into_iter().map(|(key, datum)| (key, datum.value));
        Self {
            name,
            stage: profile.stage,
            time_zone: profile.time_zone,
            tags: profile.tags,
            data: values.collect(),
        }
    }

    /// The fields as they are then, and what became of each. Refused where it would be too
    /// much for one contact.
    pub fn edit(&self, edit: &Edit) -> Result<(Self, Vec<FieldChange>), Invalid> {
        let mut next = self.clone();
        if let Some(name) = &edit.name {
            next.name.clone_from(name);
        }
        next.stage = edit.stage.unwrap_or(self.stage);
        if let Some(zone) = &edit.time_zone {
            next.time_zone.clone_from(zone);
        }
        if let Some(tags) = &edit.tags {
            next.tags.clone_from(tags);
        }
        for (key, value) in &edit.data {
            match value {
                Some(value) => next.data.insert(key.clone(), value.clone()),
                None => next.data.remove(key),
            };
        }
        if next.tags.len() > TAGS {
            return Err(Invalid::new("tags", "may be 50 at most"));
        }
        if next.data.len() > DATA && next.data.len() > self.data.len() {
            return Err(Invalid::new("data", "may have 50 keys at most; remove one"));
        }
        let changes = self.changes(&next);
        Ok((next, changes))
    }

    /// What became of each field; nothing if all is as it was.
    pub fn changes(&self, next: &Self) -> Vec<FieldChange> {
        let name = |fields: &Self| fields.name.as_ref().map(|name| name.expose().to_owned());
        let zone = |fields: &Self| fields.time_zone.as_ref().map(|zone| zone.as_str().to_owned());
        let mut changes = vec![
            FieldChange::new(Field::Name, name(self), name(next)),
            FieldChange::new(
                Field::Stage,
                Some(self.stage.word().into()),
                Some(next.stage.word().into()),
            ),
            FieldChange::new(Field::TimeZone, zone(self), zone(next)),
        ];
        let tag = |tag: &Tag| Some(tag.expose().to_owned());
        let gone = self.tags.difference(&next.tags);
        changes.extend(gone.map(|gone| FieldChange::new(Field::Tag, tag(gone), None)));
        let come = next.tags.difference(&self.tags);
        changes.extend(come.map(|come| FieldChange::new(Field::Tag, None, tag(come))));
        let keys: BTreeSet<&DataKey> = self.data.keys().chain(next.data.keys()).collect();
        let value = |fields: &Self, key: &DataKey| fields.data.get(key).map(|value| value.expose().to_owned());
        let data = |key: &DataKey| FieldChange::new(Field::Data(key.clone()), value(self, key), value(next, key));
        changes.extend(keys.into_iter().map(data));
        changes.retain(|change| change.before != change.after);
        changes
    }
}

/// A field that can be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    Name,
    Stage,
    TimeZone,
    /// One that came or went.
    Tag,
    Data(DataKey),
    /// Another contact went into this one, or came out of it: its id.
    Merged,
}

/// As stored in tables, and as callers know it.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("name"),
            Self::Stage => f.write_str("stage"),
            Self::TimeZone => f.write_str("time_zone"),
            Self::Tag => f.write_str("tag"),
            Self::Merged => f.write_str("merged"),
            Self::Data(key) => write!(f, "data.{}", key.as_str()),
        }
    }
}

/// What became of one field; `None`: there was none, or is none. Debug prints no value.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldChange {
    pub field: Field,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl FieldChange {
    pub fn new(field: Field, before: Option<String>, after: Option<String>) -> Self {
        Self { field, before, after }
    }
}

impl fmt::Debug for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FieldChange({})", self.field)
    }
}

#[cfg(test)]
pub(super) mod strategies {
    //! Any fields, and any change of them.

    use super::*;
    use proptest::prelude::*;

    pub fn key(number: u8) -> DataKey {
        DataKey::parse(&format!("key_{number}")).expect("a key")
    }

    pub fn value(number: u8) -> DataValue {
        DataValue::parse(&format!("value {number}")).expect("a value")
    }

    pub fn tag(number: u8) -> Tag {
        Tag::parse(&format!("tag {number}")).expect("a tag")
    }

    fn name() -> impl Strategy<Value = Option<PersonName>> {
        prop::option::of((0..3u8).prop_map(|n| PersonName::parse(&format!("Name {n}")).expect("a name")))
    }

    fn stage() -> impl Strategy<Value = Stage> {
        prop_oneof![Just(Stage::Lead), Just(Stage::Customer)]
    }

    fn zone() -> impl Strategy<Value = Option<Zone>> {
        let names = prop_oneof![Just("Europe/Warsaw"), Just("America/Lima")];
        prop::option::of(names.prop_map(|name| Zone::parse(name).expect("a zone")))
    }

    fn tags() -> impl Strategy<Value = BTreeSet<Tag>> {
        prop::collection::btree_set((0..4u8).prop_map(tag), 0..4)
    }

    pub fn fields() -> impl Strategy<Value = Fields> {
        let data = prop::collection::btree_map((0..4u8).prop_map(key), (0..3u8).prop_map(value), 0..4);
        (name(), stage(), zone(), tags(), data).prop_map(|(name, stage, time_zone, tags, data)| Fields {
            name,
            stage,
            time_zone,
            tags,
            data,
        })
    }

    pub fn edit() -> impl Strategy<Value = Edit> {
        let value = prop::option::of((0..3u8).prop_map(value));
        let data = prop::collection::btree_map((0..4u8).prop_map(key), value, 0..4);
        let name = prop::option::of(name());
        let (stage, zone, tags) = (
            prop::option::of(stage()),
            prop::option::of(zone()),
            prop::option::of(tags()),
        );
        (name, stage, zone, tags, data).prop_map(|(name, stage, time_zone, tags, data)| Edit {
            name,
            stage,
            time_zone,
            tags,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::strategies::{edit, fields, key, tag, value};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_before_can_be_read_from_the_changes(present in fields(), edit in edit()) {
            let (next, changes) = present.edit(&edit).expect("few enough");
            prop_assert_eq!(next.without(&changes), present);
            // The same again changes nothing.
            prop_assert_eq!(next.edit(&edit).expect("few enough"), (next, vec![]));
        }

        #[test]
        fn what_an_edit_does_not_name_stays(present in fields(), edit in edit()) {
            let (next, changes) = present.edit(&edit).expect("few enough");
            for change in changes {
                let meant = match &change.field {
                    Field::Name => edit.name.is_some(),
                    Field::Stage => edit.stage.is_some(),
                    Field::TimeZone => edit.time_zone.is_some(),
                    Field::Tag => edit.tags.is_some(),
                    Field::Data(key) => edit.data.contains_key(key),
                    Field::Merged => false,
                };
                prop_assert!(meant, "{change:?}");
            }
            for (key, value) in edit.data {
                prop_assert_eq!(next.data.get(&key), value.as_ref());
            }
        }
    }

    #[test]
    fn a_contact_holds_so_much_and_no_more() {
        let many = |count: u8| (0..count).map(|n| (key(n), Some(value(n)))).collect();
        let present = Fields {
            name: None,
            stage: Stage::Lead,
            time_zone: None,
            tags: BTreeSet::new(),
            data: BTreeMap::new(),
        };
        let edit = |data| Edit {
            data,
            ..Edit::default()
        };
        let (full, _) = present.edit(&edit(many(50))).expect("fits");
        assert_eq!(full.edit(&edit(many(51))).expect_err("too many").field, "data");
        let swap = [(key(0), None), (key(50), Some(value(0)))].into_iter().collect();
        assert!(full.edit(&edit(swap)).is_ok());
        let tags = Edit {
            tags: Some((0..51).map(tag).collect()),
            ..Edit::default()
        };
        assert_eq!(present.edit(&tags).expect_err("too many").field, "tags");
    }

    #[test]
    fn debug_shows_no_value() {
        let change = FieldChange::new(Field::Name, Some("Ann".into()), None);
        assert_eq!(format!("{change:?}"), "FieldChange(name)");
    }
}

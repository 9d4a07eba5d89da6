use super::{DataKey, DataValue, Edit, Field, FieldChange, Fields, Stage, Tag, Zone};
use domain::PersonName;

impl Fields {
    /// What another contact adds: it fills gaps and overwrites nothing. A value that both have in another form stays with
    /// the other one, which keeps its own.
    pub fn filled_by(&self, other: &Self) -> Edit {
        let name = match &self.name {
            None => other.name.clone().map(Some),
            Some(_) => None,
        };
        let time_zone = match &self.time_zone {
            None => other.time_zone.clone().map(Some),
            Some(_) => None,
        };
        let missing = other.data.iter().filter(|(key, _)| !self.data.contains_key(key));
        Edit {
            name,
            stage: (other.stage == Stage::Customer).then_some(Stage::Customer),
            time_zone,
            tags: Some(self.tags.union(&other.tags).cloned().collect()),
            data: missing.map(|(key, value)| (key.clone(), Some(value.clone()))).collect(),
        }
    }

    /// Takes back what was changed, except where it was changed again since.
    pub fn without(&self, changes: &[FieldChange]) -> Self {
        let mut fields = self.clone();
        for change in changes {
            fields.take_back(change);
        }
        fields
    }

    /// What another contact adds to the gaps that were made here since `before`, and to no others.
    pub fn refilled_by(&self, before: &Self, other: &Self) -> Edit {
        let fill = self.filled_by(other);
        let reopened = |key: &DataKey| before.data.contains_key(key);
        let gone = before.tags.difference(&self.tags);
        let again = gone.filter(|tag| other.tags.contains(*tag)).cloned();
        Edit {
            name: fill.name.filter(|_| before.name.is_some()),
            stage: fill.stage.filter(|stage| *stage == before.stage),
            time_zone: fill.time_zone.filter(|_| before.time_zone.is_some()),
            tags: Some(self.tags.iter().cloned().chain(again).collect()),
            data: fill.data.into_iter().filter(|(key, _)| reopened(key)).collect(),
        }
    }

    fn take_back(&mut self, change: &FieldChange) {
        let is_after = |present: Option<&str>| present == change.after.as_deref();
        match &change.field {
            Field::Name if is_after(self.name.as_ref().map(|name| name.expose())) => {
                self.name = change.before.as_deref().and_then(|name| PersonName::parse(name).ok());
            }
            Field::Stage if is_after(Some(self.stage.word())) => {
                self.stage = change
                    .before
                    .as_deref()
                    .and_then(Stage::from_word)
                    .unwrap_or(self.stage);
            }
            Field::TimeZone if is_after(self.time_zone.as_ref().map(Zone::as_str)) => {
                self.time_zone = change.before.clone().map(Zone::stored);
            }
            Field::Tag => {
                self.tags.retain(|tag| !is_after(Some(tag.expose())));
                self.tags
                    .extend(change.before.as_deref().and_then(|tag| Tag::parse(tag).ok()));
            }
            Field::Data(key) if is_after(self.data.get(key).map(|value| value.expose())) => {
                match change.before.as_deref().and_then(|value| DataValue::parse(value).ok()) {
                    Some(value) => self.data.insert(key.clone(), value),
                    None => self.data.remove(key),
                };
            }
            Field::Name | Field::Stage | Field::TimeZone | Field::Data(_) | Field::Merged => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::edit::strategies::{edit, fields};
    use super::*;
    use proptest::prelude::*;

    fn merged(into: &Fields, other: &Fields) -> Fields {
        into.edit(&into.filled_by(other)).expect("few enough").0
    }

    proptest! {
        #[test]
        fn the_order_of_merging_does_not_matter(a in fields(), b in fields(), c in fields()) {
            prop_assert_eq!(merged(&merged(&a, &b), &c), merged(&a, &merged(&b, &c)));
            prop_assert_eq!(merged(&a, &a), a);
        }

        #[test]
        fn a_merge_fills_gaps_and_loses_and_overwrites_nothing(a in fields(), b in fields()) {
            let both = merged(&a, &b);
            prop_assert_eq!(&both.name, &a.name.clone().or(b.name));
            prop_assert_eq!(&both.time_zone, &a.time_zone.clone().or(b.time_zone));
            prop_assert!(both.tags.is_superset(&a.tags) && both.tags.is_superset(&b.tags));
            for (key, value) in &b.data {
                prop_assert_eq!(&both.data[key], a.data.get(key).unwrap_or(value));
            }
            for (key, value) in &a.data {
                prop_assert_eq!(&both.data[key], value);
            }
        }

        #[test]
        fn an_undone_merge_restores_everything(a in fields(), b in fields()) {
            let (both, changes) = a.edit(&a.filled_by(&b)).expect("few enough");
            prop_assert_eq!(both.without(&changes), a);
        }

        #[test]
        fn undoing_one_of_two_merges_leaves_what_the_other_one_fills(a in fields(), b in fields(), c in fields()) {
            let (both, of_b) = a.edit(&a.filled_by(&b)).expect("few enough");
            let (all, of_c) = both.edit(&both.filled_by(&c)).expect("few enough");
            let without_b = all.without(&of_b);
            let (refilled, again) = without_b.edit(&without_b.refilled_by(&all, &c)).expect("few enough");
            prop_assert_eq!(&refilled, &merged(&a, &c));
            prop_assert_eq!(refilled.without(&of_c).without(&again), a.clone());
            let without_c = all.without(&of_c);
            let refilled = without_c.edit(&without_c.refilled_by(&all, &b)).expect("few enough").0;
            prop_assert_eq!(refilled, merged(&a, &b));
        }

        #[test]
        fn what_was_changed_since_a_merge_stays_when_it_is_undone(a in fields(), b in fields(), since in edit()) {
            let (both, changes) = a.edit(&a.filled_by(&b)).expect("few enough");
            let (later, _) = both.edit(&since).expect("few enough");
            let undone = later.without(&changes);
            if since.name.is_some() && later.name != both.name {
                prop_assert_eq!(undone.name, later.name);
            }
            for (key, value) in since.data {
                if both.data.get(&key) != value.as_ref() {
                    prop_assert_eq!(undone.data.get(&key), value.as_ref());
                }
            }
        }
    }
}

use domain::ContactId;

/// Who is known of those whom a token names, and what stands between them.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Has the external id already.
    pub external: Option<ContactId>,
    /// Are reached by nothing but addresses that the token says are proved. What people type in a chat proves nothing: whoever has
    /// another address beside a proved one may be somebody else.
    pub proved: Vec<ContactId>,
    /// Present the token, or have an address of it, and are not proved.
    pub named: Vec<ContactId>,
    /// Have an external id, any.
    pub identified: Vec<ContactId>,
    /// Pairs of which a person undid a merge.
    pub parted: Vec<(ContactId, ContactId)>,
}

/// What follows of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Whose the identity is; `None`: a new contact's, which others go into, so that all of it can be undone.
    pub contact: Option<ContactId>,
    /// Go into it.
    pub merges: Vec<ContactId>,
    /// For a person to settle.
    pub conflicts: Vec<ContactId>,
}

/// Decides who is one person. Merged is only what a signature proves, never somebody whom another external id names, and
/// never what a person parted.
pub fn settle(known: &Known) -> Settled {
    let contact = known.external;
    let (mut merges, mut conflicts): (Vec<ContactId>, Vec<ContactId>) = (vec![], vec![]);
    for other in &known.proved {
        if Some(*other) == contact || merges.contains(other) || conflicts.contains(other) {
            continue;
        }
        let parted = |one: &ContactId| known.parted.contains(&(*one, *other)) || known.parted.contains(&(*other, *one));
        let is_parted = contact.iter().chain(&merges).any(parted);
        match known.identified.contains(other) || is_parted {
            true => conflicts.push(*other),
            false => merges.push(*other),
        }
    }
    for other in &known.named {
        if Some(*other) != contact && !merges.contains(other) && !conflicts.contains(other) {
            conflicts.push(*other);
        }
    }
    Settled {
        contact,
        merges,
        conflicts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};
    use uuid::Uuid;

    fn id(number: usize) -> ContactId {
        ContactId(Uuid::from_u128(number as u128))
    }

    #[test]
    fn nobody_is_merged_without_proof_or_against_a_person() {
        let known = Known {
            external: Some(id(1)),
            proved: vec![id(2), id(3), id(4), id(2), id(1)],
            named: vec![id(5), id(2), id(1)],
            identified: vec![id(1), id(3)],
            parted: vec![(id(4), id(1))],
        };
        let settled = settle(&known);
        assert_eq!(settled.contact, Some(id(1)));
        assert_eq!(settled.merges, [id(2)]);
        assert_eq!(settled.conflicts, [id(3), id(4), id(5)]);
        // An address of somebody else who is identified does not make two of them one.
        let other = Known {
            proved: vec![id(3)],
            identified: vec![id(3)],
            ..Known::default()
        };
        assert_eq!(settle(&other).contact, None);
        assert_eq!(settle(&other).conflicts, [id(3)]);
        // Nor do two of whom a person said that they are two.
        let two = Known {
            proved: vec![id(6), id(7)],
            parted: vec![(id(7), id(6))],
            ..Known::default()
        };
        assert_eq!(
            (settle(&two).merges, settle(&two).conflicts),
            (vec![id(6)], vec![id(7)])
        );
    }

    /// Contacts with their external id and addresses, as the service keeps them.
    #[derive(Default)]
    struct Book(Vec<(Option<usize>, BTreeSet<usize>)>);

    impl Book {
        fn identify(&mut self, person: usize, addresses: &BTreeSet<usize>) {
            let all = || self.0.iter().enumerate();
            let has = |of: &BTreeSet<usize>| !of.is_disjoint(addresses);
            let known = Known {
                external: all()
                    .find(|(_, (external, _))| *external == Some(person))
                    .map(|(at, _)| id(at)),
                proved: all()
                    .filter(|(_, (_, of))| has(of) && of.is_subset(addresses))
                    .map(|(at, _)| id(at))
                    .collect(),
                identified: all()
                    .filter(|(_, (external, _))| external.is_some())
                    .map(|(at, _)| id(at))
                    .collect(),
                ..Known::default()
            };
            let settled = settle(&known);
            assert!(
                settled.conflicts.is_empty(),
                "what is proved of one person conflicts with nobody"
            );
            let at = |contact: ContactId| contact.0.as_u128() as usize;
            let into = settled.contact.map_or_else(
                || {
                    self.0.push((None, BTreeSet::new()));
                    self.0.len() - 1
                },
                at,
            );
            for other in settled.merges {
                let moved = std::mem::take(&mut self.0[at(other)].1);
                self.0[into].1.extend(moved);
            }
            self.0[into].0 = Some(person);
            self.0[into].1.extend(addresses);
        }
    }

    proptest! {
        /// Three people with addresses of their own, some of them captured before without a name.
        #[test]
        fn tokens_in_any_order_and_again_end_in_one_contact_for_each_person(
            captured in prop::collection::vec(0..9usize, 0..6),
            (told, shuffled) in prop::collection::vec((0..3usize, prop::collection::btree_set(0..3usize, 0..3)), 0..8)
                .prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
        ) {
            let end = |told: &[(usize, BTreeSet<usize>)]| {
                let mut book = Book::default();
                for address in captured.iter().collect::<BTreeSet<_>>() {
                    book.0.push((None, BTreeSet::from([*address])));
                }
                for (person, addresses) in told {
                    let own = addresses.iter().map(|address| person * 3 + address).collect();
                    book.identify(*person, &own);
                }
                let people = book.0.into_iter().filter_map(|(person, addresses)| Some((person?, addresses)));
                people.collect::<BTreeMap<_, _>>()
            };
            let once = end(&told);
            prop_assert_eq!(&once, &end(&shuffled));
            prop_assert_eq!(&once, &end(&[told.clone(), told.clone()].concat()));
            for (person, addresses) in &told {
                prop_assert!(addresses.iter().all(|address| once[person].contains(&(person * 3 + address))));
            }
        }
    }
}

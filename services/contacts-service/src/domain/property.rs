//! Captures in any order lose no value and overwrite none.

use super::{AddressValue, Conflict, Found, Given, NameStep, Owners, PageScopedId, Phone, Target, plan};
use domain::{AddressId, ChannelId, ContactId, Country, Email, PersonName, PhoneE164};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

/// As the service does it, in memory.
#[derive(Default)]
struct Book {
    names: Vec<Option<PersonName>>,
    addresses: BTreeMap<String, (AddressId, usize)>,
    conflicts: Vec<(usize, Conflict)>,
}

impl Book {
    fn found(&self, value: Option<AddressValue>) -> Option<Found> {
        let (address, contact) = *self.addresses.get(&value?.normalised())?;
        Some(Found {
            address,
            contact: id(contact),
            name: self.names[contact].clone(),
        })
    }

    fn capture(&mut self, given: &Given) {
        let owners = Owners {
            page: self.found(given.page_value()),
            phone: self.found(given.phone_value()),
            email: self.found(given.email_value()),
        };
        let plan = plan(given, &owners);
        let contact = match plan.target {
            Target::Known(contact) => contact.0.as_u128() as usize,
            Target::New => {
                self.names.push(None);
                self.names.len() - 1
            }
        };
        if let NameStep::Fill(name) = plan.name {
            assert_eq!(self.names[contact].replace(name), None, "a name was overwritten");
        }
        for (add, value) in [
            (plan.add_phone, given.phone_value()),
            (plan.add_email, given.email_value()),
            (plan.add_page, given.page_value()),
        ] {
            if add {
                let next = AddressId(Uuid::from_u128(self.addresses.len() as u128));
                let value = value.expect("only what was given is added").normalised();
                assert_eq!(
                    self.addresses.insert(value, (next, contact)),
                    None,
                    "an address was moved"
                );
            }
        }
        for conflict in plan.conflicts {
            if !self.conflicts.contains(&(contact, conflict.clone())) {
                self.conflicts.push((contact, conflict));
            }
        }
    }

    fn holds(&self, given: &Given) {
        for value in [given.phone_value(), given.email_value(), given.page_value()]
            .into_iter()
            .flatten()
        {
            assert!(self.addresses.contains_key(&value.normalised()), "an address was lost");
        }
        if let Some(name) = &given.name {
            let kept = self.names.contains(&Some(name.clone()))
                || self
                    .conflicts
                    .iter()
                    .any(|(_, conflict)| *conflict == Conflict::Name(name.clone()));
            assert!(kept, "a name was lost");
        }
    }
}

fn id(contact: usize) -> ContactId {
    ContactId(Uuid::from_u128(contact as u128))
}

fn given() -> impl Strategy<Value = Given> {
    let name = prop::option::of((0..3u8).prop_map(|n| PersonName::parse(&format!("Name {n}")).expect("a name")));
    let phone = prop::option::of((0..3u8).prop_map(|n| Phone {
        number: PhoneE164::parse(&format!("+4860070012{n}")).expect("a number"),
        country: Country::parse("PL").expect("a country"),
    }));
    let email = prop::option::of((0..3u8).prop_map(|n| Email::parse(&format!("a{n}@b.cd")).expect("an e-mail")));
    let page = prop::option::of((0..3u8).prop_map(|n| {
        let channel = ChannelId::parse("page").expect("a channel");
        PageScopedId::parse(channel, &n.to_string()).expect("an id")
    }));
    (name, phone, email, page).prop_filter_map("an address", |(name, phone, email, page)| {
        Given::new(name, phone, email, page).ok()
    })
}

proptest! {
    #[test]
    fn captures_in_any_order_lose_and_overwrite_nothing(captures in prop::collection::vec(given(), 1..12)) {
        let mut book = Book::default();
        for (so_far, capture) in captures.iter().enumerate() {
            book.capture(capture);
            for earlier in &captures[..=so_far] {
                book.holds(earlier);
            }
        }
    }

    #[test]
    fn repeating_a_capture_changes_nothing(captures in prop::collection::vec(given(), 1..8)) {
        let mut book = Book::default();
        for capture in &captures {
            book.capture(capture);
        }
        let before = (book.names.clone(), book.addresses.clone(), book.conflicts.len());
        if let Some(last) = captures.last() {
            book.capture(last);
        }
        prop_assert_eq!(before, (book.names.clone(), book.addresses.clone(), book.conflicts.len()));
    }
}

#[test]
fn a_name_alone_is_refused() {
    let name = PersonName::parse("Ann").ok();
    assert_eq!(Given::new(name, None, None, None).expect_err("refused").field, "phone");
}

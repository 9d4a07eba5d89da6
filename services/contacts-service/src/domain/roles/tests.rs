//! Every role x every field x {see, edit}, and that nothing hidden is shown by anything.

use super::super::{
    Address, AddressValue, Capture, CapturedValue, Contact, ContactChange, DataKey, DataValue, Datum, Edit, ExternalId,
    Field, FieldChange, Given, PageScopedId, Phone, Profile, Stage, Tag, Zone,
};
use super::*;
use domain::{AddressId, ChannelId, ContactId, Email, PersonName};
use proptest::prelude::*;
use uuid::Uuid;

fn role(name: &str) -> RoleName {
    RoleName::parse(name).expect("a name")
}

fn integration(name: &str) -> IntegrationId {
    IntegrationId::parse(name).expect("a slug")
}

/// With every field filled.
fn contact() -> Contact {
    let address = |number: u128, value: AddressValue| Address {
        id: AddressId(Uuid::from_u128(number)),
        value,
        verified: false,
    };
    let data = Datum {
        value: DataValue::parse("38").expect("a value"),
        at: Timestamp::UNIX_EPOCH,
        by: "shop".into(),
    };
    Contact {
        id: ContactId(Uuid::from_u128(9)),
        name: Some(PersonName::parse("Ann").expect("a name")),
        addresses: vec![
            address(
                1,
                AddressValue::Phone(Phone::parse("+48600700123", None).expect("a number")),
            ),
            address(
                2,
                AddressValue::Email(Email::parse("ann@example.com").expect("an address")),
            ),
            address(3, AddressValue::External(ExternalId::parse("u-1").expect("an id"))),
            address(4, AddressValue::PageScoped(page_scoped())),
        ],
        version: 1,
        created_at: Timestamp::UNIX_EPOCH,
        profile: Some(Profile {
            stage: Stage::Customer,
            source: Some("web".into()),
            tags: [Tag::parse("vip").expect("a tag")].into(),
            data: [(DataKey::parse("size").expect("a key"), data)].into(),
            time_zone: Some(Zone::parse("Europe/Warsaw").expect("a zone")),
        }),
    }
}

fn page_scoped() -> PageScopedId {
    PageScopedId::parse(ChannelId::parse("page").expect("a slug"), "7").expect("an id")
}

/// Which fields of the contact are there.
fn seen(shown: &Shown) -> Vec<FieldGroup> {
    let kinds: Vec<FieldGroup> = shown
        .addresses
        .iter()
        .map(|one| FieldGroup::of_address(one.value.kind()))
        .collect();
    let profile = shown.profile.as_ref().expect("for support");
    let there = |field: FieldGroup| match field {
        FieldGroup::Name => shown.name.is_some(),
        FieldGroup::Phones | FieldGroup::Emails | FieldGroup::ExternalIds | FieldGroup::PageScopedIds => {
            kinds.contains(&field)
        }
        // Not among what a list shows: see `show_profiles`.
        FieldGroup::Profiles => !shown.hidden.contains(&field),
        FieldGroup::TimeZone => profile.time_zone.is_some(),
        FieldGroup::Stage => profile.stage.is_some(),
        FieldGroup::Source => profile.source.is_some(),
        FieldGroup::Tags => !profile.tags.is_empty(),
        FieldGroup::Data => !profile.data.is_empty(),
        FieldGroup::Purchases | FieldGroup::Interactions | FieldGroup::Consents => false,
    };
    FieldGroup::ALL.into_iter().filter(|field| there(*field)).collect()
}

/// A change of this field alone; `None`: no mask names it.
fn edit(field: FieldGroup) -> Option<Edit> {
    let mut edit = Edit::default();
    match field {
        FieldGroup::Name => edit.name = Some(None),
        FieldGroup::Stage => edit.stage = Some(Stage::Lead),
        FieldGroup::TimeZone => edit.time_zone = Some(None),
        FieldGroup::Tags => edit.tags = Some([].into()),
        FieldGroup::Data => edit.data = [(DataKey::parse("size").expect("a key"), None)].into(),
        _ => return None,
    }
    Some(edit)
}

/// `-` hidden, `s` see, `e` edit, in the order of `FieldGroup::ALL`: name, phones, emails, external ids, page-scoped ids, profiles,
/// zone, stage, source, tags, data, purchases, interactions, consents.
const TABLE: [(&str, &str); 5] = [
    ("owner", "eeeeeeeeseeese"),
    ("admin", "eeeeeeeeseeese"),
    ("agent", "eeeeeeeeseesse"),
    ("limited_agent", "s-----ssse-ss-"),
    ("integration", "eeeeeeeeseeese"),
];

#[test]
fn every_built_in_role_does_with_every_field_what_the_table_says() {
    let roles = Roles::default();
    assert_eq!(BuiltIn::ALL.len(), TABLE.len());
    for (name, row) in TABLE {
        let fields = roles.fields(&role(name)).expect(name);
        let rights = Rights::of(vec![(role(name), fields)]);
        let shown = rights.show(contact());
        for (field, letter) in FieldGroup::ALL.into_iter().zip(row.chars()) {
            let told = format!("{name} {}", field.word());
            let (sees, edits) = (letter != '-', letter == 'e');
            assert_eq!(rights.sees(field), sees, "{told}");
            if field.is_of_contact() {
                assert_eq!(seen(&shown).contains(&field), sees, "{told}");
                assert_eq!(shown.hidden.contains(&field), !sees, "{told}");
            }
            assert_eq!(rights.must_edit([field]).is_ok(), edits, "{told}");
            if let Some(edit) = edit(field) {
                let checked = rights.check(&edit);
                assert_eq!(checked.is_ok(), edits, "{told}");
                if let Err(denied) = checked {
                    let text = denied.to_string();
                    assert!(text.contains(name) && text.contains(field.word()), "{text}");
                }
            }
        }
    }
}

#[test]
fn a_new_role_sees_what_was_given_to_it_and_nothing_else() {
    for field in FieldGroup::ALL {
        let roles = Roles::default();
        let made = roles.set(&role("books"), &[(field, Access::See)].into()).expect("made");
        let fields = made.fields(&role("books")).expect("there");
        let rights = Rights::of(vec![(role("books"), fields)]);
        for other in FieldGroup::ALL {
            assert_eq!(rights.sees(other), other == field, "{} {}", field.word(), other.word());
            assert!(rights.must_edit([other]).is_err());
        }
        let edited = roles.set(&role("books"), &[(field, Access::Edit)].into());
        assert_eq!(edited.is_ok(), field.can_be_changed(), "{}", field.word());
    }
}

#[test]
fn a_named_role_narrows_the_integrations_own_and_adds_nothing() {
    let roles = Roles::default();
    let limited = roles
        .assign(&Holder::Integration(integration("crm")), Some(&role("limited_agent")))
        .expect("assigned");
    let rights = limited
        .rights(&integration("crm"), Some(&role("owner")))
        .expect("known");
    assert!(!rights.sees(FieldGroup::Phones) && rights.sees(FieldGroup::Name));
    let denied = rights.must_see(FieldGroup::Phones).expect_err("hidden");
    assert_eq!(denied.role, role("limited_agent"));
    let other = limited.rights(&integration("shop"), Some(&role("limited_agent")));
    assert!(!other.expect("known").sees(FieldGroup::Phones));
    assert!(
        limited
            .rights(&integration("shop"), None)
            .expect("known")
            .sees(FieldGroup::Phones)
    );
    assert_eq!(limited.rights(&integration("shop"), Some(&role("nobody"))), None);
}

#[test]
fn an_agent_is_spoken_for_in_the_role_that_they_were_given_and_in_no_other() {
    let maria = AgentId::parse("maria").expect("a slug");
    let (limited, owner) = (role("limited_agent"), role("owner"));
    let roles = Roles::default();
    // Who was given none has what is named.
    assert_eq!(roles.role_of(Some(&maria), Some(&owner)), Ok(Some(&owner)));
    let holder = Holder::Agent(maria.clone());
    let given = roles.assign(&holder, Some(&limited)).expect("given");
    for (named, expected) in [
        (None, Ok(Some(&limited))),
        (Some(&limited), Ok(Some(&limited))),
        (Some(&owner), Err(&limited)),
    ] {
        assert_eq!(given.role_of(Some(&maria), named), expected);
    }
    assert_eq!(given.role_of(None, Some(&owner)), Ok(Some(&owner)));
    assert_eq!(roles.changes(&given), ["agent maria: - > limited_agent"]);
    assert_eq!(given.assign(&holder, None).expect("taken away"), roles);
    let own = roles.set(&role("books"), &[].into()).expect("made");
    let held = own.assign(&holder, Some(&role("books"))).expect("given");
    assert_eq!(held.remove(&role("books")), Err(RoleRefused::Held(holder)));
    // As a release before agents had roles wrote it.
    let before = serde_json::from_str::<Roles>(r#"{"changed": {}, "integrations": {}}"#);
    assert_eq!(before.expect("read"), roles);
}

#[test]
fn the_owner_stays_and_a_role_that_somebody_has_too() {
    let roles = Roles::default();
    let owner = roles.set(&role("owner"), &[(FieldGroup::Name, Access::Hidden)].into());
    assert!(matches!(owner, Err(RoleRefused::Invalid(invalid)) if invalid.field == "role"));
    let made = roles.set(&role("books"), &[].into()).expect("made");
    let held = made
        .assign(&Holder::Integration(integration("crm")), Some(&role("books")))
        .expect("assigned");
    assert_eq!(
        held.remove(&role("books")),
        Err(RoleRefused::Held(Holder::Integration(integration("crm"))))
    );
    assert_eq!(roles.remove(&role("books")), Err(RoleRefused::Unknown));
    assert_eq!(
        roles.assign(&Holder::Integration(integration("crm")), Some(&role("books"))),
        Err(RoleRefused::Unknown)
    );
    let free = held
        .assign(&Holder::Integration(integration("crm")), None)
        .expect("taken away");
    assert_eq!(free.remove(&role("books")).expect("removed"), roles);
    // A built-in one is as it was at first.
    let changed = roles
        .set(&role("agent"), &[(FieldGroup::Data, Access::Hidden)].into())
        .expect("changed");
    assert_eq!(roles.changes(&changed), ["agent.data: edit > hidden"]);
    assert_eq!(changed.remove(&role("agent")).expect("as before"), roles);
    assert_eq!(made.changes(&held), ["crm: integration > books"]);
}

#[test]
fn history_and_captures_name_nothing_that_is_hidden() {
    let fields = Roles::default().fields(&role("limited_agent")).expect("there");
    let rights = Rights::of(vec![(role("limited_agent"), fields)]);
    let change = |field: Field| FieldChange::new(field, None, Some("x".into()));
    let key = DataKey::parse("size").expect("a key");
    let changes = vec![ContactChange {
        version: 2,
        at: Timestamp::UNIX_EPOCH,
        by: "crm".into(),
        fields: vec![change(Field::Name), change(Field::Data(key)), change(Field::Merged)],
    }];
    let told = rights.show_changes(changes);
    assert_eq!(told[0].fields, [change(Field::Name), change(Field::Merged)]);

    let capture = |what: CapturedValue| Capture {
        what,
        channel: None,
        at: Timestamp::UNIX_EPOCH,
    };
    let name = capture(CapturedValue::Name(PersonName::parse("Ann").expect("a name")));
    let phone = capture(CapturedValue::Address(AddressId(Uuid::from_u128(1))));
    let shown = rights.show(contact());
    let captures = vec![name.clone(), phone.clone()];
    assert_eq!(
        rights.show_captures(&shown, captures.clone()),
        std::slice::from_ref(&name)
    );
    let shown = Rights::all().show(contact());
    assert_eq!(Rights::all().show_captures(&shown, captures.clone()), captures);
}

#[test]
fn what_is_given_is_checked_by_field() {
    let fields = Roles::default().fields(&role("limited_agent")).expect("there");
    let rights = Rights::of(vec![(role("limited_agent"), fields)]);
    let phone = Phone::parse("+48600700123", None).expect("a number");
    let given = Given::new(None, Some(phone), None, None).expect("given");
    assert_eq!(
        rights.check_given(&given).expect_err("refused").field,
        FieldGroup::Phones
    );
}

proptest! {
    #[test]
    fn what_two_roles_see_is_what_both_see(one in prop::collection::vec(0..3_u8, 14), other in prop::collection::vec(0..3_u8, 14)) {
        let access = |number: &u8| [Access::Hidden, Access::See, Access::Edit][usize::from(*number)];
        let fields = |row: &[u8]| RoleFields(FieldGroup::ALL.into_iter().zip(row.iter().map(access)).collect());
        let rights = Rights::of(vec![(role("one"), fields(&one)), (role("other"), fields(&other))]);
        let shown = rights.show(contact());
        for (place, field) in FieldGroup::ALL.into_iter().enumerate() {
            let both = access(&one[place]).min(access(&other[place]));
            prop_assert_eq!(rights.sees(field), both >= Access::See);
            prop_assert_eq!(rights.must_edit([field]).is_ok(), both == Access::Edit);
            if field.is_of_contact() {
                prop_assert_eq!(seen(&shown).contains(&field), both >= Access::See);
            }
        }
    }
}

use super::super::edit::strategies::{key, value};
use super::*;
use proptest::prelude::*;

/// Versions with whether each names somebody; the first one that arrives makes the order, so it has to.
fn told() -> impl Strategy<Value = Vec<(u64, bool)>> {
    let versions = prop::collection::vec((1..6u64, any::<bool>()), 1..10);
    versions.prop_map(|mut versions| {
        // What one version says it says each time.
        for index in 0..versions.len() {
            let (version, _) = versions[index];
            let first = versions.iter().find(|(other, _)| *other == version);
            versions[index].1 = first.is_some_and(|(_, named)| *named);
        }
        versions
    })
}

/// As the service does it: who names nobody waits until the order is known.
fn fold(told: &[(u64, bool)]) -> Option<Kept> {
    let mut kept: Option<Kept> = None;
    for _ in 0..2 {
        for (version, named) in told {
            kept = match kept {
                None if !named => None,
                None => Some(Kept {
                    version: *version,
                    contact_version: *version,
                }),
                Some(kept) => {
                    let step = step(kept, *version, *named);
                    Some(Kept {
                        version: if step.content { *version } else { kept.version },
                        contact_version: if step.contact { *version } else { kept.contact_version },
                    })
                }
            };
        }
    }
    kept
}

proptest! {
    #[test]
    fn versions_in_any_order_and_again_end_in_the_same_order(told in told(), seed in any::<u64>()) {
        let mut shuffled = told.clone();
        for index in (1..shuffled.len()).rev() {
            let other = seed.rotate_left(u32::try_from(index).unwrap_or(0)) % (index as u64 + 1);
            shuffled.swap(index, usize::try_from(other).unwrap_or(0));
        }
        prop_assert_eq!(fold(&told), fold(&shuffled));
        let highest = told.iter().map(|(version, _)| *version).max();
        if let Some(kept) = fold(&told) {
            prop_assert_eq!(Some(kept.version), highest);
        }
    }
}

/// What the customer has after versions of one order, told in this order, and what the order says of them.
fn handed(told: &[(u64, BTreeMap<DataKey, DataValue>)], room: usize) -> (Said, BTreeMap<DataKey, DataValue>) {
    let (mut said, mut has) = (Said::new(), BTreeMap::new());
    for (version, data) in told {
        let order = Order {
            version: *version,
            data: data.clone(),
            ..order()
        };
        let news = news(&said, &order);
        for (key, value) in handed_on(&said, &news, &has, room) {
            has.extend(value.map(|value| (key, value)));
        }
        said.extend(news);
    }
    (said, has)
}

proptest! {
    #[test]
    fn what_an_order_says_of_its_customer_ends_the_same_in_any_order(
        says in prop::collection::vec(prop::collection::btree_map((0..3u8).prop_map(key), (0..3u8).prop_map(value), 0..3), 1..5),
        order in any::<prop::sample::Index>(),
    ) {
        let told: Vec<_> = (1..).zip(says).collect();
        let mut turned = told.clone();
        turned.rotate_left(order.index(told.len()));
        turned.extend(told.clone());
        let (said, has) = handed(&turned, 9);
        prop_assert_eq!((&said, &has), (&handed(&told, 9).0, &handed(&told, 9).1));
        prop_assert_eq!(said.into_iter().map(|(key, (_, value))| (key, value)).collect::<BTreeMap<_, _>>(), has);
    }
}

#[test]
fn what_somebody_set_or_removed_stays_and_what_finds_no_room_is_left_out() {
    let before = Said::from([
        (key(1), (1, value(1))),
        (key(2), (1, value(1))),
        (key(3), (1, value(1))),
    ]);
    let said: Said = (1..6).map(|number| (key(number), (2, value(2)))).collect();
    // The second was set by hand, and the third was removed.
    let present = BTreeMap::from([(key(1), value(1)), (key(2), value(7))]);
    let handed = handed_on(&before, &said, &present, 1);
    let expected = BTreeMap::from([(key(1), Some(value(2))), (key(4), Some(value(2)))]);
    assert_eq!(handed, expected);
}

fn order() -> Order {
    Order {
        version: 1,
        status: OrderStatus::Placed,
        currency: "PLN".into(),
        total_minor: 100,
        lines: vec![],
        parcels: vec![],
        channel: None,
        placed_at: Timestamp::UNIX_EPOCH,
        changed_at: Timestamp::UNIX_EPOCH,
        data: BTreeMap::new(),
    }
}

#[test]
fn what_is_too_much_is_refused_by_its_field() {
    let line = OrderLine {
        name: "Shoes".into(),
        sku: None,
        quantity: 1,
        unit_minor: 100,
    };
    let order = Order {
        lines: vec![line.clone()],
        ..order()
    };
    assert!(order.clone().check().is_ok());
    let parcel = Parcel {
        carrier: "InPost".into(),
        tracking_number: "6".into(),
        tracking_url: None,
        status: None,
    };
    for (bad, field) in [
        (
            Order {
                version: 0,
                ..order.clone()
            },
            "version",
        ),
        (
            Order {
                version: 1 << 53,
                ..order.clone()
            },
            "version",
        ),
        (
            Order {
                currency: "zł".into(),
                ..order.clone()
            },
            "currency",
        ),
        (
            Order {
                total_minor: -1,
                ..order.clone()
            },
            "total_minor",
        ),
        (
            Order {
                lines: vec![],
                ..order.clone()
            },
            "lines",
        ),
        (
            Order {
                lines: vec![line.clone(); 101],
                ..order.clone()
            },
            "lines",
        ),
        (
            Order {
                parcels: vec![parcel.clone(); 21],
                ..order.clone()
            },
            "parcels",
        ),
        (
            Order {
                data: (0..21).map(|number| (key(number), value(1))).collect(),
                ..order.clone()
            },
            "data",
        ),
    ] {
        assert_eq!(bad.check().expect_err(field).field, field);
    }
    for (bad, field) in [
        (
            OrderLine {
                name: " ".into(),
                ..line.clone()
            },
            "name",
        ),
        (
            OrderLine {
                sku: Some("x".repeat(101)),
                ..line.clone()
            },
            "sku",
        ),
        (
            OrderLine {
                quantity: 0,
                ..line.clone()
            },
            "quantity",
        ),
        (
            OrderLine {
                unit_minor: MINOR + 1,
                ..line
            },
            "unit_minor",
        ),
    ] {
        assert_eq!(bad.check().expect_err(field).field, field);
    }
    for (bad, field) in [
        (
            Parcel {
                carrier: String::new(),
                ..parcel.clone()
            },
            "carrier",
        ),
        (
            Parcel {
                tracking_number: "a\nb".into(),
                ..parcel.clone()
            },
            "tracking_number",
        ),
        (
            Parcel {
                tracking_url: Some("javascript:alert(1)".into()),
                ..parcel.clone()
            },
            "tracking_url",
        ),
        (
            Parcel {
                status: Some("x".repeat(101)),
                ..parcel
            },
            "status",
        ),
    ] {
        assert_eq!(bad.check().expect_err(field).field, field);
    }
}

use super::*;

const NOW: &str = "2026-11-01T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn read(text: &str) -> Result<Filter, Refusal> {
    parse(text, Purpose::Support, at(NOW))
}

fn tag(text: &str) -> Tag {
    Tag::parse(text).expect("a tag")
}

fn key(text: &str) -> DataKey {
    DataKey::parse(text).expect("a key")
}

fn is(term: Term) -> Filter {
    Filter::Is(term)
}

fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

/// The place and the remedy of a refusal.
fn refused(text: &str) -> String {
    match read(text).expect_err(text) {
        Refusal::Unreadable(invalid) => {
            assert_eq!(invalid.field, "filter");
            invalid.remedy
        }
        Refusal::Purpose(invalid) => panic!("{text}: {invalid}"),
    }
}

#[test]
fn filters_are_read_as_they_are_written() {
    let customer = is(Term::Stage(Stage::Customer));
    let vip = is(Term::Tag(vec![tag("vip")]));
    let rich = is(Term::Spent(
        Currency::parse("PLN").expect("a currency"),
        Comparison::AtLeast,
        10_000,
    ));
    for (text, filter) in [
        ("", Filter::All(vec![])),
        (" \n ", Filter::All(vec![])),
        ("stage = customer", customer.clone()),
        ("stage != \"customer\"", not(customer.clone())),
        // `and` binds closer than `or`, `not` closer than both.
        (
            "stage = customer and tag = vip OR NOT purchases.total.PLN >= 10000",
            Filter::Any(vec![
                Filter::All(vec![customer.clone(), vip.clone()]),
                not(rich.clone()),
            ]),
        ),
        (
            "stage=customer and(tag=vip or purchases.total.PLN>=10000)",
            Filter::All(vec![customer, Filter::Any(vec![vip, rich])]),
        ),
        (
            r#"tag in (vip, "said \"no\" \\ once")"#,
            is(Term::Tag(vec![tag("vip"), tag("said \"no\" \\ once")])),
        ),
        ("data.size exists", is(Term::HasData(key("size")))),
        ("not (source exists)", not(is(Term::HasSource))),
        (
            "purchases.last < 2026-01-31",
            is(Term::LastOrder(Comparison::Below, at("2026-01-31T00:00:00Z"))),
        ),
        (
            "created >= 2026-01-31T12:00:00.123456789+02:00",
            is(Term::Created(Comparison::AtLeast, at("2026-01-31T10:00:00.123456Z"))),
        ),
        (
            "captured > days_ago(30)",
            is(Term::Captured(Comparison::Above, at("2026-10-02T12:00:00Z"))),
        ),
        ("consent != outreach", not(is(Term::Consented))),
        ("purchases.count != 0", is(Term::Orders(Comparison::NotEqual, 0))),
    ] {
        assert_eq!(read(text).as_ref(), Ok(&filter), "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_told_by_place_and_remedy() {
    for (text, place, word) in [
        ("colour = red", 1, "stage, tag, source"),
        ("stage", 6, "= or !="),
        ("stage = friend", 9, "lead or customer"),
        ("stage = customer tag = vip", 18, "and, or, or the end"),
        ("stage = customer and", 21, "stage, tag, source"),
        ("(stage = customer", 18, "and, or, or )"),
        ("stage = customer)", 17, "and, or, or the end"),
        ("tag = \"vip", 7, "no end"),
        ("tag = \"a\\n\"", 9, "after \\"),
        ("tag ! vip", 5, "!="),
        ("tag < vip", 5, "=, != or in"),
        ("tag in vip", 8, "("),
        ("tag in (vip new)", 13, ", or )"),
        ("tag in ()", 9, "a tag"),
        ("tag = \"\"", 7, "a tag"),
        ("zażółć = 1", 1, "stage, tag, source"),
        ("tag = zażółć & tag = vip", 14, "double quotes"),
        ("source = \"A B\"", 10, "channel"),
        ("data.Size = 1", 1, "key"),
        ("data.size > 1", 11, "=, != or in"),
        ("purchases.total.pln = 1", 1, "ISO 4217"),
        ("purchases.count > -1", 19, "whole number"),
        ("purchases.count > 1.5", 19, "whole number"),
        ("purchases.count > 99999999999999999999", 19, "whole number"),
        ("purchases.count 1", 17, "=, !=, <"),
        ("created = 2026-01-31", 9, "<, <=, > or >="),
        ("created > 2026-02-31", 11, "a day"),
        ("created > 1969-12-31", 11, "a day"),
        ("created > days_ago(40000)", 20, "36500"),
        ("created > days_ago 3", 20, "a day"),
        ("consent = support", 11, "outreach"),
    ] {
        let told = refused(text);
        let begin = format!("at character {place}: ");
        assert!(told.starts_with(&begin) && told.contains(word), "{text}: {told}");
    }
}

#[test]
fn a_filter_may_be_so_long_so_deep_and_no_more() {
    let nested = |depth: usize| format!("{}stage = lead{}", "(".repeat(depth), ")".repeat(depth));
    assert!(read(&nested(DEPTH)).is_ok());
    assert!(refused(&nested(DEPTH + 1)).starts_with("at character 18: "));
    assert!(refused(&"not ".repeat(990)).contains("16 deep"));
    let many = |terms: usize| vec!["stage = lead"; terms].join(" or ");
    assert!(read(&many(TERMS)).is_ok());
    assert!(refused(&many(TERMS + 1)).contains("50 conditions"));
    let listed = |values: usize| format!("tag in ({})", vec!["vip"; values].join(","));
    let keys = |count: usize| {
        let each: Vec<String> = (0..count)
            .map(|key| format!("data.k{key} exists and data.k0 = x"))
            .collect();
        each.join(" or ")
    };
    assert!(read(&keys(KEYS)).is_ok());
    assert!(refused(&keys(KEYS + 1)).contains("8 keys"));
    assert!(read(&listed(TERMS)).is_ok());
    assert!(refused(&listed(TERMS + 1)).contains("50 conditions"));
    let long = format!("stage = lead{}", " ".repeat(LENGTH));
    assert!(refused(&long).starts_with("at character 4001: "));
    assert!(read(&long[..LENGTH]).is_ok());
}

#[test]
fn no_complaint_repeats_what_was_written() {
    for text in [
        "tag = ann ann",
        "ann = 1",
        "data.ann? = 1",
        "stage = ann",
        "\"ann\" = 1",
        "created > ann",
    ] {
        let told = refused(text);
        assert!(!told.contains("ann"), "{told}");
    }
    let filter = read("tag = ann and data.size in (ann, bea)").expect("a filter");
    let shown = format!("{filter:?}");
    assert!(!shown.contains("ann") && !shown.contains("bea"), "{shown}");
}

#[test]
fn a_segment_for_outreach_asks_for_nothing_that_outreach_does_not_see() {
    let outreach = |text: &str| parse(text, Purpose::Outreach, at(NOW));
    for text in [
        "",
        "stage = lead",
        "tag in (a, b)",
        "created > days_ago(3)",
        "not consent != outreach",
    ] {
        assert!(outreach(text).is_ok(), "{text}");
    }
    for text in [
        "source = web",
        "source exists",
        "data.size = 38",
        "data.size exists",
        "purchases.count > 0",
        "purchases.total.PLN > 0",
        "purchases.last > days_ago(3)",
        "captured > days_ago(3)",
        "changed > days_ago(3)",
    ] {
        assert!(read(text).is_ok(), "{text}");
        let hidden = format!("stage = lead or not ({text})");
        match outreach(&hidden).expect_err(text) {
            Refusal::Purpose(invalid) => assert!(invalid.remedy.starts_with("at character 22: "), "{invalid}"),
            Refusal::Unreadable(invalid) => panic!("{text}: {invalid}"),
        }
    }
}

#[test]
fn of_what_is_not_there_nothing_holds() {
    let nobody = Subject {
        stage: Stage::Lead,
        tags: BTreeSet::new(),
        source: None,
        data: BTreeMap::new(),
        orders: vec![],
        created: at(NOW),
        captured: None,
        changed: None,
        consented: false,
    };
    let holds = |text: &str| read(text).expect(text).holds(&nobody);
    for text in [
        "",
        "stage = lead",
        "purchases.count = 0",
        "purchases.total.PLN < 1",
        "data.size != 38",
        "not source = web",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in [
        "purchases.last < days_ago(0)",
        "purchases.last >= 1970-01-01",
        "captured >= 1970-01-01",
        "changed <= days_ago(0)",
        "data.size exists",
        "tag = vip",
        "consent = outreach",
        "purchases.total.PLN > 0",
    ] {
        assert!(!holds(text), "{text}");
    }
}

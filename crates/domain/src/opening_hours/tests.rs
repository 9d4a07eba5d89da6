use super::*;
use jiff::SignedDuration;
use proptest::prelude::*;

const WARSAW: &str = "Europe/Warsaw";

fn ranges(words: &[&str]) -> Vec<OpenRange> {
    words
        .iter()
        .map(|word| OpenRange::parse(word).expect("a range"))
        .collect()
}

fn week(days: [&[&str]; 7]) -> [Vec<OpenRange>; 7] {
    days.map(ranges)
}

/// The same on each working day.
fn working(day: &[&str]) -> [Vec<OpenRange>; 7] {
    week([day, day, day, day, day, &[], &[]])
}

fn hours(week: [Vec<OpenRange>; 7], special: &[(&str, &[&str])]) -> Result<OpeningHours, Invalid> {
    let special = special
        .iter()
        .map(|(day, words)| (day.parse().expect("a day"), ranges(words)));
    OpeningHours::new(WARSAW, week, special.collect())
}

fn local(text: &str) -> Timestamp {
    let zone = TimeZone::get(WARSAW).expect("a zone");
    let wall: jiff::civil::DateTime = text.parse().expect("a date and time");
    zone.to_ambiguous_timestamp(wall).compatible().expect("a moment")
}

fn open_until(text: &str) -> Opening {
    Opening {
        open: true,
        until: Some(local(text)),
    }
}

fn closed_until(text: &str) -> Opening {
    Opening {
        open: false,
        until: Some(local(text)),
    }
}

#[test]
fn a_week_with_a_lunch_break_and_a_late_friday() {
    let office: &[&str] = &["13:00-17:00", "09:00-12:00"];
    let hours = hours(week([office, office, office, office, &["18:00-26:00"], &[], &[]]), &[]).expect("hours");
    for (at, expected) in [
        ("2026-01-05T08:59:59", closed_until("2026-01-05T09:00")),
        ("2026-01-05T09:00:00", open_until("2026-01-05T12:00")),
        ("2026-01-05T12:00:00", closed_until("2026-01-05T13:00")),
        ("2026-01-08T17:00:00", closed_until("2026-01-09T18:00")),
        ("2026-01-09T23:30:00", open_until("2026-01-10T02:00")),
        ("2026-01-10T01:59:59", open_until("2026-01-10T02:00")),
        ("2026-01-10T02:00:00", closed_until("2026-01-12T09:00")),
    ] {
        assert_eq!(hours.at(local(at)), expected, "{at}");
    }
}

#[test]
fn special_days_replace_what_begins_on_them_and_nothing_of_the_day_before() {
    let special: &[(&str, &[&str])] = &[("2026-01-06", &[]), ("2026-01-08", &["10:00-11:00"])];
    let hours = hours(working(&["18:00-25:00"]), special).expect("hours");
    for (at, expected) in [
        ("2026-01-06T00:30", open_until("2026-01-06T01:00")),
        ("2026-01-06T19:00", closed_until("2026-01-07T18:00")),
        ("2026-01-08T10:30", open_until("2026-01-08T11:00")),
        ("2026-01-08T19:00", closed_until("2026-01-09T18:00")),
    ] {
        assert_eq!(hours.at(local(at)), expected, "{at}");
    }
}

#[test]
fn days_that_adjoin_are_one_opening() {
    let all_day: &[&str] = &["00:00-24:00"];
    let always = hours(week([all_day; 7]), &[]).expect("hours");
    let at = local("2026-01-05T10:00");
    assert_eq!(
        always.at(at),
        Opening {
            open: true,
            until: None
        }
    );
    let except = hours(week([all_day; 7]), &[("2026-01-20", &[])]).expect("hours");
    assert_eq!(except.at(at), open_until("2026-01-20T00:00"));
    let never = hours(week([&[]; 7]), &[]).expect("hours");
    assert_eq!(
        never.at(at),
        Opening {
            open: false,
            until: None
        }
    );
    let turns = hours(working(&["06:00-14:00", "14:00-22:00"]), &[]).expect("hours");
    assert_eq!(turns.at(at), open_until("2026-01-05T22:00"));
}

#[test]
fn changes_of_the_clock() {
    // Forward on 2026-03-29 from 02:00 to 03:00, back on 2026-10-25 from 03:00 to 02:00.
    let hours = hours(week([&[], &[], &[], &[], &[], &[], &["02:30-04:00"]]), &[]).expect("hours");
    let spring: Timestamp = "2026-03-29T01:29:00Z".parse().expect("a moment");
    assert_eq!(
        hours.at(spring).until,
        Some("2026-03-29T01:30:00Z".parse().expect("03:30 there"))
    );
    let jumped = OpeningHours::new(
        WARSAW,
        week([&[], &[], &[], &[], &[], &[], &["02:30-03:00"]]),
        BTreeMap::new(),
    );
    let next: Timestamp = "2026-04-05T00:30:00Z".parse().expect("a week later");
    assert_eq!(
        jumped.expect("hours").at(spring).until,
        Some(next),
        "what the clock jumps over does not come"
    );
    let behind = OpeningHours::new(
        WARSAW,
        week([&[], &[], &[], &[], &[], &[], &["02:30-02:45", "03:00-04:00"]]),
        BTreeMap::new(),
    );
    let ten_past: Timestamp = "2026-03-29T01:10:00Z".parse().expect("03:10 there");
    let four = "2026-03-29T02:00:00Z".parse().expect("04:00 there");
    assert_eq!(
        behind.expect("hours").at(ten_past),
        Opening {
            open: true,
            until: Some(four)
        }
    );
    let autumn: Timestamp = "2026-10-25T00:29:00Z".parse().expect("a moment");
    assert_eq!(
        hours.at(autumn).until,
        Some("2026-10-25T00:30:00Z".parse().expect("the first 02:30"))
    );
    let between: Timestamp = "2026-10-25T01:10:00Z".parse().expect("the second 02:10");
    assert!(hours.at(between).open);
}

#[test]
fn what_is_wrong_names_its_field_and_remedy() {
    for (text, remedy) in [
        ("9:00-17:00", "needs the form"),
        ("09:00", "needs the form"),
        ("09:60-17:00", "needs the form"),
        ("17:00-09:00", "ends before it begins"),
        ("09:00-09:00", "ends before it begins"),
        ("24:00-25:00", "must begin before 24:00"),
        ("09:00-33:01", "longer than 24 hours"),
    ] {
        let wrong = OpenRange::parse(text).expect_err(text);
        assert!(wrong.remedy.contains(remedy), "{text}: {}", wrong.remedy);
    }
    let field = |result: Result<OpeningHours, Invalid>| result.expect_err("refused").field;
    assert_eq!(field(hours(working(&["09:00-12:00", "11:00-13:00"]), &[])), "week");
    assert_eq!(field(hours(working(&["08:00-09:00", "20:00-33:00"]), &[])), "week");
    let sunday_into_monday = week([&["00:00-01:00"], &[], &[], &[], &[], &[], &["20:00-25:00"]]);
    assert_eq!(field(hours(sunday_into_monday, &[])), "week");
    let special: &[(&str, &[&str])] = &[("2026-01-06", &["00:30-02:00"])];
    assert_eq!(field(hours(working(&["18:00-25:00"]), special)), "special_days");
    assert_eq!(field(hours(working(&["00:00-01:00"; 9]), &[])), "week");
    let unknown = OpeningHours::new("Mars/Base", working(&[]), BTreeMap::new());
    assert_eq!(field(unknown), "time_zone");
}

/// Ranges of a day that do not overlap, none past midnight.
fn day() -> impl Strategy<Value = Vec<OpenRange>> {
    prop::collection::btree_set(0_u16..=24 * 4, 0..6).prop_map(|quarters| {
        let words: Vec<u16> = quarters.into_iter().collect();
        let clock = |quarter: u16| format!("{:02}:{:02}", quarter / 4, quarter % 4 * 15);
        let pairs = words
            .chunks_exact(2)
            .map(|pair| format!("{}-{}", clock(pair[0]), clock(pair[1])));
        pairs.map(|word| OpenRange::parse(&word).expect("a range")).collect()
    })
}

proptest! {
    #[test]
    fn nothing_changes_before_it_is_said_to_and_it_does_then(
        week in prop::array::uniform7(day()), closed in 0_i64..20, minute in 0_i64..30 * 24 * 60,
    ) {
        let first = local("2026-03-15T00:00");
        let holiday = (first + SignedDuration::from_hours(24 * closed)).to_zoned(TimeZone::get(WARSAW).expect("a zone")).date();
        let hours = OpeningHours::new(WARSAW, week, BTreeMap::from([(holiday, Vec::new())])).expect("hours");
        let at = first + SignedDuration::from_mins(minute);
        let now = hours.at(at);
        if let Some(until) = now.until {
            prop_assert!(until > at);
            prop_assert_eq!(hours.at(until).open, !now.open);
            let mut between = at;
            while between < until {
                prop_assert_eq!(hours.at(between).open, now.open, "{}", between);
                between += SignedDuration::from_mins(37);
            }
            prop_assert_eq!(hours.at(until - SignedDuration::from_secs(1)).open, now.open);
        }
    }

    #[test]
    fn words_are_read_as_they_are_written(from in 0_u16..24 * 60, length in 1_u16..=24 * 60) {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let words = format!("{}-{}", clock(from), clock(from + length));
        prop_assert_eq!(OpenRange::parse(&words).expect("a range").to_string(), words);
    }
}

use super::lines::head;
use super::*;
use crate::domain::{AddressKind, Fields};
use domain::{Country, Entropy};
use proptest::prelude::*;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

fn poland() -> Option<Country> {
    Country::parse("PL").ok()
}

fn read(csv: &str) -> Result<Vec<Line>, Problem> {
    lines(csv, 2, poland())
}

/// `line, column: remedy` of all that is wrong with lines.
fn wrong(csv: &str) -> Vec<String> {
    let lines = read(csv).expect("lines");
    let problems = lines.into_iter().filter_map(|line| line.row.err()).flatten();
    problems
        .map(|problem| format!("{}, {}: {}", problem.line, problem.column, problem.remedy))
        .collect()
}

#[test]
fn other_encodings_are_recognised_and_told_by_place() {
    assert_eq!(text(b"\xef\xbb\xbfname\n", 2), Ok("name\n"));
    let told = |bytes: &[u8], first: u64| {
        let problem = text(bytes, first).expect_err("refused");
        (problem.line, problem.remedy)
    };
    for mark in [b"\xff\xfen\0", b"\xfe\xff\0n"] {
        let (line, remedy) = told(mark, 2);
        assert!(line == 1 && remedy.contains("UTF-16"), "{remedy}");
    }
    let (line, remedy) = told(b"n\0a\0", 2);
    assert!(
        line == 1 && remedy.starts_with("byte 2 of the line: a zero byte"),
        "{remedy}"
    );
    // Latin-1 in the second line, after what is UTF-8 of two bytes.
    let (line, remedy) = told(b"name\n\xc5\xbcJos\xe9\n", 2);
    assert!(
        line == 2 && remedy.starts_with("byte 6 of the line: is no UTF-8; the file may be Latin-1"),
        "{remedy}"
    );
    let (line, _) = told(b"name\nJos\xe9\n", 41);
    assert_eq!(line, 41);
}

#[test]
fn a_head_names_columns_in_any_order_and_each_once() {
    for head in [
        "email",
        "tags,phone, name ,stage,time_zone,data.size,data.colour",
        "contact;name;phone;email;other_addresses;created_at;stage;source;tags",
        "phone\temail",
    ] {
        assert!(read(&format!("{head}\n")).is_ok(), "{head}");
    }
    for (head, remedy) in [
        ("name,stage", "phone or email"),
        ("phone,Email", "column 2 of the head"),
        ("phone,colour", "column 2 of the head"),
        ("phone,data.Size", "column 2 of the head"),
        ("phone,name,phone", "column 3 of the head is there twice"),
        ("Ann,+48600700123", "column 1 of the head"),
    ] {
        let problem = read(&format!("{head}\n1\n")).expect_err(head);
        assert!(
            problem.line == 1 && problem.remedy.contains(remedy),
            "{head}: {problem:?}"
        );
        assert!(!problem.remedy.contains("Ann"));
    }
}

#[test]
fn what_is_wrong_is_told_by_line_and_column_and_the_others_are_read() {
    let csv = "phone,email,name,stage,tags,data.size\r\n\
        600700123,,\"Ann\nBea\",,,\r\n\
        \r\n\
        12,@,,friend,,\r\n\
        ,,Cid,,,\r\n\
        600700124,d@example.com\r\n\
        600700125,,,customer,vip;new\\;er,'=38\r\n";
    assert_eq!(
        wrong(csv),
        [
            "2, name: needs 1 to 200 characters without control characters",
            "5, phone: is not a possible phone number; write it with its country code, like +48 600 700 123",
            "5, email: needs the form name@example.com, at most 254 characters",
            "5, stage: must be lead or customer",
            "6, phone: or email is needed: a name alone cannot be found again",
            "7, : has 2 cells; the head has 6",
        ]
    );
    let last = read(csv).expect("lines").pop().expect("a line");
    let row = last.row.expect("a row");
    let tags: Vec<&str> = row.tags.iter().map(|tag| tag.expose()).collect();
    let data: Vec<&str> = row.data.values().map(|value| value.expose()).collect();
    assert_eq!((last.number, tags, data), (8, vec!["new;er", "vip"], vec!["=38"]));
    assert_eq!(row.stage, Some(Stage::Customer));
    let long = format!("phone\n600700123\n\"{}\"\n", "x".repeat(LINE_BYTES + 1));
    assert_eq!(
        wrong(&long),
        ["3, : is longer than 65,536 bytes; has a quote in it another end than it should?"]
    );
    assert!(read(&format!("phone\n{}", "1\n".repeat(LINES + 1))).is_err());
}

#[test]
fn lines_end_in_every_way_that_programs_know() {
    for end in ["\n", "\r\n", "\r"] {
        let csv = [
            "phone,name",
            "600700123,Ann",
            "",
            "1,Bea",
            "600700125,\"Cat",
            "and\"",
            "2,Dot",
            "",
        ]
        .join(end);
        let lines = read(&csv).expect("lines");
        assert_eq!(lines.len(), 4, "{end:?}");
        let told: Vec<String> = wrong(&csv)
            .into_iter()
            .map(|told| told.chars().take(8).collect())
            .collect();
        assert_eq!(told, ["4, phone", "5, name:", "7, phone"], "{end:?}");
        let pieces: Vec<Piece> = Pieces::after(&csv, 1).collect();
        assert_eq!(
            (pieces.len(), pieces[0].lines, pieces[0].first_line),
            (1, 3, 4),
            "{end:?}"
        );
        assert_eq!(head(&pieces[0].csv), "phone,name");
    }
    let (line, remedy) = {
        let problem = text(b"name\rAnn\rJos\xe9\r", 2).expect_err("refused");
        (problem.line, problem.remedy)
    };
    assert!(line == 3 && remedy.starts_with("byte 4 of the line"), "{line} {remedy}");
}

#[test]
fn a_quote_without_an_end_is_told_of_where_it_begins() {
    let line = |csv: &str, first: u64| open_quote(csv, first).map(|problem| problem.line);
    for whole in [
        "phone,name\n1,\"Ann\"\n",
        "phone,name\n1,\"An \"\"n\"\n",
        "phone,name\n1,5\" screen\n",
        "phone;name\r1;\"\"\r",
        "phone,name\n1,\"Ann\nand Bea\"",
    ] {
        assert_eq!(line(whole, 2), None, "{whole:?}");
    }
    assert_eq!(line("phone,name\n1,Ann\n2,\"Bea\n3,Cat\n", 2), Some(3));
    assert_eq!(line("phone,name\r1,Ann\r2,\"Bea\r3,Cat\r", 41), Some(42));
    assert_eq!(line("phone,\"name\n1,Ann\n", 2), Some(1));
    // One that is written twice ends nothing.
    assert_eq!(line("phone,name\n1,\"Ann\"\"\n2,Bea\n", 2), Some(2));
    let refused = read("phone,name\n1,Ann\n2,\"Bea\n3,Cat\n").expect_err("refused");
    assert_eq!(refused.line, 3);
}

/// Ids in their order.
#[derive(Default)]
struct Numbers(AtomicU64);

impl Entropy for Numbers {
    fn id(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::Relaxed)))
    }

    fn secret(&self) -> [u8; 32] {
        [0; 32]
    }
}

/// As the service writes, in memory.
fn write(mut book: Book, writes: &Writes) -> Book {
    book.contacts.extend(writes.contacts.iter().cloned());
    for (contact, fields, _) in &writes.filled {
        book.contacts.insert(*contact, fields.clone());
    }
    for (address, contact, value) in &writes.addresses {
        let before = book
            .addresses
            .insert((value.kind(), value.normalised()), (*address, *contact));
        assert_eq!(before, None, "an address was moved");
    }
    book
}

fn import(book: Book, csv: &str, entropy: &Numbers) -> (Book, Writes) {
    let writes = plan_batch(read(csv).expect("lines"), book.clone(), entropy);
    (write(book, &writes), writes)
}

/// Who has which address, with what is known of them.
fn seen(book: &Book) -> BTreeMap<(&'static str, String), Vec<String>> {
    let fields = |fields: &Fields| {
        let name = fields.name.as_ref().map_or("", |name| name.expose());
        let tags = fields.tags.iter().map(|tag| tag.expose());
        let data = fields.data.values().map(|value| value.expose());
        let all = [name, fields.stage.word()].into_iter().chain(tags).chain(data);
        all.map(str::to_owned).collect::<Vec<_>>()
    };
    let known = book.addresses.iter().map(|((kind, value), (_, contact))| {
        let kind: &AddressKind = kind;
        ((kind.word(), value.clone()), fields(&book.contacts[contact]))
    });
    known.collect()
}

fn a_line() -> impl Strategy<Value = String> {
    let phone = prop::option::of(0..4u8).prop_map(|n| n.map_or(String::new(), |n| format!("60070012{n}")));
    let email = prop::option::of(0..4u8).prop_map(|n| n.map_or(String::new(), |n| format!("p{n}@example.com")));
    let rest = prop::sample::select(vec![
        ",,,",
        "Ann,,vip,",
        "Bea,customer,vip;new,38",
        ",lead,,39",
        "\"A\",,,\"4\"\"0\"",
    ]);
    (phone, email, rest).prop_map(|(phone, email, rest)| format!("{phone},{email},{rest}\n"))
}

const HEAD: &str = "phone,email,name,stage,tags,data.size\n";

proptest! {
    #[test]
    fn a_file_in_pieces_is_the_file(
        lines_of in prop::collection::vec(prop_oneof![a_line(), Just("\n".to_owned()), Just("1,,\"a\nb\",,,\r\n".to_owned())], 0..30),
        done in 0..30u64,
    ) {
        let file = format!("{HEAD}{}", lines_of.concat());
        let whole = read(&file).expect("lines");
        let after = usize::try_from(done).expect("small").min(whole.len());
        let mut parts = vec![];
        for piece in Pieces::after(&file, done) {
            let part = lines(&piece.csv, piece.first_line, poland()).expect("lines");
            prop_assert_eq!(u64::try_from(after + parts.len()).expect("small"), piece.done);
            prop_assert_eq!(u64::try_from(part.len()).expect("small"), piece.lines);
            parts.extend(part);
        }
        let told = |line: &Line| (line.number, line.row.clone());
        let whole: Vec<_> = whole[after..].iter().map(told).collect();
        prop_assert_eq!(parts.iter().map(told).collect::<Vec<_>>(), whole);
    }

    #[test]
    fn lines_in_one_batch_or_one_by_one_end_the_same_and_again_change_nothing(
        lines_of in prop::collection::vec(a_line(), 1..12),
    ) {
        let entropy = Numbers::default();
        let (once, writes) = import(Book::default(), &format!("{HEAD}{}", lines_of.concat()), &entropy);
        let tally = writes.tally;
        prop_assert_eq!(tally.lines, tally.created + tally.filled + tally.unchanged + tally.refused);
        prop_assert_eq!(tally.created, u64::try_from(once.contacts.len()).expect("small"));
        let mut one_by_one = Book::default();
        for line in &lines_of {
            one_by_one = import(one_by_one, &format!("{HEAD}{line}"), &entropy).0;
        }
        prop_assert_eq!(seen(&once), seen(&one_by_one));
        let (again, writes) = import(once.clone(), &format!("{HEAD}{}", lines_of.concat()), &entropy);
        prop_assert_eq!(seen(&again), seen(&once));
        prop_assert!(writes.contacts.is_empty() && writes.filled.is_empty() && writes.addresses.is_empty());
        prop_assert_eq!((writes.tally.created, writes.tally.filled), (0, 0));
    }

    #[test]
    fn no_value_is_lost_without_a_word(lines_of in prop::collection::vec(a_line(), 1..12)) {
        let file = format!("{HEAD}{}", lines_of.concat());
        let (book, writes) = import(Book::default(), &file, &Numbers::default());
        for line in read(&file).expect("lines") {
            let Ok(row) = line.row else { continue };
            let value = row.given.phone_value().or(row.given.email_value()).expect("an address");
            let (_, contact) = book.addresses[&(value.kind(), value.normalised())];
            let fields = &book.contacts[&contact];
            prop_assert!(fields.tags.is_superset(&row.tags));
            for (key, value) in &row.data {
                let told = |problem: &Problem| problem.taken && problem.line == line.number;
                prop_assert!(fields.data.get(key) == Some(value) || writes.problems.iter().any(told));
            }
            if let Some(name) = &row.given.name {
                let kept = writes.conflicts.iter().any(|(_, of, conflict)| {
                    *of == contact && *conflict == crate::domain::Conflict::Name(name.clone())
                });
                prop_assert!(fields.name.as_ref() == Some(name) || kept);
            }
        }
    }
}

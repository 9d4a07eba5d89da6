//! Words in a language that nobody speaks, and what people write from right to left.

use super::*;
use crate::domain::transcript::Said;

/// All of a person's and a shop's words are of right-to-left scripts, so every Latin letter is ours.
const BUSINESS: &str = "\u{5d7}\u{5e0}\u{5d5}\u{5ea}";
const NAME: &str = "\u{623}\u{645}\u{644}";
const TEXT: &str = "\u{645}\u{62a}\u{649} \u{62a}\u{635}\u{644}\u{61f}";
const LINK: &str = "//1/2";

/// Our words with every letter made wide, as in a translation that was never written.
fn pseudo() -> &'static Words {
    let mut source = String::new();
    for line in include_str!("../../words/en.ftl").lines() {
        let Some((name, said)) = line.split_once(" = ") else {
            continue;
        };
        source.push_str(&format!("{name} = "));
        let mut is_ours = true;
        for letter in said.chars() {
            is_ours = is_ours && letter != '{';
            source.push(if is_ours { wide(letter) } else { letter });
            is_ours = is_ours || letter == '}';
        }
        source.push('\n');
    }
    Box::leak(Box::new(Words::read("en", &source)))
}

fn wide(letter: char) -> char {
    let moved = || char::from_u32(u32::from(letter) + 0xfee0).filter(|_| letter.is_ascii_alphabetic());
    moved().unwrap_or(letter)
}

/// What a reader sees of HTML.
fn seen(html: &str) -> String {
    let mut out = String::new();
    let mut is_tag = false;
    for letter in html.chars() {
        match letter {
            '<' => is_tag = true,
            '>' => is_tag = false,
            other if !is_tag => out.push(other),
            _ => {}
        }
    }
    out
}

fn frame(name: &PersonName) -> Frame<'_> {
    Frame {
        language: Language::English,
        business: BUSINESS,
        number: 1234,
        name: Some(name),
        link: LINK,
        unsubscribe: "//3/4",
    }
}

fn copy() -> Transcript {
    let mut copy = Transcript::new(jiff::tz::TimeZone::UTC, BUSINESS);
    for by_customer in [true, false] {
        copy.add(&Said {
            text: TEXT,
            by_customer,
            at: Timestamp::UNIX_EPOCH,
        });
    }
    copy
}

#[test]
fn every_word_of_ours_stands_in_the_words() {
    let name = PersonName::parse(NAME).expect("a name");
    let (frame, quote) = (frame(&name), Quote::new(TEXT, Timestamp::UNIX_EPOCH));
    let mail = follow_up_context(&frame, Some(&quote), std::slice::from_ref(&quote), 12);
    let copied = transcript_context(&frame, &copy());
    let reminder = reminder_context(&Reminder {
        number: 1234,
        note: TEXT.into(),
        email: None,
        language: Language::English,
        business: BUSINESS.into(),
        link: LINK.into(),
    });
    let words = pseudo();
    let environment = environment(words);
    let mut all = Vec::new();
    for (template, context) in [
        ("mail.txt", &mail),
        ("mail.html", &mail),
        ("transcript.txt", &copied),
        ("transcript.html", &copied),
        ("reminder.txt", &reminder),
        ("reminder.html", &reminder),
    ] {
        let said = rendered(&environment, template, context.clone());
        all.push(if template.ends_with(".html") { seen(&said) } else { said });
    }
    let with = [
        ("business", BUSINESS),
        ("number", "1234"),
        ("link", LINK),
        ("from", "?"),
    ];
    let with = with.map(|(name, value)| (name, value.to_owned()));
    for name in [
        "text-answered",
        "text-confirmed",
        "text-stop",
        "text-start",
        "text-help",
        "subject",
        "copy-subject",
        "foreign-mail",
        "reminder-subject",
    ] {
        all.push(words.say(name, &with));
    }
    for said in all {
        // Times are given in the zone that they name.
        let said = said.replace("UTC", "");
        let ours: String = said.chars().filter(char::is_ascii_alphabetic).collect();
        assert_eq!(ours, "", "{said}");
        assert!(
            said.chars().any(|letter| ('\u{ff21}'..='\u{ff5a}').contains(&letter)),
            "{said}"
        );
    }
}

#[test]
fn what_is_written_from_right_to_left_is_shown_so_and_turns_nothing_else() {
    let name = PersonName::parse(NAME).expect("a name");
    let quote = Quote::new(TEXT, Timestamp::UNIX_EPOCH);
    for language in [Language::English, Language::Polish, Language::French] {
        let frame = Frame {
            language,
            ..frame(&name)
        };
        let mail = follow_up_mail(&frame, Some(&quote), std::slice::from_ref(&quote), 1);
        let copied = transcript_mail(&frame, &copy());
        for (html, tag) in [(&mail.html, "blockquote"), (&copied.html, "p")] {
            let (_, body) = html.split_once("<body").expect("a body");
            let texts: Vec<&str> = body.split(TEXT).collect();
            assert_eq!(texts.len(), 3, "{body}");
            for before in &texts[..2] {
                let (_, own) = before.rsplit_once('<').expect("a tag");
                assert!(own.starts_with(&format!("{tag} dir=\"auto\"")), "{own}");
            }
            for (given, count) in [(BUSINESS, body.matches(BUSINESS).count()), (NAME, 1)] {
                let isolated = body.matches(&format!("<bdi>{given}</bdi>")).count();
                assert_eq!(isolated, count, "{body}");
            }
        }
    }
}

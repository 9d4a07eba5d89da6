//! What the outside gets to read: words of `words/<language>.ftl`, put together by `templates/`. Whatever people typed goes into
//! HTML only through an escaping engine.

use crate::domain::given_name::shown;
use crate::domain::keywords::Keyword;
use crate::domain::reminder::Reminder;
use crate::domain::transcript::Transcript;
use crate::domain::words::Words;
use domain::{Email, Language, PersonName, sms};
use jiff::Timestamp;
use minijinja::value::{Kwargs, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, Value, context, escape_formatter};
use std::sync::LazyLock;

/// A longer answer is cut in the mail: the rest stands behind the link.
const QUOTE_CHARACTERS: usize = 2000;
/// What a quote may cost, so that a mail with all of them stays below 100 KB.
const QUOTE_COST: usize = 2200;

macro_rules! templates {
    ($environment:ident: $($name:literal),+) => {$(
        $environment
            .add_template($name, include_str!(concat!("../../templates/", $name)))
            .expect("templates are part of the program, and a test renders each");
    )+};
}

static ENGLISH: LazyLock<Environment<'static>> = LazyLock::new(|| environment(Words::of(Language::English)));
static POLISH: LazyLock<Environment<'static>> = LazyLock::new(|| environment(Words::of(Language::Polish)));
static FRENCH: LazyLock<Environment<'static>> = LazyLock::new(|| environment(Words::of(Language::French)));

/// The templates, which say these words.
fn environment(words: &'static Words) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_formatter(format);
    environment.add_function("say", move |state: &State<'_, '_>, name: String, with: Kwargs| {
        say(words, state, &name, &with)
    });
    environment.add_filter("bdi", |text: String| {
        Value::from_safe_string(format!("<bdi>{}</bdi>", escaped(&text)))
    });
    templates!(environment: "mail.txt", "mail.html", "transcript.txt", "transcript.html", "reminder.txt",
        "reminder.html");
    environment
}

/// A message of our words; what it puts into HTML is escaped, unless it is markup of a template.
fn say(words: &Words, state: &State<'_, '_>, name: &str, with: &Kwargs) -> Result<Value, Error> {
    let is_html = matches!(state.auto_escape(), AutoEscape::Html);
    let mut put = Vec::new();
    for name in with.args() {
        let value: Value = with.get(name)?;
        let text = value.to_string();
        let is_typed = is_html && !value.is_safe();
        put.push((name, if is_typed { escaped(&text) } else { text }));
    }
    let said = words.find(name, &put).ok_or_else(|| {
        let wrong = format!(
            "there are no words `{name}` that put in {:?}",
            with.args().collect::<Vec<_>>()
        );
        Error::new(ErrorKind::InvalidOperation, wrong)
    })?;
    Ok(if is_html {
        Value::from_safe_string(said)
    } else {
        Value::from(said)
    })
}

fn format(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let plain = value.kind() == ValueKind::String && !value.is_safe();
    let Some(text) = value
        .as_str()
        .filter(|_| plain && matches!(state.auto_escape(), AutoEscape::Html))
    else {
        return escape_formatter(out, state, value);
    };
    Ok(out.write_str(&escaped(text))?)
}

/// Escapes for HTML's text and quoted attributes. The engine's own form would also turn the slashes of links into
/// entities, which some mail programs do not undo.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// What every message says.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    pub language: Language,
    /// Name of the business, as the channel gives it.
    pub business: &'a str,
    /// Conversation number.
    pub number: u64,
    pub name: Option<&'a PersonName>,
    pub link: &'a str,
    /// Where a mail's reader says that no more are wanted; texts say STOP.
    pub unsubscribe: &'a str,
}

/// One message as a mail quotes it.
#[derive(Clone)]
pub struct Quote {
    text: String,
    at: String,
}

impl Quote {
    /// Cuts what is too long.
    pub fn new(text: &str, at: Timestamp) -> Self {
        let mut left = QUOTE_COST;
        let within = |character: &char| {
            let rest = left.checked_sub(cost(*character));
            left = rest.unwrap_or(0);
            rest.is_some()
        };
        let mut cut: String = text.chars().take(QUOTE_CHARACTERS).take_while(within).collect();
        if cut.len() < text.len() {
            cut.push('…');
        }
        Self {
            text: cut,
            at: at.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }

    fn value(&self) -> Value {
        context! { text => self.text.as_str(), at => self.at.as_str() }
    }
}

/// Bytes of a character in HTML or in its transfer encoding, whichever are more.
pub(super) fn cost(character: char) -> usize {
    match character {
        '=' => 3,
        '<' | '>' => 4,
        '&' | '\'' => 5,
        '"' => 6,
        '\n' => 2,
        other => other.len_utf8(),
    }
}

/// A mail's two forms.
#[derive(Clone)]
pub struct MailBody {
    pub subject: String,
    pub text: String,
    pub html: String,
}

fn render(language: Language, template: &str, context: Value) -> String {
    let environment = match language {
        Language::English => &ENGLISH,
        Language::Polish => &POLISH,
        Language::French => &FRENCH,
    };
    rendered(environment, template, context)
}

fn rendered(environment: &Environment<'_>, template: &str, context: Value) -> String {
    environment
        .get_template(template)
        .and_then(|template| template.render(context))
        .expect("templates are part of the program, and a test renders each")
}

/// One line without control characters or doubled spaces: names come from people.
fn line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Words without a template, on one line.
fn short(frame: &Frame<'_>, words: &str) -> String {
    let with = [
        ("business", line(frame.business)),
        ("number", frame.number.to_string()),
        ("link", frame.link.to_owned()),
    ];
    line(&Words::of(frame.language).say(words, &with))
}

/// A text bears the name only as long as it costs nothing: the same encoding, and no further part.
fn text(frame: &Frame<'_>, words: &str) -> String {
    let without = short(frame, words);
    let Some(name) = frame.name.and_then(shown) else {
        return without;
    };
    let with = line(&format!("{name}, {without}"));
    let (cheap, dear) = (sms::parts(&without), sms::parts(&with));
    if dear.encoding == cheap.encoding && dear.count <= cheap.count {
        with
    } else {
        without
    }
}

/// The text that says that an answer waits; without the answer.
pub fn follow_up_text(frame: &Frame<'_>) -> String {
    text(frame, "text-answered")
}

/// The text that confirms the first message.
pub fn confirmation_text(frame: &Frame<'_>) -> String {
    text(frame, "text-confirmed")
}

/// The answer to a keyword; without the customer's name.
pub fn keyword_text(frame: &Frame<'_>, keyword: Keyword) -> String {
    short(frame, &format!("text-{}", keyword.word()))
}

/// The note that an agent gets about a mail that somebody other than the customer wrote.
pub fn foreign_mail(language: Language, from: Option<&Email>, words: &str) -> String {
    let from = from.map_or("?", Email::expose).to_owned();
    let said = Words::of(language).say("foreign-mail", &[("from", from)]);
    format!("{said}\n\n{words}")
}

/// The mail with question and unread answers: the newest ones, of `total`.
pub fn follow_up_mail(frame: &Frame<'_>, question: Option<&Quote>, answers: &[Quote], total: u32) -> MailBody {
    let context = follow_up_context(frame, question, answers, total);
    MailBody {
        subject: short(frame, "subject"),
        text: render(frame.language, "mail.txt", context.clone()),
        html: render(frame.language, "mail.html", context),
    }
}

fn follow_up_context(frame: &Frame<'_>, question: Option<&Quote>, answers: &[Quote], total: u32) -> Value {
    let earlier = usize::try_from(total)
        .unwrap_or(usize::MAX)
        .saturating_sub(answers.len());
    let name = frame.name.and_then(shown);
    let business = line(frame.business);
    let question = question.map(Quote::value);
    let answers: Vec<Value> = answers.iter().map(Quote::value).collect();
    context! { language => frame.language.code(), business, number => frame.number, name, link => frame.link,
    unsubscribe => frame.unsubscribe, question, answers, earlier }
}

/// The mail with a copy of the conversation.
pub fn transcript_mail(frame: &Frame<'_>, copy: &Transcript) -> MailBody {
    let context = transcript_context(frame, copy);
    MailBody {
        subject: short(frame, "copy-subject"),
        text: render(frame.language, "transcript.txt", context.clone()),
        html: render(frame.language, "transcript.html", context),
    }
}

fn transcript_context(frame: &Frame<'_>, copy: &Transcript) -> Value {
    let entries = copy.entries().map(|entry| {
        let (text, at) = (entry.text.as_str(), entry.at.as_str());
        context! { own => entry.by_customer, text, at }
    });
    context! { language => frame.language.code(), business => line(frame.business), number => frame.number,
    name => frame.name.and_then(shown), unsubscribe => frame.unsubscribe, zone => copy.zone(),
    earlier => copy.earlier(), entries => entries.collect::<Vec<_>>() }
}

/// The mail that reminds an agent of a conversation.
pub fn reminder_mail(reminder: &Reminder) -> MailBody {
    let context = reminder_context(reminder);
    let number = [("number", reminder.number.to_string())];
    MailBody {
        subject: Words::of(reminder.language).say("reminder-subject", &number),
        text: render(reminder.language, "reminder.txt", context.clone()),
        html: render(reminder.language, "reminder.html", context),
    }
}

fn reminder_context(reminder: &Reminder) -> Value {
    context! { language => reminder.language.code(), business => line(&reminder.business), number => reminder.number,
    note => reminder.note.as_str(), link => reminder.link.as_str() }
}

#[cfg(test)]
#[path = "render_locale_tests.rs"]
mod locale_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use domain::sms::{Encoding, parts};
    use proptest::prelude::*;

    const LINK: &str = "https://chat.example.com/r/acme.AAAAAAAAAAAAAAAAAAAAAA";

    fn frame<'a>(language: Language, name: Option<&'a PersonName>) -> Frame<'a> {
        Frame {
            language,
            business: "Acme",
            number: 1234,
            name,
            link: LINK,
            unsubscribe: "https://chat.example.com/u/acme.BBBB",
        }
    }

    const ALL: [Language; 3] = [Language::English, Language::Polish, Language::French];

    #[test]
    fn a_text_is_one_cheap_part_with_number_link_and_stop_hint() {
        let name = PersonName::parse("Bartholomew").expect("a name");
        for language in ALL {
            let frame = Frame {
                business: "The Corner Bookshop",
                link: "https://support.bookshop.example/r/corner-bookshop.AAAAAAAAAAAAAAAAAAAAAA",
                ..frame(language, Some(&name))
            };
            for text in [follow_up_text(&frame), confirmation_text(&frame)] {
                let counted = parts(&text);
                assert_eq!((counted.encoding, counted.count), (Encoding::Gsm7, 1), "{text}");
                for needed in [frame.business, "1234", frame.link, "STOP"] {
                    assert!(text.contains(needed), "{needed} in {text}");
                }
            }
        }
    }

    #[test]
    fn a_name_personalises() {
        let name = PersonName::parse("José").expect("a name");
        for language in ALL {
            assert!(follow_up_text(&frame(language, Some(&name))).contains("José"));
            let mail = follow_up_mail(&frame(language, Some(&name)), None, &[], 0);
            assert!(mail.text.contains("José") && mail.html.contains("José"));
        }
    }

    #[test]
    fn a_name_that_would_make_a_text_dearer_stands_in_the_mail_only() {
        let polish = PersonName::parse("Łukasz").expect("a name");
        let long = PersonName::parse("Bartholomew Maximilian Alexand").expect("a name");
        let business = "The Corner Bookshop of Upper Saint Regis and Sons";
        for language in ALL {
            for name in [&polish, &long] {
                let frame = Frame {
                    business,
                    ..frame(language, Some(name))
                };
                let text = follow_up_text(&frame);
                assert!(!text.contains(name.expose()), "{text}");
                let counted = parts(&text);
                assert_eq!((counted.encoding, counted.count), (Encoding::Gsm7, 1), "{text}");
                assert!(follow_up_mail(&frame, None, &[], 0).text.contains(name.expose()));
            }
        }
    }

    #[test]
    fn answers_to_keywords_are_one_part_and_say_how_to_stop_or_start() {
        for language in ALL {
            for (keyword, way) in [
                (Keyword::Stop, "START"),
                (Keyword::Start, "STOP"),
                (Keyword::Help, "STOP"),
            ] {
                let text = keyword_text(&frame(language, None), keyword);
                let counted = parts(&text);
                assert_eq!((counted.encoding, counted.count), (Encoding::Gsm7, 1), "{text}");
                assert!(
                    text.contains(way) && text.contains(frame(language, None).business),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_link_stays_a_link_in_html() {
        let link = "https://chat.example.com/r/acme.AAAA?a=1&b=\"2\"";
        for language in ALL {
            let frame = Frame {
                link,
                business: "O'Neil & <Sons>",
                ..frame(language, None)
            };
            let html = follow_up_mail(&frame, None, &[], 0).html;
            let href = "href=\"https://chat.example.com/r/acme.AAAA?a=1&amp;b=&quot;2&quot;\"";
            assert!(html.contains(href), "{html}");
            assert!(html.contains("O&#39;Neil &amp; &lt;Sons&gt;"), "{html}");
            assert!(html.contains("href=\"https://chat.example.com/u/acme.BBBB\""), "{html}");
            assert!(!html.contains("&#x2f;"), "{html}");
        }
    }

    proptest! {
        #[test]
        fn a_given_name_adds_no_part_and_nothing_but_letters(
            given in prop_oneof!["\\PC{1,60}", "[A-Za-zŁéñ .'-]{1,40}", "[a-z]{1,8}\\.(com|pl)/?[a-z]{0,4}"],
        ) {
            let Ok(name) = PersonName::parse(&given) else { return Ok(()) };
            for language in ALL {
                let (plain, named) = (frame(language, None), frame(language, Some(&name)));
                for words in ["text-answered", "text-confirmed"] {
                    let (without, with) = (text(&plain, words), text(&named, words));
                    let (cheap, dear) = (parts(&without), parts(&with));
                    prop_assert_eq!(cheap.encoding, dear.encoding);
                    prop_assert!(dear.count <= cheap.count);
                    let added = with.strip_suffix(without.as_str()).unwrap_or(&with);
                    let harmless = |c: char| c.is_alphabetic() || " -'’.,".contains(c);
                    prop_assert!(added.chars().all(harmless), "{added:?}");
                    prop_assert!(added.chars().count() <= 30 + ", ".len());
                }
            }
        }
    }

    #[test]
    fn what_people_typed_cannot_become_markup() {
        let answer = Quote::new("<script>alert(1)</script> & more", Timestamp::UNIX_EPOCH);
        for language in ALL {
            let mail = follow_up_mail(&frame(language, None), Some(&answer), std::slice::from_ref(&answer), 12);
            assert!(!mail.html.contains("<script>"));
            assert!(mail.html.contains("&lt;script&gt;"));
            assert!(mail.text.contains("<script>"));
            assert!(mail.text.contains("11"), "how many more there are: {}", mail.text);
            assert!(mail.subject.contains("1234") && !mail.subject.contains('\n'));
        }
    }

    #[test]
    fn a_name_with_line_breaks_stays_on_its_line() {
        let frame = Frame {
            business: "Ac\r\nme",
            ..frame(Language::English, None)
        };
        assert!(follow_up_mail(&frame, None, &[], 0).subject.contains("Ac me"));
    }
}

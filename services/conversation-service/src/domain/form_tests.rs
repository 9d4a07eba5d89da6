use super::*;
use crate::domain::settings::ChannelKind;
use proptest::prelude::*;
use uuid::Uuid;

fn settings(name: FieldRule, email: FieldRule, phone: FieldRule) -> Settings {
    Settings {
        name,
        email,
        phone,
        ..Settings::default_for(ChannelKind::Web, "Acme")
    }
}

fn by_itself(kind: FormKind, settings: &Settings) -> Option<Form> {
    let [id, conversation] = [1, 2].map(Uuid::from_u128);
    Form::by_itself(id.into(), conversation.into(), kind, settings, Language::English)
}

fn keys(form: &Form) -> Vec<(&str, bool)> {
    form.fields
        .iter()
        .map(|field| (field.key.as_str(), field.required))
        .collect()
}

fn values(given: &[(&str, &str)]) -> BTreeMap<String, String> {
    given
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn wrong_keys(filled: Result<Filled, Vec<FieldError>>) -> Vec<(String, &'static str)> {
    let errors = filled.expect_err("refused");
    errors.into_iter().map(|error| (error.key, error.word)).collect()
}

#[test]
fn who_introduces_themselves_is_asked_for_the_name_and_then_for_addresses() {
    use FieldRule::{Off, Optional, Required};
    let all = settings(Optional, Required, Optional);
    let mut form = by_itself(FormKind::IntroduceYourself, &all).expect("a form");
    assert_eq!((keys(&form), form.page), (vec![("name", true)], 1));
    let filled = form.fill(&values(&[("name", " Ann ")])).expect("a name");
    assert_eq!(filled.words(Language::English), "Name: Ann");
    form.go_on(&filled, &all, Language::English);
    assert_eq!((keys(&form), form.page), (vec![("email", true), ("phone", false)], 2));
    assert_eq!(form.given_name, "Ann");
    let filled = form.fill(&values(&[("email", "ann@example.com")])).expect("an address");
    form.go_on(&filled, &all, Language::English);
    assert_eq!((form.state, form.given_name.as_str()), (FormState::Submitted, ""));

    let nameless = settings(Off, Optional, Off);
    let form = by_itself(FormKind::IntroduceYourself, &nameless).expect("a form");
    assert_eq!((keys(&form), form.page), (vec![("email", false)], 2));
    let only_name = settings(Optional, Off, Off);
    let mut form = by_itself(FormKind::IntroduceYourself, &only_name).expect("a form");
    let filled = form.fill(&values(&[("name", "Ann")])).expect("a name");
    form.go_on(&filled, &only_name, Language::English);
    assert_eq!(form.state, FormState::Submitted);
    let nothing = settings(Off, Off, Off);
    assert!(by_itself(FormKind::IntroduceYourself, &nothing).is_none());
    assert!(by_itself(FormKind::LeaveContacts, &only_name).is_none());
    assert!(by_itself(FormKind::OfferCopy, &only_name).is_none());
    let offer = by_itself(FormKind::OfferCopy, &all).expect("a form");
    assert_eq!(keys(&offer), vec![("email", true)]);
}

#[test]
fn all_that_is_wrong_is_named_at_once_also_what_nobody_has_to_give() {
    use FieldRule::Optional;
    let form = by_itself(FormKind::LeaveContacts, &settings(Optional, Optional, Optional)).expect("a form");
    let given = [("email", "ann"), ("phone", "12"), ("color", "red")];
    let mut wrong = wrong_keys(form.fill(&values(&given)));
    wrong.sort();
    assert_eq!(
        wrong,
        [
            ("color".to_owned(), "wrong-unknown"),
            ("email".to_owned(), "wrong-email"),
            ("phone".to_owned(), "wrong-phone")
        ]
    );
    let nothing = wrong_keys(form.fill(&values(&[("name", "Ann")])));
    assert_eq!(nothing, [("email".to_owned(), "wrong-address")]);
}

fn field(key: &str, kind: FieldKind, choices: &[&str]) -> Field {
    Field {
        key: key.to_owned(),
        kind,
        label: format!("Label of {key}"),
        required: false,
        choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
    }
}

#[test]
fn no_answer_passes_for_another_and_line_ends_of_any_system_are_taken() {
    let field = Field {
        key: "words".into(),
        kind: FieldKind::Text,
        label: "Words".into(),
        required: false,
        choices: Vec::new(),
    };
    let all = settings(FieldRule::Optional, FieldRule::Optional, FieldRule::Optional);
    let mut form = by_itself(FormKind::LeaveContacts, &all).expect("a form");
    form.kind = FormKind::Input {
        name: "all".into(),
        version: 1,
    };
    form.fields = vec![field];
    for (given, said) in [
        (
            "one\r\nE-mail: boss@acme.example",
            "Words: one\n  E-mail: boss@acme.example",
        ),
        ("one\u{2028}Phone: 1\n\ttwo", "Words: one\n  Phone: 1\n  \ttwo"),
    ] {
        let filled = form.fill(&values(&[("words", given)])).expect("words");
        assert_eq!(filled.words(Language::English), said);
        assert_eq!(filled.answers[0].value, given.replace("\r\n", "\n"), "kept as it was");
    }
    for never in ["nul\0", "bell\u{7}", "lone\rreturn"] {
        let wrong = wrong_keys(form.fill(&values(&[("words", never)])));
        assert_eq!(wrong, [("words".to_owned(), "wrong-text")]);
    }
}

#[test]
fn what_a_form_says_by_itself_stands_in_the_words() {
    let all = settings(FieldRule::Optional, FieldRule::Optional, FieldRule::Optional);
    let words = crate::domain::words::pseudo();
    for (kind, page) in [
        (FormKind::IntroduceYourself, 1),
        (FormKind::IntroduceYourself, 2),
        (FormKind::LeaveContacts, 1),
        (FormKind::OfferCopy, 1),
    ] {
        let mut said = vec![words.say(kind.title().expect("a title"), &[])];
        said.extend(fields(&kind, page, &all, &words).into_iter().map(|field| field.label));
        assert!(said.len() > 1);
        for text in said {
            assert!(!text.chars().any(|letter| letter.is_ascii_alphabetic()), "{text}");
        }
    }
}

#[test]
fn a_consent_needs_an_address_to_hold_for() {
    let form = Form {
        kind: FormKind::Input {
            name: "news".into(),
            version: 3,
        },
        fields: vec![
            field("email", FieldKind::Email, &[]),
            field("news", FieldKind::Consent, &[]),
        ],
        ..by_itself(
            FormKind::LeaveContacts,
            &settings(FieldRule::Optional, FieldRule::Optional, FieldRule::Optional),
        )
        .expect("a form")
    };
    let ticked = values(&[("news", "yes")]);
    assert_eq!(wrong_keys(form.fill(&ticked)), [("email".to_owned(), "wrong-address")]);
    let filled = form
        .fill(&values(&[("news", "yes"), ("email", "ann@example.com")]))
        .expect("an address beside it");
    assert_eq!(
        (filled.consents.len(), filled.words(Language::Polish)),
        (1, "Label of email: ann@example.com\nLabel of news: tak".into())
    );
    let unticked = form.fill(&values(&[("news", "")])).expect("nothing is required");
    assert!(unticked.consents.is_empty() && unticked.answers.is_empty());
    assert_eq!(
        wrong_keys(form.fill(&values(&[("news", "no")]))),
        [("news".to_owned(), "wrong-consent")]
    );
}

#[test]
fn forms_that_cannot_be_filled_in_are_refused_by_their_field() {
    use FieldKind::{Choice, Consent, Email, Text};
    let long = "x".repeat(33);
    for (fields, expected) in [
        (vec![], "fields"),
        (vec![field("a", Text, &[]), field("a", Email, &[])], "fields[1].key"),
        (vec![field("A", Text, &[])], "fields[0].key"),
        (vec![field(&long, Text, &[])], "fields[0].key"),
        (vec![field("a", Email, &[]), field("b", Email, &[])], "fields[1].kind"),
        (vec![field("a", Choice, &["one"])], "fields[0].choices"),
        (vec![field("a", Choice, &["one", "one"])], "fields[0].choices"),
        (vec![field("a", Text, &["one", "two"])], "fields[0].choices"),
        (vec![field("a", Consent, &[])], "fields"),
    ] {
        assert_eq!(check_input("News", &fields).expect_err(expected).field, expected);
    }
    assert_eq!(
        check_input(" ", &[field("a", Text, &[])]).expect_err("blank").field,
        "title"
    );
    assert!(check_input("News", &[field("a", Choice, &["one", "two"])]).is_ok());
}

proptest! {
    /// Whatever is sent in: either every wrong field is named and nothing is taken, or every answer is of a field and fits it.
    #[test]
    fn what_is_taken_fits(given in prop::collection::btree_map("(name|email|phone|color|x)", ".{0,12}|[0-9 +]{0,20}|[a-z]{1,5}@[a-z]{1,5}\\.pl", 0..5)) {
        let asked = settings(FieldRule::Optional, FieldRule::Optional, FieldRule::Optional);
        let form = by_itself(FormKind::LeaveContacts, &asked).expect("a form");
        match form.fill(&given) {
            Ok(filled) => {
                prop_assert!(filled.given.has_address());
                prop_assert!(filled.given.well_formed().is_ok());
                let of_form = |answer: &Answer| form.fields.iter().any(|field| field.key == answer.key);
                prop_assert!(filled.answers.iter().all(of_form));
            }
            Err(errors) => prop_assert!(!errors.is_empty()),
        }
    }
}

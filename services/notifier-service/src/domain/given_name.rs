//! A given name stands in messages under the business's name, and whoever fills in a form can give any: only what reads
//! as a name gets there.

use domain::PersonName;

/// Longer ones are hardly names.
const LONGEST: usize = 30;

/// The name as a message may bear it: letters of any script, spaces, hyphens, apostrophes, and dots that end a word.
/// `None`: the message is written without it.
pub fn shown(name: &PersonName) -> Option<String> {
    let words: Vec<&str> = name.expose().split(' ').filter(|word| !word.is_empty()).collect();
    let name = words.join(" ");
    let fits = name.chars().count() <= LONGEST && words.iter().all(|word| is_of_a_name(word));
    (fits && name.chars().any(char::is_alphabetic)).then_some(name)
}

/// A dot within a word would make it a link on most telephones.
fn is_of_a_name(word: &str) -> bool {
    let word = word.strip_suffix('.').unwrap_or(word);
    word.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Option<String> {
        PersonName::parse(text).ok().and_then(|name| shown(&name))
    }

    #[test]
    fn names_are_shown() {
        for name in [
            "Ann",
            "Łukasz Żak",
            "Anne-Marie O'Neil",
            "J. R. Smith Jr.",
            "Мария",
            "王小明",
            "D’Arcy",
        ] {
            assert_eq!(told(name).as_deref(), Some(name));
        }
        assert_eq!(told("Ann   Lee").as_deref(), Some("Ann Lee"));
    }

    #[test]
    fn what_is_no_name_is_left_out() {
        for text in [
            "evil.com",
            "www.evil.pl",
            "https://evil.example",
            "call 0700123456",
            "Ann <b>",
            "Ann/Lee",
            "Ann 🎁",
            "-",
            "...",
            "a@b.pl",
            "You won a prize, go to our page now",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn only_letters_and_marks_of_names_are_shown(text in "\\PC{1,40}") {
            if let Some(name) = told(&text) {
                prop_assert!(name.chars().count() <= LONGEST);
                prop_assert!(name.chars().all(|c| c.is_alphabetic() || " -'’.".contains(c)));
                let dotted = name.split(' ').any(|word| word.trim_end_matches('.').contains('.'));
                prop_assert!(!dotted, "{name:?}");
            }
        }
    }
}

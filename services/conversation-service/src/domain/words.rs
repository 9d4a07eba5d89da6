//! Words of Homing in the languages of its customers: `words/<language>.ftl`, which build.rs compares.

use domain::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use jiff::civil::Date;
use std::sync::LazyLock;

/// The words of one language.
pub struct Words(FluentBundle<FluentResource>);

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::read("en", include_str!("../../words/en.ftl")));
static POLISH: LazyLock<Words> = LazyLock::new(|| Words::read("pl", include_str!("../../words/pl.ftl")));
static FRENCH: LazyLock<Words> = LazyLock::new(|| Words::read("fr", include_str!("../../words/fr.ftl")));

impl Words {
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Polish => &POLISH,
            Language::French => &FRENCH,
        }
    }

    fn read(code: &str, words: &str) -> Self {
        let resource = FluentResource::try_new(words.to_owned()).expect("the build has read these words");
        let language = code.parse().expect("a language's code");
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Marks of direction around what is put in would cost a text its alphabet.
        bundle.set_use_isolating(false);
        bundle
            .add_resource(resource)
            .expect("the build has found each name once");
        Self(bundle)
    }

    /// The message of this name, with what it is told of.
    pub fn say(&self, name: &str, with: &[(&str, &str)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in with {
            arguments.set(*name, *value);
        }
        let message = self.0.get_message(name).and_then(|message| message.value());
        let message = message.expect("the build has found every name in every language");
        let mut wrong = Vec::new();
        let said = self.0.format_pattern(message, Some(&arguments), &mut wrong);
        said.into_owned()
    }
}

/// A day as people write it.
pub fn day(language: Language, day: Date) -> String {
    let form = match language {
        Language::English => "%-d/%-m/%Y",
        Language::Polish => "%d.%m.%Y",
        Language::French => "%d/%m/%Y",
    };
    day.strftime(form).to_string()
}

/// The same words in letters that a text has room for: one that GSM 03.38 lacks makes all of them cost twice and more.
pub fn plain(text: &str) -> String {
    text.chars().map(plain_letter).collect()
}

fn plain_letter(letter: char) -> char {
    match letter {
        'ą' | 'â' => 'a',
        'ć' | 'ç' => 'c',
        'ę' | 'ê' | 'ë' => 'e',
        'î' | 'ï' => 'i',
        'ł' => 'l',
        'ń' => 'n',
        'ó' | 'ô' => 'o',
        'ś' => 's',
        'ź' | 'ż' => 'z',
        'û' => 'u',
        'À' | 'Â' | 'Ą' => 'A',
        'Ć' => 'C',
        'È' | 'Ê' | 'Ę' => 'E',
        'Ł' => 'L',
        'Ń' => 'N',
        'Ó' | 'Ô' => 'O',
        'Ś' => 'S',
        'Ź' | 'Ż' => 'Z',
        '’' => '\'',
        '–' | '—' => '-',
        other => other,
    }
}

/// Our words with every letter made wide, as in a translation that was never written: what stands in other letters is not in the words.
#[cfg(test)]
pub fn pseudo() -> Words {
    let wide = |letter: char| {
        let moved = char::from_u32(u32::from(letter) + 0xfee0);
        moved.filter(|_| letter.is_ascii_alphabetic()).unwrap_or(letter)
    };
    let mut source = String::new();
    let english = include_str!("../../words/en.ftl");
    for (name, said) in english.lines().filter_map(|line| line.split_once(" = ")) {
        let mut is_ours = true;
        source.push_str(&format!("{name} = "));
        for letter in said.chars() {
            is_ours = is_ours && letter != '{';
            source.push(if is_ours { wide(letter) } else { letter });
            is_ours = is_ours || letter == '}';
        }
        source.push('\n');
    }
    Words::read("en", &source)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::sms::{self, Encoding};

    #[test]
    fn words_of_a_text_fit_its_alphabet() {
        let languages = [Language::English, Language::Polish, Language::French];
        for (language, source) in languages.into_iter().zip([
            include_str!("../../words/en.ftl"),
            include_str!("../../words/pl.ftl"),
            include_str!("../../words/fr.ftl"),
        ]) {
            for line in source.lines().filter(|line| !line.starts_with('#')) {
                let Some((name, _)) = line.split_once(" = ") else {
                    continue;
                };
                let with = ["name", "text", "more", "link", "day", "time"].map(|name| (name, "x"));
                let said = plain(&Words::of(language).say(name, &with));
                assert_eq!(
                    sms::parts(&said).encoding,
                    Encoding::Gsm7,
                    "{language:?} {name}: {said}"
                );
                assert!(!said.contains('{'), "{said}");
            }
        }
    }
}

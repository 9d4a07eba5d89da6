//! Words of the service in the languages of its readers: `words/<language>.ftl`, which build.rs compares.

use domain::Language;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
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

    pub(super) fn read(code: &str, words: &str) -> Self {
        let resource = FluentResource::try_new(words.to_owned()).expect("the build has read these words");
        let language = code.parse().expect("a language's code");
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Marks of direction around what is put in would cost a text its alphabet; mails have <bdi>.
        bundle.set_use_isolating(false);
        bundle
            .add_resource(resource)
            .expect("the build has found each name once");
        Self(bundle)
    }

    /// The message of this name with what it puts in; `None`: there is no such name.
    pub fn find(&self, name: &str, with: &[(&str, String)]) -> Option<String> {
        let mut arguments = FluentArgs::new();
        for (name, value) in with {
            arguments.set(*name, value.as_str());
        }
        let message = self.0.get_message(name)?.value()?;
        let mut wrong = Vec::new();
        let said = self.0.format_pattern(message, Some(&arguments), &mut wrong);
        wrong.is_empty().then(|| said.into_owned())
    }

    /// The same of a name that a test says in every language.
    pub fn say(&self, name: &str, with: &[(&str, String)]) -> String {
        self.find(name, with).expect("a name of ours, with what it puts in")
    }
}

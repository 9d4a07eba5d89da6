//! Compares the words of all languages: each message is in each of them once, and puts in the same variables.

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

type Messages = BTreeMap<String, BTreeSet<String>>;

fn main() {
    println!("cargo:rerun-if-changed=words");
    println!("cargo:rerun-if-changed=migrations");
    let english = read("en");
    for language in ["pl", "fr"] {
        let other = read(language);
        for (name, variables) in &english {
            assert_eq!(
                other.get(name),
                Some(variables),
                "words/{language}.ftl: `{name}` is missing, or puts in other variables than in words/en.ftl"
            );
        }
        let unknown: Vec<_> = other.keys().filter(|name| !english.contains_key(*name)).collect();
        assert!(
            unknown.is_empty(),
            "words/{language}.ftl: not in words/en.ftl: {unknown:?}"
        );
    }
}

fn read(language: &str) -> Messages {
    let path = format!("words/{language}.ftl");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let resource =
        fluent_syntax::parser::parse(text.as_str()).unwrap_or_else(|(_, errors)| panic!("{path}: {errors:?}"));
    let mut messages = Messages::new();
    for entry in resource.body {
        let Entry::Message(message) = entry else { continue };
        let name = message.id.name.to_owned();
        let pattern = message.value.unwrap_or_else(|| panic!("{path}: `{name}` has no words"));
        let before = messages.insert(name.clone(), variables(&pattern));
        assert!(before.is_none(), "{path}: `{name}` is there twice");
    }
    messages
}

fn variables(pattern: &Pattern<&str>) -> BTreeSet<String> {
    let placed = pattern.elements.iter().filter_map(|element| match element {
        PatternElement::Placeable {
            expression: Expression::Inline(InlineExpression::VariableReference { id }),
        } => Some(id.name.to_owned()),
        _ => None,
    });
    placed.collect()
}

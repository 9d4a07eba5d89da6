//! A filter's words and signs, each with the place of its first character.

use super::{Comparison, LENGTH};
use domain::Invalid;

/// What a filter is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Letters, digits and `_ . : + -`, without quotes around them.
    Word(String),
    /// What stands between double quotes.
    Quoted(String),
    Compare(Comparison),
    Open,
    Close,
    Comma,
    /// After the last character.
    End,
}

/// What is wrong at a character; the first one is 1.
pub(super) fn wrong(at: usize, remedy: &str) -> Invalid {
    Invalid::new("filter", format!("at character {at}: {remedy}"))
}

/// All tokens; the last one is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, Invalid> {
    let characters: Vec<char> = text.chars().take(LENGTH + 1).collect();
    if characters.len() > LENGTH {
        return Err(wrong(LENGTH + 1, "a filter has 4,000 characters at most; make several"));
    }
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(character) = characters.get(at) {
        let (token, length) = match character {
            space if space.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '"' => quoted(&characters, at)?,
            '=' | '!' | '<' | '>' => sign(&characters, at)?,
            first if is_word(*first) => {
                let word: String = characters[at..].iter().take_while(|one| is_word(**one)).collect();
                let length = word.chars().count();
                (Token::Word(word), length)
            }
            _ => {
                let remedy = "this character means nothing here; put values into double quotes";
                return Err(wrong(at + 1, remedy));
            }
        };
        tokens.push((token, at + 1));
        at += length;
    }
    tokens.push((Token::End, characters.len() + 1));
    Ok(tokens)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || "_.:+-".contains(character)
}

fn sign(characters: &[char], at: usize) -> Result<(Token, usize), Invalid> {
    let equal = characters.get(at + 1) == Some(&'=');
    let (comparison, length) = match (characters[at], equal) {
        ('=', _) => (Comparison::Equal, 1),
        ('!', true) => (Comparison::NotEqual, 2),
        ('<', false) => (Comparison::Below, 1),
        ('<', true) => (Comparison::AtMost, 2),
        ('>', false) => (Comparison::Above, 1),
        ('>', true) => (Comparison::AtLeast, 2),
        _ => {
            return Err(wrong(
                at + 1,
                "write != for 'is not', or the word not before a condition",
            ));
        }
    };
    Ok((Token::Compare(comparison), length))
}

/// Up to the next double quote; `\"` and `\\` stand for one of them.
fn quoted(characters: &[char], begin: usize) -> Result<(Token, usize), Invalid> {
    let mut value = String::new();
    let mut at = begin + 1;
    loop {
        match characters.get(at) {
            Some('"') => return Ok((Token::Quoted(value), at + 1 - begin)),
            Some('\\') => {
                let next = characters.get(at + 1).filter(|next| ['"', '\\'].contains(next));
                let next = next.ok_or_else(|| wrong(at + 1, "after \\ only \" or \\ may stand"))?;
                value.push(*next);
                at += 2;
            }
            Some(character) => {
                value.push(*character);
                at += 1;
            }
            None => {
                return Err(wrong(
                    begin + 1,
                    "this quote has no end; write another one after the value",
                ));
            }
        }
    }
}

//! What somebody wrote of a mail, without what their mail program put beside it: quoted text, the line that tells of
//! it, a signature.

/// Lines that an attribution may be broken over.
const ATTRIBUTION_LINES: usize = 4;
/// How an attribution ends.
const WROTE: [&str; 13] = [
    "wrote:",
    "napisał:",
    "napisała:",
    "napisał(a):",
    "napisał/a:",
    "napisał/(a):",
    "pisze:",
    "a écrit :",
    "a écrit\u{a0}:",
    "a écrit:",
    "schrieb:",
    "escribió:",
    "ha scritto:",
];
/// How one begins.
const OPENERS: [&str; 31] = [
    "on ",
    "le ",
    "w dniu ",
    "dnia ",
    "am ",
    "el ",
    "il ",
    "mon,",
    "tue,",
    "wed,",
    "thu,",
    "fri,",
    "sat,",
    "sun,",
    "pon.",
    "wt.",
    "śr.",
    "czw.",
    "pt.",
    "sob.",
    "niedz.",
    "ndz.",
    "nie.",
    "lun.",
    "mar.",
    "mer.",
    "jeu.",
    "ven.",
    "sam.",
    "dim.",
    "użytkownik ",
];
/// First and further names of the lines that Outlook puts above what it quotes.
const FROM: [&str; 5] = ["from", "od", "de", "von", "da"];
const BESIDE: [&str; 21] = [
    "sent",
    "date",
    "to",
    "cc",
    "subject",
    "wysłano",
    "wysłane",
    "data",
    "do",
    "dw",
    "temat",
    "envoyé",
    "à",
    "objet",
    "importance",
    "gesendet",
    "an",
    "betreff",
    "envoyé le",
    "reply-to",
    "odpowiedz do",
];
/// What telephones put under a mail.
const DEVICES: [&str; 15] = [
    "sent from my ",
    "sent from outlook",
    "sent from mail for",
    "sent from yahoo",
    "get outlook for ",
    "wysłane z ",
    "wysłano z ",
    "wysłane przy ",
    "pobierz outlook",
    "pobierz aplikację outlook",
    "envoyé de mon ",
    "envoyé depuis ",
    "envoyé à partir de ",
    "obtenir outlook pour ",
    "télécharger outlook pour ",
];

/// The words of a mail's own writer; empty if there are none.
pub fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let lines = &lines[..quoted_from(&lines)];
    let mut kept: Vec<&str> = Vec::new();
    let mut next = 0;
    while let Some(line) = lines.get(next) {
        if let Some(length) = attribution(&lines[next..]) {
            let after = lines[next + length..].iter().find(|line| !line.is_empty());
            if after.is_some_and(|line| is_quote(line)) {
                next += length;
                continue;
            }
            // What follows is not marked; only what a program has written is believed.
            if names_an_address(&lines[next..next + length]) {
                break;
            }
        }
        // From here on it is a signature.
        if line.trim() == "--" {
            break;
        }
        if !is_quote(line) {
            kept.push(line);
        }
        next += 1;
    }
    drop_devices(&mut kept);
    joined(&kept)
}

/// `Acme <a@b.example>`, as mail programs write who wrote.
fn names_an_address(lines: &[&str]) -> bool {
    let told = lines.join(" ");
    let address = told.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    address.is_some_and(|(address, _)| address.contains('@'))
}

fn is_quote(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

/// The first line from which on everything is somebody else's, as Outlook and others quote: after a line of dashes that
/// says so, or lines that name sender, time and subject.
fn quoted_from(lines: &[&str]) -> usize {
    let found = (0..lines.len()).find(|at| is_divider(lines[*at]) || is_header_block(lines, *at));
    let mut end = found.unwrap_or(lines.len());
    while found.is_some() && end > 0 && (lines[end - 1].is_empty() || is_rule(lines[end - 1])) {
        end -= 1;
    }
    end
}

/// `-----Original Message-----`, in any language.
fn is_divider(line: &str) -> bool {
    let line = line.trim();
    let dashed = line.starts_with("-----") && line.ends_with("-----");
    dashed && line.len() <= 100 && line.chars().any(char::is_alphabetic)
}

fn is_rule(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 5 && line.chars().all(|c| matches!(c, '_' | '-' | '='))
}

/// Lines that name sender, time and subject: under a rule, or with a time of day or an address among them. Somebody may
/// write `From: Warsaw`, `To: Paris`, `Date: 12 May`.
fn is_header_block(lines: &[&str], at: usize) -> bool {
    let (before, block) = lines.split_at(at);
    let Some((first, rest)) = block.split_first() else {
        return false;
    };
    let named = |line: &str, names: &[&str]| {
        let line = line.trim_start_matches([' ', '*', '\u{a0}']);
        let name = line
            .split_once(':')
            .map(|(name, _)| name.trim_end_matches(['*', ' ', '\u{a0}']).to_lowercase());
        name.is_some_and(|name| names.contains(&name.as_str()))
    };
    let beside = || rest.iter().take(6).filter(|line| named(line, &BESIDE));
    let told = || tells_when_or_who(first) || beside().any(|line| tells_when_or_who(line));
    let ruled = || {
        before
            .iter()
            .rev()
            .find(|line| !line.is_empty())
            .is_some_and(|line| is_rule(line))
    };
    named(first, &FROM) && beside().count() >= 2 && (told() || ruled())
}

/// How many lines from here on are one attribution, `On Friday at 14:03 Acme wrote:`.
fn attribution(lines: &[&str]) -> Option<usize> {
    let first = lines.first()?.trim_start();
    let first = first.to_lowercase();
    let opens =
        OPENERS.iter().any(|opener| first.starts_with(opener)) || first.starts_with(|c: char| c.is_ascii_digit());
    let most = if opens { ATTRIBUTION_LINES } else { 1 };
    let mut told = String::new();
    for (at, line) in lines.iter().take(most).enumerate() {
        if line.is_empty() || is_quote(line) {
            return None;
        }
        told.push_str(&line.to_lowercase());
        if WROTE.iter().any(|end| told.ends_with(end)) {
            return (told.len() <= 400 && tells_when_or_who(&told)).then_some(at + 1);
        }
        told.push(' ');
    }
    None
}

/// A time of day, or an address.
fn tells_when_or_who(line: &str) -> bool {
    let bytes = line.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let time =
        |at: usize| matches!(bytes[at], b':' | b'h') && at > 0 && digit(at - 1) && digit(at + 1) && digit(at + 2);
    line.contains('@') || (0..bytes.len()).any(time)
}

fn drop_devices(kept: &mut Vec<&str>) {
    while let Some(last) = kept.last() {
        let said = last.trim().to_lowercase();
        let device = said.len() <= 120 && DEVICES.iter().any(|device| said.starts_with(device));
        if !(said.is_empty() || device) {
            return;
        }
        kept.pop();
    }
}

/// The lines, with one empty line at most between two.
fn joined(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut gap = false;
    for line in lines {
        if line.trim().is_empty() {
            gap = true;
            continue;
        }
        if !text.is_empty() {
            text.push_str(if gap { "\n\n" } else { "\n" });
        }
        gap = false;
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_mail_program_adds_is_left_out() {
        for (mail, words) in [
            (
                "Yes\n\nOn Fri, Nov 20, 2026 at 2:03 PM Acme <a@b.example> wrote:\n\n> Hello\n",
                "Yes",
            ),
            (
                "Yes\nOn Fri, Nov 20, 2026 at 2:03 PM Acme, Inc.\n<a@b.example>\nwrote:\n> Hello\n",
                "Yes",
            ),
            (
                "Tak\n\npt., 20 lis 2026 o 14:03 Acme <a@b.example> napisał(a):\n\n> Dzień dobry\n",
                "Tak",
            ),
            (
                "Oui\n\nLe ven. 20 nov. 2026 à 14:03, Acme <a@b.example> a écrit :\n\n> Bonjour\n",
                "Oui",
            ),
            (
                "W dniu 20.11.2026 o 14:03, Acme pisze:\n> Ile sztuk?\n\nDwie.\n",
                "Dwie.",
            ),
            (
                "> Which one?\nThe blue one.\n> And when?\nOn Monday.",
                "The blue one.\nOn Monday.",
            ),
            ("Yes\n\n-----Original Message-----\nFrom: Acme\n\nHello", "Yes"),
            (
                "Tak\n\n________________________________\nOd: Acme\nWysłano: dziś\nDo: ja\nTemat: x\n\nHej",
                "Tak",
            ),
            (
                "Oui\n\nDe : Acme\nEnvoyé : vendredi 20 novembre 2026 14:03\nÀ : moi\nObjet : x\n\nBonjour",
                "Oui",
            ),
            (
                "Oui\n\n*De :* Acme <a@b.example>\n*Envoyé :* vendredi\n*Objet :* x\n\nBonjour",
                "Oui",
            ),
            ("Yes\n\n-- \nAnn\n+48 600", "Yes"),
            (
                "Yes\n\nSent from my iPhone\n\n> On 20 Nov 2026, at 14:03, Acme <a@b.example> wrote:\n> Hello",
                "Yes",
            ),
            ("Tak\n\nWysłane z iPhone'a", "Tak"),
            ("> only a quote", ""),
            (
                "On Fri, 20 Nov 2026 at 14:03, Acme <a@b.example> wrote:\nno marks at all",
                "",
            ),
            ("One\n\n\n\nTwo\r\n", "One\n\nTwo"),
        ] {
            assert_eq!(own_words(mail), words, "{mail}");
        }
    }

    #[test]
    fn ordinary_sentences_stay() {
        for text in [
            "My brother wrote:\nno thanks",
            "From: my point of view this is fine",
            "On Monday at 14:03 I will come",
            "From: Warsaw\nTo: Paris\nDate: 12 May",
            "--- order 123 ---\nplease cancel it",
            "Your agent anna@shop.example wrote:\ncome on Monday. Is that so?",
            "On 12 May at 14:30 the courier wrote:\nnobody at home",
            "I asked them to wait.\nDo: nothing",
            "a - b -- c",
            "---",
            "Le service est à 14h30, merci",
        ] {
            assert_eq!(own_words(text), text);
        }
    }

    proptest! {
        #[test]
        fn nothing_quoted_is_left(
            text in "(([a-zA-Z >:@-]{0,12}|On 1 May at 1:00 a@b wrote:|-- |> x|From: x|Sent: y|To: z|żółw)\n){0,12}",
        ) {
            let words = own_words(&text);
            prop_assert!(!words.lines().any(is_quote), "{words}");
        }

        #[test]
        fn what_stands_above_a_quote_stays_whole(words in "[A-Za-z,.!?żółćé]{1,20}( [A-Za-z,.!?żółćé]{1,10}){0,5}") {
            let mail = format!("{words}\n\nOn Fri, Nov 20, 2026 at 2:03 PM Acme <a@b.example> wrote:\n> Hello\n> there\n");
            prop_assert_eq!(own_words(&mail), words);
        }

        #[test]
        fn anything_can_be_read(text in "\\PC{0,200}") {
            own_words(&text);
        }
    }
}

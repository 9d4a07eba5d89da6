//! `name=value` into channel settings and their mask.

use events::common::{ChannelSettings, FieldRule, FollowUpPolicy, PresenceSource};
use fault::{Fault, Result};

/// The settings, and the paths of those that were named. The service checks ranges.
pub(crate) fn parse(pairs: &[String]) -> Result<(ChannelSettings, Vec<String>)> {
    let mut settings = ChannelSettings::default();
    let mut paths = Vec::new();
    for pair in pairs {
        let (name, value) = pair
            .split_once('=')
            .ok_or_else(|| Fault::invalid("set", format!("'{pair}' needs the form name=value")))?;
        set(&mut settings, name, value)?;
        paths.push(name.to_owned());
    }
    Ok((settings, paths))
}

fn set(settings: &mut ChannelSettings, name: &str, value: &str) -> Result<()> {
    match name {
        "phone" => settings.phone = rule(name, value)?,
        "email" => settings.email = rule(name, value)?,
        "name" => settings.name = rule(name, value)?,
        "policy" => settings.policy = one_of(name, value, "FOLLOW_UP_POLICY_", FollowUpPolicy::from_str_name)?.into(),
        "presence_source" => {
            settings.presence_source = one_of(name, value, "PRESENCE_SOURCE_", PresenceSource::from_str_name)?.into()
        }
        "follow_up" => settings.follow_up = parsed(name, value)?,
        "bot_answers_follow_up" => settings.bot_answers_follow_up = parsed(name, value)?,
        "confirmation_text" => settings.confirmation_text = parsed(name, value)?,
        "debounce_ms" => settings.debounce_ms = parsed(name, value)?,
        "ceiling_ms" => settings.ceiling_ms = parsed(name, value)?,
        "escalation_ms" => settings.escalation_ms = parsed(name, value)?,
        "unread_mail_ms" => settings.unread_mail_ms = parsed(name, value)?,
        "language" => settings.language = value.to_owned(),
        "business_name" => settings.business_name = value.to_owned(),
        "default_country" => settings.default_country = value.to_owned(),
        "allowed_origins" => settings.allowed_origins = value.split(',').map(str::to_owned).collect(),
        "texts_per_number_per_day" => settings.texts_per_number_per_day = parsed(name, value)?,
        "mails_per_address_per_day" => settings.mails_per_address_per_day = parsed(name, value)?,
        "text_quiet_hours" => settings.text_quiet_hours = value.to_owned(),
        "mail_quiet_hours" => settings.mail_quiet_hours = value.to_owned(),
        "text_from" => settings.text_from = value.to_owned(),
        "text_countries" => settings.text_countries = list(value),
        "team" => settings.team = value.to_owned(),
        "transcript_at_end" => settings.transcript_at_end = parsed(name, value)?,
        "follow_up_verified_only" => settings.follow_up_verified_only = parsed(name, value)?,
        _ => return Err(Fault::invalid("set", format!("there is no setting '{name}'"))),
    }
    Ok(())
}

/// Words with commas between them; empty: none.
fn list(value: &str) -> Vec<String> {
    let words = value.split(',').filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn rule(name: &str, value: &str) -> Result<i32> {
    Ok(one_of(name, value, "FIELD_RULE_", FieldRule::from_str_name)?.into())
}

fn one_of<T>(name: &str, value: &str, prefix: &str, find: impl Fn(&str) -> Option<T>) -> Result<T> {
    let known = find(&format!("{prefix}{}", value.to_ascii_uppercase()));
    known.ok_or_else(|| Fault::invalid(name, format!("'{value}' is not one of its values")))
}

fn parsed<T: std::str::FromStr>(name: &str, value: &str) -> Result<T> {
    value
        .parse()
        .map_err(|_| Fault::invalid(name, format!("'{value}' is not a value of its type")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_settings_make_the_mask() {
        let pairs = ["debounce_ms=5000".to_owned(), "phone=required".to_owned()];
        let (settings, mask) = parse(&pairs).expect("both are known");
        assert_eq!((settings.debounce_ms, settings.phone()), (5000, FieldRule::Required));
        assert_eq!(mask, ["debounce_ms", "phone"]);
        for bad in ["debounce_ms", "debounce_ms=x", "phone=maybe", "colour=red"] {
            assert!(parse(&[bad.to_owned()]).is_err(), "{bad}");
        }
    }
}

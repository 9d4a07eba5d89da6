use super::*;
use crate::domain::form::FieldKind;
use crate::domain::settings::{FieldRule, Settings};

fn channel(kind: ChannelKind) -> Channel {
    Channel {
        id: ChannelId::parse("web").expect("a slug"),
        kind,
        settings: Settings {
            email: FieldRule::Off,
            ..Settings::default_for(kind, "acme")
        },
        version: 1,
    }
}

fn field(key: &str, kind: FieldKind) -> Field {
    Field {
        key: key.to_owned(),
        kind,
        label: key.to_owned(),
        required: false,
        choices: Vec::new(),
    }
}

/// The field that a workflow of these steps is refused by; empty: it is not.
fn refused(kind: ChannelKind, steps: Vec<Step>) -> String {
    let workflow = Workflow {
        key: "welcome".to_owned(),
        channel: ChannelId::parse("web").expect("a slug"),
        trigger: Trigger::Agent,
        on: true,
        steps,
        version: 1,
        changed_at: Timestamp::UNIX_EPOCH,
    };
    let forms = HashMap::from([
        ("size".to_owned(), vec![field("size", FieldKind::Text)]),
        ("news".to_owned(), vec![field("mail", FieldKind::Email)]),
    ]);
    let teams = HashSet::from([TeamId::parse("sales").expect("a slug")]);
    let around = Around {
        channel: &channel(kind),
        forms: &forms,
        teams: &teams,
    };
    workflow.check(&around).err().map_or(String::new(), |one| one.field)
}

fn say(length: usize) -> Step {
    Step::Message {
        text: "ż".repeat(length),
    }
}

fn wait(seconds: u32) -> Step {
    Step::Wait { seconds }
}

fn ask(form: &str, seconds: u32) -> Step {
    Step::AskForm {
        form: form.to_owned(),
        seconds,
    }
}

fn tag(tag: &str) -> Step {
    Step::SetTag { tag: tag.to_owned() }
}

fn hand_over(team: &str) -> Step {
    Step::HandOver {
        team: TeamId::parse(team).expect("a slug"),
    }
}

#[test]
fn what_could_not_run_is_refused_by_its_step_and_field() {
    let greet = || Step::Greet {
        text: "Hello".to_owned(),
    };
    let spaces = Step::Message {
        text: " \n ".to_owned(),
    };
    for (steps, field) in [
        (vec![], "steps"),
        (vec![say(1); 21], "steps"),
        (vec![say(1), greet()], "steps[1].greet"),
        (vec![hand_over("sales"), say(1)], "steps[0].hand_over"),
        (vec![say(1), hand_over("nobody")], "steps[1].team"),
        (vec![spaces], "steps[0].text"),
        (vec![say(4_001)], "steps[0].text"),
        (vec![wait(0)], "steps[0].seconds"),
        (vec![wait(2_592_001)], "steps[0].seconds"),
        (vec![say(1), ask("size", 0)], "steps[1].seconds"),
        (vec![ask("shoes", 60)], "steps[0].form"),
        (vec![ask("news", 60)], "steps[0].form"),
        (vec![tag("")], "steps[0].tag"),
        (vec![tag(" vip")], "steps[0].tag"),
        (vec![tag(&"x".repeat(51))], "steps[0].tag"),
        (vec![tag("a\nb")], "steps[0].tag"),
    ] {
        assert_eq!(refused(ChannelKind::Web, steps), field);
    }
    let longest = vec![
        greet(),
        say(4_000),
        wait(2_592_000),
        ask("size", 1),
        tag("vip"),
        hand_over("sales"),
    ];
    assert_eq!(refused(ChannelKind::Web, longest), "");
}

#[test]
fn a_channel_of_texts_shows_no_forms_and_carries_less() {
    for kind in [ChannelKind::Sms, ChannelKind::Whatsapp, ChannelKind::Voice] {
        assert_eq!(refused(kind, vec![say(1_601)]), "steps[0].text");
        assert_eq!(refused(kind, vec![say(1_600), ask("size", 60)]), "steps[1].form");
    }
}

use super::*;
use crate::domain::workflow::Trigger;
use domain::ChannelId;
use proptest::prelude::*;
use uuid::Uuid;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a moment")
}

fn form(number: u128) -> FormId {
    Uuid::from_u128(number).into()
}

fn run(steps: Vec<Step>) -> Run {
    let workflow = Workflow {
        key: "welcome".to_owned(),
        channel: ChannelId::parse("web").expect("a slug"),
        trigger: Trigger::FirstMessage,
        on: true,
        steps,
        version: 3,
        changed_at: at(0),
    };
    let [id, conversation] = [1, 2].map(Uuid::from_u128);
    Run::begin(id.into(), &workflow, conversation.into(), None, at(0))
}

fn say(text: &str) -> Step {
    Step::Message { text: text.to_owned() }
}

fn ask() -> Step {
    Step::AskForm {
        form: "news".to_owned(),
        seconds: 60,
    }
}

#[test]
fn the_answer_goes_on_and_any_other_word_of_the_customer_ends_it() {
    let mut asked = run(vec![ask(), say("thanks")]);
    asked.wait(60, Some(form(7)), at(0));
    let mut answered = asked.clone();
    assert!(answered.hear(Heard::Submitted(form(7)), at(1)));
    assert_eq!(
        (answered.state, answered.next_step()),
        (State::Running, Some(&say("thanks")))
    );
    for (heard, skip) in [
        (Heard::Dismissed(form(7)), Skip::Dismissed),
        (Heard::Withdrawn(form(7)), Skip::Withdrawn),
    ] {
        let mut closed = asked.clone();
        assert!(closed.hear(heard, at(1)));
        assert_eq!(closed.skipped, [Skipped { step: 0, why: skip }]);
    }
    let mut late = asked.clone();
    assert_eq!(late.wake(at(59)), None);
    assert_eq!(late.wake(at(61)), Some((SignedDuration::from_secs(1), Some(form(7)))));
    assert_eq!(late.skipped[0].why, Skip::Unanswered);
    for heard in [Heard::Dismissed(form(8)), Heard::Withdrawn(form(8))] {
        assert!(!asked.clone().hear(heard, at(1)), "another form");
    }
    for heard in [Heard::Submitted(form(8)), Heard::CustomerWrote] {
        let mut ended = asked.clone();
        assert!(ended.hear(heard, at(1)));
        assert_eq!(ended.state, State::Cancelled(End::CustomerWrote));
        assert_eq!(ended.form, Some(form(7)), "it is to be taken back");
        assert!(!ended.hear(Heard::Resolved, at(2)), "what is over stays as it is");
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        Just(say("x")),
        (1_u32..20).prop_map(|seconds| Step::Wait { seconds }),
        Just(ask()),
    ];
    prop::collection::vec(step, 1..8)
}

proptest! {
    /// Whatever happens in whatever order: steps are done in their order, each at most once and none before its time; each that was not is told
    /// as skipped; and what is over does nothing more.
    #[test]
    fn each_step_is_done_once_in_order(steps in steps(), events in prop::collection::vec((0_u8..11, 0_i64..15), 0..60)) {
        let (mut run, mut now, mut asked) = (run(steps.clone()), 0, 100);
        let mut done: Vec<usize> = Vec::new();
        for (event, seconds) in events {
            now += seconds;
            let before = run.clone();
            match event {
                // A timer, as a replica that has it takes it up; others that have it too find nothing to do.
                0..=5 => for _ in 0..2 {
                    run.wake(at(now));
                    while let Some(step) = run.next_step().cloned() {
                        match step {
                            Step::Wait { seconds } => run.wait(seconds, None, at(now)),
                            Step::AskForm { seconds, .. } => {
                                asked += 1;
                                run.wait(seconds, Some(form(asked)), at(now));
                            }
                            _ => {
                                done.push(run.at);
                                run.pass(at(now));
                            }
                        }
                    }
                },
                6 => { run.hear(Heard::Submitted(form(asked)), at(now)); }
                7 => { run.hear(Heard::Dismissed(form(asked)), at(now)); }
                8 => { run.hear(Heard::Withdrawn(form(asked + 1)), at(now)); }
                9 => { run.hear(Heard::AgentTookOver(at(0)), at(now)); }
                _ => { run.hear(Heard::AgentWrote, at(now)); }
            }
            prop_assert!(run.at >= before.at);
            if before.is_over() {
                prop_assert_eq!(&run, &before);
            }
            prop_assert_eq!(run.is_over(), run.ended_at.is_some());
            if let State::Waiting { until } = run.state {
                prop_assert!(run.due_at(at(now)) == Some(until));
            }
        }
        prop_assert!(done.windows(2).all(|pair| pair[0] < pair[1]));
        let said = steps.iter().take(run.at).filter(|step| matches!(step, Step::Message { .. })).count();
        prop_assert!(done.len() >= said && done.len() <= said + 1);
        prop_assert!(run.skipped.windows(2).all(|pair| pair[0].step < pair[1].step));
    }
}

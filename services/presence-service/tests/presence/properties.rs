//! What holds for every history.

use crate::stage::{Stage, seconds, who};
use domain::PresenceState;
use presence_service::domain::{Ending, Signal, TabState};
use proptest::prelude::*;

const GATEWAYS: [&str; 2] = ["g1", "g2"];
const TABS: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
struct Step {
    gateway: usize,
    tab: usize,
    state: TabState,
}

fn state() -> impl Strategy<Value = TabState> {
    let ending = prop_oneof![4 => Just(None), 1 => Just(Some(Ending::Closed)), 1 => Just(Some(Ending::Lost))];
    (0u64..400, any::<bool>(), prop::option::of(0u64..400), ending).prop_map(|(idle, active, hidden, ending)| {
        TabState {
            idle: if active { seconds(0) } else { seconds(idle) },
            active,
            hidden: hidden.map(seconds),
            ending,
        }
    })
}

fn step() -> impl Strategy<Value = Step> {
    (0..GATEWAYS.len(), 0..TABS.len(), state()).prop_map(|(gateway, tab, state)| Step { gateway, tab, state })
}

/// Bursts of signals, each with the seconds that pass after it.
fn bursts() -> impl Strategy<Value = Vec<(Vec<Step>, u64)>> {
    prop::collection::vec((prop::collection::vec(step(), 1..6), 0u64..200), 1..8)
}

fn number(stage: &mut Stage, burst: &[Step]) -> Vec<Signal> {
    let one = |step: &Step| stage.signal(GATEWAYS[step.gateway], 1, TABS[step.tab], step.state);
    burst.iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_order_and_number_of_deliveries_do_not_matter(bursts in bursts(), seed in any::<u64>()) {
        let (mut straight, mut shuffled) = (Stage::new(), Stage::new());
        let mut chance = seed;
        for (burst, pause) in bursts {
            for signal in number(&mut straight, &burst) {
                straight.hear(&signal);
            }
            let mut deliveries = number(&mut shuffled, &burst);
            deliveries.extend(deliveries.clone());
            for at in (1..deliveries.len()).rev() {
                chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                deliveries.swap(at, usize::try_from(chance >> 33).expect("31 bits") % (at + 1));
            }
            for signal in &deliveries {
                shuffled.hear(signal);
            }
            prop_assert_eq!(straight.state(1), shuffled.state(1));
            for stage in [&mut straight, &mut shuffled] {
                stage.pass_with(pause, &GATEWAYS);
            }
        }
        for _ in 0..4 {
            let views = [&straight, &shuffled].map(|stage| {
                stage.view(1).map(|view| (view.state, view.cause, view.attentive, view.last_input_at))
            });
            prop_assert_eq!(views[0], views[1]);
            for stage in [&mut straight, &mut shuffled] {
                stage.pass_with(150, &GATEWAYS);
            }
        }
    }

    #[test]
    fn nobody_is_offline_while_a_visible_tab_has_input(bursts in bursts()) {
        let mut stage = Stage::new();
        for (burst, pause) in bursts {
            for signal in number(&mut stage, &burst) {
                stage.hear(&signal);
            }
            for _ in 0..pause {
                stage.pass_with(1, &GATEWAYS);
                if let Some(view) = stage.roster.view(&who(1), stage.now) {
                    prop_assert!(!view.attentive || view.state == PresenceState::Online, "{view:?}");
                }
            }
        }
    }

    #[test]
    fn navigation_never_makes_offline(
        pages in prop::collection::vec((1u64..200, 0u64..15, any::<bool>()), 1..12)
    ) {
        let mut stage = Stage::new();
        for (page, (stay, gap, close_late)) in pages.iter().enumerate() {
            let tab = format!("page {page}");
            stage.tab("g1", 1, &tab, crate::stage::visible());
            stage.pass(*stay);
            if *close_late {
                stage.tab("g1", 1, &format!("page {}", page + 1), crate::stage::visible());
            }
            stage.tab("g1", 1, &tab, crate::stage::closed());
            stage.pass(if *close_late { 0 } else { *gap });
        }
        stage.tab("g1", 1, "last", crate::stage::visible());
        prop_assert_eq!(stage.history(1).len(), 1, "one 'returned' at the start");
    }
}

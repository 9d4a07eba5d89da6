//! What a visitor costs in memory.

use crate::stage::{Stage, visible};

const VISITORS: u32 = 60_000;
/// A million visitors then need at most 400 MB: one small node.
const BYTES: usize = 400;

fn resident_bytes() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").expect("Linux tells a process's memory");
    let pages: usize = pages
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("the second number");
    pages * 4096
}

#[test]
fn a_visitor_costs_little() {
    let mut stage = Stage::new();
    let before = resident_bytes();
    let mut limits = 0;
    for visitor in 0..VISITORS {
        let signal = stage.signal("g1", visitor.into(), "a", visible());
        stage.roster.hear(&signal, stage.now);
        let transitions = stage.roster.take_effects().transitions;
        for transition in transitions {
            stage.roster.written(&transition.who, transition.view.version);
            limits += 1;
        }
    }
    let each = (resident_bytes() - before) / VISITORS as usize;
    eprintln!("{each} bytes a visitor");
    assert_eq!(limits, VISITORS);
    assert!(each <= BYTES, "{each} bytes a visitor");
}

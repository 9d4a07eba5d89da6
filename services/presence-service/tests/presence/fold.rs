//! The clocks of one visitor.

use crate::stage::{Stage, active, closed, hidden, idle, lost, seconds, visible, who};
use domain::PresenceCause::{ConnectionLost, Hidden, Idle, Left, Returned};
use domain::PresenceState::{Offline, Online, Unknown};
use presence_service::domain::TabState;

#[test]
fn a_visitor_who_closes_the_page_has_left_after_the_grace() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", visible());
    assert_eq!(stage.state(1), Some((Online, Returned)));
    let closing = stage.now;
    stage.tab("g1", 1, "a", closed());
    stage.pass(14);
    assert_eq!(stage.state(1), Some((Online, Returned)));
    stage.pass(1);
    assert_eq!(stage.state(1), Some((Offline, Left)));
    assert_eq!(stage.view(1).map(|view| view.since), Some(closing + seconds(15)));
    assert!(stage.roster.is_empty(), "who is gone is not kept");
}

#[test]
fn going_from_page_to_page_is_not_leaving() {
    let mut stage = Stage::new();
    for page in 0..20 {
        stage.tab("g1", 1, &format!("page {page}"), visible());
        stage.pass(10);
        stage.tab("g1", 1, &format!("page {page}"), closed());
        stage.pass(14);
    }
    stage.tab("g1", 1, "last", visible());
    stage.pass(100);
    assert_eq!(stage.history(1), [(Online, Returned)]);
}

#[test]
fn another_open_tab_keeps_the_visitor() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", visible());
    stage.tab("g2", 1, "b", hidden(0));
    stage.tab("g1", 1, "a", closed());
    stage.pass_with(60, &["g1", "g2"]);
    assert_eq!(stage.history(1), [(Online, Returned)]);
}

#[test]
fn no_input_for_four_and_a_half_minutes_is_idle_and_input_is_a_return() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", active());
    stage.pass(1000);
    assert_eq!(stage.state(1), Some((Online, Returned)), "input goes on");
    assert!(
        stage
            .view(1)
            .is_some_and(|view| view.attentive && view.last_input_at == Some(stage.now))
    );
    let input = stage.now;
    stage.pass(30);
    stage.tab("g1", 1, "a", idle(30));
    stage.pass(239);
    assert!(
        stage
            .view(1)
            .is_some_and(|view| view.attentive && view.last_input_at == Some(input))
    );
    assert_eq!(stage.state(1), Some((Online, Returned)));
    stage.pass(1);
    assert_eq!(stage.state(1), Some((Offline, Idle)));
    assert_eq!(
        stage.view(1).map(|view| (view.since, view.attentive)),
        Some((input + seconds(270), false))
    );
    stage.pass(500);
    stage.tab("g1", 1, "a", active());
    assert_eq!(
        stage.history(1),
        [(Online, Returned), (Offline, Idle), (Online, Returned)]
    );
}

#[test]
fn input_in_any_tab_counts_for_all() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", visible());
    stage.tab("g1", 1, "b", visible());
    stage.pass(200);
    stage.tab("g1", 1, "b", visible());
    stage.pass(1);
    stage.tab("g1", 1, "b", closed());
    stage.pass(268);
    assert_eq!(stage.state(1), Some((Online, Returned)));
    stage.pass(2);
    assert_eq!(stage.state(1), Some((Offline, Idle)));
}

#[test]
fn all_tabs_hidden_for_four_and_a_half_minutes_is_hidden() {
    let mut stage = Stage::new();
    let typing_elsewhere = TabState {
        active: true,
        ..hidden(0)
    };
    stage.tab("g1", 1, "a", visible());
    stage.tab("g1", 1, "b", typing_elsewhere);
    stage.pass(100);
    stage.tab("g1", 1, "a", hidden(10));
    stage.pass(259);
    assert_eq!(stage.state(1), Some((Online, Returned)));
    stage.pass(1);
    assert_eq!(stage.state(1), Some((Offline, Hidden)), "since the last one was hidden");
    stage.tab("g1", 1, "a", visible());
    assert_eq!(stage.state(1), Some((Online, Returned)));
}

#[test]
fn hidden_says_more_than_idle_when_both_run_out_at_once() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", hidden(0));
    stage.pass(270);
    assert_eq!(stage.history(1), [(Online, Returned), (Offline, Hidden)]);
}

#[test]
fn a_visible_tab_without_input_is_no_return() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", hidden(0));
    stage.pass(280);
    stage.tab("g1", 1, "a", idle(280));
    assert_eq!(stage.state(1).map(|(state, _)| state), Some(Offline));
    stage.tab("g1", 1, "a", active());
    assert_eq!(stage.state(1), Some((Online, Returned)));
}

#[test]
fn a_lost_connection_is_unknown_before_it_is_away() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", visible());
    stage.tab("g1", 1, "a", lost());
    stage.pass(89);
    assert_eq!(stage.state(1), Some((Unknown, ConnectionLost)));
    stage.pass(1);
    assert_eq!(
        stage.history(1),
        [(Online, Returned), (Unknown, ConnectionLost), (Offline, ConnectionLost)]
    );
    assert!(stage.roster.is_empty());
}

#[test]
fn a_connection_that_comes_back_and_closes_has_left() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", visible());
    stage.tab("g1", 1, "a", lost());
    stage.pass(3);
    stage.tab("g1", 1, "a again", visible());
    stage.pass(3);
    stage.tab("g1", 1, "a again", closed());
    stage.pass(15);
    let expected = [
        (Online, Returned),
        (Unknown, ConnectionLost),
        (Online, Returned),
        (Offline, Left),
    ];
    assert_eq!(stage.history(1), expected);
}

#[test]
fn closing_one_tab_says_nothing_of_another_that_was_lost() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", visible());
    stage.tab("g1", 1, "b", visible());
    stage.tab("g1", 1, "a", lost());
    stage.pass(20);
    stage.tab("g1", 1, "b", closed());
    assert_eq!(stage.state(1), Some((Unknown, ConnectionLost)));
    stage.pass(70);
    assert_eq!(stage.state(1), Some((Offline, Left)));
}

#[test]
fn who_was_idle_stays_idle_when_the_connection_goes_but_leaves_when_the_page_closes() {
    let mut stage = Stage::new();
    for visitor in [1, 2] {
        stage.tab("g1", visitor, "a", visible());
    }
    stage.pass(300);
    stage.tab(
        "g1",
        1,
        "a",
        TabState {
            idle: seconds(300),
            ..lost()
        },
    );
    stage.tab(
        "g1",
        2,
        "a",
        TabState {
            idle: seconds(300),
            ..closed()
        },
    );
    stage.pass(200);
    assert_eq!(stage.history(1), [(Online, Returned), (Offline, Idle)]);
    assert_eq!(stage.history(2), [(Online, Returned), (Offline, Idle), (Offline, Left)]);
}

#[test]
fn a_visitor_never_seen_is_nowhere() {
    assert_eq!(Stage::new().roster.view(&who(9), Stage::new().now), None);
}

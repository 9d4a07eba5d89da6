//! Gaps, snapshots, gateways that go, owners that change, many losses at once.

use crate::stage::{Stage, active, closed, lost, seconds, start, visible, who};
use domain::PresenceCause::{ConnectionLost, GatewayLost, Left, Returned};
use domain::PresenceState::{self, Offline, Online, Unknown};
use presence_service::domain::Restored;

#[test]
fn a_lost_gateway_makes_unknown_and_its_return_makes_online_again() {
    let mut stage = Stage::new();
    stage.tab("g2", 1, "a", active());
    stage.pass(14);
    assert_eq!(stage.state(1), Some((Online, Returned)));
    stage.pass(1);
    assert_eq!(stage.state(1), Some((Unknown, GatewayLost)));
    stage.wanted.clear();
    stage.lease("g2");
    assert_eq!(stage.state(1), Some((Online, Returned)));
    assert_eq!(stage.wanted.len(), 1, "what it did meanwhile is asked for");
}

#[test]
fn visitors_of_a_lost_gateway_are_away_five_minutes_after_sockets_are_accepted_again() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", active());
    stage.leave("g1");
    assert_eq!(stage.state(1), Some((Unknown, GatewayLost)));
    stage.pass_with(3600, &[]);
    assert_eq!(
        stage.state(1),
        Some((Unknown, GatewayLost)),
        "nobody could have come back"
    );
    stage.pass_with(300, &["g2"]);
    assert_eq!(stage.state(1), Some((Unknown, GatewayLost)));
    stage.pass_with(1, &["g2"]);
    assert_eq!(stage.state(1), Some((Offline, GatewayLost)));
    assert!(stage.roster.is_empty());
}

#[test]
fn a_visitor_who_comes_back_through_another_gateway_and_closes_has_left() {
    let mut stage = Stage::new();
    stage.tab("g2", 1, "a", active());
    stage.leave("g2");
    stage.pass(5);
    stage.tab("g1", 1, "a again", active());
    assert_eq!(stage.state(1), Some((Online, Returned)));
    stage.pass(5);
    stage.tab("g1", 1, "a again", closed());
    stage.pass(15);
    assert_eq!(stage.state(1), Some((Offline, Left)));
}

#[test]
fn a_tab_elsewhere_keeps_the_visitor_of_a_lost_gateway() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", active());
    stage.tab("g2", 1, "b", active());
    stage.pass(100);
    assert_eq!(stage.history(1), [(Online, Returned)]);
    stage.tab("g1", 1, "a", closed());
    assert_eq!(
        stage.state(1),
        Some((Unknown, GatewayLost)),
        "the other may still be there"
    );
}

#[test]
fn a_gap_asks_for_a_snapshot_and_a_tab_in_no_snapshot_is_lost() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", active());
    stage.tab("g1", 1, "b", active());
    let _missed = stage.signal("g1", 1, "a", closed());
    assert_eq!(stage.wanted, []);
    stage.tab("g1", 1, "b", lost());
    assert_eq!(stage.wanted.len(), 1);
    assert_eq!(stage.state(1), Some((Online, Returned)), "as far as is known");
    stage.snapshot("g1", 1, &[]);
    assert_eq!(stage.state(1), Some((Unknown, ConnectionLost)));
    stage.pass(90);
    assert_eq!(stage.state(1), Some((Offline, ConnectionLost)));
}

#[test]
fn a_gap_at_the_end_is_seen_by_the_lease() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", active());
    let _missed = stage.signal("g1", 1, "a", closed());
    stage.lease("g1");
    assert_eq!(stage.wanted.len(), 1);
    stage.lease("g1");
    assert_eq!(stage.wanted.len(), 1, "not twice while the answer is on its way");
    stage.pass(6);
    assert_eq!(stage.wanted.len(), 2, "but again when it does not come");
    stage.snapshot("g1", 1, &[]);
    stage.pass(30);
    assert_eq!(stage.wanted.len(), 2);
}

#[test]
fn a_snapshot_does_not_undo_what_is_newer() {
    let mut stage = Stage::new();
    stage.tab("g1", 1, "a", active());
    let later = stage.signal("g1", 1, "b", active());
    stage.hear(&later);
    let shard = events::signal::shard(&later.who.workspace, later.who.visitor);
    let old = presence_service::domain::Snapshot {
        gateway: "g1".into(),
        shard,
        number: 1,
        tabs: Vec::new(),
    };
    stage.roster.restate(&old, stage.now);
    stage.pass(1);
    assert_eq!(stage.state(1), Some((Online, Returned)), "b opened after it");
}

fn row(visitor: u128, state: PresenceState) -> Restored {
    Restored {
        who: who(visitor),
        state,
        cause: Returned,
        since: start() - seconds(60),
        epoch: 1,
        version: 7,
    }
}

#[test]
fn a_new_owner_trusts_its_rows_until_the_gateways_have_been_asked() {
    let mut stage = Stage::restarted(2, vec![row(1, Online), row(2, Online), row(3, Online)]);
    assert_eq!(stage.state(1), Some((Online, Returned)));
    stage.pass(1);
    stage.snapshot("g1", 1, &[(1, "a", active())]);
    stage.tab("g1", 3, "c", closed());
    stage.pass(19);
    assert_eq!(stage.history(1), [], "there before, there now: nothing to tell");
    assert_eq!(stage.view(1).map(|view| (view.epoch, view.version)), Some((1, 7)));
    assert_eq!(stage.history(2), [(Unknown, GatewayLost)], "not 'left'");
    assert_eq!(stage.history(3), [(Offline, Left)]);
    stage.pass(300);
    assert_eq!(stage.history(2), [(Unknown, GatewayLost), (Offline, GatewayLost)]);
    assert_eq!(stage.view(2).map(|view| view.epoch), Some(2));
}

#[test]
fn a_new_owner_without_any_gateway_knows_nothing() {
    let mut stage = Stage::restarted(2, vec![row(1, Online), row(2, Unknown)]);
    stage.pass_with(4000, &[]);
    for visitor in [1, 2] {
        assert_eq!(stage.history(visitor), [(Unknown, GatewayLost)]);
    }
    stage.pass_with(200, &["g1"]);
    stage.tab("g1", 2, "a", visible());
    stage.pass_with(200, &["g1"]);
    assert_eq!(stage.state(1), Some((Offline, GatewayLost)));
    assert_eq!(stage.state(2), Some((Online, Returned)));
}

#[test]
fn many_sockets_lost_at_once_are_a_mass_loss() {
    let mut stage = Stage::new();
    for visitor in 0..400 {
        stage.tab("g1", visitor, "a", active());
        stage.tab("g2", visitor + 1000, "a", active());
    }
    assert!(!stage.roster.mass_loss(stage.now));
    for visitor in 0..99 {
        stage.tab("g1", visitor, "a", lost());
    }
    assert!(!stage.roster.mass_loss(stage.now), "99 of 800");
    stage.leave("g2");
    assert!(stage.roster.mass_loss(stage.now));
    stage.pass(119);
    assert!(stage.roster.mass_loss(stage.now));
    stage.pass(1);
    assert!(!stage.roster.mass_loss(stage.now));
}

#[test]
fn many_pages_closed_at_once_are_none() {
    let mut stage = Stage::new();
    for visitor in 0..400 {
        stage.tab("g1", visitor, "a", active());
        stage.tab("g1", visitor, "a", closed());
    }
    assert!(!stage.roster.mass_loss(stage.now));
}

//! Who calls, when proxies stand in between.

use std::net::{IpAddr, SocketAddr};

/// The caller's address: the peer itself, or, behind `hops` proxies of ours, the entry that the outermost of them
/// appended to `X-Forwarded-For`. What stands further left was written by the caller and is not believed.
pub fn caller(peer: SocketAddr, forwarded: Option<&str>, hops: u32) -> IpAddr {
    let Some(skip) = hops.checked_sub(1) else {
        return group(peer.ip());
    };
    forwarded
        .and_then(|list| list.rsplit(',').nth(usize::try_from(skip).ok()?))
        .and_then(|entry| entry.trim().parse().ok())
        .map_or(group(peer.ip()), group)
}

/// IPv6 customers own whole /64 networks: those count as one.
fn group(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => IpAddr::V6((u128::from(v6) & (u128::MAX << 64)).into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxies_are_believed() {
        let peer: SocketAddr = "10.0.0.1:5000".parse().expect("an address");
        let list = Some("6.6.6.6, 203.0.113.7, 10.0.0.9");
        for (hops, forwarded, expected) in [
            (0, list, "10.0.0.1"),
            (1, list, "10.0.0.9"),
            (2, list, "203.0.113.7"),
            (9, list, "10.0.0.1"),
            (1, None, "10.0.0.1"),
            (1, Some("nonsense"), "10.0.0.1"),
            (1, Some("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::"),
        ] {
            let expected: IpAddr = expected.parse().expect("an address");
            assert_eq!(caller(peer, forwarded, hops), expected, "{hops} {forwarded:?}");
        }
    }
}

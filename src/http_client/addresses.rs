//! Which addresses outbound HTTP may reach: public ones, and networks that the settings allow.
//!
//! Webhook addresses come from people. Without this filter an address in the directory would be a
//! way to make this machine talk to its neighbours or to a cloud's metadata service. Every address
//! that a name resolves to is looked at, and the connection is made to one that passed: there is
//! no second look-up whose answer could differ.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Says yes or no to an address.
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    allowed: Arc<[IpNet]>,
    /// Whether public addresses pass too; false for unencrypted HTTP.
    public: bool,
}

impl Addresses {
    /// Public addresses and the allowed networks.
    pub(super) fn public_and(allowed: &Arc<[IpNet]>) -> Self {
        Self {
            allowed: Arc::clone(allowed),
            public: true,
        }
    }

    /// The allowed networks alone.
    pub(super) fn only(allowed: &Arc<[IpNet]>) -> Self {
        Self {
            allowed: Arc::clone(allowed),
            public: false,
        }
    }

    /// Whether a connection may be made to it.
    pub(super) fn permit(&self, ip: IpAddr) -> bool {
        // An IPv4 address dressed as IPv6 is the IPv4 address.
        let ip = ip.to_canonical();
        self.allowed.iter().any(|net| net.contains(&ip)) || (self.public && is_public(ip))
    }
}

impl Resolve for Addresses {
    fn resolve(&self, name: Name) -> Resolving {
        let filter = self.clone();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let permitted: Vec<SocketAddr> =
                found.filter(|found| filter.permit(found.ip())).collect();
            if permitted.is_empty() {
                return Err(Forbidden.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// A name with no address that may be reached.
#[derive(Debug)]
pub(super) struct Forbidden;

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to no address that may be reached")
    }
}

impl std::error::Error for Forbidden {}

/// Whether an address is on the public internet, by the IANA special-purpose registries.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)           // this network, private, loopback
            | (100, 64..=127, _)       // shared by carriers (CGNAT)
            | (169, 254, _)            // link-local, metadata services
            | (172, 16..=31, _)        // private
            | (192, 0, 0 | 2)          // protocol assignments, documentation
            | (192, 88, 99)            // 6to4 relays
            | (192, 168, _)            // private
            | (198, 18..=19, _)        // benchmarks
            | (198, 51, 100)           // documentation
            | (203, 0, 113)            // documentation
            | (224..=255, _, _) // multicast, reserved, broadcast
    )
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Global unicast is 2000::/3. Everything else is loopback, mapped, NAT64 (64:ff9b::), unique
    // local, link-local, multicast or not assigned.
    (a & 0xe000) == 0x2000
        && !matches!(
            (a, b),
            (0x2001, 0..=0x01ff)       // protocol assignments, Teredo, ORCHID
                | (0x2001, 0x0db8)     // documentation
                | (0x2002, _) // 6to4: an IPv4 address of anyone's choice inside
        )
        && !(a == 0x3fff && b < 0x1000) // documentation
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permit(filter: &Addresses, ip: &str) -> bool {
        filter.permit(ip.parse().unwrap())
    }

    #[test]
    fn private_and_special_addresses_are_refused_in_every_dress() {
        let filter = Addresses::public_and(&Arc::from([]));
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
        ] {
            assert!(!permit(&filter, ip), "{ip} must be refused");
        }
    }

    #[test]
    fn public_addresses_pass() {
        let filter = Addresses::public_and(&Arc::from([]));
        for ip in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(permit(&filter, ip), "{ip} must pass");
        }
    }

    #[test]
    fn allowed_networks_pass_also_when_dressed_as_ipv6() {
        let allowed: Arc<[IpNet]> = Arc::from(["127.0.0.0/8".parse().unwrap()]);
        let filter = Addresses::only(&allowed);
        assert!(permit(&filter, "127.0.0.1"));
        assert!(permit(&filter, "::ffff:127.0.0.1"));
        assert!(!permit(&filter, "::1"));
        assert!(
            !permit(&filter, "1.1.1.1"),
            "unencrypted HTTP never leaves the allowed networks"
        );
    }
}

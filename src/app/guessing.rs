//! Guessing keys is slowed: the more refused keys a peer sends, the later it hears that one is.
//!
//! Only what is refused waits. A valid key never does, because behind a proxy everybody has the address
//! of whoever guesses. What is kept is one instant for a peer, of so many peers.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use chrono::TimeDelta;

use crate::domain::Time;

/// So many refusals of a peer are answered at once; one is forgiven each second.
const FREE: i32 = 30;
/// How far apart the answers to all others are.
const APART: TimeDelta = TimeDelta::seconds(1);
/// No answer is held back longer than this; what would be is told at once to come back later.
const LONGEST: TimeDelta = TimeDelta::seconds(5);
/// So many peers are told apart. All others count as one.
const PEERS: usize = 4_096;

/// When a refusal may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// At this instant, or at once if it has passed.
    Until(Time),
    /// At once, and not again before so many seconds have passed.
    TooMany {
        /// Whole seconds, at least one.
        seconds: i64,
    },
}

/// Why a key opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is none of ours by its form.
    Malformed,
    /// There never was such a key.
    Unknown,
    /// Somebody took it back.
    Revoked,
    /// Its time has passed.
    Expired,
    /// Its person has left, or belongs to another organisation now.
    PersonGone,
}

impl Why {
    /// All of them.
    const ALL: [Self; 5] = [
        Self::Malformed,
        Self::Unknown,
        Self::Revoked,
        Self::Expired,
        Self::PersonGone,
    ];

    /// The name in the log and in the figures.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Unknown => "unknown",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::PersonGone => "person_gone",
        }
    }
}

/// Who has guessed lately, and how often keys were refused.
#[derive(Debug, Default)]
pub(super) struct Guessing {
    peers: Mutex<Peers>,
    counts: [AtomicU64; Why::ALL.len()],
}

/// For each peer the instant up to which its refusals are spread, one each second.
#[derive(Debug, Default)]
struct Peers {
    known: HashMap<IpAddr, Time>,
    others: Option<Time>,
}

impl Guessing {
    /// Counts a refusal, and says when it may be told.
    pub(super) fn refused(&self, why: Why, peer: IpAddr, now: Time) -> Hold {
        self.counts[why as usize].fetch_add(1, Ordering::Relaxed);
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.hold(network(peer), now)
    }

    /// How often each was the reason since this process began.
    pub(super) fn counts(&self) -> impl Iterator<Item = (Why, u64)> {
        Why::ALL.into_iter().map(|why| {
            let count = self.counts[why as usize].load(Ordering::Relaxed);
            (why, count)
        })
    }
}

impl Peers {
    fn hold(&mut self, peer: IpAddr, now: Time) -> Hold {
        if self.known.len() >= PEERS && !self.known.contains_key(&peer) {
            self.known.retain(|_, spread| *spread > now);
        }
        let has_room = self.known.len() < PEERS || self.known.contains_key(&peer);
        let spread = match has_room {
            true => self.known.entry(peer).or_insert(now),
            false => self.others.get_or_insert(now),
        };
        let next = (*spread).max(now) + APART;
        let late = next - now - APART * FREE;
        if late > LONGEST {
            return Hold::TooMany {
                seconds: late.num_seconds().max(1),
            };
        }
        *spread = next;
        Hold::Until(now + late.max(TimeDelta::zero()))
    }
}

/// Whose network it is: one of IPv6 has more addresses than could be counted.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let bits = u128::from(address) >> 64 << 64;
            Ipv6Addr::from(bits).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Time {
        "2026-11-23T13:20:00Z".parse().unwrap()
    }

    fn peer(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// How long each of so many refusals at one instant is held; `None` is told to come back.
    fn holds(guessing: &Guessing, who: &str, times: usize, now: Time) -> Vec<Option<i64>> {
        (0..times)
            .map(|_| match guessing.refused(Why::Unknown, peer(who), now) {
                Hold::Until(at) => Some((at - now).num_seconds()),
                Hold::TooMany { seconds } => {
                    assert!(seconds >= 1);
                    None
                }
            })
            .collect()
    }

    #[test]
    fn a_few_refusals_are_told_at_once_and_each_more_a_second_later() {
        let guessing = Guessing::default();
        let all = holds(&guessing, "192.0.2.7", 40, start());
        assert_eq!(all[..30], [Some(0); 30]);
        assert_eq!(all[30..35], [Some(1), Some(2), Some(3), Some(4), Some(5)]);
        assert_eq!(all[35..], [None; 5]);
        // Whoever goes on has one guess each second, however many they send at once.
        for second in 1..20 {
            let now = start() + TimeDelta::seconds(second);
            let told = holds(&guessing, "192.0.2.7", 10, now);
            assert_eq!(told.iter().flatten().count(), 1, "{told:?}");
        }
        // Whoever stops is forgiven.
        let later = start() + TimeDelta::minutes(2);
        let all = holds(&guessing, "192.0.2.7", 30, later);
        assert_eq!(all, [Some(0); 30]);
    }

    #[test]
    fn nobody_waits_for_what_another_peer_did() {
        let guessing = Guessing::default();
        holds(&guessing, "192.0.2.7", 100, start());
        assert_eq!(holds(&guessing, "192.0.2.8", 1, start()), [Some(0)]);
        // Addresses of one network of IPv6 are one peer, and IPv4 is the same written as IPv6.
        holds(&guessing, "2001:db8::1", 100, start());
        assert_eq!(holds(&guessing, "2001:db8::2", 1, start()), [None]);
        assert_eq!(holds(&guessing, "::ffff:192.0.2.7", 1, start()), [None]);
        assert_eq!(holds(&guessing, "2001:db8:0:1::1", 1, start()), [Some(0)]);
    }

    #[test]
    fn only_so_many_peers_are_kept_and_those_beyond_count_as_one() {
        let guessing = Guessing::default();
        let address = |number: usize| {
            let number = u32::try_from(number).unwrap();
            IpAddr::from(std::net::Ipv4Addr::from(number)).to_string()
        };
        for number in 0..PEERS {
            holds(&guessing, &address(number), 1, start());
        }
        for number in PEERS..PEERS + 35 {
            holds(&guessing, &address(number), 1, start());
        }
        assert_eq!(guessing.peers.lock().unwrap().known.len(), PEERS);
        assert_eq!(holds(&guessing, &address(2 * PEERS), 1, start()), [None]);
        assert_eq!(holds(&guessing, &address(7), 1, start()), [Some(0)]);
        // What is forgiven makes room.
        let later = start() + TimeDelta::minutes(1);
        holds(&guessing, &address(3 * PEERS), 1, later);
        assert!(guessing.peers.lock().unwrap().known.len() <= 2);
    }

    #[test]
    fn refusals_are_counted_by_their_reason() {
        let guessing = Guessing::default();
        for why in [Why::Unknown, Why::Revoked, Why::Unknown] {
            guessing.refused(why, peer("192.0.2.7"), start());
        }
        let counts: Vec<(&str, u64)> = guessing
            .counts()
            .map(|(why, count)| (why.as_str(), count))
            .collect();
        let expected = [
            ("malformed", 0),
            ("unknown", 2),
            ("revoked", 1),
            ("expired", 0),
            ("person_gone", 0),
        ];
        assert_eq!(counts, expected);
    }
}

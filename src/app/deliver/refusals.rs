//! Whose fault a refusal for good is: that of the address, or that of the lane.
//!
//! A lane that refuses one address after the other is at fault itself. What it had refused before
//! that was known is tried again; and once it takes messages again, who is refused then is judged
//! alone, so that the addresses of people who have left do not stop everybody a second time.

use std::collections::HashMap;

use chrono::TimeDelta;

use crate::domain::{Address, DeliveryId, Time};

/// Different addresses that a lane refuses for good, with nothing accepted between, before it is
/// taken to be the lane's fault.
const IN_A_ROW: usize = 3;
/// Refusals further apart than this have nothing to do with each other.
const WITHIN: TimeDelta = TimeDelta::hours(1);

/// What a lane has refused for good since it last took a message.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    in_a_row: Vec<Refusal>,
    /// Addresses that were spared because the lane was at fault, and whether it has taken messages
    /// to others since.
    spared: HashMap<Address, bool>,
}

#[derive(Debug)]
struct Refusal {
    at: Time,
    address: Address,
    delivery: DeliveryId,
}

/// A lane that refuses everybody.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AtFault {
    /// When the first of them was refused.
    pub(super) since: Time,
    /// How many addresses it refused.
    pub(super) addresses: usize,
    /// What it refused.
    pub(super) refused: Vec<DeliveryId>,
}

impl Refusals {
    /// Notes that a message was refused for good. Says if that shows that the lane is at fault.
    pub(super) fn refused(
        &mut self,
        address: &Address,
        delivery: &DeliveryId,
        now: Time,
    ) -> Option<AtFault> {
        if self.spared.get(address) == Some(&true) {
            self.spared.remove(address);
            return None;
        }
        self.in_a_row.retain(|refusal| refusal.at > now - WITHIN);
        self.in_a_row.push(Refusal {
            at: now,
            address: address.clone(),
            delivery: delivery.clone(),
        });
        let mut addresses: Vec<&Address> = self.in_a_row.iter().map(|it| &it.address).collect();
        addresses.sort();
        addresses.dedup();
        if addresses.len() < IN_A_ROW {
            return None;
        }
        let addresses = addresses.len();
        let refused: Vec<Refusal> = std::mem::take(&mut self.in_a_row);
        let since = refused.iter().map(|refusal| refusal.at).min()?;
        for refusal in &refused {
            self.spare(&refusal.address);
        }
        Some(AtFault {
            since,
            addresses,
            refused: refused.into_iter().map(|it| it.delivery).collect(),
        })
    }

    /// Notes that a refusal was not held against an address.
    pub(super) fn spare(&mut self, address: &Address) {
        self.spared.insert(address.clone(), false);
    }

    /// Notes that the lane took a message.
    pub(super) fn taken(&mut self, address: &Address) {
        self.in_a_row.clear();
        if !self.spared.is_empty() {
            self.spared.remove(address);
            for others_since in self.spared.values_mut() {
                *others_since = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        "2026-11-23T13:20:00Z".parse().unwrap()
    }

    fn id(number: usize) -> DeliveryId {
        format!("01JDMQ9Z000000000000000{number:03}")
            .parse()
            .unwrap()
    }

    fn person(number: usize) -> Address {
        Address::new(&format!("person-{number}@northshire.example"))
    }

    fn refuse(refusals: &mut Refusals, number: usize) -> Option<AtFault> {
        refusals.refused(&person(number), &id(number), now())
    }

    #[test]
    fn the_third_address_in_a_row_shows_that_it_is_the_lane() {
        let mut refusals = Refusals::default();
        assert_eq!(refuse(&mut refusals, 1), None);
        assert_eq!(refuse(&mut refusals, 1), None, "the same address again");
        assert_eq!(refuse(&mut refusals, 2), None);
        let fault = refuse(&mut refusals, 3).expect("it is the lane");
        assert_eq!((fault.since, fault.addresses), (now(), 3));
        assert_eq!(fault.refused, [id(1), id(1), id(2), id(3)]);
    }

    #[test]
    fn a_message_that_is_taken_begins_the_count_afresh() {
        let mut refusals = Refusals::default();
        refuse(&mut refusals, 1);
        refuse(&mut refusals, 2);
        refusals.taken(&person(9));
        assert_eq!(refuse(&mut refusals, 3), None);
        assert_eq!(refuse(&mut refusals, 4), None);
    }

    #[test]
    fn who_is_refused_when_others_are_taken_again_is_judged_alone() {
        let mut refusals = Refusals::default();
        for number in 1..=3 {
            refuse(&mut refusals, number);
        }
        refusals.taken(&person(9));
        for number in 1..=3 {
            assert_eq!(refuse(&mut refusals, number), None, "{number}");
        }
        // That says nothing about others.
        refuse(&mut refusals, 4);
        refuse(&mut refusals, 5);
        assert!(refuse(&mut refusals, 6).is_some());
    }
}

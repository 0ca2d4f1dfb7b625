//! Which services an incident touches, and how.

use std::collections::{HashMap, VecDeque};

use super::compile::Compiled;
use crate::domain::{
    ServiceId,
    situation::{Relation, Situation},
};

/// A service that an incident touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) service: ServiceId,
    /// Its number, if it is in the directory.
    pub(super) node: Option<u32>,
    /// As stated on the incident; beats the walk.
    stated: Option<Relation>,
    /// How far upstream of an affected service the walk found it.
    upstream: Option<u32>,
    /// How far downstream.
    downstream: Option<u32>,
}

impl Touched {
    /// How it is touched for a rule whose walk goes this far. A service in a circle of
    /// dependencies can be upstream and downstream at once.
    pub(super) fn relations(&self, depth: u32) -> impl Iterator<Item = &'static Relation> + Clone {
        let walked = self.stated.is_none();
        let near = |distance: Option<u32>| walked && distance.is_some_and(|far| far <= depth);
        let is = |relation, walked| self.stated == Some(relation) || walked;
        [
            (&Relation::Affected, is(Relation::Affected, false)),
            (
                &Relation::Upstream,
                is(Relation::Upstream, near(self.upstream)),
            ),
            (
                &Relation::Downstream,
                is(Relation::Downstream, near(self.downstream)),
            ),
        ]
        .into_iter()
        .filter_map(|(relation, holds)| holds.then_some(relation))
    }

    /// Stated as affected.
    pub(super) fn is_affected(&self) -> bool {
        self.stated == Some(Relation::Affected)
    }
}

/// The services stated, and those that the walk reaches, in the order of their ids.
pub(super) fn touched(compiled: &Compiled, situation: &Situation) -> Vec<Touched> {
    let stated = situation
        .services
        .iter()
        .map(|(service, relation)| Touched {
            service: service.clone(),
            node: compiled.service_of.get(service).copied(),
            stated: Some(*relation),
            upstream: None,
            downstream: None,
        });
    let mut touched: Vec<Touched> = stated.collect();
    if compiled.deepest > 0 {
        let starts: Vec<u32> = touched
            .iter()
            .filter(|one| one.is_affected())
            .filter_map(|one| one.node)
            .collect();
        let upstream = walk(compiled, &starts, |compiled, at| {
            &compiled.services[at as usize].upstream
        });
        let downstream = walk(compiled, &starts, |compiled, at| {
            &compiled.services[at as usize].downstream
        });
        let mut walked: Vec<u32> = upstream.keys().chain(downstream.keys()).copied().collect();
        walked.sort_unstable();
        walked.dedup();
        for node in walked {
            let service = &compiled.services[node as usize].id;
            if !situation.services.contains_key(service) {
                touched.push(Touched {
                    service: service.clone(),
                    node: Some(node),
                    stated: None,
                    upstream: upstream.get(&node).copied(),
                    downstream: downstream.get(&node).copied(),
                });
            }
        }
    }
    touched.sort_by(|a, b| a.service.cmp(&b.service));
    touched
}

/// Distance of each service that is reached, without the starts themselves.
fn walk(
    compiled: &Compiled,
    starts: &[u32],
    neighbours: impl Fn(&Compiled, u32) -> &Vec<u32>,
) -> HashMap<u32, u32> {
    let mut distance: HashMap<u32, u32> = starts.iter().map(|start| (*start, 0)).collect();
    let mut open: VecDeque<u32> = starts.iter().copied().collect();
    while let Some(at) = open.pop_front() {
        let next = distance.get(&at).map_or(1, |far| far + 1);
        if next > compiled.deepest {
            break;
        }
        for neighbour in neighbours(compiled, at) {
            distance.entry(*neighbour).or_insert_with(|| {
                open.push_back(*neighbour);
                next
            });
        }
    }
    distance.retain(|_, far| *far > 0);
    distance
}

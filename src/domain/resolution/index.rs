//! Which rules may hold: found by priority and by what the touched services are.
//!
//! A rule stands under the narrowest thing it asks of a service, so that a policy with a rule for
//! each of a thousand services looks at those of three.

use std::collections::HashMap;

use crate::domain::{
    PriorityId, ServiceId,
    directory::Service,
    policy::{Policy, Rule},
};

/// Rules by priority, the gravest first; the last bucket is for priorities the policy has not.
#[derive(Debug, Default)]
pub(super) struct RuleIndex {
    buckets: Vec<Bucket>,
}

#[derive(Debug, Default)]
struct Bucket {
    service: HashMap<ServiceId, Vec<u32>>,
    tag: HashMap<String, Vec<u32>>,
    programme: HashMap<String, Vec<u32>>,
    tier: HashMap<u8, Vec<u32>>,
    other: Vec<u32>,
}

impl RuleIndex {
    /// Files a rule under its number.
    pub(super) fn add(&mut self, policy: &Policy, rule: &Rule, number: u32) {
        if self.buckets.is_empty() {
            self.buckets
                .resize_with(policy.priorities.len() + 1, Bucket::default);
        }
        for (rank, bucket) in self.buckets.iter_mut().enumerate() {
            let admitted = match policy.priorities.get(rank) {
                Some(priority) => rule.when.priority.admits(&priority.id),
                // A priority that the policy does not know is looked at in full.
                None => true,
            };
            if admitted {
                bucket.add(rule, number);
            }
        }
    }

    /// Rules that may hold for this priority and these services, in order, each once.
    pub(super) fn candidates<'a>(
        &self,
        policy: &Policy,
        priority: &PriorityId,
        services: impl Iterator<Item = (&'a ServiceId, Option<&'a Service>)>,
    ) -> Vec<u32> {
        let Some(bucket) = self.buckets.get(policy.rank(priority)) else {
            return Vec::new();
        };
        let mut found = bucket.other.clone();
        for (id, service) in services {
            found.extend(bucket.service.get(id).into_iter().flatten());
            let Some(service) = service else { continue };
            for tag in &service.tags {
                found.extend(bucket.tag.get(tag).into_iter().flatten());
            }
            if let Some(programme) = &service.programme {
                found.extend(bucket.programme.get(programme).into_iter().flatten());
            }
            if let Some(tier) = &service.tier {
                found.extend(bucket.tier.get(tier).into_iter().flatten());
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Bucket {
    fn add(&mut self, rule: &Rule, number: u32) {
        let when = &rule.when;
        if !when.service.any.is_empty() {
            for id in &when.service.any {
                self.service.entry(id.clone()).or_default().push(number);
            }
        } else if !when.tag.any.is_empty() {
            for tag in &when.tag.any {
                self.tag.entry(tag.clone()).or_default().push(number);
            }
        } else if !when.programme.any.is_empty() {
            for programme in &when.programme.any {
                self.programme
                    .entry(programme.clone())
                    .or_default()
                    .push(number);
            }
        } else if !when.tier.any.is_empty() {
            for tier in &when.tier.any {
                self.tier.entry(*tier).or_default().push(number);
            }
        } else {
            self.other.push(number);
        }
    }
}

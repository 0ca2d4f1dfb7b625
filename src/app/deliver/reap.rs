//! The messages of the dead, and the audit.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use super::{Engine, flight::unknown, turn::Ended};
use crate::{
    domain::{DeliveryId, Time},
    store::{
        StoreError,
        faults::{self, NewFault},
        outbox::{
            Claimed, FINDING, audit, held_by, is_counted_again, lapsed, let_go_stranded, senders,
        },
    },
};

/// How often the dead are looked for.
const REAP: Duration = Duration::from_secs(5);
/// How often the outbox is audited.
const AUDIT: Duration = Duration::from_secs(60);
/// How many are taken over in one commit.
const AT_ONCE: usize = 500;

impl Engine {
    /// Takes over what dead processes were sending: whether it is out is not known. A process is
    /// dead if its lock is free, or if it has not extended its leases. Says whether there was anything.
    /// Gives back what is held in our own name and lost, and lets go of what waits for a delivery that
    /// has ended.
    pub(super) async fn reap(&mut self, now: Time) -> Result<bool, StoreError> {
        let running = self.clock.running();
        if running < self.next_reap {
            return Ok(false);
        }
        self.next_reap = running + REAP;
        self.give_back_lost().await?;
        let stranded = let_go_stranded(&self.store).await?;
        if stranded > 0 {
            tracing::info!(
                stranded,
                "let go what waited for deliveries that have ended"
            );
        }
        let own = self.lock.token().to_owned();
        let others: Vec<String> = senders(self.store.read_to_deliver())
            .await?
            .into_iter()
            .filter(|token| *token != own)
            .collect();
        let mut orphans = Vec::new();
        if !others.is_empty() {
            let tokens: Vec<&str> = others.iter().map(String::as_str).collect();
            let dead = self.lock.dead_among(&tokens).await?;
            orphans = held_by(self.store.read_to_deliver(), &dead, AT_ONCE).await?;
            let late = lapsed(self.store.read_to_deliver(), now, AT_ONCE).await?;
            orphans.extend(late.into_iter().filter(|claimed| {
                claimed.lease_token != own && !dead.contains(&claimed.lease_token)
            }));
        }
        if orphans.len() >= AT_ONCE {
            self.next_reap = running;
            self.next_look = running;
        }
        // A commit that failed left its outcomes here, and their rows as they were.
        let known: HashSet<DeliveryId> = self
            .outcomes
            .iter()
            .map(|completion| completion.delivery.clone())
            .collect();
        for claimed in orphans.iter().filter(|one| !known.contains(&one.id)) {
            self.take_over(claimed, now);
        }
        Ok(!orphans.is_empty())
    }

    fn take_over(&mut self, claimed: &Claimed, now: Time) {
        let outcome =
            unknown("The process that was sending it stopped. Whether it arrived is not known.");
        let ended = Ended {
            outcome,
            span: (now, now),
            sent: true,
            wire_sha256: None,
            teaches: false,
        };
        self.take_in(claimed, ended);
    }

    /// Takes over what an earlier process put on the record, so that it is taken back when it adds up; what
    /// is too old to be counted again is taken back now.
    async fn learn_findings(&mut self, now: Time) -> Result<(), StoreError> {
        for fault in faults::standing(self.store.read_to_deliver()).await? {
            if !fault.key.starts_with(FINDING) {
                continue;
            }
            if is_counted_again(&fault.key, now) {
                self.findings.insert(fault.key);
            } else {
                faults::resolve(self.store.write(), &fault.key, now).await?;
            }
        }
        self.knows_findings = true;
        Ok(())
    }

    /// Puts on the record what does not add up, and takes back what adds up again.
    pub(super) async fn audit(&mut self, now: Time) -> Result<(), StoreError> {
        let running = self.clock.running();
        if running < self.next_audit {
            return Ok(());
        }
        self.next_audit = running + AUDIT;
        if !self.knows_findings {
            self.learn_findings(now).await?;
        }
        let found = audit(self.store.read_to_deliver(), &mut self.audited, now).await?;
        for finding in &found.findings {
            tracing::error!(key = finding.key, "{}", finding.sentence);
            let fault = NewFault {
                key: &finding.key,
                sentence: &finding.sentence,
                detail: "found by the auditor of the outbox",
                incident: None,
            };
            faults::record(self.store.write(), fault, now).await?;
        }
        let keys: BTreeSet<String> = found.findings.into_iter().map(|it| it.key).collect();
        let gone: Vec<String> = self
            .findings
            .difference(&keys)
            .filter(|key| found.looked_at.contains(*key))
            .cloned()
            .collect();
        for key in gone {
            faults::resolve(self.store.write(), &key, now).await?;
            self.findings.remove(&key);
        }
        self.findings.extend(keys);
        Ok(())
    }
}

//! Can the people in the directory be reached, and was it ever tried?

use super::{App, Finding, fix, ok, warn};
use crate::{
    domain::directory::{Directory, Person},
    store::{StoreError, outbox},
};

/// So many are named; of more, the number says enough.
const NAMED: usize = 3;

impl App {
    pub(super) async fn examine_people(&self, findings: &mut Vec<Finding>) {
        let directory = match self.rulebook().await {
            Ok(book) => std::sync::Arc::clone(&book.directory),
            Err(error) => {
                findings.push(fix(format!("Directory: {error}")));
                return;
            }
        };
        if directory.people.is_empty() {
            findings.push(fix(
                "Directory: nobody is in it. Run: oyez directory import FILE. \
                 To begin with a sample: oyez directory sample --to directory.yaml",
            ));
            return;
        }
        findings.push(self.out_of_reach(&directory));
        findings.push(self.wrong_addresses(&directory));
        findings.push(found("People", self.never_reached(&directory).await));
        findings.push(found("Addresses", self.refused_addresses().await));
    }

    /// Whoever has no address on a channel that is live.
    fn out_of_reach(&self, directory: &Directory) -> Finding {
        let cut_off = directory.people.values().filter(|person| {
            let mut addresses = person.addresses.iter();
            !addresses.any(|address| self.channels.contains_key(&address.channel))
        });
        match named(cut_off) {
            None => ok("People: each has an address on a channel that is in use"),
            Some((count, names)) => warn(format!(
                "People: {count} of {} have no address on a channel that is in use, so no message reaches them: {names}. Add one, or put their channel in use.",
                directory.people.len()
            )),
        }
    }

    /// Addresses that were taken while their channel was not in use, and that it would not take.
    fn wrong_addresses(&self, directory: &Directory) -> Finding {
        let wrong = directory.people.values().filter(|person| {
            person.addresses.iter().any(|address| {
                let channel = self.channels.get(&address.channel);
                channel.is_some_and(|it| it.check_address(address.address.as_str()).is_err())
            })
        });
        match named(wrong) {
            None => ok("Addresses: all are written as their channels take them"),
            Some((count, names)) => warn(format!(
                "Addresses: for {count} of {} people the channel does not take what is written: {names}. Look: oyez directory show PERSON",
                directory.people.len()
            )),
        }
    }

    async fn never_reached(&self, directory: &Directory) -> Result<Finding, StoreError> {
        let reached = outbox::people_reached(self.store.patiently().read()).await?;
        let people = directory.people.values();
        let untried = people.filter(|person| !reached.contains(person.id.as_str()));
        let all = directory.people.len();
        Ok(match named(untried) {
            None => ok(format!(
                "People: all {all} have had a message that was accepted"
            )),
            Some((count, names)) => warn(format!(
                "People: {count} of {all} have never had a message that was accepted: {names}. Try: oyez directory test PERSON"
            )),
        })
    }

    async fn refused_addresses(&self) -> Result<Finding, StoreError> {
        let bad = outbox::bad_addresses(self.store.read(), self.clock.now()).await?;
        Ok(match bad.len() {
            0 => ok("Addresses: none was refused for good"),
            count => warn(format!(
                "Addresses: {count} refused for good. See: oyez directory bad"
            )),
        })
    }
}

fn found(what: &str, finding: Result<Finding, StoreError>) -> Finding {
    finding.unwrap_or_else(|error| fix(format!("{what}: {}", error.sentence())))
}

/// How many they are, and the ids of the first; `None` if there are none.
fn named<'p>(people: impl Iterator<Item = &'p Person>) -> Option<(usize, String)> {
    let ids: Vec<&str> = people.map(|person| person.id.as_str()).collect();
    let shown = ids.get(..NAMED.min(ids.len()))?.join(", ");
    match ids.len() {
        0 => None,
        count if count > NAMED => Some((count, format!("{shown} and {} more", count - NAMED))),
        count => Some((count, shown)),
    }
}

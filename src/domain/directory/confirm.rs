//! What a new directory changes that is seldom meant: it is confirmed one by one, by name.
//!
//! A blank cell says that nothing is there, and a spreadsheet makes blank cells by itself. Where that would
//! show outsiders what is for us alone, or leave somebody without a way to be told, one look at a long list of
//! changes is too little. No sentence holds an address.

use std::collections::{BTreeMap, BTreeSet};

use super::{Directory, Person};
use crate::domain::{ChannelName, OrganisationId, PersonId};

/// One thing to confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToConfirm {
    /// What it is confirmed by: the id of the entry.
    pub id: String,
    /// What would happen, one sentence.
    pub sentence: String,
}

/// What has to be confirmed before the new directory takes the place of the old: organisations, destinations,
/// then people, each in the order of their ids.
pub fn to_confirm(old: &Directory, new: &Directory) -> Vec<ToConfirm> {
    let mut found = Vec::new();
    let mut add = |id: &str, sentence: String| {
        found.push(ToConfirm {
            id: id.to_owned(),
            sentence,
        });
    };
    let mut ours_now: BTreeSet<&OrganisationId> = BTreeSet::new();
    for (id, before) in &old.organisations {
        let after = new.organisations.get(id);
        if before.external && after.is_some_and(|after| !after.external) {
            ours_now.insert(id);
            let name = &before.name;
            add(
                id.as_str(),
                format!("{name} is another organisation, and its people would count as ours."),
            );
        }
    }
    // Whoever belongs to an organisation that counts as ours now is confirmed with it.
    let with_it = |after: Option<&OrganisationId>| after.is_some_and(|id| ours_now.contains(id));
    for (id, before) in &old.destinations {
        let Some(after) = new.destinations.get(id) else {
            continue;
        };
        let of = after.organisation.as_ref();
        if old.is_external(before.organisation.as_ref()) && !new.is_external(of) && !with_it(of) {
            let whose = organisation(old, before.organisation.as_ref());
            let name = &before.name;
            add(
                id.as_str(),
                format!("{name} belongs to {whose}, and would count as ours."),
            );
        }
    }
    let outsiders = addresses_of_outsiders(old);
    for (id, after) in &new.people {
        let before = old.people.get(id);
        let of = after.organisation.as_ref();
        let is_ours = !new.is_outsider(after);
        if let Some(before) = before.filter(|before| old.is_outsider(before)) {
            if is_ours && !with_it(of) {
                let whose = organisation(old, before.organisation.as_ref());
                add(
                    id.as_str(),
                    format!(
                        "{} belongs to {whose}, and would count as ours.",
                        before.name
                    ),
                );
            }
        } else if is_ours && let Some(known) = same_address(&outsiders, before, after) {
            let whose = organisation(old, known.organisation.as_ref());
            add(
                id.as_str(),
                format!(
                    "{} would count as ours, and has an address of {}, who belongs to {whose}.",
                    after.name, known.name
                ),
            );
        }
        let lost = before.map(|before| lost_channels(before, after));
        if let Some(lost) = lost.filter(|lost| !lost.is_empty()) {
            let left = if after.addresses.is_empty() {
                ", and have none left"
            } else {
                ""
            };
            let lost: Vec<&str> = lost.iter().map(|channel| channel.as_str()).collect();
            add(
                id.as_str(),
                format!(
                    "{} would lose their address on {}{left}.",
                    after.name,
                    lost.join(" and on ")
                ),
            );
        }
    }
    found
}

fn organisation<'d>(directory: &'d Directory, id: Option<&'d OrganisationId>) -> &'d str {
    let Some(id) = id else {
        return "another organisation";
    };
    let known = directory.organisations.get(id);
    known.map_or(id.as_str(), |known| &known.name)
}

type Mailbox<'d> = (&'d ChannelName, String);

fn mailboxes(person: &Person) -> impl Iterator<Item = Mailbox<'_>> {
    let addresses = person.addresses.iter();
    addresses.map(|it| (&it.channel, it.address.as_str().to_lowercase()))
}

fn addresses_of_outsiders(directory: &Directory) -> BTreeMap<Mailbox<'_>, &Person> {
    let people = directory.people.values();
    people
        .filter(|person| directory.is_outsider(person))
        .flat_map(|person| mailboxes(person).map(move |mailbox| (mailbox, person)))
        .collect()
}

/// The outsider whose address somebody else would have from now on.
fn same_address<'d>(
    outsiders: &BTreeMap<Mailbox<'_>, &'d Person>,
    before: Option<&Person>,
    after: &Person,
) -> Option<&'d Person> {
    let had: BTreeSet<Mailbox<'_>> = before.into_iter().flat_map(mailboxes).collect();
    let is_other = |id: &PersonId| *id != after.id;
    mailboxes(after)
        .filter(|mailbox| !had.contains(mailbox))
        .filter_map(|mailbox| outsiders.get(&mailbox).copied())
        .find(|known| is_other(&known.id))
}

/// Channels on which a person had an address and would have none.
fn lost_channels<'p>(before: &'p Person, after: &Person) -> BTreeSet<&'p ChannelName> {
    let have = |channel: &ChannelName| after.addresses.iter().any(|it| it.channel == *channel);
    let had = before.addresses.iter().map(|it| &it.channel);
    had.filter(|channel| !have(channel)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Address, directory::Organisation, fixture};

    /// The fixture with one outsider.
    fn with_outsider() -> Directory {
        let mut directory = fixture::directory();
        let organisation = Organisation {
            id: "ashmere".parse().unwrap(),
            name: "Ashmere College".to_owned(),
            external: true,
            contacts: BTreeSet::new(),
        };
        let mut sian = directory.people.values().next().unwrap().clone();
        sian.id = "sian".parse().unwrap();
        sian.name = "Sian Pritchard".to_owned();
        sian.organisation = Some(organisation.id.clone());
        for it in &mut sian.addresses {
            it.address = Address::new("sian@ashmere.example");
        }
        directory
            .organisations
            .insert(organisation.id.clone(), organisation);
        directory.people.insert(sian.id.clone(), sian);
        directory
    }

    #[test]
    fn what_stays_as_it_is_and_what_is_removed_needs_no_confirmation() {
        let old = with_outsider();
        assert_eq!(to_confirm(&old, &old), []);
        assert_eq!(to_confirm(&Directory::default(), &old), []);
        assert_eq!(to_confirm(&old, &Directory::default()), []);
    }

    #[test]
    fn an_organisation_that_counts_as_ours_is_confirmed_once_and_not_for_each_of_its_people() {
        let old = with_outsider();
        let mut new = old.clone();
        for organisation in new.organisations.values_mut() {
            organisation.external = false;
        }
        let found = to_confirm(&old, &new);
        let ids: Vec<&str> = found.iter().map(|it| it.id.as_str()).collect();
        assert!(ids.contains(&"ashmere"), "{ids:?}");
        assert!(!ids.contains(&"sian"), "{ids:?}");
    }

    #[test]
    fn no_sentence_holds_an_address() {
        let old = with_outsider();
        let mut new = old.clone();
        let sian = new.people.get_mut(&"sian".parse().unwrap()).unwrap();
        sian.organisation = None;
        sian.addresses.clear();
        let found = to_confirm(&old, &new);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found.iter().all(|it| !it.sentence.contains('@')),
            "{found:?}"
        );
    }
}

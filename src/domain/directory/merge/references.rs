//! Which entries a mention relies on, and whether they will be there.

use std::collections::{BTreeSet, HashSet};

use super::{Mention, Mentioned};
use crate::domain::{
    directory::{Directory, Kind, Member},
    nearest::fix_for,
};

/// An entry that something names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// In which list it should be.
    pub(super) kind: Kind,
    /// Its id.
    pub(super) id: String,
}

/// The list and id of the entry that a mention is about; members, contacts and roles have none.
pub(super) fn entry(mention: &Mention) -> Option<(Kind, &str)> {
    let id = match mention {
        Mention::Organisation(patch) => patch.id.as_str(),
        Mention::Destination(patch) => patch.id.as_str(),
        Mention::Service(patch) => patch.id.as_str(),
        Mention::Person(patch) => patch.id.as_str(),
        Mention::Group(patch) => patch.id.as_str(),
        Mention::Member(..) | Mention::Contact(..) | Mention::Role(_) => return None,
    };
    Some((mention.kind(), id))
}

/// Whether a directory has the entry.
pub(super) fn exists(directory: &Directory, wanted: &Reference) -> bool {
    ids(directory, wanted.kind).any(|id| id == wanted.id)
}

fn ids(directory: &Directory, kind: Kind) -> Box<dyn Iterator<Item = &str> + '_> {
    match kind {
        Kind::Organisations => Box::new(directory.organisations.keys().map(|id| id.as_str())),
        Kind::Destinations => Box::new(directory.destinations.keys().map(|id| id.as_str())),
        Kind::Services => Box::new(directory.services.keys().map(|id| id.as_str())),
        Kind::People => Box::new(directory.people.keys().map(|id| id.as_str())),
        Kind::Groups => Box::new(directory.groups.keys().map(|id| id.as_str())),
        Kind::Contacts | Kind::Roles => Box::new(std::iter::empty()),
    }
}

/// Everything that will be there if all mentions still taken are.
pub(super) struct Known<'a> {
    sets: [HashSet<&'a str>; 5],
}

impl<'a> Known<'a> {
    pub(super) fn new(
        current: &'a Directory,
        taken: impl Iterator<Item = &'a Mentioned>,
        pruned: &BTreeSet<Kind>,
    ) -> Self {
        let mut sets: [HashSet<&'a str>; 5] = Default::default();
        for kind in Kind::ALL {
            // An organisation to which somebody still belongs outlives its removal (see `apply`),
            // but a file that no longer mentions it cannot rely on that.
            if let (Some(set), false) = (sets.get_mut(slot(kind)), pruned.contains(&kind)) {
                set.extend(ids(current, kind));
            }
        }
        for mentioned in taken {
            if let Some((kind, id)) = entry(&mentioned.what)
                && let Some(set) = sets.get_mut(slot(kind))
            {
                set.insert(id);
            }
        }
        Self { sets }
    }

    /// The first entry that a mention relies on and that will not be there.
    pub(super) fn missing(&self, mention: &Mention) -> Option<Reference> {
        use Kind::{Destinations, Groups, Organisations, People, Services};
        let mut missing = None;
        let mut needs = |kind: Kind, id: &str| {
            let there = self
                .sets
                .get(slot(kind))
                .is_some_and(|set| set.contains(id));
            if !there && missing.is_none() {
                missing = Some(Reference {
                    kind,
                    id: id.to_owned(),
                });
            }
        };
        match mention {
            Mention::Organisation(_) | Mention::Group(_) => {}
            Mention::Destination(patch) => {
                if let Some(Some(id)) = &patch.organisation {
                    needs(Organisations, id.as_str());
                }
            }
            Mention::Service(patch) => {
                if let Some(Some(id)) = &patch.organisation {
                    needs(Organisations, id.as_str());
                }
                for id in patch.depends_on.iter().flatten() {
                    needs(Services, id.as_str());
                }
                for id in patch.destinations.iter().flatten() {
                    needs(Destinations, id.as_str());
                }
            }
            Mention::Person(patch) => {
                if let Some(Some(id)) = &patch.organisation {
                    needs(Organisations, id.as_str());
                }
            }
            Mention::Member(group, member) => {
                needs(Groups, group.as_str());
                match member {
                    Member::Person(id) => needs(People, id.as_str()),
                    Member::Group(id) => needs(Groups, id.as_str()),
                }
            }
            Mention::Contact(organisation, contact) => {
                needs(Organisations, organisation.as_str());
                needs(Services, contact.service.as_str());
                needs(People, contact.person.as_str());
            }
            Mention::Role(held) => {
                needs(Services, held.service.as_str());
                needs(People, held.person.as_str());
            }
        }
        missing
    }

    /// Takes a mention back that is left out. Says whether an entry is gone by that: one that the
    /// current directory has stays as it was.
    pub(super) fn forget(&mut self, current: &Directory, mention: &Mention) -> bool {
        let Some((kind, id)) = entry(mention) else {
            return false;
        };
        let reference = Reference {
            kind,
            id: id.to_owned(),
        };
        !exists(current, &reference)
            && self
                .sets
                .get_mut(slot(kind))
                .is_some_and(|set| set.remove(id))
    }

    /// The fix that names what may have been meant, or `otherwise`.
    pub(super) fn suggest(&self, missing: &Reference, otherwise: &str) -> String {
        let names = self
            .sets
            .get(slot(missing.kind))
            .into_iter()
            .flatten()
            .copied();
        fix_for(&missing.id, names, otherwise)
    }
}

/// Position of a list among the five that can be referred to; beyond the end for the others.
fn slot(kind: Kind) -> usize {
    match kind {
        Kind::Organisations => 0,
        Kind::Destinations => 1,
        Kind::Services => 2,
        Kind::People => 3,
        Kind::Groups => 4,
        Kind::Contacts | Kind::Roles => usize::MAX,
    }
}

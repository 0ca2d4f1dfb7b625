//! Groups that contain groups.

use std::collections::{BTreeMap, BTreeSet};

use super::{Directory, Member};
use crate::domain::{GroupId, PersonId};

/// Which groups each group contains directly.
pub type Edges = BTreeMap<GroupId, BTreeSet<GroupId>>;

/// The containment of groups in a directory; groups without groups in them are left out.
pub fn edges(directory: &Directory) -> Edges {
    let mut edges = Edges::new();
    for group in directory.groups.values() {
        for member in &group.members {
            if let Member::Group(inner) = member {
                edges
                    .entry(group.id.clone())
                    .or_default()
                    .insert(inner.clone());
            }
        }
    }
    edges
}

/// Whether `to` is `from`, or in it at any depth.
pub fn reaches(edges: &Edges, from: &GroupId, to: &GroupId) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(group) = open.pop() {
        if group == to {
            return true;
        }
        if seen.insert(group) {
            open.extend(edges.get(group).into_iter().flatten());
        }
    }
    false
}

/// Everyone in a group and in the groups in it; a circle ends where it began.
pub fn people_in<'a>(directory: &'a Directory, group: &GroupId) -> BTreeSet<&'a PersonId> {
    let mut people = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<&'a GroupId> = directory
        .groups
        .get_key_value(group)
        .map(|(id, _)| id)
        .into_iter()
        .collect();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        for member in directory
            .groups
            .get(id)
            .into_iter()
            .flat_map(|g| &g.members)
        {
            match member {
                Member::Person(person) => {
                    people.insert(person);
                }
                Member::Group(inner) => open.push(inner),
            }
        }
    }
    people
}

/// One cycle per set of groups that contain each other, in order, starting at its first id.
pub fn cycles(directory: &Directory) -> Vec<Vec<GroupId>> {
    let edges = edges(directory);
    let mut explained: BTreeSet<&GroupId> = BTreeSet::new();
    let mut cycles = Vec::new();
    for start in edges.keys() {
        if explained.contains(start) {
            continue;
        }
        if let Some(path) = way_back(&edges, start) {
            explained.extend(
                edges
                    .keys()
                    .filter(|group| reaches(&edges, start, group) && reaches(&edges, group, start)),
            );
            cycles.push(path);
        }
    }
    cycles
}

/// The shortest way from a group back to itself.
fn way_back(edges: &Edges, start: &GroupId) -> Option<Vec<GroupId>> {
    let mut came_from: BTreeMap<&GroupId, &GroupId> = BTreeMap::new();
    let mut open = std::collections::VecDeque::from([start]);
    while let Some(group) = open.pop_front() {
        for inner in edges.get(group).into_iter().flatten() {
            if inner == start {
                let mut path = vec![group.clone()];
                let mut at = group;
                while let Some(before) = came_from.get(at) {
                    path.push((*before).clone());
                    at = before;
                }
                path.reverse();
                return Some(path);
            }
            if !came_from.contains_key(inner) {
                came_from.insert(inner, group);
                open.push_back(inner);
            }
        }
    }
    None
}

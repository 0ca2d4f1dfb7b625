//! Groups of people and groups: who is in them, and which contain themselves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::{
    GroupId, PersonId,
    directory::{Directory, Member},
};

/// Everyone in a group and in the groups in it; a circle ends where it began.
pub(in crate::domain) fn people_in<'a>(
    directory: &'a Directory,
    group: &GroupId,
) -> BTreeSet<&'a PersonId> {
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

/// The shortest way from a group back to itself, both ends named.
pub(super) fn circle_from<'a>(
    directory: &'a Directory,
    start: &'a GroupId,
) -> Option<Vec<&'a GroupId>> {
    let mut came_from: BTreeMap<&GroupId, &GroupId> = BTreeMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(id) = open.pop_front() {
        for member in directory
            .groups
            .get(id)
            .into_iter()
            .flat_map(|g| &g.members)
        {
            let Member::Group(inner) = member else {
                continue;
            };
            if inner == start {
                let mut circle = vec![start, id];
                let mut at = id;
                while let Some(before) = came_from.get(at) {
                    circle.push(before);
                    at = before;
                }
                // A group in itself is its own predecessor.
                circle.dedup();
                if circle.len() == 1 {
                    circle.push(start);
                }
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(inner) {
                came_from.insert(inner, id);
                open.push_back(inner);
            }
        }
    }
    None
}

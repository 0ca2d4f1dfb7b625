//! Whether one rule makes another superfluous.

use crate::domain::{
    directory::{Directory, groups::people_in},
    policy::{By, Rule, Target, Test, When},
    situation::Relation,
};

/// Whether `wide` tells everyone whom `narrow` tells, in the same way, whenever it does. A no may
/// be wrong where only the directory knows; a yes never is.
pub(super) fn covers(wide: &Rule, narrow: &Rule, directory: &Directory) -> bool {
    wide.audience == narrow.audience
        && (wide.overrides_mute || !narrow.overrides_mute)
        && (wide.acknowledge || !narrow.acknowledge)
        && channels(&wide.by, &narrow.by)
        && when(&wide.when, &narrow.when)
        && narrow.tell.iter().all(|target| {
            wide.tell
                .iter()
                .any(|other| tells(other, target, directory))
        })
}

fn channels(wide: &By, narrow: &By) -> bool {
    match (wide, narrow) {
        (By::All(wide), By::All(narrow)) => narrow.iter().all(|channel| wide.contains(channel)),
        (By::FirstOf(_), By::FirstOf(_)) => wide == narrow,
        _ => false,
    }
}

fn when(wide: &When, narrow: &When) -> bool {
    // Where a restricted incident is concerned, naming a kind tells more than admitting it.
    let kinds = narrow.kind.any.is_empty()
        || narrow
            .kind
            .any
            .iter()
            .all(|kind| wide.kind.any.contains(kind));
    test(&wide.priority, &narrow.priority)
        && test(&wide.service, &narrow.service)
        && test(&wide.tag, &narrow.tag)
        && test(&wide.programme, &narrow.programme)
        && test(&wide.tier, &narrow.tier)
        && relation(wide, narrow)
        && test(&wide.stage, &narrow.stage)
        && test(&wide.moment, &narrow.moment)
        && kinds
        && test(&wide.kind, &narrow.kind)
        && (wide.hours.is_none() || wide.hours == narrow.hours)
        && wide.services_affected_at_least <= narrow.services_affected_at_least
}

/// Whether what passes the narrow test passes the wide one. A thing may have several values (tags),
/// so that forbidding one is implied only by forbidding it too.
fn test<T: PartialEq>(wide: &Test<T>, narrow: &Test<T>) -> bool {
    let any = wide.any.is_empty()
        || (!narrow.any.is_empty() && narrow.any.iter().all(|value| wide.any.contains(value)));
    let none = wide.none.iter().all(|value| narrow.none.contains(value));
    any && none
}

fn relation(wide: &When, narrow: &When) -> bool {
    let walks = [Relation::Upstream, Relation::Downstream]
        .iter()
        .any(|relation| narrow.relation.admits(relation));
    // A deeper walk finds more, and may also find what is forbidden.
    let deep_enough = if wide.relation.none.is_empty() {
        wide.depth >= narrow.depth
    } else {
        wide.depth == narrow.depth
    };
    test(&wide.relation, &narrow.relation) && (deep_enough || !walks)
}

fn tells(wide: &Target, narrow: &Target, directory: &Directory) -> bool {
    match (wide, narrow) {
        (Target::Contacts(None), Target::Contacts(_)) => true,
        (Target::Group(group), Target::Person(person)) => {
            people_in(directory, group).contains(person)
        }
        (Target::Group(wide), Target::Group(narrow)) if wide != narrow => {
            let (wide, narrow) = (people_in(directory, wide), people_in(directory, narrow));
            !narrow.is_empty() && narrow.is_subset(&wide)
        }
        _ => wide == narrow,
    }
}

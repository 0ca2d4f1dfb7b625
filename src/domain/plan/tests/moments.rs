//! Which moment each recipient gets.

use super::*;

#[test]
fn an_update_catches_up_those_who_are_new_and_stands_down_those_whom_a_change_dropped() {
    let mut case = Case::new(
        update(),
        &[("priya-shah", Responders), ("tom-okafor", Owners)],
    );
    case.told = vec![
        told("priya-shah", Responders, Moment::Declared, 1),
        told("mei-lin", Owners, Moment::Declared, 1),
        told("olu-ade", Owners, Moment::Declared, 1),
    ];
    case.unchanged = Some(resolution(&[
        ("priya-shah", Responders),
        ("mei-lin", Owners),
    ]));
    // Olu matches neither way: the hour or the policy dropped him, and nothing is said.
    case.check(&[
        ("mei-lin", Moment::StandDown),
        ("priya-shah", Moment::Update),
        ("tom-okafor", Moment::CatchUp),
    ]);
}

#[test]
fn nobody_is_stood_down_twice_and_who_comes_back_is_caught_up() {
    let mut case = Case::new(update(), &[("tom-okafor", Owners)]);
    case.told = vec![
        told("tom-okafor", Owners, Moment::Declared, 1),
        told("tom-okafor", Owners, Moment::StandDown, 2),
        told("mei-lin", Owners, Moment::Declared, 1),
        told("mei-lin", Owners, Moment::StandDown, 2),
    ];
    case.unchanged = Some(resolution(&[("mei-lin", Owners)]));
    case.check(&[("tom-okafor", Moment::CatchUp)]);
}

#[test]
fn a_message_that_still_waits_is_not_told_again_as_a_catch_up() {
    let mut case = Case::new(update(), &[("priya-shah", Responders)]);
    let mut waiting = told("priya-shah", Responders, Moment::Declared, 1);
    waiting.waiting = true;
    case.told = vec![waiting];
    case.check(&[("priya-shah", Moment::Update)]);
}

#[test]
fn a_prompt_does_not_make_a_lead_a_follower() {
    let mut case = Case::new(update(), &[("priya-shah", Responders)]);
    case.told = vec![told("priya-shah", Responders, Moment::Prompt, 2)];
    case.check(&[("priya-shah", Moment::CatchUp)]);
}

#[test]
fn no_change_reaches_outsiders_only_when_they_are_named() {
    let people = [("priya-shah", Responders), ("amara-nwosu", External)];
    let mut case = Case::new(no_change(&[Responders, Owners]), &people);
    case.told = vec![
        told("priya-shah", Responders, Moment::Declared, 1),
        told("amara-nwosu", External, Moment::Declared, 1),
    ];
    case.check(&[("priya-shah", Moment::NoChange)]);
    case.event = no_change(&[Responders, Owners, External]);
    case.check(&[
        ("amara-nwosu", Moment::NoChange),
        ("priya-shah", Moment::NoChange),
    ]);
}

#[test]
fn a_pure_change_of_priority_is_kept_from_outsiders_who_know_of_the_incident() {
    let people = [
        ("priya-shah", Responders),
        ("amara-nwosu", External),
        ("dana-whitlock", Owners),
    ];
    let mut case = Case::new(priority_changed(), &people);
    case.told = vec![
        told("priya-shah", Responders, Moment::Declared, 1),
        told("amara-nwosu", External, Moment::Declared, 1),
    ];
    case.check(&[
        ("dana-whitlock", Moment::CatchUp),
        ("priya-shah", Moment::PriorityChange),
    ]);
}

#[test]
fn users_hear_the_declaration_or_the_story_once_somebody_decides_so() {
    let decided = Event::UsersContactDecided {
        contact: true,
        reason: "It will take long.".to_owned(),
        promised: BTreeMap::new(),
    };
    let mut case = Case::new(
        decided,
        &[("amara-nwosu", Users), ("priya-shah", Responders)],
    );
    case.check(&[("amara-nwosu", Moment::Declared)]);
    case.log.write(now(), update());
    case.check(&[("amara-nwosu", Moment::CatchUp)]);
}

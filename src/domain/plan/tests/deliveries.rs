//! Addresses, holds, deadlines, and what becomes of promises.

use super::*;

#[test]
fn a_hand_over_tells_the_new_lead_alone_on_the_way_they_prefer() {
    let appointed = Event::LeadAppointed {
        role: LeadRole::Comms,
        person: id("dana-whitlock"),
        from: Some(id("priya-shah")),
        note: None,
    };
    let case = Case::new(appointed, &[("priya-shah", Responders)]);
    let plan = case.plan();
    assert_eq!(moments(&plan), [("dana-whitlock", Moment::RoleAssigned)]);
    assert_eq!(
        plan.deliveries[0].reason,
        "You get this because you are now the comms lead and this is a P1."
    );
    assert!(plan.deliveries[0].first);
}

#[test]
fn a_prompt_is_worth_nothing_once_it_cannot_be_answered() {
    let prompted = Event::Prompted {
        due: at(DUE),
        to: [id("priya-shah")].into(),
        frozen: Default::default(),
        rung: Default::default(),
        round: 0,
    };
    let plan = Case::new(prompted, &[]).plan();
    assert_eq!(
        plan.deliveries[0].deliver_by,
        at(DUE) + Duration::minutes(10)
    );
}

#[test]
fn a_shared_address_gets_one_message_that_names_both() {
    let mut case = Case::new(
        update(),
        &[("priya-shah", Responders), ("tom-okafor", Owners)],
    );
    case.resolution.recipients[1].choices[0].address =
        Address::new("PRIYA-SHAH@northshire.example");
    case.told = vec![told("priya-shah", Responders, Moment::Declared, 1)];
    let plan = case.plan();
    assert_eq!(plan.deliveries.len(), 1);
    let one = &plan.deliveries[0];
    assert_eq!(
        (one.moment, one.audience, one.first),
        (Moment::Update, Responders, false)
    );
    assert_eq!(one.recipients.len(), 2);
    assert_eq!(plan.totals().people, 2);
    assert_eq!(plan.totals().messages, 1);
    // An outsider who reads the same mailbox must not see what insiders may.
    case.resolution.recipients[1].audience = External;
    assert_eq!(case.plan().deliveries[0].audience, External);
}

#[test]
fn outsiders_are_held_for_a_moment_and_chat_is_tried_for_a_quarter_of_the_time() {
    let people = [("priya-shah", Responders), ("amara-nwosu", External)];
    let mut case = Case::new(declared(at(DUE)), &people);
    case.policy.second_person = [External].into();
    let plan = case.plan();
    let [inside, outside] = plan.deliveries.as_slice() else {
        panic!("{plan:?}");
    };
    assert_eq!(inside.not_before, None);
    assert_eq!(outside.not_before, Some(now() + Duration::seconds(10)));
    assert!(!inside.needs_second_person && outside.needs_second_person);
    assert_eq!(inside.deliver_by, now() + Duration::hours(4));
    assert_eq!(inside.fallbacks[0].deliver_by, now() + Duration::hours(1));
    assert!(
        plan.messages()
            .contains(&(Moment::Declared, Responders, id("teams")))
    );
    case.policy.outside_hold = Duration::zero();
    assert!(
        case.plan()
            .deliveries
            .iter()
            .all(|it| it.not_before.is_none())
    );
}

#[test]
fn what_was_promised_to_an_audience_without_listeners_is_released() {
    let mut case = Case::new(update(), &[("priya-shah", Responders)]);
    case.told = vec![
        told("priya-shah", Responders, Moment::Declared, 1),
        told("amara-nwosu", External, Moment::Declared, 1),
    ];
    case.unchanged = Some(resolution(&[("amara-nwosu", External)]));
    let plan = case.plan();
    let mut event = case.event.clone();
    let released = plan.settle(&mut event, &case.log.incident());
    assert_eq!(released, BTreeSet::from([Owners, External]));
    assert_eq!(
        event.promised().unwrap().keys().collect::<Vec<_>>(),
        [&Responders]
    );
    // Somebody who follows is owed what was promised, even if no rule names them at this hour.
    case.unchanged = None;
    assert!(case.plan().audiences.contains(&External));
}

#[test]
fn what_tells_nobody_has_an_empty_plan() {
    let noted = Event::Noted {
        text: "x".to_owned(),
    };
    let plan = Case::new(noted, &[("priya-shah", Responders)]).plan();
    assert!(plan.is_empty() && plan.withheld.is_empty());
}

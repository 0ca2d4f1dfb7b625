//! Declaring, and names that do not exist.

use super::*;

#[test]
fn a_title_is_enough_to_declare() {
    let event = Desk::new()
        .declare(&titled("Providers cannot sign in"))
        .unwrap();
    let Event::Declared {
        priority,
        promised,
        restricted,
        ..
    } = event
    else {
        panic!("{event:?}");
    };
    assert_eq!(priority, id("P3"), "the lowest, as nothing was ticked");
    assert!(!restricted);
    let audiences: Vec<Audience> = promised.keys().copied().collect();
    assert_eq!(
        audiences,
        [Audience::Responders, Audience::Owners, Audience::External]
    );
}

#[test]
fn factors_make_the_priority_and_a_ceiling_keeps_it_down() {
    let desk = Desk::new();
    let ticked = Declare {
        factors: [id("most-users")].into(),
        ..titled("x")
    };
    let Event::Declared {
        priority, triage, ..
    } = desk.declare(&ticked).unwrap()
    else {
        panic!("not declared");
    };
    assert_eq!(priority, id("P1"));
    assert!(!triage.is_empty());
    let above = Declare {
        priority: Some(id("P1")),
        services: [(id("sign-in"), Relation::Affected)].into(),
        ..titled("x")
    };
    assert_eq!(desk.declare(&above).unwrap_err().code, "above-ceiling");
    let overridden = Declare {
        override_ceiling: Some("Everything depends on it".to_owned()),
        ..above
    };
    let Event::Declared { triage, .. } = desk.declare(&overridden).unwrap() else {
        panic!("not declared");
    };
    assert!(
        triage
            .iter()
            .any(|sentence| sentence.contains("Everything depends on it"))
    );
}

#[test]
fn names_that_do_not_exist_come_back_with_the_nearest() {
    let desk = Desk::new();
    let refusal = desk.refuses(&services(&["regster-trainees"], &[]), "unknown-service");
    assert_eq!(refusal.fix, "Did you mean register-trainees?");
    let lead = Command::Lead {
        role: LeadRole::Comms,
        person: id("priya-sha"),
        note: None,
    };
    assert!(
        desk.refuses(&lead, "unknown-person")
            .fix
            .contains("priya-shah")
    );
    desk.refuses(&priority(Some("P9")), "unknown-priority");
    let factors = Declare {
        factors: [id("most-user")].into(),
        ..titled("x")
    };
    assert_eq!(desk.declare(&factors).unwrap_err().code, "unknown-factor");
    let step = Command::Step {
        step: id("start-reprt"),
        state: StepState::Done,
        note: None,
    };
    assert!(
        desk.refuses(&step, "unknown-step")
            .fix
            .contains("start-report")
    );
    let add = Command::Add {
        by_hand: by_hand("dana-whitlok", Audience::Owners),
    };
    desk.refuses(&add, "unknown-person");
    desk.refuses(&close(Some("INC-0099")), "unknown-incident");
    desk.refuses(&close(Some("INC-0042")), "unknown-incident");
}

#[test]
fn incidents_of_a_restricted_kind_are_restricted_unless_somebody_says_why_not() {
    let desk = Desk::new();
    let security = Declare {
        kind: Kind::Security,
        ..titled("x")
    };
    let Event::Declared {
        restricted: true,
        promised,
        ..
    } = desk.declare(&security).unwrap()
    else {
        panic!("not restricted");
    };
    assert!(promised.keys().all(|audience| !audience.is_outside()));
    let open = Declare {
        unrestricted_because: Some("It is public already".to_owned()),
        ..security
    };
    let Event::Declared {
        restricted: false,
        unrestricted_because: Some(_),
        ..
    } = desk.declare(&open).unwrap()
    else {
        panic!("restricted");
    };
    let both = Declare {
        restricted: true,
        ..open
    };
    assert_eq!(desk.declare(&both).unwrap_err().code, "contradiction");
}

//! An incident that this version cannot read is said to be one, and stops nothing else.

use std::sync::Arc;

use chrono::TimeDelta;
use oyez::{
    app::{App, Mode, Viewer},
    domain::{IncidentId, command::Command, event::Event},
    store::Connection,
};

use super::{Agency, asked};
use crate::support::program::POLICY;

/// The same database as a program sees it that starts now.
fn started_again(agency: &Agency) -> App {
    agency.app.at(Arc::clone(&agency.app.clock))
}

async fn sql(agency: &Agency, sql: &str) {
    let store = &agency.app.store;
    let done = store.write().execute_unprepared(sql).await.unwrap();
    assert_ne!(done.rows_affected(), 0, "{sql}");
}

/// Two incidents; to the first a newer version has written an event.
async fn one_of_a_newer_version(agency: &Agency) -> (IncidentId, IncidentId) {
    let (newer, other) = (agency.declared().await, agency.declared().await);
    let text = "Looked again".to_owned();
    let note = asked(Command::Note { text }, "priya-shah");
    agency.app.change(newer, note, Mode::Commit).await.unwrap();
    let number = newer.0;
    sql(
        agency,
        &format!(
            "UPDATE event SET text = replace(text, '\"noted\"', '\"foreseen\"') \
             WHERE incident_id = {number} AND seq = 2"
        ),
    )
    .await;
    (newer, other)
}

#[tokio::test]
async fn an_event_of_a_newer_version_stops_neither_the_start_nor_anybody_else() {
    for agency in Agency::all(str::to_owned).await {
        let (newer, other) = one_of_a_newer_version(&agency).await;
        let app = started_again(&agency);
        app.refresh_timers().await.unwrap();

        // The reminders of the other one go off, and the clock does not run hot over the first.
        agency.pass(3 * 3600);
        let now = app.clock.now();
        let next = app.tick().await.unwrap();
        assert!(next.is_none_or(|next| next > now), "{next:?}");
        let log = &app.story(&Viewer::Operator, other).await.unwrap().log;
        let last = &log.last().unwrap().event;
        assert!(!matches!(last, Event::Declared { .. }), "{last:?}");

        // It is shown as what it is.
        let error = app.status(newer).await.unwrap_err();
        assert_eq!(error.code, "unreadable-record");
        let sentence = format!("Record 2 of {newer} cannot be read by this version of Oyez.");
        assert_eq!(error.sentence, sentence);
        let notices = app.readiness().await.unwrap();
        assert!(
            notices.iter().any(|notice| notice.starts_with(&sentence)),
            "{notices:?}"
        );
        let (events, _) = app.events_after(&Viewer::Operator, 0, 100).await.unwrap();
        let shown = events.iter().find(|event| event.event == 2).unwrap();
        assert_eq!((shown.incident, shown.kind.as_str()), (newer, "foreseen"));

        // Everything else goes on.
        app.status(other).await.unwrap();
        app.metrics().await.unwrap();
        let listed = app.list(true, None, None, 10).await.unwrap();
        let ids: Vec<IncidentId> = listed.iter().map(|it| it.incident).collect();
        assert_eq!(ids, [other, newer]);
        assert_eq!(app.verify(None, None).await.unwrap().len(), 2);

        // Once it can be read again, nothing is left of it.
        sql(
            &agency,
            "UPDATE event SET text = replace(text, '\"foreseen\"', '\"noted\"') WHERE seq = 2",
        )
        .await;
        app.refresh_timers().await.unwrap();
        let notices = app.readiness().await.unwrap();
        assert!(!notices.contains(&sentence), "{notices:?}");
        assert!(notices.iter().all(|it| !it.contains("cannot be read")));
        agency.pass(60);
        app.tick().await.unwrap();
        let log = &app.story(&Viewer::Operator, newer).await.unwrap().log;
        assert!(log.len() > 2, "its own reminders go off again");
    }
}

#[tokio::test]
async fn a_restricted_incident_that_cannot_be_read_is_not_named_in_what_everybody_reads() {
    for agency in Agency::all(str::to_owned).await {
        let (newer, _) = one_of_a_newer_version(&agency).await;
        let restrict = format!(
            "UPDATE incident SET restricted = TRUE WHERE id = {}",
            newer.0
        );
        sql(&agency, &restrict).await;
        let app = started_again(&agency);
        app.refresh_timers().await.unwrap();
        let notices = app.readiness().await.unwrap().join(" ");
        assert!(notices.contains("A record of an incident cannot be read"));
        assert!(!notices.contains(&newer.to_string()), "{notices}");
    }
}

#[tokio::test]
async fn a_time_at_the_end_of_all_time_is_unreadable_and_no_panic() {
    for agency in Agency::all(str::to_owned).await {
        let (far, other) = (agency.declared().await, agency.declared().await);
        let number = far.0;
        for change in [
            format!(
                "UPDATE event SET text = replace(text, '\"at\":\"2026-', '\"at\":\"+262142-') \
                 WHERE incident_id = {number}"
            ),
            format!(
                "UPDATE incident SET next_due = 8210266876799999999, \
                 started_at = -8334601228800000000 WHERE id = {number}"
            ),
            format!("UPDATE timer SET due = 8210266876799999999 WHERE incident_id = {number}"),
        ] {
            sql(&agency, &change).await;
        }
        let app = started_again(&agency);
        app.refresh_timers().await.unwrap();
        agency.pass(3 * 3600);
        app.tick().await.unwrap();
        assert_eq!(app.status(far).await.unwrap_err().code, "unreadable-record");
        let listed = app.list(false, None, None, 10).await.unwrap();
        let words: Vec<&str> = listed.iter().map(|it| it.stage_words.as_str()).collect();
        assert_eq!(words, ["Looking into it", "Cannot be read by this version"]);
        app.status(other).await.unwrap();
        app.send_log(far).await.unwrap();
        app.metrics().await.unwrap();
        app.readiness().await.unwrap();
    }
}

#[tokio::test]
async fn a_policy_of_a_newer_version_leaves_the_last_one_that_can_be_read_to_decide() {
    for agency in Agency::all(str::to_owned).await {
        let changed = POLICY.replacen("outside_hold = \"10s\"", "outside_hold = \"20s\"", 1);
        agency.put_in_force(&changed).await;
        sql(
            &agency,
            "UPDATE policy_version SET text = 'foreseen = true' || text WHERE number = 2",
        )
        .await;
        let app = started_again(&agency);
        let hold = app.rulebook().await.unwrap().policy.outside_hold;
        assert_eq!(hold, TimeDelta::seconds(10));
        let notices = app.readiness().await.unwrap().join(" ");
        assert!(
            notices.contains("Version 2 of the policy cannot be read"),
            "{notices}"
        );
        app.refresh_timers().await.unwrap();
        agency.declared().await;
    }
}

//! A process that is stopped while it holds locks.

use std::time::Duration;

use oyez::store::Store;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{Serving, assert_nobody_twice, key, mails_with, timed, until};
use crate::support::{
    agency::{Agency, Plan},
    database::new_postgres,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_process_that_holds_locks_harms_no_other_incident() {
    let Some(url) = new_postgres().await else {
        return;
    };
    let agency = Agency::with(Plan {
        database: Some(url.clone()),
        ..Plan::default()
    })
    .await;
    let key = key(&agency).await;
    let one = Serving::start(agency.command("serve"), &key).await;
    let other = Serving::start(agency.command("serve"), &key).await;
    for (server, request, incident) in [(&one, "a", "INC-0001"), (&other, "b", "INC-0002")] {
        server.declare(request).await.is(201);
        until("it is out", async || mails_with(&agency, incident) > 0).await;
    }

    // Its update gets as far as the timers, with its incident and all that it says locked.
    let store = Store::open(&url).await.unwrap();
    let blocker = store.begin().await.unwrap();
    blocker
        .execute_unprepared("LOCK TABLE timer IN SHARE MODE")
        .await
        .unwrap();
    let asked = tokio::spawn({
        let (base, key) = (one.base.clone(), one.key.clone());
        async move {
            let update = serde_json::json!({"command": "update", "text": "never said"});
            crate::support::api::client()
                .post(format!("{base}/api/v1/incidents/INC-0001/commands"))
                .bearer_auth(key)
                .json(&update)
                .send()
                .await
        }
    });
    let waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'timer'::regclass";
    let waits = || Statement::from_string(DbBackend::Postgres, waits);
    until("it waits for the timers", async || {
        assert!(!asked.is_finished(), "it has an answer");
        store.read().query_one_raw(waits()).await.unwrap().is_some()
    })
    .await;
    one.signal("STOP");
    blocker.rollback().await.unwrap();

    let (took, said) = timed(other.update("INC-0002", "Some can sign in.")).await;
    said.is(200);
    assert!(
        took < Duration::from_secs(5),
        "another incident took {took:?}"
    );
    println!("another incident was changed after {took:?}");
    let out = until("that is out", async || {
        mails_with(&agency, "Some can sign in.") > 0
    })
    .await;
    assert!(out < Duration::from_secs(10), "and was said after {out:?}");

    // The server ends the session that does nothing in its transaction; until then the incident is busy.
    let (took, refused) = timed(other.update("INC-0001", "Now fixed for some.")).await;
    assert_eq!(refused.status, 503, "{}", refused.text);
    assert!(took < Duration::from_secs(15), "the refusal took {took:?}");
    let freed = took
        + until("the locks are free", async || {
            let tried = other.update("INC-0001", "Now fixed for some.").await;
            tried.status == 200
        })
        .await;
    assert!(
        freed < Duration::from_secs(45),
        "the locks were held for {freed:?}"
    );
    println!("the stopped process held its incident for {freed:?}");
    until("that is out", async || {
        mails_with(&agency, "Now fixed for some.") > 0
    })
    .await;

    one.signal("CONT");
    let _ = asked.await.unwrap();
    until("it goes on", async || {
        one.update("INC-0002", "Everybody can sign in.")
            .await
            .status
            == 200
    })
    .await;
    until("that is out", async || {
        mails_with(&agency, "Everybody can sign in.") > 0
    })
    .await;
    assert_eq!(mails_with(&agency, "never said"), 0, "it was taken back");
    assert_nobody_twice(&agency);
    for server in [one, other] {
        assert_eq!(server.stop().await.1, Some(0));
    }
}

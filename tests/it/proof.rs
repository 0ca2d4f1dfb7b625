//! What the record proves of words and recipients, and the head by which records that were cut off
//! are noticed.

use std::{fs, path::Path};

use oyez::store::{Store, incidents};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::Value;

use crate::support::{
    agency::{Agency, Ran, program, run},
    at,
};

/// A P1 with an update, which is event 2.
async fn told() -> Vec<Agency> {
    let agencies = Agency::on_each_engine().await;
    for agency in &agencies {
        agency.declare("").await;
        agency
            .done("update INC-0001 'Some can sign in.' --yes")
            .await;
    }
    agencies
}

/// Changes the database behind the program's back.
async fn alter(agency: &Agency, sql: &str) {
    let store = Store::open(&agency.url).await.unwrap();
    let changed = store.write().execute_unprepared(sql).await.unwrap();
    store.close().await;
    assert!(changed.rows_affected() > 0, "{sql}");
}

/// The hashes of an incident's records, in order.
async fn hashes(agency: &Agency) -> Vec<String> {
    let store = Store::open(&agency.url).await.unwrap();
    let sql = "SELECT hash FROM event WHERE incident_id = 1 ORDER BY seq";
    let statement = Statement::from_string(store.backend(), sql);
    let rows = store.read().query_all_raw(statement).await.unwrap();
    store.close().await;
    let hash = |row: &sea_orm::QueryResult| row.try_get_by_index(0).unwrap();
    rows.iter().map(hash).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn altered_words_and_altered_recipients_are_found_out() {
    let alterations = [
        (
            "UPDATE message SET parts = replace(parts, 'Some can sign in', 'None can sign in')",
            "UPDATE message SET parts = replace(parts, 'None can sign in', 'Some can sign in')",
            "The words of event 2",
        ),
        (
            "UPDATE message SET audience = 'users' WHERE audience = 'owners'",
            "UPDATE message SET audience = 'owners' WHERE audience = 'users'",
            "The words of event 1",
        ),
        (
            "UPDATE message SET parts = 'x' || parts",
            "UPDATE message SET parts = substr(parts, 2)",
            "The words of event 2",
        ),
        (
            "UPDATE delivery SET recipients = replace(recipients, 'tom-okafor', 'somebody-else')",
            "UPDATE delivery SET recipients = replace(recipients, 'somebody-else', 'tom-okafor')",
            "The recipients of event 1",
        ),
        (
            "UPDATE delivery SET audience = 'users' WHERE audience = 'owners' AND event_seq = 2",
            "UPDATE delivery SET audience = 'owners' WHERE audience = 'users'",
            "The recipients of event 2",
        ),
        (
            "UPDATE delivery SET fell_from = id WHERE event_seq = 2",
            "UPDATE delivery SET fell_from = NULL WHERE fell_from = id",
            "The recipients of event 2",
        ),
        (
            "UPDATE delivery SET message_id = id || message_id WHERE message_id IS NOT NULL",
            "UPDATE delivery SET message_id = substr(message_id, 27) WHERE message_id IS NOT NULL",
            "The recipients of event 2",
        ),
        (
            "UPDATE delivery SET recipients = 'x' || recipients",
            "UPDATE delivery SET recipients = substr(recipients, 2)",
            "The words and recipients of event 2 cannot be read",
        ),
        (
            "UPDATE notification SET event_seq = 3 WHERE event_seq = 2",
            "UPDATE notification SET event_seq = 2 WHERE event_seq = 3",
            "The words of event 2",
        ),
    ];
    for agency in told().await {
        agency
            .done("verify")
            .await
            .says(&["all 2 records are as they were written, and so are words and recipients."]);
        for (alteration, back, fault) in alterations {
            alter(&agency, alteration).await;
            let ran = agency.oyez("verify INC-0001").await.exits(4);
            ran.says(&[fault, "Compare it with a backup."]);
            alter(&agency, back).await;
        }
        agency.done("verify INC-0001").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_record_that_was_cut_off_is_found_out_by_the_row_or_by_a_head_kept_elsewhere() {
    for agency in told().await {
        let hashes = hashes(&agency).await;
        let find = |hash: &str| format!("verify --head {}", &hash[..16]);
        agency
            .done(&find(&hashes[0]))
            .await
            .says(&["Record 1 has that head.", "Record 2: updated by "]);
        let last = format!("verify INC-0001 --head 'Record 2: {}'", &hashes[1][..16]);
        agency.done(&last).await.says(&["Nothing follows it."]);
        let nowhere = agency.oyez("verify --head 0000000000000000").await;
        nowhere.exits(4).says(&["No record has a hash that begins"]);
        agency.oyez("verify --head 000000000000000").await.exits(2);

        alter(&agency, "DELETE FROM event WHERE seq = 2").await;
        let ran = agency.oyez("verify").await.exits(4);
        ran.says(&["The incident has 2 records and the log ends with number 1"]);
        let forged = format!("UPDATE incident SET seq = 1, hash = '{}'", hashes[0]);
        alter(&agency, &forged).await;
        agency.done("verify").await;
        let ran = agency.oyez(&last).await.exits(4);
        ran.says(&["No record has a hash that begins with", "Compare it"]);
        agency.oyez(&find(&hashes[1])).await.exits(4);

        alter(&agency, "DELETE FROM event").await;
        let ran = agency.oyez("verify").await.exits(4);
        ran.says(&["The incident has 1 records and the log ends with number 0"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_is_listed_as_no_longer_proven() {
    for agency in told().await {
        let store = Store::open(&agency.url).await.unwrap();
        let tx = store.begin().await.unwrap();
        let id = "INC-0001".parse().unwrap();
        let when = at("2026-12-01T09:00:00Z");
        let erased = incidents::erase(&tx, id, 2, when, "It named a pupil.");
        assert!(erased.await.unwrap());
        tx.commit().await.unwrap();
        store.close().await;
        let verified = &agency.json("verify").await[0];
        assert_eq!(verified["intact"], true);
        assert_eq!(verified["erased"], serde_json::json!([2]));
        assert_eq!(
            verified["unproven"],
            serde_json::json!([
                "Record 2 was erased on 1 December 2026 (It named a pupil), so what it said and to \
                 whom cannot be proven any more."
            ])
        );
    }
}

/// Runs the program where there are no settings and no database.
async fn without_a_database(folder: &Path, line: &str) -> Ran {
    let mut command = program(&folder.join("no-settings.toml"), line);
    command.current_dir(folder);
    run(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_verified_without_the_database() {
    for agency in told().await {
        agency.done("export INC-0001 --to review").await;
        let file = agency.path("review").join("INC-0001.json");
        let export: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let head = export["record"].as_str().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let check = async |export: &Value| {
            let text = export.to_string();
            fs::write(elsewhere.path().join("INC-0001.json"), text).unwrap();
            let line = format!("verify --export INC-0001.json --head '{head}'");
            without_a_database(elsewhere.path(), &line).await
        };
        let ran = check(&export).await.exits(0);
        ran.says(&["all 2 records", "Record 2 has that head.", head]);

        let altered = |change: &dyn Fn(&mut Value)| {
            let mut export = export.clone();
            change(&mut export["proof"]);
            export
        };
        let parts = "/said/2/messages/0/parts";
        for (export, fault) in [
            (
                altered(&|proof| {
                    let parts = proof.pointer_mut(parts).unwrap();
                    *parts = parts.as_str().unwrap().replace("Some", "None").into();
                }),
                "The words of event 2",
            ),
            (
                altered(&|proof| {
                    let told = proof["said"]["1"]["told"].as_array_mut().unwrap();
                    told.pop().unwrap();
                }),
                "The recipients of event 1",
            ),
            (
                altered(&|proof| {
                    proof["records"].as_array_mut().unwrap().pop().unwrap();
                }),
                "the log ends with number 1",
            ),
        ] {
            check(&export).await.exits(4).says(&[fault]);
        }
        let ran = check(&serde_json::json!({ "incident": {} })).await;
        ran.exits(2).says(&["is not an export with its proof"]);
    }
}

/// The parts of a mail as they are read.
fn read(bytes: &[u8]) -> String {
    let mail = mailparse::parse_mail(bytes).unwrap();
    let part = |part: &mailparse::ParsedMail<'_>| part.get_body().unwrap();
    mail.subparts.iter().map(part).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_head_stands_in_the_closed_mail_to_our_people_in_the_report_and_in_the_export_alone() {
    let agency = Agency::open().await;
    agency.declare("").await;
    agency.done("resolve INC-0001 'It works.' --yes").await;
    let before = (agency.mail.taken().len(), agency.posts().await);
    agency
        .done("close INC-0001 --report https://northshire.example/report --yes")
        .await;
    let hashes = hashes(&agency).await;
    let head = |number: usize| format!("Record {number}: {}", &hashes[number - 1][..16]);
    let closed = hashes.len();

    let mails = agency.mail.taken().split_off(before.0);
    assert!(!mails.is_empty());
    for mail in &mails {
        // Nobody outside is told of the paperwork.
        assert!(mail.to[0].ends_with("@northshire.example"));
        let words = read(&mail.bytes);
        assert_eq!(words.matches(&head(closed - 1)).count(), 2, "{words}");
    }
    let posts = agency.hooks.received_requests().await.unwrap();
    assert!(posts.len() > before.1);
    for post in &posts {
        let body = String::from_utf8_lossy(&post.body);
        assert!(!hashes.iter().any(|hash| body.contains(&hash[..16])));
    }
    for mail in &agency.mail.taken()[..before.0] {
        assert!(!read(&mail.bytes).contains("Record "));
    }

    agency.done("report INC-0001").await.says(&[&head(closed)]);
    agency.done("export INC-0001 --to .").await;
    let export = fs::read_to_string(agency.path("INC-0001.json")).unwrap();
    assert!(export.contains(&format!("\"{}\"", head(closed))));
    // What a mail printed is found, and what was written since is said.
    let find = format!("verify --head '{}'", head(closed - 1));
    agency.done(&find).await.says(&["closed by "]);
}

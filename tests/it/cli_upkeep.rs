//! Looking after rules, words, keys, the directory and the record on the command line.

use std::fs;

use oyez::store::Store;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::agency::{Agency, Plan, policy};

fn texts(list: &Value) -> Vec<&str> {
    let list = list.as_array().expect("a list");
    list.iter()
        .map(|one| one.as_str().expect("a text"))
        .collect()
}

const ODD: &str = r#"
[[rules]]
id = "reaches-nobody"
says = "P1 tells a group without members"
when = { priority = "P1" }
tell = "group:nobody-yet"
audience = "owners"
by = { all = ["email"] }

[[rules]]
id = "never-matches"
says = "P1 on six services with a tag that none has"
when = { priority = "P1", tag = "no-such-tag" }
tell = "role:service-owner"
audience = "owners"
by = { all = ["email"] }

[[rules]]
id = "covered"
says = "P1 on Register trainees tells service owners once more"
when = { priority = "P1", service = "register-trainees" }
tell = "role:service-owner"
audience = "owners"
by = { all = ["email"] }
overrides_mute = true
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_check_of_rules_finds_what_reaches_nobody_never_matches_or_is_covered() {
    let agency = Agency::open().await;
    agency
        .done("rules check")
        .await
        .says(&["Every rule reaches somebody"]);
    let groups = agency.write(
        "groups.yaml",
        "groups:\n  - id: nobody-yet\n    name: Nobody yet\n    people: []\n\
         services:\n  - id: new-service\n    name: New service\n",
    );
    agency
        .done(&format!("directory import {} --yes", groups.display()))
        .await;
    let odd = agency.write("odd.toml", &(policy() + ODD));
    let ran = agency
        .oyez(&format!("rules check {} --json", odd.display()))
        .await
        .exits(4);
    let found = ran.json();
    let found = texts(&found);
    for (rule, says) in [
        ("reaches-nobody", "nobody"),
        ("never-matches", "can never match"),
        ("covered", "p1-service-owners"),
        ("New service", "senior"),
    ] {
        assert!(
            found
                .iter()
                .any(|line| line.contains(rule) && line.contains(says)),
            "{rule}: {found:#?}"
        );
    }
    assert_eq!(found.len(), 4, "{found:#?}");
    // What is odd is no fault: it can be put in force all the same, and says so.
    agency
        .done(&format!("rules apply {} --yes", odd.display()))
        .await
        .says(&["can never match", "Version 2 is in force."]);
    agency.oyez("rules check").await.exits(4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_with_faults_is_refused_as_a_whole_with_all_of_them() {
    let agency = Agency::open().await;
    let before = agency.done("rules export").await.out;
    let bad = before
        .replace(
            "tell = \"group:service-support\"",
            "tell = \"group:service-suport\"",
        )
        .replace("audience = \"external\"", "audience = \"extern\"")
        .replace("deliver_within = \"12h\"", "deliver_within = \"soon\"");
    let file = agency.write("bad.toml", &bad);
    let file = file.to_str().unwrap();
    for command in [
        &format!("rules check {}", file),
        &format!("rules apply {} --yes", file),
    ] {
        let ran = agency.oyez(command).await.exits(4);
        for (part, line) in [
            ("extern", "audience = \"extern\""),
            ("soon", "deliver_within = \"soon\""),
        ] {
            let number = bad.lines().position(|text| text == line).unwrap() + 1;
            let place = format!("bad.toml:{number}:");
            assert!(
                ran.err
                    .lines()
                    .any(|text| text.contains(&place) && text.contains(part)),
                "{place} {part}: {ran}"
            );
        }
    }
    let dangling = before.replace(
        "tell = \"group:service-support\"",
        "tell = \"group:service-suport\"",
    );
    let file = agency.write("dangling.toml", &dangling);
    agency
        .oyez(&format!("rules apply {} --yes", file.display()))
        .await
        .exits(4)
        .says(&["dangling.toml:", "service-suport", "service-support"]);
    assert_eq!(agency.done("rules export").await.out, before);
    let history = agency.json("rules history").await;
    assert_eq!(history.as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_put_in_force_exported_and_listed() {
    let agency = Agency::open().await;
    let exported = agency.done("rules export").await.out;
    assert_eq!(
        exported,
        fs::read_to_string(agency.path("policy.toml")).unwrap()
    );
    let changed = exported.replace(
        "organisation = \"Northshire",
        "organisation = \"The Northshire",
    );
    let file = agency.write("next.toml", &changed);
    let version = agency
        .json(&format!(
            "rules apply {} --yes --as priya-shah",
            file.display()
        ))
        .await;
    assert_eq!(version["version"], 2);
    assert_eq!(agency.done("rules export").await.out, changed);
    let history = agency.json("rules history").await;
    assert_eq!(history[0]["version"], 2);
    assert_eq!(history[0]["by"], "Priya Shah");
    agency.done("rules show").await.says(&[
        "Priorities",
        "Factors",
        "Rules",
        "P1 tells service owners",
    ]);
    // The file of the settings has not changed since, so a start does not bring it back.
    agency.done("list").await;
    assert_eq!(agency.done("rules export").await.out, changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_are_checked_and_shown_with_sample_facts() {
    let agency = Agency::open().await;
    assert_eq!(agency.json("template check").await, json!([]));
    let words = agency
        .json("template preview --moment update --audience owners --channel email")
        .await;
    for part in ["subject", "text", "html"] {
        assert!(
            words["parts"][part]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{words}"
        );
    }
    for channel in ["teams_workflow", "slack_webhook", "webhook"] {
        agency
            .done(&format!(
                "template preview --moment declared --audience responders --channel {}",
                channel
            ))
            .await;
    }
    agency
        .oyez("template preview --moment updated --audience owners --channel email")
        .await
        .exits(2)
        .says(&["update"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_of_ones_own_with_faults_is_named_and_the_built_in_one_goes_out() {
    let agency = Agency::with(Plan {
        settings: "[templates]\noverrides = \"templates\"\n".to_owned(),
        ..Plan::default()
    })
    .await;
    fs::create_dir_all(agency.path("templates/email")).unwrap();
    fs::create_dir_all(agency.path("templates/words")).unwrap();
    agency.write("templates/email/declared.subject.hbs", "{{subjct}}");
    agency.write(
        "templates/email/update.subject.hbs",
        "Ours: {{#if unclosed}",
    );
    agency.write(
        "templates/email/resolved.subject.hbs",
        "Back again: {{subject}}",
    );
    let ran = agency.oyez("template check").await.exits(4);
    for says in ["declared.subject.hbs", "subjct", "update.subject.hbs"] {
        assert!(ran.out.contains(says), "{ran}");
    }
    agency
        .oyez("doctor")
        .await
        .exits(4)
        .says(&["FIX", "declared.subject.hbs"]);
    agency.declare("").await;
    let subject = |mail: &crate::support::smtp::Taken| {
        let (headers, _) = mailparse::parse_headers(&mail.bytes).unwrap();
        headers
            .iter()
            .find(|h| h.get_key() == "Subject")
            .unwrap()
            .get_value()
    };
    let mails = agency.mail.taken();
    assert!(
        mails
            .iter()
            .all(|mail| subject(mail).contains("(INC-0001)"))
    );
    // One that is right replaces the built-in one.
    agency.done("resolve INC-0001 'It works.' --yes").await;
    let last = agency.mail.taken();
    assert!(
        last[mails.len()..]
            .iter()
            .all(|mail| subject(mail).starts_with("Back again: "))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_record_is_found_out() {
    for agency in Agency::on_each_engine().await {
        agency.declare("").await;
        agency
            .done("note INC-0001 'The certificate ran out.' --yes")
            .await;
        agency.declare("").await;
        agency.done("verify").await;
        let store = Store::open(&agency.url).await.unwrap();
        let changed = store
            .write()
            .execute_unprepared(
                "UPDATE event SET text = replace(text, 'ran out', 'was renewed') WHERE seq = 2",
            )
            .await
            .unwrap();
        store.close().await;
        assert_eq!(changed.rows_affected(), 1);
        let ran = agency.oyez("verify --json").await.exits(4);
        let verified = ran.json();
        assert_eq!(verified[0]["intact"], false);
        assert_eq!(verified[1]["intact"], true);
        agency
            .oyez("verify INC-0001")
            .await
            .exits(4)
            .says(&["INC-0001", "Compare it with a backup."]);
        agency.done("verify INC-0002").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_is_written_as_csv_and_json() {
    let agency = Agency::open().await;
    agency.declare("").await;
    agency
        .done("update INC-0001 'Some can sign in.' --yes")
        .await;
    let folder = agency.path("review");
    let files = agency
        .json(&format!("export INC-0001 --to {}", folder.display()))
        .await;
    assert_eq!(files.as_array().map(Vec::len), Some(2));
    let log = agency.send_log("INC-0001").await;
    let text = fs::read_to_string(folder.join("INC-0001.json")).unwrap();
    let ledger: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(ledger["deliveries"], json!(log));
    assert_eq!(ledger["incident"]["incident"], "INC-0001");
    assert_eq!(ledger["verified"][0]["intact"], true);
    let mut reader = csv::Reader::from_path(folder.join("INC-0001.csv")).unwrap();
    let headings: Vec<String> = reader
        .headers()
        .unwrap()
        .iter()
        .map(str::to_owned)
        .collect();
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows.len(), log.len());
    for (row, delivery) in rows.iter().zip(&log) {
        for (name, cell) in headings.iter().zip(row) {
            if let Some(text) = delivery[name].as_str()
                && !name.ends_with("_at")
            {
                assert!(cell == text || cell == format!("'{text}"), "{name}: {cell}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_a_database_to_go_on_with() {
    let agency = Agency::open().await;
    agency.declare("").await;
    let copy = agency.path("copy.db");
    let copy_text = copy.to_str().unwrap();
    agency
        .done(&format!("backup {}", copy_text))
        .await
        .says(&["60 people"]);
    agency
        .oyez(&format!("backup {}", copy_text))
        .await
        .says(&["exists already"])
        .exits(4);
    let settings = fs::read_to_string(agency.path("oyez.toml")).unwrap();
    let other = agency.write("other.toml", &settings.replace("/oyez.db", "/copy.db"));
    let list = |config: &std::path::Path| {
        crate::support::agency::run(crate::support::agency::program(config, "list --json"))
    };
    let restored = list(&other).await.exits(0).json();
    assert_eq!(restored[0]["incident"], "INC-0001");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_listed_without_its_secret_and_revoked() {
    let agency = Agency::open().await;
    let made = agency
        .json("token create ci --scope read --scope respond --expires 30d")
        .await;
    let secret = made["secret"].as_str().expect("the secret").to_owned();
    assert_eq!(made["scopes"], json!(["read", "respond"]));
    let listed = agency.done("token list --json").await;
    assert!(
        !listed.out.contains(&secret) && !listed.out.contains("secret"),
        "{listed}"
    );
    assert_eq!(listed.json()[0]["state"], "valid");
    assert!(!agency.dump().await.contains(&secret), "it is kept hashed");
    agency.oyez("token revoke c1 --yes").await.exits(3);
    let revoked = agency.json("token revoke ci --yes").await;
    assert_eq!(revoked["state"], "revoked");
    agency
        .oyez("token revoke ci --yes")
        .await
        .exits(3)
        .says(&["There is no valid key"]);
    // For people the key alone is on standard output, so that a script can keep it.
    let plain = agency.done("token create other --scope read").await;
    assert_eq!(plain.out.lines().count(), 1, "{plain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_is_imported_from_each_format_and_its_export_changes_nothing() {
    let agency = Agency::open().await;
    let yaml = agency.path("out.yaml");
    let folder = agency.path("out");
    agency
        .done(&format!("directory export --to {}", yaml.display()))
        .await;
    agency
        .done(&format!(
            "directory export --format csv --to {}",
            folder.display()
        ))
        .await;
    agency
        .oyez("directory export --format csv")
        .await
        .exits(2)
        .says(&["--to FOLDER"]);
    let printed = agency.done("directory export").await;
    assert_eq!(printed.out, fs::read_to_string(&yaml).unwrap());

    let mut csv: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().display().to_string())
        .collect();
    csv.sort();
    assert!(csv.len() >= 5, "{csv:?}");
    let before = agency.dump().await;
    for files in [csv.join(" "), yaml.display().to_string()] {
        let import = format!("directory import {files} --yes");
        agency.done(&import).await.says(&["Nothing to save."]);
    }
    assert_eq!(agency.dump().await, before);

    let sheet = agency.path("people.xlsx");
    let mut book = rust_xlsxwriter::Workbook::new();
    let page = book.add_worksheet();
    page.set_name("people").unwrap();
    for (column, (heading, value)) in [
        ("id", "nell-hart"),
        ("name", "Nell Hart"),
        ("email", "nell.hart@northshire.example"),
    ]
    .into_iter()
    .enumerate()
    {
        let column = u16::try_from(column).unwrap();
        page.write(0, column, heading).unwrap();
        page.write(1, column, value).unwrap();
    }
    book.save(&sheet).unwrap();
    let import = format!("directory import {}", sheet.display());
    // Looking first saves nothing.
    agency
        .done(&format!("{import} --dry-run"))
        .await
        .says(&["+ person nell-hart Nell Hart", "Nothing was saved."]);
    agency
        .oyez(&import)
        .await
        .exits(2)
        .says(&["Nothing was saved.", "--yes"]);
    assert_eq!(agency.dump().await, before);
    let save = format!("{import} --yes");
    agency.done(&save).await.says(&["Saved: 1 changes."]);
    let shown = agency.json("directory show nell-hart").await;
    assert_eq!(shown["person"]["name"], "Nell Hart");
    agency.done(&save).await.says(&["Nothing to save."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_cannot_be_read_are_listed_by_number_with_the_fix() {
    let agency = Agency::open().await;
    let before = agency.dump().await;
    let people = agency.write(
        "people.csv",
        "id,name,email\n\
         nell-hart,Nell Hart,nell.hart@northshire.example\n\
         no address,Bad Id,bad.id@northshire.example\n\
         bo-lee,Bo Lee,bo.lee-at-northshire.example\n\
         ,Nameless,nameless@northshire.example\n",
    );
    let ran = agency
        .oyez(&format!("directory import {} --dry-run", people.display()))
        .await
        .exits(4);
    for row in ["row 3", "row 4", "row 5"] {
        assert!(
            ran.out
                .lines()
                .any(|line| line.starts_with("Problem: ") && line.contains(row)),
            "{row}: {ran}"
        );
    }
    assert!(!ran.out.contains("row 2"), "{ran}");
    assert_eq!(agency.dump().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_message_is_marked_as_one_and_belongs_to_no_incident() {
    let agency = Agency::open().await;
    let progress = agency.json("directory test owen-garside --yes").await;
    assert_eq!(
        (&progress["total"], &progress["accepted"]),
        (&json!(1), &json!(1))
    );
    let mails = agency.mail.taken();
    assert_eq!(mails[0].to, ["owen.garside@northshire.example"]);
    let text = String::from_utf8_lossy(&mails[0].bytes);
    assert!(text.contains("Test"), "{text}");
    assert_eq!(agency.json("list").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_the_setting_and_the_fix_and_exits_with_4() {
    let agency = Agency::open().await;
    agency.declare("").await;
    let well = agency.done("doctor").await;
    assert!(well.out.contains("0 to fix"), "{well}");
    assert!(
        well.out.contains("OK    Database: reachable, up to date"),
        "{well}"
    );
    let settings = fs::read_to_string(agency.path("oyez.toml")).unwrap();
    let port = format!("port = {}", agency.mail.port);
    // Nothing listens on port 1.
    agency.write("oyez.toml", &settings.replace(&port, "port = 1"));
    let ill = agency.oyez("doctor").await.exits(4);
    let line = ill
        .out
        .lines()
        .find(|line| line.starts_with("FIX"))
        .expect("a fix");
    assert!(
        line.contains("127.0.0.1 on port 1.") && line.contains("channels.email.port"),
        "{ill}"
    );
    let mails = agency.mail.taken().len();
    let found = agency.oyez("doctor --json").await.exits(4).json();
    assert!(
        found
            .as_array()
            .unwrap()
            .iter()
            .any(|f| f["grade"] == "FIX")
    );
    assert_eq!(agency.mail.taken().len(), mails, "looking sends nothing");
    assert!(!ill.out.contains("whsec_"), "a secret is shown: {ill}");
}

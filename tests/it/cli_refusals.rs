//! What a command says when it does not do what was asked: why, what to do, and an exit code.

use serde_json::json;

use crate::support::agency::{Agency, DECLARE, Plan, program, run};
use crate::support::smtp::{Act, Script};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unknown_is_answered_with_the_nearest_names() {
    let agency = Agency::open().await;
    agency.declare("").await;
    let before = agency.dump().await;
    for (line, says) in [
        (
            "declare --title X --priority P1 --service register-trainee --yes",
            "Did you mean register-trainees?",
        ),
        (
            "declare --title X --priority P5 --service find-courses --yes",
            "Use P1, P2 or P3.",
        ),
        (
            "declare --title X --priority P2 --comms-lead priya-sha --yes",
            "Did you mean priya-shah?",
        ),
        (
            "declare --title X --factor most-user --yes",
            "Did you mean most-users?",
        ),
        (
            "services INC-0001 --service find-course --yes",
            "Did you mean find-courses?",
        ),
        ("priority INC-0001 P9 --why X --yes", "Use P1, P2 or P3."),
        (
            "leads INC-0001 --tech tom-okafo --yes",
            "Did you mean tom-okafor?",
        ),
        (
            "add INC-0001 dana-whitlok --note X --yes",
            "Did you mean dana-whitlock?",
        ),
        (
            "mute INC-0001 dana-whitlok --until 4h --yes",
            "Did you mean dana-whitlock?",
        ),
        (
            "step INC-0001 start-repor done --yes",
            "Did you mean start-report?",
        ),
        (
            "affected INC-0001 find-course no --yes",
            "Did you mean find-courses?",
        ),
        (
            "update INC-0001 X --as priya-sha --yes",
            "Did you mean priya-shah?",
        ),
        (
            "who --priority P1 --service find-course",
            "Did you mean find-courses?",
        ),
        ("who --priority P9", "Use P1, P2 or P3."),
        ("directory show dana-whitlok", "Did you mean dana-whitlock?"),
        (
            "directory test dana-whitlok --yes",
            "Did you mean dana-whitlock?",
        ),
        ("list --service find-course", "Did you mean find-courses?"),
        ("list --priority P9", "Use P1, P2 or P3."),
        ("rules show find-course", "Did you mean find-courses?"),
        (
            "template preview --moment update --audience owners --channel emial",
            "Did you mean email?",
        ),
    ] {
        agency.oyez(line).await.exits(3).says(&[says]);
    }
    for command in [
        "status INC-0099",
        "send-log INC-0099",
        "report INC-0099",
        "verify INC-0099",
        "export INC-0099",
        "retry INC-0099 --yes",
        "update INC-0099 X --yes",
        "who INC-0099",
    ] {
        agency
            .oyez(command)
            .await
            .exits(3)
            .says(&["There is no incident INC-0099.", "oyez list"]);
    }
    assert_eq!(agency.dump().await, before, "a refusal changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_wrong_usage() {
    let agency = Agency::open().await;
    agency.declare("").await;
    for (line, says) in [
        ("status 42x", "INC-0042"),
        ("update INC-0001 X --next-update soon --yes", "45m"),
        (
            "mute INC-0001 dana-whitlock --until never --yes",
            "is not a time",
        ),
        ("resolve INC-0001 X --at soonish --yes", "45m ago"),
        ("cancel INC-0001", "--why"),
        ("who", "--priority"),
        ("who --priority P1 --json --plain", "--plain"),
        (
            "token create ci --scope everything",
            "read, respond, manage or admin",
        ),
        ("add INC-0001 dana-whitlock", "--note"),
    ] {
        agency.oyez(line).await.exits(2).says(&[says]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rules_of_the_trade_forbid_is_refused_with_the_fix() {
    let agency = Agency::open().await;
    agency.declare("").await;
    for (line, says) in [
        (
            "declare --title X --priority P1 --service data-hub --yes",
            "--override-ceiling",
        ),
        ("declare --title '' --priority P1 --yes", "title is empty"),
        ("update INC-0001 '  ' --yes", "empty"),
        ("priority INC-0001 P1 --why X --yes", "P1"),
        ("reopen INC-0001 --why X --yes", "INC-0001"),
        (
            "correct INC-0001 --event 9 --wrong a --right b --yes",
            "Entry 9 of the timeline",
        ),
    ] {
        agency.oyez(line).await.exits(4).says(&[says]);
    }
    agency.done("resolve INC-0001 'It works.' --yes").await;
    for line in [
        "update INC-0001 X --yes",
        "no-change INC-0001 --yes",
        "stage INC-0001 monitoring --yes",
    ] {
        agency
            .oyez(line)
            .await
            .exits(4)
            .says(&["oyez reopen INC-0001"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_unasked_where_nobody_can_be_asked() {
    let agency = Agency::open().await;
    agency.declare("").await;
    agency.declare("").await;
    let (before, mails) = (agency.dump().await, agency.mail.taken().len());
    for line in [
        "declare --title X --priority P1 --service find-courses",
        "update INC-0001 X",
        "close INC-0001 --duplicate-of INC-0002",
        "rules apply policy.toml",
        "directory test dana-whitlock",
        "token revoke none",
    ] {
        agency.oyez(line).await.exits(2).says(&["--yes"]);
    }
    assert_eq!(agency.dump().await, before);
    assert_eq!(agency.mail.taken().len(), mails);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_matches_the_incident_is_declared_and_that_is_said_first() {
    let agency = Agency::with(Plan {
        policy: crate::support::agency::policy()
            .split("[[rules]]")
            .next()
            .unwrap()
            .to_owned()
            + "[[rules]]\nid = \"only\"\nsays = \"P3 tells service owners\"\nwhen = { priority = \"P3\" }\n\
               tell = \"role:service-owner\"\naudience = \"owners\"\nby = { all = [\"email\"] }\n",
        ..Plan::default()
    })
    .await;
    let ran = agency.done(DECLARE).await;
    assert!(ran.out.starts_with("No one would be told.\n"), "{ran}");
    let ran = ran.says(&[
        "INC-0001: Declared as P1",
        "Add a rule for P1 on register-trainees",
        "oyez add INC-0001",
    ]);
    // Somebody has to see to it all the same, so the leads are reminded.
    ran.says(&["We will remind you"]);
    for line in [
        "update INC-0001 'Some can sign in.' --yes",
        "priority INC-0001 P2 --why 'It is less.' --yes",
    ] {
        let ran = agency.done(line).await;
        assert!(ran.out.starts_with("No one would be told.\n"), "{ran}");
    }
    let who = agency.done("who INC-0001").await;
    assert!(who.out.starts_with("No one would be told.\n"), "{who}");
    assert_eq!(agency.mail.taken(), []);
    let receipt = agency
        .json("priority INC-0001 P3 --why 'It is little.' --yes")
        .await;
    assert_ne!(receipt["people"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_sends_and_changes_nothing() {
    let agency = Agency::open().await;
    agency.declare("--comms-lead priya-shah").await;
    agency.declare("").await;
    let (before, mails) = (agency.dump().await, agency.mail.taken().len());
    let posts = agency.posts().await;
    let policy = agency.path("policy.toml");
    for line in [
        "declare --title X --priority P1 --service find-courses",
        "update INC-0001 X",
        "no-change INC-0001",
        "priority INC-0001 P2 --why 'It is less.'",
        "services INC-0001 --service find-courses",
        "leads INC-0001 --tech tom-okafor --support mei-lin",
        "stage INC-0001 monitoring",
        "note INC-0001 X",
        "add INC-0001 victor-nunes --note X",
        "mute INC-0001 callum-reid --until 4h",
        "decide INC-0001 --contact-users yes --reason X",
        "step INC-0001 start-report done",
        "affected INC-0001 find-courses no",
        "correct INC-0001 --event 1 --wrong a --right b",
        "resolve INC-0001 'It works.'",
        "cancel INC-0001 --why X",
        "close INC-0001 --duplicate-of INC-0002",
        "retry INC-0001",
        &format!("rules apply {}", policy.display()),
        "directory test dana-whitlock",
    ] {
        let ran = agency.oyez(&format!("{line} --dry-run")).await;
        ran.exits(0).says(&["Nothing was"]);
    }
    assert_eq!(agency.dump().await, before);
    assert_eq!(
        (agency.mail.taken().len(), agency.posts().await),
        (mails, posts)
    );

    // It shows people, reasons and words, and what is carried out then is the same.
    let declare = format!("{DECLARE} --dry-run");
    agency.done(&declare).await.says(&[
        "Dana Whitlock",
        "the service owner of Register trainees",
        "P1 declared: Register trainees: Providers cannot sign in (INC-0003)",
        "Training providers cannot sign in.",
    ]);
    let rehearsed = agency.json(&declare).await;
    assert_eq!(rehearsed["event"], json!(null));
    assert!(
        rehearsed["words"]
            .as_array()
            .is_some_and(|words| !words.is_empty())
    );
    let done = agency.declare("").await;
    for part in ["people", "messages", "by_channel", "headline"] {
        assert_eq!(rehearsed[part], done[part]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn some_sends_that_failed_exit_with_5_and_can_be_tried_again() {
    let agency = Agency::with(Plan {
        mail: Script::plain().on("RCPT", Act::Say("550 5.1.1 no such user here")),
        ..Plan::default()
    })
    .await;
    agency
        .oyez(DECLARE)
        .await
        .exits(5)
        .says(&["1 failed. See why: oyez send-log INC-0001 --state dead"]);
    let failed = agency.json("send-log INC-0001 --state dead").await;
    assert_eq!(failed.as_array().map(Vec::len), Some(1));
    let result = failed[0]["result"].as_str().unwrap();
    assert!(
        result.ends_with('.') && result.contains("address"),
        "{result}"
    );
    let who = failed[0]["recipient"].as_str().unwrap().to_owned();
    let bad = agency.json("directory bad").await;
    assert_eq!(bad[0]["address"], failed[0]["address"]);

    let address = failed[0]["address"].as_str().unwrap();
    assert!(!agency.mail.taken().iter().any(|mail| mail.to == [address]));
    agency.done(&format!("directory heal {address}")).await;
    let mails = agency.mail.taken().len();
    agency.done("retry INC-0001 --yes").await;
    let taken = agency.mail.taken();
    assert_eq!(taken.len(), mails + 1, "only what failed is tried again");
    assert_eq!(taken.last().unwrap().to, [address]);
    let log = agency.send_log("INC-0001").await;
    let again = log.iter().find(|d| d["recipient"] == who.as_str()).unwrap();
    assert_eq!(again["state"], "accepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_exits_with_6() {
    let folder = tempfile::tempdir().unwrap();
    for (url, lines) in [
        // Whoever serves waits for a server that is away.
        (
            "postgres://oyez:hunter2@127.0.0.1:1/oyez".to_owned(),
            &["list", DECLARE][..],
        ),
        (
            format!("sqlite://{}/none/oyez.db", folder.path().display()),
            &["list", DECLARE, "serve"][..],
        ),
    ] {
        let config = folder.path().join("oyez.toml");
        std::fs::write(&config, format!("[database]\nurl = \"{url}\"\n")).unwrap();
        for line in lines {
            let says = ["database.url"];
            let ran = run(program(&config, line)).await.exits(6).says(&says);
            assert!(!ran.err.contains("hunter2"), "the password is told: {ran}");
        }
    }
}

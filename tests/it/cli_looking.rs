//! Commands that only look: stable names in `--json`, exit codes for scripts, no colour in a pipe.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::agency::{Agency, policy, run};

fn p1(more: &str) -> String {
    format!("who --priority P1 --service register-trainees {more}")
}

fn names(value: &Value) -> BTreeSet<&str> {
    let object = value.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

fn ids(list: &Value) -> BTreeSet<&str> {
    let list = list.as_array().expect("a list");
    list.iter()
        .map(|one| one["id"].as_str().expect("an id"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_in_names_that_scripts_rely_on() {
    let agency = Agency::open().await;
    let who = agency.json(&p1("")).await;
    assert_eq!(
        names(&who),
        ["recipients", "totals", "unreachable", "withheld"].into()
    );
    assert_eq!(
        names(&who["totals"]),
        ["by_channel", "messages", "people"].into()
    );
    let (mut people, mut messages) = (0, 0);
    for recipient in who["recipients"].as_array().unwrap() {
        assert_eq!(
            names(recipient),
            ["audience", "deliveries", "id", "kind", "name", "reasons"].into()
        );
        people += usize::from(recipient["kind"] == "person");
        for delivery in recipient["deliveries"].as_array().unwrap() {
            messages += 1;
            assert!(delivery["channel"].is_string() && delivery["address"].is_string());
        }
        let reasons = recipient["reasons"].as_array().unwrap();
        assert!(!reasons.is_empty());
        for reason in reasons {
            assert!(reason["text"].is_string(), "{reason}");
            assert!(reason["rule"].is_string(), "{reason}");
            assert!(reason.get("service").is_some(), "{reason}");
        }
    }
    assert_eq!(who["totals"]["people"], people);
    assert_eq!(who["totals"]["messages"], messages);
    let by_channel = who["totals"]["by_channel"].as_object().unwrap();
    let sum: u64 = by_channel.values().map(|n| n.as_u64().unwrap()).sum();
    assert_eq!(sum, messages);

    // Everybody in the directory is told, withheld, unreachable or not told: nobody is forgotten.
    let all = agency.json(&p1("--not-told")).await;
    let mut seen = BTreeSet::new();
    for list in ["recipients", "unreachable", "withheld", "not_told"] {
        for id in ids(&all[list]) {
            assert!(seen.insert(id.to_owned()), "{id} is in two lists");
        }
    }
    assert_eq!(seen.len(), 60 + 5, "sixty people and five destinations");
    for other in all["not_told"].as_array().unwrap() {
        assert!(
            other["sentence"].as_str().unwrap().ends_with('.'),
            "{other}"
        );
        let explained = other["nearest_rule"].is_string();
        assert_eq!(explained, other["failing"] != json!([]), "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expectation_that_is_not_met_exits_with_4_and_names_all_that_are_missing() {
    let agency = Agency::open().await;
    agency
        .done(&p1(
            "--expect dana-whitlock --expect DANA.WHITLOCK@northshire.example",
        ))
        .await;
    let missing = agency
        .oyez(&p1(
            "--expect dana-whitlock --expect naomi-clarke --expect nobody@northshire.example --json",
        ))
        .await
        .exits(4);
    assert_eq!(
        missing.json()["missing"],
        json!(["naomi-clarke", "nobody@northshire.example"])
    );
    agency
        .oyez(&p1("--expect naomi-clarke"))
        .await
        .exits(4)
        .says(&["Expected, and not told: naomi-clarke."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_explained_whether_told_withheld_or_not() {
    let agency = Agency::open().await;
    for (person, told, says) in [
        ("dana-whitlock", true, "service owner of Register trainees"),
        ("dana.whitlock@northshire.example", true, "service owner"),
        ("'Dana Whitlock'", true, "service owner"),
        ("naomi-clarke", false, "The nearest rule is"),
        ("status-mailbox", false, "No decision to contact users yet."),
        ("reporting-webhook", false, "No rule names them."),
    ] {
        let answer = agency.json(&p1(&format!("--person {person}"))).await;
        assert_eq!(answer["told"], told, "{answer}");
        assert!(answer.to_string().contains(says), "{answer}");
    }
    agency
        .oyez(&p1("--person dana-whitlok"))
        .await
        .exits(3)
        .says(&["Did you mean dana-whitlock?"]);
    // To explain one and to expect another are two questions: neither is quietly left out.
    agency
        .oyez(&p1("--person dana-whitlock --expect naomi-clarke"))
        .await
        .exits(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_policy_is_compared_before_it_is_put_in_force() {
    let agency = Agency::open().await;
    let other = policy()
        .replace("id = \"lead-providers\"\n", "id = \"directors-of-all\"\n")
        .replace(
            "says = \"P1 tells lead providers of affected services\"\n",
            "says = \"P1 tells security support\"\n",
        )
        .replace(
            "tell = \"org:*\"\naudience = \"external\"",
            "tell = \"group:security-support\"\naudience = \"owners\"",
        );
    let file = agency.write("other.toml", &other);
    let file = file.to_str().unwrap();
    let answer = agency.json(&p1(&format!("--against {file}"))).await;
    let added = ids(&answer["against"]["added"]);
    let removed = ids(&answer["against"]["removed"]);
    assert!(added.contains("naomi-clarke"), "{added:?}");
    assert!(!removed.is_empty());
    for recipient in answer["against"]["removed"].as_array().unwrap() {
        assert_eq!(recipient["audience"], "external");
    }
    agency.done(&p1(&format!("--against {file}"))).await.says(&[
        "The other policy would add",
        "The other policy would leave out",
    ]);

    let broken = agency.write(
        "broken.toml",
        &other.replace("group:security-support", "group:security-suport"),
    );
    agency
        .oyez(&p1(&format!("--against {}", broken.display())))
        .await
        .exits(4)
        .says(&["broken.toml", "security-suport", "security-support"]);
    agency
        .oyez(&p1("--against no-such-file.toml"))
        .await
        .exits(3)
        .says(&["no-such-file.toml"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_read_answers_json_and_no_pipe_gets_an_escape_code() {
    let agency = Agency::open().await;
    agency.declare("--comms-lead priya-shah").await;
    agency.done("token create ci --scope read").await;
    for read in [
        "list",
        "status INC-0001",
        "who INC-0001 --not-told",
        "who INC-0001 --person priya-shah",
        "leads INC-0001",
        "send-log INC-0001",
        "report INC-0001",
        "verify",
        "doctor",
        "rules check",
        "rules show",
        "rules show data-hub",
        "rules export",
        "rules history",
        "template check",
        "template preview --moment update --audience owners --channel email",
        "directory show priya-shah",
        "directory bad",
        "directory export",
        "token list",
    ] {
        let run = async |look: &str| {
            let ran = agency.oyez(&format!("{read} {look}")).await;
            assert!(
                !ran.out.contains('\x1b') && !ran.err.contains('\x1b'),
                "an escape code: {ran}"
            );
            assert!(!ran.out.trim().is_empty(), "nothing is said: {ran}");
            ran
        };
        let json = run("--json").await;
        json.json();
        let people = run("").await;
        let plain = run("--plain").await;
        assert_eq!(
            (json.code, plain.code),
            (people.code, people.code),
            "{read:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_tables_are_one_line_a_row_with_tabs() {
    let agency = Agency::open().await;
    let receipt = agency.declare("").await;
    let log = agency.done("send-log INC-0001 --plain").await;
    let told: Vec<&str> = log
        .out
        .lines()
        .filter(|line| line.split('\t').nth(4) == Some("accepted"))
        .collect();
    assert_eq!(receipt["messages"], told.len(), "{log}");
    assert!(
        log.out.lines().all(|line| line.split('\t').count() == 7),
        "{log}"
    );

    let failed = agency.json("send-log INC-0001 --state dead").await;
    assert_eq!(failed, json!([]));
    agency.oyez("send-log INC-0001 --state read").await.exits(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_deliveries_has_names_that_scripts_rely_on() {
    let agency = Agency::open().await;
    agency.declare("").await;
    for delivery in agency.send_log("INC-0001").await {
        for name in [
            "delivery",
            "event",
            "moment",
            "audience",
            "recipient",
            "name",
            "channel",
            "address",
            "state",
            "state_words",
            "reason",
            "result",
            "written_at",
        ] {
            assert!(
                delivery.get(name).is_some_and(|v| !v.is_null()),
                "{name}: {delivery}"
            );
        }
        assert!(delivery["attempts"].is_u64(), "{delivery}");
        assert!(
            !delivery["reason"].as_str().unwrap().is_empty(),
            "{delivery}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn help_completions_and_manuals_come_from_the_same_source() {
    let agency = Agency::open().await;
    let help = agency.done("--help").await;
    assert!(help.out.starts_with("Examples:"), "{help}");
    for command in [
        "declare",
        "no-change",
        "who",
        "send-log",
        "doctor",
        "completions",
    ] {
        assert!(help.out.contains(command), "{command}: {help}");
    }
    let bare = std::process::Command::new(env!("CARGO_BIN_EXE_oyez"));
    run(bare).await.exits(2).says(&["Examples:"]);
    agency.oyez("declre").await.exits(2).says(&["declare"]);
    agency.oyez("update").await.exits(2).says(&["<INCIDENT>"]);

    for (shell, says) in [
        ("bash", "_oyez"),
        ("zsh", "#compdef oyez"),
        ("fish", "complete -c oyez"),
    ] {
        let script = agency.done(&format!("completions {shell}")).await;
        assert!(script.out.contains(says), "{script}");
        assert!(script.out.contains("send-log"), "{script}");
    }
    let folder = agency.path("man");
    agency.done(&format!("man {}", folder.display())).await;
    for page in ["oyez.1", "oyez-declare.1", "oyez-rules-check.1"] {
        let text = std::fs::read_to_string(folder.join(page)).expect(page);
        assert!(text.contains(".TH"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn colour_is_for_terminals_that_take_it_and_people_who_want_it() {
    let agency = Agency::open().await;
    let config = agency.path("oyez.toml");
    let on_a_terminal = async |variables: &str, more: &str| {
        let line = format!(
            "env -i PATH=/usr/bin:/bin TERM=xterm {variables} {} --config {} {more} update",
            env!("CARGO_BIN_EXE_oyez"),
            config.display()
        );
        // `script` runs the line on a terminal of its own.
        let mut command = std::process::Command::new("script");
        command.args(["-qec", &line, "/dev/null"]);
        command.stdin(std::process::Stdio::null());
        run(command)
            .await
            .exits(2)
            .says(&["<INCIDENT>"])
            .out
            .contains('\x1b')
    };
    assert!(on_a_terminal("", "").await);
    assert!(!on_a_terminal("NO_COLOR=1", "").await);
    assert!(!on_a_terminal("TERM=dumb", "").await);
    assert!(!on_a_terminal("", "--no-color").await);
}

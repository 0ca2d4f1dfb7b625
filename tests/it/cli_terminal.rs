//! What reaches the terminal: nothing that it would obey, whoever said it and whichever command prints it.

use clap::CommandFactory;
use oyez::{cli::args::Cli, store::Store};
use sea_orm::ConnectionTrait;

use crate::support::{
    agency::{Agency, Ran, program, run},
    program::oyez_on_a_terminal,
};

/// Colours, clears, renames the window, rings, goes back to the beginning of the line, turns around.
const HOSTILE: &str =
    "x\u{1b}[31m\u{1b}[2J\u{1b}]0;y\u{7}\u{9b}31m\u{7f}\u{8}\r\u{202e}\u{2066}\u{200f}z";
/// The same as it stands in JSON.
const HOSTILE_JSON: &str =
    r"x\u001b[31m\u001b[2J\u001b]0;y\u0007\u009b31m\u007f\b\r\u202e\u2066\u200fz";

/// Commands that go on until they are stopped.
const ENDLESS: [&str; 2] = ["serve", "demo"];

fn is_obeyed(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[track_caller]
fn check(ran: &Ran) {
    for text in [&ran.out, &ran.err] {
        assert!(!text.chars().any(is_obeyed), "{text:?}");
    }
}

/// The words of every command that does something.
fn commands(of: &clap::Command, before: &str) -> Vec<String> {
    let mut all = Vec::new();
    for command in of.get_subcommands().filter(|it| it.get_name() != "help") {
        let line = format!("{before}{}", command.get_name());
        if ENDLESS.contains(&line.as_str()) {
            continue;
        }
        let below = commands(command, &format!("{line} "));
        if below.is_empty() {
            all.push(line);
        } else {
            all.extend(below);
        }
    }
    all
}

/// Writes hostile text wherever the database has words of others.
async fn plant(agency: &Agency) {
    let store = Store::open(&agency.url).await.unwrap();
    let places = [
        ("incident", "title"),
        ("person", "name"),
        ("service", "name"),
        ("destination", "name"),
        ("organisation", "name"),
        ("grp", "name"),
        ("api_token", "name"),
        ("attempt", "reply"),
        ("attempt", "sentence"),
        ("delivery", "name"),
        ("delivery", "reason"),
        ("delivery", "sentence"),
        ("bad_address", "sentence"),
    ];
    let mut statements: Vec<String> = places
        .iter()
        .map(|(table, column)| format!("UPDATE {table} SET {column} = {column} || '{HOSTILE}'"))
        .collect();
    for (table, column) in [("event", "text"), ("delivery", "recipients")] {
        statements.push(format!(
            "UPDATE {table} SET {column} = replace({column}, 'cannot sign in', '{HOSTILE_JSON}')"
        ));
    }
    let transaction = store.begin().await.unwrap();
    for statement in statements {
        transaction.execute_unprepared(&statement).await.unwrap();
    }
    transaction.commit().await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn no_argument_reaches_the_terminal_as_a_command_to_it() {
    let agency = Agency::open().await;
    agency.declare("").await;
    let mut lines = Vec::new();
    for command in commands(&Cli::command(), "") {
        lines.push(format!("{command} '{HOSTILE}'"));
        lines.push(format!("{command} INC-0001 '{HOSTILE}' '{HOSTILE}' --yes"));
    }
    lines.extend([
        format!("'{HOSTILE}'"),
        format!("--'{HOSTILE}' list"),
        format!("status '--{HOSTILE}'"),
        format!("--config '{HOSTILE}.toml' list"),
        format!("declare --title '{HOSTILE}' --priority '{HOSTILE}' --service '{HOSTILE}' --yes"),
        format!("declare --title x --priority P1 --service '{HOSTILE}' --yes --json"),
        format!("who --service register-trainees --priority '{HOSTILE}'"),
        format!("who --service register-trainees --priority P1 --expect '{HOSTILE}'"),
        format!("directory show '{HOSTILE}' --json"),
        format!("token create '{HOSTILE}' --scope '{HOSTILE}'"),
        format!("doctor --send-test-to '{HOSTILE}'"),
    ]);
    for line in lines {
        check(&agency.oyez(&line).await);
    }
}

#[tokio::test]
async fn no_word_of_others_reaches_the_terminal_as_a_command_to_it() {
    let agency = Agency::open().await;
    agency.declare("").await;
    agency
        .done("token create reader --scope read --expires 90d")
        .await;
    plant(&agency).await;
    for line in [
        "list",
        "status INC-0001",
        "send-log INC-0001",
        "export INC-0001",
        "report INC-0001",
        "verify INC-0001",
        "who INC-0001",
        "who --service register-trainees --priority P1",
        "update INC-0001 'Some can sign in' --dry-run",
        "directory show register-trainees",
        "directory bad",
        "directory export --format yaml",
        "rules show",
        "rules check",
        "token list",
        "doctor",
    ] {
        for how in ["", "--plain", "--json"] {
            let ran = agency.oyez(&format!("{line} {how}")).await;
            // What is written to a file or a program is what it is, and only a terminal is spared.
            if !line.contains("export --format") || how == "--json" {
                check(&ran);
            }
        }
    }
    let said = agency.json("status INC-0001").await.to_string();
    assert!(
        said.contains("\\u001b[31m"),
        "JSON says what there is: {said}"
    );
    let listed = agency.done("list").await;
    assert!(listed.out.contains("\\u{1b}[31m"), "{listed}");
}

#[tokio::test]
async fn no_file_reaches_the_terminal_as_a_command_to_it() {
    let agency = Agency::open().await;
    let config = agency.path("oyez.toml").display().to_string();
    let name = format!("{HOSTILE}.people.csv");
    for (file, text) in [
        (
            name.as_str(),
            format!("id,name,{HOSTILE}\n{HOSTILE},{HOSTILE},{HOSTILE}\n"),
        ),
        (
            "people.csv",
            format!("id,name,email\ndee,{HOSTILE},{HOSTILE}\n"),
        ),
        (
            "x.yaml",
            format!("people:\n  \"{HOSTILE_JSON}\": 1\n\"{HOSTILE_JSON}\": 2\n"),
        ),
        ("y.yaml", format!("people: {HOSTILE}\n")),
        ("z.xlsx", HOSTILE.to_owned()),
    ] {
        agency.write(file, &text);
        for how in ["--dry-run", "--yes", "--yes --json"] {
            check(
                &agency
                    .oyez(&format!("directory import '{file}' {how}"))
                    .await,
            );
        }
    }
    let policy = agency.write(
        "bad.toml",
        &format!("\"{HOSTILE_JSON}\" = 1\n[{HOSTILE}]\n"),
    );
    let keys = agency.write("keys.toml", "[a.\"b\\u001b[31m\\u202e\"]\nx\\u009b = 1\n");
    let settings = agency.write(
        "bad-settings.toml",
        "[server]\n\"\\u001b[31m\\u009b2J\\u202e\" = 1\n[channels.\"\\u001b[2J\"]\nx = 1\n",
    );
    for path in [&policy, &keys] {
        for verb in ["check", "apply"] {
            check(
                &agency
                    .oyez(&format!("rules {verb} {} --yes", path.display()))
                    .await,
            );
        }
    }
    for line in ["list", "doctor", "doctor --json"] {
        check(&run(program(&settings, line)).await);
    }

    // What is printed as it is for files is not for a terminal.
    plant(&agency).await;
    for line in [
        vec!["directory", "export", "--format", "yaml"],
        vec!["rules", "export"],
    ] {
        let args: Vec<&str> = ["--config", config.as_str()]
            .into_iter()
            .chain(line)
            .collect();
        let folder = agency.path("");
        let args: Vec<String> = args.into_iter().map(str::to_owned).collect();
        let shown = tokio::task::spawn_blocking(move || {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            oyez_on_a_terminal(&folder, &args, "")
        });
        let shown = shown.await.unwrap();
        let text = String::from_utf8(shown.stdout)
            .unwrap()
            .replace("\r\n", "\n");
        assert!(!text.chars().any(is_obeyed), "{text:?}");
    }
}

//! `docs/json.md` says what is: its fields are those that the program describes, and its examples
//! are answers that it could give.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use oyez::{cli::output::Exit, domain::delivery::State, web};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::{at, database::databases, program::Program};

const PAGE: &str = include_str!("../../docs/json.md");

/// A heading of the page with what stands below it.
#[derive(Default)]
struct Section {
    /// The first cell of each row of its tables.
    cells: Vec<String>,
    /// Its blocks of JSON.
    examples: Vec<Value>,
}

/// The sections by heading, those of the third level.
fn sections() -> BTreeMap<String, Section> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    for part in PAGE.split("\n#").skip(1) {
        let (heading, body) = part.split_once('\n').unwrap_or((part, ""));
        let heading = heading.trim_start_matches('#').trim().to_owned();
        let mut section = Section::default();
        for block in body.split("```json\n").skip(1) {
            let (text, _) = block.split_once("```").unwrap();
            section.examples.push(serde_json::from_str(text).unwrap());
        }
        for row in body.lines().filter_map(|line| line.strip_prefix("| ")) {
            let cell = row.split(" | ").next().unwrap().trim_matches('`');
            section.cells.push(cell.to_owned());
        }
        sections.insert(heading, section);
    }
    sections
}

/// The description that the program serves.
async fn served() -> Value {
    let program = Program::empty(databases().await.remove(0), at("2026-11-23T13:20:00Z"));
    let (stop, stopping) = watch::channel(false);
    let server = web::listen(
        program.app.clone(),
        web::Doors::default(),
        web::Stop::new(stopping),
        "127.0.0.1:0".parse().unwrap(),
        Duration::from_secs(5),
    )
    .unwrap();
    let address = format!("http://{}/api/openapi.json", server.addresses[0]);
    let running = tokio::spawn(server.running);
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever reads the description has a client of their own"
    )]
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(address).send().await.unwrap();
    let document = answer.json().await.unwrap();
    stop.send_replace(true);
    server.handle.stop(true).await;
    running.await.unwrap().unwrap();
    document
}

/// The fields of a schema that are its own.
fn fields(schema: &Value) -> BTreeSet<String> {
    let own = schema["allOf"].as_array().map(|parts| &parts[1]);
    let properties = &own.unwrap_or(schema)["properties"];
    let properties = properties.as_object().unwrap();
    properties.keys().cloned().collect()
}

#[tokio::test]
async fn every_answer_has_the_fields_that_the_page_lists() {
    let document = served().await;
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let sections = sections();
    // What others send, and names and words, are in the description alone.
    let is_answer = |name: &str| {
        (name.ends_with("Answer") && !name.starts_with("Page_"))
            || ["Receipt", "Progress", "Verified", "Problem"].contains(&name)
    };
    let answers: Vec<_> = schemas
        .iter()
        .filter(|(name, schema)| is_answer(name) && schema["enum"].is_null())
        .collect();
    assert!(answers.len() > 20, "{}", answers.len());
    for (name, schema) in answers {
        let section = sections.get(name);
        let section = section.unwrap_or_else(|| panic!("the page has no heading {name}"));
        let (head, listed) = section.cells.split_first().unwrap();
        assert_eq!(head, "field");
        let listed: BTreeSet<String> = listed.iter().cloned().collect();
        let known = fields(schema);
        assert_eq!(listed, known, "{name}");
    }
}

#[tokio::test]
async fn every_example_is_one_that_the_program_describes() {
    let document = served().await;
    let mut checked = 0;
    for (name, section) in sections() {
        for example in &section.examples {
            let schema = json!({
                "$ref": format!("#/components/schemas/{name}"),
                "components": document["components"],
            });
            let validator = jsonschema::validator_for(&schema).unwrap();
            let faults: Vec<String> = validator
                .iter_errors(example)
                .map(|fault| fault.to_string())
                .collect();
            assert_eq!(faults, Vec::<String>::new(), "{name}");
            let schema = &document["components"]["schemas"][&name];
            if schema["properties"].is_object() {
                let known = fields(schema);
                for field in example.as_object().unwrap().keys() {
                    assert!(known.contains(field), "{name} has no field {field}");
                }
            }
            checked += 1;
        }
    }
    assert!(checked >= 6, "only {checked} examples");
}

#[test]
fn every_state_and_every_exit_code_is_listed() {
    let sections = sections();
    let states = sections["States"].cells.iter();
    let states: Vec<&str> = states.map(String::as_str).skip(1).collect();
    assert_eq!(states, State::ALL.map(State::as_str));
    let codes = &sections["Exit codes and statuses"].cells;
    let codes: Vec<u8> = codes.iter().filter_map(|cell| cell.parse().ok()).collect();
    let all = [
        Exit::Done,
        Exit::Unexpected,
        Exit::Usage,
        Exit::NotFound,
        Exit::CheckFailed,
        Exit::SendsFailed,
        Exit::Unreachable,
        Exit::NotAllowed,
    ];
    assert_eq!(codes, all.map(|exit| exit as u8));
}

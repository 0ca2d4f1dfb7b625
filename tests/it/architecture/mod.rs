//! Reads the source and keeps true what `ARCHITECTURE.md` says about it.

mod licences;
mod source;

use std::collections::BTreeSet;

use source::{Source, root, sources};

/// A line of the house: its modules name those of the lines above, and each other only if `peers`.
struct Layer {
    modules: &'static [&'static str],
    peers: bool,
}

/// The house, from the rules down to the wiring.
const HOUSE: [Layer; 6] = [
    // The rules.
    Layer {
        modules: &["domain"],
        peers: false,
    },
    // Helpers.
    Layer {
        modules: &[
            "clock",
            "disk",
            "http_client",
            "process",
            "section",
            "telemetry",
        ],
        peers: false,
    },
    // The outside world, one kind each.
    Layer {
        modules: &["store", "render", "channels", "connectors", "files"],
        peers: false,
    },
    // Use cases, and chat payloads beside them.
    Layer {
        modules: &["app", "chatops"],
        peers: false,
    },
    // Doors that are open while the server runs, and the simulators beside them.
    Layer {
        modules: &["simulators", "web", "workers"],
        peers: false,
    },
    // Wiring, and the command line.
    Layer {
        modules: &["startup", "cli", "config", "demo", "doctor", "main", "lib"],
        peers: true,
    },
];

/// Modules that may name less than their layer would let them.
const NARROW: [(&str, &[&str]); 2] = [
    ("chatops", &["domain"]),
    // They know of Oyez what Teams and Slack know: its addresses.
    ("simulators", &["clock", "disk", "domain", "http_client"]),
];

/// Libraries that one kind of module knows, so that replacing one touches one place.
const HOMES: [(&str, &[&str]); 17] = [
    ("sea_orm", &["store"]),
    ("sea_query_sqlx", &["store"]),
    ("entity", &["store"]),
    ("migration", &["store"]),
    ("handlebars", &["render"]),
    ("lettre", &["channels"]),
    ("tokio_rustls", &["channels"]),
    ("actix_web", &["demo", "simulators", "startup", "web"]),
    ("actix_sse", &["web"]),
    ("clap", &["cli"]),
    ("comfy_table", &["cli"]),
    ("indicatif", &["cli"]),
    ("jsonwebtoken", &["web"]),
    // Channels name the part of rustls that is called so.
    ("ring", &["channels", "web"]),
    // The tests of the Teams door sign with it, too.
    ("rsa", &["simulators", "web"]),
    ("rlimit", &["process"]),
    ("sd_notify", &["process"]),
];

/// What the rules of the trade do without, and why.
const IMPURE: [(&str, &str); 18] = [
    ("async", "it does not wait for anything"),
    ("await", "it does not wait for anything"),
    ("tokio", "it does not wait for anything"),
    ("std::fs", "it knows no files"),
    ("std::env", "it knows no environment"),
    ("std::net", "it knows no network"),
    ("std::process", "it starts nothing"),
    ("std::thread", "it starts nothing"),
    ("SystemTime", "the time is an argument"),
    ("Instant", "the time is an argument"),
    ("Utc::now", "the time is an argument"),
    ("Local::now", "the time is an argument"),
    ("Ulid::new", "ids are arguments"),
    ("Ulid::generate", "ids are arguments"),
    ("rand", "randomness is an argument"),
    ("tracing", "what it decides is its result"),
    ("sea_orm", "it knows no database"),
    ("reqwest", "it knows no network"),
];

/// Most lines of a file, not counting blanks, comments and the tests beside the code. Past 400 there
/// is usually a second idea; past this there is no excuse.
const LINES_MAX: usize = 500;

/// The same for a file of tests, which is a list and not a story.
const TEST_LINES_MAX: usize = 800;

/// Tests that start real processes and so live in real time.
const REAL_TIME: [&str; 4] = [
    "tests/crash/main.rs",
    "tests/race/main.rs",
    "tests/race/process.rs",
    "tests/support/fan_out.rs",
];

/// Fails with all findings, one a line.
fn assert_none(findings: Vec<String>) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// What each file of some folders breaks: `what` answers lines and sentences.
fn findings(folders: &[&str], what: impl Fn(&Source) -> Vec<(usize, String)>) -> Vec<String> {
    let files = sources(folders);
    assert!(!files.is_empty(), "no sources in {folders:?}");
    let mut found = Vec::new();
    for file in &files {
        for (line, sentence) in what(file) {
            found.push(format!("{}:{line}: {sentence}", file.path));
        }
    }
    found
}

fn layer_of(module: &str) -> Option<usize> {
    HOUSE
        .iter()
        .position(|layer| layer.modules.contains(&module))
}

fn may_name(who: &str, whom: &str) -> bool {
    let (Some(mine), Some(theirs)) = (layer_of(who), layer_of(whom)) else {
        // A module without a layer is another test's finding; a name of `lib.rs` is nobody's.
        return true;
    };
    if let Some((_, allowed)) = NARROW.iter().find(|(narrow, _)| *narrow == who) {
        return who == whom || allowed.contains(&whom);
    }
    who == whom || theirs < mine || (theirs == mine && HOUSE[mine].peers)
}

#[test]
fn a_module_names_only_what_stands_above_it() {
    assert_none(findings(&["src"], |file| {
        let module = file.module().unwrap();
        file.named_modules()
            .into_iter()
            .filter(|(named, _)| !may_name(module, named))
            .map(|(named, line)| {
                let sentence = format!(
                    "`{module}` may not name `{named}`: move what they share up, or pass it in \
                     from a layer below both."
                );
                (line, sentence)
            })
            .collect()
    }));
}

#[test]
fn every_module_has_its_place_in_the_house() {
    let modules: BTreeSet<String> = sources(&["src"])
        .iter()
        .filter_map(|file| file.module().map(str::to_owned))
        .collect();
    assert!(modules.contains("domain"));
    assert_none(
        modules
            .iter()
            .filter(|module| layer_of(module).is_none())
            .map(|module| {
                format!("src/{module} has no layer: give it one in HOUSE and in ARCHITECTURE.md.")
            })
            .collect(),
    );
}

#[test]
fn a_library_is_known_in_its_home_only() {
    assert_none(findings(&["src"], |file| {
        let module = file.module().unwrap();
        HOMES
            .iter()
            .filter(|(_, homes)| !homes.contains(&module))
            .flat_map(|(library, homes)| {
                // The crate's own modules may have the same name.
                file.lines_with(&format!("{library}::"))
                    .into_iter()
                    .filter(|line| !is_own_path(file, *line, library))
                    .map(move |line| {
                        let homes = homes.join(" and ");
                        let sentence = format!(
                            "`{library}` is for {homes}: let that answer with a type of ours."
                        );
                        (line, sentence)
                    })
            })
            .collect()
    }));
}

/// Whether on this line the name is a module of ours: `self::entity::…`, `crate::x::entity::…`.
fn is_own_path(file: &Source, line: usize, library: &str) -> bool {
    let text = file.code.lines().nth(line - 1).unwrap_or_default();
    text.contains(&format!("::{library}::"))
}

#[test]
fn the_rules_of_the_trade_are_pure() {
    assert_none(findings(&["src/domain"], |file| {
        IMPURE
            .iter()
            .flat_map(|(word, why)| {
                file.lines_with(word)
                    .into_iter()
                    .map(move |line| (line, format!("the domain may not use `{word}`: {why}.")))
            })
            .collect()
    }));
}

#[test]
fn the_environment_is_read_by_the_settings_only() {
    assert_none(findings(&["src", "entity", "migration"], |file| {
        if file.module() == Some("config") {
            return Vec::new();
        }
        ["env::var", "env::var_os", "env::vars", "env::vars_os"]
            .iter()
            .flat_map(|call| file.lines_with(call))
            .map(|line| (line, "make it a setting: src/config/.".to_owned()))
            .collect()
    }));
}

#[test]
fn transactions_begin_in_the_store_only() {
    assert_none(findings(&["src"], |file| {
        if file.module() == Some("store") {
            return Vec::new();
        }
        [
            "TransactionTrait",
            "begin_with_options",
            "begin_with_config",
        ]
        .iter()
        .flat_map(|name| file.lines_with(name))
        .map(|line| {
            (
                line,
                "use Store::begin, which takes the write lock at once.".to_owned(),
            )
        })
        .collect()
    }));
}

#[test]
fn files_are_written_for_this_user_alone() {
    assert_none(findings(&["src"], |file| {
        // One opens what is there already, and man pages are for everybody.
        let others = ["src/disk.rs", "src/store/file.rs", "src/cli/run.rs"];
        if others.contains(&file.path.as_str()) || file.is_tests() {
            return Vec::new();
        }
        [
            "fs::write",
            "create_dir",
            "create_dir_all",
            "File::create",
            "OpenOptions",
            "DirBuilder",
        ]
        .iter()
        .flat_map(|call| file.lines_with(call))
        .map(|line| (line, "write it with src/disk.rs.".to_owned()))
        .collect()
    }));
}

#[test]
fn the_terminal_is_written_to_in_one_place() {
    assert_none(findings(&["src"], |file| {
        if matches!(file.path.as_str(), "src/cli/output.rs" | "src/telemetry.rs") {
            return Vec::new();
        }
        ["stdout", "stderr"]
            .iter()
            .flat_map(|stream| file.lines_with(stream))
            .map(|line| {
                let sentence = "what others said must be made fit to be shown: cli::output.";
                (line, sentence.to_owned())
            })
            .collect()
    }));
}

#[test]
fn no_test_is_ignored() {
    assert_none(findings(
        &["src", "tests", "benches", "entity", "migration"],
        |file| {
            file.code
                .match_indices("#[ignore")
                .map(|(at, _)| {
                    let sentence =
                        "an ignored test proves nothing: mend it or remove it.".to_owned();
                    (file.line(at), sentence)
                })
                .collect()
        },
    ));
}

#[test]
fn no_test_waits_for_real_time() {
    assert_none(findings(&["tests"], |file| {
        if REAL_TIME.contains(&file.path.as_str()) {
            return Vec::new();
        }
        ["thread::sleep", "time::sleep", "time::interval", "sleep("]
            .iter()
            .flat_map(|call| file.lines_with(call))
            .collect::<BTreeSet<usize>>()
            .into_iter()
            .map(|line| {
                (
                    line,
                    "step a ManualClock, or wait for what happens.".to_owned(),
                )
            })
            .collect()
    }));
}

#[test]
fn every_test_file_is_run() {
    let main = std::fs::read_to_string(root().join("tests/it/main.rs")).unwrap();
    let mut missing = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/it")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let is_module = path.join("mod.rs").exists()
            || path.extension().is_some_and(|extension| extension == "rs");
        if is_module && name != "main" && !main.contains(&format!("mod {name};")) {
            missing.push(format!(
                "tests/it/main.rs: add `mod {name};`, or its tests never run."
            ));
        }
    }
    assert_none(missing);
}

#[test]
fn a_file_is_read_in_one_sitting() {
    assert_none(findings(
        &["src", "tests", "entity", "migration", "benches"],
        |file| {
            let lines = file
                .text
                .lines()
                .take_while(|line| *line != "#[cfg(test)]")
                .map(str::trim)
                .filter(|line| !line.is_empty() && !line.starts_with("//"))
                .count();
            let most = if file.is_tests() {
                TEST_LINES_MAX
            } else {
                LINES_MAX
            };
            if lines <= most {
                return Vec::new();
            }
            vec![(
                1,
                format!("{lines} lines: past {most} there is a second idea for its own file."),
            )]
        },
    ));
}

#[test]
fn a_file_opens_with_what_it_is_for() {
    assert_none(findings(&["src", "entity/src", "migration/src"], |file| {
        // The tests of a module are explained by the module.
        if file.text.starts_with("//!") || file.is_tests() {
            return Vec::new();
        }
        vec![(
            1,
            "begin with `//!`: its role, its neighbours, what it guarantees.".to_owned(),
        )]
    }));
}

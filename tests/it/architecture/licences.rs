//! Every package that becomes part of Oyez may be given on under terms that we can keep.

use std::process::Command;

use serde_json::Value;

use super::{assert_none, root};

/// Licences that ask for no more than their text.
const ALLOWED: [&str; 14] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages with other terms, each with the reason why it may stay.
const EXCEPTIONS: [(&str, &str); 0] = [];

#[test]
fn every_dependency_has_a_licence_that_we_can_keep() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    assert_none(
        packages
            .iter()
            .filter_map(|package| {
                let name = package["name"].as_str().unwrap();
                let licence = package["license"].as_str().unwrap_or_default();
                let known = EXCEPTIONS.iter().any(|(exception, _)| *exception == name);
                (!known && !allows(licence)).then(|| {
                    format!("{name}: \"{licence}\" is not a licence that we can keep: use another package, or give the reason in EXCEPTIONS.")
                })
            })
            .collect(),
    );
}

/// Whether an SPDX expression can be met with allowed licences. AND binds more strongly than OR;
/// a slash is the old way to write OR.
fn allows(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let allowed = any_of(&mut rest);
    allowed && rest.is_empty()
}

fn any_of(words: &mut &[&str]) -> bool {
    let mut allowed = all_of(words);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        allowed |= all_of(words);
    }
    allowed
}

fn all_of(words: &mut &[&str]) -> bool {
    let mut allowed = one(words);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        allowed &= one(words);
    }
    allowed
}

fn one(words: &mut &[&str]) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let allowed = any_of(words);
            match *words {
                [")", rest @ ..] => {
                    *words = rest;
                    allowed
                }
                _ => false,
            }
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            ALLOWED.contains(&format!("{licence} WITH {exception}").as_str())
        }
        [licence, rest @ ..] => {
            *words = rest;
            ALLOWED.contains(licence)
        }
        [] => false,
    }
}

#[test]
fn licence_expressions_are_understood() {
    for (expression, expected) in [
        ("MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception OR GPL-2.0-only", true),
        ("GPL-3.0-only OR MIT AND AGPL-3.0-only", false),
        ("MIT/Apache-2.0", true),
        ("", false),
        ("(MIT", false),
    ] {
        assert_eq!(allows(expression), expected, "{expression}");
    }
}

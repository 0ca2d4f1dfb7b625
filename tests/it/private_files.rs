//! Files that the commands write are for this user alone, whatever the umask is.
#![cfg(unix)]

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::agency::{Agency, DECLARE, Plan, run};

/// The same command under another umask.
fn with_umask(umask: &str, command: &Command) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell
        .arg("-c")
        .arg(format!("umask {umask}; exec \"$@\""))
        .arg("sh")
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    shell
}

/// Everything in a folder, with what may be done with it.
fn modes(folder: &Path) -> Vec<(PathBuf, bool, u32)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let about = std::fs::metadata(&path).expect("it is there");
        found.push((
            path.clone(),
            about.is_dir(),
            about.permissions().mode() & 0o777,
        ));
        if about.is_dir() {
            found.extend(modes(&path));
        }
    }
    found
}

#[track_caller]
fn are_private(all: &[(PathBuf, bool, u32)]) {
    for (path, is_folder, mode) in all {
        let expected = if *is_folder { 0o700 } else { 0o600 };
        assert_eq!(*mode, expected, "{path:?} has {mode:o}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_commands_write_nobody_else_can_read() {
    let agency = Agency::with(Plan {
        settings: "[sending]\nmode = \"practice\"\ncapture_dir = \"out/mail\"\n".to_owned(),
        ..Plan::default()
    })
    .await;
    for line in [
        DECLARE,
        "directory export --to out/directory/all.yaml",
        "directory export --format csv --to out/tables",
        "directory sample --to out/sample.yaml",
        "export INC-0001 --to out/ledger",
        "teams manifest --app-id 11111111-2222-3333-4444-555555555555 \
         --url https://oyez.northshire.example --out out/app.zip",
        "backup out/backup.db",
    ] {
        run(with_umask("000", &agency.command(line))).await.exits(0);
    }
    let all = modes(&agency.path("out"));
    assert!(all.len() > 20, "{all:?}");
    are_private(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_writes_can_read_it_under_a_umask_that_takes_everything_away() {
    let place = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_oyez"));
    command
        .args(["directory", "sample", "--to", "out/new/sample.yaml"])
        .current_dir(place.path());
    run(with_umask("777", &command)).await.exits(0);
    let all = modes(place.path());
    assert_eq!(all.len(), 3, "{all:?}");
    are_private(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_is_private_with_all_that_is_in_it() {
    let place = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_oyez"));
    command
        .args(["demo", "--prepare-only", "--folder", "demo"])
        .current_dir(place.path());
    run(with_umask("000", &command)).await.exits(0);
    let all = modes(place.path());
    let names: Vec<&Path> = all.iter().map(|(path, ..)| path.as_path()).collect();
    assert!(names.iter().any(|path| path.ends_with("oyez.db")));
    are_private(&all);
}

#[tokio::test(flavor = "multi_thread")]
async fn man_pages_are_for_everybody() {
    let place = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_oyez"));
    command.args(["man", "man"]).current_dir(place.path());
    run(with_umask("022", &command)).await.exits(0);
    for (path, is_folder, mode) in modes(place.path()) {
        let expected = if is_folder { 0o755 } else { 0o644 };
        assert_eq!(mode, expected, "{path:?} has {mode:o}");
    }
}

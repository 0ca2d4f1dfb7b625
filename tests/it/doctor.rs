//! `oyez doctor`: one line for each thing that could be wrong, with what to do about it.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path, process::Command};

use tempfile::TempDir;

use crate::support::{
    program::{POLICY, oyez},
    smtp::{Act, Script, SmtpStandIn},
};

/// Settings with a mail server on this port.
fn folder(port: u16, more: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    // Settings with secrets in them are nobody else's.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let settings = format!(
        "[channels.email]\nhost = \"localhost\"\nport = {port}\ntls = \"none\"\n\
         from = \"Incidents <incidents@northshire.example>\"\n{more}"
    );
    fs::write(folder.path().join("oyez.toml"), settings).unwrap();
    folder
}

/// Runs the doctor: exit code and lines. The test's own servers go on meanwhile.
async fn doctor(folder: &Path) -> (Option<i32>, Vec<String>) {
    let folder = folder.to_owned();
    tokio::task::spawn_blocking(move || {
        let output = oyez(&folder, &["doctor"]);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        let text = String::from_utf8(output.stdout).unwrap();
        (
            output.status.code(),
            text.lines().map(str::to_owned).collect(),
        )
    })
    .await
    .unwrap()
}

fn run(folder: &Path, args: &[&str]) {
    let output = oyez(folder, args);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// The lines about one thing.
fn about<'l>(lines: &'l [String], what: &str) -> Vec<&'l str> {
    let lines = lines.iter().map(String::as_str);
    let wanted = |line: &&str| line[6..].starts_with(what);
    lines.filter(wanted).collect()
}

/// A port on which nobody listens.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_mail_port_names_the_setting_and_the_usual_port() {
    let port = free_port();
    let folder = folder(port, "");
    let (code, lines) = doctor(folder.path()).await;
    assert_eq!(code, Some(4));
    assert_eq!(
        about(&lines, "Mail: "),
        [format!(
            "FIX   Mail: cannot connect to localhost on port {port}. \
             Change channels.email.port; most servers use 25."
        )]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_offered_from_the_sender_and_none_is_sent() {
    let server = SmtpStandIn::start(Script::plain()).await;
    let good = folder(server.port, "");
    let (_, lines) = doctor(good.path()).await;
    let said = about(&lines, "Mail: ");
    assert_eq!(said.len(), 1, "{lines:?}");
    assert!(said[0].starts_with("OK    Mail: localhost:"), "{said:?}");
    assert!(said[0].ends_with("and takes mail from incidents@northshire.example"));
    assert!(server.taken().is_empty());

    let refusing = Script::plain().on("MAIL", Act::Say("550 5.7.1 not yours"));
    let server = SmtpStandIn::start(refusing).await;
    let bad = folder(server.port, "");
    let (_, lines) = doctor(bad.path()).await;
    assert_eq!(
        about(&lines, "Mail: "),
        [
            "FIX   Mail: localhost does not let us send as northshire.example (550). Set \
             channels.email.from to a mailbox that we may send from, or ask the people who run \
             the mail server."
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_installation_has_nothing_to_fix_and_shows_no_secret() {
    let server = SmtpStandIn::start(Script::plain()).await;
    let key = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let folder = folder(
        server.port,
        &format!("[channels.webhook]\nsigning_key = \"{key}\"\n"),
    );
    run(
        folder.path(),
        &["directory", "sample", "--to", "directory.yaml"],
    );
    run(
        folder.path(),
        &["directory", "import", "directory.yaml", "--yes"],
    );
    let (code, lines) = doctor(folder.path()).await;
    assert_eq!(code, Some(0), "{lines:#?}");
    let text = lines.join("\n");
    assert!(!text.contains(key), "{text}");
    for sentence in [
        "OK    Database: reachable, up to date",
        "OK    Clock: ",
        "OK    Promises: nothing is late",
        "OK    Templates: ",
        "OK    Policy: version 1 is in force, by Oyez at start",
        "OK    People: each has an address on a channel that is in use",
        "OK    Addresses: all are written as their channels take them",
        "WARN  People: 2 of 2 have never had a message that was accepted: amara-nwosu, dana-whitlock. Try: oyez directory test PERSON",
        "OK    Addresses: none was refused for good",
        "OK    Setting server.listen = ",
        "OK    Setting channels.webhook.signing_key = ",
    ] {
        assert!(text.contains(sentence), "{sentence} is not in\n{text}");
    }
    let (last, others) = lines.split_last().unwrap();
    let count = |grade: &str| others.iter().filter(|line| line.starts_with(grade)).count();
    let (warnings, ok) = (count("WARN"), count("OK"));
    assert_eq!(warnings + ok, others.len(), "{text}");
    let word = if warnings == 1 { "warning" } else { "warnings" };
    assert_eq!(*last, format!("0 to fix, {warnings} {word}, {ok} OK"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_file_that_is_not_in_force_is_a_warning_and_stays_out_of_force() {
    let folder = folder(
        free_port(),
        "[policy]\nfile = \"policy.toml\"\napply = \"by_hand\"\n",
    );
    let file = folder.path().join("policy.toml");
    fs::write(&file, POLICY).unwrap();
    run(folder.path(), &["migrate"]);
    let policy = async || about_policy(folder.path()).await;
    assert_eq!(
        policy().await,
        ["OK    Policy: version 1 in force is policy.toml"]
    );
    fs::write(&file, POLICY.replace("every = \"2h\"", "every = \"3h\"")).unwrap();
    let differs = [
        "WARN  Policy: policy.toml differs from version 1 in force. To put it in force: oyez rules apply policy.toml",
    ];
    assert_eq!(policy().await, differs);
    assert_eq!(policy().await, differs, "looking changed nothing");
    fs::write(&file, "priorities = 1\n").unwrap();
    let lines = policy().await;
    assert!(
        lines[0].starts_with("FIX   Policy: policy.toml:1:"),
        "{lines:?}"
    );
    assert_eq!(
        lines.last().unwrap(),
        "WARN  Policy: version 1 stays in force until policy.toml is put right"
    );
}

async fn about_policy(folder: &Path) -> Vec<String> {
    let (_, lines) = doctor(folder).await;
    let found = about(&lines, "Policy: ");
    found.into_iter().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_used_are_lines_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let settings = "[server]\nlisten = \"nowhere\"\n[log]\nlevel = \"loud\"\n";
    fs::write(folder.path().join("oyez.toml"), settings).unwrap();
    let (code, lines) = doctor(folder.path()).await;
    assert_eq!(code, Some(4));
    assert_eq!(
        lines,
        [
            "FIX   Settings: oyez.toml:2:1: server.listen: this is not an address and port, as in 127.0.0.1:8080. Correct the value.",
            "FIX   Settings: oyez.toml:4:1: log.level must be error, warn, info, debug or trace. Use one of these.",
            "2 to fix, 0 warnings, 0 OK",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_taken_while_its_channel_was_off_is_found_later() {
    let folder = tempfile::tempdir().unwrap();
    let csv = "id,name,email\nmei-lin,Mei Lin,mei\ntom-okafor,Tom Okafor,tom@northshire.example\n\
               dev-patel,Dev Patel,\n";
    fs::write(folder.path().join("people.csv"), csv).unwrap();
    run(
        folder.path(),
        &["directory", "import", "people.csv", "--yes"],
    );
    let settings = format!(
        "[sending]\nmode = \"practice\"\n[channels.email]\nhost = \"localhost\"\nport = {}\n\
         tls = \"none\"\nfrom = \"incidents@northshire.example\"\n",
        free_port()
    );
    fs::write(folder.path().join("oyez.toml"), settings).unwrap();
    let (_, lines) = doctor(folder.path()).await;
    let text = lines.join("\n");
    for sentence in [
        "WARN  Sending: practice mode, so messages become files and reach nobody. Set sending.mode to live when you are ready.",
        "WARN  People: 1 of 3 have no address on a channel that is in use, so no message reaches them: dev-patel. Add one, or put their channel in use.",
        "WARN  Addresses: for 1 of 3 people the channel does not take what is written: mei-lin. Look: oyez directory show PERSON",
    ] {
        assert!(text.contains(sentence), "{sentence} is not in\n{text}");
    }
}

/// What the doctor says of safety.
async fn about_safety(folder: &Path) -> Vec<String> {
    let (_, lines) = doctor(folder).await;
    let found = about(&lines, "Safety: ").into_iter();
    // Whether root runs the tests is no matter of the settings.
    found
        .filter(|line| !line.contains("run by root"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_everybody_may_read_or_change_are_named_with_the_fix() {
    let folder = folder(
        free_port(),
        "[sending]\nmode = \"practice\"\n[channels.webhook]\nsigning_key_file = \"key\"\n",
    );
    let path = |name: &str| folder.path().join(name);
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    fs::write(
        path("key"),
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    )
    .unwrap();
    run(folder.path(), &["migrate"]);
    for name in ["key", "oyez.db"] {
        mode(name, 0o644);
    }
    mode("oyez.toml", 0o646);
    // Nobody else gets into the folder.
    mode("", 0o700);
    let sound = about_safety(folder.path()).await;
    assert!(
        sound.iter().all(|line| !line.starts_with("FIX")),
        "{sound:#?}"
    );

    mode("", 0o755);
    let found = about_safety(folder.path()).await;
    for (name, may) in [
        ("key", "read"),
        ("oyez.db", "read"),
        ("oyez.toml", "change"),
    ] {
        let says = format!("FIX   Safety: everybody on this machine may {may} ");
        let line = found
            .iter()
            .find(|line| line.starts_with(&says) && line.contains(&format!("{name}. ")))
            .unwrap_or_else(|| panic!("{name} is not named: {found:#?}"));
        // What it says to run puts it right.
        let (_, command) = line.split_once("Run: ").unwrap();
        let mut words = command.split(' ');
        let ran = Command::new(words.next().unwrap())
            .args(words)
            .current_dir(folder.path())
            .status();
        assert!(ran.unwrap().success(), "{command}");
    }
    let cured = about_safety(folder.path()).await;
    assert!(
        cured.iter().all(|line| !line.starts_with("FIX")),
        "{cured:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_file_that_belongs_to_somebody_else_is_named() {
    let folder = folder(free_port(), "");
    run(folder.path(), &["migrate"]);
    let (database, lock) = (
        folder.path().join("oyez.db"),
        folder.path().join("oyez.db.lock"),
    );
    fs::write(&lock, "").unwrap();
    // Only root can give a file away.
    if std::os::unix::fs::chown(&database, Some(12_345), None).is_err() {
        return;
    }
    let found = about_safety(folder.path()).await.join("\n");
    assert!(
        found.contains("oyez.db.lock does not belong to the owner"),
        "{found}"
    );
    assert!(found.contains("sudo chown --reference="), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_without_tls_beyond_this_machine_is_named() {
    let folder = folder(
        free_port(),
        "[server]\nlisten = \"0.0.0.0:8080\"\npublic_url = \"http://oyez.northshire.example\"\n",
    );
    run(folder.path(), &["migrate"]);
    let found = about_safety(folder.path()).await.join("\n");
    assert!(
        found.contains("WARN  Safety: Oyez listens on 0.0.0.0:8080"),
        "{found}"
    );
    assert!(
        found.contains("server.public_url begins with http://"),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_of_the_database_is_printed_whatever_the_address_looks_like() {
    for url in [
        "postgres://oyez:hun/ter2@127.0.0.1:1/oyez",
        "postgres://oyez:hunter2?x@127.0.0.1:1/oyez",
        "postgres://oyez:hunter2",
        "postgres://127.0.0.1:1/oyez?user=oyez@x&password=hunter2",
        "postgres://127.0.0.1:1/oyez?passwd=hunter2",
        "postgres:oyez:hunter2@127.0.0.1:1/oyez",
        "host=127.0.0.1 password=hunter2",
        "mysql://oyez:hunter2@127.0.0.1/oyez",
    ] {
        let folder = folder(free_port(), &format!("[database]\nurl = \"{url}\"\n"));
        let path = folder.path().to_owned();
        let doctor = tokio::task::spawn_blocking(move || oyez(&path, &["doctor"]));
        let output = doctor.await.unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(
            !said.contains("hunter2") && !said.contains("ter2"),
            "{url}: {said}"
        );
    }
}

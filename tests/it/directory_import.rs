//! `oyez directory`: importing what people keep, and what an import puts right.

use std::{fs, path::Path, process::Output};

use oyez::{domain::Address, files::Input, store::outbox};
use sea_orm::{ConnectionTrait, Statement};
use tempfile::TempDir;

use crate::support::{
    at,
    database::databases,
    program::{DIRECTORY, POLICY, Program, oyez, oyez_on_a_terminal},
};

const NOW: &str = "2026-11-23T13:20:00Z";

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(text).unwrap().replace('\r', "")
}

/// A folder with fifty people in `people.csv`, three of them in bad rows.
fn fifty_people() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = "id,name,email\n".to_owned();
    for n in 0..50 {
        csv += &match n {
            7 => "Dana Whitlock,Dana Whitlock,dana@northshire.example\n".to_owned(),
            20 => "person-20,Person 20,person-20.northshire.example\n".to_owned(),
            41 => ",Mei Lin,mei@northshire.example\n".to_owned(),
            _ => format!("person-{n},Person {n},person-{n}@northshire.example\n"),
        };
    }
    fs::write(folder.path().join("people.csv"), csv).unwrap();
    // Only a channel that is live knows what an address is.
    let settings = "[channels.email]\nhost = \"localhost\"\ntls = \"none\"\n\
                    from = \"incidents@northshire.example\"\n";
    fs::write(folder.path().join("oyez.toml"), settings).unwrap();
    folder
}

const BAD_ROWS: [&str; 3] = [
    "Problem: people.csv row 9, id: \"Dana Whitlock\" is not a person id. Use 1 to 64",
    "Problem: people.csv row 22, email: ",
    "Problem: people.csv row 43, id: The id is empty. Fill it in, for example mei-lin.",
];

fn people(folder: &Path) -> usize {
    let exported = oyez(folder, &["directory", "export"]);
    assert_eq!(exported.status.code(), Some(0), "{}", said(&exported));
    said(&exported).matches("name: Person ").count()
}

#[test]
fn a_script_that_does_not_say_so_saves_nothing_of_a_file_with_bad_rows() {
    let folder = fifty_people();
    let output = oyez(
        folder.path(),
        &["directory", "import", "people.csv", "--yes"],
    );
    let said = said(&output);
    assert_eq!(output.status.code(), Some(4), "{said}");
    for row in BAD_ROWS {
        assert!(said.contains(row), "{row} is not in {said}");
    }
    assert!(said.contains("add --skip-bad-rows"), "{said}");
    assert_eq!(people(folder.path()), 0);
}

#[test]
fn a_script_that_says_so_saves_the_good_rows() {
    let folder = fifty_people();
    let args = [
        "directory",
        "import",
        "people.csv",
        "--yes",
        "--skip-bad-rows",
    ];
    let output = oyez(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(people(folder.path()), 47);
}

#[test]
fn a_person_sees_the_bad_rows_and_saves_the_others_after_a_yes() {
    let folder = fifty_people();
    let args = ["directory", "import", "people.csv"];
    let no = oyez_on_a_terminal(folder.path(), &args, "n\n");
    assert_eq!(no.status.code(), Some(2), "{}", said(&no));
    assert_eq!(people(folder.path()), 0);
    let yes = oyez_on_a_terminal(folder.path(), &args, "y\n");
    let text = said(&yes);
    assert_eq!(yes.status.code(), Some(0), "{text}");
    for row in BAD_ROWS {
        assert!(text.contains(row), "{row} is not in {text}");
    }
    assert!(
        text.contains("Save the 47 changes without the rows that have a problem?"),
        "{text}"
    );
    assert!(text.contains("Saved: 47 changes."), "{text}");
    assert_eq!(people(folder.path()), 47);
}

#[test]
fn the_samples_are_imported_without_a_problem_and_overwrite_nothing() {
    for (to, more, import) in [
        ("sample.yaml", &[][..], &["sample.yaml"][..]),
        (
            "lists",
            &["--format", "csv"],
            &[
                "lists/organisations.csv",
                "lists/destinations.csv",
                "lists/services.csv",
                "lists/people.csv",
                "lists/groups.csv",
                "lists/contacts.csv",
                "lists/roles.csv",
            ],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let sample = [&["directory", "sample", "--to", to], more].concat();
        let written = oyez(folder.path(), &sample);
        assert_eq!(written.status.code(), Some(0), "{}", said(&written));
        assert!(!folder.path().join("oyez.db").exists());
        let again = oyez(folder.path(), &sample);
        assert_eq!(again.status.code(), Some(4), "{}", said(&again));
        assert!(said(&again).contains("is there already. Nothing was written."));
        let args = [&["directory", "import", "--yes"], import].concat();
        let imported = oyez(folder.path(), &args);
        let text = said(&imported);
        assert_eq!(imported.status.code(), Some(0), "{text}");
        assert!(!text.contains("Problem"), "{text}");
        let shown = oyez(folder.path(), &["directory", "show", "dana-whitlock"]);
        assert!(said(&shown).contains("dana.whitlock@northshire.example"));
    }
}

#[test]
fn importing_an_export_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // Not every installation has a channel for text messages.
    let lines = DIRECTORY
        .lines()
        .filter(|line| !line.contains("notify_sms"));
    let directory: String = lines.map(|line| format!("{line}\n")).collect();
    fs::write(folder.path().join("directory.yaml"), directory).unwrap();
    let run = |args: &[&str]| {
        let output = oyez(folder.path(), args);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        text
    };
    run(&["directory", "import", "directory.yaml", "--yes"]);
    run(&["directory", "export", "--to", "out.yaml"]);
    run(&["directory", "export", "--to", "out", "--format", "csv"]);
    let mut lists: Vec<String> = fs::read_dir(folder.path().join("out"))
        .unwrap()
        .map(|file| format!("out/{}", file.unwrap().file_name().display()))
        .collect();
    lists.sort();
    assert_eq!(lists.len(), 7);
    let csv: Vec<&str> = lists.iter().map(String::as_str).collect();
    for files in [&["out.yaml"][..], &csv] {
        for prune in [&[][..], &["--prune"]] {
            let text = run(&[&["directory", "import"], prune, files].concat());
            assert!(text.contains("0 added, 0 changed, 0 removed\n"), "{text}");
            assert!(text.contains("Nothing to save."), "{text}");
        }
    }
}

async fn mark(program: &Program, channel: &str, address: &str) {
    let conn = program.db.store.write();
    let sql = "INSERT INTO bad_address (channel, address_key, address, lane, failed_at, sentence) \
               VALUES ($1, $2, $3, 'lane', $4, 'The mailbox does not exist.')";
    let values = [
        channel.into(),
        address.to_lowercase().into(),
        address.into(),
        at(NOW).timestamp_micros().into(),
    ];
    let engine = conn.get_database_backend();
    conn.execute_raw(Statement::from_sql_and_values(engine, sql, values))
        .await
        .unwrap();
}

async fn import(program: &Program, csv: &str) {
    let folder = &program.db.folder;
    let name = match csv.contains(",channel,") {
        true => "destinations.csv",
        false => "people.csv",
    };
    let file = folder.path().join(name);
    fs::write(&file, csv).unwrap();
    let plan = program.app.plan_import(&[file], false).await.unwrap();
    assert_eq!(plan.problems, Vec::<String>::new());
    program
        .app
        .save_import(plan.token, |_, _| {})
        .await
        .unwrap();
}

#[tokio::test]
async fn an_address_that_is_given_anew_is_believed_again_and_no_other() {
    for db in databases().await {
        let program = Program::empty(db, at(NOW));
        import(
            &program,
            "id,name,email\nmei,Mei,old@northshire.example\ntom,Tom,tom@northshire.example\n\
             zoe,Zoe,box@northshire.example\n",
        )
        .await;
        import(
            &program,
            "id,name,channel,address\nroom,Room,email,room@northshire.example\n",
        )
        .await;
        for address in [
            "new@northshire.example",
            "Box@northshire.example",
            "tom@northshire.example",
            "hall@northshire.example",
        ] {
            mark(&program, "email", address).await;
        }
        // A person gets an address of their own, another one that somebody else had already.
        import(
            &program,
            "id,email\nmei,NEW@northshire.example\nzoe,zoe@northshire.example\n\
             tom,tom@northshire.example; box@northshire.example\n",
        )
        .await;
        import(
            &program,
            "id,name,channel,address\nroom,Room,email,hall@northshire.example\n",
        )
        .await;
        let bad = outbox::bad_addresses(program.db.store.read(), at(NOW))
            .await
            .unwrap();
        let left: Vec<&Address> = bad.iter().map(|bad| &bad.address).collect();
        assert_eq!(left, [&Address::new("tom@northshire.example")]);
    }
}

#[tokio::test]
async fn saving_says_how_far_it_is() {
    for db in databases().await {
        let program = Program::empty(db, at(NOW));
        let rows: String = (0..1_200).map(|n| format!("p-{n},Person {n}\n")).collect();
        let input = Input {
            name: "people.csv".to_owned(),
            bytes: format!("id,name\n{rows}").into_bytes(),
        };
        let file = program.db.folder.path().join(&input.name);
        fs::write(&file, &input.bytes).unwrap();
        let plan = program.app.plan_import(&[file], false).await.unwrap();
        let mut heard = Vec::new();
        program
            .app
            .save_import(plan.token, |done, all| heard.push((done, all)))
            .await
            .unwrap();
        assert_eq!(heard, [(500, 1200), (1000, 1200), (1200, 1200)]);
    }
}

/// A folder with the example organisation in it.
fn northshire() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lines = DIRECTORY
        .lines()
        .filter(|line| !line.contains("notify_sms"));
    let directory: String = lines.map(|line| format!("{line}\n")).collect();
    fs::write(folder.path().join("directory.yaml"), directory).unwrap();
    let args = ["directory", "import", "directory.yaml", "--yes"];
    let output = oyez(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    folder
}

fn shown(folder: &TempDir, id: &str) -> String {
    said(&oyez(folder.path(), &["directory", "show", id]))
}

#[test]
fn a_script_makes_an_outsider_ours_or_blanks_an_address_only_by_name() {
    let folder = northshire();
    let csv = "id,organisation,email\nsian-pritchard,,sian.pritchard@ashmere-college.example\n\
               dana-whitlock,,\n";
    fs::write(folder.path().join("people.csv"), csv).unwrap();
    let import = |more: &[&str]| {
        let args = [&["directory", "import", "people.csv", "--yes"], more].concat();
        let output = oyez(folder.path(), &args);
        (output.status.code(), said(&output))
    };
    let (code, text) = import(&[]);
    assert_eq!(code, Some(4), "{text}");
    for says in [
        "To confirm: Sian Pritchard belongs to Ashmere College, and would count as ours. \
         (sian-pritchard)",
        "To confirm: Dana Whitlock would lose their address on email, and have none left. \
         (dana-whitlock)",
        "add --confirm dana-whitlock --confirm sian-pritchard.",
    ] {
        assert!(text.contains(says), "{says} is not in {text}");
    }
    let (code, text) = import(&["--confirm", "dana-whitlock"]);
    assert_eq!(code, Some(4), "{text}");
    assert!(text.contains("add --confirm sian-pritchard."), "{text}");
    assert!(shown(&folder, "sian-pritchard").contains("ashmere-college"));
    let each = ["--confirm", "dana-whitlock", "--confirm", "sian-pritchard"];
    let (code, text) = import(&each);
    assert_eq!(code, Some(0), "{text}");
    assert!(!shown(&folder, "sian-pritchard").contains("\"ashmere-college\""));
}

#[test]
fn a_person_is_asked_about_each_by_name() {
    let folder = northshire();
    fs::write(
        folder.path().join("people.csv"),
        "id,organisation\nsian-pritchard,\n",
    )
    .unwrap();
    let args = ["directory", "import", "people.csv"];
    let no = oyez_on_a_terminal(folder.path(), &args, "n\n");
    let text = said(&no);
    assert_eq!(no.status.code(), Some(4), "{text}");
    assert!(
        text.contains(
            "Sian Pritchard belongs to Ashmere College, and would count as ours. Is that meant?"
        ),
        "{text}"
    );
    assert!(shown(&folder, "sian-pritchard").contains("ashmere-college"));
    let yes = oyez_on_a_terminal(folder.path(), &args, "y\ny\n");
    assert_eq!(yes.status.code(), Some(0), "{}", said(&yes));
}

#[test]
fn an_import_that_the_policy_in_force_would_not_survive_asks() {
    let folder = northshire();
    fs::write(folder.path().join("policy.toml"), POLICY).unwrap();
    let applied = oyez(folder.path(), &["rules", "apply", "policy.toml", "--yes"]);
    assert_eq!(applied.status.code(), Some(0), "{}", said(&applied));
    let csv = "id,organisation\ndana-whitlock,ashmere-college\n";
    fs::write(folder.path().join("people.csv"), csv).unwrap();
    let args = ["directory", "import", "people.csv", "--yes"];
    let refused = oyez(folder.path(), &args);
    let text = said(&refused);
    assert_eq!(refused.status.code(), Some(4), "{text}");
    assert!(
        text.contains("To confirm: The policy in force would not fit the directory any more: "),
        "{text}"
    );
    assert!(
        text.contains("dana-whitlock is outside the organisation"),
        "{text}"
    );
    assert!(text.contains("add --confirm policy."), "{text}");
    let args = [&args[..], &["--confirm", "policy"]].concat();
    let meant = oyez(folder.path(), &args);
    assert_eq!(meant.status.code(), Some(0), "{}", said(&meant));
    // What is wrong already is no matter of the next import.
    fs::write(
        folder.path().join("people.csv"),
        "id,name\nnew-person,New Person\n",
    )
    .unwrap();
    let next = oyez(
        folder.path(),
        &["directory", "import", "people.csv", "--yes"],
    );
    assert_eq!(next.status.code(), Some(0), "{}", said(&next));
}

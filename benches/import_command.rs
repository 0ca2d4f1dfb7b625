//! `oyez directory import` with 100,000 people, as a person runs it: the whole process, from reading
//! the files to the commit on SQLite, and the most memory that it had.
//!
//! The bounds to hold are a minute and 512 MB.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, watches the real clock, and stops when it cannot go on"
)]

#[path = "support/people.rs"]
mod people;

use std::{
    fs::{self, File},
    path::Path,
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// How often the memory of the process is looked at.
const LOOK: Duration = Duration::from_millis(5);

fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let people = people::PEOPLE;
    println!("{people} people, each import in a process of its own");
    println!("{:<34} {:>9} {:>9}", "", "seconds", "MB");
    let here = Place::new();
    for input in [people::organisations(), people::csv(), people::xlsx()] {
        fs::write(here.folder.path().join(input.name), input.bytes).unwrap();
    }
    let first = ["organisations.csv", "people.csv"];
    here.measure("CSV into an empty directory", "csv", &first);
    here.measure("CSV again, nothing changes", "csv", &first);
    here.oyez("csv", &["directory", "export", "--to", "directory.yaml"]);
    here.measure("YAML into an empty directory", "yaml", &["directory.yaml"]);
    let spreadsheet = ["organisations.csv", "people.xlsx"];
    here.measure("XLSX into an empty directory", "xlsx", &spreadsheet);
    here.oyez("beside", &["directory", "import", "--yes", SMALL]);
    here.measure("CSV beside people known already", "beside", &first);
}

/// Mail is in use, so its addresses are checked; telephone numbers are kept as they are written.
const CHANNELS: [(&str, &str); 3] = [
    ("OYEZ__CHANNELS__EMAIL__HOST", "localhost"),
    ("OYEZ__CHANNELS__EMAIL__TLS", "none"),
    (
        "OYEZ__CHANNELS__EMAIL__FROM",
        "incidents@northshire.example",
    ),
];

/// A directory of a usual size.
const SMALL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/config/northshire/directory.yaml"
);

/// Where the files and databases are: on a disk, in the folder of the build.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir_in("target").unwrap();
        Self { folder }
    }

    /// Imports files and prints how long it took and how much memory it had at most.
    fn measure(&self, what: &str, database: &str, files: &[&str]) {
        let begin = Instant::now();
        let import = ["directory", "import", "--yes"];
        let mut child = self.start(database, &[&import, files].concat());
        let (ended, peak) = watch(&mut child);
        let seconds = begin.elapsed().as_secs_f64();
        self.must_succeed(ended);
        println!("{what:<34} {seconds:>9.2} {peak:>9.0}");
    }

    fn oyez(&self, database: &str, arguments: &[&str]) {
        let ended = self.start(database, arguments).wait().unwrap();
        self.must_succeed(ended);
    }

    fn start(&self, database: &str, arguments: &[&str]) -> Child {
        let folder: &Path = self.folder.path();
        Command::new(env!("CARGO_BIN_EXE_oyez"))
            .args(arguments)
            .current_dir(folder)
            .env("OYEZ__DATABASE__URL", format!("sqlite://{database}.db"))
            .envs(CHANNELS)
            .stdout(File::create(folder.join("said")).unwrap())
            .stderr(File::create(folder.join("complained")).unwrap())
            .spawn()
            .unwrap()
    }

    fn must_succeed(&self, ended: ExitStatus) {
        let complaint = fs::read_to_string(self.folder.path().join("complained")).unwrap();
        assert!(ended.success(), "{ended}: {complaint}");
    }
}

/// Waits for a process; says how it ended and how many MB it had in memory at most. The kernel
/// keeps the maximum, so that looking now and then misses nothing but what was taken at the end.
fn watch(child: &mut Child) -> (ExitStatus, f64) {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next());
        if let Some(Ok(kilobytes)) = kilobytes.map(str::parse::<f64>) {
            peak = kilobytes * 1024.0 / 1e6;
        }
        if let Some(ended) = child.try_wait().unwrap() {
            return (ended, peak);
        }
        std::thread::sleep(LOOK);
    }
}

//! Reading and planning the import of 100,000 people, from each format.
//!
//! The profiler prints what is allocated at most. `import_command` measures the whole command, to
//! which the bound applies.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may fail by panicking"
)]

#[path = "support/people.rs"]
mod people;

use chrono_tz::Europe::London;
use divan::{AllocProfiler, Bencher};
use oyez::{
    domain::{Address, ChannelName, directory::Directory, shown::ShownDirectory},
    files::{Input, Options, csv, plan, yaml},
};
use people::organisations;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

fn import(current: &Directory, inputs: &[Input]) -> Directory {
    let channels: [ChannelName; 2] = ["email", "notify_sms"].map(|name| name.parse().unwrap());
    let check = |_: &ChannelName, text: &str| Ok(Address::new(text));
    let plan = plan(
        current,
        inputs,
        &Options {
            prune: false,
            channels: &channels,
            check_address: &check,
            means: &|text, _, address| text == address.as_str(),
            time_zone: London,
        },
    );
    assert_eq!(plan.problems, []);
    plan.result
}

#[divan::bench(sample_count = 3)]
fn csv_into_an_empty_directory(bencher: Bencher<'_, '_>) {
    let files = [organisations(), people::csv()];
    bencher.bench_local(|| import(&Directory::default(), &files));
}

#[divan::bench(sample_count = 3)]
fn csv_again(bencher: Bencher<'_, '_>) {
    let files = [organisations(), people::csv()];
    let current = import(&Directory::default(), &files);
    bencher.bench_local(|| import(&current, &files));
}

#[divan::bench(sample_count = 3)]
fn xlsx_into_an_empty_directory(bencher: Bencher<'_, '_>) {
    let files = [organisations(), people::xlsx()];
    bencher.bench_local(|| import(&Directory::default(), &files));
}

#[divan::bench(sample_count = 3)]
fn yaml_into_an_empty_directory(bencher: Bencher<'_, '_>) {
    let directory = import(&Directory::default(), &[organisations(), people::csv()]);
    let files = [Input {
        name: "directory.yaml".to_owned(),
        bytes: yaml::write(&ShownDirectory::with_secrets(directory.clone()))
            .unwrap()
            .into_bytes(),
    }];
    bencher.bench_local(|| import(&Directory::default(), &files));
}

#[divan::bench(sample_count = 3)]
fn export_as_csv(bencher: Bencher<'_, '_>) {
    let directory = import(&Directory::default(), &[organisations(), people::csv()]);
    let shown = ShownDirectory::with_secrets(directory);
    bencher.bench_local(|| csv::write(&shown));
}

#[divan::bench(sample_count = 3)]
fn export_as_yaml(bencher: Bencher<'_, '_>) {
    let directory = import(&Directory::default(), &[organisations(), people::csv()]);
    let shown = ShownDirectory::with_secrets(directory);
    bencher.bench_local(|| yaml::write(&shown).unwrap());
}

//! Reading and planning the import of 100,000 people, from each format.
//!
//! The bound to hold is a minute and 512 MB; the profiler prints what is allocated at most.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a benchmark may fail by panicking"
)]

use chrono_tz::Europe::London;
use divan::{AllocProfiler, Bencher};
use oyez::{
    domain::{Address, ChannelName, directory::Directory},
    files::{Input, Options, csv, plan, yaml},
};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const PEOPLE: usize = 100_000;

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
            time_zone: London,
        },
    );
    assert_eq!(plan.problems, []);
    plan.result
}

fn row(n: usize) -> [String; 5] {
    [
        format!("person-{n}"),
        format!("Person Number {n}"),
        format!("organisation-{}", n % 500),
        format!("person.{n}@organisation-{}.example", n % 500),
        format!("07700 9{:05}", n % 100_000),
    ]
}

const HEADINGS: [&str; 5] = ["id", "name", "organisation", "email", "notify_sms"];

fn organisations() -> Input {
    let rows = (0..500).map(|n| format!("organisation-{n},Organisation {n},yes\n"));
    Input {
        name: "organisations.csv".to_owned(),
        bytes: format!("id,name,external\n{}", rows.collect::<String>()).into_bytes(),
    }
}

fn people_csv() -> Input {
    let rows = (0..PEOPLE).map(|n| row(n).join(",") + "\n");
    Input {
        name: "people.csv".to_owned(),
        bytes: format!("{}\n{}", HEADINGS.join(","), rows.collect::<String>()).into_bytes(),
    }
}

fn people_xlsx() -> Input {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("people").unwrap();
    sheet.write_row(0, 0, HEADINGS).unwrap();
    for n in 0..PEOPLE {
        sheet
            .write_row(u32::try_from(n).unwrap() + 1, 0, row(n))
            .unwrap();
    }
    Input {
        name: "people.xlsx".to_owned(),
        bytes: workbook.save_to_buffer().unwrap(),
    }
}

#[divan::bench(sample_count = 3)]
fn csv_into_an_empty_directory(bencher: Bencher<'_, '_>) {
    let files = [organisations(), people_csv()];
    bencher.bench_local(|| import(&Directory::default(), &files));
}

#[divan::bench(sample_count = 3)]
fn csv_again(bencher: Bencher<'_, '_>) {
    let files = [organisations(), people_csv()];
    let current = import(&Directory::default(), &files);
    bencher.bench_local(|| import(&current, &files));
}

#[divan::bench(sample_count = 3)]
fn xlsx_into_an_empty_directory(bencher: Bencher<'_, '_>) {
    let files = [organisations(), people_xlsx()];
    bencher.bench_local(|| import(&Directory::default(), &files));
}

#[divan::bench(sample_count = 3)]
fn yaml_into_an_empty_directory(bencher: Bencher<'_, '_>) {
    let directory = import(&Directory::default(), &[organisations(), people_csv()]);
    let files = [Input {
        name: "directory.yaml".to_owned(),
        bytes: yaml::write(&directory).unwrap().into_bytes(),
    }];
    bencher.bench_local(|| import(&Directory::default(), &files));
}

#[divan::bench(sample_count = 3)]
fn export_as_csv(bencher: Bencher<'_, '_>) {
    let directory = import(&Directory::default(), &[organisations(), people_csv()]);
    bencher.bench_local(|| csv::write(&directory));
}

#[divan::bench(sample_count = 3)]
fn export_as_yaml(bencher: Bencher<'_, '_>) {
    let directory = import(&Directory::default(), &[organisations(), people_csv()]);
    bencher.bench_local(|| yaml::write(&directory).unwrap());
}

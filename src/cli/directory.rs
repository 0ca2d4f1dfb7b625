//! `oyez directory …`: who and what there is.

use std::path::Path;

use super::{
    admin::{confirmed, unconfirmed},
    admin_args::{Directory, DirectoryExport, DirectoryFiles, ExportFormat, Import},
    args::Write,
    meter::Meter,
    output::{Exit, Output, Page},
    write::Door,
};
use crate::{
    app::{
        BadAddressAnswer, Confirmation, Error, ErrorKind, KeyHolder, PlannedImport, files as disk,
    },
    files::sample,
};

/// `oyez directory …`
pub async fn directory(door: &Door, command: Directory) -> Result<Exit, Error> {
    match command {
        Directory::Import(args) => import(door, args).await,
        Directory::Export(args) => export(door, args).await,
        Directory::Sample(args) => sample(door.output, &args).await,
        Directory::Show { id } => {
            let entry = door.app.directory_entry(&id).await?;
            door.output.answer(&entry, |page| {
                page.line(serde_json::to_string_pretty(&entry)?);
                Ok(())
            })?;
            Ok(Exit::Done)
        }
        Directory::Bad => {
            let bad = door.app.bad_addresses().await?;
            door.output.answer(&bad, |page| {
                bad_lines(page, &bad);
                Ok(())
            })?;
            Ok(Exit::Done)
        }
        Directory::Heal { address, write } => {
            if write.dry_run {
                door.output
                    .say("Nothing was changed. The mark on this address would be cleared.");
                return Ok(Exit::Done);
            }
            let healed = door.app.heal_address(&address).await?;
            door.output.answer(&healed, |page| {
                page.line("The mark is cleared. The next message goes to this address again.");
                Ok(())
            })?;
            Ok(Exit::Done)
        }
        Directory::Test { person, write } => {
            if write.dry_run {
                let (recipient, _) = door.app.find_recipient(person.as_str()).await?;
                door.output.say(&format!(
                    "Nothing was sent. A test message would go to {}.",
                    recipient.as_str()
                ));
                return Ok(Exit::Done);
            }
            if !confirmed(door, &write, &format!("Send a test message to {person}?")) {
                return Err(unconfirmed("Nothing was sent."));
            }
            let progress = door.app.test_person(&person, !write.no_wait).await?;
            door.output.answer(&progress, |page| {
                let told = progress.accepted + progress.delivered;
                page.line(format!(
                    "{told} of {} test messages accepted.",
                    progress.total
                ));
                Ok(())
            })?;
            Ok(if progress.failed + progress.retrying > 0 {
                Exit::SendsFailed
            } else {
                Exit::Done
            })
        }
    }
}

fn bad_lines(page: &mut Page, bad: &[BadAddressAnswer]) {
    if bad.is_empty() {
        page.line("No address was refused for good.");
        return;
    }
    let rows = bad.iter().map(|bad| {
        [
            bad.channel.clone(),
            bad.address.as_str().to_owned(),
            bad.since.to_rfc3339(),
            bad.sentence.clone(),
        ]
    });
    page.table(
        ["Channel", "Address", "Since", "What their server said"],
        rows,
    );
}

async fn export(door: &Door, args: DirectoryExport) -> Result<Exit, Error> {
    let DirectoryExport {
        files,
        secrets,
        yes,
    } = args;
    if secrets {
        door.output.say(
            "This holds the addresses of workflows and webhooks whole: whoever has one can post there. \
             Keep it as you keep passwords.",
        );
        if !yes && !door.output.confirm("Export them?") {
            return Err(unconfirmed("Nothing was exported."));
        }
    }
    let by = KeyHolder::operator(door.actor(&Write::default()).await?);
    let csv = files.format == ExportFormat::Csv;
    let written = door.app.export_directory(csv, secrets, &by).await?;
    give(door.output, &written, &files).await
}

/// Changes that people read one by one; of a longer list they want the numbers.
const LINES: usize = 200;

async fn import(door: &Door, args: Import) -> Result<Exit, Error> {
    door.output.say(&format!(
        "Reading {} …",
        if args.files.len() == 1 {
            "1 file".to_owned()
        } else {
            format!("{} files", args.files.len())
        }
    ));
    let plan = door.app.plan_import(&args.files, args.prune).await?;
    door.output.answer(&plan, |page| {
        plan_lines(page, &plan);
        Ok(())
    })?;
    if !plan.problems.is_empty() {
        door.output
            .say("For files to compare with: oyez directory sample");
    }
    let exit = if plan.problems.is_empty() || args.skip_bad_rows {
        Exit::Done
    } else {
        Exit::CheckFailed
    };
    if plan.changes == 0 {
        door.output.say("Nothing to save.");
        return Ok(exit);
    }
    if args.write.dry_run {
        door.output.say("Nothing was saved.");
        return Ok(exit);
    }
    may_save(door, &args, &plan)?;
    let saving = Meter::new(door.output, "Saving");
    door.app
        .save_import(plan.token, |done, all| saving.at(done, all))
        .await?;
    saving.end();
    door.output
        .say(&format!("Saved: {} changes.", plan.changes));
    Ok(Exit::Done)
}

fn plan_lines(page: &mut Page, plan: &PlannedImport) {
    for problem in &plan.problems {
        page.line(format!("Problem: {problem}"));
    }
    for line in plan.lines.iter().take(LINES) {
        page.line(line);
    }
    let more = plan.lines.len().saturating_sub(LINES);
    if more > 0 {
        page.line(format!("… and {more} more; --json lists them all"));
    }
    for warning in &plan.warnings {
        page.line(format!("Warning: {warning}"));
    }
    for it in &plan.to_confirm {
        page.line(format!("To confirm: {} ({})", it.sentence, it.id));
    }
    page.line(&plan.summary);
}

/// Asks whatever has to be asked. Rows with problems are left out only by a person who has seen
/// them, or by a script that says so: a script that does not would never notice.
fn may_save(door: &Door, args: &Import, plan: &PlannedImport) -> Result<(), Error> {
    if args.write.yes && !plan.problems.is_empty() && !args.skip_bad_rows {
        return Err(Error::new(
            ErrorKind::Refused,
            "bad-rows",
            "Some rows have a problem, so nothing was saved.",
            "Correct them, or add --skip-bad-rows to save the others.",
        ));
    }
    if let Some(removals) = plan.removals_to_confirm
        && args.removals != Some(removals)
        && !door.output.confirm_word(
            &format!("Type {removals} to remove so many entries:"),
            &removals.to_string(),
        )
    {
        return Err(Error::new(
            ErrorKind::Usage,
            "not-confirmed",
            format!(
                "The files leave out {removals} entries, more than a fifth of the directory. \
                 Nothing was saved."
            ),
            format!("Check the files, or add --removals {removals}."),
        ));
    }
    confirm_each(door, args, plan)?;
    let question = match plan.problems.is_empty() {
        true => "Save this?".to_owned(),
        false => format!(
            "Save the {} changes without the rows that have a problem?",
            plan.changes
        ),
    };
    if confirmed(door, &args.write, &question) {
        Ok(())
    } else {
        Err(unconfirmed("Nothing was saved."))
    }
}

/// Asks for each of what is seldom meant. A script names each, so that it cannot do by accident what a person
/// would be asked about.
fn confirm_each(door: &Door, args: &Import, plan: &PlannedImport) -> Result<(), Error> {
    let left: Vec<&Confirmation> = plan
        .to_confirm
        .iter()
        .filter(|it| {
            !args
                .confirm
                .iter()
                .any(|id| id.eq_ignore_ascii_case(&it.id))
        })
        .collect();
    let is_meant = |it: &Confirmation| {
        let question = format!("{} Is that meant?", it.sentence);
        !args.write.yes && door.output.confirm(&question)
    };
    if left.iter().all(|it| is_meant(it)) {
        return Ok(());
    }
    let mut named: Vec<String> = left
        .iter()
        .map(|it| format!("--confirm {}", it.id))
        .collect();
    named.dedup();
    Err(Error::new(
        ErrorKind::Refused,
        "not-confirmed",
        "What the plan asks to confirm was not confirmed, so nothing was saved.",
        format!(
            "Correct the files, or, if each is meant, add {}.",
            named.join(" ")
        ),
    ))
}

/// `oyez directory sample`, which needs neither settings nor a database.
pub async fn sample(output: Output, args: &DirectoryFiles) -> Result<Exit, Error> {
    let files = match args.format {
        ExportFormat::Yaml => vec![("directory.yaml".to_owned(), sample::YAML.to_owned())],
        ExportFormat::Csv => sample::csv(),
    };
    for file in targets(&files, args).into_iter().map(|(file, _)| file) {
        if file.exists() {
            return Err(Error::new(
                ErrorKind::Refused,
                "file-exists",
                format!("{} is there already. Nothing was written.", file.display()),
                "Name another place with --to.",
            ));
        }
    }
    give(output, &files, args).await
}

/// Where each file goes, if not to standard output.
fn targets<'f>(
    files: &'f [(String, String)],
    args: &DirectoryFiles,
) -> Vec<(std::path::PathBuf, &'f str)> {
    let place = |to: &Path, name: &str| match args.format {
        ExportFormat::Yaml => to.to_owned(),
        ExportFormat::Csv => to.join(name),
    };
    let to = args.to.iter();
    to.flat_map(|to| {
        files
            .iter()
            .map(|(name, text)| (place(to, name), text.as_str()))
    })
    .collect()
}

async fn give(
    output: Output,
    files: &[(String, String)],
    args: &DirectoryFiles,
) -> Result<Exit, Error> {
    if args.to.is_none() {
        if args.format == ExportFormat::Csv {
            return Err(Error::new(
                ErrorKind::Usage,
                "missing-folder",
                "CSV is one file for each kind of thing.",
                "Add --to FOLDER.",
            ));
        }
        for (_, text) in files {
            output.raw(text)?;
        }
    }
    for (file, text) in targets(files, args) {
        disk::write(&file, text).await?;
    }
    Ok(Exit::Done)
}

//! What every command that changes an incident does: show, ask, commit, deliver, report.

use super::{
    args::Write,
    meter::Meter,
    output::{Exit, Output, Page},
};
use crate::{
    app::{
        App, Error, ErrorKind, Mode, Retry, RetryFilter,
        answers::{FindingAnswer, Progress, Receipt},
    },
    domain::{
        IncidentId,
        command::{Asked, Command, Declare},
        delivery::RetryWay,
        event::{Actor, Door as DoorKind},
        shown::Sight,
    },
};

/// The command line as a door: the program behind it and the terminal before it.
pub struct Door {
    /// What does the work.
    pub app: App,
    /// Where answers go.
    pub output: Output,
}

/// Declares an incident.
pub async fn declare(door: &Door, declare: Declare, how: &Write) -> Result<Exit, Error> {
    let asked = door.asked(declare, how).await?;
    if how.dry_run {
        let receipt = door.app.declare(asked, Mode::Rehearse).await?;
        return door.show_rehearsal(receipt);
    }
    if !how.yes {
        let rehearsal = door.app.declare(asked.clone(), Mode::Rehearse).await?;
        door.ask(&rehearsal)?;
    }
    let receipt = door.app.declare(asked, Mode::Commit).await?;
    door.finish(receipt, how).await
}

/// Changes an incident.
pub async fn change(
    door: &Door,
    id: IncidentId,
    command: Command,
    how: &Write,
) -> Result<Exit, Error> {
    let asked = door.asked(command, how).await?;
    if how.dry_run {
        let receipt = door.app.change(id, asked, Mode::Rehearse).await?;
        return door.show_rehearsal(receipt);
    }
    if !how.yes {
        let rehearsal = door.app.change(id, asked.clone(), Mode::Rehearse).await?;
        if rehearsal.messages > 0 {
            door.ask(&rehearsal)?;
        }
    }
    let receipt = door.app.change(id, asked, Mode::Commit).await?;
    door.finish(receipt, how).await
}

/// Closes an incident: asks for its reference, since a closed record is what the review reads.
pub async fn close(
    door: &Door,
    id: IncidentId,
    command: Command,
    how: &Write,
) -> Result<Exit, Error> {
    if !how.yes && !how.dry_run {
        let asked = door.asked(command.clone(), how).await?;
        let rehearsal = door.app.change(id, asked, Mode::Rehearse).await?;
        door.summarise(&rehearsal);
        let question = format!("Type {id} to close it:");
        if !door.output.confirm_word(&question, &id.to_string()) {
            return Err(not_confirmed());
        }
    }
    let confirmed = Write {
        yes: true,
        ..how.clone()
    };
    change(door, id, command, &confirmed).await
}

/// Lets go what waits for a second person, after its words were shown.
pub async fn approve(door: &Door, args: super::incident_args::Approve) -> Result<Exit, Error> {
    let how = &args.write;
    door.app.status(args.incident).await?;
    let waiting = door.app.awaiting(args.incident).await?;
    let mut page = Page::default();
    for one in &waiting {
        page.line(super::read::awaiting_line(one));
        words_lines(&mut page, &one.parts);
    }
    door.output.say(page.text().trim_end());
    let command = Command::Approve {
        // What was written since is not agreed to unread.
        up_to: waiting.iter().map(|one| one.event).max().unwrap_or(0),
        alone: args.alone,
    };
    if !how.yes && !how.dry_run {
        let asked = door.asked(command.clone(), how).await?;
        door.app
            .change(args.incident, asked, Mode::Rehearse)
            .await?;
        if !door.output.confirm("Let them go?") {
            return Err(not_confirmed());
        }
    }
    let confirmed = Write {
        yes: true,
        ..how.clone()
    };
    change(door, args.incident, command, &confirmed).await
}

fn words_lines(page: &mut Page, parts: &std::collections::BTreeMap<String, String>) {
    for (part, text) in parts {
        page.line(format!("[{part}]"));
        page.line(text);
    }
}

/// Tries failed deliveries again.
pub async fn retry(door: &Door, args: super::incident_args::Retry) -> Result<Exit, Error> {
    let wanted = Retry {
        filter: RetryFilter {
            channel: args.channel,
            delivery: args.delivery,
            class: args.class,
        },
        way: match args.by {
            Some(channel) => RetryWay::By(channel),
            None if args.as_new => RetryWay::Anew,
            None => RetryWay::SameKey,
        },
    };
    let (app, id) = (&door.app, args.incident);
    let actor = door.actor(&args.write).await?;
    if args.write.dry_run || !args.write.yes {
        let rehearsal = app
            .retry(id, &wanted, &actor, Mode::Rehearse, false)
            .await?;
        if args.write.dry_run || rehearsal.messages == 0 {
            door.output.answer(&rehearsal, |page| {
                page.line(if args.write.dry_run {
                    "Nothing was sent or changed. This is what would happen:"
                } else {
                    "Nothing was sent or changed."
                });
                rehearsal.sentences.iter().for_each(|line| page.line(line));
                Ok(())
            })?;
            return Ok(Exit::Done);
        }
        door.output.say(&rehearsal.sentences.join("\n"));
        if !door.output.confirm("Send them?") {
            return Err(not_confirmed());
        }
    }
    let wait = !args.write.no_wait;
    let answer = app.retry(id, &wanted, &actor, Mode::Commit, wait).await?;
    let progress = &answer.progress;
    door.output.answer(&answer, |page| {
        answer.sentences.iter().for_each(|line| page.line(line));
        progress_lines(page, progress, id);
        Ok(())
    })?;
    Ok(if progress.failed + progress.retrying > 0 {
        Exit::SendsFailed
    } else {
        Exit::Done
    })
}

fn not_confirmed() -> Error {
    Error::new(
        ErrorKind::Usage,
        "not-confirmed",
        "Nothing was sent or changed.",
        "Add --yes to go ahead without being asked, or --dry-run to look first.",
    )
}

impl Door {
    async fn asked<C>(&self, command: C, how: &Write) -> Result<Asked<C>, Error> {
        Ok(Asked {
            command,
            actor: self.actor(how).await?,
            request_key: how
                .request_key
                .clone()
                .unwrap_or_else(|| ulid::Ulid::generate().to_string()),
            seen_revision: how.revision,
            typed: how.typed.clone(),
        })
    }

    /// Who is at the terminal, and on whose behalf.
    pub async fn actor(&self, how: &Write) -> Result<Actor, Error> {
        let user = whoami::username().unwrap_or_else(|_| "unknown".to_owned());
        let person = match &how.on_behalf {
            Some(id) => Some(self.app.find_person(id).await?),
            None => None,
        };
        Ok(Actor {
            id: format!("cli:{user}"),
            name: person.as_ref().map_or(user, |person| person.name.clone()),
            person: person.map(|person| person.id),
            door: DoorKind::Cli,
        })
    }

    fn ask(&self, rehearsal: &Receipt) -> Result<(), Error> {
        if rehearsal.blocked {
            // Nobody is asked about what is refused in any case; the refusal says why.
            return Ok(());
        }
        self.summarise(rehearsal);
        if rehearsal.preview_required {
            let mut page = Page::default();
            let labels = self.app.labels();
            super::who::recipient_lines(&mut page, &rehearsal.recipients, usize::MAX, &labels);
            self.output.say(page.text().trim_end());
        }
        let question = match rehearsal.people {
            0 => "Record it, although no one would be told?".to_owned(),
            _ => format!("Send to {}?", people(rehearsal.people)),
        };
        if self.output.confirm(&question) {
            Ok(())
        } else {
            Err(not_confirmed())
        }
    }

    fn summarise(&self, receipt: &Receipt) {
        let mut page = Page::default();
        receipt_lines(&mut page, receipt);
        self.output.say(page.text().trim_end());
    }

    fn show_rehearsal(&self, receipt: Receipt) -> Result<Exit, Error> {
        let receipt = &self.app.show(receipt, Sight::Contacts);
        self.output.answer(receipt, |page| {
            page.line("Nothing was sent or changed. This is what would happen:");
            receipt_lines(page, receipt);
            super::who::recipient_lines(page, &receipt.recipients, usize::MAX, &self.app.labels());
            for words in &receipt.words {
                page.gap();
                page.line(format!(
                    "{} to {} by {}:",
                    words.moment, words.audience, words.channel
                ));
                words_lines(page, &words.parts);
            }
            Ok(())
        })?;
        Ok(if receipt.blocked {
            Exit::CheckFailed
        } else {
            Exit::Done
        })
    }

    /// Delivers what was committed, as far as this process may, and reports.
    async fn finish(&self, mut receipt: Receipt, how: &Write) -> Result<Exit, Error> {
        let mut broken_off = None;
        if receipt.messages > 0 && !how.no_wait {
            let sending = Meter::new(self.output, "Sending");
            let delivered = self
                .app
                .deliver_own(&receipt, |done| sending.at(done, receipt.messages))
                .await;
            sending.end();
            match delivered {
                Ok(progress) => receipt.progress = Some(progress),
                Err(error) => broken_off = Some(error),
            }
        }
        self.output.answer(&receipt, |page| {
            receipt_lines(page, &receipt);
            if let Some(progress) = &receipt.progress {
                progress_lines(page, progress, receipt.incident);
            }
            Ok(())
        })?;
        if let Some(error) = broken_off {
            let mut told = Error::new(
                error.kind,
                "sending-broken-off",
                "It is saved, but the database failed while it was sent.",
                format!(
                    "`oyez serve` sends what waits. See how far it is: oyez send-log {}",
                    receipt.incident
                ),
            );
            // What the store says of itself, that nothing was saved, is not so here.
            told.source = error.source;
            return Err(told);
        }
        Ok(match &receipt.progress {
            Some(progress) if progress.failed + progress.retrying + progress.held > 0 => {
                Exit::SendsFailed
            }
            _ => Exit::Done,
        })
    }
}

/// "1 person", "42 people".
pub fn people(count: usize) -> String {
    if count == 1 {
        "1 person".to_owned()
    } else {
        format!("{count} people")
    }
}

fn receipt_lines(page: &mut Page, receipt: &Receipt) {
    page.line(&receipt.headline);
    for sentence in &receipt.sentences {
        page.line(sentence);
    }
    for finding in &receipt.findings {
        page.line(finding_line(finding));
    }
}

/// `Check Effect, "due to": This names a cause … Say what people cannot do … (external, users)`
fn finding_line(finding: &FindingAnswer) -> String {
    let verb = if finding.stops() { "Stopped" } else { "Check" };
    format!(
        "{verb}: {} {} ({})",
        finding.place_and_message(),
        finding.fix,
        finding.audiences.join(", ")
    )
}

fn progress_lines(page: &mut Page, progress: &Progress, incident: IncidentId) {
    let told = progress.accepted + progress.delivered;
    page.line(format!("{told} of {} messages accepted.", progress.total));
    if progress.waiting > 0 {
        page.line(format!(
            "{} wait; `oyez serve` sends them. Until then they can be stopped: oyez cancel {incident} --sending",
            progress.waiting
        ));
    }
    if progress.held > 0 {
        page.line(format!(
            "{} may be out or not, and are held for a person. Send them again: oyez retry {incident}",
            progress.held
        ));
    }
    if progress.awaiting > 0 {
        page.line(format!(
            "{} wait for a second person: oyez approve {incident} --as PERSON",
            progress.awaiting
        ));
    }
    if progress.retrying > 0 {
        page.line(format!(
            "{} will be tried again by `oyez serve`. See why: oyez send-log {incident} --state ready",
            progress.retrying
        ));
    }
    if progress.failed > 0 {
        page.line(format!(
            "{} failed. See why: oyez send-log {incident} --state dead",
            progress.failed
        ));
    }
}

//! What is shown before it is sent, and what came of it.

use std::borrow::Cow;

use super::{
    Place, Tapped, acts,
    card::{by, capital},
    forms, may_settle,
    people::{count, not_told, people, title, totals, with_named},
    said, speaker,
};
use crate::{
    app::{
        App, Error, ErrorKind, Mode, Speaker, Viewer, Wish,
        answers::{Receipt, WordsAnswer},
    },
    chatops::{
        reply::{Act, Answer, Piece, Reply},
        terminal::in_chat,
    },
    domain::{
        Audience, ChannelName, IncidentId,
        channel::{Format, REASON_MARK},
        command::{Asked, Command},
        event::Event,
        text::cut,
    },
};

/// Words longer than this are shown in part: the whole goes out.
const SHOWN: usize = 1_200;
/// So many things that readers may trip over are named, what stops the words first.
const FINDINGS: usize = 8;
/// The code of a tap on what the incident has left behind.
const STALE: &str = "revision-conflict";

/// Who would be told, why, and in which words, with the buttons that decide.
pub(super) fn shown(app: &App, place: &Place<'_>, draft: String, rehearsal: &Receipt) -> Reply {
    let here = |text: &String| in_chat(text, place.prefix);
    let heading = match rehearsal.messages {
        0 => "No one would be told. Go on all the same?".to_owned(),
        _ => format!("Send to {}?", people(rehearsal.people)),
    };
    let totals = totals(
        app,
        rehearsal.people,
        rehearsal.messages,
        &rehearsal.by_channel,
    );
    let mut sentences = vec![totals, here(&rehearsal.headline)];
    sentences.extend(follows(rehearsal).map(here));
    // Words first: who sends them must have read them, even if something is cut at the end.
    let mut reply = Reply::text(heading, sentences)
        .and_list("Readers may trip over this:", findings(place, rehearsal));
    for words in chosen(app, &rehearsal.words) {
        reply = reply.and(words);
    }
    let send = match (rehearsal.messages, rehearsal.people) {
        (0, _) => Cow::Borrowed("Go on"),
        // Channels are told, too, and are not people.
        (_, 0) => Cow::Borrowed("Send"),
        (_, number) => Cow::Owned(format!("Send to {number}")),
    };
    with_named(app, reply, &rehearsal.recipients)
        .and_list("Not told, and why:", not_told(&rehearsal.withheld))
        .button(send, Act::Send(draft.clone()))
        .button("Change", Act::Edit(draft.clone()))
        .button("Do not send", Act::Drop(draft))
}

/// What stops the words from being sent at all.
pub(super) fn blocked(place: &Place<'_>, rehearsal: &Receipt) -> Reply {
    Reply::text("Not sent. Put this right first:", []).and(Piece::List(findings(place, rehearsal)))
}

fn findings(place: &Place<'_>, rehearsal: &Receipt) -> Vec<String> {
    let found = rehearsal.findings.iter();
    let mut lines: Vec<String> = found
        .map(|finding| format!("{} {}", capital(&finding.place_and_message()), finding.fix))
        .map(|line| in_chat(&line, place.prefix))
        .take(FINDINGS)
        .collect();
    if rehearsal.findings.len() > FINDINGS {
        lines.push(format!("and {} more", rehearsal.findings.len() - FINDINGS));
    }
    lines
}

/// What a receipt says beside its totals, which are said in chat's own way.
fn follows(receipt: &Receipt) -> impl Iterator<Item = &String> {
    let totals = format!(
        "{}, {}:",
        people(receipt.people),
        count(receipt.messages, "message", "messages")
    );
    let sentences = receipt.sentences.iter();
    sentences.filter(move |sentence| !sentence.starts_with(&totals))
}

/// What was done: by whom, when, and how many are told.
pub(super) async fn done(
    app: &App,
    place: &Place<'_>,
    speaker: &Speaker,
    receipt: &Receipt,
) -> Result<Tapped, Error> {
    let here = |text: &String| in_chat(text, place.prefix);
    let id = receipt.incident;
    let settles = may_settle(app, place, id).await;
    if receipt.messages == 0 {
        let said = follows(receipt).map(here);
        let reply = Reply::text(here(&receipt.headline), said)
            .button("Status", Act::Say(format!("status {id}")));
        return Ok(Tapped { reply, settles });
    }
    // The record says it, so that the same tap again reads the same.
    let story = app.story(&Viewer::Operator, id).await?;
    let clock = app.wall_clock().await?;
    let record = story
        .log
        .iter()
        .find(|record| Some(record.seq) == receipt.event);
    let by = record.map_or_else(
        || format!("by {}", speaker.actor.name),
        |record| format!("at {}", by(record, &clock)),
    );
    let to = match receipt.people {
        0 => count(receipt.messages, "channel", "channels"),
        number => people(number),
    };
    let told = format!(
        "On its way to {to}: {}.",
        app.labels().ways(&receipt.by_channel)
    );
    let mut sentences = vec![here(&receipt.headline), told];
    sentences.extend(follows(receipt).map(here));
    let mut reply = Reply::text(format!("Sent {by} to {to}"), sentences);
    let hold = app.rulebook().await?.policy.outside_hold.num_seconds();
    if let Some(event) = receipt.event
        && hold > 0
        && app.can_be_stopped(id, event).await?
    {
        reply = reply
            .and(Piece::Text(format!(
                "Messages to people outside wait {hold} seconds. Undo stops those that still wait."
            )))
            .button("Undo", Act::Undo(id, event));
    }
    let reply = reply.button("Status", Act::Say(format!("status {id}")));
    Ok(Tapped { reply, settles })
}

/// Stops what still waits of a message.
pub(super) async fn undo(
    app: &App,
    place: &Place<'_>,
    (id, event): (IncidentId, u32),
) -> Result<Tapped, Error> {
    let speaker = speaker(app, place).await?;
    let story = app.story(&speaker.viewer, id).await?;
    let record = story.log.iter().find(|record| record.seq == event);
    let is_own = record.is_some_and(|record| record.actor.person == speaker.actor.person);
    if !is_own && !acts(&speaker, &story.incident) {
        return Err(Error::new(
            ErrorKind::NotAllowed,
            "not-yours",
            "Only whoever sent it and those who run the incident can undo it.",
            "Ask one of the leads.",
        ));
    }
    let asked = Asked {
        command: Command::CancelSending { event: Some(event) },
        actor: speaker.actor.clone(),
        request_key: place.request_key.to_owned(),
        seen_revision: None,
        typed: None,
    };
    let receipt = app.change(id, asked, Mode::Commit).await?;
    let story = app.story(&Viewer::Operator, id).await?;
    let stopped = story.log.iter().find_map(|record| match record.event {
        Event::SendingCancelled { stopped, .. } if Some(record.seq) == receipt.event => {
            usize::try_from(stopped).ok()
        }
        _ => None,
    });
    let messages = count(stopped.unwrap_or_default(), "message", "messages");
    let reply = Reply::text(
        format!("{id}: stopped {messages} before they were sent"),
        [
            "Nothing else about the incident has changed.".to_owned(),
            "Whoever had it already keeps it. If it is wrong, send a correction.".to_owned(),
        ],
    )
    .button("Correct", Act::Say(format!("correct {id}")))
    .button("Status", Act::Say(format!("status {id}")));
    let settles = may_settle(app, place, id).await;
    Ok(Tapped { reply, settles })
}

/// Carries out the answer to a prompt. The prompt showed what "no change" sends, so exactly that goes
/// out at once; if it no longer stands, nothing does, and what would be sent now is shown.
pub(super) async fn answer(
    app: &App,
    place: &Place<'_>,
    answer: Answer,
    (incident, revision): (IncidentId, u32),
) -> Result<Tapped, Error> {
    let speaker = speaker(app, place).await?;
    app.must_see(&speaker.viewer, incident).await?;
    let command = match answer {
        Answer::Snooze => Command::Snooze,
        Answer::NoChange => Command::NoChange { next_update: None },
    };
    let asked = Asked {
        command: command.clone(),
        actor: speaker.actor.clone(),
        request_key: place.request_key.to_owned(),
        seen_revision: Some(revision),
        typed: None,
    };
    if answer == Answer::NoChange && !app.prompt_stands(&asked, incident).await? {
        let wish = Wish::Change(incident, Box::new(command));
        // Not the key of the tap, under which nothing was done.
        let key = format!("{} anew", place.request_key);
        let place = Place {
            request_key: &key,
            ..place.clone()
        };
        let mut shown = forms::shown(app, &place, &speaker, wish, "no change", None).await?;
        shown.reply.heading = format!(
            "Nothing was sent: too late for those words. {}",
            shown.reply.heading
        );
        return Ok(shown);
    }
    let receipt = match app.change(incident, asked, Mode::Commit).await {
        Err(error) if error.code == STALE => return Ok(stale(place, incident, None, error)),
        answer => answer?,
    };
    done(app, place, &speaker, &receipt).await
}

/// Sends what was shown.
pub(super) async fn send(app: &App, place: &Place<'_>, draft: &str) -> Result<Tapped, Error> {
    let speaker = speaker(app, place).await?;
    let sent = app.send_draft(&speaker.actor, &speaker.viewer, draft).await;
    match sent {
        Err(error) if error.code == STALE => {
            match app.draft(&speaker.actor, &speaker.viewer, draft).await? {
                Wish::Change(id, _) => Ok(stale(place, id, Some(draft), error)),
                Wish::Declare(_) => Err(error),
            }
        }
        sent => done(app, place, &speaker, &sent?).await,
    }
}

/// What happened instead of what was tapped, and how to go on.
fn stale(place: &Place<'_>, id: IncidentId, draft: Option<&str>, error: Error) -> Tapped {
    let mut reply = said(place, Err(error));
    reply.pieces.insert(0, Piece::Text(reply.heading));
    reply.heading = "Nothing was sent.".to_owned();
    if let Some(draft) = draft {
        reply = reply.button("Change", Act::Edit(draft.to_owned()));
    }
    Tapped {
        reply: reply.button("Status", Act::Say(format!("status {id}"))),
        // Overtaken: it would say the same again.
        settles: true,
    }
}

/// Throws away what was shown, unless it was sent.
pub(super) async fn drop(app: &App, place: &Place<'_>, draft: &str) -> Result<Tapped, Error> {
    let speaker = speaker(app, place).await?;
    let sent = app.drop_draft(&speaker.actor, draft).await?;
    Ok(match sent {
        Some(receipt) => {
            let mut tapped = done(app, place, &speaker, &receipt).await?;
            tapped.reply.heading = format!("It was sent already. {}", tapped.reply.heading);
            tapped
        }
        None => Tapped {
            reply: Reply::text("Not sent.", []),
            settles: true,
        },
    })
}

/// The words for each audience, once: as a channel of plain text has them, if there is one.
fn chosen(app: &App, words: &[WordsAnswer]) -> Vec<Piece> {
    let is_plain = |one: &WordsAnswer| {
        let channel = one.channel.parse().ok();
        let channel = channel.and_then(|name: ChannelName| app.channels.get(&name));
        channel.is_some_and(|channel| {
            let mut parts = channel.parts().iter();
            parts.any(|part| part.name == "text" && part.format == Format::Plain)
        })
    };
    let mut audiences: Vec<(&str, &str)> = Vec::new();
    for one in words {
        let key = (one.moment.as_str(), one.audience.as_str());
        if !audiences.contains(&key) {
            audiences.push(key);
        }
    }
    audiences
        .into_iter()
        .filter_map(|(moment, audience)| {
            let mut of: Vec<&WordsAnswer> = words
                .iter()
                .filter(|one| one.moment == moment && one.audience == audience)
                .collect();
            of.sort_by_key(|one| !is_plain(one));
            let text = of.into_iter().find_map(|one| one.parts.get("text"))?;
            Some(Piece::Words {
                label: readers(audience, moment),
                // The whole goes out.
                text: cut(text.replace(REASON_MARK, "").trim(), SHOWN),
            })
        })
        .collect()
}

/// "To owners (declared)"
fn readers(audience: &str, moment: &str) -> String {
    let known = audience.parse::<Audience>();
    let to = known.map_or_else(|_| audience.to_owned(), |it| title(it).to_lowercase());
    format!("To {to} ({})", moment.replace(['_', '-'], " "))
}

//! What is shown before it is sent, and what came of it.

use super::{
    Place, Tapped,
    looking::{count, people},
    settled, speaker,
};
use crate::{
    app::{
        App, Error, Mode, Wish,
        answers::{Receipt, WordsAnswer},
    },
    chatops::reply::{Act, Answer, Piece, Reply},
    domain::{
        ChannelName, IncidentId,
        channel::{Format, REASON_MARK},
        command::{Asked, Command},
        text::cut,
    },
};

/// Words longer than this are shown in part: the whole goes out.
const SHOWN: usize = 700;

/// Who would be told, why, and in which words, with the buttons that decide.
pub(super) fn shown(app: &App, draft: String, rehearsal: &Receipt) -> Reply {
    let findings: Vec<String> = rehearsal
        .findings
        .iter()
        .map(|finding| format!("{} {}", finding.place_and_message(), finding.fix))
        .collect();
    if rehearsal.blocked {
        return Reply::text(
            "Not sent. Put this right first:",
            [rehearsal.headline.clone()],
        )
        .and(Piece::List(findings));
    }
    let heading = match rehearsal.messages {
        0 => "No one would be told. Go on all the same?".to_owned(),
        _ => format!("Send to {}?", count(rehearsal.people, "person", "people")),
    };
    let by_channel = app.labels().counts(&rehearsal.by_channel);
    // Words first: who sends them must have read them, even if something is cut at the end.
    let mut reply = Reply::text(heading, [rehearsal.headline.clone(), by_channel]);
    if !findings.is_empty() {
        reply = reply
            .and(Piece::Text("Readers may trip over this:".to_owned()))
            .and(Piece::List(findings));
    }
    for words in chosen(app, &rehearsal.words) {
        reply = reply.and(words);
    }
    reply = reply.and(Piece::List(people(app, &rehearsal.recipients)));
    reply
        .button("Send", Act::Send(draft.clone()))
        .button("Do not send", Act::Drop(draft))
}

/// What was done.
pub(super) fn done(app: &App, receipt: &Receipt) -> Reply {
    let told = match receipt.messages {
        0 => String::new(),
        _ => format!(
            "On its way to {}: {}.",
            count(receipt.people, "person", "people"),
            app.labels().counts(&receipt.by_channel)
        ),
    };
    let mut sentences = vec![told];
    sentences.extend(receipt.sentences.iter().cloned());
    Reply::text(receipt.headline.clone(), sentences)
        .button("Status", Act::Say(format!("status {}", receipt.incident)))
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
        let mut shown = super::shown(app, &place, &speaker, wish, "no change").await?;
        shown.reply.heading = format!(
            "Nothing was sent: too late for those words. {}",
            shown.reply.heading
        );
        return Ok(shown);
    }
    let receipt = app.change(incident, asked, Mode::Commit).await?;
    Ok(settled(app, place, &receipt).await)
}

/// Sends what was shown.
pub(super) async fn send(app: &App, place: &Place<'_>, draft: &str) -> Result<Tapped, Error> {
    let speaker = speaker(app, place).await?;
    let receipt = app
        .send_draft(&speaker.actor, &speaker.viewer, draft)
        .await?;
    Ok(settled(app, place, &receipt).await)
}

/// Throws away what was shown, unless it was sent.
pub(super) async fn drop(app: &App, place: &Place<'_>, draft: &str) -> Result<Tapped, Error> {
    let speaker = speaker(app, place).await?;
    let sent = app.drop_draft(&speaker.actor, draft).await?;
    Ok(match sent {
        Some(receipt) => {
            let mut tapped = settled(app, place, &receipt).await;
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
                label: format!("To {audience} ({moment})"),
                // The whole goes out.
                text: cut(text.replace(REASON_MARK, "").trim(), SHOWN),
            })
        })
        .collect()
}

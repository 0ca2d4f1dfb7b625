//! Forms: asked for, handed in, and given back with what is wrong.

use super::{Place, Tapped, said, scene, sending, speaker, usage};
use crate::{
    app::{About, App, Error, ErrorKind, Prepared, Speaker, Wish},
    chatops::{
        form::{self, Asked, Filled},
        grammar::{Scene, Subject},
        reply::Reply,
    },
    domain::{IncidentId, command::Declare, incident::Kind, verbs::Verb},
};

/// Shows what a wish comes to, or does it if it tells nobody. What a form can put right comes back
/// as the form; `filled` is what was handed in, if it came from one.
pub(super) async fn shown(
    app: &App,
    place: &Place<'_>,
    speaker: &Speaker,
    wish: Wish,
    typed: &str,
    filled: Option<&Filled>,
) -> Result<Tapped, Error> {
    if let Wish::Declare(declare) = &wish
        && is_restricted(declare)
        && !place.is_private
    {
        return Ok(not_here().into());
    }
    let key = (place.request_key, typed);
    let prepared = app
        .prepare(&speaker.actor, &speaker.viewer, wish.clone(), key)
        .await;
    match prepared {
        Ok(Prepared::Done(receipt)) => sending::done(app, place, speaker, &receipt).await,
        Ok(Prepared::Shown { draft, rehearsal }) if !rehearsal.blocked => {
            Ok(sending::shown(app, place, draft, &rehearsal).into())
        }
        Ok(Prepared::Shown { rehearsal, .. }) => {
            let wrong = sending::blocked(place, &rehearsal);
            let back = back(app, speaker, &wish, filled, wrong, |_| ()).await?;
            Ok(back.into())
        }
        Err(error) => {
            let is_ceiling = error.code == "above-ceiling";
            let is_fault_of_form = filled.is_some()
                && matches!(error.kind, ErrorKind::Refused | ErrorKind::Usage)
                && !matches!(
                    error.code.as_str(),
                    "wrong-stage" | "no-change" | "key-reused"
                );
            if !is_ceiling && !is_fault_of_form {
                return Err(error);
            }
            let code = error.code.clone();
            let wrong = said(place, Err(error));
            let ask: fn(&mut Filled) = match code.as_str() {
                "above-ceiling" => form::ask_about_ceiling,
                "stands-in-facts" => form::ask_about_facts,
                _ => |_: &mut Filled| (),
            };
            let back = back(app, speaker, &wish, filled, wrong, ask).await?;
            Ok(back.into())
        }
    }
}

/// The form that would make a wish, below what is wrong with it.
async fn back(
    app: &App,
    speaker: &Speaker,
    wish: &Wish,
    filled: Option<&Filled>,
    wrong: Reply,
    ask: fn(&mut Filled),
) -> Result<Reply, Error> {
    let again = |scene: &Scene<'_>| {
        let (verb, of_wish) = of(scene, wish)?;
        let mut filled = filled.cloned().unwrap_or(of_wish);
        ask(&mut filled);
        form::form(scene, verb, about(wish), &filled)
    };
    let form = with_subject(app, speaker, about(wish), again).await?;
    Ok(above(wrong, form))
}

/// A form as it is, below what is wrong with what was filled in.
fn above(wrong: Reply, form: Option<Reply>) -> Reply {
    match form {
        None => wrong,
        Some(form) => {
            let buttons = form.buttons.clone();
            Reply {
                heading: wrong.heading,
                pieces: wrong.pieces.into_iter().chain(form.fields()).collect(),
                buttons,
                refused: wrong.refused,
            }
        }
    }
}

/// The form of a verb, with what was said after it.
pub(super) async fn asked(
    app: &App,
    place: &Place<'_>,
    speaker: &Speaker,
    verb: Verb,
    incident: Option<IncidentId>,
    said: &str,
) -> Result<Reply, Error> {
    let form = |scene: &Scene<'_>| {
        let filled = form::said(scene, verb, said);
        form::form(scene, verb, incident, &filled)
    };
    let form = with_subject(app, speaker, incident, form).await?;
    Ok(form.unwrap_or_else(|| usage(place, verb)))
}

/// What was shown, as the form that makes it.
pub(super) async fn edited(app: &App, place: &Place<'_>, draft: &str) -> Result<Reply, Error> {
    let speaker = speaker(app, place).await?;
    let wish = app.draft(&speaker.actor, &speaker.viewer, draft).await?;
    let form = |scene: &Scene<'_>| {
        let (verb, filled) = of(scene, &wish)?;
        form::form(scene, verb, about(&wish), &filled)
    };
    let form = with_subject(app, &speaker, about(&wish), form).await?;
    Ok(form.unwrap_or_else(|| {
        Reply::text(
            "This has no words of yours to change.",
            ["Send it, or do not.".to_owned()],
        )
    }))
}

/// Reads a form, and shows what it comes to. If nothing is in it, it is only asked for.
pub(super) async fn handed_in(
    app: &App,
    place: &Place<'_>,
    verb: Verb,
    incident: Option<IncidentId>,
    filled: &Filled,
) -> Result<Tapped, Error> {
    let speaker = speaker(app, place).await?;
    if let Some(id) = incident {
        app.must_see(&speaker.viewer, id).await?;
    }
    if form::is_blank(filled) {
        let form = asked(app, place, &speaker, verb, incident, "").await?;
        return Ok(form.into());
    }
    let kind = filled.get("kind").map(String::as_str);
    let restricted = Kind::ALL
        .into_iter()
        .filter(|it| it.is_restricted_by_default());
    if !place.is_private && restricted.into_iter().any(|it| Some(it.as_str()) == kind) {
        // Not even the form, with what stands in it.
        return Ok(not_here().into());
    }
    let read = |scene: &Scene<'_>| match form::read(scene, verb, incident, filled) {
        Ok(asked) => Ok(asked),
        Err(refusal) => Err(Box::new((
            refusal,
            form::form(scene, verb, incident, filled),
        ))),
    };
    let wish = match with_subject(app, &speaker, incident, read).await? {
        Ok(Asked::Declare(declare)) => Wish::Declare(declare),
        Ok(Asked::Change(id, command)) => Wish::Change(id, command),
        Err(wrong) => {
            let (refusal, form) = *wrong;
            let wrong = said(place, Err(refusal.into()));
            return Ok(above(wrong, form).into());
        }
    };
    let typed = format!("{filled:?}");
    shown(app, place, &speaker, wish, &typed, Some(filled)).await
}

/// Reads or makes a form against the rules in force and the incident as it stands.
async fn with_subject<T>(
    app: &App,
    speaker: &Speaker,
    incident: Option<IncidentId>,
    make: impl FnOnce(&Scene<'_>) -> T,
) -> Result<T, Error> {
    let story = match incident {
        Some(id) => Some(app.story(&speaker.viewer, id).await?),
        None => None,
    };
    let book = app.rulebook().await?;
    let about = About::default();
    let subject = story.as_ref().map(|story| Subject {
        incident: &story.incident,
        log: &story.log,
    });
    Ok(make(&Scene {
        subject,
        ..scene(app, &book, &about, speaker)
    }))
}

fn about(wish: &Wish) -> Option<IncidentId> {
    match wish {
        Wish::Declare(_) => None,
        Wish::Change(id, _) => Some(*id),
    }
}

/// The form that would make a wish.
fn of(scene: &Scene<'_>, wish: &Wish) -> Option<(Verb, Filled)> {
    match wish {
        Wish::Declare(declare) => Some((Verb::Open, form::of_declare(scene, declare))),
        Wish::Change(_, command) => form::of_change(scene, command),
    }
}

/// Whether only named people may know of what is to be declared.
fn is_restricted(declare: &Declare) -> bool {
    declare.restricted
        || (declare.kind.is_restricted_by_default() && declare.unrestricted_because.is_none())
}

/// Where others read along, nothing is shown that only named people may know.
fn not_here() -> Reply {
    Reply::text(
        "Go on in your personal chat with me.",
        [
            "Others read along here, and only named people may know of an incident of this kind."
                .to_owned(),
            "Nothing was sent or kept. In the personal chat, say: open".to_owned(),
        ],
    )
}

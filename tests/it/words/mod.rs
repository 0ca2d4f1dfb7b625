//! What people read: every moment for every audience on every channel, as snapshots; cards that
//! are valid; messages within their channels' limits; hostile text that appears as typed.

pub(crate) mod cards;
mod hostile;
mod messages;
pub(crate) mod shape;
mod sizes;
pub(crate) mod story;

use std::collections::BTreeMap;

use oyez::{
    channels,
    domain::{
        Audience, ChannelName,
        ask::AskLine,
        channel::{ASK_MARK, Part, REASON_MARK, TAP_MARK},
        notification::Moment,
        text,
        wording::View,
    },
    render::Renderer,
};

/// Every kind of channel with its parts.
pub(crate) fn kinds() -> Vec<(ChannelName, &'static [Part])> {
    channels::kinds()
        .iter()
        .map(|kind| (kind.name.parse().expect("a channel's name"), kind.parts))
        .collect()
}

pub(crate) fn renderer() -> Renderer {
    let (renderer, faults) = Renderer::load(None, &kinds());
    assert_eq!(faults, []);
    renderer
}

/// The finished parts of a message, with a reason line in them.
pub(crate) fn rendered(
    renderer: &Renderer,
    kind: &(ChannelName, &'static [Part]),
    view: &View,
) -> BTreeMap<String, String> {
    rendered_for(renderer, kind, view, None)
}

/// The same for somebody who is asked something.
pub(crate) fn rendered_for(
    renderer: &Renderer,
    (channel, parts): &(ChannelName, &'static [Part]),
    view: &View,
    ask: Option<AskLine<'_>>,
) -> BTreeMap<String, String> {
    let rendered = renderer.render(channel, parts, view.moment, view.audience, view);
    assert_eq!(
        rendered.fault, None,
        "{channel} {} {}",
        view.moment, view.audience
    );
    parts
        .iter()
        .map(|part| {
            let words = &rendered.parts[part.name];
            let finished = text::for_recipient(words, part, reason(view.audience), ask);
            assert!(
                ![REASON_MARK, ASK_MARK, TAP_MARK]
                    .iter()
                    .any(|mark| finished.contains(mark))
            );
            (part.name.to_owned(), finished)
        })
        .collect()
}

pub(crate) fn reason(audience: Audience) -> &'static str {
    match audience {
        Audience::External => {
            "You get this because you are the named contact for Larkfield Training."
        }
        _ => {
            "You get this because you are the service owner of Register trainees and this is a P1."
        }
    }
}

/// All messages there are.
pub(crate) fn all() -> impl Iterator<Item = (Moment, Audience)> {
    Moment::ALL
        .into_iter()
        .flat_map(|moment| Audience::ALL.map(|audience| (moment, audience)))
}

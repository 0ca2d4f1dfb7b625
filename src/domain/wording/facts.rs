//! The declared facts: which there are, at which moments, for whom, and where they come from.
//!
//! One table decides what a template may name and what a message holds, so a fact that an audience
//! must not see is not in its message at all. Rows: name, kind, whether it may be empty, whether
//! the message must use it, moments, audiences, value.

use crate::domain::{Audience, notification::Moment};

use super::{
    common as c,
    context::Context,
    leads as l, moments as m,
    view::{Kind, Value},
};

/// One fact that templates of some moments and audiences may name.
#[derive(Clone, Copy)]
pub struct Fact {
    /// The name in templates.
    pub name: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// Whether it may be empty, so that a template must ask with `#if` before it uses it. All
    /// others always have words: "not known yet" is a sentence.
    pub optional: bool,
    /// Whether a message that leaves it out fails to say what its moment must say.
    pub must: bool,
    /// Whether that holds even for a message with room for the gist only.
    pub gist: bool,
    moments: &'static [Moment],
    audiences: &'static [Audience],
    value: fn(&Context<'_>) -> Value,
}

impl std::fmt::Debug for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Fact {
    pub(super) fn value(&self, context: &Context<'_>) -> Value {
        (self.value)(context)
    }
}

/// The facts that a message of this moment to this audience has; templates may name no others.
pub fn declared_facts(moment: Moment, audience: Audience) -> impl Iterator<Item = &'static Fact> {
    TABLE
        .iter()
        .filter(move |fact| fact.moments.contains(&moment) && fact.audiences.contains(&audience))
}

use Audience::{External, Owners, Responders, Users};
use Kind::{Flag, Line, List, Typed};
use Moment::{
    AreYouAffected, Cancelled, CatchUp, Closed, Correction, Declared, NoChange, Overdue,
    PriorityChange, Prompt, Reminder, Reopened, Resolved, RoleAssigned, StandDown, Test, Update,
};

const EVERYONE: &[Audience] = &Audience::ALL;
const INSIDE: &[Audience] = &[Responders, Owners];
const OUTSIDE: &[Audience] = &[External, Users];
const ALWAYS: &[Moment] = &Moment::ALL;

/// Moments that say how things stand.
const STANDING: &[Moment] = &[
    Declared,
    Update,
    NoChange,
    PriorityChange,
    CatchUp,
    Reopened,
    RoleAssigned,
    AreYouAffected,
];
/// The same, where people are owed a next time.
const PROMISING: &[Moment] = &[
    Declared,
    Update,
    NoChange,
    PriorityChange,
    CatchUp,
    Reopened,
];
/// Moments about an incident.
const ABOUT: &[Moment] = &[
    Declared,
    Update,
    NoChange,
    PriorityChange,
    CatchUp,
    StandDown,
    Resolved,
    Closed,
    Correction,
    Reopened,
    Cancelled,
    Prompt,
    Overdue,
    RoleAssigned,
    AreYouAffected,
    Reminder,
];

/// Moments that tell everyone something new.
const CHANGING: &[Moment] = &[
    Declared,
    Update,
    NoChange,
    PriorityChange,
    Resolved,
    Closed,
    Correction,
    Reopened,
    Cancelled,
];

const fn fact(
    name: &'static str,
    kind: Kind,
    moments: &'static [Moment],
    audiences: &'static [Audience],
    value: fn(&Context<'_>) -> Value,
) -> Fact {
    Fact {
        name,
        kind,
        optional: false,
        must: false,
        gist: false,
        moments,
        audiences,
        value,
    }
}

impl Fact {
    const fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    const fn must(self) -> Self {
        Self { must: true, ..self }
    }

    const fn gist(self) -> Self {
        Self {
            must: true,
            gist: true,
            ..self
        }
    }
}

static TABLE: &[Fact] = &[
    // Every message.
    fact("moment", Line, ALWAYS, EVERYONE, c::moment),
    fact("audience", Line, ALWAYS, EVERYONE, c::audience),
    fact("at", Line, ALWAYS, EVERYONE, c::at),
    fact("organisation", Line, ALWAYS, EVERYONE, c::organisation),
    fact("subject", Line, ALWAYS, EVERYONE, c::subject),
    fact("headline", Line, ALWAYS, EVERYONE, c::headline),
    fact(
        "headline_is_cut",
        Flag,
        ALWAYS,
        EVERYONE,
        c::headline_is_cut,
    ),
    fact("exercise", Flag, ALWAYS, EVERYONE, c::exercise),
    fact("outside", Flag, ALWAYS, EVERYONE, c::outside),
    fact("has_reason", Flag, ALWAYS, EVERYONE, c::has_reason),
    fact("title", Line, ABOUT, EVERYONE, c::title),
    fact("service", Line, ABOUT, EVERYONE, c::service),
    fact("service", Line, &[Test], EVERYONE, c::service).optional(),
    fact("state", Line, ABOUT, EVERYONE, c::state),
    fact("state", Line, &[Test], EVERYONE, c::state).optional(),
    fact("reference", Line, ALWAYS, EVERYONE, c::reference).optional(),
    fact("next_update", Line, ALWAYS, EVERYONE, c::next_update).optional(),
    fact(
        "next_update_words",
        Line,
        ALWAYS,
        EVERYONE,
        c::next_update_words,
    )
    .optional(),
    fact("record", Line, ALWAYS, EVERYONE, c::record).optional(),
    fact("link", Line, ALWAYS, EVERYONE, c::link).optional(),
    fact("mailbox", Line, ALWAYS, EVERYONE, c::mailbox).optional(),
    // How things stand: the six facts, each for those who may see it.
    fact("since", Line, STANDING, EVERYONE, c::since),
    fact("effect", Typed, STANDING, EVERYONE, c::effect),
    fact("who", Typed, STANDING, EVERYONE, c::who),
    fact("what_to_do", Typed, STANDING, OUTSIDE, c::what_to_do),
    fact("doing", Typed, STANDING, INSIDE, c::doing),
    fact("decision", Typed, STANDING, &[Owners], c::decision),
    fact("theory", Typed, STANDING, &[Responders], c::theory),
    fact("leads", Line, ABOUT, INSIDE, c::leads),
    fact("priority", Line, ABOUT, INSIDE, c::priority),
    fact("standing", List, ALWAYS, EVERYONE, c::standing).optional(),
    fact(
        "priority_meaning",
        Line,
        STANDING,
        &[Owners],
        c::priority_meaning,
    ),
    fact("people_told", Line, CHANGING, INSIDE, c::people_told),
    fact(
        "people_told",
        Line,
        &[Prompt, Overdue],
        EVERYONE,
        c::people_told,
    ),
    // What each moment is about.
    fact("change", Typed, &[Update, StandDown], EVERYONE, m::change).gist(),
    fact("last_said", Line, &[StandDown], EVERYONE, m::last_said).optional(),
    fact("no_change", Typed, &[NoChange], EVERYONE, m::no_change).gist(),
    fact(
        "priority_before",
        Line,
        &[PriorityChange],
        INSIDE,
        m::priority_before,
    )
    .gist(),
    fact("why", Typed, &[PriorityChange], INSIDE, m::why_priority).must(),
    fact("cadence", Line, &[PriorityChange], INSIDE, m::cadence).optional(),
    fact("story", List, &[CatchUp], EVERYONE, m::story).must(),
    fact(
        "fixed_at",
        Line,
        &[Resolved, Reminder],
        EVERYONE,
        m::fixed_at,
    )
    .gist(),
    fact("alone", Flag, &[Resolved], EVERYONE, m::alone),
    fact("effect", Typed, &[Resolved], EVERYONE, c::effect),
    fact("duration", Line, &[Resolved], EVERYONE, m::duration).must(),
    fact("how_fixed", Typed, &[Resolved], EVERYONE, m::how_fixed).must(),
    fact("lost", Typed, &[Resolved], EVERYONE, m::lost).must(),
    fact("still_stuck", Typed, &[Resolved], EVERYONE, m::still_stuck),
    fact("closed_at", Line, &[Closed], EVERYONE, m::closed_at).gist(),
    fact("closing", Typed, &[Closed], EVERYONE, m::closing),
    fact("report", Line, &[Closed], INSIDE, m::report),
    fact("review", Line, &[Closed], INSIDE, m::review),
    fact("actions", List, &[Closed], INSIDE, m::actions).optional(),
    fact("actions_count", Line, &[Closed], INSIDE, m::actions_count),
    fact("duplicate_of", Line, &[Closed], INSIDE, m::duplicate_of).optional(),
    fact("wrong", Typed, &[Correction], EVERYONE, m::wrong).must(),
    fact("said_at", Line, &[Correction], EVERYONE, m::said_at).must(),
    fact("right", Typed, &[Correction], EVERYONE, m::right).gist(),
    fact("why", Typed, &[Reopened], EVERYONE, m::why_reopened).gist(),
    fact("why", Typed, &[Cancelled], EVERYONE, m::why_cancelled).gist(),
    fact("due", Line, &[Prompt, Overdue], EVERYONE, l::due).gist(),
    fact(
        "last_update",
        Line,
        &[Prompt, Overdue],
        EVERYONE,
        l::last_update,
    ),
    fact("open_for", Line, &[Prompt, Overdue], EVERYONE, l::open_for),
    fact("would_send", List, &[Prompt], EVERYONE, l::would_send).must(),
    fact("late_by", Line, &[Overdue], EVERYONE, l::late_by).must(),
    fact(
        "no_change_command",
        Line,
        &[Prompt, Overdue],
        EVERYONE,
        l::no_change_command,
    )
    .gist(),
    fact("revision", Line, &[Prompt, Overdue], EVERYONE, l::revision).optional(),
    fact(
        "update_command",
        Line,
        &[Prompt, Overdue],
        EVERYONE,
        l::update_command,
    ),
    fact("role", Line, &[RoleAssigned], EVERYONE, l::role).gist(),
    fact("duties", Line, &[RoleAssigned], EVERYONE, l::duties),
    fact(
        "takes_over_from",
        Line,
        &[RoleAssigned],
        EVERYONE,
        l::takes_over_from,
    )
    .optional(),
    fact("note", Typed, &[RoleAssigned], EVERYONE, l::note).optional(),
    fact("asked", Line, &[AreYouAffected], EVERYONE, l::asked).gist(),
    fact("answer_to", Line, &[AreYouAffected], EVERYONE, l::answer_to).gist(),
    fact("steps", List, &[Reminder], EVERYONE, l::steps).gist(),
    fact("sent_at", Line, &[Test], EVERYONE, l::sent_at).gist(),
];

/// Facts without which a moment does not do its job, beside those marked in the table: they are
/// common to many moments and owed only in some. A short message owes fewer of what its moment is
/// about, and always where to read the rest.
pub(super) fn must_use(fact: &Fact, moment: Moment, short: bool) -> bool {
    let marked = if short { fact.gist } else { fact.must };
    marked
        || match fact.name {
            "since" => moment == Declared && !short,
            "effect" => moment == Declared || (moment == CatchUp && short),
            "next_update" | "next_update_words" => PROMISING.contains(&moment),
            "reference" | "link" => short && ABOUT.contains(&moment),
            _ => false,
        }
}

//! Which facts a message has, and in which words.
//!
//! [`view()`] turns a saying into the facts that templates may use: for each moment and audience a
//! declared list ([`declared_facts`]), so that nothing reaches readers who must not see it and
//! nothing is blank. [`times`] is the one formatter of times; `subject` makes subject lines whose
//! stem never changes, so that mail threads hold.

mod common;
mod context;
mod facts;
mod leads;
mod moments;
mod no_change;
mod sentences;
mod stand_down;
mod story;
mod subject;
mod times;
mod view;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::{Audience, notification::Moment, policy::Policy, saying::Saying, time::Time};
use context::Context;
pub use facts::{Fact, declared_facts};
pub use no_change::no_change_words;
pub use subject::SUBJECT_CHARS;
pub use times::{TimeWords, duration, minutes_in_words};
pub use view::{Kind, Value, View};

/// The facts of one message. Total: whatever the incident lacks, every declared fact has words.
pub fn view(saying: &Saying<'_>) -> View {
    if saying.moment == Moment::Test {
        return test_view(saying.policy, saying.audience, saying.now);
    }
    let context = Context::new(saying);
    let values = declared_facts(saying.moment, saying.audience)
        .map(|fact| (fact.name, (fact.kind, fact.value(&context))))
        .collect();
    View {
        moment: saying.moment,
        audience: saying.audience,
        values,
        whole: common::link_of(&context),
    }
}

/// The facts of a marked test message, which is about no incident.
pub fn test_view(policy: &Policy, audience: Audience, now: Time) -> View {
    let text = |text: &str| Value::Text(text.to_owned());
    let subject = "Test: nothing is wrong";
    let sent_at = TimeWords::new(policy.time_zone, now).when_in_full(now);
    let known = BTreeMap::from([
        ("moment", text(Moment::Test.as_str())),
        ("audience", text(audience.as_str())),
        (
            "at",
            text(&now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        ),
        ("organisation", text(&policy.organisation)),
        ("subject", text(subject)),
        ("headline", text(subject)),
        ("sent_at", text(&sent_at)),
    ]);
    // What is about an incident is optional at this moment, so it is empty or no.
    let values = declared_facts(Moment::Test, audience)
        .map(|fact| {
            let empty = match fact.kind {
                Kind::Line | Kind::Typed => text(""),
                Kind::List => Value::List(Vec::new()),
                Kind::Flag => Value::Flag(false),
            };
            let value = known.get(fact.name).cloned().unwrap_or(empty);
            (fact.name, (fact.kind, value))
        })
        .collect();
    View {
        moment: Moment::Test,
        audience,
        values,
        whole: None,
    }
}

/// A view in which every fact is filled with its own name, for trying templates; those that may be
/// empty are so on request.
pub fn sample(moment: Moment, audience: Audience, optional_are_empty: bool) -> View {
    let values = declared_facts(moment, audience)
        .map(|fact| {
            let empty = fact.optional && optional_are_empty;
            let name = if empty { "" } else { fact.name };
            let value = match fact.kind {
                _ if fact.name == "moment" => Value::Text(moment.as_str().to_owned()),
                _ if fact.name == "audience" => Value::Text(audience.as_str().to_owned()),
                Kind::Line | Kind::Typed if fact.name == "link" && !empty => {
                    Value::Text("https://link.example".to_owned())
                }
                Kind::Line | Kind::Typed => Value::Text(name.to_owned()),
                Kind::List if empty => Value::List(Vec::new()),
                Kind::List => Value::List(vec![name.to_owned()]),
                Kind::Flag => Value::Flag(!optional_are_empty),
            };
            (fact.name, (fact.kind, value))
        })
        .collect();
    View {
        moment,
        audience,
        values,
        whole: None,
    }
}

/// Whether a message of this moment that leaves the fact out fails to do its job, or a short one
/// its smaller job. For facts that come in two forms, one of them is enough; see [`same_fact`].
pub fn must_use(fact: &Fact, moment: Moment, short: bool) -> bool {
    facts::must_use(fact, moment, short)
}

/// The other form of a fact, of which a message needs only one.
pub fn same_fact(name: &str) -> Option<&'static str> {
    match name {
        "next_update" => Some("next_update_words"),
        "next_update_words" => Some("next_update"),
        // A subject ends with the reference.
        "reference" => Some("subject"),
        _ => None,
    }
}

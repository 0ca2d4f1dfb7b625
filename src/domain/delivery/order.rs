//! What goes after what, and what a newer message makes needless.

use sha2::{Digest, Sha256};

use crate::domain::{Address, ChannelName, IncidentId, notification::Moment};

/// Whether a new message makes an older one of the same incident to the same address needless, as
/// long as that one waits.
///
/// Updates replace updates. A prompt replaces older prompts only: it goes to one lead, who must
/// not lose an update by it. The last word replaces all that still waits but corrections, since a
/// person who read wrong words must learn of it. Nothing else replaces what can be said only once.
pub fn supersedes(new: Moment, old: Moment) -> bool {
    match new {
        Moment::Resolved | Moment::Cancelled => old != Moment::Correction,
        Moment::Update | Moment::NoChange | Moment::PriorityChange => matches!(
            old,
            Moment::Update | Moment::NoChange | Moment::PriorityChange | Moment::Prompt
        ),
        Moment::Prompt => old == Moment::Prompt,
        _ => false,
    }
}

/// Deliveries with the same key leave one after the other: same incident, channel and address,
/// letters' case aside. A digest, because addresses can be long and secret.
pub fn order_key(incident: Option<IncidentId>, channel: &ChannelName, address: &Address) -> String {
    let mut digest = Sha256::new();
    digest.update(incident.map_or(0, |incident| incident.0).to_be_bytes());
    digest.update(channel.as_str().as_bytes());
    digest.update([0]);
    digest.update(address.as_str().to_lowercase().as_bytes());
    digest.finalize()[..16]
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_replace_updates_and_prompts_and_nothing_else() {
        let replaced: Vec<_> = Moment::ALL
            .into_iter()
            .filter(|old| supersedes(Moment::Update, *old))
            .collect();
        assert_eq!(
            replaced,
            [
                Moment::Update,
                Moment::NoChange,
                Moment::PriorityChange,
                Moment::Prompt
            ]
        );
        assert!(!supersedes(Moment::Prompt, Moment::Update));
    }

    #[test]
    fn the_last_word_replaces_all_but_corrections() {
        for old in Moment::ALL {
            assert_eq!(
                supersedes(Moment::Resolved, old),
                old != Moment::Correction,
                "{old}"
            );
        }
    }

    #[test]
    fn what_can_be_said_only_once_replaces_nothing() {
        for new in [
            Moment::Declared,
            Moment::CatchUp,
            Moment::StandDown,
            Moment::Correction,
            Moment::Reopened,
        ] {
            assert!(Moment::ALL.into_iter().all(|old| !supersedes(new, old)));
        }
    }

    #[test]
    fn the_case_of_an_address_does_not_matter_and_all_else_does() {
        let key = |incident, channel: &str, address| {
            order_key(
                Some(IncidentId(incident)),
                &channel.parse().unwrap(),
                &Address::new(address),
            )
        };
        let one = key(1, "email", "Priya@northshire.example");
        assert_eq!(one, key(1, "email", "priya@northshire.example"));
        assert_eq!(one.len(), 32);
        assert_ne!(one, key(2, "email", "priya@northshire.example"));
        assert_ne!(one, key(1, "teams", "priya@northshire.example"));
        assert_ne!(one, key(1, "email", "tom@northshire.example"));
    }
}

//! Nobody is told twice, and the last word reaches everyone, whatever happened before.

use proptest::prelude::*;

use super::*;
use crate::domain::directory::Destination;

const PEOPLE: [&str; 6] = [
    "priya-shah",
    "tom-okafor",
    "mei-lin",
    "olu-ade",
    "dana-whitlock",
    "amara-nwosu",
];

/// One notification: what happens, who matches then (audience by person), and what becomes of the
/// deliveries: 0 and 1 out, 2 waiting, 3 failed.
type Act = (u8, Vec<Option<u8>>, Vec<u8>);

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let audience = proptest::option::weighted(0.6, 0u8..4);
    proptest::collection::vec(
        (
            0u8..7,
            proptest::collection::vec(audience, PEOPLE.len()),
            proptest::collection::vec(0u8..4, 12),
        ),
        1..8,
    )
}

fn act_event(kind: u8) -> Event {
    match kind {
        0 | 1 => update(),
        2 => no_change(&[Responders, Owners]),
        3 => priority_changed(),
        4 => Event::Overdue {
            due: at(DUE),
            minutes_late: 0,
            to: [id("olu-ade"), id("priya-shah")].into(),
            rung: crate::domain::event::RungKind::Overdue,
        },
        5 => Event::PersonAdded {
            by_hand: crate::domain::situation::ByHand {
                who: who("tom-okafor"),
                audience: Owners,
                channels: Vec::new(),
                note: String::new(),
                by: String::new(),
            },
            promised: BTreeMap::new(),
        },
        _ => no_change(&Audience::ALL),
    }
}

fn act_resolution(matches: &[Option<u8>]) -> Resolution {
    let people: Vec<(&str, Audience)> = PEOPLE
        .iter()
        .zip(matches)
        .filter_map(|(name, audience)| Some((*name, Audience::ALL[usize::from((*audience)?)])))
        .collect();
    let mut resolution = resolution(&people);
    // Two of them read one mailbox.
    for recipient in &mut resolution.recipients {
        if matches!(recipient.who.as_str(), "mei-lin" | "olu-ade") {
            recipient.choices[0].address = Address::new("desk@northshire.example");
        }
    }
    resolution
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Laws 2 and 5: whatever happened, nobody gets two messages of one notification on a channel,
    /// and the last word reaches everyone who was ever told.
    #[test]
    fn the_last_word_reaches_everyone_whatever_happened_before(
        acts in acts(),
        at_last in proptest::collection::vec(proptest::option::weighted(0.3, 0u8..4), PEOPLE.len()),
        removed in 0usize..PEOPLE.len(),
    ) {
        let mut case = Case::new(declared(at(DUE)), &[]);
        let mut unchanged = None;
        for (kind, matches, fates) in acts {
            case.event = act_event(kind);
            case.unchanged = unchanged.take();
            case.resolution = act_resolution(&matches);
            let plan = case.plan();
            let mut addresses = BTreeSet::new();
            for delivery in &plan.deliveries {
                let lower = delivery.address.as_str().to_lowercase();
                prop_assert!(addresses.insert((delivery.channel.clone(), lower)));
                prop_assert!(!delivery.recipients.is_empty());
                prop_assert!(delivery.recipients.iter().all(|it| !it.reasons.is_empty()));
            }
            case.log.write(now(), case.event.clone());
            let seq = case.log.0.last().unwrap().seq;
            for (delivery, fate) in plan.deliveries.iter().zip(fates.iter().cycle()) {
                for person in delivery.recipients.iter().filter(|_| *fate < 3) {
                    case.told.push(Told {
                        who: person.who.clone(),
                        name: person.name.clone(),
                        audience: delivery.audience,
                        channel: delivery.channel.clone(),
                        address: delivery.address.clone(),
                        moment: delivery.moment,
                        seq,
                        waiting: *fate == 2,
                    });
                }
            }
            unchanged = Some(case.resolution.clone());
        }
        case.directory.people.remove(&id(PEOPLE[removed]));
        case.directory.destinations.insert(id("unused"), Destination {
            id: id("unused"),
            name: "Unused".to_owned(),
            channel: id("email"),
            address: Address::new("unused@northshire.example"),
            organisation: None,
        });
        case.event = resolved();
        case.unchanged = None;
        case.resolution = act_resolution(&at_last);
        let plan = case.plan();
        let reached: BTreeSet<&str> = moments(&plan).into_iter().map(|(name, _)| name).collect();
        let gone: BTreeSet<&str> =
            plan.withheld.iter().map(|it| it.recipient.who.as_str()).collect();
        for row in case.told.iter().filter(|row| !row.waiting) {
            let name = row.who.as_str();
            prop_assert!(
                reached.contains(name) || (gone.contains(name) && name == PEOPLE[removed]),
                "{} was told and does not hear the end", name
            );
        }
        for recipient in &case.resolution.recipients {
            prop_assert!(reached.contains(recipient.who.as_str()));
        }
        prop_assert!(moments(&plan).iter().all(|(_, moment)| *moment == Moment::Resolved));
    }
}

//! What each outcome leads to, for the message, its lane and its address.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use oyez::{
    clock::Clock,
    domain::{
        IncidentId,
        delivery::{Class, Look, State},
        notification::Moment,
    },
    store::{
        faults,
        outbox::{Filter, attempts_of, bad_addresses, lanes, retry},
    },
};

use super::World;
use crate::support::{
    fake_channel::{FakeChannel, Sent},
    outbox::{counts, log, notification, outcome, say, start, states, with_fallback},
};

#[tokio::test]
async fn everybody_is_told_once() {
    for world in World::all().await {
        world.declare(100).await;
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        let mut addresses: Vec<_> = world
            .mail
            .sent()
            .into_iter()
            .map(|sent| sent.address)
            .collect();
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), 100);
        assert_eq!(world.mail.count(), 100);
        let counts = counts(world.store()).await;
        assert_eq!(counts, BTreeMap::from([(State::Accepted, 100)]));
        world.pass(3_600);
        engine.settle().await.unwrap();
        assert_eq!(world.mail.count(), 100);
    }
}

#[tokio::test]
async fn a_temporary_failure_is_tried_again_on_its_schedule() {
    for world in World::all().await {
        world.declare(1).await;
        world.mail.script(&[Class::RemoteTemporary, Class::NotSent]);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        let logged = log(world.store()).await.remove(0);
        assert_eq!((logged.state, logged.attempts), (State::Ready, 1));
        let wait = (logged.next_at.unwrap() - start()).num_milliseconds();
        assert!((4_000..=6_000).contains(&wait), "{wait}");
        assert_eq!(logged.sentence, "What a person reads.");
        world.pass(3);
        engine.settle().await.unwrap();
        assert_eq!(world.mail.count(), 1);
        world.pass(3);
        engine.settle().await.unwrap();
        assert_eq!(world.mail.count(), 2);
        // The second failure waits for the second step of its own schedule.
        world.pass(3);
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Accepted]);
        let sent = world.mail.sent();
        assert!(sent.iter().all(|sent| sent.date == start() && sent.first));
        let tries = attempts_of(world.store().read(), &logged.id).await.unwrap();
        let classes: Vec<_> = tries
            .iter()
            .map(|one| (one.n, one.class.as_str()))
            .collect();
        assert_eq!(
            classes,
            [(1, "remote_temporary"), (2, "not_sent"), (3, "accepted")]
        );
    }
}

#[tokio::test]
async fn a_provider_that_is_too_busy_is_left_alone_for_as_long_as_it_said() {
    for world in World::with(|mail| mail.paced(1, None)).await {
        world.declare(5).await;
        world.mail.script(
            &[Class::Throttled {
                after_ms: Some(17_000),
            }; 2],
        );
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        let before = world.mail.count();
        assert!(before <= 2, "only what was claimed already: {before}");
        world.pass(16);
        engine.settle().await.unwrap();
        assert_eq!(world.mail.count(), before);
        let lane = lanes(world.store().read()).await.unwrap().remove(0);
        assert_eq!(
            lane.status.rests_until,
            Some(start() + TimeDelta::seconds(17))
        );
        world.pass(1);
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Accepted; 5]);
        let log = log(world.store()).await;
        assert!(
            log.iter().all(|logged| logged.attempts == 1),
            "being told to wait is no try"
        );
    }
}

#[tokio::test]
async fn an_unknown_outcome_is_sent_again_where_that_is_recognised() {
    for world in World::all().await {
        world.declare(1).await;
        world.mail.script(&[Class::Uncertain]);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Uncertain]);
        world.pass(6);
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Accepted]);
        let sent = world.mail.sent();
        assert_eq!(sent[0].delivery, sent[1].delivery);
        let tries = attempts_of(world.store().read(), &log(world.store()).await[0].id)
            .await
            .unwrap();
        assert_eq!(
            tries.iter().map(|one| one.repeat).collect::<Vec<_>>(),
            [false, true]
        );
    }
}

#[tokio::test]
async fn an_unknown_outcome_waits_for_a_person_where_a_repeat_is_not_recognised() {
    for world in World::with(FakeChannel::holding).await {
        let mut calm = notification(1, Moment::Declared, 1, start());
        calm.urgent = false;
        say(world.store(), &calm, start()).await;
        world.mail.script(&[Class::Uncertain]);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        world.pass(600);
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Held]);
        let tx = world.store().begin().await.unwrap();
        let deadline = world.clock.now() + TimeDelta::hours(1);
        retry(&tx, &Filter::default(), deadline, world.clock.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Accepted]);
    }
}

/// Ticks through a minute, second by second, and says when the other side was asked.
async fn a_minute_of_looks(world: &World) -> Vec<i64> {
    let mut engine = world.engine("one").await;
    for _ in 0..60 {
        engine.settle().await.unwrap();
        world.pass(1);
    }
    let since_start = |at: oyez::domain::Time| (at - start()).num_seconds();
    world.mail.looked().into_iter().map(since_start).collect()
}

#[tokio::test]
async fn what_the_other_side_lists_is_not_sent_again() {
    for world in World::with(FakeChannel::listing).await {
        world.declare(1).await;
        world.mail.script(&[Class::Uncertain]);
        world
            .mail
            .find([Look::Missing, Look::Found(outcome(Class::Accepted))]);
        let looked = a_minute_of_looks(&world).await;
        assert_eq!(looked.len(), 2);
        assert!((4..=6).contains(&looked[0]), "after 5 seconds: {looked:?}");
        let then = looked[1] - looked[0];
        assert!((24..=37).contains(&then), "then after 30: {looked:?}");
        assert_eq!(world.mail.count(), 1, "it is not sent again");
        let logged = log(world.store()).await.remove(0);
        assert_eq!(logged.state, State::Accepted);
        assert_eq!(logged.provider_id.as_deref(), Some("provider-1"));
        let tries = attempts_of(world.store().read(), &logged.id).await.unwrap();
        let tries: Vec<_> = tries
            .iter()
            .map(|one| (one.class.as_str(), one.repeat))
            .collect();
        assert_eq!(
            tries,
            [
                ("uncertain", false),
                ("uncertain", false),
                ("accepted", false)
            ],
            "a look is no repeat"
        );
    }
}

#[tokio::test]
async fn what_the_other_side_does_not_list_is_sent_again_after_two_looks() {
    for world in World::with(FakeChannel::listing).await {
        world.declare(1).await;
        world.mail.script(&[Class::Uncertain]);
        let looked = a_minute_of_looks(&world).await;
        assert_eq!((looked.len(), world.mail.count()), (2, 2));
        let sent = world.mail.sent();
        assert_eq!(sent[0].delivery, sent[1].delivery);
        assert_eq!((sent[1].at - start()).num_seconds(), looked[1]);
        let logged = log(world.store()).await.remove(0);
        assert_eq!(logged.state, State::Accepted);
        let tries = attempts_of(world.store().read(), &logged.id).await.unwrap();
        assert!(tries.last().unwrap().repeat, "it is marked as a repeat");
    }
}

#[tokio::test]
async fn what_cannot_be_looked_up_stays_in_doubt_and_is_not_sent_again() {
    for world in World::with(FakeChannel::listing).await {
        world.declare(1).await;
        world.mail.script(&[Class::Uncertain]);
        let failed = || Look::Unknown(outcome(Class::RemoteTemporary));
        world.mail.find(std::iter::repeat_with(failed).take(50));
        a_minute_of_looks(&world).await;
        assert_eq!(states(world.store()).await, [State::Uncertain]);
        let mut engine = world.engine("two").await;
        for _ in 0..(5 * 60) {
            engine.settle().await.unwrap();
            world.pass(60);
        }
        assert_eq!(world.mail.count(), 1);
        assert_eq!(
            states(world.store()).await,
            [State::Held],
            "at its deadline a person decides"
        );
    }
}

#[tokio::test]
async fn a_bad_address_is_flagged_and_the_next_channel_used() {
    for world in World::all().await {
        let new = with_fallback(notification(1, Moment::Declared, 1, start()), "teams");
        say(world.store(), &new, start()).await;
        world.mail.script(&[Class::BadDestination]);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Dead, State::Accepted]);
        assert_eq!(world.teams.count(), 1);
        let bad = bad_addresses(world.store().read(), start()).await.unwrap();
        assert_eq!(bad[0].address.as_str(), "person-0@northshire.example");
        assert_eq!(bad[0].sentence, "What a person reads.");
        let month = start() + TimeDelta::days(30);
        assert!(
            bad_addresses(world.store().read(), month)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_lane_that_refuses_one_address_after_the_other_is_at_fault_itself() {
    for class in [Class::BadDestination, Class::Refused] {
        for world in World::with(|mail| mail.paced(1, None)).await {
            world.declare(20).await;
            world.mail.answer(move |_| class);
            let mut engine = world.engine("one").await;
            engine.settle().await.unwrap();
            let refused = world.mail.count();
            assert!((3..=4).contains(&refused), "the rest is spared: {refused}");
            let bad = bad_addresses(world.store().read(), start()).await.unwrap();
            assert_eq!(bad, [], "it is not the addresses");
            let standing = faults::standing(world.store().read()).await.unwrap();
            assert_eq!(standing[0].key, "lane:smtp:relay");
            assert_eq!(
                states(world.store()).await,
                [State::Ready; 20],
                "what was refused before that was known waits again"
            );
            for minute in 1..=5 {
                world.pass(60);
                engine.settle().await.unwrap();
                assert_eq!(world.mail.count(), refused + minute, "one probe a minute");
                assert_eq!(
                    states(world.store()).await,
                    [State::Ready; 20],
                    "a probe costs nobody their message"
                );
            }
            world.mail.answer(|_| Class::Accepted);
            world.pass(60);
            engine.settle().await.unwrap();
            assert_eq!(states(world.store()).await, [State::Accepted; 20]);
            assert_eq!(faults::standing(world.store().read()).await.unwrap(), []);
        }
    }
}

#[tokio::test]
async fn a_restart_does_not_let_a_probe_of_a_lane_at_fault_cost_anybody_their_message() {
    for world in World::with(|mail| mail.paced(1, None)).await {
        world.declare(5).await;
        world.mail.answer(|_| Class::Refused);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        drop(engine);
        let mut engine = world.engine("two").await;
        engine.settle().await.unwrap();
        world.pass(60);
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Ready; 5]);
    }
}

#[tokio::test]
async fn whoever_has_left_does_not_stop_a_lane_a_second_time() {
    for world in World::with(|mail| mail.paced(1, None)).await {
        world.declare(6).await;
        let gone = |sent: &Sent| {
            ["person-0", "person-1", "person-2"]
                .iter()
                .any(|name| sent.address.starts_with(name))
        };
        world.mail.answer(move |sent| match gone(sent) {
            true => Class::BadDestination,
            false => Class::Accepted,
        });
        let mut engine = world.engine("one").await;
        for _ in 0..5 {
            engine.settle().await.unwrap();
            world.pass(60);
        }
        let (dead, told) = ([State::Dead; 3], [State::Accepted; 3]);
        assert_eq!(states(world.store()).await, [dead, told].concat());
        let bad = bad_addresses(world.store().read(), start()).await.unwrap();
        assert_eq!(bad.len(), 3, "now they are judged one by one");
        assert_eq!(faults::standing(world.store().read()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn whoever_was_told_otherwise_is_not_told_again_when_a_lane_is_found_at_fault() {
    for world in World::with(|mail| mail.paced(1, None)).await {
        let new = with_fallback(notification(1, Moment::Declared, 4, start()), "teams");
        say(world.store(), &new, start()).await;
        world.mail.answer(|_| Class::BadDestination);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        world.mail.answer(|_| Class::Accepted);
        for _ in 0..10 {
            world.pass(20);
            engine.settle().await.unwrap();
        }
        let mut told: Vec<String> = log(world.store())
            .await
            .into_iter()
            .filter(|logged| logged.state.is_told())
            .map(|logged| logged.recipients[0].name.to_string())
            .collect();
        told.sort();
        assert_eq!(told, ["Person 0", "Person 1", "Person 2", "Person 3"]);
    }
}

#[tokio::test]
async fn a_message_that_arrives_takes_the_mark_off_its_address() {
    for world in World::all().await {
        world.declare(1).await;
        world.mail.script(&[Class::BadDestination]);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        let marks = async || bad_addresses(world.store().read(), start()).await.unwrap();
        assert_eq!(marks().await[0].reply, "what the provider said");
        let now = world.clock.now();
        let update = notification(2, Moment::Update, 1, now);
        say(world.store(), &update, now).await;
        world.pass(1);
        engine.settle().await.unwrap();
        assert_eq!(world.mail.count(), 2);
        assert_eq!(marks().await, []);
    }
}

#[tokio::test]
async fn wrong_settings_pause_the_lane_and_a_probe_finds_the_repair() {
    for world in World::with(|mail| mail.paced(1, None)).await {
        world.declare(5).await;
        world.mail.answer(|_| Class::BadConfiguration);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        let first = world.mail.count();
        assert!(first <= 2, "{first}");
        assert_eq!(
            states(world.store()).await,
            [State::Ready; 5],
            "nothing is dropped"
        );
        let standing = faults::standing(world.store().read()).await.unwrap();
        assert_eq!(
            standing[0].sentence,
            "Messages by email wait: What a person reads."
        );
        assert!(lanes(world.store().read()).await.unwrap()[0].status.paused);
        world.pass(60);
        engine.settle().await.unwrap();
        assert_eq!(world.mail.count(), first + 1, "one probe a minute");
        world.mail.answer(|_| Class::Accepted);
        world.pass(60);
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Accepted; 5]);
        assert!(!lanes(world.store().read()).await.unwrap()[0].status.paused);
        assert_eq!(faults::standing(world.store().read()).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_message_that_is_refused_goes_in_plain_text_before_it_is_given_up() {
    for world in World::all().await {
        let mut new = notification(1, Moment::Declared, 1, start());
        let html = (
            "html".to_owned(),
            "<p>Trainees cannot register.</p>".to_owned(),
        );
        new.messages[0].parts.extend([html]);
        say(world.store(), &new, start()).await;
        world.mail.answer(|_| Class::BadPayload);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        let parts: Vec<_> = world
            .mail
            .sent()
            .into_iter()
            .map(|sent| sent.parts)
            .collect();
        assert_eq!(parts[0], ["html", "subject", "text"]);
        assert_eq!(parts[1..], [["subject", "text"]]);
        assert_eq!(states(world.store()).await, [State::Dead]);
        let bad = bad_addresses(world.store().read(), start()).await.unwrap();
        assert_eq!(bad, [], "it is not the address");
    }
}

/// What a person reads of each try at the first delivery, in order.
async fn told_of_tries(world: &World) -> Vec<String> {
    let logged = log(world.store()).await.remove(0);
    assert_eq!(logged.sentence, "What a person reads.");
    let tries = attempts_of(world.store().read(), &logged.id).await.unwrap();
    tries.into_iter().map(|one| one.sentence).collect()
}

#[tokio::test]
async fn a_repeat_in_other_bytes_is_sent_and_noted_on_the_attempt() {
    const SAME: &str = "What a person reads.";
    const OTHER: &str = "What a person reads. Its bytes were not those of the first try.";
    for world in World::all().await {
        world.declare(1).await;
        world
            .mail
            .script(&[Class::Uncertain, Class::RemoteTemporary, Class::NotSent]);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        world.pass(6);
        engine.settle().await.unwrap();
        world.mail.upgrade();
        for _ in 0..60 {
            world.pass(1);
            engine.settle().await.unwrap();
        }
        assert_eq!(states(world.store()).await, [State::Accepted]);
        assert_eq!(told_of_tries(&world).await, [SAME, SAME, OTHER, OTHER]);
    }
}

#[tokio::test]
async fn plain_text_after_a_refusal_is_no_repeat_in_other_bytes() {
    for world in World::all().await {
        let mut new = notification(1, Moment::Declared, 1, start());
        let html = ("html".to_owned(), "<p>Trainees.</p>".to_owned());
        new.messages[0].parts.extend([html]);
        say(world.store(), &new, start()).await;
        world
            .mail
            .script(&[Class::BadPayload, Class::RemoteTemporary]);
        let mut engine = world.engine("one").await;
        for _ in 0..60 {
            engine.settle().await.unwrap();
            world.pass(1);
        }
        assert_eq!(states(world.store()).await, [State::Accepted]);
        assert_eq!(told_of_tries(&world).await, ["What a person reads."; 3]);
    }
}

#[tokio::test]
async fn a_dead_way_out_is_left_alone_and_tried_by_the_gravest_first() {
    for world in World::with(|mail| mail.paced(1, None)).await {
        let mut calm = notification(1, Moment::Declared, 20, start());
        calm.urgent = false;
        calm.rank = 1;
        say(world.store(), &calm, start()).await;
        world.mail.answer(|_| Class::NotSent);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        let tries = world.mail.count();
        assert!((5..=6).contains(&tries), "{tries}");
        // Retries that would be due do not go while the breaker is open.
        let mut grave = notification(1, Moment::Declared, 1, start());
        grave.incident = Some(IncidentId(2));
        world.pass(14);
        say(world.store(), &grave, world.clock.now()).await;
        engine.settle().await.unwrap();
        assert_eq!(world.mail.count(), tries);
        world.pass(1);
        engine.settle().await.unwrap();
        assert_eq!(world.mail.count(), tries + 1, "one probe");
        assert_eq!(world.mail.sent()[tries].incident, Some(IncidentId(2)));
        world.pass(29);
        engine.settle().await.unwrap();
        assert_eq!(world.mail.count(), tries + 1, "it rests twice as long");
        world.mail.answer(|_| Class::Accepted);
        world.pass(1);
        engine.settle().await.unwrap();
        assert!(world.mail.count() > 15, "one success opens it again");
        world.pass(60);
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Accepted; 20]);
    }
}

#[tokio::test]
async fn the_pace_of_a_lane_is_kept() {
    for world in World::with(|mail| mail.paced(4, Some(0.5))).await {
        world.declare(5).await;
        let mut engine = world.engine("one").await;
        for sent in 1..=5 {
            engine.settle().await.unwrap();
            assert_eq!(world.mail.count(), sent);
            world.pass(2);
        }
        let times: Vec<_> = world
            .mail
            .sent()
            .iter()
            .map(|sent| sent.at - start())
            .collect();
        assert_eq!(times, [0, 2, 4, 6, 8].map(TimeDelta::seconds));
    }
}

#[tokio::test]
async fn an_older_message_never_arrives_after_a_newer_one() {
    for world in World::all().await {
        world.declare(1).await;
        world
            .mail
            .script(&[Class::RemoteTemporary, Class::Uncertain, Class::NotSent]);
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        for (seq, moment) in [
            (2, Moment::Update),
            (3, Moment::Update),
            (4, Moment::Correction),
            (5, Moment::Update),
        ] {
            let now = world.clock.now();
            say(world.store(), &notification(seq, moment, 1, now), now).await;
            engine.settle().await.unwrap();
            world.pass(1);
        }
        for _ in 0..60 {
            world.pass(1);
            engine.settle().await.unwrap();
        }
        let moments: Vec<_> = world.mail.sent().iter().map(|sent| sent.moment).collect();
        let declared = moments.iter().filter(|moment| **moment == Moment::Declared);
        let declared = declared.count();
        assert!(declared >= 3, "it was hard to get out: {moments:?}");
        assert_eq!(
            moments[declared..],
            [Moment::Correction, Moment::Update],
            "the updates before the correction were replaced"
        );
    }
}

#[tokio::test]
async fn a_first_choice_that_is_slow_falls_to_the_next_after_a_minute() {
    for world in World::all().await {
        let new = with_fallback(notification(1, Moment::Declared, 1, start()), "teams");
        say(world.store(), &new, start()).await;
        world.mail.answer(|_| Class::RemoteTemporary);
        let mut engine = world.engine("one").await;
        for _ in 0..59 {
            engine.settle().await.unwrap();
            world.pass(1);
        }
        engine.settle().await.unwrap();
        assert_eq!(world.teams.count(), 0);
        world.pass(1);
        engine.settle().await.unwrap();
        assert_eq!(world.teams.count(), 1);
        assert_eq!(
            states(world.store()).await,
            [State::Superseded, State::Accepted]
        );
        assert_eq!(log(world.store()).await[0].sentence, "Told by Teams.");
    }
}

#[tokio::test]
async fn two_ways_to_one_reader_take_turns_so_that_one_alone_tells_them() {
    for world in World::all().await {
        let new = with_fallback(notification(1, Moment::Declared, 20, start()), "teams");
        say(world.store(), &new, start()).await;
        let never = |_: &Sent| Class::RemoteTemporary;
        world.mail.answer(never);
        world.teams.answer(never);
        let mut engine = world.engine("one").await;
        for _ in 0..300 {
            engine.settle().await.unwrap();
            world.pass(1);
        }
        // Neither is given up: each has its minutes.
        let minutes = |sent: Vec<Sent>| {
            let minutes = sent.into_iter().map(|one| (one.at - start()).num_minutes());
            minutes.collect::<BTreeSet<_>>()
        };
        let (mail, teams) = (minutes(world.mail.sent()), minutes(world.teams.sent()));
        assert!(mail.len() >= 2 && teams.len() >= 2, "{mail:?} {teams:?}");
        assert!(mail.is_disjoint(&teams), "{mail:?} {teams:?}");

        world.mail.answer(|_| Class::Accepted);
        world.teams.answer(|_| Class::Accepted);
        for _ in 0..300 {
            engine.settle().await.unwrap();
            world.pass(1);
        }
        let counts = counts(world.store()).await;
        let told_once = BTreeMap::from([(State::Accepted, 20), (State::Superseded, 20)]);
        assert_eq!(counts, told_once);
    }
}

#[tokio::test]
async fn the_deadline_ends_it_and_says_so() {
    for world in World::all().await {
        world.declare(1).await;
        world.mail.answer(|_| Class::RemoteTemporary);
        let mut engine = world.engine("one").await;
        for _ in 0..(5 * 60) {
            engine.settle().await.unwrap();
            world.pass(60);
        }
        let logged = log(world.store()).await.remove(0);
        assert_eq!(logged.state, State::Expired);
        assert!(logged.ended_at.unwrap() <= start() + TimeDelta::hours(4));
        let last = world.mail.sent().last().unwrap().at - start();
        assert!(
            last >= TimeDelta::minutes(230),
            "it is tried to the end: {last}"
        );
    }
}

#[tokio::test]
async fn a_channel_that_panics_leaves_the_outcome_unknown() {
    for world in World::all().await {
        world.declare(2).await;
        world.mail.answer(|sent| {
            assert!(!sent.address.starts_with("person-0"), "this one panics");
            Class::Accepted
        });
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        assert_eq!(
            states(world.store()).await,
            [State::Uncertain, State::Accepted]
        );
    }
}

#[tokio::test]
async fn messages_for_a_channel_that_is_gone_wait_and_an_operator_is_told() {
    for world in World::all().await {
        let mut new = notification(1, Moment::Declared, 1, start());
        new.messages[0].channel = "pager".parse().unwrap();
        new.deliveries[0].lane = "pager:lane".to_owned();
        say(world.store(), &new, start()).await;
        let mut engine = world.engine("one").await;
        engine.settle().await.unwrap();
        assert_eq!(states(world.store()).await, [State::Ready]);
        let standing = faults::standing(world.store().read()).await.unwrap();
        assert_eq!(standing[0].key, "lane:pager:lane");
    }
}

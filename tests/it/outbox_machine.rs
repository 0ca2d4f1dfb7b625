//! The states of deliveries, as a machine: random commands against the store and against a naive
//! model of it. Nothing is lost, one owner at a time, a late success wins, a late failure never,
//! nothing older leaves after something newer.

use std::sync::OnceLock;

use chrono::TimeDelta;
use oyez::{
    domain::{
        IncidentId, Time,
        delivery::{Class, Next, OnUncertain, State, Tried, after, supersedes},
        notification::Moment,
    },
    store::{
        Store,
        outbox::{
            Claimed, Completion, Filter, Share, attempt_id, cancel, claim, complete, extend,
            lapsed, retry, sweep,
        },
    },
};
use proptest::{prelude::*, sample::select};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use sea_orm::ConnectionTrait;
use tokio::runtime::Runtime;

use crate::support::{
    database::{TestDb, databases},
    outbox::{audit, log, notification, outcome, say, start, to},
};

const PEOPLE: usize = 3;
const LEASE: TimeDelta = TimeDelta::seconds(30);
const LASTS: TimeDelta = TimeDelta::seconds(240);
const WORKERS: [&str; 2] = ["one", "two"];

/// What can happen.
#[derive(Debug, Clone)]
enum Step {
    /// The incident says something to some people.
    Say(Moment, [bool; PEOPLE]),
    /// A worker claims up to so many.
    Claim(usize, usize),
    /// One of the sends under way ends, whether its lease holds or not.
    Land(usize, Class),
    /// Lapsed leases are taken over.
    Reap,
    /// A worker extends its leases.
    Extend(usize),
    /// Time passes.
    Wait(i64),
    /// Deadlines are looked at.
    Sweep,
    /// A person stops what waits of an event.
    Cancel(u32),
    /// A person has what failed tried again.
    Retry,
}

/// A delivery, as simple as can be.
#[derive(Debug, Clone)]
struct Row {
    person: usize,
    seq: u32,
    moment: Moment,
    state: State,
    next_at: Option<Time>,
    deliver_by: Time,
    attempts: u32,
    unsure: bool,
    lease: Option<(usize, Time)>,
}

impl Row {
    fn on_its_way(&self) -> bool {
        State::ON_ITS_WAY.contains(&self.state)
    }

    fn gone(&self) -> bool {
        self.unsure || self.state.is_told()
    }

    fn tried(&self) -> Tried {
        Tried {
            state: State::Sending,
            owned: true,
            attempts: self.attempts,
            unsure: self.unsure,
            plain: false,
            has_plain: false,
            urgent: true,
            lane_at_fault: false,
            deliver_by: self.deliver_by,
        }
    }
}

/// A send under way: which row, by whom, and the row as it was claimed.
#[derive(Debug, Clone)]
struct Flight {
    row: usize,
    worker: usize,
    claimed: Row,
}

/// The model.
#[derive(Debug, Clone)]
struct Model {
    /// What the channel does with what is in doubt.
    on_uncertain: OnUncertain,
    now: Time,
    seq: u32,
    rows: Vec<Row>,
    flights: Vec<Flight>,
    /// Rows claimed by the latest step.
    claimed: Vec<usize>,
}

impl Model {
    fn is_blocked(&self, row: &Row) -> bool {
        self.rows
            .iter()
            .any(|other| other.person == row.person && other.seq < row.seq && other.on_its_way())
    }

    fn say(&mut self, moment: Moment, people: &[bool; PEOPLE]) {
        self.seq += 1;
        for person in (0..PEOPLE).filter(|person| people[*person]) {
            let mut queued = false;
            for row in self.rows.iter_mut().filter(|row| row.person == person) {
                queued |= row.on_its_way();
                if row.state == State::Ready && supersedes(moment, row.moment) {
                    row.state = State::Superseded;
                }
            }
            self.rows.push(Row {
                person,
                seq: self.seq,
                moment,
                state: State::Ready,
                next_at: Some(self.now),
                deliver_by: self.now + LASTS,
                attempts: 0,
                unsure: false,
                lease: None,
            });
            for index in 0..self.rows.len() {
                let row = &self.rows[index];
                if queued
                    && row.person == person
                    && row.state == State::Ready
                    && !self.is_blocked(row)
                    && row.next_at > Some(self.now)
                {
                    self.rows[index].next_at = Some(self.now);
                }
            }
        }
    }

    fn claim(&mut self, worker: usize, limit: usize) {
        let mut due: Vec<usize> = (0..self.rows.len())
            .filter(|index| {
                let row = &self.rows[*index];
                matches!(row.state, State::Ready | State::Uncertain)
                    && row.next_at <= Some(self.now)
                    && row.deliver_by > self.now
                    && !self.is_blocked(row)
            })
            .collect();
        due.sort_by_key(|index| (self.rows[*index].next_at, *index));
        due.truncate(limit);
        due.sort_unstable();
        for index in &due {
            let row = &mut self.rows[*index];
            row.state = State::Sending;
            row.attempts += 1;
            row.lease = Some((worker, self.now + LEASE));
            self.flights.push(Flight {
                row: *index,
                worker,
                claimed: row.clone(),
            });
        }
        self.claimed = due;
    }

    fn land(&mut self, flight: &Flight, class: Class) {
        let next = follows(&flight.claimed, class, self.on_uncertain, self.now);
        let row = &mut self.rows[flight.row];
        let owned = row.state == State::Sending
            && row.lease.is_some_and(|(worker, _)| worker == flight.worker)
            && row.attempts == flight.claimed.attempts;
        if owned || (class.is_success() && !row.state.is_final()) {
            row.state = next.state;
            row.next_at = next.next_at;
            row.unsure = next.unsure;
            row.attempts -= u32::from(!next.counts);
            row.lease = None;
        }
    }

    fn reap(&mut self) {
        let now = self.now;
        for row in &mut self.rows {
            let lapsed = row.lease.is_some_and(|(_, until)| until < now);
            if row.state == State::Sending && lapsed {
                let next = follows(row, Class::Uncertain, self.on_uncertain, now);
                row.state = next.state;
                row.next_at = next.next_at;
                row.unsure = true;
                row.lease = None;
            }
        }
    }

    fn sweep(&mut self) {
        for row in &mut self.rows {
            let waits = matches!(row.state, State::Ready | State::Uncertain);
            if waits && row.deliver_by <= self.now {
                row.state = if row.unsure {
                    State::Held
                } else {
                    State::Expired
                };
            }
        }
    }

    fn retry(&mut self) {
        let before = self.rows.clone();
        for row in &mut self.rows {
            let overtaken = before
                .iter()
                .any(|other| other.person == row.person && other.seq > row.seq && other.gone());
            let failed = matches!(row.state, State::Dead | State::Expired | State::Held);
            if failed && !overtaken {
                row.state = if row.unsure {
                    State::Uncertain
                } else {
                    State::Ready
                };
                row.next_at = Some(self.now);
                row.deliver_by = self.now + LASTS;
                row.attempts = 0;
            }
        }
    }
}

fn follows(row: &Row, class: Class, on_uncertain: OnUncertain, now: Time) -> Next {
    after(&row.tried(), &outcome(class), on_uncertain, now, 0.5).expect("it is being sent")
}

struct Machine;

impl ReferenceStateMachine for Machine {
    type State = Model;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Model> {
        let ways = [
            OnUncertain::Resend,
            OnUncertain::Reconcile,
            OnUncertain::HoldUnlessUrgent,
        ];
        select(ways.to_vec())
            .prop_map(|on_uncertain| Model {
                on_uncertain,
                now: start(),
                seq: 0,
                rows: Vec::new(),
                flights: Vec::new(),
                claimed: Vec::new(),
            })
            .boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Step> {
        let moments = vec![
            Moment::Declared,
            Moment::Update,
            Moment::NoChange,
            Moment::StandDown,
            Moment::Correction,
            Moment::Resolved,
        ];
        let classes = vec![
            Class::Accepted,
            Class::Accepted,
            Class::Delivered,
            Class::NotSent,
            Class::RemoteTemporary,
            Class::Throttled {
                after_ms: Some(2_000),
            },
            Class::Uncertain,
            Class::BadDestination,
            Class::Refused,
            Class::BadConfiguration,
            Class::BadPayload,
        ];
        let flights = model.flights.len().max(1);
        prop_oneof![
            3 => (select(moments), any::<[bool; PEOPLE]>()).prop_map(|(m, p)| Step::Say(m, p)),
            5 => (0..WORKERS.len(), 1..4_usize).prop_map(|(w, n)| Step::Claim(w, n)),
            6 => (0..flights, select(classes)).prop_map(|(f, c)| Step::Land(f, c)),
            1 => Just(Step::Reap),
            1 => (0..WORKERS.len()).prop_map(Step::Extend),
            3 => select(vec![1, 5, 10, 31, 90, 250]).prop_map(Step::Wait),
            1 => Just(Step::Sweep),
            1 => (1..=model.seq.max(1)).prop_map(Step::Cancel),
            1 => Just(Step::Retry),
        ]
        .boxed()
    }

    fn preconditions(model: &Model, step: &Step) -> bool {
        match step {
            Step::Land(flight, _) => *flight < model.flights.len(),
            _ => true,
        }
    }

    fn apply(mut model: Model, step: &Step) -> Model {
        model.claimed.clear();
        match step {
            Step::Say(moment, people) => model.say(*moment, people),
            Step::Claim(worker, limit) => model.claim(*worker, *limit),
            Step::Land(flight, class) => {
                let flight = model.flights.remove(*flight);
                model.land(&flight, *class);
            }
            Step::Reap => model.reap(),
            Step::Extend(worker) => {
                let until = model.now + LEASE;
                for row in model
                    .rows
                    .iter_mut()
                    .filter(|row| row.state == State::Sending)
                {
                    if let Some((owner, lease)) = &mut row.lease
                        && owner == worker
                    {
                        *lease = until;
                    }
                }
            }
            Step::Wait(seconds) => model.now += TimeDelta::seconds(*seconds),
            Step::Sweep => model.sweep(),
            Step::Cancel(seq) => {
                for row in model.rows.iter_mut().filter(|row| row.seq == *seq) {
                    if row.state == State::Ready {
                        row.state = State::Cancelled;
                    }
                }
            }
            Step::Retry => model.retry(),
        }
        model
    }
}

/// A database that is kept from one case to the next, and emptied between them.
struct Kept {
    runtime: Runtime,
    db: Option<TestDb>,
}

impl Kept {
    fn new(engine: usize) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut all = runtime.block_on(databases());
        let db = (engine < all.len()).then(|| all.swap_remove(engine));
        Self { runtime, db }
    }
}

/// The real thing: the store and the sends under way.
struct System {
    kept: &'static Kept,
    flights: Vec<Claimed>,
    previous: Vec<Row>,
}

impl System {
    fn begin(kept: &'static Kept) -> Self {
        if let Some(db) = &kept.db {
            for table in ["attempt", "delivery", "message", "notification"] {
                let sql = format!("DELETE FROM {table}");
                kept.runtime
                    .block_on(db.store.write().execute_unprepared(&sql))
                    .unwrap();
            }
        }
        Self {
            kept,
            flights: Vec::new(),
            previous: Vec::new(),
        }
    }

    fn apply(mut self, model: &Model, step: &Step) -> Self {
        let Some(db) = &self.kept.db else { return self };
        let store = &db.store;
        let (flights, previous) = (&mut self.flights, &self.previous);
        self.kept.runtime.block_on(async {
            act(store, flights, model, step).await;
            compare(store, model, previous, step).await;
        });
        self.previous.clone_from(&model.rows);
        self
    }
}

async fn act(store: &Store, flights: &mut Vec<Claimed>, model: &Model, step: &Step) {
    let now = model.now;
    let tx = match step {
        Step::Say(..) | Step::Wait(_) | Step::Sweep | Step::Extend(_) => None,
        _ => Some(store.begin().await.unwrap()),
    };
    match (step, &tx) {
        (Step::Say(moment, people), _) => {
            let mut new = notification(model.seq, *moment, 0, now);
            let people = (0..PEOPLE).filter(|person| people[*person]);
            new.deliveries = people.map(|person| to(person, now)).collect();
            for delivery in &mut new.deliveries {
                delivery.deliver_by = now + LASTS;
            }
            say(store, &new, now).await;
        }
        (Step::Claim(worker, limit), Some(tx)) => {
            let token = WORKERS[*worker];
            let claimed = claim(
                tx,
                "smtp:relay",
                Share::Urgent,
                *limit,
                token,
                now + LEASE,
                now,
            );
            let claimed = claimed.await.unwrap();
            assert_eq!(
                claimed.len(),
                model.claimed.len(),
                "as many as the model claims"
            );
            flights.extend(claimed);
        }
        (Step::Land(flight, class), Some(tx)) => {
            let landed = completion(&flights.remove(*flight), *class, model);
            complete(tx, &[landed], &[], now).await.unwrap();
        }
        (Step::Reap, Some(tx)) => {
            let gone = lapsed(store.read(), now, 99).await.unwrap();
            let taken_over: Vec<_> = gone
                .iter()
                .map(|claimed| completion(claimed, Class::Uncertain, model))
                .collect();
            complete(tx, &taken_over, &[], now).await.unwrap();
        }
        (Step::Extend(worker), _) => {
            extend(store.write(), WORKERS[*worker], now + LEASE)
                .await
                .unwrap();
        }
        (Step::Sweep, _) => {
            sweep(store, now).await.unwrap();
        }
        (Step::Cancel(seq), Some(tx)) => {
            let filter = Filter {
                incident: Some(IncidentId(1)),
                event_seq: Some(*seq),
                ..Filter::default()
            };
            cancel(tx, &filter, "Stopped.", now).await.unwrap();
        }
        (Step::Retry, Some(tx)) => {
            retry(tx, &Filter::default(), now + LASTS, now)
                .await
                .unwrap();
        }
        _ => {}
    }
    if let Some(tx) = tx {
        tx.commit().await.unwrap();
    }
}

fn completion(claimed: &Claimed, class: Class, model: &Model) -> Completion {
    let now = model.now;
    let tried = Tried {
        state: State::Sending,
        owned: true,
        attempts: claimed.attempts,
        unsure: claimed.unsure,
        plain: claimed.plain,
        has_plain: false,
        urgent: claimed.urgent,
        lane_at_fault: false,
        deliver_by: claimed.deliver_by,
    };
    let outcome = outcome(class);
    Completion {
        attempt: attempt_id(now),
        delivery: claimed.id.clone(),
        incident: claimed.incident,
        lease_token: claimed.lease_token.clone(),
        n: claimed.attempts,
        started_at: now,
        ended_at: now,
        next: after(&tried, &outcome, model.on_uncertain, now, 0.5).unwrap(),
        outcome,
        repeat: claimed.unsure,
        related: claimed.related,
        label: "email".to_owned(),
        wire_sha256: None,
    }
}

async fn compare(store: &Store, model: &Model, previous: &[Row], step: &Step) {
    let logged = log(store).await;
    assert_eq!(logged.len(), model.rows.len(), "nothing is lost");
    for (index, (real, row)) in logged.iter().zip(&model.rows).enumerate() {
        assert_eq!(real.state, row.state, "state of {index} after {step:?}");
        assert_eq!(
            real.attempts, row.attempts,
            "tries of {index} after {step:?}"
        );
        if matches!(row.state, State::Ready | State::Uncertain) {
            assert_eq!(real.next_at, row.next_at, "time of {index} after {step:?}");
        }
    }
    for index in &model.claimed {
        let row = &model.rows[*index];
        assert_ne!(
            previous[*index].state,
            State::Sending,
            "one owner at a time"
        );
        let newer = model
            .rows
            .iter()
            .find(|other| other.person == row.person && other.seq > row.seq && other.gone());
        assert!(newer.is_none(), "{row:?} would leave after {newer:?}");
    }
    for (row, before) in model.rows.iter().zip(previous) {
        let late_failure = matches!(step, Step::Land(_, class) if !class.is_success());
        if late_failure && before.state.is_final() {
            assert_eq!(row.state, before.state, "what has ended stays ended");
        }
    }
    let findings = audit(store, model.now).await;
    let broken = findings
        .iter()
        .find(|finding| finding.key.starts_with("outbox:order") || finding.key.contains("count"));
    assert_eq!(broken, None);
}

macro_rules! machine_on {
    ($name:ident, $engine:literal) => {
        struct $name;

        impl StateMachineTest for $name {
            type SystemUnderTest = System;
            type Reference = Machine;

            fn init_test(_: &Model) -> System {
                static KEPT: OnceLock<Kept> = OnceLock::new();
                System::begin(KEPT.get_or_init(|| Kept::new($engine)))
            }

            fn apply(system: System, model: &Model, step: Step) -> System {
                system.apply(model, &step)
            }
        }
    };
}

machine_on!(OnSqlite, 0);
machine_on!(OnPostgres, 1);

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn deliveries_on_sqlite_keep_to_their_states(sequential 1..50 => OnSqlite);

    #[test]
    fn deliveries_on_postgres_keep_to_their_states(sequential 1..50 => OnPostgres);
}

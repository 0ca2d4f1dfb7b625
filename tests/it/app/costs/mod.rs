//! What is asked all the time, and what anybody can ask, costs what is open and not what was ever
//! stored.
//!
//! Every statement of a whole run is heard, and the database says how it would answer it. So a new
//! question is tested on the day on which it is written.

mod past;
mod plans;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use oyez::{
    app::{Hypothesis, Mode, Retry, Viewer},
    domain::{
        Audience, IncidentId, PersonId,
        command::{Command, Declare},
        delivery::{Class, RetryWay},
        incident::{Kind, Stage},
        notification::Moment,
        situation::{RecipientId, Relation},
    },
    store::{faults, outbox},
};
use sea_orm::{ConnectionTrait, Statement};

use super::{Agency, actor, asked, update};
use plans::Reader;

/// Scans that are as they should be: a part of the statement, and why.
const RIGHT: [(&str, &str); 4] = [
    (
        "FROM \"fault\" ORDER BY",
        "the latest few, read in their order until there are enough",
    ),
    (
        "FROM \"incident\" WHERE \"incident\".\"restricted\"",
        "a page, read in the order of the numbers until it is full",
    ),
    (
        "FROM \"incident\" WHERE TRUE ORDER BY",
        "the same for the program itself",
    ),
    (
        "FROM bad_address WHERE failed_at",
        "it holds what was refused within thirty days, and all of that is asked for",
    ),
];

/// Every statement that was run, by its text, with the values that it had first.
type Heard = Arc<Mutex<BTreeMap<String, Statement>>>;

#[tokio::test]
async fn no_question_of_a_whole_run_reads_all_of_a_table_that_grows() {
    let mut used = BTreeSet::new();
    for agency in Agency::all(|policy| format!("second_person = [\"external\"]\n{policy}")).await {
        past::write(&agency.db.store, agency.clock_now()).await;
        let (agency, heard) = listen(agency);
        let id = tell(&agency).await;
        look(&agency, id).await;
        by_itself(&agency).await;

        let heard = heard.lock().unwrap().clone();
        assert!(heard.len() > 100, "only {} statements", heard.len());
        let reader = Reader::new(&agency.db.store).await;
        let mut wrong = Vec::new();
        for statement in heard.values() {
            let scans = reader.scans(statement).await;
            match RIGHT.iter().find(|(part, _)| statement.sql.contains(part)) {
                Some((part, _)) if !scans.is_empty() => {
                    used.insert(*part);
                }
                _ => wrong.extend(
                    scans
                        .into_iter()
                        .map(|scan| format!("{scan}\n    {}", statement.sql)),
                ),
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
    let unused = RIGHT.iter().find(|(part, _)| !used.contains(part));
    assert_eq!(unused, None, "it may go");
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_for_the_figures_they_are_read_once() {
    for agency in Agency::all(str::to_owned).await {
        agency.declared().await;
        let counted = Arc::new(AtomicUsize::new(0));
        let ear = Arc::clone(&counted);
        let mut app = agency.app.at(Arc::clone(&agency.app.clock));
        app.store = app.store.heard_by(move |_| {
            ear.fetch_add(1, Ordering::Relaxed);
        });
        let app = Arc::new(app);
        app.metrics().await.unwrap();
        let once = counted.swap(0, Ordering::Relaxed);
        assert!(once > 0);

        agency.pass(5);
        let callers: Vec<_> = (0..16)
            .map(|_| {
                let app = Arc::clone(&app);
                tokio::spawn(async move { app.metrics().await.unwrap() })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        assert_eq!(counted.load(Ordering::Relaxed), once);
        // Set back, the clock must not keep old figures alive.
        agency.pass(-3600);
        app.metrics().await.unwrap();
        assert_eq!(counted.load(Ordering::Relaxed), 2 * once);
    }
}

#[tokio::test]
async fn a_list_asks_no_more_for_many_restricted_incidents_than_for_one() {
    for agency in Agency::all(str::to_owned).await {
        let secret = || Declare {
            title: "Somebody got in".to_owned(),
            priority: Some("P2".parse().unwrap()),
            kind: Kind::Security,
            services: [("find-courses".parse().unwrap(), Relation::Affected)].into(),
            ..Declare::default()
        };
        let counted = Arc::new(AtomicUsize::new(0));
        let ear = Arc::clone(&counted);
        let mut app = agency.app.at(Arc::clone(&agency.app.clock));
        app.store = app.store.heard_by(move |_| {
            ear.fetch_add(1, Ordering::Relaxed);
        });
        let mut asked_for = Vec::new();
        for by in ["priya-shah", "priya-shah", "priya-shah", "dana-whitlock"] {
            let declared = agency.app.declare(asked(secret(), by), Mode::Commit);
            let id = declared.await.unwrap().incident;
            let mut listed = Vec::new();
            for person in ["priya-shah", "dana-whitlock", "mei-lin"] {
                let viewer = Viewer::Key {
                    actor: format!("key:{person}"),
                    person: Some(person.parse().unwrap()),
                };
                counted.store(0, Ordering::Relaxed);
                let page = app.list_page(&viewer, false, None, None, None, 20).await;
                let page = page.unwrap().0;
                listed.push(page.iter().any(|one| one.incident == id));
                asked_for.push(counted.load(Ordering::Relaxed));
            }
            assert_eq!(listed, [by == "priya-shah", by == "dana-whitlock", false]);
        }
        // The first look also reads the rules.
        let all: BTreeSet<usize> = asked_for.split_off(1).into_iter().collect();
        assert!(all.iter().all(|count| *count <= 8), "{all:?}");

        // As the version before leaves it: nobody knows who is named.
        let forget = [
            "DELETE FROM incident_member",
            "UPDATE incident SET members_seq = NULL",
        ];
        for sql in forget {
            agency
                .db
                .store
                .write()
                .execute_unprepared(sql)
                .await
                .unwrap();
        }
        let dana = Viewer::Key {
            actor: "key:dana".to_owned(),
            person: Some(person("dana-whitlock")),
        };
        for _ in 0..2 {
            let page = app.list_page(&dana, false, None, None, None, 20).await;
            assert_eq!(page.unwrap().0.len(), 1);
            app.tidy().await.unwrap();
        }
        counted.store(0, Ordering::Relaxed);
        let page = app.list_page(&dana, false, None, None, None, 20).await;
        assert_eq!(page.unwrap().0.len(), 1);
        assert!(counted.load(Ordering::Relaxed) <= 8);
    }
}

/// The agency with an ear on its database.
fn listen(mut agency: Agency) -> (Agency, Heard) {
    let heard = Heard::default();
    let ear = Arc::clone(&heard);
    let mut app = agency.app.at(Arc::clone(&agency.app.clock));
    app.store = app.store.heard_by(move |statement| {
        let mut heard = ear.lock().unwrap();
        heard
            .entry(statement.sql.clone())
            .or_insert_with(|| statement.clone());
    });
    agency.0.app = Arc::new(app);
    (agency, heard)
}

/// An incident from its declaration to its report, and others beside it.
async fn tell(agency: &Agency) -> IncidentId {
    agency.mail.answer(|mail| {
        if mail.address.starts_with("tom.okafor") {
            Class::BadPayload
        } else {
            Class::Accepted
        }
    });
    let id = agency.declared().await;
    let secret = Declare {
        title: "Somebody got in".to_owned(),
        priority: Some("P2".parse().unwrap()),
        kind: Kind::Security,
        services: [("find-courses".parse().unwrap(), Relation::Affected)].into(),
        ..Declare::default()
    };
    let secret = agency
        .app
        .declare(asked(secret, "priya-shah"), Mode::Commit);
    secret.await.unwrap();
    agency.deliver().await;
    let commands = [
        update("Some providers can sign in again."),
        Command::Approve {
            up_to: 2,
            alone: None,
        },
        Command::Add {
            who: RecipientId::Person(person("mei-lin")),
            audience: Audience::Responders,
            channels: Vec::new(),
            note: "Knows the old system.".to_owned(),
        },
        update("Most providers can sign in again."),
        Command::CancelSending { event: None },
        Command::Correct {
            events: [1].into(),
            wrong: "Providers cannot sign in.".to_owned(),
            right: "Some providers cannot sign in.".to_owned(),
            facts: Default::default(),
            title: None,
            holding_line: None,
        },
        Command::Stage {
            to: Stage::Monitoring,
        },
        Command::Resolve {
            text: "You can sign in again.".to_owned(),
            at: None,
            lost: None,
            still_stuck: None,
        },
        Command::Reopen {
            why: "It is back.".to_owned(),
            next_update: None,
        },
        Command::Cancel {
            why: "It was a test.".to_owned(),
        },
    ];
    for command in commands {
        let by = match command {
            Command::Approve { .. } => "tom-okafor",
            _ => "priya-shah",
        };
        agency.pass(60);
        if let Err(error) = agency.change(id, command.clone(), by).await {
            panic!("{command:?}: {error}");
        }
        if !matches!(command, Command::Update { .. }) {
            agency.deliver().await;
        }
    }
    for way in [RetryWay::SameKey, RetryWay::Anew] {
        let wanted = Retry {
            way,
            ..Retry::default()
        };
        let by = actor("priya-shah");
        let answer = agency.app.retry(id, &wanted, &by, Mode::Commit, false);
        answer.await.unwrap();
        agency.deliver().await;
    }
    id
}

/// What people ask.
async fn look(agency: &Agency, id: IncidentId) {
    let app = &agency.app;
    let key = Viewer::Key {
        actor: "key:01".to_owned(),
        person: Some(person("mei-lin")),
    };
    for viewer in [Viewer::Operator, key] {
        app.status_for(&viewer, id).await.unwrap();
        app.story(&viewer, id).await.unwrap();
        app.events_after(&viewer, 0, 100).await.unwrap();
        let p1 = Some("P1".parse().unwrap());
        let service = Some("register-trainees".parse().unwrap());
        for (open, priority, service) in [
            (false, None, None),
            (true, None, None),
            (false, p1, None),
            (false, None, service),
        ] {
            let page = app.list_page(&viewer, open, priority, service, None, 20);
            page.await.unwrap();
        }
    }
    let who = Hypothesis::Incident {
        id,
        moment: Moment::Update,
    };
    app.who(&who, true, None).await.unwrap();
    let (page, next) = app.send_log_page(id, None, None, 3).await.unwrap();
    assert_eq!(page.len(), 3);
    let next = app.send_log_page(id, None, next.as_deref(), 3).await;
    next.unwrap();
    app.awaiting(id).await.unwrap();
    app.can_be_stopped(id, 1).await.unwrap();
    app.report(id).await.unwrap();
    app.metrics().await.unwrap();
    app.readiness().await.unwrap();
    app.last_event_id().await.unwrap();
    faults::recent(app.store.read(), 20).await.unwrap();
}

/// What runs by itself.
async fn by_itself(agency: &Agency) {
    agency.declare("Nobody can sign in.").await.unwrap();
    for _ in 0..4 {
        // Promises come due, deadlines pass, the auditor looks.
        agency.pass(45 * 60);
        agency.app.tick().await.unwrap();
        agency.deliver().await;
        agency.app.look_after_rooms().await.unwrap();
        agency.app.tidy().await.unwrap();
    }
    outbox::due_lanes(agency.app.store.read(), agency.clock_now())
        .await
        .unwrap();
}

fn person(id: &str) -> PersonId {
    id.parse().unwrap()
}

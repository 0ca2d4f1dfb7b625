//! Keys leave traces: who made and revoked them, whom they were for, and how often they were refused.

use chrono::TimeDelta;
use oyez::{
    app::{KeyHolder, NewKey, Scope},
    clock::Clock,
    domain::PersonId,
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{
    agency::Agency,
    api::{Answer, Api, maker},
    at,
    database::{TestDb, databases},
    program::{DIRECTORY, Program, operator},
};

const INCIDENTS: &str = "/api/v1/incidents";
const TOKENS: &str = "/api/v1/tokens";

async fn program(db: TestDb) -> Program {
    Program::northshire(db, at("2026-11-23T13:20:00Z")).await
}

/// A secret as ours are, that nobody was given.
fn guess(number: usize) -> String {
    format!("oyez_{number:A<43}")
}

/// Puts a directory in the place of the one there is, with people who are not in it taken out.
async fn replace(program: &Program, directory: &str) {
    let file = program.db.folder.path().join("directory.yaml");
    std::fs::write(&file, directory).unwrap();
    let plan = program.app.plan_import(&[file], true).await.unwrap();
    let saved = program.app.save_import(plan.token, |_, _| {});
    saved.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_made_and_who_revoked_a_key_is_listed_at_every_door() {
    let agency = Agency::open().await;
    let by_hand = agency.done("token create ci --scope admin --json").await;
    // The log has it too, with its id and without the key.
    let made = by_hand.json();
    let (id, secret) = (
        made["id"].as_str().unwrap(),
        made["secret"].as_str().unwrap(),
    );
    assert!(by_hand.err.contains("a key was made"), "{by_hand}");
    assert!(by_hand.err.contains(id) && !by_hand.err.contains(secret));
    let maker = made["created_by"].as_str().unwrap();
    assert!(maker.starts_with("cli:"), "{made}");

    let api = Api::start(&agency).await;
    let new = json!({"name": "phone", "scopes": ["respond"], "person": "priya-shah"});
    let second = api.post(TOKENS, secret, &new).await.is(201);
    assert_eq!(second["created_by"], format!("token:{id}"));
    assert_eq!(second["person"], "priya-shah");
    let path = format!("{TOKENS}/{}", second["id"].as_str().unwrap());
    let revoked = Answer::of(api.request(Method::DELETE, &path).bearer_auth(secret)).await;
    assert_eq!(revoked.is(200)["revoked_by"], format!("token:{id}"));
    api.stop().await;

    let by_hand = agency.done("token revoke ci --yes").await;
    assert!(by_hand.err.contains("a key was revoked"), "{by_hand}");
    let listed = agency.json("token list").await;
    let of = |name: &str| -> &Value {
        let all = listed.as_array().unwrap();
        all.iter().find(|key| key["name"] == name).unwrap()
    };
    assert_eq!(of("ci")["revoked_by"], maker);
    assert!(of("ci")["revoked_at"].is_string());
    assert_eq!(of("phone")["created_by"], format!("token:{id}"));
    let table = agency.done("token list").await;
    assert!(
        table.out.contains("Made by") && table.out.contains(maker),
        "{table}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_person_left_stays_dead_when_the_id_comes_back() {
    for db in databases().await {
        let program = program(db).await;
        let api = Api::of(program.app.clone());
        let key = api.key_of(&["respond"], Some("mei-lin")).await;
        let other = api.key_of(&["respond"], Some("tom-okafor")).await;
        let machine = api.key(&["read"]).await;
        api.get(INCIDENTS, &key).await.is(200);

        replace(
            &program,
            "people:\n  - {id: tom-okafor, name: Tom Okafor}\n",
        )
        .await;
        api.get(INCIDENTS, &key)
            .await
            .is_problem(403, "person-gone");
        replace(&program, DIRECTORY).await;
        program
            .app
            .find_person(&"mei-lin".parse().unwrap())
            .await
            .unwrap();
        api.get(INCIDENTS, &key)
            .await
            .is_problem(403, "person-gone");
        api.get(INCIDENTS, &other).await.is(200);
        api.get(INCIDENTS, &machine).await.is(200);

        let all = program.app.tokens().await.unwrap();
        let dead: Vec<_> = all.iter().filter(|key| key.state == "revoked").collect();
        assert_eq!(dead.len(), 1);
        assert_eq!(dead[0].person.as_deref(), Some("mei-lin"));
        assert_eq!(dead[0].revoked_by.as_deref(), Some("directory"));
        api.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_goes_to_another_organisation_takes_no_key_there() {
    for db in databases().await {
        let program = program(db).await;
        let api = Api::of(program.app.clone());
        let key = api.key_of(&["respond"], Some("mei-lin")).await;
        let moved = "people:\n  - {id: mei-lin, name: Mei Lin, organisation: larkfield-training}\n";
        let file = program.db.folder.path().join("moved.yaml");
        std::fs::write(&file, moved).unwrap();
        let plan = program.app.plan_import(&[file], false).await.unwrap();
        program
            .app
            .save_import(plan.token, |_, _| {})
            .await
            .unwrap();
        api.get(INCIDENTS, &key)
            .await
            .is_problem(403, "person-gone");
        api.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_a_key_that_may_more_than_their_own() {
    for db in databases().await {
        let program = program(db).await;
        let make = async |own: &[Scope], wanted: &[&str], person: Option<&str>| {
            let by = KeyHolder {
                actor: operator(),
                scopes: own.iter().copied().collect(),
            };
            let scopes: Vec<String> = wanted.iter().map(|scope| (*scope).to_owned()).collect();
            let person: Option<PersonId> = person.map(|id| id.parse().unwrap());
            let new = NewKey {
                name: "test",
                scopes: &scopes,
                expires: "90d",
                person: person.as_ref(),
                by: &by,
            };
            program
                .app
                .create_token(new)
                .await
                .map_err(|error| error.code)
        };
        use Scope::{Admin, Manage, Read, Respond};
        for (own, wanted) in [
            (&[Read][..], &["respond"][..]),
            (&[Respond], &["read", "manage"]),
            (&[Respond, Manage], &["admin"]),
            (&[], &["read"]),
        ] {
            let refused = make(own, wanted, None).await.unwrap_err();
            assert_eq!(refused, "more-than-own", "{own:?} {wanted:?}");
        }
        make(&[Respond, Manage], &["read", "manage"], None)
            .await
            .unwrap();
        make(&[Admin], &["manage", "admin"], None).await.unwrap();
        // In somebody's name it takes more than the scopes.
        let refused = make(&[Respond], &["respond"], Some("priya-shah")).await;
        assert_eq!(refused.unwrap_err(), "more-than-own");
        make(&[Admin], &["respond"], Some("priya-shah"))
            .await
            .unwrap();
        // And nobody makes one for people of other organisations.
        let refused = make(&[Admin], &["read"], Some("amara-nwosu")).await;
        assert_eq!(refused.unwrap_err(), "not-for-outsiders");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_says_in_the_record_that_it_speaks_for_somebody() {
    let db = databases().await.remove(0);
    let program = program(db).await;
    let api = Api::of(program.app.clone());
    let person: PersonId = "priya-shah".parse().unwrap();
    let new = NewKey {
        name: "phone",
        scopes: &["respond".to_owned()],
        expires: "90d",
        person: Some(&person),
        by: &maker(),
    };
    let made = program.app.create_token(new).await.unwrap();
    let declared = json!({"title": "Nobody can sign in", "priority": "P1",
        "services": {"register-trainees": "affected"}});
    let key = made.secret.unwrap();
    api.post(INCIDENTS, &key, &declared).await.is(201);
    let status = api.get("/api/v1/incidents/INC-0001", &key).await.is(200);
    assert_eq!(status["timeline"][0]["who"], "Priya Shah (key phone)");
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_and_counted_and_holds_no_valid_key_up() {
    let db = databases().await.remove(0);
    let program = program(db).await;
    let api = Api::of(program.app.clone());
    let valid = api.key(&["read"]).await;
    for number in 0..30 {
        let answer = api.get(INCIDENTS, &guess(number)).await;
        answer.is_problem(401, "no-valid-key");
    }
    let (clock, began) = (&program.clock, program.clock.now());
    let guessing = async {
        let answer = api.get(INCIDENTS, &guess(30)).await;
        answer.is_problem(401, "no-valid-key");
        clock.now() - began
    };
    let meanwhile = async {
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        api.get(INCIDENTS, &valid).await.is(200);
        clock.advance(TimeDelta::seconds(1));
    };
    let (waited, ()) = tokio::join!(guessing, meanwhile);
    assert_eq!(waited, TimeDelta::seconds(1));

    // Whoever sends many at once is told to come later, and holds no connection open.
    let mut many: Vec<_> = Vec::new();
    for number in 31..51 {
        let secret = guess(number);
        let (request, secret) = (api.request(Method::GET, INCIDENTS), secret);
        many.push(tokio::spawn(Answer::of(request.bearer_auth(secret))));
    }
    // All have come: those who are held wait, and the others were told so.
    let told = |many: &[JoinHandle<Answer>]| many.iter().filter(|one| one.is_finished()).count();
    while clock.sleepers() < 5 || told(&many) < 15 {
        tokio::task::yield_now().await;
    }
    clock.advance(TimeDelta::seconds(5));
    let mut told_to_wait = 0;
    for one in many {
        let answer = one.await.unwrap();
        if answer.status == 429 {
            answer.is_problem(429, "too-many-refusals");
            assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
            told_to_wait += 1;
        } else {
            answer.is_problem(401, "no-valid-key");
        }
    }
    assert_eq!(told_to_wait, 15);
    api.get(INCIDENTS, &valid).await.is(200);

    let figures = api.get("/metrics", "").await.text;
    let line = "oyez_refused_keys_total{reason=\"unknown\"} 51";
    assert!(figures.contains(line), "{figures}");
    api.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_refused_for_its_reason() {
    for db in databases().await {
        let program = program(db).await;
        let api = Api::of(program.app.clone());
        let revoked = api.key(&["admin"]).await;
        let id = program.app.tokens().await.unwrap()[0].id.clone();
        program.app.revoke_token(&id, &operator()).await.unwrap();
        let expired = api.key(&["admin"]).await;
        program.clock.advance(TimeDelta::days(91));
        for key in [&revoked, &expired, "nonsense", "oyez_short", &guess(1)] {
            let answer = api.get(INCIDENTS, key).await;
            answer.is_problem(401, "no-valid-key");
        }
        let basic = api
            .request(Method::GET, INCIDENTS)
            .header("Authorization", "Basic b3llejo=");
        Answer::of(basic).await.is_problem(401, "no-valid-key");
        Answer::of(api.request(Method::GET, INCIDENTS))
            .await
            .is_problem(401, "no-valid-key");
        let figures = api.get("/metrics", "").await.text;
        for (reason, count) in [
            ("malformed", 3),
            ("unknown", 1),
            ("revoked", 1),
            ("expired", 1),
            ("person_gone", 0),
        ] {
            let line = format!("oyez_refused_keys_total{{reason=\"{reason}\"}} {count}\n");
            assert!(figures.contains(&line), "{line} {figures}");
        }
        api.stop().await;
    }
}

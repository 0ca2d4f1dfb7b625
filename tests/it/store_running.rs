//! What keeps the program running: policies, tokens, faults and kept values.

use std::collections::BTreeSet;

use oyez::{
    domain::IncidentId,
    store::{
        Store,
        faults::{self, NewFault},
        policies::{self, NewPolicy},
        settings,
        tokens::{self, NewToken, Scope},
    },
};
use secrecy::{ExposeSecret, SecretString};

use crate::support::{at, database::databases};

async fn apply(store: &Store, text: &str, file: Option<&str>, now: &str) -> u32 {
    let tx = store.begin().await.unwrap();
    let policy = NewPolicy {
        text,
        sha256: "aa",
        applied_by: if file.is_some() { "start" } else { "cli:priya" },
        file_sha256: file,
    };
    let version = policies::put_in_force(&tx, policy, at(now)).await.unwrap();
    tx.commit().await.unwrap();
    version.number
}

#[tokio::test]
async fn the_policy_put_in_force_last_is_in_force() {
    for db in databases().await {
        let conn = db.store.read();
        assert_eq!(policies::in_force(conn).await.unwrap(), None);
        assert_eq!(policies::number_in_force(conn).await.unwrap(), 0);
        assert_eq!(policies::last_from_file(conn).await.unwrap(), None);

        assert_eq!(
            apply(&db.store, "one", Some("f1"), "2026-11-23T13:20:00Z").await,
            1
        );
        assert_eq!(
            apply(&db.store, "two", None, "2026-11-23T13:21:00Z").await,
            2
        );
        let now = policies::in_force(conn).await.unwrap().unwrap();
        assert_eq!(
            (now.number, &*now.text, &*now.applied_by),
            (2, "two", "cli:priya")
        );
        assert_eq!(now.applied_at, at("2026-11-23T13:21:00Z"));
        assert_eq!(policies::number_in_force(conn).await.unwrap(), 2);

        // What start-up needs to know: the last file, and that a person came after it.
        let file = policies::last_from_file(conn).await.unwrap().unwrap();
        assert_eq!((file.number, file.file_sha256.as_deref()), (1, Some("f1")));
        assert_eq!(
            policies::version_of(conn, 1).await.unwrap().unwrap().text,
            "one"
        );
        assert_eq!(policies::version_of(conn, 3).await.unwrap(), None);

        apply(&db.store, "three", None, "2026-11-23T13:22:00Z").await;
        let texts = async |before| -> Vec<String> {
            let page = policies::history(conn, before, 2).await.unwrap();
            page.into_iter().map(|version| version.text).collect()
        };
        assert_eq!(texts(None).await, ["three", "two"]);
        assert_eq!(texts(Some(2)).await, ["one"]);
    }
}

#[tokio::test]
async fn a_token_works_until_it_expires_or_is_taken_back() {
    for db in databases().await {
        let conn = db.store.write();
        let made = at("2026-11-23T13:20:00Z");
        let new = NewToken {
            name: "ci",
            scopes: [Scope::Read, Scope::Respond].into(),
            person: None,
            created_by: "cli:priya",
            expires_at: Some(at("2026-12-23T13:20:00Z")),
        };
        let (token, secret) = tokens::create(conn, new, made).await.unwrap();
        assert!(secret.expose_secret().starts_with("oyez_"));
        assert!(secret.expose_secret().len() > 40);

        let found = tokens::find(conn, &secret).await.unwrap().unwrap();
        assert_eq!(found, token);
        assert!(found.is_valid(at("2026-12-23T13:19:59Z")));
        assert!(!found.is_valid(at("2026-12-23T13:20:00Z")));
        let wrong = SecretString::from("oyez_wrong");
        assert_eq!(tokens::find(conn, &wrong).await.unwrap(), None);

        assert!(
            tokens::revoke(conn, &token.id, "cli:priya", made)
                .await
                .unwrap()
        );
        assert!(
            !tokens::revoke(conn, &token.id, "cli:priya", made)
                .await
                .unwrap()
        );
        assert!(
            !tokens::revoke(conn, "nobody", "cli:priya", made)
                .await
                .unwrap()
        );
        let found = tokens::find(conn, &secret).await.unwrap().unwrap();
        assert!(!found.is_valid(made));
        assert_eq!(found.revoked_by.as_deref(), Some("cli:priya"));
        assert_eq!(tokens::list(conn).await.unwrap(), [found]);
    }
}

#[tokio::test]
async fn the_secret_of_a_token_is_nowhere_in_the_database() {
    use sea_orm::EntityTrait;
    for db in databases().await {
        let conn = db.store.write();
        let new = NewToken {
            name: "ci",
            scopes: BTreeSet::new(),
            person: None,
            created_by: "cli:priya",
            expires_at: None,
        };
        let (_, secret) = tokens::create(conn, new, at("2026-11-23T13:20:00Z"))
            .await
            .unwrap();
        let rows = entity::api_token::Entity::find().all(conn).await.unwrap();
        let held = [
            &rows[0].id,
            &rows[0].name,
            &rows[0].secret_sha256,
            &rows[0].scopes,
        ];
        let tail = &secret.expose_secret()[5..15];
        assert!(held.iter().all(|text| !text.contains(tail)));
        assert!(!format!("{rows:?}").contains(&rows[0].secret_sha256));
    }
}

#[tokio::test]
async fn the_use_of_a_token_is_noted_once_a_minute() {
    for db in databases().await {
        let conn = db.store.write();
        let new = NewToken {
            name: "ci",
            scopes: [Scope::Admin].into(),
            person: None,
            created_by: "cli:priya",
            expires_at: None,
        };
        let (_, secret) = tokens::create(conn, new, at("2026-11-23T13:00:00Z"))
            .await
            .unwrap();
        let used = async |now: &str| {
            let token = tokens::find(conn, &secret).await.unwrap().unwrap();
            tokens::note_use(conn, &token, at(now)).await.unwrap();
            tokens::find(conn, &secret)
                .await
                .unwrap()
                .unwrap()
                .last_used_at
        };
        let first = Some(at("2026-11-23T13:20:00Z"));
        assert_eq!(used("2026-11-23T13:20:00Z").await, first);
        assert_eq!(used("2026-11-23T13:20:59Z").await, first);
        assert_eq!(
            used("2026-11-23T13:21:00Z").await,
            Some(at("2026-11-23T13:21:00Z"))
        );
    }
}

#[tokio::test]
async fn a_fault_is_listed_once_while_it_stands() {
    for db in databases().await {
        let conn = db.store.write();
        let show = async |key, detail, incident, now| {
            let fault = NewFault {
                key,
                sentence: "A template could not be used. Correct it and restart.",
                detail,
                incident,
            };
            faults::record(conn, fault, at(now)).await.unwrap();
        };
        show("template:a", "line 1", None, "2026-11-23T13:20:00Z").await;
        show("template:b", "line 9", None, "2026-11-23T13:21:00Z").await;
        show(
            "template:a",
            "line 2",
            Some(IncidentId(7)),
            "2026-11-23T13:22:00Z",
        )
        .await;

        let standing = faults::standing(conn).await.unwrap();
        assert_eq!(standing.len(), 2);
        let a = &standing[0];
        assert_eq!((&*a.key, a.times, &*a.detail), ("template:a", 2, "line 2"));
        assert_eq!(a.incident, Some(IncidentId(7)));
        assert_eq!(a.first_at, at("2026-11-23T13:20:00Z"));
        assert_eq!(a.last_at, at("2026-11-23T13:22:00Z"));

        let now = at("2026-11-23T13:30:00Z");
        assert!(faults::resolve(conn, "template:a", now).await.unwrap());
        assert!(!faults::resolve(conn, "template:a", now).await.unwrap());
        assert_eq!(faults::standing(conn).await.unwrap().len(), 1);
        // It comes back as a new one, and the old one stays on the record.
        show("template:a", "line 3", None, "2026-11-23T13:40:00Z").await;
        let recent = faults::recent(conn, 10).await.unwrap();
        let keys: Vec<_> = recent
            .iter()
            .map(|f| (&*f.key, f.times, f.resolved_at))
            .collect();
        let expected = [
            ("template:a", 1, None),
            ("template:a", 2, Some(now)),
            ("template:b", 1, None),
        ];
        assert_eq!(keys, expected);
        assert_eq!(faults::recent(conn, 1).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn the_secret_of_an_installation_is_made_once_even_by_many_at_once() {
    for db in databases().await {
        let mut starts = Vec::new();
        for _ in 0..6 {
            let store = db.another_store().await;
            starts.push(tokio::spawn(async move {
                let secret = settings::install_secret(store.write()).await.unwrap();
                *secret.expose_secret()
            }));
        }
        let mut secrets = BTreeSet::new();
        for start in starts {
            secrets.insert(start.await.unwrap());
        }
        assert_eq!(secrets.len(), 1);
        assert!(!secrets.contains(&[0; 32]));
    }
}

#[tokio::test]
async fn a_kept_value_is_the_last_one_put() {
    for db in databases().await {
        let conn = db.store.write();
        assert_eq!(settings::get(conn, "mode").await.unwrap(), None);
        settings::put(conn, "mode", "practice").await.unwrap();
        settings::put(conn, "mode", "live").await.unwrap();
        assert_eq!(
            settings::get(conn, "mode").await.unwrap().as_deref(),
            Some("live")
        );
        let kept = settings::get_or_put(conn, "mode", "practice")
            .await
            .unwrap();
        assert_eq!(kept, "live");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_beside_the_database_take_its_owner_and_mode_whoever_makes_them() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("oyez.db");
    let store = Store::open(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    // Only root can give a file away, so only root can make one that is not the service's.
    let by_root = chown(&path, Some(12_345), Some(12_346)).is_ok();
    assert!(!store.is_delivering().await.unwrap());
    let lock = std::fs::metadata(folder.path().join("oyez.db.lock")).unwrap();
    assert_eq!(lock.permissions().mode() & 0o777, 0o640);
    if by_root {
        assert_eq!((lock.uid(), lock.gid()), (12_345, 12_346));
    }
    store.close().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_that_root_makes_belongs_to_whom_its_folder_belongs_to() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let folder = tempfile::tempdir().unwrap();
    let by_root = chown(folder.path(), Some(12_345), Some(12_346)).is_ok();
    let path = folder.path().join("oyez.db");
    let store = Store::open(&format!("sqlite://{}", path.display()))
        .await
        .unwrap();
    let made = std::fs::metadata(&path).unwrap();
    assert_eq!(made.permissions().mode() & 0o777, 0o600);
    if by_root {
        assert_eq!((made.uid(), made.gid()), (12_345, 12_346));
    }
    store.close().await;
}

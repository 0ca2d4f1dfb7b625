//! How a database would answer a statement: whether it reads all of a table that grows.

use std::collections::{BTreeMap, BTreeSet};

use oyez::store::Store;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::Value;

/// Tables that grow with what happens. The others are as large as the organisation or its settings.
const GROWS: [&str; 14] = [
    "attempt",
    "bad_address",
    "conversation",
    "delivery",
    "draft",
    "event",
    "fault",
    "incident",
    "incident_service",
    "message",
    "notification",
    "recipient",
    "request",
    "timer",
];

/// Partial indexes that grow all the same; the others hold what is open, and may be read whole.
const GROWS_TOO: [&str; 4] = [
    "delivery_ended",
    "delivery_fell_from",
    "event_erased",
    "room_address",
];

/// Asks one database.
pub(super) struct Reader<'a> {
    store: &'a Store,
    /// Names of indexes that hold what is open.
    small: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    pub(super) async fn new(store: &'a Store) -> Self {
        let sql = match store.backend() {
            DbBackend::Postgres => {
                "SELECT indexname AS name FROM pg_indexes WHERE indexdef LIKE '% WHERE %'"
            }
            _ => "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'",
        };
        let rows = ask(store, Statement::from_string(store.backend(), sql)).await;
        let names = rows.iter().map(|row| row.try_get("", "name").unwrap());
        let small: BTreeSet<String> = names
            .filter(|name: &String| !GROWS_TOO.contains(&name.as_str()))
            .collect();
        assert!(small.contains("delivery_due"), "{small:?}");
        Self { store, small }
    }

    /// What of a statement reads all of a table that grows.
    pub(super) async fn scans(&self, statement: &Statement) -> Vec<String> {
        let first = statement.sql.split_whitespace().next().unwrap_or_default();
        if !["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"].contains(&first) {
            return Vec::new();
        }
        match self.store.backend() {
            DbBackend::Postgres => self.scans_of_postgres(statement).await,
            _ => self.scans_of_sqlite(statement).await,
        }
    }

    async fn explained(&self, how: &str, statement: &Statement) -> Vec<sea_orm::QueryResult> {
        let explain = Statement {
            sql: format!("{how} {}", statement.sql),
            ..statement.clone()
        };
        ask(self.store, explain).await
    }

    async fn scans_of_sqlite(&self, statement: &Statement) -> Vec<String> {
        let tables = tables(&statement.sql);
        let rows = self.explained("EXPLAIN QUERY PLAN", statement).await;
        let steps = rows.iter().map(|row| row.try_get("", "detail").unwrap());
        steps
            .filter(|step: &String| {
                let mut words = step.split(' ');
                if words.next() != Some("SCAN") {
                    return false;
                }
                let name = words.next().unwrap_or_default();
                let table = tables.get(name).map_or(name, String::as_str);
                let index = step
                    .split_once(" INDEX ")
                    .map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
                GROWS.contains(&table) && !index.is_some_and(|index| self.small.contains(index))
            })
            .collect()
    }

    async fn scans_of_postgres(&self, statement: &Statement) -> Vec<String> {
        let rows = self.explained("EXPLAIN (FORMAT JSON)", statement).await;
        let plan: Value = rows[0].try_get_by_index(0).unwrap();
        let mut found = Vec::new();
        self.walk(&plan[0]["Plan"], false, &mut found);
        found
    }

    /// A scan without a condition on an index is one of the whole table, unless it may end early.
    fn walk(&self, node: &Value, ends_early: bool, found: &mut Vec<String>) {
        let text = |key: &str| node[key].as_str().unwrap_or_default();
        let kind = text("Node Type");
        let grows = GROWS.contains(&text("Relation Name"));
        let is_small = self.small.contains(text("Index Name"));
        let whole = match kind {
            "Seq Scan" => grows,
            "Index Scan" | "Index Only Scan" => {
                grows && !is_small && !ends_early && node["Index Cond"].is_null()
            }
            _ => false,
        };
        if whole {
            found.push(format!(
                "{kind} of {} {}",
                text("Relation Name"),
                text("Index Name")
            ));
        }
        let ends_early = kind == "Limit" || (ends_early && !["Sort", "Aggregate"].contains(&kind));
        for child in node["Plans"].as_array().into_iter().flatten() {
            self.walk(child, ends_early, found);
        }
    }
}

async fn ask(store: &Store, statement: Statement) -> Vec<sea_orm::QueryResult> {
    let sql = statement.sql.clone();
    match store.write().query_all_raw(statement).await {
        Ok(rows) => rows,
        Err(error) => panic!("{error}\n{sql}"),
    }
}

/// The tables of a statement by the names that they have in it.
fn tables(sql: &str) -> BTreeMap<String, String> {
    let bare = sql.replace(['"', '(', ')', ','], " ");
    let words: Vec<&str> = bare.split_whitespace().collect();
    let mut tables = BTreeMap::new();
    for at in 0..words.len() {
        if !["FROM", "JOIN", "UPDATE", "INTO"].contains(&words[at]) {
            continue;
        }
        let Some(table) = words.get(at + 1) else {
            continue;
        };
        let alias = match words.get(at + 2) {
            Some(&"AS") => words.get(at + 3),
            alias => alias,
        };
        if let Some(alias) = alias {
            tables.insert((*alias).to_owned(), (*table).to_owned());
        }
    }
    tables
}

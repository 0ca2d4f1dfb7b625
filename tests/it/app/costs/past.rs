//! A long past: incidents that are over, with all that was said about them.

use chrono::TimeDelta;
use oyez::{domain::Time, store::Store};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

/// Incidents that are over, with the numbers behind this one.
const BEHIND: i64 = 10_000;
/// How many they are.
const INCIDENTS: i64 = 1_000;
/// Deliveries of the first of them, to a hundred people.
const DELIVERIES: i64 = 20_000;

/// Writes a past that ended half a year ago, and lets the database count its rows.
pub(super) async fn write(store: &Store, now: Time) {
    let then = (now - TimeDelta::days(180)).timestamp_micros();
    let numbers = format!(
        "WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number \
         WHERE n < {DELIVERIES} - 1)"
    );
    let id = |letter: char, n: &str| match store.backend() {
        DbBackend::Postgres => format!("'01H{letter}' || lpad(CAST({n} AS text), 22, '0')"),
        _ => format!("printf('01H{letter}%022d', {n})"),
    };
    let person = "'person-' || (n % 100)";
    let statements = [
        format!(
            "INSERT INTO incident (id, title, priority, kind, stage, is_open, restricted, exercise, \
             revision, seq, hash, started_at, declared_at, changed_at, resolved_at, ended_at) \
             {numbers} SELECT {BEHIND} + n, 'Long ago', 'P3', 'technical', 'closed', false, false, \
             false, 3, 3, 'x', {then}, {then}, {then}, {then}, {then} FROM number WHERE n < {INCIDENTS}"
        ),
        format!(
            "INSERT INTO incident_service (incident_id, service_id, relation) {numbers} \
             SELECT {BEHIND} + n % {INCIDENTS}, 'service-' || (n / {INCIDENTS}), 'affected' FROM number"
        ),
        format!(
            "INSERT INTO notification (id, incident, event_seq, context, expected, created_at) \
             {numbers} SELECT {}, {BEHIND} + n / 200, n % 200 + 1, '{{}}', 100, {then} FROM number \
             WHERE n < 2000",
            id('N', "n")
        ),
        format!(
            "INSERT INTO message (id, notification_id, moment, audience, channel, parts, sha256) \
             {numbers} SELECT {}, {}, 'update', 'owners', 'email', '{{}}', 'x' FROM number \
             WHERE n < 2000",
            id('M', "n"),
            id('N', "n")
        ),
        format!(
            "INSERT INTO delivery (id, notification_id, message_id, incident, event_seq, moment, \
             audience, channel, address, lane, order_key, rank, urgent, state, deliver_by, attempts, \
             unsure, plain, first, name, recipients, reason, sentence, created_at, ended_at, \
             provider_id, fell_from) {numbers} SELECT {}, {}, {}, {BEHIND}, n / 100 + 1, 'update', 'owners', \
             'email', {person}, 'smtp:relay', 'past-' || (n % 100), 1, false, 'accepted', {then}, 1, \
             false, false, false, 'Somebody', '[{{\"who\":{{\"kind\":\"person\",\"id\":\"' || {person} \
             || '\"}},\"name\":\"Somebody\",\"reasons\":[]}}]', '', '', {then}, {then}, 'x', \
             CASE WHEN n % 2 = 1 THEN {} END FROM number",
            id('D', "n"),
            id('N', "n / 100"),
            id('M', "n / 100"),
            id('D', "n - 1"),
        ),
        format!(
            "INSERT INTO attempt (id, delivery_id, n, started_at, ended_at, class, reply, sentence, \
             lease_token, late, repeat) {numbers} SELECT {}, {}, 1, {then}, {then}, 'accepted', '', \
             '', 'x', false, false FROM number",
            id('A', "n"),
            id('D', "n")
        ),
        format!(
            "INSERT INTO event (stream_id, incident_id, seq, at, text, prev_hash, hash, erased_at) \
             {numbers} SELECT 1000000 + n, {BEHIND} + n % {INCIDENTS}, n / {INCIDENTS} + 1, {then}, \
             '{{}}', 'x', 'x', CASE WHEN n % 2 = 1 THEN {then} END FROM number"
        ),
        format!(
            "INSERT INTO request (door, actor, key, request_sha256, answer, began_at) {numbers} \
             SELECT 'api', 'somebody', 'key-' || n, 'x', '{{}}', {} FROM number",
            now.timestamp_micros()
        ),
        format!(
            "INSERT INTO timer (incident_id, key, kind, due, fired_at, payload) {numbers} \
             SELECT {BEHIND} + n, 'key', 'overdue', {then}, {then}, '' FROM number"
        ),
        format!(
            "INSERT INTO fault (id, key, sentence, detail, times, first_at, last_at, resolved_at) \
             {numbers} SELECT {}, 'key', 'Long ago.', '', 1, {then}, {then}, {then} FROM number",
            id('F', "n")
        ),
        format!(
            "INSERT INTO draft (id, actor, revision, command, expires_at) {numbers} \
             SELECT {}, 'somebody', 0, '{{}}', {} FROM number",
            id('G', "n"),
            (now + TimeDelta::days(1)).timestamp_micros()
        ),
        format!(
            "INSERT INTO conversation (channel, address, conversation, service_url, kind, seen_at) \
             {numbers} SELECT 'teams', 'address-' || n, 'x', 'x', 'x', {then} FROM number"
        ),
    ];
    for sql in statements {
        let statement = Statement::from_string(store.backend(), sql.clone());
        if let Err(error) = store.write().execute_raw(statement).await {
            panic!("{error}\n{sql}");
        }
    }
    if store.backend() == DbBackend::Postgres {
        store.write().execute_unprepared("ANALYZE").await.unwrap();
    }
}

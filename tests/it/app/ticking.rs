//! The promise clock goes on, whatever a single timer does.

use std::sync::Arc;

use oyez::domain::notification::Moment;
use sea_orm::ConnectionTrait;

use super::Agency;

#[tokio::test]
async fn timers_that_cannot_go_off_hold_up_no_other() {
    for agency in Agency::all(str::to_owned).await {
        let broken = agency.declared().await.0;
        let well = agency.declared().await;
        let execute = async |sql: &str| {
            let done = agency.app.store.write().execute_unprepared(sql).await;
            done.unwrap();
        };
        execute(&format!(
            "UPDATE event SET text = 'no record' WHERE incident_id = {broken}"
        ))
        .await;
        let rows: Vec<String> = (0..250)
            .map(|number| format!("({broken}, 'broken {number}', 'prompt', {number}, NULL, '')"))
            .collect();
        execute(&format!(
            "INSERT INTO timer (incident_id, key, kind, due, fired_at, payload) VALUES {}",
            rows.join(", ")
        ))
        .await;
        agency.pass(51 * 60);
        // A program that has not read the incidents before.
        let app = agency.app.at(Arc::clone(&agency.app.clock));
        app.tick().await.unwrap();
        agency.deliver().await;
        let sent = agency.mail.sent();
        let prompted = sent
            .iter()
            .any(|mail| mail.moment == Moment::Prompt && mail.incident == Some(well));
        assert!(prompted, "{sent:?}");
    }
}

//! What a running program knows of an incident stays true when others write.

use std::sync::Arc;

use oyez::{
    app::{App, Mode, Viewer},
    domain::command::Command,
    store::incidents,
};

use super::{Agency, asked};

fn note(text: &str) -> Command {
    Command::Note {
        text: text.to_owned(),
    }
}

/// Another process on the same database.
fn another(app: &App) -> App {
    app.at(Arc::clone(&app.clock))
}

#[tokio::test]
async fn what_another_process_wrote_is_read_and_the_same_as_from_the_beginning() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        let (one, other) = (&agency.app, another(&agency.app));
        for turn in 1..=3 {
            let asked = asked(note(&format!("Looked again, {turn}")), "priya-shah");
            let app: &App = if turn % 2 == 0 { one } else { &other };
            app.change(id, asked, Mode::Commit).await.unwrap();
            let read = one.story(&Viewer::Operator, id).await.unwrap();
            let fresh = another(one).story(&Viewer::Operator, id).await.unwrap();
            assert_eq!(read.log.len(), 1 + turn);
            assert_eq!((&read.log, &read.incident), (&fresh.log, &fresh.incident));
        }
    }
}

#[tokio::test]
async fn what_was_taken_back_is_not_there() {
    for agency in Agency::all(str::to_owned).await {
        let id = agency.declared().await;
        let before = agency.app.story(&Viewer::Operator, id).await.unwrap();
        let rehearsed = asked(note("Only tried"), "priya-shah");
        let rehearsal = agency.app.change(id, rehearsed, Mode::Rehearse).await;
        assert_eq!(rehearsal.unwrap().event, None);
        let after = agency.app.story(&Viewer::Operator, id).await.unwrap();
        assert_eq!(before.log, after.log);
    }
}

#[tokio::test]
async fn what_was_erased_by_another_process_is_not_known_any_more() {
    // One in the middle, and the last that is known.
    for erased in [2, 3] {
        for agency in Agency::all(str::to_owned).await {
            let id = agency.declared().await;
            for text in ["Ring 07700 900000", "Rang 07700 900000"] {
                let asked = asked(note(text), "priya-shah");
                agency.app.change(id, asked, Mode::Commit).await.unwrap();
            }
            let story = agency.app.story(&Viewer::Operator, id).await.unwrap();
            assert_eq!(story.log.len(), 3);

            let tx = agency.app.store.begin().await.unwrap();
            let now = agency.app.clock.now();
            let done = incidents::erase(&tx, id, erased, now, "A phone number.").await;
            assert!(done.unwrap());
            tx.commit().await.unwrap();
            let error = agency.app.story(&Viewer::Operator, id).await.unwrap_err();
            assert_eq!(error.code, "unreadable-record", "record {erased}");
        }
    }
}

//! `/api/v1/events`: what happens, as it happens, resumed by event id.
//!
//! Ids belong to incident events only. Delivery progress comes without an id, as counts per
//! notification and at most twice a second: a fan-out of 10,000 must not be 30,000 events.

use std::{collections::BTreeMap, time::Duration};

use actix_sse::{Data, Event, Sse};
use actix_web::{HttpRequest, HttpResponse, Responder, get, http::StatusCode, web};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Stop, caller::Caller, problem::Problem};
use crate::app::{
    App, Error, Full, IN_ALL, KeyHolder, OpenStream, PER_KEY, Scope, Viewer,
    answers::{EventAnswer, Progress},
};

const BEAT: Duration = Duration::from_secs(15);
/// How often the stream looks when nothing wakes it.
const LOOK: Duration = Duration::from_millis(500);
const BATCH: u32 = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StreamQuery {
    /// Begin after this event; the header Last-Event-ID wins. Without either, from now on
    after: Option<u64>,
}

struct Cursor {
    app: web::Data<App>,
    holder: KeyHolder,
    viewer: Viewer,
    after: u64,
    progress: BTreeMap<String, Progress>,
    /// Its place among those that are open, given back when the reader is gone.
    _place: OpenStream,
}

/// Incident events as server-sent events
#[utoipa::path(
    tag = "events", params(StreamQuery, ("Last-Event-ID" = Option<u64>, Header, description = "Resume after this event")), security(("key" = ["read"])),
    responses((status = 200, content_type = "text/event-stream", body = EventAnswer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/api/v1/events")]
pub(super) async fn events(
    app: web::Data<App>,
    stop: web::Data<Stop>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<StreamQuery>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Read)?;
    let after = match last_event_id(&request)?.or(query.after) {
        Some(after) => after,
        None => app.last_event_id().await?,
    };
    let place = app.streams.open(&caller.actor().id).map_err(no_more)?;
    let cursor = Cursor {
        app,
        _place: place,
        viewer: caller.viewer(),
        holder: caller.into_holder(),
        after,
        progress: BTreeMap::new(),
    };
    let follow = stream::unfold(cursor, |mut cursor| async move {
        let batch = cursor.next().await?;
        Some((stream::iter(batch), cursor))
    })
    .flatten()
    .take_until(stop.requested());
    Ok(Sse::from_infallible_stream(follow)
        .with_keep_alive(BEAT)
        .respond_to(&request)
        .map_into_boxed_body())
}

fn no_more(full: Full) -> Problem {
    let (title, detail) = match full {
        Full::Key => (
            format!("This key has {PER_KEY} event streams open, and no key may have more."),
            "Close one of them, or let one stream serve several readers.",
        ),
        Full::Server => (
            format!("The server has {IN_ALL} event streams open, and it takes no more."),
            "Try again later, or close streams that nobody reads.",
        ),
    };
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too-many-streams",
        title,
        detail,
    )
}

/// The place at which a reader was. One that cannot be read is refused: to begin elsewhere would
/// be a gap that nobody notices.
fn last_event_id(request: &HttpRequest) -> Result<Option<u64>, Problem> {
    let Some(id) = request.headers().get("Last-Event-ID") else {
        return Ok(None);
    };
    let read = id.to_str().ok().and_then(|id| id.trim().parse().ok());
    read.map(Some).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-event-id",
            "The Last-Event-ID is not the id of an event.",
            "Send the id of the last event that was read, or leave it out to begin now.",
        )
    })
}

impl Cursor {
    /// What has come up since; waits until something has, and ends when the key does. A database
    /// that is away for a moment is waited for: the reader keeps its place.
    async fn next(&mut self) -> Option<Vec<Event>> {
        loop {
            let mut out = Vec::new();
            match self.look().await {
                Ok(None) => return None,
                Ok(Some((batch, last))) => {
                    self.after = last;
                    for event in batch {
                        self.progress
                            .insert(event.incident.to_string(), Progress::default());
                        out.push(message("event", &event, Some(event.id)));
                    }
                }
                Err(error) => {
                    tracing::warn!(chain = error.chain(), "the event stream could not look")
                }
            }
            self.look_at_deliveries(&mut out).await;
            if !out.is_empty() {
                return Some(out);
            }
            self.app.clock.pause(LOOK).await;
        }
    }

    /// Events since then, and where to go on; `None` if the key no longer holds.
    async fn look(&self) -> Result<Option<(Vec<EventAnswer>, u64)>, Error> {
        if !self.app.still_holds(&self.holder).await? {
            return Ok(None);
        }
        let found = self
            .app
            .events_after(&self.viewer, self.after, BATCH)
            .await?;
        Ok(Some(found))
    }

    async fn look_at_deliveries(&mut self, out: &mut Vec<Event>) {
        let watched: Vec<String> = self.progress.keys().cloned().collect();
        for incident in watched {
            let Ok(id) = incident.parse() else { continue };
            let Ok(now) = self.app.latest_progress(id).await else {
                continue;
            };
            if self.progress.get(&incident) != Some(&now) {
                out.push(message(
                    "progress",
                    &serde_json::json!({ "incident": incident, "progress": now }),
                    None,
                ));
            }
            if now.waiting + now.retrying + now.held == 0 {
                self.progress.remove(&incident);
            } else {
                self.progress.insert(incident, now);
            }
        }
    }
}

fn message(name: &str, body: &impl serde::Serialize, id: Option<u64>) -> Event {
    let data = Data::new(serde_json::to_string(body).unwrap_or_default()).event(name);
    Event::Data(match id {
        Some(id) => data.id(id.to_string()),
        None => data,
    })
}

//! `/api/v1/incidents`: the same commands as everywhere else.

use actix_web::{HttpRequest, HttpResponse, get, http::StatusCode, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{body::Body, caller::Caller, problem::Problem};
use crate::{
    app::{
        App, Hypothesis, Mode, Retry, RetryFilter, Scope, Verified,
        answers::{DeliveryAnswer, Receipt, RetryAnswer, StatusAnswer, SummaryAnswer, WhoAnswer},
    },
    domain::{
        ChannelName, IncidentId, PriorityId, ServiceId,
        command::{Asked, Command, Declare},
        delivery::{Class, RetryWay, State},
        notification::Moment,
    },
};

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Give this as `after` for the next page; absent on the last one.
    pub next: Option<String>,
}

/// Which incidents.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only incidents whose people are still owed updates
    #[serde(default)]
    open: bool,
    /// Only this priority
    #[param(value_type = Option<String>)]
    priority: Option<PriorityId>,
    /// Only incidents that touch this service
    #[param(value_type = Option<String>)]
    service: Option<ServiceId>,
    /// The `next` of the page before
    #[param(value_type = Option<String>)]
    after: Option<IncidentId>,
    /// At most so many, 1 to 200
    #[serde(default = "fifty")]
    #[param(minimum = 1, maximum = 200)]
    limit: u32,
}

fn fifty() -> u32 {
    50
}

/// The length of a page, if it may be so long.
fn within(limit: u32, most: u32) -> Result<u32, Problem> {
    if (1..=most).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::new(
        StatusCode::BAD_REQUEST,
        "bad-query",
        format!("A page cannot have {limit} entries."),
        format!("Give a limit from 1 to {most}."),
    ))
}

/// How a command is to be treated.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WriteQuery {
    /// Answer what would happen; do nothing
    #[serde(default)]
    dry_run: bool,
    /// Do nothing if the incident has moved on from this revision
    revision: Option<u32>,
}

fn asked<C>(
    command: C,
    caller: &Caller,
    request: &HttpRequest,
    query: &WriteQuery,
) -> Result<Asked<C>, Problem> {
    let key = match request.headers().get("Idempotency-Key") {
        None => ulid::Ulid::generate().to_string(),
        Some(value) => match value.to_str() {
            Ok(text) if (1..=200).contains(&text.trim().len()) => text.trim().to_owned(),
            _ => {
                return Err(Problem::new(
                    StatusCode::BAD_REQUEST,
                    "bad-key",
                    "The Idempotency-Key cannot be read.",
                    "Use 1 to 200 printable characters.",
                ));
            }
        },
    };
    Ok(Asked {
        command,
        actor: caller.actor().clone(),
        request_key: key,
        seen_revision: query.revision,
        typed: None,
    })
}

fn mode(query: &WriteQuery) -> Mode {
    if query.dry_run {
        Mode::Rehearse
    } else {
        Mode::Commit
    }
}

/// Incidents, the newest first
#[utoipa::path(
    tag = "incidents", params(ListQuery), security(("key" = ["read"])),
    responses((status = 200, body = Page<SummaryAnswer>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/api/v1/incidents")]
pub(super) async fn list(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Read)?;
    let limit = within(query.limit, 200)?;
    let page = app
        .list_page(
            &caller.viewer(),
            query.open,
            query.priority.clone(),
            query.service.clone(),
            query.after,
            limit,
        )
        .await?;
    Ok(HttpResponse::Ok().json(Page {
        items: page.0,
        next: page.1.map(|id| id.to_string()),
    }))
}

/// Declare an incident and tell the right people
#[utoipa::path(
    tag = "incidents", params(WriteQuery, ("Idempotency-Key" = Option<String>, Header, description = "The same key twice is done once")),
    request_body = Declare, security(("key" = ["respond"])),
    responses((status = 201, body = Receipt), (status = 200, body = Receipt, description = "Dry run"), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/api/v1/incidents")]
pub(super) async fn declare(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    query: web::Query<WriteQuery>,
    body: Body<Declare>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Respond)?;
    let asked = asked(body.0, &caller, &request, &query)?;
    let receipt = app.declare(asked, mode(&query)).await?;
    let receipt = app.show(receipt, caller.sight());
    if query.dry_run {
        return Ok(HttpResponse::Ok().json(receipt));
    }
    let location = format!("/api/v1/incidents/{}", receipt.incident);
    Ok(HttpResponse::Created()
        .insert_header(("Location", location))
        .json(receipt))
}

/// An incident as it stands
#[utoipa::path(
    tag = "incidents", params(("id" = String, Path, example = "INC-0042")), security(("key" = ["read"])),
    responses((status = 200, body = StatusAnswer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/api/v1/incidents/{id}")]
pub(super) async fn status(
    app: web::Data<App>,
    caller: Caller,
    id: web::Path<IncidentId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Read)?;
    Ok(HttpResponse::Ok().json(app.status_for(&caller.viewer(), *id).await?))
}

/// Change an incident: update, no-change, priority, services, lead, stage, resolve, close, correct …
#[utoipa::path(
    tag = "incidents", params(WriteQuery, ("id" = String, Path, example = "INC-0042"), ("Idempotency-Key" = Option<String>, Header, description = "The same key twice is done once")),
    request_body = Command, security(("key" = ["respond"])),
    responses((status = 200, body = Receipt), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/api/v1/incidents/{id}/commands")]
pub(super) async fn change(
    app: web::Data<App>,
    caller: Caller,
    request: HttpRequest,
    id: web::Path<IncidentId>,
    query: web::Query<WriteQuery>,
    body: Body<Command>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Respond)?;
    let viewer = caller.viewer();
    app.must_see(&viewer, *id).await?;
    if let Some(other) = body.0.other_incident() {
        app.must_see(&viewer, other).await?;
    }
    let asked = asked(body.0, &caller, &request, &query)?;
    let receipt = app.change(*id, asked, mode(&query)).await?;
    Ok(HttpResponse::Ok().json(app.show(receipt, caller.sight())))
}

/// Which deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DeliveriesQuery {
    /// Only deliveries in this state
    #[param(value_type = Option<String>)]
    state: Option<State>,
    /// The `next` of the page before
    after: Option<String>,
    /// At most so many, 1 to 1,000
    #[serde(default = "hundred")]
    #[param(minimum = 1, maximum = 1000)]
    limit: u32,
}

fn hundred() -> u32 {
    100
}

/// Who was told what, when, by which channel, with what result and why. To keys without `manage`, mail addresses and numbers are masked
#[utoipa::path(
    tag = "incidents", params(DeliveriesQuery, ("id" = String, Path, example = "INC-0042")), security(("key" = ["read"])),
    responses((status = 200, body = Page<DeliveryAnswer>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/api/v1/incidents/{id}/deliveries")]
pub(super) async fn deliveries(
    app: web::Data<App>,
    caller: Caller,
    id: web::Path<IncidentId>,
    query: web::Query<DeliveriesQuery>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Read)?;
    app.must_see(&caller.viewer(), *id).await?;
    let limit = within(query.limit, 1_000)?;
    let (items, next) = app
        .send_log_page(*id, query.state, query.after.as_deref(), limit)
        .await?;
    let items = app.show(items, caller.sight());
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// Which occasion.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MomentQuery {
    /// The occasion; without it, an update
    #[param(value_type = Option<String>)]
    moment: Option<Moment>,
    /// Also who is not told, and why
    #[serde(default)]
    not_told: bool,
}

/// Who would be told next, and why. To keys without `manage`, mail addresses and numbers are masked
#[utoipa::path(
    tag = "incidents", params(MomentQuery, ("id" = String, Path, example = "INC-0042")), security(("key" = ["read"])),
    responses((status = 200, body = WhoAnswer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/api/v1/incidents/{id}/who")]
pub(super) async fn who(
    app: web::Data<App>,
    caller: Caller,
    id: web::Path<IncidentId>,
    query: web::Query<MomentQuery>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Read)?;
    app.must_see(&caller.viewer(), *id).await?;
    let hypothesis = Hypothesis::Incident {
        id: *id,
        moment: query.moment.unwrap_or(Moment::Update),
    };
    let answer = app.who(&hypothesis, query.not_told, None).await?;
    Ok(HttpResponse::Ok().json(app.show(answer, caller.sight())))
}

/// Which failed deliveries.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct RetryBody {
    /// Only this channel
    #[schema(value_type = Option<String>)]
    channel: Option<ChannelName>,
    /// Only this delivery
    delivery: Option<String>,
    /// Only those of which the last try came to this, for example bad_destination
    class: Option<String>,
    /// Send them anew: a receiver that got the first one all the same shows a second
    as_new: bool,
    /// Send them by another channel, to whom has a usable address there
    #[schema(value_type = Option<String>)]
    by: Option<ChannelName>,
    /// Answer what would happen; do nothing
    dry_run: bool,
}

/// Try failed deliveries again
#[utoipa::path(
    tag = "incidents", params(("id" = String, Path, example = "INC-0042")), request_body = RetryBody, security(("key" = ["respond"])),
    responses((status = 200, body = RetryAnswer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/api/v1/incidents/{id}/retry")]
pub(super) async fn retry(
    app: web::Data<App>,
    caller: Caller,
    id: web::Path<IncidentId>,
    body: Body<RetryBody>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Respond)?;
    app.must_see(&caller.viewer(), *id).await?;
    let body = body.0;
    let class = body.class.as_deref().map(Class::failure).transpose();
    let class = class.map_err(|sentence| {
        let fix = "Correct it, or leave it out.";
        Problem::new(
            actix_web::http::StatusCode::BAD_REQUEST,
            "bad-class",
            sentence,
            fix,
        )
    })?;
    let way = match (body.by, body.as_new) {
        (Some(_), true) => {
            return Err(Problem::new(
                actix_web::http::StatusCode::BAD_REQUEST,
                "two-ways",
                "Messages are sent anew or by another channel, not both.",
                "Leave one out.",
            ));
        }
        (Some(channel), false) => RetryWay::By(channel),
        (None, true) => RetryWay::Anew,
        (None, false) => RetryWay::SameKey,
    };
    let filter = RetryFilter {
        channel: body.channel,
        delivery: body.delivery,
        class,
    };
    let mode = if body.dry_run {
        Mode::Rehearse
    } else {
        Mode::Commit
    };
    let wanted = Retry { filter, way };
    let answer = app.retry(*id, &wanted, caller.actor(), mode, false).await?;
    Ok(HttpResponse::Ok().json(answer))
}

/// Whether the record is as it was written
#[utoipa::path(
    tag = "incidents", params(("id" = String, Path, example = "INC-0042")), security(("key" = ["read"])),
    responses((status = 200, body = Verified), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/api/v1/incidents/{id}/verify")]
pub(super) async fn verify(
    app: web::Data<App>,
    caller: Caller,
    id: web::Path<IncidentId>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Read)?;
    app.must_see(&caller.viewer(), *id).await?;
    let verified = app.verify(Some(*id), None).await?;
    Ok(HttpResponse::Ok().json(verified.first()))
}

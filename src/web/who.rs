//! `/api/v1/who`: who would be told, without an incident.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{body::Body, caller::Caller, problem::Problem};
use crate::{
    app::{
        App, Hypothesis, Scope,
        answers::{ExplainAnswer, WhoAnswer},
    },
    domain::{
        PriorityId, ServiceId, Time,
        incident::{Kind, Stage},
        notification::Moment,
        situation::Relation,
    },
};

/// What is supposed to have happened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "priority": "P1",
    "services": {"register-trainees": "affected"},
}))]
struct Supposed {
    /// How grave
    #[schema(value_type = String, example = "P1")]
    priority: PriorityId,
    /// Services and how they are touched
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, Relation>)]
    services: BTreeMap<ServiceId, Relation>,
    /// Kind of incident
    #[serde(default)]
    kind: Kind,
    /// How far
    #[serde(default = "investigating")]
    stage: Stage,
    /// The occasion
    #[serde(default = "declared")]
    moment: Moment,
    /// When; without it, now
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Time>,
    /// Also who is not told, and why
    #[serde(default)]
    not_told: bool,
    /// Explain this person or destination only
    person: Option<String>,
}

fn investigating() -> Stage {
    Stage::Investigating
}

fn declared() -> Moment {
    Moment::Declared
}

/// Who would be told; or, about one person or destination, why they are or are not.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum WhoReply {
    /// Without `person`.
    Who(Box<WhoAnswer>),
    /// With `person`.
    Explain(ExplainAnswer),
}

/// Who would be told, on which channels, and why. To keys without `manage`, mail addresses and numbers are masked
#[utoipa::path(
    tag = "who", request_body = Supposed, security(("key" = ["read"])),
    responses((status = 200, body = WhoReply), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/api/v1/who")]
pub(super) async fn who(
    app: web::Data<App>,
    caller: Caller,
    body: Body<Supposed>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Read)?;
    let supposed = body.0;
    let hypothesis = Hypothesis::Supposed {
        priority: supposed.priority,
        services: supposed.services,
        kind: supposed.kind,
        stage: supposed.stage,
        moment: supposed.moment,
        at: supposed.at,
    };
    let reply = match supposed.person {
        Some(person) => {
            let answer = app.explain(&hypothesis, &person).await?;
            WhoReply::Explain(app.show(answer, caller.sight()))
        }
        None => {
            let answer = app.who(&hypothesis, supposed.not_told, None).await?;
            WhoReply::Who(Box::new(app.show(answer, caller.sight())))
        }
    };
    Ok(HttpResponse::Ok().json(reply))
}

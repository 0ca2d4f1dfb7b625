//! `/api/v1/policy`, `/api/v1/directory`, `/api/v1/tokens`: looking after the organisation.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, delete, get, post, put, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{body::Body, caller::Caller, problem::Problem};
use crate::{
    app::{App, NewKey, PolicyAnswer, Scope, TokenAnswer},
    domain::PersonId,
};

/// A policy in force.
#[derive(Debug, Serialize, ToSchema)]
struct PolicyBody {
    /// Its number.
    version: u32,
    /// The TOML text.
    text: String,
}

/// The policy in force
#[utoipa::path(
    tag = "policy", security(("key" = ["read"])),
    responses((status = 200, body = PolicyBody), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/api/v1/policy")]
pub(super) async fn policy(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Read)?;
    let book = app.rulebook().await?;
    Ok(HttpResponse::Ok().json(PolicyBody {
        version: book.policy_version,
        text: app.policy_text().await?,
    }))
}

/// A policy to put in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPolicyBody {
    /// The TOML text.
    text: String,
    /// Only check it.
    #[serde(default)]
    dry_run: bool,
}

/// Put a policy in force; refused as a whole if anything is wrong with it
#[utoipa::path(
    tag = "policy", request_body = NewPolicyBody, security(("key" = ["manage"])),
    responses((status = 200, body = PolicyAnswer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[put("/api/v1/policy")]
pub(super) async fn put_policy(
    app: web::Data<App>,
    caller: Caller,
    body: Body<NewPolicyBody>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Manage)?;
    let applied = app
        .apply_policy_text(&body.0.text, caller.actor(), None, body.0.dry_run)
        .await?;
    Ok(HttpResponse::Ok().json(applied))
}

/// What of the directory.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DirectoryQuery {
    /// With the addresses of workflows and webhooks whole: whoever has one can post there, so this takes the scope admin
    #[serde(default)]
    secrets: bool,
}

/// The directory as its export files, by name. Addresses that are credentials are redacted, unless a key with `admin` asks for them
#[utoipa::path(
    tag = "directory", params(DirectoryQuery), security(("key" = ["manage"])),
    responses((status = 200, body = BTreeMap<String, String>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/api/v1/directory")]
pub(super) async fn directory(
    app: web::Data<App>,
    caller: Caller,
    query: web::Query<DirectoryQuery>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Manage)?;
    let files = app.export_directory(false, query.secrets, caller.holder());
    let files: BTreeMap<String, String> = files.await?.into_iter().collect();
    Ok(HttpResponse::Ok().json(files))
}

/// Keys for this API, without their secrets
#[utoipa::path(
    tag = "tokens", security(("key" = ["admin"])),
    responses((status = 200, body = Vec<TokenAnswer>), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[get("/api/v1/tokens")]
pub(super) async fn tokens(app: web::Data<App>, caller: Caller) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    Ok(HttpResponse::Ok().json(app.tokens().await?))
}

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewTokenBody {
    /// What it is for.
    name: String,
    /// read, respond, manage, admin.
    scopes: Vec<String>,
    /// When it stops working, for example 90d.
    #[serde(default = "ninety_days")]
    expires: String,
    /// The person of the directory for whom it acts.
    #[schema(value_type = Option<String>, example = "priya-shah")]
    person: Option<PersonId>,
}

fn ninety_days() -> String {
    "90d".to_owned()
}

/// Make a key; its secret is in this answer and nowhere else
#[utoipa::path(
    tag = "tokens", request_body = NewTokenBody, security(("key" = ["admin"])),
    responses((status = 201, body = TokenAnswer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[post("/api/v1/tokens")]
pub(super) async fn make_token(
    app: web::Data<App>,
    caller: Caller,
    body: Body<NewTokenBody>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    let made = app
        .create_token(NewKey {
            name: &body.0.name,
            scopes: &body.0.scopes,
            expires: &body.0.expires,
            person: body.0.person.as_ref(),
            by: caller.holder(),
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Make a key useless
#[utoipa::path(
    tag = "tokens", params(("token" = String, Path, description = "Its id or name")), security(("key" = ["admin"])),
    responses((status = 200, body = TokenAnswer), (status = "4XX", body = Problem, content_type = "application/problem+json"))
)]
#[delete("/api/v1/tokens/{token}")]
pub(super) async fn revoke_token(
    app: web::Data<App>,
    caller: Caller,
    token: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    caller.may(Scope::Admin)?;
    Ok(HttpResponse::Ok().json(app.revoke_token(&token, caller.actor()).await?))
}

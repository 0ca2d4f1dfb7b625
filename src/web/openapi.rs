//! The description of the API, made from the code that serves it.

use std::{future::Ready, future::ready, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    dev::ResourceDef,
    get,
    http::{Method, StatusCode, header},
    web,
};
use utoipa::openapi::{
    Info, OpenApi,
    path::PathItem,
    security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use super::problem::Problem;

/// Adds what no handler says of itself.
pub(crate) fn describe(mut api: OpenApi) -> OpenApi {
    api.info = Info::new("Oyez", env!("CARGO_PKG_VERSION"));
    api.info.description = Some(
        "Declare incidents, tell people, see who was told and why. Send Authorization: Bearer KEY; \
         make a key with `oyez token create`. An address holds what may be shown of it: addresses \
         that are credentials are redacted, and to keys without `manage` mail addresses and numbers \
         are masked."
            .to_owned(),
    );
    let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
    api.components
        .get_or_insert_default()
        .add_security_scheme("key", scheme);
    api
}

/// The OpenAPI document
#[get("/api/openapi.json")]
pub(crate) async fn document(api: web::Data<OpenApi>) -> web::Json<OpenApi> {
    web::Json(api.get_ref().clone())
}

/// Answers what no handler takes: 405 where the address is right and the method is not, else 404.
pub(crate) fn fallback(
    api: &OpenApi,
) -> impl Fn(HttpRequest) -> Ready<HttpResponse> + Clone + 'static {
    let mut known: Vec<(ResourceDef, Vec<Method>)> = api
        .paths
        .paths
        .iter()
        .map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item)))
        .collect();
    for path in ["/api/openapi.json", "/healthz", "/readyz", "/metrics"] {
        known.push((ResourceDef::new(path), vec![Method::GET, Method::HEAD]));
    }
    let known = Arc::new(known);
    move |request| {
        let allowed = known
            .iter()
            .find(|(path, _)| path.is_match(request.path()))
            .map(|(_, methods)| methods);
        ready(match allowed {
            Some(methods) => {
                let list = methods
                    .iter()
                    .map(Method::as_str)
                    .collect::<Vec<_>>()
                    .join(", ");
                let mut response = Problem::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "wrong-method",
                    "This address does not take that method.",
                    format!("Use {list}."),
                )
                .error_response();
                if let Ok(value) = header::HeaderValue::from_str(&list) {
                    response.headers_mut().insert(header::ALLOW, value);
                }
                response
            }
            None => Problem::new(
                StatusCode::NOT_FOUND,
                "not-found",
                "There is nothing at this address.",
                "See /api/openapi.json for what there is.",
            )
            .error_response(),
        })
    }
}

fn methods(item: &PathItem) -> Vec<Method> {
    let pairs = [
        (item.get.is_some(), Method::GET),
        (item.get.is_some(), Method::HEAD),
        (item.put.is_some(), Method::PUT),
        (item.post.is_some(), Method::POST),
        (item.delete.is_some(), Method::DELETE),
    ];
    pairs
        .into_iter()
        .filter_map(|(has, method)| has.then_some(method))
        .collect()
}

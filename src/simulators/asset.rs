//! The files of the pages: ours, and Microsoft's renderer of cards where the build found it.

use actix_web::{HttpResponse, http::header, web::Path};

/// A file that is served.
struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! ours {
    ($name:literal, $kind:literal) => {
        Asset {
            name: $name,
            kind: $kind,
            bytes: include_bytes!(concat!("assets/", $name)),
        }
    };
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

static OURS: [Asset; 8] = [
    ours!("icon.svg", "image/svg+xml"),
    ours!("simulator.css", "text/css; charset=utf-8"),
    ours!("common.js", "text/javascript; charset=utf-8"),
    ours!("slack.js", "text/javascript; charset=utf-8"),
    ours!("blocks.js", "text/javascript; charset=utf-8"),
    ours!("teams.js", "text/javascript; charset=utf-8"),
    ours!("cards.js", "text/javascript; charset=utf-8"),
    ours!("markdown.js", "text/javascript; charset=utf-8"),
];

/// Microsoft's renderer of Adaptive Cards with the terms under which it is given on, if `make node`
/// had been run when this was built.
static RENDERER: Option<(&[u8], &str)> = include!(concat!(env!("OUT_DIR"), "/adaptivecards.rs"));

/// A file by its name.
pub(super) async fn serve(name: Path<String>) -> HttpResponse {
    let found = OURS.iter().find(|asset| asset.name == name.as_str());
    let (kind, bytes) = match (found, name.as_str(), RENDERER) {
        (Some(asset), _, _) => (asset.kind, asset.bytes),
        (None, "adaptivecards.js", Some((script, _))) => (SCRIPT, script),
        (None, "adaptivecards-licence.txt", Some((_, terms))) => (TEXT, terms.as_bytes()),
        _ => return HttpResponse::NotFound().finish(),
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, kind))
        .body(bytes)
}

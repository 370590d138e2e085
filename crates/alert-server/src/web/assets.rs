//! The page's scripts, style and pictures, built by Vite and embedded in the binary.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::language::Language;
use super::pages;

/// One embedded file.
struct Asset {
    /// Its path below `/assets/`.
    name: &'static str,
    content_type: &'static str,
    /// Whether its name changes with its content.
    hashed: bool,
    bytes: &'static [u8],
}

// CHAT_JS, CSS and the others (addresses) and FILES: see build.rs.
include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const FOREVER: &str = "public, max-age=31536000, immutable";
const AN_HOUR: &str = "public, max-age=3600";

/// The service worker, under an address that stays: a browser asks for it there again.
pub(super) async fn worker() -> Response {
    let file = FILES.iter().find(|file| Some(file.name) == WORKER_JS.strip_prefix("/assets/"));
    let file = file.map(|file| (file.content_type, file.bytes)).unwrap_or_default();
    ([(header::CONTENT_TYPE, file.0), (header::CACHE_CONTROL, "no-cache")], file.1).into_response()
}

pub(super) async fn serve(Path(name): Path<String>, language: Language) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return pages::not_found(language, None);
    };
    let caching = if file.hashed { FOREVER } else { AN_HOUR };
    ([(header::CONTENT_TYPE, file.content_type), (header::CACHE_CONTROL, caching)], file.bytes)
        .into_response()
}

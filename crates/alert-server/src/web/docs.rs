//! `/docs/`: what the author of a client needs, embedded from `docs/`. Markdown becomes a page for browsers, and stays
//! text for programs.

mod markdown;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use askama::Template;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use rust_embed::Embed;

use super::language::Language;
use super::{accept, assets, pages};
use markdown::Rendered;

/// The files of `docs/`, by their path below it, except pictures, measurements and build output.
#[derive(Embed)]
#[folder = "../../docs"]
#[include = "*.md"]
#[include = "*.yaml"]
#[include = "clients/*"]
#[exclude = "benchmarks.md"]
#[exclude = "clients/*/target/*"]
#[exclude = "clients/*/build/*"]
#[exclude = "*/node_modules/*"]
#[exclude = "*/__pycache__/*"]
#[exclude = "*.lock"]
struct Files;

/// A link of the page.
struct Link {
    name: &'static str,
    title: &'static str,
    about: &'static str,
}

const DOCUMENTS: &[Link] = &[
    Link {
        name: "protocol-v1.md",
        title: "The v1 protocol",
        about: "Events, errors, limits, order, coming back",
    },
    Link {
        name: "protocol-v2.md",
        title: "The v2 protocol",
        about: "History, several rooms, retries that say nothing twice",
    },
    Link { name: "http-api.md", title: "The HTTP API", about: "Speak and listen with curl or EventSource" },
    Link { name: "asyncapi.yaml", title: "asyncapi.yaml", about: "The events for programs, AsyncAPI 3" },
    Link { name: "asyncapi-v2.yaml", title: "asyncapi-v2.yaml", about: "The events of v2, AsyncAPI 3" },
    Link { name: "openapi.yaml", title: "openapi.yaml", about: "The HTTP API for programs, OpenAPI 3.1" },
    Link { name: "terminal.md", title: "The terminal", about: "alert join, send, watch and doctor" },
    Link { name: "screen.md", title: "The big screen", about: "A room on a television or a projector" },
    Link {
        name: "migrating-from-flask.md",
        title: "Coming from the Flask server",
        about: "What changes for operators, and what does not change for clients",
    },
    Link { name: "operations.md", title: "Operating Alert", about: "Settings, proxies, logs, limits" },
    Link { name: "metrics.md", title: "Metrics", about: "What /metrics tells, for Prometheus" },
    Link { name: "scaling.md", title: "Scaling Alert", about: "Several servers, Redis, what is promised" },
];

const RUN: &str = "Run by the tests";
const NOT_RUN: &str = "Not run by the tests";
const PROGRAMS: &[Link] = &[
    Link { name: "javascript/client.mjs", title: "JavaScript", about: RUN },
    Link { name: "typescript/client.ts", title: "TypeScript", about: RUN },
    Link { name: "python/client.py", title: "Python", about: RUN },
    Link { name: "python/client_async.py", title: "Python, asynchronous", about: RUN },
    Link { name: "javascript/client_v2.mjs", title: "JavaScript, v2", about: RUN },
    Link { name: "typescript/client_v2.ts", title: "TypeScript, v2", about: RUN },
    Link { name: "python/client_v2.py", title: "Python, v2", about: RUN },
    Link { name: "rust/src/main.rs", title: "Rust", about: RUN },
    Link { name: "curl/client.sh", title: "Shell and curl", about: RUN },
    Link { name: "java/Client.java", title: "Java", about: NOT_RUN },
    Link { name: "kotlin/Client.kt", title: "Kotlin", about: NOT_RUN },
    Link { name: "swift/main.swift", title: "Swift", about: NOT_RUN },
    Link { name: "csharp/Program.cs", title: "C#", about: NOT_RUN },
    Link { name: "dart/client.dart", title: "Dart", about: NOT_RUN },
    Link { name: "cpp/client.cpp", title: "C++", about: NOT_RUN },
];

const AN_HOUR: &str = "public, max-age=3600";

#[derive(Template)]
#[template(path = "docs.html")]
struct Page<'a> {
    documents: &'a [Link],
    programs: &'a [Link],
    language: Language,
    css: &'a str,
}

/// The documents are in English alone.
const LANGUAGE: Language = Language::English;

pub(super) async fn index() -> Response {
    pages::render(&Page { language: LANGUAGE, documents: DOCUMENTS, programs: PROGRAMS, css: assets::CSS })
}

#[derive(Template)]
#[template(path = "document.html")]
struct Document<'a> {
    name: &'a str,
    title: &'a str,
    html: &'a str,
    language: Language,
    css: &'a str,
}

/// The documents that are pages, by their path.
static PAGES: LazyLock<BTreeMap<Cow<'static, str>, Rendered>> = LazyLock::new(|| {
    let is_served = |path: &str| Files::get(path).is_some();
    let documents = Files::iter().filter(|path| path.ends_with(".md"));
    let pages = documents.filter_map(|path| {
        let file = Files::get(&path)?;
        let page = markdown::render(&path, &String::from_utf8_lossy(&file.data), is_served);
        Some((path, page))
    });
    pages.collect()
});

pub(super) async fn serve(
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(file) = Files::get(&path) else {
        return pages::not_found(Language::of(&headers), meant(&path).as_deref());
    };
    let caching = [(header::CACHE_CONTROL, AN_HOUR), (header::VARY, "Accept")];
    let wants_source = query.as_deref() == Some("source") || !prefers_page(&headers);
    let page = PAGES.get(path.as_str()).filter(|_| !wants_source);
    if let Some(Rendered { title, html }) = page {
        let name = path.rsplit('/').next().unwrap_or(&path);
        return (
            caching,
            pages::render(&Document { name, title, html, language: LANGUAGE, css: assets::CSS }),
        )
            .into_response();
    }
    let kind = match path.rsplit('.').next() {
        Some("yaml") => "application/yaml",
        Some("md") if accept::quality(&headers, "text/markdown") > 0.0 => "text/markdown; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    (caching, [(header::CONTENT_TYPE, kind)], file.data).into_response()
}

/// The document that was meant: its name without the ending, with another one, in other letters; or of a folder its
/// `README.md`.
fn meant(path: &str) -> Option<String> {
    let asked = path.trim_end_matches('/');
    let stem = |path: &str| path.rsplit_once('.').map_or(path, |(stem, _)| stem).to_ascii_lowercase();
    let folder = format!("{asked}/README.md");
    let near = |path: &Cow<'static, str>| stem(path) == stem(asked) || path.eq_ignore_ascii_case(&folder);
    Files::iter().find(near).map(|path| format!("/docs/{path}"))
}

/// Browsers ask for HTML by name, programs for anything.
fn prefers_page(headers: &HeaderMap) -> bool {
    let quality = |kind| accept::quality(headers, kind);
    let page = quality("text/html");
    page > 0.0 && page >= quality("text/markdown").max(quality("text/plain"))
}

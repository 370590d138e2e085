//! `/docs/`: what somebody needs who writes a client, from the files in `docs/`, embedded. Markdown is served as plain
//! text, which reads well and needs no renderer.

use askama::Template;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::{assets, pages};

/// One embedded file.
struct File {
    /// Its path below `/docs/`.
    path: &'static str,
    text: &'static str,
}

/// A link of the page.
struct Link {
    name: &'static str,
    title: &'static str,
    about: &'static str,
}

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(File { path: $path, text: include_str!(concat!("../../../../docs/", $path)) }),+]
    };
}

const FILES: &[File] = files![
    "asyncapi.yaml",
    "clients/README.md",
    "clients/cpp/CMakeLists.txt",
    "clients/cpp/client.cpp",
    "clients/csharp/Program.cs",
    "clients/csharp/client.csproj",
    "clients/curl/client.sh",
    "clients/dart/client.dart",
    "clients/dart/pubspec.yaml",
    "clients/java/Client.java",
    "clients/java/pom.xml",
    "clients/javascript/client.mjs",
    "clients/javascript/package.json",
    "clients/kotlin/Client.kt",
    "clients/kotlin/build.gradle.kts",
    "clients/python/client.py",
    "clients/python/client_async.py",
    "clients/python/requirements.txt",
    "clients/rust/Cargo.toml",
    "clients/rust/src/main.rs",
    "clients/swift/Package.swift",
    "clients/swift/main.swift",
    "clients/typescript/client.ts",
    "clients/typescript/package.json",
    "clients/typescript/tsconfig.json",
    "http-api.md",
    "migrating-from-flask.md",
    "openapi.yaml",
    "operations.md",
    "protocol-v1.md",
    "terminal.md",
];

const DOCUMENTS: &[Link] = &[
    Link {
        name: "protocol-v1.md",
        title: "The v1 protocol",
        about: "Events, errors, limits, order, coming back",
    },
    Link { name: "http-api.md", title: "The HTTP API", about: "Speak and listen with curl or EventSource" },
    Link { name: "asyncapi.yaml", title: "asyncapi.yaml", about: "The events for programs, AsyncAPI 3" },
    Link { name: "openapi.yaml", title: "openapi.yaml", about: "The HTTP API for programs, OpenAPI 3.1" },
    Link { name: "terminal.md", title: "The terminal", about: "alert join, send, watch and doctor" },
    Link {
        name: "migrating-from-flask.md",
        title: "Coming from the Flask server",
        about: "What changes for who runs one, and what does not for clients",
    },
    Link { name: "operations.md", title: "Operating Alert", about: "Settings, proxies, logs, limits" },
];

const RUN: &str = "Run by the tests";
const NOT_RUN: &str = "Not run by the tests";
const PROGRAMS: &[Link] = &[
    Link { name: "javascript/client.mjs", title: "JavaScript", about: RUN },
    Link { name: "typescript/client.ts", title: "TypeScript", about: RUN },
    Link { name: "python/client.py", title: "Python", about: RUN },
    Link { name: "python/client_async.py", title: "Python, asynchronous", about: RUN },
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
    css: &'a str,
}

pub(super) async fn index() -> Response {
    pages::render(&Page { documents: DOCUMENTS, programs: PROGRAMS, css: assets::CSS })
}

pub(super) async fn serve(Path(path): Path<String>) -> Response {
    let Some(file) = FILES.iter().find(|file| file.path == path) else {
        return pages::not_found().await;
    };
    let kind = if path.ends_with(".yaml") { "application/yaml" } else { "text/plain; charset=utf-8" };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, AN_HOUR)], file.text).into_response()
}

//! `/docs/`: the page, what it links to, and the files.

use std::path::Path;

use super::*;

#[tokio::test]
async fn the_page_links_to_what_is_there() {
    let site = Site::new();
    let page = site.get("/docs/").await;
    assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
    let links: Vec<&str> =
        page.body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for needed in ["/docs/openapi.yaml", "/docs/asyncapi.yaml", "/docs/protocol-v1.md", "/docs/http-api.md"] {
        assert!(links.contains(&needed), "{needed} in {links:?}");
    }
    assert!(links.len() > 20, "{links:?}");
    for link in links {
        assert_eq!(site.get(link).await.status, StatusCode::OK, "{link}");
    }
    for wrong in ["<style", " style=", "<script", "http://", "https://"] {
        assert!(!page.body.contains(wrong), "{wrong}");
    }
}

#[tokio::test]
async fn files_come_as_they_are_with_their_types() {
    let site = Site::new();
    let text = "text/plain; charset=utf-8";
    for (address, kind, file) in [
        ("/docs/openapi.yaml", "application/yaml", include_str!("../../../../../docs/openapi.yaml")),
        ("/docs/asyncapi.yaml", "application/yaml", include_str!("../../../../../docs/asyncapi.yaml")),
        ("/docs/protocol-v1.md", text, include_str!("../../../../../docs/protocol-v1.md")),
        (
            "/docs/clients/rust/src/main.rs",
            text,
            include_str!("../../../../../docs/clients/rust/src/main.rs"),
        ),
    ] {
        let answer = site.get(address).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, kind), "{address}");
        assert_eq!(answer.body, file, "{address}");
        assert_eq!(answer.header("cache-control"), "public, max-age=3600");
    }
}

#[tokio::test]
async fn markdown_is_a_page_for_browsers_and_text_for_programs() {
    let site = Site::new();
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";
    for (address, accept, kind) in [
        ("/docs/protocol-v1.md", browser, "text/html; charset=utf-8"),
        ("/docs/clients/README.md", "text/html", "text/html; charset=utf-8"),
        ("/docs/protocol-v1.md?source", browser, "text/plain; charset=utf-8"),
        ("/docs/protocol-v1.md", "*/*", "text/plain; charset=utf-8"),
        ("/docs/protocol-v1.md", "text/plain", "text/plain; charset=utf-8"),
        ("/docs/protocol-v1.md", "text/markdown", "text/markdown; charset=utf-8"),
        ("/docs/protocol-v1.md", "text/markdown, text/html;q=0.8", "text/markdown; charset=utf-8"),
        ("/docs/protocol-v1.md", "text/html;q=0", "text/plain; charset=utf-8"),
        ("/docs/openapi.yaml", browser, "application/yaml"),
        ("/docs/clients/python/client.py", browser, "text/plain; charset=utf-8"),
    ] {
        let answer = site.ask(Method::GET, address, &[("accept", accept)], "").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, kind),
            "{address}: {accept}"
        );
        assert_eq!(
            (answer.header("vary"), answer.header("cache-control")),
            ("Accept", "public, max-age=3600")
        );
        assert_eq!(answer.body.starts_with("<!doctype html>"), kind.starts_with("text/html"), "{address}");
    }
    let page = site.ask(Method::GET, "/docs/clients/README.md", &[("accept", browser)], "").await.body;
    assert!(
        page.contains("<title>Clients - Alert</title>") && page.contains("href=\"README.md?source\""),
        "{page}"
    );
    for wrong in ["<style", " style=", "<script"] {
        assert!(!page.contains(wrong), "{wrong}");
    }
}

#[tokio::test]
async fn every_link_of_every_document_leads_to_what_it_names() {
    let site = Site::new();
    let html = [("accept", "text/html")];
    let index = site.get("/docs/").await.body;
    let documents = index.split("href=\"/docs/").skip(1).filter_map(|rest| rest.split('"').next());
    let documents: Vec<&str> = documents.filter(|path| path.ends_with(".md")).collect();
    assert!(documents.len() >= 6, "{documents:?}");
    let operations = site.get("/docs/operations.md").await.body;
    let of_operators = operations.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let documents: Vec<&str> = documents.into_iter().chain(of_operators).collect();
    let mut links = 0;
    for document in documents {
        let page = site.ask(Method::GET, &format!("/docs/{document}"), &html, "").await.body;
        let base = url_folder(document);
        for link in page.split("<a href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            if link.starts_with("http") || link.starts_with('/') {
                continue;
            }
            let (file, id) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { document.to_owned() } else { resolved(base, file) };
            let answer = site.ask(Method::GET, &format!("/docs/{target}"), &html, "").await;
            assert_eq!(answer.status, StatusCode::OK, "{document}: {link}");
            assert!(id.is_empty() || answer.body.contains(&format!(" id=\"{id}\"")), "{document}: {link}");
            links += 1;
        }
    }
    assert!(links > 60, "{links}");
}

fn url_folder(document: &str) -> &str {
    document.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// As browsers do: `..` at the top stays there.
fn resolved(base: &str, link: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[tokio::test]
async fn every_client_program_is_served() {
    let site = Site::new();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut folders = vec![docs.join("clients")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&docs).unwrap().to_str().unwrap();
            // What a build leaves behind, and a lock file that cargo can make again.
            let is_left_out = ["target", "node_modules", "build", "__pycache__", "Cargo.lock"]
                .iter()
                .any(|left_out| path.ends_with(left_out));
            if is_left_out {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            assert_eq!(
                site.get(&format!("/docs/{name}")).await.status,
                StatusCode::OK,
                "{name} is not embedded"
            );
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

#[tokio::test]
async fn what_is_not_there_is_the_usual_page() {
    let site = Site::new();
    for address in [
        "/docs/nothing.md",
        "/docs/clients",
        "/docs/clients/",
        "/docs/../Cargo.toml",
        "/docs/%2e%2e/x",
        "/docs/benchmarks.md",
        "/docs/screenshot.png",
        "/docs/clients/rust/Cargo.lock",
    ] {
        let answer = site.get(address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        assert!(answer.body.contains("There is no page here"), "{address}");
    }
    let answer = site.get("/docs").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::PERMANENT_REDIRECT, "/docs/"));
}

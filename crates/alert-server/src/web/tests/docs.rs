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
async fn every_client_program_is_served() {
    let site = Site::new();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut folders = vec![docs.join("clients")];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&docs).unwrap().to_str().unwrap();
            // What building a program leaves behind, and a lock file that cargo makes again.
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
                "{name} is not in FILES"
            );
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

#[tokio::test]
async fn what_is_not_there_is_the_usual_page() {
    let site = Site::new();
    for address in
        ["/docs/nothing.md", "/docs/clients", "/docs/clients/", "/docs/../Cargo.toml", "/docs/%2e%2e/x"]
    {
        let answer = site.get(address).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{address}");
        assert!(answer.body.contains("There is no page here"), "{address}");
    }
    let answer = site.get("/docs").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::PERMANENT_REDIRECT, "/docs/"));
}

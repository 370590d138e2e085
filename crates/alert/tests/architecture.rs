//! The invariants of ARCHITECTURE.md, held against the tree.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::Table;

/// The crates of this workspace, and which others of them each may see. Arrows point down only.
const CRATES: [(&str, &[&str]); 10] = [
    ("socketio-protocol", &[]),
    ("socketio-server", &["socketio-protocol"]),
    ("alert-core", &["alert-schedule", "socketio-protocol"]),
    ("alert-schedule", &[]),
    ("alert-settings", &[]),
    ("alert-signals", &[]),
    ("alert-server", &["alert-core", "alert-schedule", "alert-settings", "alert-signals", "socketio-server"]),
    ("alert-client", &["alert-core", "alert-settings", "alert-signals", "socketio-protocol"]),
    ("alert-bench", &["alert-core"]),
    (
        "alert",
        &[
            "alert-bench",
            "alert-client",
            "alert-core",
            "alert-schedule",
            "alert-server",
            "alert-settings",
            "alert-signals",
            "socketio-server",
        ],
    ),
];

/// A source file of a crate, without its tests and comments.
struct Source {
    /// From the root of the repository.
    path: String,
    /// Its module, as in `["web", "api", "events"]`.
    module: Vec<String>,
    code: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => Vec::from_iter((path.extension() == Some("rs".as_ref())).then_some(path)),
        })
        .collect()
}

/// The code of a crate, without files that hold tests.
fn sources(name: &str) -> Vec<Source> {
    let root = root();
    let folder = root.join("crates").join(name).join("src");
    let files = rust_files(&folder).into_iter().filter_map(|file| {
        let module: Vec<String> =
            file.strip_prefix(&folder).unwrap().with_extension("").iter().map(text).collect();
        if module.iter().any(|part| part == "tests" || part == "model") {
            return None;
        }
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        Some(Source { path, module, code: code(&fs::read_to_string(file).unwrap()) })
    });
    let files: Vec<Source> = files.collect();
    assert!(!files.is_empty(), "{name} has sources");
    files
}

fn text(part: &std::ffi::OsStr) -> String {
    part.to_str().unwrap().to_owned()
}

/// What the compiler sees of a file but for its tests, which come last.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    body.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The words of a text: names of Rust.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The files of these crates, but for those that `may` say so, in which `offends` finds something.
#[track_caller]
fn nobody(crates: &[&str], may: &[&str], offends: impl Fn(&str) -> bool) {
    let all = crates.iter().flat_map(|name| sources(name));
    let found: Vec<String> = all
        .filter(|source| !may.iter().any(|path| source.path.starts_with(path)) && offends(&source.code))
        .map(|source| source.path)
        .collect();
    assert_eq!(found, [""; 0]);
}

fn every_crate() -> Vec<&'static str> {
    CRATES.map(|(name, _)| name).to_vec()
}

fn has_word(names: &[&str]) -> impl Fn(&str) -> bool {
    move |code| words(code).any(|word| names.contains(&word))
}

fn has_text(texts: &[&str]) -> impl Fn(&str) -> bool {
    move |code| texts.iter().any(|text| code.contains(text))
}

#[test]
fn given_any_crate_then_it_sees_only_those_below_it() {
    let crates = root().join("crates");
    let there: BTreeSet<String> =
        fs::read_dir(&crates).unwrap().map(|entry| text(&entry.unwrap().file_name())).collect();
    assert_eq!(there, every_crate().into_iter().map(str::to_owned).collect(), "the table above is whole");
    for (name, may) in CRATES {
        let manifest: Table =
            fs::read_to_string(crates.join(name).join("Cargo.toml")).unwrap().parse().unwrap();
        let targets =
            manifest.get("target").and_then(|target| target.as_table()).into_iter().flat_map(Table::values);
        let tables =
            std::iter::once(manifest.clone()).chain(targets.filter_map(|table| table.as_table().cloned()));
        let sees = tables.filter_map(|table| Some(table.get("dependencies")?.as_table()?.clone())).flatten();
        for (seen, _) in sees.filter(|(seen, _)| there.contains(seen)) {
            assert!(may.contains(&seen.as_str()), "{name} sees {seen}");
        }
    }
}

/// The modules of the runtime that are one thing, the shard: its thread, what it owns, and the handles to it. They import
/// each other in circles, and no other module of any crate does.
const SHARD: [&str; 7] = ["connection", "engine", "engineio", "http", "hub", "room", "shard"];

#[test]
fn given_the_modules_of_any_crate_then_their_imports_have_no_circle_but_for_the_shard() {
    for name in every_crate() {
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let sources = sources(name);
        let modules: BTreeSet<&str> = sources.iter().map(|source| source.module[0].as_str()).collect();
        for source in sources.iter().filter(|source| !["lib", "main"].contains(&source.module[0].as_str())) {
            let used = imports(source)
                .into_iter()
                .filter(|used| *used != source.module[0] && modules.contains(used.as_str()));
            uses.entry(source.module[0].clone()).or_default().extend(used);
        }
        // Takes away, again and again, what uses nothing that is left, or is used by nothing that is left.
        let is_free = |uses: &BTreeMap<String, BTreeSet<String>>, module: &String| {
            uses[module].is_empty() || !uses.values().any(|used| used.contains(module))
        };
        while let Some(free) = uses.keys().find(|module| is_free(&uses, module)).cloned() {
            uses.remove(&free);
            uses.values_mut().for_each(|used| used.retain(|module| *module != free));
        }
        let circle: Vec<&str> = uses.keys().map(String::as_str).collect();
        let may: &[&str] = if name == "socketio-server" { &SHARD } else { &[] };
        assert_eq!(circle, may, "in {name}: {uses:#?}");
    }
}

/// The topmost modules that a file names by way of `crate::` or `super::`.
fn imports(source: &Source) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (keyword, is_root) in [("crate::", true), ("super::", false)] {
        for (start, _) in source.code.match_indices(keyword) {
            let is_path_end =
                source.code[..start].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c));
            if is_path_end {
                continue;
            }
            let mut rest = &source.code[start + keyword.len()..];
            let mut base = if is_root { &[][..] } else { &source.module[..source.module.len() - 1] };
            while let Some(above) = rest.strip_prefix("super::") {
                (rest, base) = (above, &base[..base.len() - 1]);
            }
            match base.first() {
                Some(top) => drop(found.insert(top.clone())),
                None => found.extend(heads(rest)),
            }
        }
    }
    found
}

/// `a::b` gives `a`; `{a::b, c::{d, e}}` gives `a` and `c`.
fn heads(path: &str) -> Vec<String> {
    let Some(group) = path.strip_prefix('{') else {
        return words(path).next().map(str::to_owned).into_iter().collect();
    };
    let (mut depth, mut heads, mut start) = (0, Vec::new(), 0);
    for (index, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                heads.extend(words(&group[start..index]).next().map(str::to_owned));
                start = index;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    heads
}

#[test]
fn given_what_is_pure_then_it_has_no_tasks_no_clock_and_no_io() {
    let impure = ["tokio", "hyper", "socket2", "tracing", "axum", "mio"];
    nobody(&["alert-core", "alert-schedule", "socketio-protocol"], &[], has_word(&impure));
    let impure =
        ["std::net", "std::fs", "std::io", "std::env", "std::thread", "Instant::now", "SystemTime::now"];
    nobody(&["alert-core", "alert-schedule", "socketio-protocol"], &[], has_text(&impure));
}

#[test]
fn given_the_runtime_then_it_knows_nothing_of_alert() {
    nobody(
        &["socketio-protocol", "socketio-server"],
        &[],
        has_word(&["joined", "headless", "roster", "Alert"]),
    );
}

#[test]
fn given_what_v1_clients_see_then_only_wire_says_it() {
    let wire = ["crates/alert-core/src/wire", "crates/alert-bench/"];
    nobody(
        &every_crate(),
        &wire,
        has_text(&["has entered", "has left", "\"headless\"", "\"msg\"", "Error: {"]),
    );
}

#[test]
fn given_a_room_of_the_server_then_it_renders_nothing() {
    let elsewhere = ["alert-server"];
    let rooms: Vec<Source> =
        sources(elsewhere[0]).into_iter().filter(|source| source.module[0] == "rooms").collect();
    assert!(rooms.len() > 1);
    for source in rooms {
        assert!(
            !has_word(&["v1", "serde_json", "Serialize", "format", "web", "socket"])(&source.code),
            "{}",
            source.path
        );
    }
}

#[test]
fn given_http_then_only_web_names_its_framework() {
    nobody(&every_crate(), &["crates/alert-server/src/web"], has_word(&["axum"]));
}

#[test]
fn given_the_environment_then_one_file_reads_it() {
    let reads = ["env::var(", "env::var_os(", "env::vars(", "env::vars_os("];
    nobody(&every_crate(), &["crates/alert-settings/src/environment.rs"], has_text(&reads));
}

#[test]
fn given_any_file_then_it_says_what_it_is_for_and_its_module_stands_beside_its_folder() {
    for (name, _) in CRATES {
        for file in rust_files(&root().join("crates").join(name).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            let is_test = ["tests", "model"].iter().any(|part| {
                file.iter().any(|there| *there == **part) || file.file_stem() == Some(part.as_ref())
            });
            assert!(is_test || text.starts_with("//! "), "{}", file.display());
            assert_ne!(file.file_name(), Some("mod.rs".as_ref()), "{}", file.display());
        }
    }
}

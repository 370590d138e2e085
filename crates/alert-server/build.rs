//! Builds the web page (`web/`) with Vite into `OUT_DIR` whenever it changes, and writes the table of files that
//! `src/web/assets.rs` embeds.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn Error>>;

const INSTALL: &str = "Building Alert needs Node.js 20.19 or newer (of 22: 22.12), which brings npm: install it from \
                       https://nodejs.org or with your system's package manager, and build again.";
/// The entries of the pages, by the name of the constant that holds their address.
const ENTRIES: [(&str, &str); 7] = [
    ("ADMIN_JS", "src/admin.ts"),
    ("CHAT_JS", "src/chat.ts"),
    ("LOGIN_JS", "src/login.ts"),
    ("CSS", "src/style.css"),
    ("SCREEN_JS", "src/screen.ts"),
    ("SCREEN_CSS", "src/screen.css"),
    ("WORKER_JS", "src/worker.ts"),
];
/// What Vite says of the files that it has built: of the pages, of the big screen, whose browsers are older, and
/// of the service worker.
const MANIFESTS: [&str; 3] = [".vite/manifest.json", ".vite/screen.json", ".vite/worker.json"];

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={}", error.to_string().replace('\n', " "));
            ExitCode::FAILURE
        }
    }
}

fn build() -> Outcome<()> {
    let web = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?).join("../../web").canonicalize()?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for part in
        ["src", "languages", "public", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"]
    {
        println!("cargo::rerun-if-changed={}", web.join(part).display());
    }
    check_node()?;
    let lockfile = web.join("package-lock.json");
    // Several cargo processes may build at once, each into its own OUT_DIR, and share one node_modules. The system
    // drops the lock with the process.
    let guard = File::open(&lockfile).map_err(|error| format!("{}: {error}", lockfile.display()))?;
    guard.lock()?;
    if modules_are_old(&web, &lockfile)? {
        run(&web, &["ci", "--no-audit", "--no-fund"])?;
    }
    let page = out.join("web");
    let page_text = page.to_str().ok_or("OUT_DIR is not UTF-8")?;
    // The others leave what the first has built.
    let scripts = [
        ("build", "--emptyOutDir"),
        ("build:screen", "--no-emptyOutDir"),
        ("build:worker", "--no-emptyOutDir"),
    ];
    for (script, empty) in scripts {
        run(&web, &["run", "--silent", script, "--", "--logLevel", "warn", empty, "--outDir", page_text])?;
    }
    fs::write(out.join("assets.rs"), table(&page)?)?;
    Ok(())
}

fn check_node() -> Outcome<()> {
    let version = |program: &str| -> Option<String> {
        let output =
            Command::new(program).arg("--version").output().ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    let node = version("node").ok_or_else(|| format!("node was not found. {INSTALL}"))?;
    let mut parts =
        node.trim().trim_start_matches('v').split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version_of_node = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    // What Vite asks for.
    if version_of_node < (20, 19) || ((21, 0)..(22, 12)).contains(&version_of_node) {
        return Err(format!("node is {}, which is too old. {INSTALL}", node.trim()).into());
    }
    version("npm").map(drop).ok_or_else(|| format!("npm was not found. {INSTALL}").into())
}

/// npm writes its own record of what is installed last.
fn modules_are_old(web: &Path, lockfile: &Path) -> Outcome<bool> {
    let installed =
        fs::metadata(web.join("node_modules/.package-lock.json")).and_then(|file| file.modified());
    let wanted = fs::metadata(lockfile)?.modified()?;
    Ok(installed.map_or(true, |installed| installed < wanted))
}

fn run(web: &Path, words: &[&str]) -> Outcome<()> {
    let output = Command::new("npm").args(words).current_dir(web).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said =
        [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    println!("{said}");
    // The cause comes first, and advice of a general kind after it.
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).take(10).collect();
    let cause = lines.join(" | ");
    let network = if words[0] == "ci" { " (it fetches packages from the npm registry)" } else { "" };
    Err(format!("`npm {}` failed in {}{network}: {cause}", words.join(" "), web.display()).into())
}

/// The files as Rust source: where the entries are, and every file with its type.
fn table(page: &Path) -> Outcome<String> {
    let mut manifest = serde_json::Map::new();
    for file in MANIFESTS {
        let built: serde_json::Map<String, Value> = serde_json::from_slice(&fs::read(page.join(file))?)?;
        // Both have chunks of the same name, and each file its own.
        manifest.extend(built.into_iter().map(|(name, chunk)| {
            let is_entry = chunk["isEntry"] == true;
            (if is_entry { name } else { format!("{file} {name}") }, chunk)
        }));
    }
    let mut source = String::new();
    for (constant, entry) in ENTRIES {
        let file = manifest[entry]["file"]
            .as_str()
            .ok_or_else(|| format!("Vite's manifest has no entry {entry}"))?;
        writeln!(source, "pub(super) const {constant}: &str = {:?};", format!("/assets/{file}"))?;
    }
    let built = manifest.values();
    let lists = |chunk: &Value, key: &str| chunk[key].as_array().cloned().unwrap_or_default();
    let built =
        built.flat_map(|chunk| [vec![chunk["file"].clone()], lists(chunk, "css"), lists(chunk, "assets")]);
    let hashed: BTreeSet<String> =
        built.flatten().filter_map(|file| Some(file.as_str()?.to_owned())).collect();
    writeln!(source, "const FILES: &[Asset] = &[")?;
    for file in files_below(page, "")? {
        let kind = content_type(&file)?;
        let hashed = hashed.contains(&file);
        let bytes = format!("include_bytes!(concat!(env!(\"OUT_DIR\"), {:?}))", format!("/web/{file}"));
        writeln!(
            source,
            "    Asset {{ name: {file:?}, content_type: {kind:?}, hashed: {hashed}, bytes: {bytes} }},"
        )?;
    }
    writeln!(source, "];")?;
    Ok(source)
}

/// The names of all files, with `/` between folders, but for Vite's own.
fn files_below(folder: &Path, prefix: &str) -> Outcome<BTreeSet<String>> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name =
            entry.file_name().into_string().map_err(|name| format!("{} is not UTF-8", name.display()))?;
        if name.starts_with('.') {
            continue;
        }
        if entry.file_type()?.is_dir() {
            files.append(&mut files_below(&entry.path(), &format!("{prefix}{name}/"))?);
        } else {
            files.insert(format!("{prefix}{name}"));
        }
    }
    Ok(files)
}

fn content_type(file: &str) -> Outcome<&'static str> {
    Ok(match Path::new(file).extension().and_then(|extension| extension.to_str()) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("webmanifest") => "application/manifest+json",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        _ => return Err(format!("build.rs knows no content type for {file}; add one").into()),
    })
}

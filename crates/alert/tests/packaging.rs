//! What is shipped beside the binary: the units, as systemd itself reads them, the settings of the package, its parts.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const UNITS: [&str; 3] = ["alert.service", "alert.socket", "alert-redirect.socket"];

/// What systemd before 253 says of the service, which it takes as `Type=notify`.
const OLD_SYSTEMD: &str = "Failed to parse service type, ignoring: notify-reload";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn contrib(name: &str) -> PathBuf {
    root().join("contrib/systemd").join(name)
}

/// What the command says, with its exit code.
fn systemd_analyze(words: &[&str], files: &[PathBuf]) -> (Option<i32>, String) {
    let output = Command::new("systemd-analyze").args(words).args(files).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn given_the_units_then_systemd_finds_nothing_wrong_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let installed = UNITS.map(|name| {
        let text = fs::read_to_string(contrib(name)).unwrap();
        let file = folder.path().join(name);
        fs::write(&file, text.replace("/usr/bin/alert", env!("CARGO_BIN_EXE_alert"))).unwrap();
        file
    });
    let (code, said) = systemd_analyze(&["verify", "--man=no"], &installed);
    let said: Vec<&str> = said.lines().filter(|line| !line.contains(OLD_SYSTEMD)).collect();
    assert_eq!((code, said), (Some(0), vec![]));
}

#[test]
fn given_the_service_then_systemd_rates_its_exposure_at_most_at_1_5() {
    let words = ["security", "--offline=true", "--threshold=15", "--no-pager"];
    let (code, said) = systemd_analyze(&words, &[contrib("alert.service")]);
    assert_eq!(code, Some(0), "{said}");
}

/// `alert config show --json` with this file.
fn settings(text: &str) -> serde_json::Value {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let mut alert = Command::new(env!("CARGO_BIN_EXE_alert"));
    let shown =
        alert.env_clear().args(["config", "show", "--json", "--config"]).arg(file.path()).output().unwrap();
    assert!(shown.status.success(), "{text}: {shown:?}");
    serde_json::from_slice(&shown.stdout).unwrap()
}

#[test]
fn given_the_settings_of_the_package_then_each_line_is_right_and_those_with_a_default_show_it() {
    let text = fs::read_to_string(root().join("packaging/alert.toml")).unwrap();
    let unset = settings(&text);
    let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let lines =
        lines.into_iter().filter(|line| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')));
    let (mut count, examples) = (0, ["public_url", "tls_cert", "tls_key", "trusted_proxy", "api_token_file"]);
    for line in lines {
        let (key, _) = line.split_once(" = ").unwrap();
        count += 1;
        // The files of these are not here.
        if ["tls_cert", "tls_key", "api_token_file"].contains(&key) {
            assert!(unset.to_string().contains(&format!("\"{key}\"")), "{key} is a setting");
            continue;
        }
        let set = settings(line);
        if !examples.contains(&key) {
            assert_eq!(set[key]["value"], unset[key]["value"], "{line}");
        }
    }
    assert!(count > 12, "{count}");
}

#[test]
fn given_the_package_then_every_file_that_it_takes_from_here_is_there() {
    let manifest: toml::Table =
        fs::read_to_string(root().join("crates/alert/Cargo.toml")).unwrap().parse().unwrap();
    let deb = manifest["package"]["metadata"]["deb"].as_table().unwrap();
    for asset in deb["assets"].as_array().unwrap() {
        let from = asset[0].as_str().unwrap();
        // The others are made by packaging/deb.
        if !from.contains("/target/") {
            assert!(root().join("crates/alert").join(from).exists(), "{from}");
        }
    }
    for script in ["postinst", "prerm", "postrm"] {
        let script = root().join("packaging/debian").join(script);
        assert!(Command::new("sh").arg("-n").arg(script).status().unwrap().success());
    }
}

#[test]
fn given_the_image_then_it_runs_as_nobody_and_asks_the_server_itself_whether_it_is_healthy() {
    let text = fs::read_to_string(root().join("Dockerfile")).unwrap();
    let last = text.rsplit("\nFROM ").next().unwrap();
    assert!(
        last.contains("\nUSER 65532:65532\n") && last.contains("\"/usr/local/bin/alert\", \"health\"]"),
        "{last}"
    );
}

//! Secrets: where they may come from, and who else can see them.

use super::*;

#[test]
fn a_credential_is_a_secret_or_the_file_that_a_setting_wants_and_wins_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let key = "a2V5LWtleS1rZXkta2V5LWtleS1rZXkta2V5LWtleS1rZXk=";
    for (name, text) in [
        ("alert.toml", "redis = \"redis://127.0.0.1:1\"\n"),
        ("alert_session_key", &format!("{key}\n")),
        ("alert_api_token", "# of the timetable\n0123456789abcdef\n\nfedcba9876543210\n"),
        ("alert_redis", "redis://127.0.0.1:2\n"),
        ("alert_redis_password_file", "secret"),
        ("alert_tls_cert", "certificate"),
        ("alert_session_key_previous", "\n"),
        ("alert_workers", "2"),
        ("other", "of another"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let (folder_path, file, variable) = (path("."), path("alert.toml"), path("other"));
    let pairs = [
        ("CREDENTIALS_DIRECTORY", &*folder_path),
        ("ALERT_CONFIG", &file),
        ("ALERT_REDIS_PASSWORD_FILE", &variable),
    ];
    let config = Config::load(&flags(&[]), &Environment::from(&pairs[..])).unwrap();
    let of = |name: &str| config.shown().find(|(setting, _)| setting.name == name).unwrap().1.clone();
    for (name, values) in [
        ("session_key", &[key][..]),
        ("api_token", &["0123456789abcdef", "fedcba9876543210"]),
        ("redis", &["redis://127.0.0.1:2"]),
        ("tls_cert", &[&format!("{folder_path}/alert_tls_cert")]),
    ] {
        let credential = folder.path().join(".").join(format!("alert_{name}"));
        assert_eq!(of(name).values, values, "{name}");
        assert_eq!(of(name).source, Source::Credential(credential));
    }
    assert_eq!(of("redis_password_file").source, Source::Environment);
    assert_eq!(of("session_key_previous").source, Source::Default);
    let warning = config.warnings.iter().find(|warning| warning.contains("alert_workers")).unwrap();
    assert!(warning.contains("has no effect") && warning.contains("alert_tls_key"), "{warning}");
    assert!(
        !config.warnings.iter().any(|warning| warning.contains("credential other")),
        "{:?}",
        config.warnings
    );
}

#[test]
fn given_a_credential_that_is_wrong_then_the_error_names_it_and_does_not_repeat_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("alert_session_key"), "too short").unwrap();
    let pairs = [("CREDENTIALS_DIRECTORY", folder.path().to_str().unwrap())];
    let error = Config::load(&flags(&[]), &Environment::from(&pairs[..])).unwrap_err().to_string();
    assert!(error.contains("session_key = (hidden)") && error.contains("/alert_session_key"), "{error}");
}

#[test]
fn a_secret_that_others_can_see_is_a_warning_that_says_what_to_do() {
    let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let config = load(&["--api-token", "0123456789abcdef", "--session-key", key]).unwrap();
    let [token, session] = &config.warnings[..] else { panic!("{:?}", config.warnings) };
    assert!(token.contains("value of --api-token in the list of processes"), "{token}");
    assert!(token.ends_with("name that with --api-token-file, or set ALERT_API_TOKEN"), "{token}");
    assert!(session.ends_with("(ps); set ALERT_SESSION_KEY"), "{session}");
    assert!(
        !config.warnings.concat().contains("0123456789abcdef") && !config.warnings.concat().contains(key)
    );
    let config = load_env(&[("ALERT_API_TOKEN", "0123456789abcdef"), ("ALERT_SESSION_KEY", key)]).unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn a_file_with_secrets_that_everybody_can_read_is_a_warning() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let name = file.path().to_str().unwrap();
    let mode = |mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        file.as_file().set_permissions(mode).unwrap();
    };
    let warnings = |flag: &str| load(&[flag, name]).unwrap().warnings;
    for (text, flag, open) in [
        ("0123456789abcdef\n", "--api-token-file", 1),
        ("api_token = \"0123456789abcdef\"\n", "--config", 1),
        ("leave_grace = 1\n", "--config", 0),
    ] {
        std::fs::write(file.path(), text).unwrap();
        mode(0o600);
        assert_eq!(warnings(flag), Vec::<String>::new());
        mode(0o644);
        let warnings = warnings(flag);
        assert_eq!(warnings.len(), open, "{warnings:?}");
        assert!(
            warnings.iter().all(|warning| warning.contains(&format!("`chmod o= {name}`"))),
            "{warnings:?}"
        );
    }
}

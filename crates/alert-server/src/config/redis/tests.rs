use alert_settings::Environment;

use super::*;
use crate::config::{Config, Flags};

fn load(pairs: &[(&str, &str)]) -> Result<RedisSettings, String> {
    let config = Config::load(&Flags::default(), &Environment::from(pairs));
    config.map(|config| config.history.redis.unwrap()).map_err(|errors| errors.to_string())
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn given_an_address_then_it_prints_without_its_password() {
    let settings = load(&[("ALERT_REDIS", "redis://alert:hunter2@db")]).unwrap();
    assert!(format!("{settings:?}").contains("redis://alert@db"));
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn given_a_file_with_the_password_then_alert_comes_with_it() {
    let file = file("hunter 2\n");
    let path = file.path().to_str().unwrap();
    let settings = load(&[("ALERT_REDIS", "redis://alert@db"), ("ALERT_REDIS_PASSWORD_FILE", path)]).unwrap();
    let client = settings.address.client(&settings.address.places()[0]).unwrap();
    let info = client.get_connection_info().redis_settings();
    assert_eq!((info.username(), info.password()), (Some("alert"), Some("hunter 2")));
    assert!(!format!("{settings:?}").contains("hunter"));
}

#[test]
fn given_sentinels_then_their_password_is_another_one() {
    let file = file("sesame");
    let path = file.path().to_str().unwrap();
    let pairs = [
        ("ALERT_REDIS", "redis+sentinel://alert:hunter2@a,b/one/3"),
        ("ALERT_REDIS_SENTINEL_USER", "watch"),
        ("ALERT_REDIS_SENTINEL_PASSWORD_FILE", path),
    ];
    let address = load(&pairs).unwrap().address;
    let of = |client: Client| {
        let info = client.get_connection_info().redis_settings().clone();
        (info.username().map(str::to_owned), info.password().map(str::to_owned), info.db())
    };
    let given = |text: &str| Some(text.to_owned());
    assert_eq!(of(address.client(&address.places()[1]).unwrap()), (given("alert"), given("hunter2"), 3));
    assert_eq!(of(address.sentinel(&address.places()[1]).unwrap()), (given("watch"), given("sesame"), 0));
}

#[test]
fn given_settings_that_do_not_belong_together_then_that_is_said() {
    let (secret, certificate) = (file("hunter2"), file("-----BEGIN CERTIFICATE-----\nhunter2"));
    let [secret, certificate] = [&secret, &certificate].map(|file| file.path().to_str().unwrap());
    for (redis, variables, words) in [
        ("redis://:x@db", vec![("ALERT_REDIS_PASSWORD_FILE", secret)], "nothing where redis has a password"),
        ("redis://db", vec![("ALERT_REDIS_CA", certificate)], "nothing where redis is not rediss://"),
        ("unix:///run/r", vec![("ALERT_REDIS_CA", certificate)], "nothing where redis is not rediss://"),
        ("rediss://db", vec![("ALERT_REDIS_CERT", certificate)], "set together with"),
        ("rediss://db", vec![("ALERT_REDIS_KEY", secret)], "set together with"),
        ("rediss://db", vec![("ALERT_REDIS_CA", certificate)], "a file in PEM format"),
        (
            "rediss://db",
            vec![("ALERT_REDIS_CERT", certificate), ("ALERT_REDIS_KEY", secret)],
            "a file in PEM format",
        ),
        ("redis://db", vec![("ALERT_REDIS_SENTINEL_USER", "watch")], "is not redis+sentinel://"),
        ("redis://db", vec![("ALERT_REDIS_SENTINEL_PASSWORD_FILE", secret)], "is not redis+sentinel://"),
    ] {
        let pairs = [vec![("ALERT_REDIS", redis)], variables].concat();
        let Err(error) = load(&pairs) else { panic!("{pairs:?}") };
        assert!(error.contains(words) && !error.contains("hunter2"), "{pairs:?}: {error}");
    }
}

#[test]
fn given_a_prefix_then_it_has_nothing_that_redis_reads_a_meaning_into() {
    for good in ["alert", "school:alert-2"] {
        assert_eq!(prefix(good), Ok(good.to_owned()));
    }
    for bad in ["", "{a}", "a b", "a*", "\u{e9}", &"a".repeat(65)] {
        assert!(prefix(bad).is_err(), "{bad}");
    }
}

//! Keys as they are given, made and kept.

use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;

use super::*;

fn source(folder: &tempfile::TempDir) -> (PathBuf, SessionKeySource) {
    let file = folder.path().join("alert/session.key");
    (file.clone(), SessionKeySource::File(file))
}

#[test]
fn a_key_is_base64_of_at_least_32_bytes() {
    let bytes = [0xFB; 32];
    for text in [
        STANDARD.encode(bytes),
        STANDARD_NO_PAD.encode(bytes),
        URL_SAFE.encode(bytes),
        URL_SAFE_NO_PAD.encode(bytes),
    ] {
        assert_eq!(SessionKey::parse(&format!(" {text}\n")).unwrap().bytes(), bytes);
    }
    for wrong in [String::new(), STANDARD.encode([1; 31]), "not base64!".to_owned()] {
        assert!(SessionKey::parse(&wrong).is_err(), "{wrong}");
    }
    assert_eq!(format!("{:?}", SessionKey::random()), "SessionKey(hidden)");
}

#[test]
fn a_missing_file_is_made_for_this_user_only_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (file, source) = source(&folder);
    let key = source.resolve().unwrap();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(source.resolve().unwrap().bytes(), key.bytes());
    let files = std::fs::read_dir(file.parent().unwrap()).unwrap().count();
    assert_eq!(files, 1, "nothing is left over beside the file");
}

#[test]
fn servers_that_start_at_once_agree() {
    let folder = tempfile::tempdir().unwrap();
    let (_, source) = source(&folder);
    let together = Barrier::new(8);
    let start = || {
        together.wait();
        source.resolve().unwrap().bytes().to_vec()
    };
    let keys: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        started.into_iter().map(|server| server.join().unwrap()).collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn a_file_with_something_else_is_an_error_that_names_it_and_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (file, source) = source(&folder);
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    for content in [&b"short"[..], b"", &[0xFF; 64]] {
        std::fs::write(&file, content).unwrap();
        let error = source.resolve().unwrap_err().to_string();
        assert!(
            error.contains(file.to_str().unwrap()) && error.contains("base64 of at least 32 bytes"),
            "{error}"
        );
        assert_eq!(std::fs::read(&file).unwrap(), content);
    }
    std::fs::remove_file(&file).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    let error = source.resolve().unwrap_err().to_string();
    assert!(error.contains("it is a pipe, not a file; make it a file that this user can read"), "{error}");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let error = source.resolve().unwrap_err().to_string();
    assert!(error.contains("it is a folder, not a file"), "{error}");
}

#[test]
fn where_nothing_can_be_written_the_key_is_random() {
    let folder = tempfile::tempdir().unwrap();
    let (file, source) = source(&folder);
    std::fs::write(file.parent().unwrap(), "a file where the folder should be").unwrap();
    for source in [source, SessionKeySource::Nowhere] {
        assert_ne!(source.resolve().unwrap().bytes(), source.resolve().unwrap().bytes());
    }
}

//! Texts that others translate: every note and error with its words, kept as a file and checked for staleness.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use wu_cloudways::config::CONSTANTS;
use wu_cloudways::dns::Unknown;
use wu_cloudways::domain::InvalidDomain;
use wu_cloudways::error::{ConfigFault, Error};
use wu_cloudways::note::Note;

#[test]
fn the_list_of_codes_is_up_to_date() {
    let reasons = |pairs: Vec<(&'static str, &'static str)>| -> Value {
        pairs.into_iter().map(|(code, text)| (code.to_owned(), json!(text))).collect::<serde_json::Map<_, _>>().into()
    };
    let codes = json!({
        "notes": Note::samples().iter().map(|note| serde_json::to_value(note).unwrap()).collect::<Vec<_>>(),
        "errors": Error::samples().iter().map(|error| json!({
            "code": error.code(),
            "exit": error.exit_code(),
            "details": error.details(),
            "message": error.to_string(),
            "remedy": error.remedy(),
        })).collect::<Vec<_>>(),
        "reasons": {
            "invalid_domain": reasons(InvalidDomain::ALL.iter().map(|reason| (reason.code(), reason.text())).collect()),
            "dns_unknown": reasons(Unknown::ALL.iter().map(|reason| (reason.code(), reason.text())).collect()),
            "config_fault": reasons(ConfigFault::ALL.iter().map(|fault| (fault.code(), fault.text())).collect()),
        },
        "constants": CONSTANTS,
    });
    let fresh = serde_json::to_string_pretty(&codes).unwrap() + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/codes.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == fresh, "tests/golden/codes.json is stale: run the tests once with UPDATE_GOLDEN=1 and review it");
}

#[test]
fn every_code_has_a_sample() {
    for code in Error::CODES {
        assert!(Error::samples().iter().any(|error| error.code() == code), "{code}");
    }
    for (note, others) in Note::samples().iter().map(|note| (note, note.code())) {
        assert!(!note.text().is_empty(), "{others}");
    }
}

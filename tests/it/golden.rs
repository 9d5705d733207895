//! Texts that others translate: every note and error with its words, kept as a file and checked for staleness.

use std::collections::HashSet;
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
fn every_note_and_error_has_a_sample() {
    let notes: Vec<String> = Note::samples().iter().map(|note| format!("{note:?}")).collect();
    let errors: Vec<String> = Error::samples().iter().map(|error| format!("{error:?}")).collect();
    for (samples, file, kinds) in
        [(&notes, "note.rs", &["Note", "StateFault"][..]), (&errors, "error.rs", &["Error", "Refusal", "Outage"][..])]
    {
        for kind in kinds {
            for variant in variants(file, kind) {
                let word = |text: &&str| *text == variant;
                let shown = |sample: &&String| sample.split(|c: char| !c.is_alphanumeric()).any(|text| word(&text));
                assert!(samples.iter().any(|sample| shown(&sample)), "{kind}::{variant} has no sample");
            }
        }
    }
    for (file, kind, listed) in [
        ("domain.rs", "InvalidDomain", InvalidDomain::ALL.iter().map(|reason| format!("{reason:?}")).collect()),
        ("dns.rs", "Unknown", Unknown::ALL.iter().map(|reason| format!("{reason:?}")).collect()),
        ("error.rs", "ConfigFault", ConfigFault::ALL.iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>()),
    ] {
        assert_eq!(variants(file, kind), listed, "{kind}::ALL");
    }
}

#[test]
fn every_code_is_listed_and_has_words() {
    let codes: HashSet<&str> = Error::samples().iter().map(Error::code).collect();
    assert_eq!(codes, HashSet::from(Error::CODES));
    for error in Error::samples() {
        assert!(!error.to_string().is_empty() && !error.remedy().is_empty(), "{}", error.code());
    }
    let notes = Note::samples();
    let codes: HashSet<&str> = notes.iter().map(Note::code).collect();
    assert_eq!(codes.len(), notes.len(), "two notes with one code cannot be told apart");
    for note in notes {
        assert!(!note.text().is_empty() && !note.remedy().is_empty(), "{}", note.code());
    }
}

/// The variants of an enum, by its source: [`Error`] may grow, so that no match from outside has to name them all.
fn variants(file: &str, kind: &str) -> Vec<String> {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(file)).unwrap();
    let (_, body) = source.split_once(&format!("pub enum {kind} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let indented_once = body.lines().filter_map(|line| line.strip_prefix("    "));
    let named = indented_once.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    let found: Vec<String> =
        named.map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap().to_owned()).collect();
    assert!(found.len() > 1, "{kind} in {file}");
    found
}

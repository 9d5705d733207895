//! Faults: rules that spoil single requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::DnsEntry;

/// A rule. Rules are looked at in order, and the first that is armed takes the request; one that only
/// delays lets the search go on. A request that a rule skips is offered to the next rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// `GET`, `POST`, …; null: any.
    #[serde(default)]
    pub method: Option<String>,
    /// The path below `/api/v2`, whole, or how it begins with a trailing `*`; null: any.
    #[serde(default)]
    pub path: Option<String>,
    /// So many matching requests pass first.
    #[serde(default)]
    pub skip: u64,
    /// So many are spoilt then; null: all.
    #[serde(default = "once")]
    pub times: Option<u64>,
    /// What happens.
    #[serde(rename = "do")]
    pub what: Spoil,
}

fn once() -> Option<u64> {
    Some(1)
}

/// What a rule does; several together are done in the order of the fields here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spoil {
    /// Waits before the request is handled, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// A person changes an alias list right before the request is handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hand_aliases: Option<HandAliases>,
    /// DNS changes right before the request is handled: name to entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_dns: Option<BTreeMap<String, DnsEntry>>,
    /// The connection is reset in place of an answer, and the request has no effect.
    #[serde(skip_serializing_if = "is_false")]
    pub reset: bool,
    /// Answers with this status, and the request has no effect. One below 200 is the last that is heard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The body for `status`: text, or JSON. Without it, one that fits the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// A body that is made here, in place of `body`; `status` is 200 without another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate: Option<Generate>,
    /// These bytes are the whole answer, head and all, and the request has no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// Headers for `status`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// With `status`, `generate` or `raw`: the request has its effect all the same.
    #[serde(skip_serializing_if = "is_false")]
    pub effect: bool,
    /// The operation that the request starts ends as failed, with this message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_operation: Option<String>,
    /// Waits after the effect and before the answer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_answer_ms: Option<u64>,
    /// The request has its effect, and the connection is reset in place of the answer.
    #[serde(skip_serializing_if = "is_false")]
    pub lose_answer: bool,
    /// Heads with these statuses (100 to 199) come before the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interim: Vec<u16>,
    /// The answer breaks off in the middle of its body.
    #[serde(skip_serializing_if = "is_false")]
    pub truncate: bool,
    /// The body of the answer comes a byte at a time, with pauses of so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drip_ms: Option<u64>,
    /// The body of the answer never ends: blanks follow it.
    #[serde(skip_serializing_if = "is_false")]
    pub endless: bool,
}

/// A body that is too long to be sent through the control interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generate {
    /// JSON of exactly so many MiB, with no servers in it.
    Mib(usize),
    /// The answer of `GET /server`, with so many more applications on the first server.
    Applications(usize),
    /// The answer of `GET /server`, with so many aliases at each application.
    Aliases(usize),
    /// JSON with arrays in arrays, so deep.
    Depth(usize),
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(b: &bool) -> bool {
    !*b
}

/// What a person does to an alias list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandAliases {
    /// The application.
    pub app_id: String,
    /// Put at the end of the list, unless it is there.
    #[serde(default)]
    pub add: Vec<String>,
    /// Taken out of the list.
    #[serde(default)]
    pub remove: Vec<String>,
}

impl HandAliases {
    /// Changes a list.
    pub(crate) fn apply(&self, list: &mut Vec<String>) {
        list.retain(|alias| !self.remove.contains(alias));
        for alias in &self.add {
            if !list.contains(alias) {
                list.push(alias.clone());
            }
        }
    }
}

impl Spoil {
    fn only_delays(&self) -> bool {
        let rest = Self { delay_ms: None, delay_answer_ms: None, ..self.clone() };
        rest == Self::default()
    }
}

/// The rules that are left.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Faults {
    pub(crate) rules: Vec<Fault>,
}

impl Faults {
    /// What happens to a request; each rule that is used up goes.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Spoil {
        let (mut delay, mut delay_answer) = (0, 0);
        let mut spoil = Spoil::default();
        for rule in &mut self.rules {
            if !rule.matches(method, path) || rule.times == Some(0) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.times = rule.times.map(|n| n - 1);
            delay += rule.what.delay_ms.unwrap_or(0);
            delay_answer += rule.what.delay_answer_ms.unwrap_or(0);
            if !rule.what.only_delays() {
                spoil = rule.what.clone();
                break;
            }
        }
        self.rules.retain(|rule| rule.times != Some(0));
        spoil.delay_ms = Some(delay).filter(|ms| *ms > 0);
        spoil.delay_answer_ms = Some(delay_answer).filter(|ms| *ms > 0);
        spoil
    }
}

impl Fault {
    fn matches(&self, method: &str, path: &str) -> bool {
        self.method.as_ref().is_none_or(|m| m.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|p| path_matches(p, path))
    }
}

/// Whether `path` is `pattern`: whole, with a trailing `*`, or with `{…}` for one segment.
pub(crate) fn path_matches(pattern: &str, path: &str) -> bool {
    if let Some(start) = pattern.strip_suffix('*') {
        return path.starts_with(start);
    }
    let (mut want, mut have) = (pattern.split('/'), path.split('/'));
    loop {
        match (want.next(), have.next()) {
            (None, None) => return true,
            (Some(w), Some(h)) if w == h || (w.starts_with('{') && !h.is_empty()) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn faults(rules: Value) -> Faults {
        Faults { rules: serde_json::from_value(rules).expect("rules") }
    }

    #[test]
    fn rules_take_turns_and_go_when_used_up() {
        let mut faults = faults(json!([
            {"path": "/server", "do": {"status": 500}},
            {"path": "/server", "skip": 1, "times": 2, "do": {"status": 429}},
            {"path": "/server", "times": null, "do": {"status": 503}},
        ]));
        let mut statuses = || faults.take("GET", "/server").status;
        let seen: Vec<_> = (0..6).map(|_| statuses()).collect();
        assert_eq!(seen, [500, 503, 429, 429, 503, 503].map(Some));
        assert_eq!(faults.rules.len(), 1);
        assert_eq!(faults.take("GET", "/operation/1"), Spoil::default());
    }

    #[test]
    fn a_delay_lets_the_next_rule_act() {
        let mut faults = faults(json!([
            {"times": null, "do": {"delay_ms": 5}},
            {"method": "post", "do": {"reset": true, "delay_ms": 2}},
        ]));
        let spoil = faults.take("POST", "/server");
        assert_eq!((spoil.reset, spoil.delay_ms), (true, Some(7)));
        assert_eq!(faults.take("POST", "/server"), Spoil { delay_ms: Some(5), ..Spoil::default() });
    }

    #[test]
    fn a_misspelt_rule_is_an_error() {
        assert!(serde_json::from_value::<Fault>(json!({"do": {"stauts": 500}})).is_err());
        assert!(serde_json::from_value::<Fault>(json!({"pth": "/x", "do": {}})).is_err());
    }

    #[test]
    fn paths() {
        assert!(path_matches("/operation/{id}", "/operation/flex-1"));
        assert!(!path_matches("/operation/{id}", "/operation/"));
        assert!(path_matches("/operation/*", "/operation/flex-1"));
        assert!(!path_matches("/server", "/server/1"));
    }
}

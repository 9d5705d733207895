//! Request parameters, merged from query, form and JSON body, as PHP frameworks do it. That the three
//! are merged is how working clients treat the API; that a bare repeated key makes no array was observed.

use std::collections::HashSet;

use serde_json::{Map, Value};

/// The parameters of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Params {
    pub(crate) map: Map<String, Value>,
    /// The keys that came in a JSON body: only there can a value be of another type than text.
    json_keys: HashSet<String>,
}

impl Params {
    /// Reads them; a body that cannot be read has no parameters. The body's win over the query's.
    pub(crate) fn read(query: &str, content_type: &str, body: &[u8]) -> Self {
        let mut map = Map::new();
        add_form(&mut map, query);
        let kind = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let mut json_keys = HashSet::new();
        if kind == "application/x-www-form-urlencoded" {
            add_form(&mut map, &String::from_utf8_lossy(body));
        }
        let is_json = kind == "application/json" || kind.ends_with("+json");
        if is_json && let Ok(Value::Object(object)) = serde_json::from_slice(body) {
            json_keys.extend(object.keys().cloned());
            map.extend(object);
        }
        Self { map, json_keys }
    }

    /// Whether the value came in a JSON body.
    pub(crate) fn is_json(&self, key: &str) -> bool {
        self.json_keys.contains(key)
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.map.get(key).and_then(Value::as_str).unwrap_or("")
    }
}

fn add_form(map: &mut Map<String, Value>, form: &str) {
    for pair in form.split('&').filter(|p| !p.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (decode(key), Value::String(decode(value)));
        let (name, index) = match key.split_once('[') {
            Some((name, rest)) if !name.is_empty() && rest.ends_with(']') => {
                (name.to_string(), Some(rest.trim_end_matches(']').to_string()))
            }
            _ => (key, None),
        };
        match index {
            // A repeated key keeps the last value, and a list gives way to it.
            None => {
                map.insert(name, value);
            }
            Some(index) => {
                let slot = map.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                if !slot.is_array() && !slot.is_object() {
                    *slot = Value::Array(Vec::new());
                }
                put(slot, &index, value);
            }
        }
    }
}

/// `[]` appends, `[0]` counts on, and any other index makes an object.
fn put(slot: &mut Value, index: &str, value: Value) {
    if let Value::Array(list) = slot {
        if index.is_empty() || index.parse() == Ok(list.len()) {
            list.push(value);
            return;
        }
        if let Some(place) = index.parse().ok().and_then(|i: usize| list.get_mut(i)) {
            *place = value;
            return;
        }
        let object = std::mem::take(list).into_iter().enumerate().map(|(i, v)| (i.to_string(), v));
        *slot = Value::Object(object.collect());
    }
    if let Value::Object(object) = slot {
        let next = object.keys().filter_map(|k| k.parse::<usize>().ok()).max().map_or(0, |n| n + 1);
        let index = if index.is_empty() { next.to_string() } else { index.to_string() };
        object.insert(index, value);
    }
}

/// Undoes the percent encoding of a query or form.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'+', _, _) => out.push(b' '),
            (b'%', Some(high), Some(low)) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                at += 2;
            }
            (byte, _, _) => out.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(text: &str) -> Value {
        Value::Object(Params::read("", "application/x-www-form-urlencoded", text.as_bytes()).map)
    }

    #[test]
    fn three_ways_to_write_an_array_and_one_that_is_none() {
        assert_eq!(form("aliases[]=a&aliases[]=b"), json!({"aliases": ["a", "b"]}));
        assert_eq!(form("aliases%5B%5D=a&aliases%5B%5D=b"), json!({"aliases": ["a", "b"]}));
        assert_eq!(form("aliases[0]=a&aliases[1]=b"), json!({"aliases": ["a", "b"]}));
        assert_eq!(form("aliases=a&aliases=b"), json!({"aliases": "b"}));
        assert_eq!(form("aliases[1]=a&aliases[]=b"), json!({"aliases": {"1": "a", "2": "b"}}));
    }

    #[test]
    fn query_form_and_json_are_merged_and_the_body_wins() {
        let params = Params::read("a=1&b=q", "application/json; charset=utf-8", br#"{"b":2,"c":[]}"#);
        assert_eq!([params.is_json("a"), params.is_json("b")], [false, true]);
        assert_eq!(Value::Object(params.map), json!({"a": "1", "b": 2, "c": []}));
    }

    #[test]
    fn a_body_that_is_not_what_it_says_has_no_parameters() {
        assert!(Params::read("", "application/json", b"{\"a\":").map.is_empty());
        assert!(Params::read("", "text/plain", b"a=1").map.is_empty());
    }

    #[test]
    fn percent_encoding() {
        assert_eq!(decode("a%2Ab+c%c3%a9%zz%"), "a*b cé%zz%");
    }
}

//! Credentials: which token a request carries, and when an answer is about them.

use crate::config::{Credential, Secret, Settings};

use super::wire::{self, Refusal};

/// The token of one run. A token that was exchanged for a key lives no longer than this.
pub(super) struct Session {
    settings: Settings,
    exchanged: Option<Secret>,
    /// Every token that was ever obtained, to be kept out of messages.
    seen: Vec<Secret>,
}

impl Session {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone(), exchanged: None, seen: Vec::new() }
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The token to send, `None` when a key has to be exchanged for one first.
    pub(super) fn token(&self) -> Option<Secret> {
        match &self.settings.credential {
            Credential::AccessToken(token) => Some(token.clone()),
            Credential::LegacyKey(_) => self.exchanged.clone(),
        }
    }

    /// What the exchange sends.
    pub(super) fn exchange_body(&self) -> serde_json::Value {
        let (Credential::AccessToken(key) | Credential::LegacyKey(key)) = &self.settings.credential;
        serde_json::json!({"email": self.settings.email.expose(), "api_key": key.expose()})
    }

    pub(super) fn keep(&mut self, token: Secret) {
        self.seen.push(token.clone());
        self.exchanged = Some(token);
    }

    /// A 401 came back: an exchanged token is of no use any more. An access token is all there is.
    pub(super) fn forget(&mut self) {
        self.exchanged = None;
    }

    /// Makes a text from outside fit for a message: no tags, no control characters, no secret, 300 characters.
    pub(super) fn clean(&self, text: &str) -> String {
        wire::shorten(&self.clean_whole(text))
    }

    /// The same, as long as it may be where names are looked for in it: 8 KiB.
    pub(super) fn clean_whole(&self, text: &str) -> String {
        let plain = self.settings.scrub(&wire::plain(wire::head(text, wire::LONGEST_SAID)));
        let plain = self.seen.iter().fold(plain, |plain, token| token.strike_from(&plain));
        let (Credential::AccessToken(key) | Credential::LegacyKey(key)) = &self.settings.credential;
        let secrets = [key, &self.settings.email].into_iter().chain(&self.seen);
        let plain = secrets.flat_map(disguises).fold(plain, |plain, disguise| disguise.strike_from(&plain));
        wire::bounded(&plain).to_owned()
    }
}

/// A secret as it stands in a form that was sent, and in a page.
fn disguises(secret: &Secret) -> [Secret; 2] {
    let each = |shown: fn(char) -> String| Secret::new(secret.expose().chars().map(shown).collect::<String>());
    [
        each(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '.' | '_' | '~' => c.to_string(),
            _ => c.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect(),
        }),
        each(|c| match c {
            '@' | '&' | '<' | '>' | '"' | '\'' | '+' => format!("&#{};", u32::from(c)),
            _ => c.to_string(),
        }),
    ]
}

/// What an answer of 400, 401 or 403 says about the credentials; `None` when it is about something else.
pub(super) fn refusal(status: u16, html: bool, body: &[u8]) -> Option<Refusal> {
    let code = wire::error_code(body);
    match (status, code.as_deref()) {
        (_, Some("insufficient_scope")) => Some(Refusal::Scope),
        (_, Some("invalid_credentials" | "invalid_client" | "invalid_grant")) | (401, _) => Some(Refusal::Credentials),
        (403, _) if html => Some(Refusal::Edge),
        (403, _) => Some(Refusal::Credentials),
        (400, _) => {
            let says = wire::message(body).unwrap_or_else(|| wire::raw(body)).to_ascii_lowercase();
            says.contains("access token not provided").then_some(Refusal::Credentials)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashMap;

    use super::*;
    use crate::config::ConstantValue;

    fn session(key: &str) -> Session {
        let constants: HashMap<String, ConstantValue> = [
            ("WU_CLOUDWAYS_EMAIL", "owner@example.com"),
            ("WU_CLOUDWAYS_API_KEY", key),
            ("WU_CLOUDWAYS_SERVER_ID", "1"),
            ("WU_CLOUDWAYS_APP_ID", "2"),
        ]
        .map(|(name, value)| (name.to_owned(), ConstantValue::Text(value.into())))
        .into();
        Session::new(&Settings::from_constants(&constants).unwrap())
    }

    #[test]
    fn an_access_token_is_sent_as_it_is_and_a_key_is_not() {
        let with_token = session("cw_abc");
        assert_eq!(with_token.token().unwrap().expose(), "cw_abc");
        let mut with_key = session("abc");
        assert_eq!(with_key.token(), None);
        with_key.keep(Secret::new("t1"));
        assert_eq!(with_key.token().unwrap().expose(), "t1");
        with_key.forget();
        assert_eq!(with_key.token(), None);
    }

    #[test]
    fn answers_about_credentials() {
        let html = b"<html>blocked</html>";
        let scope = br#"{"error":"insufficient_scope","message":"This token does not have access to this endpoint"}"#;
        let oauth = br#"{"error":"invalid_credentials","error_description":"no"}"#;
        let table: [(u16, bool, &[u8], Option<Refusal>); 10] = [
            (401, false, b"{}", Some(Refusal::Credentials)),
            (401, true, html, Some(Refusal::Credentials)),
            (403, false, scope, Some(Refusal::Scope)),
            (403, true, html, Some(Refusal::Edge)),
            (403, false, br#"{"message":"Forbidden"}"#, Some(Refusal::Credentials)),
            (400, false, oauth, Some(Refusal::Credentials)),
            (400, false, br#"{"message":"Access Token not provided"}"#, Some(Refusal::Credentials)),
            (400, false, b"Access Token not provided", Some(Refusal::Credentials)),
            (400, false, br#"{"message":"something else"}"#, None),
            (422, false, br#"{"message":"server_id: invalid or not found for this account."}"#, None),
        ];
        for (status, is_html, body, expected) in table {
            assert_eq!(refusal(status, is_html, body), expected, "{status} {}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn no_secret_survives_cleaning() {
        let mut session = session("k3y+secret");
        session.keep(Secret::new("old-token"));
        session.forget();
        session.keep(Secret::new("new-token"));
        let said = "<b>Owner@EXAMPLE.com</b>, k3y+<i></i>secret\u{7}, old-token, new-token: é no";
        assert_eq!(session.clean(said), "***, ***, ***, ***: é no");
        assert_eq!(session.clean("email=owner%40example.com&api_key=k3y%2bsecret&x"), "email=***&api_key=***&x");
        assert_eq!(session.clean("<p>owner&#64;example.com"), "***");
        let at_the_edge = format!("{} k3y+secret", "x".repeat(293));
        let cut = session.clean(&at_the_edge);
        assert!(!cut.contains("k3y"), "{cut}");
        assert!(cut.chars().count() <= 301);
    }
}

//! What stops a run: one enum, with a code for programs, a message for people and what to do about it.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::report::PlanReport;

/// Facts about an error or a note, for translation: names, numbers and addresses, never a secret.
pub type Details = Map<String, Value>;

/// Something wrong with a constant. Never holds its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// The constant's name, `WU_CLOUDWAYS_…`.
    pub constant: &'static str,
    /// What is wrong with it.
    pub fault: ConfigFault,
}

/// What can be wrong with a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigFault {
    /// Not defined.
    Missing,
    /// Defined, and empty.
    Empty,
    /// Neither text nor a number, where one was needed.
    WrongType,
    /// No e-mail address.
    NotAnEmail,
    /// No positive whole number.
    NotAnId,
    /// Blanks or control characters in it.
    NotAKey,
    /// Neither `keep` nor `replace`.
    NotAPolicy,
    /// Neither https, nor http on loopback; or with credentials, a query or a fragment in it (but see
    /// [`Settings::simulated_web`](crate::config::Settings::simulated_web)).
    NotAnApiUrl,
    /// Not a list of `ip[:port]`.
    NotServers,
    /// Not a wildcard among the extra domains.
    NotAWildcardExtra,
}

impl ConfigFault {
    /// Every fault, for tests and translations.
    pub const ALL: [Self; 10] = [
        Self::Missing,
        Self::Empty,
        Self::WrongType,
        Self::NotAnEmail,
        Self::NotAnId,
        Self::NotAKey,
        Self::NotAPolicy,
        Self::NotAnApiUrl,
        Self::NotServers,
        Self::NotAWildcardExtra,
    ];

    /// The fault as a word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Empty => "empty",
            Self::WrongType => "wrong_type",
            Self::NotAnEmail => "not_an_email",
            Self::NotAnId => "not_an_id",
            Self::NotAKey => "not_a_key",
            Self::NotAPolicy => "not_a_policy",
            Self::NotAnApiUrl => "not_an_api_url",
            Self::NotServers => "not_servers",
            Self::NotAWildcardExtra => "not_a_wildcard_extra",
        }
    }

    /// The fault in words, to follow the constant's name.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Missing => "is not defined",
            Self::Empty => "is empty",
            Self::WrongType => "is neither text nor a number",
            Self::NotAnEmail => "is not an e-mail address",
            Self::NotAnId => "is not a positive whole number",
            Self::NotAKey => "holds blanks or control characters",
            Self::NotAPolicy => "is neither \"keep\" nor \"replace\"",
            Self::NotAnApiUrl => "is not an https address (http is allowed on loopback only)",
            Self::NotServers => "is not a list of IP addresses, with a port or without",
            Self::NotAWildcardExtra => "is not one of the wildcards in WU_CLOUDWAYS_EXTRA_DOMAINS",
        }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.constant, self.fault.text())
    }
}

/// Why a plan is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The plan that was asked for is not the one that the present state of things gives.
    OtherFingerprint,
    /// The site that asks does not run in this application: a copy of it, most likely.
    OtherApplication {
        /// The system user of the site that asks.
        asking: String,
        /// The system user of the application at Cloudways.
        application: String,
    },
}

/// Why there was no usable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outage {
    /// The server answered with this HTTP status.
    Status(u16),
    /// HTML with a 403: blocked before it reached the API.
    BlockedAtTheEdge,
    /// No connection could be made; the reason in words.
    NoConnection(String),
    /// The connection broke before the answer was whole.
    Broken,
    /// No answer in the time there was.
    TimedOut,
}

/// Everything that stops a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Constants are missing or malformed; all of them are listed.
    #[error("the configuration is not valid: {}", list(.0))]
    Config(Vec<ConfigProblem>),
    /// The server is not in the account that the credentials open.
    #[error("server {server_id} (WU_CLOUDWAYS_SERVER_ID) is not in this Cloudways account")]
    ServerNotFound {
        /// What was configured.
        server_id: u64,
    },
    /// The application is not on the server.
    #[error("application {app_id} (WU_CLOUDWAYS_APP_ID) is not on server {server_id}")]
    AppNotFound {
        /// The server that was found.
        server_id: u64,
        /// What was configured.
        app_id: u64,
    },
    /// Nothing was written since the plan is not to be carried out.
    #[error("{}", refusal_text(.reason))]
    Refused {
        /// Why.
        reason: Refusal,
        /// The plan as it would be now, where one could be made.
        plan: Option<Box<PlanReport>>,
    },
    /// The credentials are refused.
    #[error("Cloudways refused the credentials ({endpoint}: {answer})")]
    Auth {
        /// Method and path.
        endpoint: &'static str,
        /// What the API said.
        answer: String,
    },
    /// The token's role does not allow an endpoint.
    #[error("the access token may not use {endpoint}")]
    Scope {
        /// Method and path.
        endpoint: &'static str,
    },
    /// Too many requests.
    #[error("Cloudways limits the number of requests ({endpoint})")]
    RateLimited {
        /// Method and path.
        endpoint: &'static str,
        /// Seconds until it makes sense to try again, where the API said so.
        retry_after: Option<u64>,
    },
    /// The server is busy, and the API does not say with what.
    #[error("the Cloudways server is busy with another operation ({endpoint})")]
    Busy {
        /// Method and path.
        endpoint: &'static str,
    },
    /// The API understood and said no.
    #[error("Cloudways refused {endpoint} (HTTP {status}): {answer}")]
    Rejected {
        /// Method and path.
        endpoint: &'static str,
        /// HTTP status.
        status: u16,
        /// What the API said.
        answer: String,
    },
    /// No usable answer.
    #[error("the Cloudways API is not available ({endpoint}: {})", outage_text(.outage))]
    Unavailable {
        /// Method and path.
        endpoint: &'static str,
        /// What happened instead.
        outage: Outage,
        /// Seconds until it makes sense to try again, where the API said so.
        retry_after: Option<u64>,
    },
    /// An answer that does not have the shape it should have.
    #[error("the answer of {endpoint} cannot be understood: {what}")]
    Protocol {
        /// Method and path.
        endpoint: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

impl Error {
    /// Every code there is, for tests and translations.
    pub const CODES: [&'static str; 9] = [
        "config_invalid",
        "plan_refused",
        "auth_failed",
        "scope_missing",
        "rate_limited",
        "busy",
        "api_rejected",
        "api_unavailable",
        "api_protocol",
    ];

    /// The code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(_) | Self::ServerNotFound { .. } | Self::AppNotFound { .. } => "config_invalid",
            Self::Refused { .. } => "plan_refused",
            Self::Auth { .. } => "auth_failed",
            Self::Scope { .. } => "scope_missing",
            Self::RateLimited { .. } => "rate_limited",
            Self::Busy { .. } => "busy",
            Self::Rejected { .. } => "api_rejected",
            Self::Unavailable { .. } => "api_unavailable",
            Self::Protocol { .. } => "api_protocol",
        }
    }

    /// The exception's integer code, which is the command line's exit code.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Self::Config(_) | Self::ServerNotFound { .. } | Self::AppNotFound { .. } => 10,
            Self::Refused { .. } => 11,
            Self::Auth { .. } | Self::Scope { .. } => 12,
            Self::RateLimited { .. } => 13,
            Self::Busy { .. } => 14,
            Self::Rejected { .. } => 15,
            Self::Unavailable { .. } => 16,
            Self::Protocol { .. } => 17,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Config(_) => "Define or correct these constants in wp-config.php.".into(),
            Self::ServerNotFound { .. } => "Check WU_CLOUDWAYS_SERVER_ID: it is the number in the server's address on the Cloudways platform. Check too that the token or key belongs to the account that owns the server.".into(),
            Self::AppNotFound { .. } => "Check WU_CLOUDWAYS_APP_ID: it is the number in the application's address on the Cloudways platform.".into(),
            Self::Refused { reason: Refusal::OtherFingerprint, .. } => "Look at the new plan and apply that one, or run without a fingerprint.".into(),
            Self::Refused { reason: Refusal::OtherApplication { .. }, .. } => "If this site is a copy, remove the WU_CLOUDWAYS_* constants from it. If the site moved, set WU_CLOUDWAYS_SERVER_ID and WU_CLOUDWAYS_APP_ID to where it runs now.".into(),
            Self::Auth { .. } => "Create an access token (Cloudways platform, API Integration) and set it as WU_CLOUDWAYS_API_KEY. With an old API key, check WU_CLOUDWAYS_EMAIL too; keys were announced to end on 2026-10-15.".into(),
            Self::Scope { endpoint } => format!("Give the access token a role that includes {endpoint}, or use one with full access."),
            Self::RateLimited { retry_after: Some(seconds), .. } => format!("Try again in {seconds} seconds."),
            Self::RateLimited { .. } => "Try again in a few minutes.".into(),
            Self::Busy { .. } => "Try again in a minute, when the other operation has ended.".into(),
            Self::Rejected { .. } => "Read what Cloudways says above and correct it there or in wp-config.php; the same request would be refused again.".into(),
            Self::Unavailable { outage: Outage::BlockedAtTheEdge, .. } => "Check that this server's requests to the Cloudways API pass their firewall; it is tried again.".into(),
            Self::Unavailable { .. } => "Nothing needs to be done at first: it is tried again. If it lasts, check the network of this server and the state of the Cloudways platform.".into(),
            Self::Protocol { .. } => "Update wu_cloudways; if it is the newest, report this message: the API has changed.".into(),
        }
    }

    /// The facts behind the message, for translation.
    #[must_use]
    pub fn details(&self) -> Details {
        let value = match self {
            Self::Config(problems) => json!({
                "reason": "constants",
                "problems": problems.iter().map(|p| json!({"constant": p.constant, "fault": p.fault.code()})).collect::<Vec<_>>(),
            }),
            Self::ServerNotFound { server_id } => json!({"reason": "server_not_found", "server_id": server_id}),
            Self::AppNotFound { server_id, app_id } => {
                json!({"reason": "app_not_found", "server_id": server_id, "app_id": app_id})
            }
            Self::Refused { reason: Refusal::OtherFingerprint, .. } => json!({"reason": "other_fingerprint"}),
            Self::Refused { reason: Refusal::OtherApplication { asking, application }, .. } => {
                json!({"reason": "other_application", "asking": asking, "application": application})
            }
            Self::Auth { endpoint, answer } => json!({"endpoint": endpoint, "answer": answer}),
            Self::Scope { endpoint } | Self::Busy { endpoint } => json!({"endpoint": endpoint}),
            Self::RateLimited { endpoint, retry_after } => json!({"endpoint": endpoint, "retry_after": retry_after}),
            Self::Rejected { endpoint, status, answer } => {
                json!({"endpoint": endpoint, "status": status, "answer": answer})
            }
            Self::Unavailable { endpoint, outage, .. } => json!({"endpoint": endpoint, "cause": outage_text(outage)}),
            Self::Protocol { endpoint, what } => json!({"endpoint": endpoint, "what": what}),
        };
        match value {
            Value::Object(details) => details,
            _ => Details::new(),
        }
    }

    /// Seconds until another try makes sense, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after, .. } => Some(retry_after.unwrap_or(60)),
            Self::Unavailable { retry_after, .. } => *retry_after,
            Self::Busy { .. } => Some(60),
            _ => None,
        }
    }

    /// One of each, for translators and tests.
    #[must_use]
    pub fn samples() -> Vec<Self> {
        let endpoint = "GET /server";
        let unavailable = |outage| Self::Unavailable { endpoint, outage, retry_after: None };
        vec![
            Self::Config(vec![ConfigProblem { constant: "WU_CLOUDWAYS_EMAIL", fault: ConfigFault::Missing }]),
            Self::ServerNotFound { server_id: 50_482 },
            Self::AppNotFound { server_id: 50_482, app_id: 131_933 },
            Self::Refused { reason: Refusal::OtherFingerprint, plan: None },
            Self::Refused {
                reason: Refusal::OtherApplication { asking: "copy".into(), application: "original".into() },
                plan: None,
            },
            Self::Auth { endpoint, answer: "Authentication Error".into() },
            Self::Scope { endpoint },
            Self::RateLimited { endpoint, retry_after: Some(88) },
            Self::RateLimited { endpoint, retry_after: None },
            Self::Busy { endpoint },
            Self::Rejected { endpoint, status: 422, answer: "The server said no.".into() },
            unavailable(Outage::Status(502)),
            unavailable(Outage::BlockedAtTheEdge),
            unavailable(Outage::NoConnection("the name cannot be resolved".into())),
            unavailable(Outage::Broken),
            unavailable(Outage::TimedOut),
            Self::Protocol { endpoint, what: "it is not JSON".into() },
        ]
    }

    /// The plan that was refused.
    #[must_use]
    pub fn plan(&self) -> Option<&PlanReport> {
        match self {
            Self::Refused { plan, .. } => plan.as_deref(),
            _ => None,
        }
    }
}

fn list(problems: &[ConfigProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

fn refusal_text(reason: &Refusal) -> String {
    match reason {
        Refusal::OtherFingerprint => {
            "things have changed since this plan was made, what is left of it is not carried out".into()
        }
        Refusal::OtherApplication { asking, application } => format!(
            "this site runs as {asking}, and the application at Cloudways as {application}: nothing was written"
        ),
    }
}

fn outage_text(outage: &Outage) -> String {
    match outage {
        Outage::Status(status) => format!("HTTP {status}"),
        Outage::BlockedAtTheEdge => "HTTP 403 with a web page instead of an answer".into(),
        Outage::NoConnection(reason) => format!("no connection: {reason}"),
        Outage::Broken => "the connection broke before the answer was whole".into(),
        Outage::TimedOut => "no answer in time".into(),
    }
}

//! The HTTP side: one listener for the API and the control interface, with connections that can be reset.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::api::{self, Answer, Body, Call};
use crate::control;
use crate::dns;
use crate::fault::Spoil;
use crate::log::{LogEntry, Redactor};
use crate::params::Params;
use crate::state::State;
use crate::wire::{Mischief, Pace, Payload, Socket};
use crate::world::World;

/// The longest request body that is read.
const MAX_BODY: usize = 32 << 20;

/// How long a question over HTTP is left without an answer where the zone says silence; then the connection breaks.
const SILENCE: Duration = Duration::from_secs(30);

/// Accepts connections until the runtime ends.
pub(crate) async fn serve(listener: TcpListener, world: Arc<World>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&world)));
            }
            // Out of file descriptors, most likely: it passes.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn connection(stream: TcpStream, world: Arc<World>) {
    let mischief = Mischief::default();
    let socket = Socket::new(stream, mischief.clone());
    let service = service_fn(move |request| {
        let (world, mischief) = (Arc::clone(&world), mischief.clone());
        async move {
            // On a task of its own, since a request that has arrived is handled even when its sender goes away.
            let handling = tokio::spawn(handle(request, world, mischief.clone()));
            match handling.await.unwrap_or(None) {
                Some(response) => Ok(response),
                None => {
                    mischief.reset();
                    Err(io::Error::other("reset on purpose"))
                }
            }
        }
    });
    // What ends a connection is of no interest here: the log has the requests.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
}

/// Answers a request; `None`: the connection is to be reset.
async fn handle(request: Request<Incoming>, world: Arc<World>, mischief: Mischief) -> Option<Response<Payload>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY).collect().await.ok()?.to_bytes();
    let method = head.method.as_str();
    let path = head.uri.path();
    let query = head.uri.query().unwrap_or("");

    if let Some(below) = path.strip_prefix("/_sim") {
        let answer = control::handle(&world, method, below, &body);
        return Some(respond(answer, Pace::Whole));
    }

    // No request to Cloudways: it stands in the log of DNS.
    if (method, path) == ("GET", "/resolve") {
        let Some(answer) = dns::over_http(&world, query).await else {
            sleep(SILENCE).await;
            return None;
        };
        return Some(respond(answer, Pace::Whole));
    }

    let params = Params::read(query, header(&head.headers, &CONTENT_TYPE), &body);
    let user_agent = header(&head.headers, &USER_AGENT);
    let bearer = header(&head.headers, &AUTHORIZATION).strip_prefix("Bearer ").map(str::trim);

    let (n, spoil, early) = {
        let mut inner = world.now();
        inner.logged += 1;
        let n = inner.logged;
        let redactor = Redactor::new(&inner.state);
        let entry = LogEntry {
            n,
            at_ms: inner.now_ms(),
            method: method.into(),
            path: redactor.text(path),
            query: redactor.query(query),
            params: Value::Object(redactor.map(&params.map)),
            auth: if bearer.is_some() { "bearer" } else { "none" }.into(),
            user_agent: redactor.text(user_agent),
            status: 0,
            note: String::new(),
        };
        inner.log.push(entry);

        let early = if path == "/api/v1" || path.starts_with("/api/v1/") {
            Some(api::gone())
        } else if !path.starts_with("/api/v2/") {
            Some(Answer::json(404, serde_json::json!({"message": "Nothing here: the API is under /api/v2."})))
        } else {
            api::edge(&inner.state.switches, user_agent)
        };
        let spoil = match early {
            Some(_) => Spoil::default(),
            None => inner.faults.take(method, path.trim_start_matches("/api/v2")),
        };
        (n, spoil, early)
    };
    let endpoint = path.strip_prefix("/api/v2").unwrap_or(path);

    if let Some(ms) = spoil.delay_ms {
        sleep(Duration::from_millis(ms)).await;
    }

    let answer = {
        let mut inner = world.now();
        let mut note = Vec::new();
        if let Some(hand) = &spoil.hand_aliases {
            inner.edit(|state| {
                if let Some(app) = state.app_mut(&hand.app_id) {
                    hand.apply(&mut app.aliases);
                }
            });
            note.push("aliases changed by hand before");
        }
        if let Some(entries) = &spoil.set_dns {
            inner.edit(|state| state.dns.extend(entries.clone()));
            note.push("DNS changed before");
        }
        let replaced = spoil.status.or((spoil.generate.is_some() || spoil.raw.is_some()).then_some(200));
        let answer = match (early, replaced) {
            (Some(answer), _) => answer,
            (None, _) if spoil.reset => {
                note.push("fault: connection reset, no effect");
                inner.set_log(n, 0, &note);
                return None;
            }
            (None, Some(status)) if !spoil.effect => {
                note.push("fault: answer replaced, no effect");
                spoilt(&spoil, status, &inner.state)
            }
            (None, status) => {
                let call = Call {
                    method,
                    path: endpoint,
                    params: &params,
                    bearer,
                    fail_operation: spoil.fail_operation.clone(),
                };
                let before = inner.state.operations.len();
                let answer = api::handle(&mut inner, &call);
                if spoil.fail_operation.is_some() && inner.state.operations.len() > before {
                    note.push("fault: its operation fails");
                }
                match status {
                    Some(status) => {
                        note.push("fault: answer replaced, with effect");
                        spoilt(&spoil, status, &inner.state)
                    }
                    None => answer,
                }
            }
        };
        if spoil.lose_answer {
            note.push("fault: answer lost, with effect");
        }
        if spoil.truncate {
            note.push("fault: answer cut off");
        }
        if spoil.drip_ms.is_some() || spoil.endless {
            note.push("fault: answer comes slowly, or without end");
        }
        inner.set_log(n, if spoil.lose_answer { 0 } else { answer.status }, &note);
        answer
    };

    if let Some(ms) = spoil.delay_answer_ms {
        sleep(Duration::from_millis(ms)).await;
    }
    if spoil.lose_answer {
        return None;
    }
    let head = |status: u16| format!("HTTP/1.1 {status} Interim\r\n\r\n");
    mischief.send_first(spoil.interim.iter().map(|status| head(*status)).collect::<String>().into_bytes());
    let last = spoil.status.filter(|status| (100..200).contains(status)).map(head);
    if let Some(only) = spoil.raw.or(last) {
        mischief.send_only(only.into_bytes());
        let mut response = respond(Answer::json(200, Value::Null), Pace::Whole);
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        return Some(response);
    }
    let pace = match spoil.drip_ms {
        _ if spoil.truncate => Pace::CutOff,
        _ if spoil.endless => Pace::Endless,
        Some(ms) => Pace::Drip(Duration::from_millis(ms)),
        None => Pace::Whole,
    };
    Some(respond(answer, pace))
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("")
}

/// The answer that a fault gives.
fn spoilt(spoil: &Spoil, status: u16, state: &State) -> Answer {
    let mut answer = match (&spoil.body, &spoil.generate) {
        (_, Some(rule)) => {
            let text = api::generated(state, *rule);
            Answer { status, headers: Vec::new(), body: Body::Text { kind: "application/json", text } }
        }
        (None, None) => api::default_body(&state.switches, status),
        (Some(Value::String(text)), None) => {
            let kind = if text.trim_start().starts_with('<') { "text/html" } else { "application/json" };
            Answer { status, headers: Vec::new(), body: Body::Text { kind, text: text.clone() } }
        }
        (Some(json), None) => Answer::json(status, json.clone()),
    };
    answer.headers = spoil.headers.clone().into_iter().collect();
    answer
}

fn respond(answer: Answer, pace: Pace) -> Response<Payload> {
    let (kind, text) = match answer.body {
        Body::Json(value) => ("application/json", value.to_string()),
        Body::Text { kind, text } => (kind, text),
    };
    let mut response = Response::new(Payload::new(Bytes::from(text), pace));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            headers.insert(name, value);
        }
    }
    response
}

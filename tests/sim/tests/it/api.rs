//! Endpoints, tokens, parameters, operations, the lock, and each switch.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use cloudways_sim::Sim;
use cloudways_sim::client::request;
use cloudways_sim::state::{
    APP_ID, AliasAnswer, AuthErrorBody, AutoAnswer, BoolStyle, CompletedStyle, FULL_TOKEN, ForeignResource,
    FpmEncoding, IdStyle, Operation, Pace, RefusalBody, RetryAfter, SECRET_MARK, ServerAliases,
};
use serde_json::{Value, json};

use crate::{AGENT, FORM, JSON, aliases, finish, get, get_as, order, post, post_as, post_form};

const ALIASES: &str = "/app/manage/aliases";

#[test]
fn one_answer_has_all_servers_and_all_passwords() {
    let sim = Sim::start();
    let reply = get(&sim, "/server");
    let body = reply.json();
    assert_eq!((reply.status, &body["status"]), (200, &json!(true)));
    let servers = body["servers"].as_array().expect("servers");
    assert_eq!(servers.len(), 2);
    assert_eq!(servers[0]["id"], "50482");
    assert_eq!(servers[0]["public_ip"], "203.0.113.10");
    let app = &servers[0]["apps"][0];
    assert_eq!(app["id"], "131933");
    assert_eq!(app["server_id"], "50482");
    assert_eq!(app["cname"], "network.example");
    assert_eq!(app["aliases"], json!(["hand-made.example"]));
    assert_eq!(app["lets_encrypt"], Value::Null);
    assert_eq!(app["sys_user"], "abcdefghij");
    assert_eq!(servers[0]["apps"][1]["cname"], "");
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let passwords = text.matches(SECRET_MARK).count();
    assert_eq!(passwords, 2 + 3 * 3, "one per server and three per application");
}

#[test]
fn an_unknown_path_is_reached_and_v1_is_gone_but_seen() {
    let sim = Sim::start();
    let reply = get(&sim, "/servers");
    assert_eq!((reply.status, reply.json()), (200, json!({"message": "You have reached Cloudways API."})));
    assert_eq!(get(&sim, "/app/manage/aliases").json()["message"], "You have reached Cloudways API.");

    let v1 = sim.api_url().replace("/v2", "/v1");
    let reply = request("POST", &format!("{v1}/oauth/access_token"), &[], b"").expect("an answer");
    assert_eq!(reply.status, 410);
    let log = sim.log();
    let last = log.last().expect("an entry");
    assert_eq!((last.path.as_str(), last.status, last.auth.as_str()), ("/api/v1/oauth/access_token", 410, "none"));
    assert_eq!(sim.writes().len(), 1, "a v1 request counts as a write, whatever it is");
}

#[test]
fn what_a_token_may_do() {
    let sim = Sim::start();
    let body = aliases(&["a.example"]);
    let scope = json!({"error": "insufficient_scope", "message": "This token does not have access to this endpoint"});

    let none = request("GET", &format!("{}/server", sim.api_url()), &[AGENT], b"").expect("an answer");
    assert_eq!((none.status, none.json()), (400, json!({"message": "Access Token not provided"})));
    for token in ["cw_sim_expired", "cw_unknown", "nonsense"] {
        assert_eq!(get_as(&sim, token, "/server").status, 401, "{token}");
    }

    assert_eq!(get_as(&sim, "cw_sim_read", "/server").status, 200);
    let refused = post_as(&sim, "cw_sim_read", ALIASES, &body);
    assert_eq!((refused.status, refused.json()), (403, scope.clone()));

    assert_eq!(get_as(&sim, "cw_sim_limited", "/server").status, 200);
    let started = post_as(&sim, "cw_sim_limited", ALIASES, &body);
    assert_eq!(started.status, 200);
    let id = started.json()["operation_id"].to_string();
    assert_eq!(get_as(&sim, "cw_sim_limited", &format!("/operation/{id}")).status, 200);
    let refused = post_as(&sim, "cw_sim_limited", "/security/lets_encrypt_install", &order(&["a.example"]));
    assert_eq!((refused.status, refused.json()), (403, scope));

    sim.edit(|s| s.switches.token_status = 401);
    let none = request("GET", &format!("{}/server", sim.api_url()), &[AGENT], b"").expect("an answer");
    assert_eq!(none.status, 401);

    for (shape, body) in [
        (AuthErrorBody::Message, json!({"message": "Authentication Error"})),
        (AuthErrorBody::Error, json!({"error": "Authentication Error"})),
        (AuthErrorBody::ErrorObject, json!({"error": {"message": "Authentication Error"}})),
        (AuthErrorBody::Text, Value::Null),
    ] {
        sim.edit(|s| s.switches.auth_error_body = shape);
        let refused = get_as(&sim, "cw_wrong", "/server");
        assert_eq!((refused.status, refused.json()), (401, body), "{shape:?}");
    }
}

#[test]
fn the_key_is_exchanged_for_a_token_that_ends() {
    let sim = Sim::start();
    let url = format!("{}/oauth/access_token", sim.api_url());
    let right = json!({"email": "owner@example.com", "api_key": "sim-legacy-key-0123456789"}).to_string();
    let reply = request("POST", &url, &[JSON, AGENT], right.as_bytes()).expect("an answer");
    assert_eq!((reply.status, &reply.json()["expires_in"]), (200, &json!(3600)));
    assert_eq!(reply.json()["token_type"], "Bearer");
    let form = b"email=owner%40example.com&api_key=sim-legacy-key-0123456789";
    assert_eq!(request("POST", &url, &[FORM, AGENT], form).expect("an answer").status, 200);

    let token = reply.json()["access_token"].as_str().expect("a token").to_string();
    assert_eq!(get_as(&sim, &token, "/server").status, 200);
    assert_eq!(post_as(&sim, &token, ALIASES, &aliases(&[])).status, 200, "it has all rights");
    sim.advance(3599);
    assert_eq!(get_as(&sim, &token, "/server").status, 200);
    sim.advance(2);
    assert_eq!(get_as(&sim, &token, "/server").status, 401);

    for wrong in ["cw_sim_full", "wrong", ""] {
        let body = json!({"email": "owner@example.com", "api_key": wrong}).to_string();
        let reply = request("POST", &url, &[JSON, AGENT], body.as_bytes()).expect("an answer");
        assert_eq!((reply.status, &reply.json()["error"]), (401, &json!("invalid_credentials")), "{wrong}");
    }
    sim.edit(|s| s.switches.exchange_refusal_status = 200);
    let reply = request("POST", &url, &[JSON, AGENT], b"{}").expect("an answer");
    assert_eq!((reply.status, &reply.json()["error"]), (200, &json!("invalid_credentials")));

    assert_eq!(sim.writes().len(), 1, "the exchange is no write");
}

#[test]
fn a_list_is_replaced_whole_when_its_operation_ends() {
    let sim = Sim::start();
    let reply = post(&sim, ALIASES, &aliases(&["a.example", "*.b.example"]));
    assert_eq!((reply.status, reply.json()), (200, json!({"operation_id": 596_283})));
    assert_eq!(sim.aliases(APP_ID), ["hand-made.example"], "accepted is not done");

    let running = get(&sim, "/operation/596283").json();
    assert_eq!(running["status"], true);
    assert_eq!(running["operation"]["is_completed"], "0");
    assert_eq!(running["operation"]["id"], "596283");
    assert_eq!(running["operation"]["server_id"], "50482");
    assert_eq!(running["operation"]["estimated_time_remaining"], "2");
    let parameters: Value =
        serde_json::from_str(running["operation"]["parameters"].as_str().expect("text")).expect("JSON in a string");
    assert_eq!(parameters["aliases"], json!(["a.example", "*.b.example"]));
    assert_eq!(sim.aliases(APP_ID), ["hand-made.example"]);

    let done = get(&sim, "/operation/596283").json();
    assert_eq!(done["operation"]["is_completed"], "1");
    assert_eq!(sim.aliases(APP_ID), ["a.example", "*.b.example"]);
    assert_eq!(get(&sim, "/operation/596284").status, 404);
}

#[test]
fn an_operation_ends_by_time_when_nobody_polls() {
    let sim = Sim::start();
    post(&sim, ALIASES, &aliases(&["a.example"]));
    sim.advance(2);
    assert_eq!(sim.aliases(APP_ID), ["hand-made.example"]);
    sim.advance(2);
    assert_eq!(sim.aliases(APP_ID), ["a.example"]);

    // Neither by polls nor by time: it runs for ever.
    sim.edit(|s| (s.switches.operation_polls, s.switches.operation_seconds) = (None, None));
    let id = post(&sim, ALIASES, &aliases(&["b.example"])).json()["operation_id"].to_string();
    sim.advance(1_000_000);
    for _ in 0..5 {
        assert_eq!(get(&sim, &format!("/operation/{id}")).json()["operation"]["is_completed"], "0");
    }
    assert_eq!(sim.aliases(APP_ID), ["a.example"]);

    // 0 polls: it has ended when the answer comes.
    sim.edit(|s| {
        s.operations.clear();
        s.switches.operation_polls = Some(0);
    });
    post(&sim, ALIASES, &aliases(&["c.example"]));
    assert_eq!(sim.aliases(APP_ID), ["c.example"]);
}

#[test]
fn four_ways_to_answer_an_alias_write() {
    let sim = Sim::start();
    for (answer, body) in [
        (AliasAnswer::EmptyArray, json!([])),
        (AliasAnswer::EmptyObject, json!({})),
        (AliasAnswer::StatusTrue, json!({"status": true})),
    ] {
        sim.set_aliases(APP_ID, &["old.example"]);
        sim.edit(|s| s.switches.alias_answer = answer);
        let reply = post(&sim, ALIASES, &aliases(&["new.example"]));
        assert_eq!((reply.status, reply.json()), (200, body));
        assert_eq!(sim.aliases(APP_ID), ["new.example"]);
    }
    assert!(sim.state().operations.is_empty());
}

#[test]
fn parameters_come_in_several_ways() {
    let sim = Sim::start();
    sim.edit(|s| s.switches.alias_answer = AliasAnswer::EmptyArray);
    for body in [
        "server_id=50482&app_id=131933&aliases[]=a.example&aliases[]=b.example",
        "server_id=50482&app_id=131933&aliases%5B0%5D=a.example&aliases%5B1%5D=b.example",
    ] {
        sim.set_aliases(APP_ID, &["old.example"]);
        assert_eq!(post_form(&sim, ALIASES, body).status, 200, "{body}");
        assert_eq!(sim.aliases(APP_ID), ["a.example", "b.example"], "{body}");
    }
    let split = format!("{ALIASES}?server_id=50482&app_id=131933");
    assert_eq!(post(&sim, &split, &json!({"aliases": ["c.example"]})).status, 200);
    assert_eq!(sim.aliases(APP_ID), ["c.example"]);

    let bare = post_form(&sim, ALIASES, "server_id=50482&app_id=131933&aliases=a.example&aliases=b.example");
    assert_eq!((bare.status, &bare.json()["aliases"][0]["code"]), (422, &json!("array")));
    assert_eq!(sim.aliases(APP_ID), ["c.example"]);
}

#[test]
fn wrong_parameters_are_a_422_under_their_field() {
    let sim = Sim::start();
    let mut cases = vec![
        (json!({"app_id": 131933, "aliases": []}), "server_id", "required"),
        (json!({"server_id": 50482, "app_id": "131933", "aliases": []}), "app_id", "integer"),
        (json!({"server_id": "x", "app_id": 131933, "aliases": []}), "server_id", "integer"),
        (json!({"server_id": 50482.5, "app_id": 131933, "aliases": []}), "server_id", "integer"),
        (json!({"server_id": 50482, "app_id": 131933}), "aliases", "required"),
        (json!({"server_id": 50482, "app_id": 131933, "aliases": "a.example"}), "aliases", "array"),
        (json!({"server_id": 50482, "app_id": 131933, "aliases": {"0": "a.example"}}), "aliases", "array"),
        (json!({"server_id": 50482, "app_id": 131933, "aliases": [1]}), "aliases", "string"),
    ];
    for (body, field, code) in cases.drain(..) {
        let reply = post(&sim, ALIASES, &body);
        assert_eq!((reply.status, &reply.json()[field][0]["code"]), (422, &json!(code)), "{body}");
    }
    assert_eq!(
        post(&sim, ALIASES, &json!({"server_id": "x", "app_id": 1})).json(),
        json!({"server_id": [{"code": "integer", "message": "The server id must be an integer."}]}),
    );
    sim.edit(|s| s.switches.json_string_ids_accepted = true);
    let ids = json!({"server_id": "50482", "app_id": "131933", "aliases": ["a.example"]});
    assert_eq!(post(&sim, ALIASES, &ids).status, 200);
}

#[test]
fn somebody_elses_resources_are_refused() {
    let sim = Sim::start();
    let other = json!({"server_id": 1, "app_id": 131933, "aliases": []});
    let reply = post(&sim, ALIASES, &other);
    assert_eq!(reply.status, 422);
    assert_eq!(reply.json()["message"], "server_id: invalid or not found for this account.");
    let elsewhere = json!({"server_id": 50777, "app_id": 131933, "aliases": []});
    assert_eq!(
        post(&sim, ALIASES, &elsewhere).json()["message"],
        "app_id: invalid or not found for this account.",
        "an application of another server"
    );
    sim.edit(|s| s.switches.foreign_resource = ForeignResource::Forbidden);
    assert_eq!(post(&sim, ALIASES, &other).status, 403);
}

#[test]
fn an_empty_list_is_taken_or_not() {
    let sim = Sim::start();
    finish(&sim, &post(&sim, ALIASES, &aliases(&[])));
    assert!(sim.aliases(APP_ID).is_empty());
    sim.set_aliases(APP_ID, &["a.example"]);
    sim.edit(|s| s.switches.empty_alias_list_accepted = false);
    assert_eq!(post(&sim, ALIASES, &aliases(&[])).json()["aliases"][0]["code"], "required");
    assert_eq!(sim.aliases(APP_ID), ["a.example"]);
}

#[test]
fn a_running_operation_makes_its_server_busy_and_no_other() {
    let sim = Sim::start();
    sim.edit(|s| {
        s.operations.push(Operation {
            id: "92897180".into(),
            server_id: "50482".into(),
            pace: Some(Pace { polls: Some(3), seconds: Some(60) }),
            ..Operation::default()
        });
    });
    let busy = post(&sim, ALIASES, &aliases(&["a.example"]));
    assert_eq!(busy.status, 422);
    assert_eq!(
        busy.json(),
        json!({"message": "An operation is already in progress for this server.", "operation": {
            "id": "92897180", "type": "purge_app_cache", "estimated_time_remaining": "2",
            "status": "Process is initiated", "is_completed": "0",
        }}),
    );
    assert_eq!(post(&sim, "/security/lets_encrypt_install", &order(&["network.example"])).status, 422);
    let auto = json!({"server_id": 50482, "app_id": 131933, "auto": true});
    assert_eq!(post(&sim, "/security/lets_encrypt_auto", &auto).json()["operation"]["id"], "92897180");
    let second_app = json!({"server_id": 50482, "app_id": 131990, "aliases": ["a.example"]});
    assert_eq!(post(&sim, ALIASES, &second_app).status, 422, "the lock is the server's");
    assert_eq!(get(&sim, "/server").status, 200, "reads go on");

    let other_server = json!({"server_id": 50777, "app_id": 140001, "aliases": ["a.example"]});
    assert_eq!(post(&sim, ALIASES, &other_server).status, 200);

    for want in ["0", "0", "1"] {
        assert_eq!(get(&sim, "/operation/92897180").json()["operation"]["is_completed"], want);
    }
    assert_eq!(post(&sim, ALIASES, &aliases(&["a.example"])).status, 200);

    sim.edit(|s| s.switches.server_lock = false);
    assert_eq!(post(&sim, ALIASES, &aliases(&["b.example"])).status, 200);
}

#[test]
fn names_and_long_lists_can_be_refused_in_three_shapes() {
    let sim = Sim::start();
    sim.edit(|s| s.switches.refuse_alias_names = vec!["bad.example".into()]);
    let body = aliases(&["good.example", "Bad.Example"]);
    for (shape, want) in [
        (
            RefusalBody::FieldObject,
            json!({"aliases": {"message": "The domain Bad.Example cannot be added as an alias."}}),
        ),
        (
            RefusalBody::FieldList,
            json!({"aliases": [{"code": "invalid", "message": "The domain Bad.Example cannot be added as an alias."}]}),
        ),
        (
            RefusalBody::StatusMessage,
            json!({"status": false, "message": "aliases: The domain Bad.Example cannot be added as an alias."}),
        ),
    ] {
        sim.edit(|s| s.switches.refuse_alias_body = shape);
        let reply = post(&sim, ALIASES, &body);
        assert_eq!((reply.status, reply.json()), (422, want));
    }
    sim.edit(|s| s.switches.refuse_alias_names_domain = false);
    assert!(!String::from_utf8_lossy(&post(&sim, ALIASES, &body).body).contains("xample"));
    assert_eq!(sim.aliases(APP_ID), ["hand-made.example"]);
    assert!(sim.state().operations.is_empty());

    sim.edit(|s| s.switches.alias_limit = Some(2));
    assert_eq!(post(&sim, ALIASES, &aliases(&["a.example", "b.example", "c.example"])).status, 422);
    assert_eq!(post(&sim, ALIASES, &aliases(&["a.example", "b.example"])).status, 200);
}

#[test]
fn ids_and_completion_look_in_several_ways() {
    let sim = Sim::start();
    let mut seen = BTreeSet::new();
    for (style, check) in [
        (IdStyle::Digits, (|v: &Value| v.is_u64()) as fn(&Value) -> bool),
        (IdStyle::DigitsString, |v| v.as_str().is_some_and(|s| s.parse::<u64>().is_ok())),
        (IdStyle::Flex, |v| v.as_str().is_some_and(|s| s.starts_with("flex-"))),
        (IdStyle::Uuid, |v| v.as_str().is_some_and(|s| s.len() == 36)),
    ] {
        sim.edit(|s| s.switches.operation_id_style = style);
        let reply = post(&sim, ALIASES, &aliases(&["a.example"]));
        assert!(check(&reply.json()["operation_id"]), "{style:?}: {:?}", reply.json());
        let operation = finish(&sim, &reply);
        assert_eq!(operation["is_completed"], "1");
        assert!(operation["id"].is_string());
        assert!(seen.insert(operation["id"].to_string()), "ids are different");
    }

    for (style, running, done, failed) in [
        (CompletedStyle::String, json!("0"), json!("1"), json!("-1")),
        (CompletedStyle::Int, json!(0), json!(1), json!(-1)),
        (CompletedStyle::Bool, json!(false), json!(true), json!("-1")),
    ] {
        sim.edit(|s| {
            s.switches.is_completed_style = style;
            s.operations = vec![
                Operation { id: "1".into(), pace: Some(Pace::default()), ..Operation::default() },
                Operation {
                    id: "2".into(),
                    pace: Some(Pace { polls: Some(0), seconds: None }),
                    ..Operation::default()
                },
                Operation {
                    id: "3".into(),
                    fail: Some("It failed.".into()),
                    pace: Some(Pace { polls: Some(0), seconds: None }),
                    ..Operation::default()
                },
            ];
        });
        for (id, want) in [("1", running), ("2", done), ("3", failed)] {
            assert_eq!(get(&sim, &format!("/operation/{id}")).json()["operation"]["is_completed"], want, "{style:?}");
        }
        assert_eq!(get(&sim, "/operation/3").json()["operation"]["message"], "It failed.");
    }
}

#[test]
fn an_operation_can_refuse_to_be_polled() {
    let sim = Sim::start();
    let id = post(&sim, ALIASES, &aliases(&["a.example"])).json()["operation_id"].to_string();
    for status in [403, 404] {
        sim.edit(|s| s.switches.poll_refused = Some(status));
        assert_eq!(get(&sim, &format!("/operation/{id}")).status, status);
    }
    sim.advance(4);
    assert_eq!(sim.aliases(APP_ID), ["a.example"], "it ends all the same");
    sim.edit(|s| {
        s.switches.poll_refused = None;
        s.operations[0].poll_refused = Some(403);
    });
    assert_eq!(get(&sim, &format!("/operation/{id}")).json()["error"], "insufficient_scope");
}

#[test]
fn booleans_look_in_four_ways() {
    let sim = Sim::start();
    sim.edit(|s| {
        let app = s.app_mut(APP_ID).expect("the application");
        app.lets_encrypt = Some(Default::default());
        app.own_ssl = json!(true);
    });
    for (style, yes, no) in [
        (BoolStyle::Bool, json!(true), json!(false)),
        (BoolStyle::String, json!("1"), json!("0")),
        (BoolStyle::Int, json!(1), json!(0)),
        (BoolStyle::Absent, Value::Null, Value::Null),
    ] {
        sim.edit(|s| s.switches.bool_style = style);
        let body = get(&sim, "/server").json();
        let app = &body["servers"][0]["apps"][0];
        assert_eq!(body["status"], yes);
        assert_eq!(app["own_ssl"], yes);
        assert_eq!(app["lets_encrypt"]["is_installed"], no);
        assert_eq!(body.get("status").is_none(), style == BoolStyle::Absent);
    }
}

#[test]
fn broken_alias_lists_in_the_server_answer() {
    let sim = Sim::start();
    for (style, want) in [
        (ServerAliases::List, Some(json!(["hand-made.example"]))),
        (ServerAliases::Absent, None),
        (ServerAliases::Null, Some(Value::Null)),
        (ServerAliases::Object, Some(json!({"0": "hand-made.example"}))),
        (ServerAliases::Text, Some(json!("hand-made.example"))),
    ] {
        sim.edit(|s| s.switches.server_aliases = style);
        let body = get(&sim, "/server").json();
        assert_eq!(body["servers"][0]["apps"][0].get("aliases"), want.as_ref(), "{style:?}");
    }
}

#[test]
fn renewal_is_switched_on_and_off() {
    let sim = Sim::start();
    let off = json!({"server_id": 50482, "app_id": 131933, "auto": false});
    assert_eq!(post(&sim, "/security/lets_encrypt_auto", &off).status, 422, "there is no certificate");
    finish(&sim, &post(&sim, "/security/lets_encrypt_install", &order(&["network.example"])));
    let auto = |sim: &Sim| get(sim, "/server").json()["servers"][0]["apps"][0]["lets_encrypt"]["auto"].clone();
    assert_eq!(auto(&sim), json!(true));
    assert_eq!(post(&sim, "/security/lets_encrypt_auto", &off).json(), json!([]));
    assert_eq!(auto(&sim), json!(false));
    sim.edit(|s| s.switches.auto_answer = AutoAnswer::EmptyObject);
    let on = "server_id=50482&app_id=131933&auto=1";
    assert_eq!(post_form(&sim, "/security/lets_encrypt_auto", on).json(), json!({}));
    assert_eq!(auto(&sim), json!(true));
    assert_eq!(post_form(&sim, "/security/lets_encrypt_auto", "server_id=50482&app_id=131933&auto=yes").status, 422);
}

#[test]
fn a_hundred_requests_a_minute_per_token_and_endpoint() {
    let sim = Sim::start();
    sim.freeze_at(1_795_505_400);
    let header = |reply: &cloudways_sim::client::Reply, name: &str| {
        let start = format!("{name}: ");
        reply.head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix(&start).map(str::to_string))
    };
    for n in 1..=100 {
        let reply = get(&sim, "/server");
        assert_eq!(reply.status, 200, "{n}");
        assert_eq!(header(&reply, "x-ratelimit-remaining"), Some((100 - n).to_string()));
    }
    sim.advance(18);
    let over = get(&sim, "/server");
    assert_eq!(over.status, 429);
    assert_eq!(header(&over, "x-ratelimit-limit").as_deref(), Some("100"));
    assert_eq!(header(&over, "x-ratelimit-remaining").as_deref(), Some("0"));
    assert_eq!(header(&over, "retry-after").as_deref(), Some("42"));
    sim.edit(|s| s.switches.retry_after = RetryAfter::Date);
    assert_eq!(header(&get(&sim, "/server"), "retry-after").as_deref(), Some("tue, 24 nov 2026 07:31:00 gmt"));
    sim.edit(|s| s.switches.retry_after = RetryAfter::Absent);
    assert_eq!(header(&get(&sim, "/server"), "retry-after"), None);

    assert_eq!(get_as(&sim, "cw_sim_read", "/server").status, 200, "another token");
    assert_eq!(post(&sim, ALIASES, &aliases(&["a.example"])).status, 200, "another endpoint");
    for n in 0..100 {
        assert_eq!(get(&sim, &format!("/operation/{n}")).status, 404);
    }
    assert_eq!(get(&sim, "/operation/100").status, 429, "all operations are one endpoint");
    sim.advance(41);
    assert_eq!(get(&sim, "/server").status, 429);
    sim.advance(1);
    assert_eq!(get(&sim, "/server").status, 200);

    sim.edit(|s| s.switches.rate_limit = Some(1));
    assert_eq!(get(&sim, "/server").status, 429);
    assert_eq!(post(&sim, ALIASES, &aliases(&["b.example"])).status, 429);
    sim.advance(60);
    assert_eq!(sim.aliases(APP_ID), ["a.example"], "what was refused had no effect");
    sim.edit(|s| s.switches.rate_limit = None);
    for _ in 0..3 {
        let reply = get(&sim, "/server");
        assert_eq!((reply.status, header(&reply, "x-ratelimit-limit")), (200, None));
    }
}

#[test]
fn php_fpm_settings() {
    let sim = Sim::start();
    let path = "/app/manage/fpm_setting";
    let read = || get(&sim, &format!("{path}?server_id=50482&app_id=131933")).json();
    assert_eq!(read()["response"]["fpm_enabled"], true);
    assert!(read()["response"]["settings"].as_str().is_some_and(|s| s.contains("log_errors")));
    assert_eq!(get(&sim, path).status, 422, "whose?");

    let text = "php_admin_value[extension] = /home/master/x.so";
    let write = |text: &str| post(&sim, path, &json!({"server_id": 50482, "app_id": 131933, "fpm_setting": text}));
    assert_eq!(write(text).status, 200);
    assert_eq!(read()["response"]["settings"], text);
    let other = get(&sim, &format!("{path}?server_id=50482&app_id=131990")).json();
    assert_ne!(other["response"]["settings"], text, "another application's");

    sim.edit(|s| s.switches.fpm_setting_encoding = FpmEncoding::Base64);
    assert_eq!(write(text).status, 422);
    assert_eq!(write("b25lCnR3bw==").status, 200);
    assert_eq!(read()["response"]["settings"], "one\ntwo");
    assert_eq!(post(&sim, path, &json!({"server_id": 50482, "app_id": 131933})).status, 422);
}

#[test]
fn a_default_user_agent_stops_at_the_edge() {
    let sim = Sim::start();
    let bearer = format!("Bearer {FULL_TOKEN}");
    let url = format!("{}/server", sim.api_url());
    let with = |agent: &[(&str, &str)]| {
        let mut headers = vec![("Authorization", bearer.as_str())];
        headers.extend(agent);
        request("GET", &url, &headers, b"").expect("an answer")
    };
    let blocked = with(&[]);
    assert_eq!(blocked.status, 403);
    assert!(blocked.body.starts_with(b"<!DOCTYPE html>"));
    assert_eq!(with(&[("User-Agent", "python-requests/2.32")]).status, 403);
    assert_eq!(with(&[AGENT]).status, 200);
    sim.edit(|s| s.switches.edge_blocks.clear());
    assert_eq!(with(&[]).status, 200);
}

#[test]
fn the_log_has_each_request_and_no_secret() {
    let sim = Sim::start();
    let url = format!(
        "{}/oauth/access_token?trace=cw_sim_full&e%6Dail=owner%40example.com&of=sim-legacy-key-0123456789",
        sim.api_url()
    );
    let body =
        b"email=owner%40example.com&api_key=sim-legacy-key-0123456789&note=a+cw_unknown_token+by+owner%40example.com";
    let reply = request("POST", &url, &[FORM, AGENT], body).expect("an answer");
    let session = reply.json()["access_token"].as_str().expect("a token").to_string();
    request("POST", &url, &[FORM, AGENT], b"email=mallory%40evil.example&api_key=tried-key").expect("an answer");
    get_as(&sim, &session, &format!("/server?token={session}&page=2"));
    finish(&sim, &post(&sim, "/security/lets_encrypt_install", &order(&["network.example"])));

    let log = sim.log();
    let lines: Vec<_> = log.iter().map(|e| (e.n, e.method.as_str(), e.endpoint(), e.auth.as_str(), e.status)).collect();
    assert_eq!(
        lines[..4],
        [
            (1, "POST", "/oauth/access_token", "none", 200),
            (2, "POST", "/oauth/access_token", "none", 401),
            (3, "GET", "/server", "bearer", 200),
            (4, "POST", "/security/lets_encrypt_install", "bearer", 200),
        ]
    );
    assert_eq!(log[0].query, "trace=***&e%6Dail=***&of=***");
    assert_eq!(
        log[0].params,
        json!({"trace": "***", "email": "***", "of": "***", "api_key": "***", "note": "a *** by ***"})
    );
    assert_eq!(log[2].query, "token=***&page=2");
    assert_eq!(log[3].params["ssl_domains"], json!(["network.example"]));
    assert_eq!(log[0].user_agent, "sim-tests/1");
    let text = serde_json::to_string(&log).expect("JSON");
    for secret in ["owner@", "owner%40", "sim-legacy", "cw_", "mallory", "tried-key", session.as_str(), SECRET_MARK] {
        assert!(!text.contains(secret), "{secret} is in the log: {text}");
    }
    assert_eq!(sim.writes().len(), 1);
}

/// Fifty connections, kept open, ten requests each.
#[test]
fn many_connections_at_once() {
    let sim = Sim::start();
    sim.edit(|s| s.switches.rate_limit = None);
    let names: Vec<String> = (0..1000).map(|i| format!("name-{i}.example")).collect();
    sim.set_aliases(APP_ID, &names);
    let address = sim.control_url().replace("http://", "").replace("/_sim", "");
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| {
                let mut stream = TcpStream::connect(&address).expect("a connection");
                stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
                for _ in 0..10 {
                    let request = format!(
                        "GET /api/v2/server HTTP/1.1\r\nHost: sim\r\nUser-Agent: t\r\nAuthorization: Bearer {FULL_TOKEN}\r\n\r\n"
                    );
                    stream.write_all(request.as_bytes()).expect("sent");
                    let (mut head, mut byte) = (Vec::new(), [0]);
                    while !head.ends_with(b"\r\n\r\n") {
                        stream.read_exact(&mut byte).expect("a head");
                        head.push(byte[0]);
                    }
                    let head = String::from_utf8(head).expect("text").to_ascii_lowercase();
                    assert!(head.starts_with("http/1.1 200"), "{head}");
                    let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).expect("a length");
                    let mut body = vec![0; length.parse().expect("a number")];
                    stream.read_exact(&mut body).expect("a body");
                    assert!(body.ends_with(b"}"));
                }
            });
        }
    });
    assert_eq!(sim.log().len(), 500);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

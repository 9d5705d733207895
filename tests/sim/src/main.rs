//! The simulator as a program: see `cloudways-sim --help`.

use std::fs;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use cloudways_sim::client;
use cloudways_sim::{Options, Sim};
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// How long `ctl` waits for a simulator that is starting: `cloudways-sim serve & cloudways-sim ctl ...`.
const PATIENCE: Duration = Duration::from_secs(5);

const HELP: &str = "\
cloudways-sim: stands for the Cloudways API v2, its DNS and its certificate authority

usage:
  cloudways-sim [serve] [options]     serve until SIGTERM or SIGINT
  cloudways-sim ctl CONTROL_URL ...   look at a running simulator, or change it

options of serve:
  --api ADDR:PORT      API and control interface (default 127.0.0.1:0, a free port)
  --dns ADDR:PORT      DNS over UDP and TCP (default 127.0.0.1:0)
  --web-http ADDR:PORT   what stands for port 80 of every address (default 127.0.0.1:0)
  --web-https ADDR:PORT  what stands for port 443 of every address (default 127.0.0.1:0)
  --state FILE.json    state at the start and after a reset; missing keys come from the built-in state
  --set JSON           change the start state (JSON merge patch): '{\"switches\":{\"rate_limit\":null}}'
  --ready-file FILE    write there, too, what is printed when it listens
  --exit-with-stdin    end when standard input is closed
  --print-state        print the built-in start state, and end

When it listens it prints one line of JSON:
  {\"api\":\"http://127.0.0.1:PORT/api/v2\",\"control\":\"http://127.0.0.1:PORT/_sim\",\"dns\":\"127.0.0.1:PORT\",
   \"web_http\":\"127.0.0.1:PORT\",\"web_https\":\"127.0.0.1:PORT\"}

commands of ctl (CONTROL_URL is the \"control\" of that line; it waits 5 s for a simulator that is starting):
  state                          print the state
  log                            print the requests
  dns-log                        print the DNS queries
  web-log                        print what was asked over the web
  orders                         print the orders of certificates
  reset                          back to the start: state, log and faults
  advance SECONDS                move the clock
  freeze UNIX_SECONDS|null       let the clock stand still at that time, or go on
  aliases APP_ID [a,b]           print or replace an alias list, as a person would
  dns NAME JSON                  set a name: {\"A\":[\"203.0.113.10\"]}; null takes it away
  web NAME JSON                  set how a name answers that leads elsewhere: {\"behaviour\":\"parked\"}; null takes it away
  file APP_ID PATH [TEXT]        put a file into the web root of an application, or take it away
  patch JSON                     change the state (JSON merge patch)
  fault JSON                     add a rule or a list of rules; null takes all away

built-in credentials: the token cw_sim_full, or owner@example.com with sim-legacy-key-0123456789;
server 50482, application 131933, address 203.0.113.10
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.first().map(String::as_str) {
        Some("-h" | "--help" | "help") => print(HELP),
        Some("ctl") => ctl(&args[1..]),
        Some("serve") => serve(&args[1..]),
        _ => serve(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            let _ = writeln!(io::stderr(), "cloudways-sim: {text}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|e| e.to_string())
}

fn serve(args: &[String]) -> Result<(), String> {
    let mut options = Options::default();
    let mut ready_file: Option<PathBuf> = None;
    let mut exit_with_stdin = false;

    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let (name, inline) = match arg.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (arg.as_str(), None),
        };
        let mut value =
            || inline.clone().or_else(|| args.next().cloned()).ok_or_else(|| format!("{name} needs a value"));
        match name {
            "--api" => options.api = address(&value()?)?,
            "--dns" => options.dns = address(&value()?)?,
            "--web-http" => options.web_http = address(&value()?)?,
            "--web-https" => options.web_https = address(&value()?)?,
            "--state" => options.state = read_state(Path::new(&value()?))?,
            "--set" => options.state = options.state.patched(&parse(&value()?)?)?,
            "--ready-file" => ready_file = Some(value()?.into()),
            "--exit-with-stdin" => exit_with_stdin = true,
            "--print-state" => {
                let text = serde_json::to_string_pretty(&options.state).map_err(|e| e.to_string())?;
                return print(&format!("{text}\n"));
            }
            "-h" | "--help" => return print(HELP),
            _ => return Err(format!("unknown argument {arg}; see cloudways-sim --help")),
        }
    }

    // Signals are listened for before anybody can know that the simulator is there.
    let (ended, end) = mpsc::channel();
    listen_for_signals(ended.clone())?;
    if exit_with_stdin {
        thread::spawn(move || {
            let mut buffer = [0; 256];
            while io::stdin().read(&mut buffer).is_ok_and(|n| n > 0) {}
            let _ = ended.send(());
        });
    }

    let sim = Sim::open(options).map_err(|e| format!("cannot listen: {e}"))?;
    let line = json!({
        "api": sim.api_url(),
        "control": sim.control_url(),
        "dns": sim.dns_addr().to_string(),
        "web_http": sim.web_http().to_string(),
        "web_https": sim.web_https().to_string(),
    });
    let line = format!("{line}\n");
    if let Some(file) = ready_file {
        write_whole(&file, &line).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    print(&line)?;
    let _ = end.recv();
    drop(sim);
    Ok(())
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("{text} is not ADDRESS:PORT"))
}

fn read_state(file: &Path) -> Result<cloudways_sim::State, String> {
    let text = fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", file.display()))
}

/// Under another name first, so that whoever waits for the file never sees half of it.
fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}", std::process::id()));
    fs::write(&name, text)?;
    fs::rename(&name, file)
}

/// By a crate of its own: tokio's way would be compiled into the extension too, when both are built together.
fn listen_for_signals(ended: mpsc::Sender<()>) -> Result<(), String> {
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(|e| e.to_string())?;
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            let _ = ended.send(());
        }
    });
    Ok(())
}

fn ctl(args: &[String]) -> Result<(), String> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let Some((base, command)) = args.split_first() else {
        return Err("ctl needs the control address; see cloudways-sim --help".into());
    };
    let base = base.trim_end_matches('/');
    let (method, path, body) = match command {
        ["state"] => ("GET", "/state".into(), Value::Null),
        ["log"] => ("GET", "/log".into(), Value::Null),
        ["dns-log"] => ("GET", "/dns-log".into(), Value::Null),
        ["web-log"] => ("GET", "/web-log".into(), Value::Null),
        ["orders"] => ("GET", "/orders".into(), Value::Null),
        ["freeze", time] => ("POST", "/time".into(), json!({"freeze": parse(time)?})),
        ["reset"] => ("POST", "/reset".into(), Value::Null),
        ["advance", seconds] => {
            let seconds: i64 = seconds.parse().map_err(|_| format!("{seconds} is not a number of seconds"))?;
            ("POST", "/time".into(), json!({"advance": seconds}))
        }
        ["aliases", app] => ("POST", format!("/apps/{app}/aliases"), json!({})),
        ["aliases", app, list] => {
            let list: Vec<&str> = list.split(',').map(str::trim).filter(|a| !a.is_empty()).collect();
            ("PUT", format!("/apps/{app}/aliases"), json!({"aliases": list}))
        }
        ["dns", name, entry] => match parse(entry)? {
            Value::Null => ("DELETE", format!("/dns/{name}"), Value::Null),
            entry => ("PUT", format!("/dns/{name}"), entry),
        },
        ["web", name, entry] => match parse(entry)? {
            Value::Null => ("DELETE", format!("/web/{name}"), Value::Null),
            entry => ("PUT", format!("/web/{name}"), entry),
        },
        ["file", app, path] => ("PUT", format!("/apps/{app}/files"), json!({ *path: null })),
        ["file", app, path, text] => ("PUT", format!("/apps/{app}/files"), json!({ *path: text })),
        ["patch", patch] => ("PATCH", "/state".into(), parse(patch)?),
        ["fault", rules] => match parse(rules)? {
            Value::Null => ("DELETE", "/faults".into(), Value::Null),
            rules => ("POST", "/faults".into(), rules),
        },
        _ => return Err("unknown command of ctl; see cloudways-sim --help".into()),
    };

    let url = format!("{base}{path}");
    let json_header = [("Content-Type", "application/json")];
    let reply = client::request_patiently(PATIENCE, method, &url, &json_header, body.to_string().as_bytes())
        .map_err(|e| format!("{url}: {e}"))?;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    if reply.status == 200 {
        print(&format!("{text}\n"))
    } else {
        Err(format!("{url}: status {}: {text}", reply.status))
    }
}

fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|e| format!("not JSON ({e}): {text}"))
}

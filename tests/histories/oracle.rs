//! What must hold, in plain words of its own: nothing here is decided by the engine's code.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::between::Outcome;
use crate::book::{
    Absence, DAY, Ended, HOUR, Last, Look, MINUTE, Millis, Order, Origin, Post, SECOND, Said, name_of, reaches,
};
use crate::history::{History, NETWORK};
use crate::runner::{How, until};

/// What `GET /server` says of these is nobody's business; the account's address and keys neither.
const SECRETS: [&str; 4] = ["SIM-SECRET", "cw_sim_full", "owner@example.com", "sim-legacy-key-0123456789"];

/// The longest time a call may go on after its deadline: what is on its way when it is over.
const GRACE: Millis = 2 * SECOND;

/// So many names fit into a certificate.
const ROOM: usize = 100;

/// At rest, so many calls over so many days must be enough.
const MOST_CALLS: usize = 120;
const MOST_DAYS: u64 = 14;

// ---- what a call says ----

pub fn keeps_secrets(history: &History, number: usize, text: &str) {
    for secret in SECRETS {
        history.check(!text.to_lowercase().contains(&secret.to_lowercase()), || {
            format!("call {number} lets {secret} out: {text}")
        });
    }
}

pub fn in_time(history: &History, number: usize, took: Millis, deadline: u64) {
    history.check(took <= deadline * SECOND + GRACE, || format!("call {number} took {took} ms, and had {deadline} s"));
}

pub fn a_copy_changes_nothing(history: &History, number: usize, outcome: &Outcome) {
    let wrote = history.book.borrow().calls[number].wrote;
    history.check(!wrote, || format!("the copy of the site (call {number}) wrote"));
    history.book.borrow_mut().calls[number].ended = Ended::Thrown;
    match outcome {
        Outcome::Report(_) => history.check(false, || format!("the copy of the site (call {number}) was not refused")),
        // It may fail before it is known who asks.
        Outcome::Threw(_) | Outcome::Killed => {}
    }
}

// ---- the alias list ----

/// Aliases at Cloudways that a person put there, and no call ever took over.
pub fn foreigners(history: &History) -> BTreeSet<String> {
    let book = history.book.borrow();
    book.origins.iter().filter(|(_, origin)| **origin == Origin::Hand).map(|(alias, _)| alias.clone()).collect()
}

/// Whether the engine can know that a look which does not show them is wrong: its memory names them all.
pub fn knows_its_foreigners(history: &History) -> bool {
    let foreigners = foreigners(history);
    let state = history.runner.borrow().state.clone().unwrap_or_default();
    // The one place where the memory is looked into: whether these spellings stand in it.
    !foreigners.is_empty() && foreigners.iter().all(|alias| state.contains(&format!("\"{alias}\"")))
}

pub fn after_a_look(history: &History, look: Look) {
    let mut book = history.book.borrow_mut();
    let wanted = book.call().wanted.clone();
    for alias in &look.shown {
        let Some(name) = name_of(alias).filter(|name| wanted.contains(name)) else { continue };
        // Whoever put it there: it is wanted now, and taken over.
        if let Some(origin) = book.origins.get_mut(alias).filter(|origin| **origin == Origin::Hand) {
            *origin = Origin::Either;
        }
        book.touched.insert(name, Absence::default());
    }
    let call = book.call();
    call.looks.push(look);
    call.last = Last::Looked;
}

/// More removals than are to be believed without a word about them: more than 3, or 2 and more and over a fifth of
/// ours, or all of ours.
fn beyond_belief(unexplained: usize, ours: usize) -> bool {
    unexplained > 3 || (unexplained >= 2 && unexplained * 5 > ours) || (unexplained > 0 && unexplained >= ours)
}

pub fn before_a_list(history: &History, list: &[String]) {
    let (call, number) = {
        let book = history.book.borrow();
        let number = *book.active.last().expect("a call goes on");
        (book.calls[number].clone(), number)
    };
    let Some(look) = call.looks.last().cloned() else {
        return history.check(false, || format!("call {number} sends a list without having looked"));
    };
    history.say(format!("  sends {list:?}"));
    history.check(call.last == Last::Looked, || format!("call {number} sends a list, and its look is not fresh"));

    let shown: BTreeSet<&String> = look.shown.iter().collect();
    let sent: BTreeSet<&String> = list.iter().collect();
    history.check(sent != shown, || format!("call {number} sends the list that is there"));
    history.check(sent.len() == list.len() || list.len() <= look.shown.len(), || {
        format!("call {number} sends an alias twice: {list:?}")
    });
    for alias in list.iter().filter(|alias| !shown.contains(alias)) {
        history.check(call.wanted.contains(alias), || {
            format!("call {number} sends {alias}, which is neither there nor wanted")
        });
        let fqdn = history.book.borrow().fqdn.clone();
        history.check(Some(alias) != look.primary.as_ref() && *alias != fqdn, || {
            format!("call {number} makes an alias of the primary domain {alias}")
        });
        let of_network = alias.strip_suffix(&format!(".{NETWORK}")).is_some_and(|label| !label.contains('.'));
        history.check(!(of_network && look.shown.contains(&format!("*.{NETWORK}"))), || {
            format!("call {number} sends {alias}, which *.{NETWORK} covers")
        });
    }

    let mut unexplained = Vec::new();
    for alias in look.there.iter().filter(|alias| !sent.contains(alias)) {
        let name = name_of(alias);
        let wanted = name.as_ref().is_some_and(|name| call.wanted.contains(name));
        history.check(!wanted, || format!("call {number} drops {alias}, which is wanted"));
        let origin = look.origins.get(alias).copied();
        history.check(matches!(origin, Some(Origin::Ours | Origin::Either)), || {
            format!("call {number} drops {alias}, which is not ours ({origin:?})")
        });
        if name.is_none_or(|name| !call.ended_names.contains(&name)) {
            unexplained.push(alias.clone());
        }
    }
    let ours = look.there.iter().filter(|alias| look.origins.get(*alias).is_some_and(|origin| *origin != Origin::Hand));
    let ours = ours.count();
    history.check(call.force || !beyond_belief(unexplained.len(), ours), || {
        format!("call {number} drops {unexplained:?} of {ours}, and nobody said that they should go")
    });

    let mut book = history.book.borrow_mut();
    let added: Vec<String> = list.iter().filter(|alias| !shown.contains(alias)).cloned().collect();
    book.call().sent.extend(added.iter().cloned());
    book.touched.extend(added.into_iter().map(|name| (name, Absence::default())));
    book.posts.push(Post { call: number, list: list.to_vec(), base: look.there, origins: look.origins });
}

/// Finds out who changed the list, and whether they may.
pub fn notice_the_list(history: &History, now: Vec<String>) {
    let (before, post, scripted) = {
        let book = history.book.borrow();
        if book.list == now {
            return;
        }
        let applied = |(add, remove): &&(Vec<String>, Vec<String>)| {
            let mut list = book.list.clone();
            list.retain(|alias| !remove.contains(alias));
            let news: Vec<String> = add.iter().filter(|alias| !list.contains(alias)).cloned().collect();
            list.extend(news);
            list == now
        };
        let scripted = book.scripted.iter().find(applied).cloned();
        (book.list.clone(), book.posts.iter().rev().find(|post| post.list == now).cloned(), scripted)
    };
    if let Some(post) = post {
        // What it was made from was judged when it was sent. What came since its look is lost: the API has no way
        // to add to a list.
        let lost: Vec<&String> =
            before.iter().filter(|alias| !now.contains(alias) && !post.base.contains(alias)).collect();
        let back: Vec<&String> =
            now.iter().filter(|alias| !before.contains(alias) && post.base.contains(alias)).collect();
        history.say(format!(
            "  the list of call {} is in place{}{}",
            post.call,
            if lost.is_empty() { String::new() } else { format!(", lost since its look: {lost:?}") },
            if back.is_empty() { String::new() } else { format!(", back since its look: {back:?}") },
        ));
        let mut book = history.book.borrow_mut();
        let mut origins = BTreeMap::new();
        for alias in &now {
            let origin = book.origins.get(alias).or_else(|| post.origins.get(alias)).copied();
            // The engine knows what it sent when the memory of that call was kept.
            let sent = if book.calls[post.call].knows_what_it_sent() { Origin::Ours } else { Origin::Either };
            origins.insert(alias.clone(), origin.unwrap_or(sent));
        }
        book.origins = origins;
        book.list = now;
        // A name behind a proxy is ours when it is an alias.
        book.note_what_dns_says();
    } else if let Some((add, remove)) = scripted {
        history.say(format!("  by hand, right before a request: +{add:?} -{remove:?}"));
        let mut book = history.book.borrow_mut();
        let news: Vec<String> = add.into_iter().filter(|alias| !before.contains(alias)).collect();
        book.hand_changed(&news, &remove);
        book.list = now;
        book.note_what_dns_says();
    } else {
        history.check(false, || format!("the list became {now:?} from {before:?}, and nobody sent that"));
    }
}

// ---- the certificate ----

pub fn notice_the_certificate(history: &History, now: BTreeSet<String>) {
    let mut book = history.book.borrow_mut();
    if book.certificate == now {
        return;
    }
    let ordered = book.orders.iter().rev().find(|order| order.names == now).map(|order| order.call);
    let before = std::mem::replace(&mut book.certificate, now.clone());
    drop(book);
    match ordered {
        Some(call) => history.say(format!("  the certificate of call {call} is in place: {now:?}")),
        None => {
            history.check(false, || format!("the certificate became {now:?} from {before:?}, and nobody ordered that"))
        }
    }
}

pub fn before_an_order(history: &History, names: &[String]) {
    let (call, number, look) = {
        let book = history.book.borrow();
        let number = *book.active.last().expect("a call goes on");
        let call = book.calls[number].clone();
        (call.clone(), number, call.looks.last().cloned())
    };
    let Some(look) = look else {
        return history.check(false, || format!("call {number} orders without having looked"));
    };
    history.say(format!("  orders {names:?}"));
    let ordered: BTreeSet<String> = names.iter().cloned().collect();
    history.check(!names.is_empty() && names.len() <= ROOM && ordered.len() == names.len(), || {
        format!("call {number} orders {} names: {names:?}", names.len())
    });
    history.check(!look.not_ours, || format!("call {number} orders over a certificate that is not ours"));
    history.check(ordered != look.certificate || history.is_near_its_end(), || {
        format!("call {number} orders the certificate that is there")
    });
    let fqdn = history.book.borrow().fqdn.clone();
    let in_place = |name: &String| reaches(&look.shown, name) || Some(name) == look.primary.as_ref() || *name == fqdn;
    for name in names {
        history.check(in_place(name), || format!("call {number} orders {name}, which has no alias"));
        let wanted = call.wanted.contains(name) || Some(name) == look.primary.as_ref();
        history.check(wanted || look.certificate.contains(name), || {
            format!("call {number} orders {name}, which is neither wanted nor served")
        });
        let said = call.said.get(name).copied().unwrap_or(Said::NO);
        history.check(said.yes || look.certificate.contains(name), || {
            format!("call {number} orders the newcomer {name}, whose DNS does not say yes ({said:?})")
        });
    }

    let displacing = names.len() == ROOM
        && look.primary.as_ref().is_some_and(|name| ordered.contains(name) && !look.certificate.contains(name));
    let mut dropped = BTreeSet::new();
    let mut unexplained = Vec::new();
    for name in look.certificate.iter().filter(|name| !ordered.contains(*name)) {
        let is_primary = Some(name) == look.primary.as_ref();
        let wanted = call.wanted.contains(name) || is_primary;
        let gone = !wanted && (call.ended_names.contains(name) || !in_place(name));
        let denied = twice_no(history, number, name) || twice_refused(history, number, name);
        // Its alias ended, and Cloudways does not take it any more.
        let refused = !in_place(name) && history.refuses(name);
        history.check(gone || denied || displacing || refused, || {
            format!("call {number} drops {name} from the certificate without a reason")
        });
        if !call.ended_names.contains(name) && !history.book.borrow().accepted.contains(name) {
            unexplained.push(name.clone());
        }
        if wanted || (in_place(name) && !call.ended_names.contains(name)) {
            dropped.insert(name.clone());
        }
    }
    history.check(call.force || !beyond_belief(unexplained.len(), look.certificate.len()), || {
        format!("call {number} drops {unexplained:?} from a certificate of {}, unasked", look.certificate.len())
    });
    gap(history, number);
    history.book.borrow_mut().call().dropped.extend(dropped);
}

/// Whether DNS said a definite no now and an hour ago or earlier, and never yes in between, in calls whose memory was
/// kept.
fn twice_no(history: &History, number: usize, name: &str) -> bool {
    let book = history.book.borrow();
    let said = |at: usize| book.calls[at].said.get(name).copied().unwrap_or(Said::NO);
    if !said(number).no {
        return false;
    }
    // The engine's clock has whole seconds.
    let hour_ago = history.now().saturating_sub(HOUR - SECOND);
    for at in (0..number).rev().filter(|at| book.calls[*at].ended == Ended::Kept) {
        if said(at) == Said::YES {
            return false;
        }
        // What it heard, it heard at some time during the call.
        if said(at).no && book.calls[at].began <= hour_ago {
            return true;
        }
    }
    false
}

/// Whether the authority refused orders for this name, by name, twice in an hour or more, and the reports said so.
fn twice_refused(history: &History, number: usize, name: &str) -> bool {
    let book = history.book.borrow();
    let mut refused = book.calls[..=number].iter().filter(|call| call.refused.contains(name)).map(|call| call.began);
    let (first, last) = (refused.next(), refused.next_back());
    first.zip(last).is_some_and(|(first, last)| last >= first + HOUR - MINUTE)
}

/// Ten minutes at least between two orders, as far as the engine can know of the last one.
fn gap(history: &History, number: usize) {
    let book = history.book.borrow();
    if book.limited_until.is_some_and(|until| history.now() < until) {
        let until = book.limited_until.unwrap_or(0);
        drop(book);
        return history.check(false, || {
            format!(
                "call {number} orders {} s before the authority takes orders again",
                (until - history.now()) / SECOND
            )
        });
    }
    let Some(last) = book.orders.last() else { return };
    let (placed_by, this) = (&book.calls[last.call], &book.calls[number]);
    let unknown = placed_by.overlapped
        || this.overlapped
        || placed_by.ended == Ended::Displaced
        || book.memory_lost.is_some_and(|lost| lost >= last.at);
    let (since, by, force) = (history.now() - last.at, last.call, this.force);
    drop(book);
    // A person in a hurry does not wait. The engine's clock has whole seconds.
    history.check(unknown || force || since > 10 * MINUTE - SECOND, || {
        format!("call {number} orders {} s after call {by} did", since / SECOND)
    });
}

pub fn an_order_was_placed(history: &History, names: &[String]) {
    let mut book = history.book.borrow_mut();
    let call = *book.active.last().expect("a call goes on");
    let at = history.now();
    book.orders.push(Order { call, names: names.iter().cloned().collect(), at });
}

/// Looks at what reached the authority since the last time: no limit is met, but for what others used up.
fn authority(history: &History) {
    let orders = history.sim.orders();
    let (seen, others, lost) = {
        let mut book = history.book.borrow_mut();
        let seen = std::mem::replace(&mut book.orders_seen, orders.len());
        (seen, book.others_ordered, book.memory_lost.is_some())
    };
    for order in orders[seen..].iter().filter(|order| order.limit.is_some() && !order.renewal) {
        history.say(format!("  the authority's limit: {}", order.message));
        history.check(others || lost, || format!("an order met a limit: {}", order.message));
    }
}

/// The time that the authority names.
fn retry_after(message: &str) -> Option<Millis> {
    let time = message.split("retry after ").nth(1)?.get(..19)?;
    // It reads like an HTTP date in another order: the day's number since 1970, then the time.
    let number = |from: usize, to: usize| time.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let shifted = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * shifted.0 + shifted.0 / 4 - shifted.0 / 100 + shifted.0 / 400 + (153 * shifted.1 + 2) / 5 + day - 1;
    let since = (days - 719_468) * DAY;
    Some(since + number(11, 13)? * HOUR + number(14, 16)? * MINUTE + number(17, 19)? * SECOND)
}

// ---- after a call ----

pub fn after_a_call(history: &History, number: usize, ended: Ended, report: Option<&Value>) {
    authority(history);
    let mut book = history.book.borrow_mut();
    book.calls[number].ended = ended;
    if let Some(report) = report.filter(|_| ended == Ended::Kept) {
        let note = &report["certificate"]["note"];
        let answer = note["args"]["answer"].as_str().unwrap_or_default().to_owned();
        let call = &mut book.calls[number];
        let refused = call.looks.iter().flat_map(|look| &look.certificate).filter(|name| says(&answer, name));
        call.refused = refused.cloned().collect();
        // It says so itself: this order was the last until that time.
        book.limited_until = retry_after(&answer).or(book.limited_until);
    }
    let call = book.calls[number].clone();
    if ended == Ended::Thrown {
        drop(book);
        return history.check(!call.wrote, || format!("call {number} threw, and had written"));
    }
    let (Ended::Kept, Some(report), Some(look)) = (ended, report, call.looks.last()) else { return };
    if call.overlapped {
        // What another call remembered meanwhile is written over.
        for (alias, origin) in &mut book.origins {
            let still = name_of(alias).is_some_and(|name| call.wanted.contains(&name));
            if *origin == Origin::Ours && !still {
                *origin = Origin::Either;
            }
        }
        let before = call.touched_before.clone();
        for (name, absence) in before {
            book.touched.entry(name).or_insert(absence);
        }
    }
    if !call.overlapped {
        for (alias, origin) in &mut book.origins {
            if call.sent.contains(alias) && *origin == Origin::Either {
                *origin = Origin::Ours;
            }
        }
    }
    // What was removed, and seen to be, is a person's when it comes again.
    let removed: Vec<String> = report["aliases"]["removed"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|alias| report["error"].is_null() && !look.shown.iter().any(|shown| shown == alias))
        .filter_map(name_of)
        .collect();
    if report["operation"]["ours"] != true {
        book.touched.retain(|name, _| call.overlapped || !removed.contains(name));
        let now = history.now();
        for alias in &look.shown {
            let wanted = name_of(alias).is_some_and(|name| call.wanted.contains(&name));
            if let Some(origin) = book.origins.get_mut(alias).filter(|_| wanted) {
                *origin = Origin::Ours;
            }
        }
        let there: BTreeSet<String> = look.shown.iter().filter_map(|alias| name_of(alias)).collect();
        book.touched.retain(|name, absence| {
            if there.contains(name) || call.wanted.contains(name) {
                absence.since = None;
                return true;
            }
            // Half an hour after a first look that does not show it, a second one is enough.
            let since = *absence.since.get_or_insert(now);
            now < since + 31 * MINUTE
        });
    }
    // It must remember what it was told until it is done.
    let open = |name: &&String| look.certificate.contains(*name) && !look.not_ours;
    let told: Vec<String> = call.told.iter().filter(open).cloned().collect();
    book.told = told.into_iter().collect();
    if call.force {
        let keeps = |name: &str| {
            report["certificate"]["wanted"].as_array().is_some_and(|names| names.iter().any(|kept| kept == name))
        };
        book.accepted = look.certificate.iter().filter(|name| !keeps(name)).cloned().collect();
    }
    book.accepted.retain(|name| look.certificate.contains(name));
    drop(book);

    // What somebody said should go is not kept back.
    let shown = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).filter_map(name_of).collect()
    };
    let note = &report["certificate"]["note"];
    // All names of a certificate are kept together: there is none for nobody.
    let partly = note["code"] == "certificate_withheld" && note["args"]["count"] != note["args"]["installed"];
    let uncertain = if partly { shown(&note["args"]["names"]) } else { Vec::new() };
    for name in shown(&report["aliases"]["withheld"]).iter().chain(&uncertain) {
        history.check(!call.told.contains(name), || {
            format!("call {number} withholds {name}, and was told that it should go")
        });
    }

    let domains = report["domains"].as_object().cloned().unwrap_or_default();
    let in_list = |list: &Value, name: &str| list.as_array().into_iter().flatten().any(|item| item == name);
    for name in &call.dropped {
        let said = domains.get(name).is_some_and(|domain| !domain["note"].is_null())
            || in_list(&report["certificate"]["left_out"], name)
            || in_list(&report["aliases"]["removed"], name);
        history.check(said, || format!("call {number} dropped {name} from the certificate and does not say why"));
    }
}

/// Whether a text has this name in it, as a whole.
fn says(text: &str, name: &str) -> bool {
    text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.' && letter != '-')
        .any(|word| word.trim_matches('.') == name)
}

// ---- at the end ----

/// Calls the runner when it wants to be called, until nothing is open; then everything must be as it should.
pub fn until_nothing_is_open(history: &History) {
    let began = history.now();
    let mut quiet_since: Option<Millis> = None;
    let mut threw = 0;
    let mut ran = None;
    let mut next = None;
    let mut accepted = false;
    // Each call that changed nothing is followed by a longer wait: a runner that is called late must come to the same end.
    let mut idle = 0;
    for turn in 0.. {
        history.check(turn < MOST_CALLS && history.now() < began + MOST_DAYS * DAY, || {
            format!("something is still open after {turn} calls and {} h of rest", (history.now() - began) / HOUR)
        });
        let now = history.now();
        // The hourly looks in between would show the same; a day later is soon enough where nothing is open.
        let due = next.unwrap_or_else(|| history.runner.borrow().due);
        let wait = if quiet_since.is_some() { 25 * HOUR } else { until(history, due) << idle };
        history.advance(wait);
        let this = history.run_as(How { deadline: 60, slowness: 50, force: false, ..How::default() });
        threw += u32::from(this.threw);
        next = this.report.as_ref().and_then(|report| report["next_at"].as_u64());
        history.check(threw <= 2, || "calls fail although everything is at rest".into());
        let withheld = this.report.as_ref().is_some_and(|report| {
            report["certificate"]["note"]["code"] == "certificate_withheld"
                || !report["aliases"]["withheld"].as_array().is_none_or(Vec::is_empty)
        });
        // What is left when all of it is to go cannot be ordered: there is no certificate for nobody.
        if withheld && !std::mem::replace(&mut accepted, true) {
            history.say("a person accepts what is withheld, until it is done".into());
            history.advance(HOUR);
            for _ in 0..4 {
                let forced = history.run_as(How { deadline: 60, slowness: 50, force: true, ..How::default() });
                next = forced.report.as_ref().and_then(|report| report["next_at"].as_u64());
                match next.filter(|_| forced.pending) {
                    Some(at) => history.advance(until(history, at)),
                    None => break,
                }
            }
            quiet_since = None;
            continue;
        }
        accepted &= !this.wrote;
        idle = if this.wrote || this.threw { 0 } else { 3.min(idle + 1) };
        if this.wrote || this.pending || this.threw {
            quiet_since = None;
        } else if quiet_since.is_some_and(|since| now + wait >= since + DAY) {
            ran = this.report;
            break;
        } else if quiet_since.is_none() {
            quiet_since = Some(now + wait);
        }
    }
    let report = ran.expect("the last report");
    at_rest(history, &report);

    let again = history.run_as(How { deadline: 60, slowness: 50, ..How::default() });
    history.check(!again.wrote, || "the second of two equal calls wrote".into());
}

fn at_rest(history: &History, report: &Value) {
    let list = history.aliases();
    let certificate = history.certificate();
    let book = history.book.borrow();
    let wanted = book.wanted_now(history.www, &history.extras);
    let (primary, fqdn) = (book.primary.clone(), book.fqdn.clone());
    let names: BTreeSet<String> = list.iter().filter_map(|alias| name_of(alias)).collect();

    let missing: Vec<&String> = wanted
        .iter()
        .filter(|name| !names.contains(*name) && Some(*name) != primary.as_ref() && **name != fqdn)
        .filter(|name| !(name.ends_with(&format!(".{NETWORK}")) && reaches(&list, name)))
        .collect();
    history.check(missing.is_empty(), || format!("at the end, {missing:?} have no alias"));
    let left: Vec<&String> = list
        .iter()
        .filter(|alias| book.origins.get(*alias) == Some(&Origin::Ours))
        .filter(|alias| name_of(alias).is_none_or(|name| !wanted.contains(&name)))
        // The primary domain is not ours to remove.
        .filter(|alias| name_of(alias) != primary)
        .collect();
    history.check(left.is_empty(), || format!("at the end, {left:?} are still aliases, and are not wanted"));

    let in_place = |name: &String| reaches(&list, name) || Some(name) == primary.as_ref() || *name == fqdn;
    let fit: BTreeSet<String> = wanted
        .iter()
        .chain(primary.iter())
        .filter(|name| !name.starts_with('*') && in_place(name) && book.says(name) == Said::YES)
        .cloned()
        .collect();
    let absent: Vec<&String> = fit.iter().filter(|name| !certificate.contains(*name)).collect();
    history.check(absent.is_empty() || certificate.len() >= ROOM, || {
        format!("at the end, the certificate lacks {absent:?} and holds {certificate:?}")
    });
    let ended: Vec<&String> = certificate.iter().filter(|name| !wanted.contains(*name) && !in_place(name)).collect();
    history.check(ended.is_empty() || fit.is_empty(), || format!("at the end, the certificate still holds {ended:?}"));
    let denied: Vec<&String> = certificate.iter().filter(|name| book.says(name) == Said::NO).collect();
    history.check(denied.is_empty() || fit.is_empty(), || {
        format!("at the end, the certificate holds {denied:?}, whose DNS says no")
    });

    let shown = |value: &Value| -> BTreeSet<String> {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let observed = shown(&report["aliases"]["observed"]);
    history
        .check(observed == list.iter().cloned().collect(), || format!("the report shows {observed:?}, not {list:?}"));
    let installed = shown(&report["certificate"]["installed"]["names"]);
    history.check(installed == certificate, || format!("the report shows a certificate for {installed:?}"));
}

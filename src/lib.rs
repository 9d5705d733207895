//! Keeps the domains of a WordPress network and its Cloudways application in step: the alias list, and the one
//! Let's Encrypt certificate over the names whose DNS is right.
//!
//! Data goes one way, as plain values: constants, domains and state become [`config::Settings`] and
//! [`desired::Desired`]; a look at the outside becomes [`cloudways::Observed`]; [`plan`] says what differs,
//! [`guard`] what is withheld, [`apply`] does the rest, [`report`] says what became of it. [`sync`] is that road.
//!
//! The engine knows no PHP. The feature `php` (on by default) adds the binding, the only module that does.

pub mod apply;
pub mod aside;
pub mod blame;
pub mod budget;
pub mod certificate;
pub mod clock;
pub mod cloudways;
pub mod config;
pub mod desired;
pub mod dns;
pub mod domain;
pub mod error;
pub mod guard;
mod made;
pub mod note;
pub mod options;
pub mod plan;
pub mod probe;
pub mod report;
pub mod scene;
pub mod served;
mod signals;
pub mod state;
pub mod summary;
pub mod sync;
pub mod tables;
#[cfg(debug_assertions)]
mod trip;
pub mod web;

#[cfg(any(test, fuzzing))]
pub mod fuzzing;
#[cfg(feature = "php")]
mod php;

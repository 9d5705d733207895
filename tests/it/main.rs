//! The engine against the simulator: real HTTP, real DNS.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

mod aliases;
mod certificate;
mod client;
mod dns;
mod golden;
mod hostile;
mod matrix;
mod memory;
mod orders;
mod outside;
mod probe;
mod properties;
mod refused;
mod regressions;
mod served;
mod support;
mod waiting;
mod wildcard;
mod withheld;

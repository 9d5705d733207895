//! What an answer says, and what a failure means.

use std::net::IpAddr;

use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::{DnsResponse, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, RecordType};

use super::{CaaSet, Found, MOST_ADDRESSES, Unknown};

/// The part of an answer that matters.
pub(super) struct Reply {
    pub(super) records: Vec<(Name, RData)>,
    /// The server says itself that there is no more: NXDOMAIN, or an empty answer with the zone's SOA.
    pub(super) is_final: bool,
    /// NXDOMAIN: where the answer leads, there is no name, and so nothing of any type (RFC 8020).
    pub(super) is_no_name: bool,
}

impl Reply {
    fn nothing(is_no_name: bool) -> Self {
        Self { records: Vec::new(), is_final: true, is_no_name }
    }

    pub(super) fn from_response(response: &DnsResponse) -> Result<Self, Unknown> {
        if !matches!(response.response_code, ResponseCode::NoError | ResponseCode::NXDomain) {
            return Err(Unknown::ServerFailure);
        }
        if response.truncation {
            // Over TCP as well: nobody knows what is missing.
            return Err(Unknown::Broken);
        }
        Ok(Self {
            records: response.answers.iter().map(|record| (record.name.clone(), record.data.clone())).collect(),
            is_final: response.response_code == ResponseCode::NXDomain || response.soa().is_some(),
            is_no_name: response.response_code == ResponseCode::NXDomain,
        })
    }

    pub(super) fn target_of(&self, name: &Name) -> Option<&Name> {
        self.records.iter().find_map(|(owner, data)| match data {
            RData::CNAME(target) if owner == name => Some(&target.0),
            _ => None,
        })
    }

    pub(super) fn records_of<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = &'a RData> {
        self.records.iter().filter(move |(owner, _)| owner == name).map(|(_, data)| data)
    }

    /// The records of this type that a name has.
    pub(super) fn found(&self, name: &Name, kind: RecordType) -> Found {
        if kind == RecordType::CAA {
            return Found::Caa(CaaSet::new(self.records_of(name).filter_map(|data| match data {
                RData::CAA(record) => Some(record),
                _ => None,
            })));
        }
        let mut addresses = Vec::new();
        for data in self.records_of(name) {
            let address = match data {
                RData::A(address) if kind == RecordType::A => IpAddr::V4(address.0),
                RData::AAAA(address) if kind == RecordType::AAAA => IpAddr::V6(address.0),
                _ => continue,
            };
            if addresses.len() < MOST_ADDRESSES && !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        Found::Addresses(addresses)
    }
}

/// What an error means: a definite answer without addresses, or a question that could not be asked.
pub(super) fn failure(error: &NetError) -> Result<Reply, Unknown> {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => no_records(none),
        NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused | ResponseCode::NotAuth)) => Err(Unknown::Refused),
        NetError::Dns(DnsError::ResponseCode(_)) => Err(Unknown::ServerFailure),
        NetError::Timeout => Err(Unknown::TimedOut),
        _ => Err(Unknown::Broken),
    }
}

fn no_records(none: &NoRecords) -> Result<Reply, Unknown> {
    match none.response_code {
        ResponseCode::NXDomain => Ok(Reply::nothing(true)),
        // Name servers of the zone above and no answer: this server does not resolve, it only refers.
        ResponseCode::NoError if none.soa.is_none() && none.ns.is_some() => Err(Unknown::Referral),
        ResponseCode::NoError => Ok(Reply::nothing(false)),
        _ => Err(Unknown::ServerFailure),
    }
}

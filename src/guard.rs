//! What is withheld until a person says so: removals that nothing explains, when they are too many at once.

use crate::certificate::{CertificatePlan, Order};
use crate::cloudways::ObservedAlias;
use crate::desired::Desired;
use crate::domain::DomainName;
use crate::note::Note;
use crate::plan::AliasPlan;

/// Removals up to this number need no explanation, unless they are a large part of what there is.
const FEW: usize = 3;

/// Whether so many unexplained removals out of so many are too many to be believed: more than 3, or 2 and more and
/// over 20 %, or all.
#[must_use]
pub fn is_too_many(unexplained: usize, of: usize) -> bool {
    unexplained > FEW || (unexplained >= 2 && unexplained * 5 > of) || (unexplained > 0 && unexplained >= of)
}

/// Withholds removals of aliases that are not to be done without a person's word. What is added goes on.
///
/// `before` are the aliases that were withheld so far: they stay so until somebody says otherwise, although what was
/// added meanwhile makes them a smaller part. With `force` a person has said so, and nothing is withheld.
#[must_use]
pub fn aliases(mut plan: AliasPlan, desired: &Desired, before: &[String], force: bool) -> AliasPlan {
    if force {
        return plan;
    }
    let explained = |alias: &ObservedAlias| alias.name.as_ref().is_some_and(|name| desired.explains_removal_of(name));
    let unexplained = plan.remove.iter().filter(|alias| !explained(alias)).count();
    let all_of_them = is_too_many(unexplained, plan.ours);
    let goes = |alias: &ObservedAlias| explained(alias) || !(all_of_them || before.contains(&alias.spelling));
    (plan.remove, plan.withheld) = plan.remove.into_iter().partition(goes);
    plan
}

/// Withholds an order that would drop more names than is to be believed, by the same measure.
///
/// What a person `accepted` stays so: a limit can keep the order waiting for longer than the call in which it was said.
#[must_use]
pub fn certificate(
    mut plan: CertificatePlan,
    desired: &Desired,
    accepted: &[DomainName],
    force: bool,
) -> CertificatePlan {
    let is_explained = |name: &DomainName| desired.explains_removal_of(name) || accepted.contains(name);
    let dropped: Vec<_> = plan.dropped.iter().filter(|name| !is_explained(name)).cloned().collect();
    let would_order = matches!(plan.order, Order::Place | Order::Wait { .. });
    if !force && would_order && is_too_many(dropped.len(), plan.installed.len()) {
        plan.order = Order::Withheld(Note::CertificateWithheld { names: dropped, installed: plan.installed.len() });
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::is_too_many;

    #[test]
    fn few_removals_need_no_explanation_unless_they_are_a_large_part() {
        let table = [
            (0, 0, false),
            (0, 10, false),
            (1, 1, true),
            (1, 2, false),
            (1, 100, false),
            (2, 2, true),
            (2, 9, true),
            (2, 10, false),
            (2, 100, false),
            (3, 14, true),
            (3, 15, false),
            (4, 1_000, true),
        ];
        for (unexplained, of, expected) in table {
            assert_eq!(is_too_many(unexplained, of), expected, "{unexplained} of {of}");
        }
    }
}

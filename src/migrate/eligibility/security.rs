//! Security groups of the node subnets, against what the move needs (OVL-5): `dependents` weighs them, this says what it means.

use super::Eligibility;
use crate::finding::Severity;
use crate::migrate::dependents::Sureness;
use crate::migrate::dependents::security::denied;
use crate::model::{Cluster, Inventory, IpNet};
use crate::rule;

pub(super) fn check(
    inventory: &Inventory,
    cluster: &Cluster,
    pod_cidr: &IpNet,
    found: &mut Eligibility,
) {
    let (hits, unread) = denied(inventory, cluster, pod_cidr);
    for hit in hits {
        let needs: Vec<&str> = hit.needs.iter().map(|need| need.word()).collect();
        let severity = match hit.sure {
            Sureness::Certain => Severity::Blocker,
            _ => Severity::Warning,
        };
        found.push(
            severity,
            &rule::OVL_5,
            format!(
                "security group {} on {}: rule {} of priority {} denies {}{}",
                hit.group.name,
                inventory.subnet_label(hit.subnet),
                hit.rule.name,
                hit.rule.priority,
                needs.join(", "),
                if severity == Severity::Blocker {
                    ""
                } else {
                    ", unless a service tag or rules before it let all of that through"
                }
            ),
            format!(
                "allow it in rules of a priority below {} before the move: every port and protocol between node subnet and pod \
                 CIDR {pod_cidr}, both ways, and within each",
                hit.rule.priority
            ),
        );
    }
    for (subnet, group) in unread {
        found.unknown(format!(
            "security group {} on {} was not read: a deny rule in it can cut pods off after the move (OVL-5)",
            group.name(),
            inventory.subnet_label(subnet)
        ));
    }
}

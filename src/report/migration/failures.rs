//! If a reimage fails: what somebody sees, what it means, what to do. Only rows that these pools and budgets can come to. Codes are
//! those of the rule book; what AKS does then is not decided here.

use super::commands::az;
use super::pools::Pools;
use super::{Block, Runbook, code_lines};
use crate::report::document::{Cell, Document, Table};
use crate::report::simulation::listed;
use crate::rule;

struct Row {
    see: String,
    means: String,
    act: String,
    commands: Vec<Option<String>>,
}

pub(super) fn section(of: Runbook, document: &mut Document) {
    let numbers: Vec<String> = of
        .plan
        .steps
        .iter()
        .enumerate()
        .filter(|(_, step)| step.reimages)
        .map(|(position, _)| (position + 1).to_string())
        .collect();
    if numbers.is_empty() {
        return;
    }
    document.heading(match numbers.as_slice() {
        [one] => format!("If step {one} fails"),
        several => format!("If one of the steps {} fails", several.join(", ")),
    });
    document.paragraph(
        "Nothing is lost by waiting: nodes that are done stay done, pods run on both sides, and AKS takes nothing back. Nobody but \
         their owners touches pods and budgets, and nobody starts a second operation. The last lines of aksplan, or the status, say \
         which row it is.",
    );
    let mut table = Table::new(&["#no", "you see", "it means", "do"]);
    let mut lines: Vec<(String, Option<String>)> = vec![
        (
            "how it stands".to_string(),
            of.aksplan(&["--status"], false),
        ),
        (
            "go on: the same request again, for the nodes that are left".to_string(),
            of.aksplan(&["--resume"], true),
        ),
    ];
    for (position, row) in rows(of).into_iter().enumerate() {
        let number = position + 1;
        for command in row.commands {
            lines.push((format!("row {number}"), command));
        }
        table.rows.push(vec![
            Cell::from(number.to_string()),
            Cell::from(row.see),
            Cell::from(row.means),
            Cell::from(row.act),
        ]);
    }
    document.blocks.push(Block::Table(table));
    let lines: Vec<(&str, Option<String>)> = lines
        .iter()
        .map(|(what, line)| (what.as_str(), line.clone()))
        .collect();
    code_lines(&lines, document);
}

fn rows(of: Runbook) -> Vec<Row> {
    let plan = of.plan;
    let pools = Pools::of(plan);
    let mut rows = Vec::new();
    let fixed = |command: &str| Some(command.to_string());
    let mut row = |see: String, means: String, act: &str, commands: Vec<Option<String>>| {
        rows.push(Row {
            see,
            means,
            act: act.to_string(),
            commands,
        });
    };
    // Budgets that were not read may be there.
    let has_budgets = plan.facts.keys().any(|fact| fact.starts_with("budget."));
    let longest = pools.longest_budgets();
    if has_budgets {
        row(
            "event Drain: Eviction blocked by Too Many Requests; aksplan says late or stuck"
                .to_string(),
            format!(
                "a budget holds a pod back; AKS goes on asking{}",
                match longest.is_empty() {
                    true => String::new(),
                    false => format!(". Longest is foreseen for {}", listed(&longest, 3)),
                }
            ),
            "wait while it is on time. Stuck: the owner adds a replica or mends the pod that is not Ready, until ALLOWED \
             DISRUPTIONS is above 0",
            vec![
                fixed("kubectl get poddisruptionbudgets --all-namespaces"),
                fixed("kubectl get events --all-namespaces --field-selector reason=Drain"),
            ],
        );
        row(
            rule::UNSATISFIABLE_PDB.id.to_string(),
            "AKS found a budget with maxUnavailable 0 before it began: nothing was changed by this step".to_string(),
            "its owner sets it back to what the plan knows, see the facts of the plan; then resume",
            vec![fixed(
                "kubectl get poddisruptionbudgets --all-namespaces --output wide",
            )],
        );
    }
    let failing = pools.failing();
    if !failing.is_empty() {
        row(
            format!(
                "{}: Drain node … failed when evicting pod … blocked by pdb …",
                rule::UPGRADE_FAILED.id
            ),
            format!(
                "a node was not empty in time ({}); the operation ended, that node is as before and takes pods again",
                minutes(&pools, &failing)
            ),
            "release the pod that is named, as in the row of budgets or by its owner ending it; see that the daemon sets of \
             kube-system are whole on nodes that were not reimaged (UPG-17); then resume",
            vec![fixed("kubectl get daemonsets --namespace kube-system")],
        );
    }
    let quarantining = pools.quarantining();
    if !quarantining.is_empty() {
        row(
            format!(
                "nodes of {} with label kubernetes.azure.com/upgrade-status=Quarantined",
                quarantining.join(", ")
            ),
            format!(
                "not empty in time ({}): cordoned and left as they were; a surge node stays in the place of each, with its address (UPG-9)",
                minutes(&pools, &quarantining)
            ),
            "release the pods on them; then resume. What is still quarantined at the end is deleted by its owner: the verification does \
             not pass before",
            vec![fixed(
                "kubectl get nodes --selector kubernetes.azure.com/upgrade-status=Quarantined",
            )],
        );
    }
    if pools.may_surge() {
        let subnets: Vec<&str> = pools
            .addresses()
            .into_iter()
            .map(|(range, ..)| range)
            .collect();
        row(
            format!(
                "{} or {}",
                rule::SUBNET_IS_FULL.id,
                rule::INSUFFICIENT_SUBNET_SIZE.id
            ),
            format!(
                "no addresses for surge nodes{}",
                match subnets.is_empty() {
                    true => String::new(),
                    false => format!(" in {}", subnets.join(", ")),
                }
            ),
            "free addresses there: private endpoints, load balancers, machines of others; then resume. A smaller max_surge refuses a \
             resume as drift before Azure took the move, and is noted after it",
            vec![of.capacity()],
        );
        row(
            [
                &rule::ERR_CODE_INSUFFICIENT_VCPU_QUOTA,
                &rule::QUOTA_EXCEEDED,
                &rule::ALLOCATION_FAILED,
                &rule::ZONAL_ALLOCATION_FAILED,
            ]
            .map(|rule| rule.id)
            .join(", "),
            format!(
                "Azure gives no machines for surge nodes{}",
                pools
                    .surge()
                    .map_or_else(String::new, |surge| format!(" ({surge})"))
            ),
            "ask for quota or free cores; without capacity in the region or zone wait; then resume",
            Vec::new(),
        );
    }
    let spot = pools.spot();
    if !spot.is_empty() {
        row(
            format!("nodes of {} go without a drain", spot.join(", ")),
            "Spot nodes get an eviction notice and have no surge nodes (UPG-12)".to_string(),
            "nothing: their pods come back when a node is there",
            Vec::new(),
        );
    }
    row(
        format!(
            "409 {}: Another operation is in progress",
            rule::OPERATION_NOT_ALLOWED.id
        ),
        "somebody else's operation, or an automatic upgrade, runs".to_string(),
        "let it end: aksplan waits, or stops as --on-blocked says. AKSOperationPreempted: ours was taken over; when theirs has ended, resume",
        vec![az(
            plan,
            &["az", "aks", "show"],
            "--name",
            &[
                ("--query", Some("provisioningState")),
                ("--output", Some("tsv")),
            ],
        )],
    );
    row(
        "refused: a fact was one thing when the plan was made, and is another; or 412".to_string(),
        "somebody changed the cluster, a pool, a subnet or a budget in between".to_string(),
        "put it back as the plan has it, or make the plan again. Once Azure took the move there is nothing left to plan: resume notes it \
         and goes on. After a failed reimage other budgets and node counts are noted as well, for they may be what releases a node",
        Vec::new(),
    );
    row(
        "aksplan is gone: killed, laptop closed, connection lost".to_string(),
        "AKS goes on without it, and nothing is sent twice".to_string(),
        "resume from the same folder, where plan and journal lie, or on another machine with both files. The lock of a run that is gone \
         ends by itself after a minute",
        Vec::new(),
    );
    row(
        "the window is over".to_string(),
        "what AKS has begun goes on; aksplan begins nothing new".to_string(),
        "watch until it ends: resume does that at any time. What is left to begin waits for the next window, or another --window if who \
         says go agrees",
        Vec::new(),
    );
    rows
}

fn minutes(pools: &Pools, names: &[&str]) -> String {
    let words: Vec<String> = names
        .iter()
        .map(|pool| format!("{pool} {} min", pools.drain_minutes(pool)))
        .collect();
    words.join(", ")
}

//! Puts a plan together: steps, what is foreseen of each, the facts it relies on. Refuses where something stands in the way that no step
//! removes.

use super::decision::is_said;
use super::dependents::dependents;
use super::drains;
use super::fingerprint;
use super::foresee::{Chance, Foresights, blockers, halted, sentence};
use super::plan::{FORMAT_VERSION, KIND, Plan, PlanFinding, Target};
use super::sequence::Sequence;
use super::step::{Action, Seconds, Step};
use super::window::{Ahead, Window, ahead};
use crate::finding::{Finding, Severity};
use crate::model::{ClusterIndex, Inventory, IpNet};
use crate::simulate::Policy;

/// What a plan is made of.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub inventory: &'a Inventory,
    pub cluster: ClusterIndex,
    pub pod_cidr: IpNet,
    pub superset: Option<IpNet>,
    pub sequence: Sequence,
    pub policy: &'a Policy,
    pub chance: Chance,
    /// `--window`, where it is given.
    pub window: Option<Window>,
    /// What was found on the way: admission, range, window.
    pub findings: Vec<Finding>,
    pub not_checked: Vec<String>,
    /// `aksplan 0.1.0`
    pub made_by: String,
}

/// Why no plan is made without objects.
pub const NOT_READ: &str = "no nodes of the cluster were read, so nothing is known of what the move does to them and their pods: read them with \
                            --kubernetes, or give the output of kubectl";

/// Everything that stands in the way, in whole sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub Vec<String>);

/// Makes the plan.
///
/// # Errors
/// [`Refused`].
pub fn build(request: Request) -> Result<Plan, Refused> {
    let Request {
        inventory,
        cluster: index,
        pod_cidr,
        superset,
        sequence,
        policy,
        chance,
        window,
        findings,
        mut not_checked,
        made_by,
    } = request;
    let at_the_move = as_at_the_move(inventory, index, &sequence.steps);
    let blockers = blockers(&at_the_move, at_the_move.cluster(index), &pod_cidr);
    // AKS's own answer to the same comes with the findings.
    let told_by_none = blockers
        .iter()
        .filter(|obstacle| !is_said(obstacle, &findings));
    let mut refused: Vec<String> = told_by_none.map(sentence).collect();
    refused.extend(
        findings
            .iter()
            .filter(|finding| finding.severity == Severity::Blocker)
            .map(|finding| finding.message.clone()),
    );
    let mut told: Vec<PlanFinding> = sequence.findings.iter().map(PlanFinding::from).collect();
    told.extend(findings.iter().map(PlanFinding::from));
    let mut steps = sequence.steps;
    let foresights = Foresights::of(&at_the_move, index, &steps, policy, chance);
    for step in steps.iter_mut().filter(|step| step.reimages) {
        if let Some(foresight) = foresights.of_step(step) {
            step.expected = foresight.seconds;
            step.foreseen = Some(Box::new(foresight.foreseen.clone()));
        }
    }
    match &foresights.moved {
        None => refused.push(NOT_READ.to_string()),
        Some(foresight) => {
            not_checked.extend(foresight.not_checked.iter().cloned());
            told.extend(drains::findings(&foresight.beforehand));
            let hopeless: Vec<String> = foresight
                .beforehand
                .iter()
                .filter(|verdict| verdict.finding.severity == Severity::Blocker)
                .map(|verdict| verdict.told().message)
                .collect();
            let undone = foresight.undone.as_ref();
            refused
                .extend(undone.and_then(|undone| halted("the simulated move", undone, &hopeless)));
            refused.extend(hopeless);
        }
    }
    for step in steps.iter().filter(|step| step.is_plain_reimage()) {
        // Alike in what they do to nodes: one sentence each would say the same.
        let undone = foresights
            .of_step(step)
            .and_then(|foresight| foresight.undone.as_ref());
        let what = format!("the simulated reimage of step {}", step.id);
        refused.extend(undone.and_then(|undone| halted(&what, undone, &refused)));
    }
    refused.sort();
    refused.dedup();
    if !refused.is_empty() {
        return Err(Refused(refused));
    }
    not_checked.sort();
    not_checked.dedup();
    let cluster = inventory.cluster(index);
    let expected = together(&steps);
    let (ahead, of_windows) = ahead(cluster, window.as_ref(), inventory.observed_at, expected);
    told.extend(of_windows.iter().map(PlanFinding::from));
    Ok(Plan {
        kind: KIND.to_string(),
        format_version: FORMAT_VERSION.to_string(),
        made_by,
        observed_at: inventory.observed_at.map(|at| at.to_string()),
        target: Target {
            id: cluster.id.as_ref().map(ToString::to_string),
            name: cluster.name.clone(),
            resource_group: cluster.resource_group.clone(),
            subscription: cluster
                .id
                .as_ref()
                .and_then(|id| id.segment("subscriptions"))
                .map(str::to_string),
            tenant: cluster.tenant.clone(),
        },
        pod_cidr,
        pod_cidr_superset: superset.filter(|superset| *superset != pod_cidr),
        expected,
        steps,
        findings: told,
        breaks: dependents(inventory, cluster, Some(&pod_cidr)),
        ahead: (ahead != Ahead::default()).then_some(ahead),
        not_checked,
        facts: fingerprint::facts(inventory, cluster),
        fingerprint: String::new(),
        digest: String::new(),
    }
    .sealed())
}

/// One after the other.
pub fn together(steps: &[Step]) -> Option<Seconds> {
    let reimages = steps.iter().filter(|step| step.reimages);
    Seconds::in_all(reimages.map(|step| step.expected))
}

/// The inventory as it will be when the move itself begins: with what the steps before it change.
pub fn as_at_the_move(inventory: &Inventory, index: ClusterIndex, steps: &[Step]) -> Inventory {
    let mut then = inventory.clone();
    let cluster = &mut then.clusters[index.get()];
    for step in steps {
        match &step.action {
            Action::MoveToOverlay { .. } => break,
            Action::SetUpgradeSettings { pool, to, .. } => {
                let pool = cluster
                    .pools
                    .iter_mut()
                    .find(|known| known.name.eq_ignore_ascii_case(pool));
                if let Some(pool) = pool {
                    pool.upgrade = to.clone();
                }
            }
            Action::RemoveNetworkPolicy { .. } => cluster.network.policy = None,
            Action::EnableCilium { .. } => {
                cluster.network.policy = Some("cilium".to_string());
                cluster.network.dataplane = Some("cilium".to_string());
            }
            _ => {}
        }
    }
    then
}

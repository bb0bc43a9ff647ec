//! Findings on what is so before anything moves: objects that were not read, nodes that are not Ready, settings that AKS refuses; and
//! what was taken to be so because nothing says it. Looks at no run.

use super::Simulation;
use super::words::{Names, listed, span};
use crate::capacity::surge::DEFAULT_MAX_SURGE;
use crate::finding::{Finding, Severity, counted};
use crate::model::{NodePool, PoolMode};
use crate::population::NodeId;
use crate::rule;
use crate::simulate::Setting;
use crate::simulate::setting::{GroupSetting, Operation};

const NAMED: usize = 5;
/// Seconds of drain timeout that the service takes at least (UPG-8).
const LEAST_DRAIN_TIMEOUT: u32 = 300;

pub fn findings(simulation: &Simulation, names: &Names, found: &mut Vec<Finding>) {
    let setting = simulation.setting;
    budgets_unread(setting, found);
    nodes(setting, names, found);
    for group in &setting.groups {
        settings(setting, group, found);
    }
    pending(simulation, found);
}

/// Without budgets every eviction is allowed, which is the most dangerous thing to be silent about.
fn budgets_unread(setting: &Setting, found: &mut Vec<Finding>) {
    const KIND: &str = "PodDisruptionBudget";
    let state = setting.population.state;
    let is_known = state.has_kind(KIND)
        || state.absent_kinds.iter().any(|absent| absent == KIND)
        || !state.disruption_budgets.is_empty();
    let are_asked = match &setting.operation {
        Operation::Drain(drain) => !drain.options.disable_eviction,
        _ => true,
    };
    if !is_known && are_asked {
        found.push(Finding::new(
            Severity::Warning,
            "budgets-not-read",
            "no disruption budget is among the objects, so every eviction is taken to be allowed at once; unless there are none, \
             add the output of `kubectl get pdb -A -o json`",
            &[&rule::PDB_3],
        ));
    }
}

fn nodes(setting: &Setting, names: &Names, found: &mut Vec<Finding>) {
    let population = setting.population;
    let with = |is: &dyn Fn(NodeId) -> bool| -> Vec<String> {
        let all = setting.groups.iter().flat_map(|group| &group.nodes);
        all.filter(|node| is(**node))
            .map(|node| names.short(*node).to_string())
            .collect()
    };
    let dead = with(&|node| !population.nodes[node.at()].ready);
    if !dead.is_empty() {
        found.push(Finding::new(
            Severity::Warning,
            "node-not-ready",
            format!(
                "{} not Ready before it begins: {}; without its kubelet nobody confirms that a pod has ended, so a drain waits \
                 for it until its timeout",
                counted(dead.len() as u64, "node is", "nodes are"),
                listed(&dead, NAMED)
            ),
            &[&rule::UPG_8],
        ));
    }
    let cordoned = with(&|node| !population.nodes[node.at()].schedulable);
    if !cordoned.is_empty() {
        found.push(Finding::new(
            Severity::Info,
            "node-cordoned",
            format!(
                "{} cordoned before it begins: {}",
                counted(cordoned.len() as u64, "node is", "nodes are"),
                listed(&cordoned, NAMED)
            ),
            &[],
        ));
    }
}

/// The pool as Azure has it; `None`: a drain, or only its nodes were read.
fn pool_of<'a>(setting: &Setting<'a>, group: &GroupSetting) -> Option<&'a NodePool> {
    let position = setting.population.pools[group.pool?.at()].position?;
    setting.population.cluster.pools.get(position)
}

fn settings(setting: &Setting, group: &GroupSetting, found: &mut Vec<Finding>) {
    if !group.reimages || group.nodes.is_empty() {
        return;
    }
    let name = &group.name;
    if group.spot {
        found.push(Finding::new(
            Severity::Info,
            "spot-asks-no-budget",
            format!(
                "pool {name}: its Spot nodes are evicted without a drain, and no budget is asked"
            ),
            &[&rule::UPG_12],
        ));
        return;
    }
    if group.surge == 0 && group.unavailable == 0 {
        let is_system = pool_of(setting, group).is_some_and(|pool| pool.mode == PoolMode::System);
        let why = if is_system {
            "max_surge is 0, and max_unavailable is not allowed on a system pool: set max_surge to 1 or more"
        } else {
            "max_surge is 0 and so is max_unavailable: AKS wants one of them above 0"
        };
        found.push(Finding::new(
            Severity::Blocker,
            "no-surge-and-none-unavailable",
            format!("pool {name}: {why}"),
            &[&rule::UPG_7],
        ));
    }
    if (1..LEAST_DRAIN_TIMEOUT).contains(&group.drain_timeout) {
        found.push(Finding::new(
            Severity::Warning,
            "drain-timeout-too-short",
            format!(
                "pool {name}: a drain timeout of {} is played, and the service takes none below {}",
                span(group.drain_timeout),
                span(LEAST_DRAIN_TIMEOUT)
            ),
            &[&rule::UPG_8],
        ));
    }
}

/// Pods that wait for a node already, unless more was said of them.
fn pending(simulation: &Simulation, found: &mut Vec<Finding>) {
    let is_told = simulation
        .findings
        .iter()
        .any(|finding| finding.code == "pending-fits-nowhere");
    let population = simulation.setting.population;
    let waiting: Vec<String> = population
        .pod_ids()
        .filter(|pod| {
            let facts = &population.pods[pod.at()];
            facts.node.is_none() && !facts.deleting && !facts.phase.is_finished()
        })
        .map(|pod| population.pod_name(pod))
        .collect();
    if !waiting.is_empty() && !is_told {
        found.push(Finding::new(
            Severity::Info,
            "pending-before",
            format!(
                "{} no node before it begins: {}",
                counted(waiting.len() as u64, "pod has", "pods have"),
                listed(&waiting, NAMED)
            ),
            &[],
        ));
    }
}

/// What was taken to be so, in sentences.
pub fn assumptions(setting: &Setting) -> Vec<String> {
    let mut sentences = Vec::new();
    let reimaged = || setting.groups.iter().filter(|group| group.reimages);
    for group in reimaged() {
        if let Some(pool) = pool_of(setting, group)
            && !pool.spot
            && pool.upgrade.max_surge.is_none()
        {
            sentences.push(format!(
                "pool {}: its max_surge is not set; {DEFAULT_MAX_SURGE} is taken, {}, and some documents say 1 (UPG-1)",
                group.name,
                counted(u64::from(group.surge), "surge node", "surge nodes")
            ));
        }
    }
    if !setting.together && reimaged().count() > 1 {
        sentences.push(
            "the order of the pools: they go as they are listed, and AKS promises no order (UPG-11)"
                .to_string(),
        );
    }
    sentences
}

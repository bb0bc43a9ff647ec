//! What the simulator makes of the same state and the same drain, beside what the cluster did: every answer to every eviction, how
//! many there were, which budget refused, how each node ended, and where replacements are. Each disagreement is a line.

use super::case::{Drain as Asked, Expect, How, Run};
use super::foretold::{cluster, options, state, workload};
use super::objects::{POOL, node_name};
use super::observed::{Counts, NodeFate, Observed, Verdict as Seen};
use super::rest::is_ready;
use aksplan::disruption::drain::DrainTimeout;
use aksplan::model::workload::Node;
use aksplan::model::{Cluster, IntOrPercent, KubernetesState, NodePool};
use aksplan::population::{NodeId, PodId, PoolId, Population};
use aksplan::simulate::outcome::{NodeEnd, PodEnd};
use aksplan::simulate::{Drain, Engine, Happening, Operation, Outcome, Policy, Setting, What};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What both can say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    nodes: BTreeMap<String, NodeFate>,
    verdicts: Counts,
    evictions: usize,
    landed: Counts,
    pending: BTreeMap<String, usize>,
    fewest_ready: BTreeMap<String, usize>,
}

/// Why this drain is not simulated, if it is not.
pub fn left_out(drain: &Asked) -> Option<&'static str> {
    if drain.how == How::InTurn && drain.nodes.len() > 1 && !drain.reimaged {
        return Some("a drain in the simulator cordons all of its nodes first, as kubectl does");
    }
    None
}

/// Every disagreement. `gone_after`: seconds that pods of the case take to end.
pub fn disagreements(
    list: &Value,
    scope: &str,
    run: &Run,
    gone_after: u32,
    seen: &Observed,
) -> Vec<String> {
    let drain = &run.drain;
    let nothing = Expect::default();
    let expect = run.expect.as_ref().unwrap_or(&nothing);
    let ours = simulated(list, scope, drain, gone_after);
    let theirs = observed(seen);
    let mut found = Vec::new();
    let mut differ = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            found.push(format!(
                "{what}: simulated {ours}\n      observed  {theirs}"
            ));
        }
    };
    let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
    if run.expect.is_none() && drain.how == How::AtOnce {
        // Of pods on two nodes that ask for one slot in the same moment, either may get it: so many nodes are stuck, whichever.
        let fates = |told: &Told| {
            let mut fates: Vec<String> = told.nodes.values().map(|fate| text(fate)).collect();
            fates.sort();
            fates
        };
        differ("nodes", text(&fates(&ours)), text(&fates(&theirs)));
    } else if run.expect.is_none() || expect.nodes.is_some() {
        differ("nodes", text(&ours.nodes), text(&theirs.nodes));
    }
    differ("verdicts", text(&ours.verdicts), text(&theirs.verdicts));
    differ("evictions", text(&ours.evictions), text(&theirs.evictions));
    differ("landed", text(&ours.landed), text(&theirs.landed));
    differ("pending", text(&ours.pending), text(&theirs.pending));
    // A dip shorter than a look is not seen: only where the case says that it is long.
    for workload in expect.fewest_ready.iter().flat_map(BTreeMap::keys) {
        let (ours, theirs) = (
            ours.fewest_ready.get(workload),
            theirs.fewest_ready.get(workload),
        );
        // The simulator tells of workloads whose number changed.
        if ours.is_some() {
            differ(
                &format!("fewest ready of {workload}"),
                text(&ours),
                text(&theirs),
            );
        }
    }
    let Some(why) = &run.simulator_errs_to_blocked else {
        return found;
    };
    for line in &found {
        println!("{scope}: known: {why}: {line}");
    }
    if found.is_empty() {
        return vec![format!("nothing differs any more; it is said that {why}")];
    }
    if ours.evictions > theirs.evictions {
        return found;
    }
    Vec::new()
}

fn observed(seen: &Observed) -> Told {
    let mut told = Told {
        nodes: seen.nodes.clone(),
        landed: seen.landed.clone(),
        pending: seen.pending.clone(),
        fewest_ready: seen.fewest_ready.clone(),
        ..Told::default()
    };
    for pod in &seen.pods {
        let mut words: Vec<String> = Vec::new();
        for verdict in &pod.verdicts {
            let word = match verdict {
                Seen::Evicted => "evicted".to_string(),
                Seen::Refused { budget, .. } => format!("429 {budget}"),
                Seen::Failed { code, .. } => code.to_string(),
                other => format!("{other:?}"),
            };
            if words.last() != Some(&word) {
                words.push(word);
            }
        }
        count(&mut told, &pod.workload, &words);
    }
    told
}

fn count(told: &mut Told, workload: &str, words: &[String]) {
    if words.last().is_some_and(|word| word == "evicted") {
        told.evictions += 1;
    }
    let lines = told.verdicts.entry(workload.to_string()).or_default();
    *lines.entry(words.join(" > ")).or_default() += 1;
}

/// A cluster that is a minute old: what never becomes ready looks there like what is still starting. It is shown as a day old.
fn aged(list: &Value) -> Value {
    let mut list = list.clone();
    for object in list["items"].as_array_mut().into_iter().flatten() {
        if object["kind"] == "Pod" && !is_ready(object) {
            let at = object["metadata"]["creationTimestamp"].as_str();
            let at: Option<jiff::Timestamp> = at.and_then(|at| at.parse().ok());
            let at = at.expect("the server writes it") - jiff::SignedDuration::from_hours(24);
            object["metadata"]["creationTimestamp"] = at.to_string().into();
        }
    }
    list
}

fn simulated(list: &Value, scope: &str, drain: &Asked, gone_after: u32) -> Told {
    let (mut cluster, mut state) = (cluster(), state(&aged(list)));
    if drain.reimaged {
        in_place(&mut cluster, &mut state, gone_after);
    }
    let population = Population::of(&cluster, &state);
    let id = |name: &String| {
        let name = node_name(name, scope);
        let found = population.node_ids();
        let mut found = found.filter(|id| population.node(*id).name == name);
        found.next().expect("the drained node was read")
    };
    let nodes: Vec<NodeId> = drain.nodes.iter().map(id).collect();
    // Pods of a case take all of their time to end, nodes none to be reimaged, and the drain asks every second.
    let policy: Policy = serde_json::from_value(serde_json::json!({
        "pod_stop_percent": {"median": 100, "p90": 100},
        "node_reimage": {"median": 1, "p90": 1},
        "eviction_retry_seconds": 1,
        "replacement_seconds": 0
    }))
    .expect("these are its fields");
    let operation = operation(&population, drain, &nodes, gone_after);
    let setting = Setting::of(&population, None, operation, &policy, None);
    let (ended, log) = Engine::new(&setting).record();
    let outcome = Outcome::of(&setting, ended, log);
    let mut told = Told::default();
    answers(&population, &outcome, &mut told);
    for node in &outcome.nodes {
        let Some(position) = nodes.iter().position(|id| *id == node.node) else {
            continue;
        };
        let fate = match node.end {
            NodeEnd::Done => NodeFate::Drained,
            NodeEnd::Refused => NodeFate::Refused,
            NodeEnd::NotReached => NodeFate::NotReached,
            _ => NodeFate::Stuck,
        };
        told.nodes.insert(drain.nodes[position].clone(), fate);
    }
    // Those that waited before, and still do.
    for pod in population.pod_ids() {
        let facts = population.pods[pod.at()];
        let placed =
            |happening: &Happening| matches!(happening.what, What::Placed(one, _) if one == pod);
        if facts.node.is_none() && !outcome.log.iter().any(placed) {
            *told.pending.entry(workload(&population, pod)).or_default() += 1;
        }
    }
    for pod in outcome.pods.iter().filter(|pod| pod.evictions > 0) {
        let workload = workload(&population, pod.pod);
        match (pod.end, pod.node) {
            (PodEnd::Unplaced | PodEnd::NotMade, _) => {
                *told.pending.entry(workload).or_default() += 1;
            }
            (PodEnd::Lost | PodEnd::Cleared, _) | (_, None) => {}
            (_, Some(node)) => {
                let pool = pool_of(population.node(node)).unwrap_or_default();
                let pools = told.landed.entry(workload).or_default();
                *pools.entry(pool).or_default() += 1;
            }
        }
    }
    for workload in &outcome.workloads {
        let facts = &population.workloads[workload.workload.at()];
        let name = format!("{}/{}", facts.kind, facts.name);
        told.fewest_ready.insert(name, workload.lowest as usize);
    }
    told
}

/// The pools that are upgraded in place, a node at a time: it takes pods again before the next is touched. An upgrade has no
/// `--grace-period`, so that pods bring their own.
fn in_place(cluster: &mut Cluster, state: &mut KubernetesState, gone_after: u32) {
    let names: BTreeSet<String> = state.nodes.iter().filter_map(pool_of).collect();
    for name in names {
        let count = state
            .nodes
            .iter()
            .filter(|node| pool_of(node).as_ref() == Some(&name));
        let mut pool = NodePool::new(name.clone(), count.count() as u64, 30);
        pool.upgrade.max_surge = Some(IntOrPercent::Int(0));
        pool.upgrade.max_unavailable = Some(IntOrPercent::Int(1));
        cluster.pools.push(pool);
    }
    for pod in &mut state.pods {
        pod.termination_grace_seconds = Some(gone_after.into());
    }
}

fn pool_of(node: &Node) -> Option<String> {
    let found = node.labels.iter().find(|(key, _)| key.as_str() == POOL)?;
    Some(found.1.to_string())
}

fn operation(
    population: &Population,
    drain: &Asked,
    nodes: &[NodeId],
    gone_after: u32,
) -> Operation {
    if !drain.reimaged {
        let mut options = options(drain);
        options.grace_period_seconds = Some(gone_after);
        // Longer than anything of a case takes: the driver here gives up too.
        options.timeout = DrainTimeout::Seconds(1800);
        return Operation::Drain(Drain {
            nodes: nodes.to_vec(),
            together: drain.how == How::AtOnce,
            options,
        });
    }
    let mut pools: Vec<PoolId> = Vec::new();
    for node in nodes {
        let pool = population.nodes[node.at()].pool.expect("it has a label");
        if pools.last() != Some(&pool) {
            pools.push(pool);
        }
    }
    let all: Vec<NodeId> = pools
        .iter()
        .flat_map(|pool| population.pools[pool.at()].nodes.clone())
        .collect();
    assert_eq!(all, nodes, "an upgrade takes whole pools, in order");
    Operation::Upgrade { pools }
}

/// What each pod was told, in order. A replacement that is evicted in its turn is another pod to the cluster.
fn answers(population: &Population, outcome: &Outcome, told: &mut Told) {
    let mut open: BTreeMap<PodId, Vec<String>> = BTreeMap::new();
    for happening in &outcome.log {
        let (pod, word) = match happening.what {
            What::Refused(pod, budget) => {
                let name = &population.state.disruption_budgets[budget.at()].name;
                (pod, format!("429 {name}"))
            }
            What::SeveralBudgets(pod) => (pod, "500".to_string()),
            What::Evicted(pod, _) | What::EvictedFreely(pod) => (pod, "evicted".to_string()),
            _ => continue,
        };
        let words = open.entry(pod).or_default();
        let is_over = word == "evicted";
        words.push(word);
        if is_over {
            let words = open.remove(&pod).expect("just pushed");
            count(told, &workload(population, pod), &words);
        }
    }
    for (pod, words) in open {
        count(told, &workload(population, pod), &words);
    }
}

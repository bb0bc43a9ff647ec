//! Clusters that nobody thought of: drawn from a seed, drained all at once, and only compared with the simulator. What is drawn is
//! such that luck cannot change what is compared: each budget guards one workload, and there is room for all or for few of one.

use super::case::{Case, Drain, How, NodeRow, Run};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// SplitMix64: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// One time in `times`.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }
}

/// The same seed draws the same cluster.
pub fn case(seed: u64) -> Case {
    let mut dice = Dice(seed);
    let drained: Vec<String> = (0..=dice.below(3)).map(|n| format!("a{n}")).collect();
    let is_tight = dice.once_in(4);
    let mut nodes: Vec<NodeRow> = drained
        .iter()
        .map(|name| row(name, "apps", 40, false))
        .collect();
    for n in 0..=dice.below(3) {
        let pods = if is_tight { dice.below(2) } else { 40 };
        nodes.push(row(&format!("s{n}"), "spare", pods as u32, true));
    }
    let workloads = if is_tight { 1 } else { 2 + dice.below(4) };
    let mut objects = Vec::new();
    for n in 0..workloads {
        let name = format!("w{n}");
        budgets(&mut dice, &name, &mut objects);
        objects.push(workload(&mut dice, &name));
    }
    let drain = Drain {
        nodes: drained,
        how: How::AtOnce,
        reimaged: false,
        ignore_daemonsets: true,
        delete_emptydir_data: true,
        force: true,
    };
    let run = Run {
        drain,
        simulator_errs_to_blocked: None,
        expect: None,
    };
    Case {
        name: format!("drawn-{seed}"),
        why: String::new(),
        rules: Vec::new(),
        nodes,
        objects,
        before: Vec::new(),
        runs: BTreeMap::from([("at-once".to_string(), run)]),
    }
}

fn row(name: &str, pool: &str, pods: u32, later: bool) -> NodeRow {
    NodeRow {
        name: name.to_string(),
        pool: pool.to_string(),
        zone: None,
        pods,
        cpu: "16".to_string(),
        later,
        taints: Vec::new(),
    }
}

/// Mostly one, sometimes none, seldom two.
fn budgets(dice: &mut Dice, app: &str, objects: &mut Vec<Value>) {
    let count = match dice.below(12) {
        0 | 1 => 0,
        2 => 2,
        _ => 1,
    };
    for n in 0..count {
        let name = format!("{app}-{n}");
        let percent =
            |dice: &mut Dice| json!(dice.one_of(&["0%", "10%", "34%", "50%", "67%", "100%"]));
        let amount = if dice.once_in(2) {
            percent(dice)
        } else {
            json!(dice.below(5))
        };
        let field = dice.one_of(&["maxUnavailable", "minAvailable"]);
        let mut spec = json!({"selector": {"matchLabels": {"app": app}}});
        spec[field] = amount;
        match dice.below(3) {
            0 => spec["unhealthyPodEvictionPolicy"] = json!("AlwaysAllow"),
            1 => spec["unhealthyPodEvictionPolicy"] = json!("IfHealthyBudget"),
            _ => {}
        }
        objects
            .push(json!({"kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}));
    }
}

fn workload(dice: &mut Dice, name: &str) -> Value {
    // Long enough that who is refused is not a question of who is slow.
    let mut metadata = json!({"annotations": {"aksplan.test/ready-after": "4s"}});
    match dice.below(12) {
        0 | 2 => metadata["labels"]["play"] = json!("never-ready"),
        1 => metadata["labels"]["play"] = json!("waits"),
        _ => {}
    }
    let mut template = json!({"metadata": metadata});
    if dice.once_in(5) {
        let apart = json!([{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": name}}}]);
        template["spec"]["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
            apart;
    }
    let replicas = 1 + dice.below(5);
    let kind = dice.one_of(&[
        "Deployment",
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "Pod",
    ]);
    if kind == "Pod" {
        return json!({"kind": kind, "metadata": {"name": name, "annotations": metadata["annotations"], "labels": metadata["labels"]},
            "spec": template["spec"]});
    }
    let mut object = json!({"kind": kind, "metadata": {"name": name}, "spec": {"replicas": replicas, "template": template}});
    if kind == "StatefulSet" && dice.once_in(2) {
        object["spec"]["podManagementPolicy"] = json!("Parallel");
    }
    object
}

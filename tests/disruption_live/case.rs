//! What a case file says: a small cluster, what is done to it, and what must come of it. Talks to nobody.

use super::observed::{BudgetSeen, NodeFate};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The file's name, without its ending.
    #[serde(skip)]
    pub name: String,
    /// What it shows, in a sentence.
    #[allow(dead_code, reason = "for whoever reads the file")]
    pub why: String,
    /// Rules of the book that it is an example of.
    pub rules: Vec<String>,
    pub nodes: Vec<NodeRow>,
    /// Kubernetes objects; what they leave out is filled in by [`super::objects::complete`]. `$scope` stands for the run's name
    /// in the cluster.
    pub objects: Vec<Value>,
    /// Done once the cluster is at rest, before the drain.
    #[serde(default)]
    pub before: Vec<Before>,
    /// By name: the same cluster drained in several ways.
    pub runs: BTreeMap<String, Run>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeRow {
    pub name: String,
    pub pool: String,
    #[serde(default)]
    pub zone: Option<String>,
    /// Most pods.
    #[serde(default = "thirty")]
    pub pods: u32,
    #[serde(default = "four")]
    pub cpu: String,
    /// Takes pods only once the others are placed: so a case decides where pods are at the start.
    #[serde(default)]
    pub later: bool,
    #[serde(default)]
    pub taints: Vec<Value>,
}

fn thirty() -> u32 {
    30
}

fn four() -> String {
    "4".to_string()
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Before {
    /// Running pods stop being ready, and stay so.
    Unready(Pick),
    /// Pods are deleted, and are still terminating when the drain begins if they take long enough.
    Delete(Pick),
    /// An object is made late, when pods are running.
    Make(Value),
}

/// The first `count` pods of an app, by node and name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pick {
    pub app: String,
    #[serde(default)]
    pub node: Option<String>,
    pub count: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub drain: Drain,
    /// Why the simulator, on purpose, lets fewer pods go than the cluster does. It must then, and never more.
    #[serde(default)]
    pub simulator_errs_to_blocked: Option<String>,
    /// What must come of it; of what is drawn nothing is known beforehand.
    pub expect: Option<Expect>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Each is cordoned and drained before the next is touched; the first that is stuck ends it. As an upgrade goes.
    InTurn,
    /// All are cordoned, then drained one after the other, also when one is stuck. As kubectl drains several nodes.
    CordonedFirst,
    /// All are cordoned and drained together. As the update to Overlay goes.
    AtOnce,
}

/// Named like kubectl's flags. Without a word: everything is evicted that can be, and pods of daemon sets stay.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drain {
    pub nodes: Vec<String>,
    #[serde(default = "in_turn")]
    pub how: How,
    /// A drained node takes pods again before the next is touched, as one that was reimaged.
    #[serde(default)]
    pub reimaged: bool,
    #[serde(default = "yes")]
    pub ignore_daemonsets: bool,
    #[serde(default = "yes")]
    pub delete_emptydir_data: bool,
    #[serde(default = "yes")]
    pub force: bool,
}

fn in_turn() -> How {
    How::InTurn
}

fn yes() -> bool {
    true
}

/// All of it is compared; the last two only where they are given.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// `null`: there, but what its status says is luck.
    pub budgets: BTreeMap<String, Option<BudgetSeen>>,
    /// `null`: luck decides which node is drained.
    pub nodes: Option<BTreeMap<String, NodeFate>>,
    /// Workload → what its pods were told, in order → how many pods.
    pub verdicts: BTreeMap<String, BTreeMap<String, usize>>,
    /// Workload → pool → how many pods that were not there before.
    pub landed: BTreeMap<String, BTreeMap<String, usize>>,
    /// Workload → how many pods wait for a node at the end.
    pub pending: BTreeMap<String, usize>,
    /// Workload → node → why the drain was refused before it began.
    pub refused: BTreeMap<String, Vec<String>>,
    /// Workload → the most pods of it that were there at once.
    pub most_pods: Option<BTreeMap<String, usize>>,
    /// Workload → the fewest of its pods that were ready at once.
    pub fewest_ready: Option<BTreeMap<String, usize>>,
}

impl Case {
    /// Seconds that its slowest pods take to end, at least one.
    pub fn gone_after(&self) -> u32 {
        let text = serde_json::to_string(&self.objects).expect("it was read as data");
        let marks = text.split("aksplan.test/gone-after\":\"").skip(1);
        let seconds = marks.filter_map(|rest| rest.split('s').next()?.parse().ok());
        seconds.max().unwrap_or(1)
    }

    pub fn read(path: &Path) -> Case {
        let text = std::fs::read_to_string(path).expect("it was just listed");
        let mut case: Case = serde_saphyr::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (name, run) in &case.runs {
            assert!(
                run.expect.is_some(),
                "{}: {name} expects nothing",
                path.display()
            );
        }
        let stem = path.file_stem().expect("it has a name");
        case.name = stem.to_string_lossy().into_owned();
        case
    }
}

//! The JSON shapes other tools read. Versioned: fields are added within `format_version` 1.x, never renamed or removed; a reader
//! ignores fields it does not know. The published schemas (`aksplan schema`) are derived from these types.

pub mod growth;
pub mod page;
pub mod readiness;
pub mod review;
pub mod simulation;

use crate::capacity::answer::Answer;
use crate::capacity::assess::{
    Assessment, FirstFailure, Levels, Verdict, pod_cidr_knobs, subnet_knobs,
};
use crate::capacity::cost::{NodeCost, cost_basis};
use crate::capacity::free::Suggestions;
use crate::capacity::growth::Books;
use crate::capacity::knobs::Knob;
use crate::capacity::modes::ModeRow;
use crate::capacity::overlap::{Overlap, OwnedRange};
use crate::capacity::surge::surge_nodes;
use crate::finding::{Finding, Severity};
use crate::migrate::eligibility::Eligibility;
use crate::model::{Inventory, NetworkMode, OsType};
use crate::predict::Prediction;
use crate::rule::{self, Rule};
use schemars::JsonSchema;
use serde::Serialize;

/// The version every JSON output begins with.
pub const FORMAT_VERSION: &str = "1.0";

fn ids(rules: &[&Rule]) -> Vec<&'static str> {
    rules.iter().map(|rule| rule.id).collect()
}

/// A number now, at the autoscalers' ceilings, and with every pool's surge nodes on top.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct LevelsShape<T> {
    pub now: T,
    pub ceiling: T,
    pub ceiling_with_surge: T,
}

impl<T> From<Levels<T>> for LevelsShape<T> {
    fn from(levels: Levels<T>) -> Self {
        LevelsShape {
            now: levels.now,
            ceiling: levels.ceiling,
            ceiling_with_surge: levels.ceiling_with_surge,
        }
    }
}

/// What the service answers.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ErrorShape {
    /// The service's code; `unknown` where it refuses with a code that no public source shows.
    pub code: &'static str,
    #[schemars(extend("enum" = ["admission", "runtime"]))]
    pub stage: &'static str,
    pub target: Option<String>,
    pub message: String,
    pub preallocated: Option<u64>,
    pub available: Option<u64>,
    pub subnet: Option<String>,
    pub cidr: Option<String>,
    pub rules: Vec<&'static str>,
    #[schemars(extend("enum" = ["documented", "observed", "inferred"]))]
    pub confidence: &'static str,
}

impl From<&Answer> for ErrorShape {
    fn from(answer: &Answer) -> Self {
        ErrorShape {
            code: answer.code,
            stage: answer.stage.word(),
            target: answer.target.clone(),
            message: answer.message.clone(),
            preallocated: answer.preallocated,
            available: answer.available,
            subnet: answer.subnet.clone(),
            cidr: answer.cidr.clone(),
            rules: ids(&answer.rules),
            confidence: answer.certainty.word(),
        }
    }
}

/// Something worth telling.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FindingShape {
    pub code: &'static str,
    pub severity: Severity,
    pub message: String,
    pub rules: Vec<&'static str>,
}

impl From<&Finding> for FindingShape {
    fn from(finding: &Finding) -> Self {
        FindingShape {
            code: finding.code,
            severity: finding.severity,
            message: finding.message.clone(),
            rules: ids(&finding.rules),
        }
    }
}

/// The first thing that fails when pools grow.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FirstFailureShape {
    pub cluster: String,
    pub pool: String,
    /// The pool's node count at which it fails, surge nodes included.
    pub nodes: u64,
    /// Of them, surge nodes of an upgrade; 0: it fails as the pool grows.
    pub surge_nodes: u64,
    /// It fails only if the pools surge all at once.
    pub together: bool,
    /// It fails at that count only with all other pools at their ceilings; `more_nodes` of the pool counts them as they are.
    pub others_at_ceiling: bool,
    /// `cluster/pool` of every pool whose upgrades AKS refuses now in this range.
    pub refused_now: Vec<String>,
    /// What AKS answers to a request.
    pub code: &'static str,
    pub message: String,
    #[schemars(extend("enum" = ["documented", "observed", "inferred"]))]
    pub confidence: &'static str,
    pub rules: Vec<&'static str>,
    /// What happens to the autoscaler, which sends no request to AKS.
    pub runtime: Option<ErrorShape>,
}

impl FirstFailureShape {
    fn of(inventory: &Inventory, failure: &FirstFailure) -> Self {
        FirstFailureShape {
            cluster: inventory.cluster(failure.cluster).label().to_string(),
            pool: failure.pool.clone(),
            nodes: failure.nodes,
            surge_nodes: failure.surge,
            together: failure.together,
            others_at_ceiling: failure.others_at_ceiling,
            refused_now: failure
                .refused
                .iter()
                .map(|(cluster, pool)| format!("{}/{pool}", inventory.cluster(*cluster).label()))
                .collect(),
            code: failure.answer.code,
            message: failure.answer.message.clone(),
            confidence: failure.answer.certainty.word(),
            rules: ids(&failure.answer.rules),
            runtime: failure.runtime.as_ref().map(ErrorShape::from),
        }
    }
}

/// What turning one knob frees.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct KnobShape {
    #[schemars(extend("enum" = ["max_count", "max_pods", "max_surge", "prefix", "overlay", "pod_cidr"]))]
    pub knob: &'static str,
    /// `cluster/pool`, or the cluster; null for the subnet itself.
    pub of: Option<String>,
    pub now: String,
    /// Addresses one unit frees at the ceiling with surge.
    pub frees: u64,
    /// The setting at which ceiling and surge fit, all else unchanged; null when this knob alone is not enough.
    pub enough: Option<String>,
    pub note: &'static str,
    pub rules: Vec<&'static str>,
}

impl From<&Knob> for KnobShape {
    fn from(knob: &Knob) -> Self {
        KnobShape {
            knob: knob.kind.key(),
            of: knob.of.clone(),
            now: knob.now.clone(),
            frees: knob.frees,
            enough: knob.enough.clone(),
            note: knob.note,
            rules: ids(&knob.rules),
        }
    }
}

/// Where a subnet stands.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SubnetShape {
    pub vnet: String,
    pub name: String,
    pub cidr: Vec<String>,
    /// Addresses something can hold: the prefix less Azure's five.
    pub usable: u64,
    /// Addresses held by something that is no node of a cluster that was read.
    pub foreign: u64,
    /// Addresses held by anything.
    pub used: u64,
    /// Where `used` and `foreign` come from.
    pub used_basis: &'static str,
    /// Addresses the pools' nodes hold.
    pub demand: LevelsShape<u64>,
    /// Addresses the service adds up; differs from `demand` in pod subnets.
    pub counted: LevelsShape<u64>,
    /// Addresses by the documented planning formula.
    pub documented: LevelsShape<u64>,
    /// `usable - foreign - demand`, or what the VNet's 65,536 addresses leave where that is less; negative when it does not fit.
    pub headroom: LevelsShape<i64>,
    #[schemars(extend("enum" = ["unused", "ok", "unknown", "surge_short", "vnet_short", "ceiling_short", "full"]))]
    pub verdict: &'static str,
    pub first_failure: Option<FirstFailureShape>,
    pub knobs: Vec<KnobShape>,
}

/// Where a pod CIDR stands.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PodCidrShape {
    pub cluster: String,
    pub cidr: String,
    /// Addresses in all: nothing is reserved here.
    pub addresses: u64,
    /// Nodes it has a /24 for.
    pub nodes: u64,
    pub demand: LevelsShape<u64>,
    pub headroom: LevelsShape<i64>,
    #[schemars(extend("enum" = ["unused", "ok", "unknown", "surge_short", "ceiling_short", "full"]))]
    pub verdict: &'static str,
    pub first_failure: Option<FirstFailureShape>,
    /// Empty where ceiling and surge fit.
    pub knobs: Vec<KnobShape>,
}

/// What one node costs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PerNodeShape {
    /// Addresses of the node subnet that the service counts.
    pub service: u64,
    /// Addresses of the node subnet that the documentation plans.
    pub documented: u64,
    /// Addresses of the pod subnet that a node holds.
    pub pod_subnet: Option<u64>,
    /// Addresses of the pod CIDR that a node takes.
    pub pod_cidr: Option<u64>,
    pub basis: String,
    /// How sure the service's number is.
    #[schemars(extend("enum" = ["documented", "observed", "inferred"]))]
    pub confidence: &'static str,
    pub rules: Vec<&'static str>,
}

/// One limit on a pool's growth.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LimitShape {
    #[schemars(extend("enum" = ["max_count", "subnet", "pod_subnet", "pod_cidr", "vnet_addresses", "pool_nodes", "cluster_nodes"]))]
    pub limit: &'static str,
    pub more_nodes: u64,
}

/// Where a pool stands.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PoolShape {
    pub cluster: String,
    pub name: String,
    pub os_type: &'static str,
    pub network_mode: Option<&'static str>,
    /// Null where the input leaves the number of nodes open, as a Terraform plan may; so are the numbers that follow from it.
    pub count: Option<u64>,
    pub min_count: Option<u64>,
    pub max_count: Option<u64>,
    pub max_pods: u32,
    /// Surge nodes of an upgrade that starts now.
    pub surge: Option<u64>,
    /// Surge nodes of an upgrade at the ceiling.
    pub surge_at_ceiling: Option<u64>,
    pub spot: bool,
    pub subnet: Option<String>,
    pub pod_subnet: Option<String>,
    pub per_node: Option<PerNodeShape>,
    /// More nodes that fit, whatever `max_count` says, all other pools staying as they are.
    pub more_nodes: Option<u64>,
    /// What binds first.
    pub binding_limit: Option<&'static str>,
    pub limits: Vec<LimitShape>,
    /// Most nodes that one step may add and still succeed.
    pub largest_step: Option<u64>,
}

/// A range with its owner.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RangeShape {
    pub kind: &'static str,
    pub owner: String,
    pub cidr: String,
}

impl From<&OwnedRange> for RangeShape {
    fn from(range: &OwnedRange) -> Self {
        RangeShape {
            kind: range.kind.key(),
            owner: range.owner.clone(),
            cidr: range.cidr.to_string(),
        }
    }
}

/// Two ranges that meet and must not.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OverlapShape {
    pub severity: Severity,
    pub a: RangeShape,
    pub b: RangeShape,
    pub why: String,
    pub rules: Vec<&'static str>,
}

impl From<&Overlap> for OverlapShape {
    fn from(overlap: &Overlap) -> Self {
        OverlapShape {
            severity: overlap.severity,
            a: (&overlap.a).into(),
            b: (&overlap.b).into(),
            why: overlap.why.clone(),
            rules: ids(&overlap.rules),
        }
    }
}

/// `aksplan capacity -o json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan capacity")]
pub struct CapacityShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    /// When it was read (RFC 3339); absent where the input does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed_at: Option<String>,
    /// Worst first.
    pub subnets: Vec<SubnetShape>,
    pub pod_cidrs: Vec<PodCidrShape>,
    pub pools: Vec<PoolShape>,
    pub overlaps: Vec<OverlapShape>,
    pub findings: Vec<FindingShape>,
    pub not_checked: Vec<String>,
}

impl CapacityShape {
    pub fn of(inventory: &Inventory, assessment: &Assessment) -> Self {
        let books = Books::of(inventory);
        CapacityShape {
            format_version: FORMAT_VERSION,
            observed_at: inventory.observed_at.map(|at| at.to_string()),
            subnets: assessment
                .subnets
                .iter()
                .map(|row| {
                    let subnet = inventory.subnet(row.index);
                    SubnetShape {
                        vnet: inventory.vnet(subnet.vnet).label().to_string(),
                        name: subnet.name.clone(),
                        cidr: subnet.prefixes.iter().map(ToString::to_string).collect(),
                        usable: row.usable,
                        foreign: row.foreign,
                        used: row.used,
                        used_basis: row.basis.word(),
                        demand: row.demand.into(),
                        counted: row.counted.into(),
                        documented: row.planned.into(),
                        headroom: row.headroom.into(),
                        verdict: row.verdict.key(),
                        first_failure: row
                            .first_failure
                            .as_ref()
                            .map(|failure| FirstFailureShape::of(inventory, failure)),
                        knobs: subnet_knobs(&books, row)
                            .iter()
                            .map(KnobShape::from)
                            .collect(),
                    }
                })
                .collect(),
            pod_cidrs: assessment
                .pod_cidrs
                .iter()
                .map(|row| PodCidrShape {
                    cluster: inventory.cluster(row.cluster).label().to_string(),
                    cidr: row.cidr.to_string(),
                    addresses: row.addresses,
                    nodes: row.nodes,
                    demand: row.demand.into(),
                    headroom: row.headroom.into(),
                    verdict: row.verdict.key(),
                    first_failure: row
                        .first_failure
                        .as_ref()
                        .map(|failure| FirstFailureShape::of(inventory, failure)),
                    knobs: match row.verdict >= Verdict::SurgeShort {
                        true => pod_cidr_knobs(inventory, row),
                        false => Vec::new(),
                    }
                    .iter()
                    .map(KnobShape::from)
                    .collect(),
                })
                .collect(),
            pools: assessment
                .pools
                .iter()
                .map(|row| pool_shape(inventory, row))
                .collect(),
            overlaps: assessment.overlaps.iter().map(OverlapShape::from).collect(),
            findings: assessment.findings.iter().map(FindingShape::from).collect(),
            not_checked: assessment.not_checked.clone(),
        }
    }
}

fn per_node(mode: NetworkMode, os: OsType, max_pods: u32, cost: &NodeCost) -> PerNodeShape {
    PerNodeShape {
        service: cost.node_subnet.counted,
        documented: cost.node_subnet.planned,
        pod_subnet: cost.pod_subnet.map(|cost| cost.held),
        pod_cidr: cost.pod_cidr,
        basis: cost_basis(mode, os, max_pods),
        confidence: crate::capacity::assess::certainty_of(mode, os).word(),
        rules: ids(&crate::capacity::cost::cost_rules(mode)),
    }
}

fn pool_shape(inventory: &Inventory, row: &crate::capacity::assess::PoolRow) -> PoolShape {
    let cluster = inventory.cluster(row.cluster);
    let pool = &cluster.pools[row.position];
    let known = pool.knows("node_count");
    PoolShape {
        cluster: cluster.label().to_string(),
        name: pool.name.clone(),
        os_type: match pool.os_type {
            OsType::Linux => "Linux",
            OsType::Windows => "Windows",
        },
        network_mode: row.mode.map(NetworkMode::key),
        count: known.then_some(pool.count),
        min_count: pool.autoscaler.map(|autoscaler| autoscaler.min_count),
        max_count: pool.autoscaler.map(|autoscaler| autoscaler.max_count),
        max_pods: pool.max_pods,
        surge: row.surge,
        surge_at_ceiling: known.then(|| surge_nodes(pool, pool.ceiling())),
        spot: pool.spot,
        subnet: pool.subnet.map(|index| inventory.subnet_label(index)),
        pod_subnet: pool.pod_subnet.map(|index| inventory.subnet_label(index)),
        per_node: match (row.mode, &row.cost) {
            (Some(mode), Some(cost)) => Some(per_node(mode, pool.os_type, pool.max_pods, cost)),
            _ => None,
        },
        more_nodes: row.more_nodes,
        binding_limit: row.limits.first().map(|limit| limit.kind.key()),
        limits: row
            .limits
            .iter()
            .map(|limit| LimitShape {
                limit: limit.kind.key(),
                more_nodes: limit.more_nodes,
            })
            .collect(),
        largest_step: row.largest_step,
    }
}

/// The operation that was asked about.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OperationShape {
    /// `create`, `add_nodepool`, `scale_nodepool`, `autoscaler_scale_up`, `set_max_count`, `upgrade`, `upgrade_nodepool`,
    /// `migrate_overlay`, `reimage`, `remove_nodepool`, `update`, or `several`.
    pub kind: &'static str,
    pub cluster: String,
    /// Each change in words.
    pub changes: Vec<String>,
}

/// What one pool adds to one range.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DemandShape {
    pub pool: String,
    /// Nodes that are counted, surge included.
    pub nodes: u64,
    pub per_node: u64,
    pub addresses: u64,
    /// Subnet name, or `networkProfile.podCIDR`.
    pub subnet: String,
    pub basis: String,
}

/// `aksplan predict -o json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan predict")]
pub struct PredictShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    pub operation: OperationShape,
    #[schemars(extend("enum" = ["accepted", "rejected", "accepted_then_fails", "unknown"]))]
    pub verdict: &'static str,
    /// The first is the one most likely shown: AKS stops at one.
    pub errors: Vec<ErrorShape>,
    pub demand: Vec<DemandShape>,
    pub findings: Vec<FindingShape>,
    pub not_checked: Vec<String>,
}

impl From<&Prediction> for PredictShape {
    fn from(prediction: &Prediction) -> Self {
        PredictShape {
            format_version: FORMAT_VERSION,
            operation: OperationShape {
                kind: prediction.kind,
                cluster: prediction.cluster.clone(),
                changes: prediction.changes.clone(),
            },
            verdict: prediction.outcome.key(),
            errors: prediction.errors.iter().map(ErrorShape::from).collect(),
            demand: prediction
                .demand
                .iter()
                .map(|row| DemandShape {
                    pool: row.pool.clone(),
                    nodes: row.nodes,
                    per_node: row.per_node,
                    addresses: row.addresses,
                    subnet: row.subnet.clone(),
                    basis: row.basis.clone(),
                })
                .collect(),
            findings: prediction.findings.iter().map(FindingShape::from).collect(),
            not_checked: prediction.not_checked.clone(),
        }
    }
}

/// `aksplan predict -o json` when several operations were asked about, as by a scenario or a Terraform plan of several clusters, or
/// none. A document of the same shape, with everything of all of them, and each on its own in `predictions`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan predict, several operations")]
pub struct PredictionsShape {
    #[serde(flatten)]
    pub all: PredictShape,
    pub predictions: Vec<PredictShape>,
}

impl From<&[Prediction]> for PredictionsShape {
    fn from(predictions: &[Prediction]) -> Self {
        let each: Vec<PredictShape> = predictions.iter().map(PredictShape::from).collect();
        let named = |cluster: &str, change: &String| format!("{cluster}: {change}");
        let mut not_checked: Vec<String> = each
            .iter()
            .flat_map(|one| one.not_checked.iter().cloned())
            .collect();
        not_checked.sort();
        not_checked.dedup();
        let mut clusters: Vec<&str> = predictions
            .iter()
            .map(|prediction| prediction.cluster.as_str())
            .collect();
        clusters.dedup();
        PredictionsShape {
            all: PredictShape {
                format_version: FORMAT_VERSION,
                operation: OperationShape {
                    kind: if each.is_empty() { "update" } else { "several" },
                    cluster: clusters.join(", "),
                    changes: predictions
                        .iter()
                        .flat_map(|one| {
                            one.changes.iter().map(|change| named(&one.cluster, change))
                        })
                        .collect(),
                },
                verdict: predictions
                    .iter()
                    .map(|prediction| prediction.outcome)
                    .max()
                    .map_or("accepted", |outcome| outcome.key()),
                errors: each
                    .iter()
                    .flat_map(|one| one.errors.iter().cloned())
                    .collect(),
                demand: each
                    .iter()
                    .flat_map(|one| one.demand.iter().cloned())
                    .collect(),
                findings: each
                    .iter()
                    .flat_map(|one| one.findings.iter().cloned())
                    .collect(),
                not_checked,
            },
            predictions: each,
        }
    }
}

/// `aksplan cidr check -o json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan cidr check")]
pub struct CidrCheckShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    /// Worst first.
    pub overlaps: Vec<OverlapShape>,
    pub not_checked: Vec<String>,
}

/// One free range.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SuggestionShape {
    pub cidr: String,
    /// The largest free prefix around it: keep it free to grow into. The range itself for services, which never grow.
    pub superset: String,
    pub space: String,
}

/// `aksplan cidr suggest -o json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan cidr suggest")]
pub struct SuggestShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    #[serde(rename = "for")]
    #[schemars(extend("enum" = ["pod", "service", "subnet"]))]
    pub purpose: &'static str,
    pub nodes: u64,
    pub addresses: u64,
    pub prefix_length: u8,
    pub basis: String,
    /// What the present range of the cluster has to do with it: a pod CIDR grows to a superset only, a service CIDR never.
    pub note: Option<String>,
    /// Best first.
    pub suggestions: Vec<SuggestionShape>,
    pub not_checked: Vec<String>,
}

impl SuggestShape {
    pub fn of(suggestions: &Suggestions, not_checked: &[String]) -> Self {
        SuggestShape {
            format_version: FORMAT_VERSION,
            purpose: suggestions.purpose.key(),
            nodes: suggestions.nodes,
            addresses: suggestions.addresses,
            prefix_length: suggestions.length,
            basis: suggestions.basis.clone(),
            note: suggestions.note.clone(),
            suggestions: suggestions
                .ranges
                .iter()
                .map(|range| SuggestionShape {
                    cidr: range.cidr.to_string(),
                    superset: range.superset.to_string(),
                    space: range.space.clone(),
                })
                .collect(),
            not_checked: not_checked.to_vec(),
        }
    }
}

/// `aksplan cidr merge -o json`, which is written as a stream and never held.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan cidr merge")]
pub struct MergeShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    /// Entries of all lists.
    pub prefixes_in: u64,
    /// The smallest list that covers the same addresses, sorted, IPv4 before IPv6.
    pub prefixes: Vec<String>,
}

/// Two entries of plain lists that share an address.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListedPairShape {
    /// The one that contains the other.
    pub a: String,
    pub b: String,
    /// As it was named on the command line; `-` is standard input.
    pub a_file: String,
    pub a_line: u64,
    pub b_file: String,
    pub b_line: u64,
}

/// `aksplan cidr overlaps -o json`, which is written as a stream and never held.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan cidr overlaps")]
pub struct ListOverlapsShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    /// Entries of all lists.
    pub prefixes: u64,
    /// Pairs that share an address. May be larger than 2^64.
    pub pairs: u128,
    /// Absent with `--count`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overlaps: Option<Vec<ListedPairShape>>,
}

/// A cluster under one network mode.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ModeShape {
    pub mode: &'static str,
    pub current: bool,
    /// Node-subnet addresses that nodes hold.
    pub node_subnet: LevelsShape<u64>,
    /// By the documented formula, at the ceiling with surge.
    pub documented: u64,
    /// In all node subnets together.
    pub available: u64,
    /// Whether all nodes fit at the ceilings with surge: each node subnet has room for its own pools, and so have the VNet, the present
    /// pod subnets and pod CIDR, the pod CIDR of the move and the mode's number of nodes; and no pool is of a kind that the mode has not.
    pub fits: bool,
    /// What they do not fit into first.
    #[schemars(extend("enum" = ["subnet", "pod_subnet", "pod_cidr", "vnet", "mode", null]))]
    pub misfit: Option<&'static str>,
    /// Whether subnet, node count and ceiling of every pool were read: where not, `fits` is of what was.
    pub known: bool,
    /// Addresses of the pod range at the ceiling with surge.
    pub pod_addresses: Option<u64>,
    /// The same if every node ran `max_pods` pods.
    pub pod_addresses_loaded: Option<u64>,
    /// The smallest sufficient prefix for it.
    pub pod_prefix: Option<u8>,
    /// Most nodes that fit, without surge: those that are there, and more like the dearest of their subnet.
    pub largest_cluster: u64,
    #[schemars(extend("enum" = ["subnet", "pod_subnet", "pod_cidr", "vnet", "mode"]))]
    pub largest_by: &'static str,
    pub blockers: Vec<FindingShape>,
}

/// `aksplan compare -o json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan compare")]
pub struct CompareShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    pub cluster: String,
    pub modes: Vec<ModeShape>,
    pub not_checked: Vec<String>,
}

impl CompareShape {
    pub fn of(
        cluster: &str,
        rows: &[ModeRow],
        eligibility: &Eligibility,
        not_checked: &[String],
    ) -> Self {
        let mut not_checked = not_checked.to_vec();
        not_checked.extend(eligibility.not_checked.iter().cloned());
        not_checked.sort();
        not_checked.dedup();
        CompareShape {
            format_version: FORMAT_VERSION,
            cluster: cluster.to_string(),
            modes: rows
                .iter()
                .map(|row| ModeShape {
                    mode: row.mode.key(),
                    current: row.current,
                    node_subnet: LevelsShape {
                        now: row.now,
                        ceiling: row.ceiling,
                        ceiling_with_surge: row.ceiling_with_surge,
                    },
                    documented: row.planned,
                    available: row.available,
                    fits: row.fits,
                    misfit: row.misfit,
                    known: row.known,
                    pod_addresses: row.pod_addresses,
                    pod_addresses_loaded: row.pod_addresses_loaded,
                    pod_prefix: row.pod_prefix,
                    largest_cluster: row.largest,
                    largest_by: row.largest_by,
                    blockers: super::compare::blockers(row, eligibility)
                        .iter()
                        .map(FindingShape::from)
                        .collect(),
                })
                .collect(),
            not_checked,
        }
    }
}

/// `aksplan explain -o json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(title = "aksplan explain")]
pub struct ExplainShape {
    #[schemars(extend("pattern" = "^1\\."))]
    pub format_version: &'static str,
    pub rules: Vec<RuleShape>,
}

/// A rule.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RuleShape {
    pub id: &'static str,
    pub title: &'static str,
    pub says: &'static str,
    pub source: &'static str,
    #[schemars(extend("enum" = ["documented", "indirect", "inferred", "contradictory"]))]
    pub confidence: &'static str,
    /// Source files that rest on it.
    pub used_in: &'static [&'static str],
}

impl From<&'static Rule> for RuleShape {
    fn from(rule: &'static Rule) -> Self {
        RuleShape {
            id: rule.id,
            title: rule.title,
            says: rule.says,
            source: rule.source,
            confidence: rule.confidence.word(),
            used_in: rule::used_in(rule),
        }
    }
}

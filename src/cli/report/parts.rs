//! What a report says of one cluster: modes, growth and, where it may move, the move: studied, simulated and planned as `migrate` does.
//! What stands in a move's way is told, and never ends the report.

use super::super::CliError;
use super::super::migrate::study::{Study, Wish, study};
use super::super::simulation::Scene;
use super::ReportArgs;
use crate::capacity::free::pod_superset;
use crate::capacity::growth::Books;
use crate::capacity::modes;
use crate::capacity::overlap::PeeringGraph;
use crate::capacity::runway::Pace;
use crate::finding::{Finding, Severity};
use crate::migrate::build::{NOT_READ, Refused, Request, as_at_the_move, build};
use crate::migrate::dependents::Dependents;
use crate::migrate::eligibility::{Eligibility, planned_obstacles};
use crate::migrate::obstacles;
use crate::migrate::plan::Plan;
use crate::migrate::window::ahead;
use crate::model::{Cluster, ClusterIndex, Inventory, IpNet, NodePool};
use crate::readiness::check;
use crate::report::review::moved::Planned;
use crate::report::review::{ClusterPart, Growing, Moved, may_move};
use crate::report::simulation::Show;
use crate::simulate::growth::Timeline;
use crate::simulate::growth::spread::MILLION;
use crate::simulate::growth::timeline::Unit;
use crate::source::scenario::{ChangeFact, OperationFact};

/// `POOL=NODES` or `CLUSTER/POOL=NODES`
pub fn pace(text: &str) -> Result<(String, f64), String> {
    const FASTEST: f64 = 1_000.0;
    let problem = || {
        format!("`{text}`: expected POOL=NODES or CLUSTER/POOL=NODES, nodes a week, as in apps=0.5")
    };
    let (pool, nodes) = text.split_once('=').ok_or_else(problem)?;
    let nodes: f64 = nodes.parse().map_err(|_| problem())?;
    let is_named = !pool.is_empty() && !pool.starts_with('/') && !pool.ends_with('/');
    match is_named && (0.0..=FASTEST).contains(&nodes) {
        true => Ok((pool.to_string(), nodes)),
        false => Err(problem()),
    }
}

/// Whether `POOL` or `CLUSTER/POOL` names this pool; a cluster goes by its name alone or with its resource group.
fn names(text: &str, cluster: &Cluster, pool: &NodePool) -> bool {
    let (of, name) = match text.rsplit_once('/') {
        Some((of, name)) => (Some(of), name),
        None => (None, text),
    };
    let is_its = |of: &str| {
        let known = [&cluster.name, &cluster.qualified_name()];
        known.iter().any(|known| known.eq_ignore_ascii_case(of))
    };
    name.eq_ignore_ascii_case(&pool.name) && of.is_none_or(is_its)
}

/// What is asked of each cluster.
pub struct Asking<'a> {
    pub args: &'a ReportArgs,
    pub inventory: &'a Inventory,
    pub books: &'a Books<'a>,
    pub operations: &'a [OperationFact],
    pub timeline: Option<&'a Timeline>,
    /// Whether moves and readiness are looked at: of a fleet nobody reads them one by one.
    pub simulates: bool,
}

impl Asking<'_> {
    /// Refuses a pool that no cluster of the report has, and growth that may be meant for several.
    pub fn check_pools(&self, clusters: &[ClusterIndex]) -> Result<(), CliError> {
        let pools = || {
            clusters.iter().flat_map(|index| {
                let cluster = self.inventory.cluster(*index);
                cluster.pools.iter().map(move |pool| (cluster, pool))
            })
        };
        let unknown = |flag: &str, name: &str| {
            let mut known: Vec<&str> = pools().map(|(_, pool)| pool.name.as_str()).collect();
            known.sort_unstable();
            known.dedup();
            CliError::Usage(format!(
                "{flag}: no pool `{name}`; known: {}",
                known.join(", ")
            ))
        };
        for (flag, name) in self.args.choices.pools() {
            if !pools().any(|(_, pool)| pool.name.eq_ignore_ascii_case(name)) {
                return Err(unknown(flag, name));
            }
        }
        let mut said: Vec<(String, &str)> = Vec::new();
        for (name, _) in &self.args.growth {
            let meant: Vec<String> = pools()
                .filter(|(cluster, pool)| names(name, cluster, pool))
                .map(|(cluster, pool)| format!("{}/{}", cluster.qualified_name(), pool.name))
                .collect();
            let one = match meant.as_slice() {
                [] => return Err(unknown("--growth", name)),
                [one] => one,
                several => {
                    const SHOWN: usize = 5;
                    let shown = several.iter().take(SHOWN);
                    let mut shown: Vec<String> =
                        shown.map(|name| format!("{name}=NODES")).collect();
                    if several.len() > SHOWN {
                        shown.push(format!("{} more", several.len() - SHOWN));
                    }
                    return Err(CliError::Usage(format!(
                        "--growth: `{name}` is a pool of {} clusters; expected CLUSTER/POOL=NODES, one of {}",
                        several.len(),
                        shown.join(", ")
                    )));
                }
            };
            if let Some((_, before)) = said.iter().find(|(known, _)| known == one) {
                return Err(CliError::Usage(format!(
                    "--growth: `{before}` and `{name}` are the same pool; expected its growth once"
                )));
            }
            said.push((one.clone(), name));
        }
        Ok(())
    }

    /// Each cluster in order. What one move takes, `auto` of a later one keeps clear of, where the clusters are connected.
    pub fn parts(&self, clusters: &[ClusterIndex]) -> Result<Vec<ClusterPart>, CliError> {
        let graph = PeeringGraph::of(self.inventory);
        let mut parts: Vec<ClusterPart> = Vec::new();
        for index in clusters {
            let taken: Vec<IpNet> = parts
                .iter()
                .filter(|part| self.are_connected(&graph, part.index, *index))
                .filter_map(|part| part.moved.as_ref()?.pod_cidr)
                .collect();
            parts.push(self.part(*index, &taken)?);
        }
        // What one may grow to is not what another takes, whichever comes first.
        let chosen: Vec<(ClusterIndex, Option<IpNet>)> = parts
            .iter()
            .map(|part| {
                let moved = part.moved.as_ref();
                (part.index, moved.and_then(|moved| moved.pod_cidr))
            })
            .collect();
        for part in &mut parts {
            let others: Vec<IpNet> = chosen
                .iter()
                .filter(|(other, _)| *other != part.index)
                .filter(|(other, _)| self.are_connected(&graph, *other, part.index))
                .filter_map(|(_, range)| *range)
                .collect();
            let own = chosen.iter().find(|(index, _)| *index == part.index);
            part.superset = own
                .and_then(|(_, range)| range.as_ref())
                .and_then(|range| pod_superset(self.inventory, part.index, range, &others));
        }
        Ok(parts)
    }

    /// Whether a VNet of one is a VNet of the other, or reached from it.
    fn are_connected(&self, graph: &PeeringGraph, a: ClusterIndex, b: ClusterIndex) -> bool {
        let vnets = |index| {
            self.inventory
                .vnets_of_cluster(self.inventory.cluster(index))
        };
        let theirs = vnets(b);
        vnets(a).iter().any(|home| {
            let reach = graph.reach(*home);
            let mut near = [home]
                .into_iter()
                .chain(&reach.direct)
                .chain(&reach.transitive);
            near.any(|vnet| theirs.contains(vnet))
        })
    }

    fn part(&self, index: ClusterIndex, taken: &[IpNet]) -> Result<ClusterPart, CliError> {
        let cluster = self.inventory.cluster(index);
        let growing = self.growing(index);
        let moved = match may_move(cluster) && self.simulates {
            true => Some(self.moved(index, growing.pace.as_deref(), taken)?),
            false => None,
        };
        let range = moved.as_ref().and_then(|moved| moved.pod_cidr);
        let eligibility = match moved.as_ref().and_then(|moved| moved.plan.as_ref()) {
            Some(plan) => unresolved(self.inventory, index, plan),
            None => obstacles(self.inventory, cluster, range.as_ref()),
        };
        let moved = moved.or_else(|| Moved::impossible(cluster, &eligibility));
        Ok(ClusterPart {
            index,
            modes: modes::compare(self.books, index, range.as_ref()),
            eligibility,
            superset: None,
            growing,
            moved,
            readiness: self
                .simulates
                .then(|| check(self.inventory, cluster, self.inventory.observed_at)),
        })
    }

    fn growing(&self, index: ClusterIndex) -> Growing {
        let cluster = self.inventory.cluster(index);
        let said: Vec<Option<f64>> = cluster
            .pools
            .iter()
            .map(|pool| {
                let mut named = self.args.growth.iter();
                named
                    .find(|(name, _)| names(name, cluster, pool))
                    .map(|(_, nodes)| *nodes)
            })
            .collect();
        // Zero is said as well.
        if said.iter().any(Option::is_some) {
            return Growing {
                pace: Some(said.into_iter().map(Option::unwrap_or_default).collect()),
                source: "as --growth says",
            };
        }
        let timeline = self.timeline.filter(|timeline| {
            let mut growth = timeline.growth.iter();
            growth.any(|growth| growth.cluster == index)
        });
        Growing {
            pace: timeline.map(|timeline| planned(timeline, index, cluster)),
            source: "as the timeline says",
        }
    }

    /// The range that an operation names for this cluster, unless another is named.
    fn range(&self, cluster: &Cluster) -> String {
        let named = &self.args.pod_cidr;
        if !named.eq_ignore_ascii_case("auto") {
            return named.clone();
        }
        let is_of = |operation: &&OperationFact| match &operation.cluster {
            Some(name) => [&cluster.name, &cluster.qualified_name()]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name)),
            None => self.inventory.clusters.len() == 1,
        };
        let mut changes = self
            .operations
            .iter()
            .filter(is_of)
            .flat_map(|operation| &operation.changes);
        changes
            .find_map(|change| match change {
                ChangeFact::MigrateToOverlay { pod_cidr } => *pod_cidr,
                _ => None,
            })
            .map_or_else(|| named.clone(), |range| range.to_string())
    }

    fn moved(
        &self,
        index: ClusterIndex,
        pace: Option<&Pace>,
        taken: &[IpNet],
    ) -> Result<Moved, CliError> {
        let cluster = self.inventory.cluster(index);
        let scene = Scene {
            // Objects are shared; the rest of an estate is small beside them.
            inventory: self.inventory.clone(),
            index,
            is_nameless: false,
            not_checked: Vec::new(),
        };
        // No range: that is in the way, and the rest can be told all the same.
        let choices = self.args.choices.of(cluster);
        let wish = Wish {
            pod_cidr: &self.range(cluster),
            choices: &choices,
            pace,
            taken,
        };
        let study = match study(scene, &wish) {
            Ok(study) => study,
            Err(CliError::Usage(problem)) => return Ok(without_study(cluster, &problem)),
            Err(error) => return Err(error),
        };
        let window = self
            .args
            .play
            .own_window()?
            .map(|window| window.to_string());
        let plan = self.plan(&study)?;
        let ahead = match &plan {
            Ok(plan) => self.ahead(cluster, plan)?,
            Err(_) => Vec::new(),
        };
        let flags = self.args.choices.flags(cluster);
        let findings = study.findings();
        let not_checked = study.not_checked();
        let planned = Planned {
            cluster: &cluster.name,
            pod_cidr: study.range,
            admitted: study.admitted().ok_or(study.prediction.open.as_slice()),
            plan: match &plan {
                Ok(plan) => Ok(plan),
                Err(reasons) => Err(reasons),
            },
            breaks: &study.breaks,
            findings: &findings,
            not_checked: &not_checked,
            ahead: &ahead,
            window: window.as_deref(),
            choices: &flags,
        };
        if study.at_the_move.state().is_err() {
            return Ok(Moved::of(&planned, None));
        }
        self.args.play.play(
            &study.at_the_move,
            Show::default(),
            |population| Ok(study.asked(population)),
            |simulation| Ok(Moved::of(&planned, Some(simulation))),
        )
    }

    /// What is known of the windows that come, as `build` asks it.
    fn ahead(&self, cluster: &Cluster, plan: &Plan) -> Result<Vec<Finding>, CliError> {
        let own = self.args.play.own_window()?;
        let now = self.inventory.observed_at;
        Ok(ahead(cluster, own.as_ref(), now, plan.expected).1)
    }

    fn plan(&self, study: &Study) -> Result<Result<Plan, Vec<String>>, CliError> {
        let (sequence, range) = match (&study.sequence, study.range) {
            (Ok(Some(sequence)), Some(range)) => (sequence.clone(), range),
            (Err(error), _) => return Ok(Err(vec![error.to_string()])),
            _ => {
                return Ok(Err(vec![
                    "no pod CIDR is known: name one with --pod-cidr".to_string(),
                ]));
            }
        };
        let pods = study.now.state().map_or(0, |state| state.pods.len());
        let policy = self.args.play.timing()?;
        let made = build(Request {
            inventory: &study.now.inventory,
            cluster: study.now.index,
            pod_cidr: range,
            superset: study.superset,
            sequence,
            policy: &policy,
            chance: self.args.play.chance(pods),
            window: self.args.play.own_window()?,
            findings: study.admission.clone(),
            not_checked: study.prediction_not_checked.clone(),
            made_by: format!("aksplan {}", env!("CARGO_PKG_VERSION")),
        });
        Ok(made.map_err(|Refused(reasons)| reasons))
    }
}

/// Nodes a week at first, of each pool.
fn planned(timeline: &Timeline, index: ClusterIndex, cluster: &Cluster) -> Vec<f64> {
    cluster
        .pools
        .iter()
        .map(|pool| {
            let of_pool = timeline.growth.iter().filter(|growth| {
                growth.cluster == index && growth.pool.eq_ignore_ascii_case(&pool.name)
            });
            of_pool
                .map(|growth| {
                    let median = growth.a_week.median() as f64 / MILLION as f64;
                    match growth.unit {
                        Unit::Nodes => median,
                        Unit::Percent => median * pool.count as f64 / 100.0,
                    }
                })
                .sum()
        })
        .collect()
}

/// What stands in the way today; what the plan's own steps take away before the move says so.
fn unresolved(inventory: &Inventory, index: ClusterIndex, plan: &Plan) -> Eligibility {
    let then = as_at_the_move(inventory, index, &plan.steps);
    planned_obstacles(
        (inventory, inventory.cluster(index)),
        (&then, then.cluster(index)),
        &plan.pod_cidr,
    )
}

fn without_study(cluster: &Cluster, problem: &str) -> Moved {
    let reasons = [problem.to_string(), NOT_READ.to_string()];
    let reasons = match cluster.kubernetes {
        Some(_) => &reasons[..1],
        None => &reasons[..],
    };
    let findings: Vec<Finding> = vec![Finding::new(
        Severity::Blocker,
        "no-pod-cidr",
        problem,
        &[&crate::rule::MIG_10],
    )];
    Moved::of(
        &Planned {
            cluster: &cluster.name,
            pod_cidr: None,
            admitted: Err(&reasons[..1]),
            plan: Err(reasons),
            breaks: &Dependents::default(),
            findings: &findings,
            not_checked: &[],
            ahead: &[],
            window: None,
            choices: &[],
        },
        None,
    )
}

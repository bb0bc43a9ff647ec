//! What a report says of one cluster: modes, growth and, where it may move, the move: studied, simulated and planned as `migrate` does.
//! What stands in a move's way is told, and never ends the report.

use super::super::CliError;
use super::super::migrate::study::{Study, Wish, study};
use super::super::simulation::Scene;
use super::ReportArgs;
use super::growing::{Growing, pools, unknown_pool};
use crate::capacity::free::pod_superset;
use crate::capacity::growth::Books;
use crate::capacity::modes;
use crate::capacity::overlap::PeeringGraph;
use crate::finding::{Finding, Severity};
use crate::migrate::build::{NOT_READ, Refused, Request, as_at_the_move, build};
use crate::migrate::dependents::Dependents;
use crate::migrate::eligibility::{Eligibility, planned_obstacles};
use crate::migrate::foresee::Reimage;
use crate::migrate::obstacles;
use crate::migrate::plan::Plan;
use crate::migrate::window::ahead;
use crate::model::{Change, Cluster, ClusterIndex, Inventory, IpNet, NetworkMode};
use crate::readiness::check;
use crate::report::review::moved::Planned;
use crate::report::review::{ClusterPart, Moved, may_move};
use crate::report::simulation::Show;
use crate::simulate::growth::Timeline;
use crate::source::scenario::{ChangeFact, OperationFact};

/// What is asked of each cluster.
pub struct Asking<'a> {
    pub args: &'a ReportArgs,
    pub inventory: &'a Inventory,
    pub books: &'a Books<'a>,
    pub operations: &'a [OperationFact],
    pub timeline: Option<&'a Timeline>,
    pub growing: &'a Growing,
    /// Whether moves and readiness are looked at: of a fleet nobody reads them one by one.
    pub simulates: bool,
}

impl Asking<'_> {
    /// Refuses a pool that no cluster of the report has.
    pub fn check_pools(&self, clusters: &[ClusterIndex]) -> Result<(), CliError> {
        for (flag, name) in self.args.choices.pools() {
            let mut all = pools(self.inventory, clusters);
            if !all.any(|(_, pool)| pool.name.eq_ignore_ascii_case(name)) {
                return Err(unknown_pool(flag, name, self.inventory, clusters));
            }
        }
        Ok(())
    }

    /// Each cluster in order. What one move takes, `auto` of a later one keeps clear of, where the clusters are connected.
    pub fn parts(&self, clusters: &[ClusterIndex]) -> Result<Vec<ClusterPart>, CliError> {
        let graph = PeeringGraph::of(self.inventory);
        let mut parts: Vec<ClusterPart> = Vec::new();
        for index in clusters {
            // Of a fleet no move has a range, and nobody asks who is connected with whom.
            let taken: Vec<IpNet> = parts
                .iter()
                .filter_map(|part| Some((part.index, part.moved.as_ref()?.pod_cidr?)))
                .filter(|(other, _)| self.are_connected(&graph, *other, *index))
                .map(|(_, range)| range)
                .collect();
            parts.push(self.part(*index, &taken)?);
        }
        // What one may grow to is not what another takes, whichever comes first.
        let chosen: Vec<(ClusterIndex, IpNet)> = parts
            .iter()
            .filter_map(|part| Some((part.index, part.moved.as_ref()?.pod_cidr?)))
            .collect();
        for part in &mut parts {
            let cluster = self.inventory.cluster(part.index);
            let is_overlay = self.simulates && cluster.mode() == Some(NetworkMode::Overlay);
            let present = cluster.network.pod_cidr_v4().filter(|_| is_overlay);
            let own = part.moved.as_ref().and_then(|moved| moved.pod_cidr);
            let Some(range) = own.or(present.copied()) else {
                continue;
            };
            let others: Vec<IpNet> = chosen
                .iter()
                .filter(|(other, _)| *other != part.index)
                .filter(|(other, _)| self.are_connected(&graph, *other, part.index))
                .map(|(_, range)| *range)
                .collect();
            part.superset = pod_superset(self.inventory, part.index, &range, &others);
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
        let moved = match may_move(cluster) && self.simulates {
            true => Some(self.moved(index, taken)?),
            false => None,
        };
        let range = moved.as_ref().and_then(|moved| moved.pod_cidr);
        let eligibility = match moved.as_ref().and_then(|moved| moved.plan.as_ref()) {
            Some(plan) => unresolved(self.inventory, index, plan),
            None => obstacles(self.inventory, cluster, range.as_ref()),
        };
        let moved = match self.simulates {
            true => moved.or_else(|| Moved::impossible(cluster, &eligibility)),
            false => None,
        };
        Ok(ClusterPart {
            index,
            modes: modes::compare(self.books, index, range.as_ref()),
            eligibility,
            superset: None,
            growth_said_by: self.growing.said_by(index),
            moved,
            readiness: self
                .simulates
                .then(|| check(self.inventory, cluster, self.inventory.observed_at)),
        })
    }

    /// The ranges that the input names for the move of this cluster, and where: operations first.
    fn named_by_input(&self, index: ClusterIndex) -> Vec<(IpNet, &'static str)> {
        let cluster = self.inventory.cluster(index);
        let is_of = |operation: &&OperationFact| match &operation.cluster {
            Some(name) => [&cluster.name, &cluster.qualified_name()]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name)),
            None => self.inventory.clusters.len() == 1,
        };
        let operations = self.operations.iter().filter(is_of);
        let asked = operations
            .flat_map(|operation| &operation.changes)
            .filter_map(|change| match change {
                ChangeFact::MigrateToOverlay { pod_cidr } => Some(((*pod_cidr)?, "an operation")),
                _ => None,
            });
        let events = self.timeline.iter().flat_map(|timeline| &timeline.events);
        let played = events
            .filter(|event| event.cluster == index)
            .flat_map(|event| &event.changes)
            .filter_map(|change| match change {
                Change::MigrateToOverlay { pod_cidr } => Some(((*pod_cidr)?, "the timeline")),
                _ => None,
            });
        asked.chain(played).collect()
    }

    /// The range of the move: as it is named on the command line, else as the input names it.
    fn range(&self, index: ClusterIndex) -> String {
        let named = &self.args.pod_cidr;
        if !named.eq_ignore_ascii_case("auto") {
            return named.clone();
        }
        let by_input = self.named_by_input(index);
        by_input
            .first()
            .map_or_else(|| named.clone(), |(range, _)| range.to_string())
    }

    /// A word where the input names another range than the move is looked at with: one of the two is not what will happen.
    fn named_otherwise(&self, index: ClusterIndex, range: IpNet) -> Option<Finding> {
        let by_input = self.named_by_input(index);
        let (other, by) = by_input.iter().find(|(other, _)| *other != range)?;
        Some(Finding::new(
            Severity::Warning,
            "other-pod-cidr",
            format!(
                "the move is looked at with pod CIDR {range}, and {by} of the input moves the cluster to {other}: what is said of one does \
                 not hold for the other; name the one that is meant in both places"
            ),
            &[&crate::rule::MIG_10],
        ))
    }

    fn moved(&self, index: ClusterIndex, taken: &[IpNet]) -> Result<Moved, CliError> {
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
            pod_cidr: &self.range(index),
            choices: &choices,
            paces: Some(&self.growing.paces),
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
        let mut findings = study.findings();
        findings.extend(
            study
                .range
                .and_then(|range| self.named_otherwise(index, range)),
        );
        let not_checked = study.not_checked();
        let planned = Planned {
            cluster: cluster.label(),
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
        // What a plan foresees is not played again.
        let others = match &plan {
            Ok(plan) => Reimage::of_plan(plan),
            Err(_) => study.others(&self.args.play)?,
        };
        self.args.play.play(
            &study.at_the_move,
            Show::default(),
            |population| Ok(study.asked(population, others)),
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
            cluster: cluster.label(),
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

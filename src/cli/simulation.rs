//! What `drain`, `upgrade` and `migrate` have in common: where the cluster's objects come from, how many futures are played, how long
//! things take, and which window somebody has for it.

use super::input::{About, Sources, one_cluster};
use super::output::{Format, Rendering};
use super::{CliError, Ending};
use crate::capacity::growth::Books;
use crate::disruption::verdicts::StaticVerdict;
use crate::finding::{Finding, Severity};
use crate::migrate::Step;
use crate::migrate::build::as_at_the_move;
use crate::migrate::foresee::Chance;
use crate::migrate::window::Window;
use crate::model::{
    Cluster, ClusterIndex, Inventory, KubernetesState, MaintenanceConfiguration, NetworkProfile,
};
use crate::population::{NodeId, PoolId, Population};
use crate::report::shapes::simulation::SimulationShape;
use crate::report::simulation::{
    NamedWindow, Rows, Show, Simulation, Trace, assumptions, document, listed, merged,
};
use crate::simulate::advice::{Trial, advise};
use crate::simulate::{Engine, Operation, Outcome, Policy, Setting, beforehand, futures};
use crate::source::facts::{ClusterFact, ClusterGiven, Origin};
use crate::source::{self, Found};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flags of every simulated operation.
#[derive(Debug, clap::Args)]
pub struct SimulationArgs {
    #[command(flatten)]
    pub sources: Sources,

    /// The cluster; may be left out where there is one
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,

    /// How long things take and what AKS does not say, as YAML or JSON; see `aksplan schema policy`
    ///
    /// What is left out is taken from the objects where they show it (how long pods of a workload and nodes of a pool took to become
    /// Ready), else from defaults. Which it was is said of every duration.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Runs with durations drawn anew; 0: none
    ///
    /// Left out: 1,000, fewer above 3,000 pods, none above 20,000.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    futures: Option<u32>,

    /// Where the chance of the futures begins: the same seed, the same answer
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// The time there is for it: `4h`, `22:00-04:00` in UTC, `22:00-04:00+02:00`, or from and to as two instants
    ///
    /// The cluster's own maintenance windows are looked at as well, where they were read.
    #[arg(long, value_name = "WINDOW")]
    window: Option<String>,

    /// Every pod: what became of it and why, and how many pods of each workload were Ready when
    #[arg(long)]
    pods: bool,

    /// Rows of the timeline; left out: nodes, or pools where there are more than forty
    #[arg(long, value_enum, value_name = "ROWS")]
    timeline: Option<TimelineArg>,

    /// Do not try what would help: another surge, another order, one pod more
    #[arg(long)]
    no_advice: bool,

    #[command(flatten)]
    rendering: Rendering,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum TimelineArg {
    Nodes,
    Pools,
    None,
}

/// A cluster with its objects.
#[derive(Clone)]
pub struct Scene {
    pub inventory: Inventory,
    pub index: ClusterIndex,
    /// Objects without Azure's view of the cluster.
    pub is_nameless: bool,
    not_checked: Vec<String>,
}

impl Scene {
    pub fn cluster(&self) -> &Cluster {
        self.inventory.cluster(self.index)
    }

    /// The same as it will be when the move itself begins.
    pub fn as_at_the_move(&self, steps: &[Step]) -> Scene {
        Scene {
            inventory: as_at_the_move(&self.inventory, self.index, steps),
            index: self.index,
            is_nameless: self.is_nameless,
            not_checked: self.not_checked.clone(),
        }
    }

    /// The cluster's objects.
    pub fn state(&self) -> Result<&KubernetesState, CliError> {
        let cluster = self.cluster();
        let whose = if self.is_nameless {
            cluster.name.clone()
        } else {
            format!("cluster {}", cluster.name)
        };
        let state = cluster
            .kubernetes
            .as_deref()
            .filter(|state| !state.nodes.is_empty())
            .ok_or_else(|| {
                CliError::Usage(format!(
                    "no nodes of {whose} were read: add the output of `kubectl get nodes,pods,pdb,deployments,replicasets,\
                     statefulsets,daemonsets,jobs,pvc,namespaces -A -o json` and `kubectl get pv -o json`{}",
                    if cfg!(feature = "kubernetes") {
                        ", or read them live with --kubernetes"
                    } else {
                        ""
                    }
                ))
            })?;
        // A cluster always has pods: without any, every drain would look easy.
        if state.pods.is_empty() && !state.has_kind("Pod") {
            return Err(CliError::Usage(format!(
                "no pods of {whose} were read: add the output of `kubectl get pods -A -o json`"
            )));
        }
        Ok(state)
    }
}

/// What an operation is about, once the cluster is known.
pub struct Asked {
    /// `drain`, `upgrade` or `migrate`.
    pub word: &'static str,
    pub title: String,
    pub operation: Operation,
    /// Whether AKS takes the request; `None`: nobody is asked, or it is not known.
    pub admitted: Option<bool>,
    /// What was found before anything moves.
    pub findings: Vec<Finding>,
    pub not_checked: Vec<String>,
}

impl SimulationArgs {
    /// `--window`, where it is given.
    pub fn own_window(&self) -> Result<Option<Window>, CliError> {
        self.window
            .as_deref()
            .map(|text| Ok(own_window(text)?.window))
            .transpose()
    }

    pub fn format(&self) -> Format {
        self.rendering.output
    }

    /// How long things take, as far as somebody says.
    pub fn timing(&self) -> Result<Policy, CliError> {
        let policy = self.policy.as_deref().map(read_policy).transpose()?;
        Ok(policy.unwrap_or_default())
    }

    /// Futures that are played of a cluster with so many pods.
    pub fn chance(&self, pods: usize) -> Chance {
        Chance {
            seed: self.seed,
            futures: self.futures.unwrap_or_else(|| default_futures(pods)),
        }
    }

    /// Reads everything; `objects_are_enough`: of a cluster's own API server alone, where that is asked.
    pub fn scene(&self, objects_are_enough: bool) -> Result<Scene, CliError> {
        let about = About {
            details: true,
            objects_are_enough,
            ..About::cluster(self.cluster.as_deref())
        };
        let mut found = self.sources.read(&about)?;
        let is_nameless = name_objects(&mut found);
        let loaded = source::join(found, &self.sources.also_reserved)?;
        let inventory = loaded.current;
        let index = one_cluster(&inventory, self.cluster.as_deref())?;
        let mut not_checked = inventory.not_checked.clone();
        if loaded.planned.is_some() {
            not_checked.push(
                "the Terraform plan: only what is was simulated, not what the plan will make"
                    .to_string(),
            );
        }
        Ok(Scene {
            inventory,
            index,
            is_nameless,
            not_checked,
        })
    }

    /// Simulates, prints, and says how it ended.
    pub fn run(
        &self,
        scene: &Scene,
        ask: impl FnOnce(&Population) -> Result<Asked, CliError>,
    ) -> Result<Ending, CliError> {
        let cluster = scene.cluster();
        let state = scene.state()?;
        let policy = self.policy.as_deref().map(read_policy).transpose()?;
        let policy = policy.unwrap_or_default();
        let mut windows = cluster_windows(cluster);
        if let Some(text) = &self.window {
            windows.insert(0, own_window(text)?);
        }
        let population = Population::of(cluster, state);
        let asked = ask(&population)?;
        let books = (!scene.is_nameless).then(|| Books::of(&scene.inventory));
        let now = scene.inventory.observed_at;
        let setting = Setting::of(
            &population,
            books.as_ref(),
            asked.operation.clone(),
            &policy,
            now,
        );
        let mut findings = asked.findings;
        let statics = beforehand(&setting);
        findings.extend(statics.0.iter().map(StaticVerdict::told));
        let is_refused = findings
            .iter()
            .any(|finding| finding.code == "budget-refused-beforehand");
        let admitted = if is_refused {
            Some(false)
        } else {
            asked.admitted
        };
        let (ended, log) = Engine::new(&setting).record();
        let outcome = Outcome::of(&setting, ended, log);
        let mut not_checked = scene.not_checked.clone();
        not_checked.extend(asked.not_checked);
        not_checked.extend(statics.1);
        not_checked.extend(assumptions(&setting));
        let count = self
            .futures
            .unwrap_or_else(|| default_futures(state.pods.len()));
        if count == 0 && self.futures.is_none() {
            not_checked.push(format!(
                "futures: the cluster has {} pods, more than {MOST_PODS}, so none were played; ask for them with --futures N",
                state.pods.len()
            ));
        }
        let played = (count > 0).then(|| futures(&setting, self.seed, count));
        let advice = if self.no_advice || state.pods.len() > MOST_PODS {
            if !self.no_advice {
                not_checked.push(format!(
                    "advice: nothing was tried, because the cluster has more than {MOST_PODS} pods"
                ));
            }
            Vec::new()
        } else {
            let trial = Trial {
                cluster,
                state,
                books: books.as_ref(),
                operation: &asked.operation,
                policy: &policy,
                now,
            };
            advise(&trial, &setting, &outcome)
        };
        let trace = Trace::of(&setting, &outcome);
        let mut simulation = Simulation {
            operation: asked.word,
            title: asked.title,
            cluster: cluster.name.clone(),
            observed_at: now,
            admitted,
            setting: &setting,
            outcome: &outcome,
            trace: &trace,
            futures: played.as_ref(),
            windows,
            findings,
            advice: &advice,
            not_checked,
            show: Show {
                pods: self.pods,
                timeline: match self.timeline {
                    None => Rows::Few,
                    Some(TimelineArg::Nodes) => Rows::Nodes,
                    Some(TimelineArg::Pools) => Rows::Pools,
                    Some(TimelineArg::None) => Rows::None,
                },
            },
        };
        let shown = crate::report::simulation::findings(&simulation);
        simulation.findings = merged(simulation.findings, shown);
        self.rendering.print(
            || SimulationShape::of(&simulation),
            || document(&simulation),
        )?;
        let worst: Option<Severity> = simulation
            .findings
            .iter()
            .map(|finding| finding.severity)
            .max();
        Ok(self.rendering.ending(worst))
    }
}

/// Objects of a cluster that Azure did not tell of become those of a nameless one. Of several files without a cluster nobody knows
/// whether they are of the same: they are taken to be.
fn name_objects(found: &mut Found) -> bool {
    let facts = &found.facts;
    if !facts.clusters.is_empty() || !found.plans.is_empty() || facts.kubernetes.is_empty() {
        return false;
    }
    let label = facts
        .kubernetes
        .iter()
        .flat_map(|fact| &fact.state.nodes)
        .find_map(|node| node.labels.get("kubernetes.azure.com/cluster"));
    let name = label.map_or_else(|| "the cluster".to_string(), Clone::clone);
    found.facts.clusters.push(ClusterFact {
        origin: Origin::new(&Arc::from("Kubernetes objects"), ""),
        cluster: nameless(name),
        given: ClusterGiven::ALL,
        version_asked: None,
        pools: Vec::new(),
    });
    true
}

fn nameless(name: String) -> Cluster {
    Cluster {
        id: None,
        name,
        resource_group: None,
        node_resource_group: None,
        kubernetes_version: None,
        provisioning_state: None,
        power_state: None,
        auto_upgrade: crate::model::AutoUpgrade::default(),
        network: NetworkProfile::default(),
        pools: Vec::new(),
        private_cluster: false,
        api_server_vnet_integration: false,
        node_auto_provisioning: false,
        identity: crate::model::Identity::default(),
        tenant: None,
        node_disruption_policy: None,
        ingress_application_gateway: false,
        addons: crate::model::Addons::default(),
        profiles: crate::model::Profiles::default(),
        maintenance: None,
        kubernetes: None,
    }
}

/// Above, a future costs more than it tells unasked.
const MOST_PODS: usize = 20_000;
/// Pods times futures that are played unasked.
const MOST_PLAYED: usize = 3_000_000;

fn default_futures(pods: usize) -> u32 {
    match pods {
        0..=3_000 => 1_000,
        3_001..=MOST_PODS => u32::try_from(MOST_PLAYED / pods).unwrap_or(1_000),
        _ => 0,
    }
}

fn read_policy(path: &Path) -> Result<Policy, CliError> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| CliError::Usage(format!("{name}: {error}")))?;
    let policy: Policy = serde_saphyr::from_str(&text).map_err(|error| {
        let told = error.to_string();
        // The reader shows the place below its message, and says it twice.
        let first = told.split("-->").next().unwrap_or(&told).trim();
        let first = first.lines().next().unwrap_or(first);
        let hint = if first.contains("expected mapping start") {
            "; a duration is `{ median: 600, p90: 900 }`, in seconds"
        } else {
            ""
        };
        CliError::Usage(format!("{name}: {first}{hint}"))
    })?;
    for (field, value) in [
        ("drain_timeout_minutes", policy.drain_timeout_minutes),
        ("spot_at_once", policy.spot_at_once),
        ("eviction_retry_seconds", policy.eviction_retry_seconds),
        ("autoscaler_scan_seconds", policy.autoscaler_scan_seconds),
    ] {
        if value == Some(0) {
            return Err(CliError::Usage(format!(
                "{name}: {field} is 0; expected 1 or more"
            )));
        }
    }
    Ok(policy)
}

/// The one that is given with `--window`.
fn own_window(text: &str) -> Result<NamedWindow, CliError> {
    let window: Window = text
        .parse()
        .map_err(|error| CliError::Usage(format!("--{error}")))?;
    Ok(NamedWindow {
        source: "window".to_string(),
        window,
        is_maintenance: false,
    })
}

/// The cluster's own windows, as lengths and times of day; on which days they open is not looked at here.
fn cluster_windows(cluster: &Cluster) -> Vec<NamedWindow> {
    let configurations = cluster.maintenance.as_deref().unwrap_or_default();
    configurations
        .iter()
        .filter(|configuration| !configuration.key().eq_ignore_ascii_case("default"))
        .filter_map(cluster_window)
        .collect()
}

fn cluster_window(configuration: &MaintenanceConfiguration) -> Option<NamedWindow> {
    let window = configuration.window.as_ref()?;
    Some(NamedWindow {
        source: configuration.name.clone(),
        window: Window::Daily {
            opens: window.start_time,
            seconds: window.duration_hours.checked_mul(3_600)?,
            offset_minutes: window.utc_offset_minutes,
        },
        is_maintenance: true,
    })
}

/// Pools by name, in the cluster's order; none named: all.
pub fn pools(population: &Population, named: &[String]) -> Result<Vec<PoolId>, CliError> {
    let find = |name: &String| {
        population
            .pools
            .iter()
            .position(|pool| pool.name.eq_ignore_ascii_case(name))
            .map(PoolId::new)
            .ok_or_else(|| {
                let known: Vec<String> = population
                    .pools
                    .iter()
                    .map(|pool| pool.name.clone())
                    .collect();
                CliError::Usage(format!("no pool `{name}`; known: {}", listed(&known, 12)))
            })
    };
    if named.is_empty() {
        return Ok((0..population.pools.len()).map(PoolId::new).collect());
    }
    named.iter().map(find).collect()
}

/// Nodes by name, or by the end of it: `apps-7` is no name, `vmss000007` may be.
pub fn nodes(population: &Population, named: &[String]) -> Result<Vec<NodeId>, CliError> {
    let find = |name: &String| {
        let exact = population
            .node_ids()
            .find(|node| population.node(*node).name == *name);
        exact.ok_or_else(|| {
            let like: Vec<String> = population
                .state
                .nodes
                .iter()
                .filter(|node| node.name.contains(name.as_str()))
                .map(|node| node.name.clone())
                .collect();
            let known = if like.is_empty() {
                population
                    .state
                    .nodes
                    .iter()
                    .map(|node| node.name.clone())
                    .collect()
            } else {
                like
            };
            CliError::Usage(format!("no node `{name}`; known: {}", listed(&known, 12)))
        })
    };
    named.iter().map(find).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MaintenanceWindow, Schedule};
    use jiff::civil::Time;
    use std::num::NonZeroU32;

    #[test]
    fn a_window_that_cannot_be_read_is_named_as_a_flag() {
        assert_eq!(own_window("22:00-04:00").unwrap().window.seconds(), 21_600);
        let CliError::Usage(said) = own_window("4x").unwrap_err() else {
            panic!("a usage error is expected");
        };
        assert!(said.starts_with("--window `4x`; expected hours"), "{said}");
    }

    #[test]
    fn a_cluster_window_is_told_in_utc() {
        let configuration = MaintenanceConfiguration {
            name: "aksManagedNodeOSUpgradeSchedule".to_string(),
            window: Some(MaintenanceWindow {
                schedule: Schedule::Daily {
                    interval_days: NonZeroU32::MIN,
                },
                duration_hours: 6,
                utc_offset_minutes: 120,
                start_date: None,
                start_time: Time::constant(1, 30, 0, 0),
                not_allowed_dates: Vec::new(),
            }),
            ..MaintenanceConfiguration::default()
        };
        let window = cluster_window(&configuration).unwrap();
        assert_eq!(window.window.opens(), Some(Time::constant(23, 30, 0, 0)));
        assert_eq!(
            (window.window.seconds(), window.is_maintenance),
            (21_600, true)
        );
    }

    #[test]
    fn futures_shrink_with_the_cluster() {
        assert_eq!(default_futures(400), 1_000);
        assert_eq!(default_futures(3_000), 1_000);
        assert_eq!(default_futures(15_000), 200);
        assert_eq!(default_futures(20_001), 0);
    }
}

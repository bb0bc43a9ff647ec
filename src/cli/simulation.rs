//! What `drain`, `upgrade` and `migrate` have in common: where the cluster's objects come from, and what is shown of it. How it is played
//! is said in `play`.

use super::input::{About, Sources, one_cluster};
use super::output::{Format, Rendering};
use super::play::{Asked, PlayArgs};
use super::{CliError, Ending};
use crate::finding::Severity;
use crate::migrate::Step;
use crate::migrate::build::as_at_the_move;
use crate::model::{Cluster, ClusterIndex, Inventory, KubernetesState, NetworkProfile};
use crate::population::{NodeId, PoolId, Population};
use crate::report::shapes::simulation::SimulationShape;
use crate::report::simulation::{Rows, Show, document, listed};
use crate::source::facts::{ClusterFact, ClusterGiven, Origin};
use crate::source::{self, Found};
use std::sync::Arc;

/// Flags of every simulated operation.
#[derive(Debug, clap::Args)]
pub struct SimulationArgs {
    /// The cluster; may be left out where there is one
    #[arg(long, value_name = "NAME")]
    pub cluster: Option<String>,

    /// Every pod: what became of it and why, and how many pods of each workload were Ready when
    #[arg(long)]
    pods: bool,

    /// Rows of the timeline; left out: nodes, or pools where there are more than forty
    #[arg(long, value_enum, value_name = "ROWS")]
    timeline: Option<TimelineArg>,

    #[command(flatten)]
    pub sources: Sources,

    #[command(flatten)]
    pub play: PlayArgs,

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
    pub not_checked: Vec<String>,
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
            cluster.label().to_string()
        } else {
            format!("cluster {}", cluster.label())
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

impl SimulationArgs {
    pub fn format(&self) -> Format {
        self.rendering.output
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
        let show = Show {
            pods: self.pods,
            timeline: match self.timeline {
                None => Rows::Few,
                Some(TimelineArg::Nodes) => Rows::Nodes,
                Some(TimelineArg::Pools) => Rows::Pools,
                Some(TimelineArg::None) => Rows::None,
            },
        };
        self.play.play(scene, show, ask, |simulation| {
            self.rendering
                .print(|| SimulationShape::of(simulation), || document(simulation))?;
            let worst: Option<Severity> = simulation
                .findings
                .iter()
                .map(|finding| finding.severity)
                .max();
            Ok(self.rendering.ending(worst))
        })
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
        told_apart: None,
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

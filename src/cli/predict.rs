//! `aksplan predict`.

use super::input::{About, Sources, one_cluster};
use super::pipeline::{FoundRendering, Judged};
use super::plan::plan_predictions;
use super::{CliError, Ending};
use crate::capacity::overlap::PeeringGraph;
use crate::model::{
    Change, Cluster, ClusterIndex, Inventory, IpNet, NodePool, Places, Subject, Subnet, VnetIndex,
    parse_cidr,
};
use crate::predict::difference::{apply, changes_between};
use crate::predict::{Estate, Prediction, Wish, predict, predict_in};
use crate::report::predict::document;
use crate::report::shapes::{PredictShape, PredictionsShape};
use crate::report::{Document, junit, told};
use crate::source::assemble::{Lookup, resolve_new_cluster, resolve_pool_in};
use crate::source::facts::{Origin, PoolFact};
use crate::source::scenario::{ChangeFact, NumberOrText, OperationFact, ScenarioPool};
use crate::source::{self, Loaded, SourceError, desired};
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

/// What AKS answers to an operation: at admission, and at run time after it was accepted
///
/// Say what you want with --desired (the operation is the difference), with one or more of the flags below, with a scenario that
/// has `operations`, or with a Terraform plan. Several flags are one request: AKS judges the state after all of them.
#[derive(Debug, clap::Args)]
pub struct PredictArgs {
    /// The cluster to change; may be left out where there is one
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,

    /// The wanted managed cluster: a request body, the output of `az aks show` after editing, or a scenario
    #[arg(long, value_name = "FILE", conflicts_with_all = ["add_pool", "scale", "max_count", "upgrade", "migrate", "update"])]
    desired: Option<PathBuf>,

    /// Add a node pool: name=…,count=…[,min-count=…,max-count=…,max-pods=…,os=…,subnet=…,pod-subnet=…,max-surge=…,…]
    #[arg(long, value_name = "KEY=VALUE,…")]
    add_pool: Vec<String>,

    /// Scale a pool to N nodes; with the autoscaler on, the step it would take
    #[arg(long, value_name = "POOL=N")]
    scale: Vec<String>,

    /// Set the autoscaler's ceiling of a pool
    #[arg(long, value_name = "POOL=N")]
    max_count: Vec<String>,

    /// Upgrade a pool, or the whole cluster when no pool is named
    #[arg(long, value_name = "POOL", num_args = 0..=1, default_missing_value = "")]
    upgrade: Option<String>,

    /// Move the cluster to Azure CNI Overlay
    #[arg(long, value_name = "MODE", value_parser = ["overlay"])]
    migrate: Option<String>,

    /// The pod CIDR of the move
    #[arg(long, value_name = "CIDR", requires = "migrate")]
    pod_cidr: Option<String>,

    /// Any update that changes nothing here, such as enabling an add-on: AKS checks the whole cluster all the same
    #[arg(long)]
    update: bool,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    rendering: FoundRendering,
}

pub fn run(args: &PredictArgs) -> Result<Ending, CliError> {
    args.rendering.check()?;
    let Answered {
        predictions,
        about,
        places,
    } = predictions(args)?;
    let worst = predictions.iter().map(Prediction::worst).max();
    let judged = || Judged {
        about,
        told: predictions.iter().flat_map(told::of_prediction).collect(),
        suites: vec![junit::predictions(&predictions)],
        not_checked: predictions
            .iter()
            .flat_map(|prediction| prediction.not_checked.iter().cloned())
            .collect(),
        places,
    };
    if let [prediction] = predictions.as_slice() {
        args.rendering.print(
            "predict",
            || PredictShape::from(prediction),
            || document(prediction),
            judged,
        )?;
    } else {
        args.rendering.print(
            "predict",
            || PredictionsShape::from(predictions.as_slice()),
            || several(&predictions),
            judged,
        )?;
    }
    Ok(args.rendering.ending(worst))
}

/// The predictions that were asked for, what they are about, and where that stands.
struct Answered {
    predictions: Vec<Prediction>,
    /// A cluster, or a scenario.
    about: String,
    places: Places,
}

fn several(predictions: &[Prediction]) -> Document {
    let mut all = Document::new("Predictions");
    if predictions.is_empty() {
        all.paragraph("No cluster changes.");
    }
    for prediction in predictions {
        all.append(document(prediction));
    }
    all
}

fn predictions(args: &PredictArgs) -> Result<Answered, CliError> {
    let about = About::cluster(args.cluster.as_deref());
    if let Some(file) = &args.desired {
        return desired_predictions(args, file, &about);
    }
    let rendering = &args.rendering;
    let (loaded, places) =
        rendering
            .placing
            .load(&args.sources, &about, rendering.needs_places())?;
    let named = || loaded.scenario.as_ref().map(|(name, _)| name.clone());
    let about = args.cluster.clone().or_else(named).unwrap_or_default();
    let answered = |predictions| Answered {
        predictions,
        about,
        places,
    };
    let changes = flag_changes(args)?;
    if !changes.is_empty() {
        let index = one_cluster(&loaded.current, args.cluster.as_deref())?;
        let origin = Origin::new(&Arc::from("command line"), "");
        let prediction = Operations::of(&loaded.current).change(index, changes, &origin)?;
        return Ok(answered(vec![prediction]));
    }
    if let Some(planned) = &loaded.planned {
        let predictions = plan_predictions(&loaded, planned, args.cluster.as_deref());
        return Ok(answered(predictions));
    }
    if !loaded.operations.is_empty() {
        return Ok(answered(scenario_predictions(&loaded)?));
    }
    Err(CliError::Usage(
        "nothing to predict: give --desired FILE, a flag such as --add-pool or --upgrade, a scenario with `operations`, or a \
         Terraform plan"
            .to_string(),
    ))
}

/// Every operation of the scenarios that were read.
pub fn scenario_predictions(loaded: &Loaded) -> Result<Vec<Prediction>, CliError> {
    if loaded.operations.is_empty() {
        return Ok(Vec::new());
    }
    let mut operations = Operations::of(&loaded.current);
    loaded
        .operations
        .iter()
        .enumerate()
        .map(|(position, operation)| {
            let prediction = operations.prediction(operation.clone())?;
            let subject = Subject::Operation {
                number: position + 1,
                cluster: prediction.cluster.clone(),
            };
            Ok(Prediction {
                subject,
                ..prediction
            })
        })
        .collect()
}

fn desired_predictions(
    args: &PredictArgs,
    file: &PathBuf,
    about: &About,
) -> Result<Answered, CliError> {
    let rendering = &args.rendering;
    let (mut current, read) =
        rendering
            .placing
            .read(&args.sources, about, rendering.needs_places())?;
    for path in &args.sources.also_reserved {
        current.facts.reserved.extend(source::read_reserved(path)?);
    }
    let wanted = source::read_all(std::slice::from_ref(file))?;
    let mut places = Places::default();
    if rendering.needs_places() {
        // What is wanted is what somebody wrote.
        places = rendering.placing.places(&wanted)?;
        places.append(read);
    }
    let name = file.display().to_string();
    let overlaid = desired::overlay(&name, current, wanted, args.cluster.as_deref())?;
    let states = States::of(&overlaid.current, &overlaid.planned);
    let predictions = overlaid
        .clusters
        .iter()
        .map(|name| {
            let index = super::input::find_cluster(&overlaid.planned, name)?;
            Ok(states.prediction(index))
        })
        .collect::<Result<_, CliError>>()?;
    Ok(Answered {
        predictions,
        about: args.cluster.clone().unwrap_or_default(),
        places,
    })
}

/// Two states of an estate: the difference is the operation. A fleet has thousands of clusters, so both are indexed once.
pub(super) struct States<'a> {
    current: &'a Inventory,
    planned: &'a Inventory,
    estate: Estate<'a>,
    /// Clusters that are, by id and by qualified name, in lower case; the first of each.
    by_id: HashMap<String, ClusterIndex>,
    by_name: HashMap<String, Vec<ClusterIndex>>,
}

impl<'a> States<'a> {
    pub fn of(current: &'a Inventory, planned: &'a Inventory) -> Self {
        let mut by_id = HashMap::new();
        let mut by_name: HashMap<String, Vec<ClusterIndex>> = HashMap::new();
        for index in current.cluster_indices() {
            let cluster = current.cluster(index);
            if let Some(id) = &cluster.id {
                by_id.entry(id.key()).or_insert(index);
            }
            let name = cluster.qualified_name().to_ascii_lowercase();
            by_name.entry(name).or_default().push(index);
        }
        States {
            current,
            planned,
            estate: Estate::of(current, planned),
            by_id,
            by_name,
        }
    }

    /// The cluster as it is: by id, and by name where one of the two has none.
    pub fn before(&self, index: ClusterIndex) -> Option<ClusterIndex> {
        let wanted = self.planned.cluster(index);
        let by_id = wanted
            .id
            .as_ref()
            .and_then(|id| self.by_id.get(&id.key()).copied());
        by_id.or_else(|| {
            self.by_name
                .get(&wanted.qualified_name().to_ascii_lowercase())?
                .iter()
                .copied()
                .find(|known| wanted.id.is_none() || self.current.cluster(*known).id.is_none())
        })
    }

    /// What AKS answers to the difference.
    pub fn prediction(&self, index: ClusterIndex) -> Prediction {
        let known = self
            .before(index)
            .map(|before| self.current.cluster(before));
        self.prediction_of(index, changes_between(known, self.planned.cluster(index)))
    }

    /// What AKS answers to these changes.
    pub fn prediction_of(&self, index: ClusterIndex, changes: Vec<Change>) -> Prediction {
        predict_in(
            &self.estate,
            &Wish {
                before: self.current,
                cluster_before: self.before(index),
                after: self.planned,
                cluster: index,
                changes,
            },
        )
    }

    /// Whether neither the cluster nor a network that it reaches changes: then nobody asks AKS anything.
    pub fn leaves_alone(&self, index: ClusterIndex, changed: &BTreeSet<VnetIndex>) -> bool {
        let Some(before) = self.before(index) else {
            return false;
        };
        let (before, after) = (self.current.cluster(before), self.planned.cluster(index));
        let graph = self.estate.ranges().graph();
        changes_between(Some(before), after).is_empty()
            && self.same_profile(before, after)
            && !self
                .planned
                .vnets_of_cluster(after)
                .into_iter()
                .any(|vnet| {
                    let reach = graph.reach(vnet);
                    std::iter::once(&vnet)
                        .chain(&reach.direct)
                        .chain(&reach.transitive)
                        .any(|near| changed.contains(near))
                })
    }

    /// What changes_between has no word for may be refused all the same.
    fn same_profile(&self, before: &Cluster, after: &Cluster) -> bool {
        let bare = |pool: &NodePool| NodePool {
            subnet: None,
            pod_subnet: None,
            ..pool.clone()
        };
        let place = |subnet| self.estate.subnet_before(subnet);
        before.network == after.network
            && before.identity == after.identity
            && before.pools.len() == after.pools.len()
            && before.pools.iter().zip(&after.pools).all(|(old, new)| {
                bare(old) == bare(new)
                    && new.subnet.and_then(place) == old.subnet
                    && new.pod_subnet.and_then(place) == old.pod_subnet
            })
    }

    /// VNets of the planned state that are not as they were: address space, peerings or subnets.
    pub fn changed_vnets(&self) -> BTreeSet<VnetIndex> {
        let key = |inventory: &Inventory, index: VnetIndex| {
            let vnet = inventory.vnet(index);
            vnet.id
                .as_ref()
                .map_or_else(|| vnet.name.to_ascii_lowercase(), |id| id.key())
        };
        let known: HashMap<String, VnetIndex> = self
            .current
            .vnet_indices()
            .map(|index| (key(self.current, index), index))
            .collect();
        let graph_before = PeeringGraph::of(self.current);
        let graph = self.estate.ranges().graph();
        self.planned
            .vnet_indices()
            .filter(|&index| {
                let Some(&old) = known.get(&key(self.planned, index)) else {
                    return true;
                };
                let (before, after) = (self.current.vnet(old), self.planned.vnet(index));
                before.address_space != after.address_space
                    || before.peerings != after.peerings
                    || layout(graph_before.subnets(self.current, old))
                        != layout(graph.subnets(self.planned, index))
            })
            .collect()
    }
}

/// The subnets of a VNet without what stands in them, in order of name.
fn layout<'a>(subnets: impl Iterator<Item = &'a Subnet>) -> Vec<impl PartialEq + 'a> {
    let mut subnets: Vec<&Subnet> = subnets.collect();
    subnets.sort_by(|a, b| a.name.cmp(&b.name));
    subnets
        .into_iter()
        .map(|subnet| {
            (
                &subnet.name,
                &subnet.prefixes,
                &subnet.delegations,
                &subnet.route_table,
            )
        })
        .collect()
}

/// Operations on one estate, each asked of it as it is. What is looked up in the estate is made once: a fleet has thousands of both.
pub struct Operations<'a> {
    current: &'a Inventory,
    /// Of what is and of what will be alike: what changes in a cluster that is there changes no network.
    estate: Estate<'a>,
    subnets: Lookup,
    /// The estate, with the one cluster that is asked about as it will be; as it is again afterwards.
    after: Inventory,
}

impl<'a> Operations<'a> {
    pub fn of(current: &'a Inventory) -> Self {
        Operations {
            current,
            estate: Estate::of(current, current),
            subnets: Lookup::of(current),
            after: current.clone(),
        }
    }

    /// What AKS answers to one of them.
    pub fn prediction(&mut self, operation: OperationFact) -> Result<Prediction, CliError> {
        let creates = |change: &ChangeFact| matches!(change, ChangeFact::Create(_));
        if operation.changes.iter().any(creates) {
            return created(self.current, operation);
        }
        let index = one_cluster(self.current, operation.cluster.as_deref())?;
        self.change(index, operation.changes, &operation.origin)
    }

    /// What AKS answers to changes of a cluster that is there.
    pub fn change(
        &mut self,
        index: ClusterIndex,
        changes: Vec<ChangeFact>,
        origin: &Origin,
    ) -> Result<Prediction, CliError> {
        let known = self.current.cluster(index);
        let changes = changes
            .into_iter()
            .map(|change| resolved(self.current, &self.subnets, known, change, origin))
            .collect::<Result<Vec<_>, _>>()?;
        let wanted = apply(known, &changes).map_err(CliError::Usage)?;
        let at = index.get();
        let before = std::mem::replace(&mut self.after.clusters[at], wanted);
        let prediction = predict_in(
            &self.estate,
            &Wish {
                before: self.current,
                cluster_before: Some(index),
                after: &self.after,
                cluster: index,
                changes,
            },
        );
        self.after.clusters[at] = before;
        Ok(prediction)
    }
}

/// What AKS answers to a cluster that is created, which may bring a network with it.
fn created(current: &Inventory, operation: OperationFact) -> Result<Prediction, CliError> {
    let mut after = current.clone();
    let index = ClusterIndex::new(after.clusters.len());
    let mut changes = Vec::new();
    for change in operation.changes {
        if let ChangeFact::Create(fact) = change {
            let cluster = resolve_new_cluster(&mut after, *fact)?;
            after.clusters.push(cluster);
            changes.push(Change::Create);
        } else {
            let subnets = Lookup::of(&after);
            let cluster = after.cluster(index);
            changes.push(resolved(
                &after,
                &subnets,
                cluster,
                change,
                &operation.origin,
            )?);
        }
    }
    let cluster = apply(after.cluster(index), &changes).map_err(CliError::Usage)?;
    after.clusters[index.get()] = cluster;
    Ok(predict(&Wish {
        before: current,
        cluster_before: None,
        after: &after,
        cluster: index,
        changes,
    }))
}

/// A change with its references followed.
fn resolved(
    inventory: &Inventory,
    subnets: &Lookup,
    cluster: &Cluster,
    change: ChangeFact,
    origin: &Origin,
) -> Result<Change, SourceError> {
    Ok(match change {
        ChangeFact::Create(_) => Change::Create,
        ChangeFact::AddPool(fact) => Change::AddPool(Box::new(resolve_pool_in(
            inventory, subnets, cluster, *fact, origin,
        )?)),
        ChangeFact::Scale { pool, count } => Change::Scale { pool, count },
        ChangeFact::SetMaxCount { pool, max_count } => Change::SetMaxCount {
            pool,
            max_count,
            min_count: None,
        },
        ChangeFact::Upgrade { pool } => Change::Upgrade { pool },
        ChangeFact::MigrateToOverlay { pod_cidr } => Change::MigrateToOverlay { pod_cidr },
        ChangeFact::Update => Change::Update,
    })
}

fn flag_changes(args: &PredictArgs) -> Result<Vec<ChangeFact>, CliError> {
    let mut changes = Vec::new();
    for pool in &args.add_pool {
        changes.push(ChangeFact::AddPool(Box::new(add_pool(pool)?)));
    }
    for scale in &args.scale {
        let (pool, count) = pool_and_number("--scale", scale)?;
        changes.push(ChangeFact::Scale { pool, count });
    }
    for max in &args.max_count {
        let (pool, max_count) = pool_and_number("--max-count", max)?;
        changes.push(ChangeFact::SetMaxCount { pool, max_count });
    }
    if let Some(pool) = &args.upgrade {
        changes.push(ChangeFact::Upgrade {
            pool: (!pool.is_empty()).then(|| pool.clone()),
        });
    }
    if args.migrate.is_some() {
        let pod_cidr: Option<IpNet> = match &args.pod_cidr {
            Some(text) => Some(
                parse_cidr(text)
                    .map_err(|error| CliError::Usage(format!("--pod-cidr: {error}")))?,
            ),
            None => None,
        };
        if let Some(IpNet::V6(range)) = pod_cidr {
            return Err(CliError::Usage(format!(
                "--pod-cidr: {range} is IPv6; expected the IPv4 pod CIDR of the move"
            )));
        }
        changes.push(ChangeFact::MigrateToOverlay { pod_cidr });
    }
    if args.update {
        changes.push(ChangeFact::Update);
    }
    Ok(changes)
}

fn pool_and_number(flag: &str, text: &str) -> Result<(String, u64), CliError> {
    const MOST: u64 = 1_000_000;
    text.split_once('=')
        .and_then(|(pool, number)| Some((pool.trim().to_string(), number.trim().parse().ok()?)))
        .filter(|(pool, number)| !pool.is_empty() && *number <= MOST)
        .ok_or_else(|| CliError::Usage(format!("{flag} `{text}`; expected POOL=N, as in apps=10")))
}

/// `name=apps,count=3,max-pods=110` in the words of `az aks nodepool add`.
fn add_pool(text: &str) -> Result<PoolFact, CliError> {
    const KEYS: &str = "name, count, min-count, max-count, max-pods, max-surge, max-unavailable, mode, os, subnet, pod-subnet, \
                        pod-ip-allocation-mode, priority, type, vm-size, kubernetes-version";
    let fail = |problem: String| CliError::Usage(format!("--add-pool `{text}`: {problem}"));
    let mut pool = ScenarioPool::default();
    let mut count = None;
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| fail(format!("`{part}` has no value; expected KEY=VALUE")))?;
        let value = value.trim();
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| fail(format!("{key} `{value}` is not a number")))
        };
        let word = || Some(value.to_string());
        match key.trim().replace('_', "-").to_ascii_lowercase().as_str() {
            "name" => pool.name = value.to_string(),
            "count" | "node-count" => count = Some(number()?),
            "min-count" => pool.min_count = Some(number()?),
            "max-count" => pool.max_count = Some(number()?),
            "max-pods" => {
                pool.max_pods = Some(
                    u32::try_from(number()?)
                        .map_err(|_| fail(format!("{key} `{value}` is not a number of pods")))?,
                );
            }
            "max-surge" => pool.max_surge = Some(NumberOrText::Text(value.to_string())),
            "max-unavailable" => pool.max_unavailable = Some(NumberOrText::Text(value.to_string())),
            "mode" => pool.mode = word(),
            "os" | "os-type" => pool.os_type = word(),
            "subnet" | "vnet-subnet-id" => pool.subnet = word(),
            "pod-subnet" | "pod-subnet-id" => pool.pod_subnet = word(),
            "pod-ip-allocation-mode" => pool.pod_ip_allocation_mode = word(),
            "priority" => pool.spot = value.eq_ignore_ascii_case("Spot"),
            "spot" => pool.spot = value.eq_ignore_ascii_case("true"),
            "type" => pool.kind = word(),
            "vm-size" | "node-vm-size" => pool.vm_size = word(),
            "kubernetes-version" => pool.kubernetes_version = word(),
            other => {
                return Err(fail(format!(
                    "unknown key `{other}`; expected one of {KEYS}"
                )));
            }
        }
    }
    if pool.name.is_empty() {
        return Err(fail("no name; expected name=…".to_string()));
    }
    pool.count = count
        .or(pool.min_count)
        .ok_or_else(|| fail("no count; expected count=N".to_string()))?;
    let bounds = pool.min_count.unwrap_or(0)..=pool.max_count.unwrap_or(u64::MAX);
    if !bounds.contains(&pool.count) {
        return Err(fail(format!(
            "count {} lies outside of min-count and max-count",
            pool.count
        )));
    }
    let origin = Origin::new(&Arc::from("--add-pool"), "");
    Ok(pool.lower(&origin, "")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SubnetIndex, parse_cidr};

    const TWO: &str = "\
apiVersion: aksplan/v1
name: two clusters
virtual_networks:
  - { name: a, address_space: [10.1.0.0/16], subnets: [{ name: nodes, cidr: 10.1.0.0/24 }] }
  - { name: b, address_space: [10.2.0.0/16, 172.16.0.0/24], subnets: [{ name: nodes, cidr: 10.2.0.0/24 }] }
clusters:
  - name: one
    kubernetes_version: \"1.33\"
    network_plugin: azure
    network_plugin_mode: overlay
    pod_cidr: 10.244.0.0/16
    service_cidr: 172.16.0.0/16
    dns_service_ip: 172.16.0.10
    identity: SystemAssigned
    pools: [{ name: p, mode: System, count: 3, max_pods: 110, subnet: a/nodes }]
  - name: two
    kubernetes_version: \"1.33\"
    network_plugin: azure
    network_plugin_mode: overlay
    pod_cidr: 10.244.0.0/16
    service_cidr: 172.16.0.0/16
    dns_service_ip: 172.16.0.10
    identity: SystemAssigned
    pools: [{ name: p, mode: System, count: 3, max_pods: 110, subnet: b/nodes }]
";

    fn names(current: &Inventory, planned: &Inventory) -> Vec<String> {
        let loaded = Loaded {
            current: current.clone(),
            ..Loaded::default()
        };
        plan_predictions(&loaded, planned, None)
            .into_iter()
            .map(|prediction| prediction.cluster)
            .collect()
    }

    #[test]
    fn a_plan_asks_only_for_what_changes() {
        let current = crate::source::read_document("two", TWO.as_bytes())
            .and_then(crate::source::Found::assemble)
            .unwrap()
            .current;
        assert_eq!(names(&current, &current), [""; 0]);
        let mut planned = current.clone();
        planned.clusters[1].pools[0].count = 4;
        assert_eq!(names(&current, &planned), ["two"]);
        // Another order of clusters: found by name all the same.
        planned.clusters.swap(0, 1);
        assert_eq!(names(&current, &planned), ["two"]);
        // A subnet arrives inside the service CIDR: the next update of that cluster is refused.
        let mut planned = current.clone();
        let mut arrival = planned.subnet(SubnetIndex::new(1)).clone();
        arrival.name = "arrival".to_string();
        arrival.prefixes = vec![parse_cidr("172.16.0.0/24").unwrap()];
        planned.subnets.push(arrival);
        assert_eq!(names(&current, &planned), ["two"]);
        // It was there before: nobody asks AKS anything.
        assert_eq!(names(&planned, &planned), [""; 0]);
        assert_eq!(
            plan_predictions(&Loaded::default(), &current, Some("one")).len(),
            1
        );
    }

    /// Operations on one estate do not know of each other: each is answered as if what is looked up were made for it alone.
    #[test]
    fn each_operation_is_asked_of_the_estate_as_it_is() {
        let operations = "operations:
  - { cluster: one, scale: { pool: p, count: 200 } }
  - { cluster: two, scale: { pool: p, count: 200 } }
  - { cluster: one, scale: { pool: p, count: 200 }, add_pool: { name: q, count: 90 } }
  - { cluster: one, add_pool: { name: q, count: 90, subnet: b/nodes } }
  - { cluster: two, create: { name: three, network_plugin: azure, pools: [{ name: p, mode: System, count: 3, max_pods: 30 }] } }
  - { cluster: one, upgrade: {} }
  - { cluster: two, migrate_to_overlay: { pod_cidr: 10.245.0.0/16 } }
  - { cluster: one, scale: { pool: p, count: 200 } }
";
        let loaded = crate::source::read_document("ops", format!("{TWO}{operations}").as_bytes())
            .and_then(crate::source::Found::assemble)
            .unwrap();
        let current = &loaded.current;
        let together = scenario_predictions(&loaded).unwrap();
        let mut outcomes = BTreeSet::new();
        for (operation, shared) in loaded.operations.iter().zip(&together) {
            let mut after = current.clone();
            let create = operation.changes.iter().find_map(|change| match change {
                ChangeFact::Create(fact) => Some(fact.as_ref().clone()),
                _ => None,
            });
            let before = match create {
                Some(_) => None,
                None => Some(one_cluster(current, operation.cluster.as_deref()).unwrap()),
            };
            let index = before.unwrap_or_else(|| ClusterIndex::new(after.clusters.len()));
            if let Some(fact) = create {
                let cluster = resolve_new_cluster(&mut after, fact).unwrap();
                after.clusters.push(cluster);
            }
            let changes: Vec<Change> = operation
                .changes
                .iter()
                .map(|change| {
                    let subnets = Lookup::of(&after);
                    let cluster = after.cluster(index);
                    resolved(&after, &subnets, cluster, change.clone(), &operation.origin).unwrap()
                })
                .collect();
            after.clusters[index.get()] = apply(after.cluster(index), &changes).unwrap();
            let alone = predict(&Wish {
                before: current,
                cluster_before: before,
                after: &after,
                cluster: index,
                changes,
            });
            let subject = shared.subject.clone();
            assert_eq!(*shared, Prediction { subject, ..alone });
            outcomes.insert(shared.outcome);
        }
        assert!(outcomes.len() > 1, "{outcomes:?}");
    }
}

//! Whose Kubernetes objects are: they carry no cluster name. Never guesses between two clusters.

use super::facts::KubernetesFact;
use super::kubernetes::{IP_MASQ_CONFIGS, SECRET_TYPES};
use crate::model::{Inventory, KubernetesState, ResourceId};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What the origin of objects read live begins with; the API server's address follows. Such an origin stands in no folder.
pub const LIVE: &str = "Kubernetes API ";

/// Gives each cluster its objects. Whoever read them may know whose they are; else a node says it, and so whose the other
/// objects of its file are. Of a file without nodes the other files of its folder say it, where they agree; else the name of
/// the folder does, or there is only one cluster.
pub(super) fn kubernetes(inventory: &mut Inventory, facts: Vec<KubernetesFact>) {
    let files = by_file(facts);
    let groups = Groups::of(inventory);
    let by_id = positions(inventory);
    let owners: Vec<Option<Owner>> = files
        .iter()
        .map(|read| match &read.cluster {
            Some(id) => Some(match by_id.get(&id.key()) {
                Some(position) => Owner::Cluster(*position),
                None => Owner::Other,
            }),
            None => groups.owner_by_node(&read.state),
        })
        .collect();
    let mut by_folder: BTreeMap<String, BTreeSet<Owner>> = BTreeMap::new();
    for (read, owner) in files.iter().zip(&owners) {
        if let (Some(owner), Some(folder)) = (owner, folder_of(&read.file)) {
            let folder = folder.to_string();
            by_folder.entry(folder).or_default().insert(*owner);
        }
    }
    let mut without_owner: Vec<Arc<str>> = Vec::new();
    let mut of_others: Vec<Arc<str>> = Vec::new();
    let mut changed: BTreeSet<usize> = BTreeSet::new();
    for (Objects { file, state, .. }, owner) in files.into_iter().zip(owners) {
        let owner = owner.or_else(|| {
            let folder = folder_of(&file);
            match folder.and_then(|folder| by_folder.get(folder)) {
                Some(owners) if owners.len() == 1 => owners.first().copied(),
                _ => owner_by_folder(inventory, folder.unwrap_or_default()),
            }
        });
        match owner {
            Some(Owner::Cluster(position)) => {
                changed.insert(position);
                // A snapshot may have brought some already.
                let known = inventory.clusters[position]
                    .kubernetes
                    .get_or_insert_default();
                let known = Arc::make_mut(known);
                if is_live(&file) {
                    supersede(known, &state);
                }
                known.absorb(state);
            }
            Some(Owner::Other) => of_others.push(file),
            None => without_owner.push(file),
        }
    }
    for position in changed {
        if let Some(state) = &mut inventory.clusters[position].kubernetes {
            unite(Arc::make_mut(state));
        }
    }
    if !of_others.is_empty() {
        inventory.not_checked.push(format!(
            "{}: Kubernetes objects of a cluster that was not read: the nodes' label {CLUSTER_LABEL} is the node resource group \
             of none that was, or it was named and is not among them",
            of_others.join(", ")
        ));
    }
    if !without_owner.is_empty() {
        let files = without_owner.join(", ");
        inventory.not_checked.push(if inventory.clusters.is_empty() {
            format!("{files}: Kubernetes objects, and no cluster was read that they could belong to")
        } else {
            format!(
                "{files}: Kubernetes objects that could be any cluster's; put them into a folder named after the cluster, or \
                 add its nodes"
            )
        });
    }
}

const CLUSTER_LABEL: &str = "kubernetes.azure.com/cluster";

/// What one file says.
struct Objects {
    file: Arc<str>,
    cluster: Option<ResourceId>,
    state: KubernetesState,
}

/// What each file says, in the order read.
fn by_file(facts: Vec<KubernetesFact>) -> Vec<Objects> {
    let mut files: Vec<Objects> = Vec::new();
    let mut position_of: BTreeMap<(Arc<str>, Option<String>), usize> = BTreeMap::new();
    for fact in facts {
        let cluster = fact.cluster.as_ref();
        let key = (
            Arc::clone(&fact.origin.file),
            cluster.map(|id| id.as_str().to_ascii_lowercase()),
        );
        match position_of.get(&key) {
            Some(&position) => files[position].state.absorb(fact.state),
            None => {
                files.push(Objects {
                    file: fact.origin.file,
                    cluster: fact.cluster,
                    state: fact.state,
                });
                position_of.insert(key, files.len() - 1);
            }
        }
    }
    files
}

/// Clusters by their ids. An id that stands twice is the first one's.
fn positions(inventory: &Inventory) -> HashMap<String, usize> {
    let mut positions = HashMap::with_capacity(inventory.clusters.len());
    for (position, cluster) in inventory.clusters.iter().enumerate() {
        if let Some(id) = &cluster.id {
            positions.entry(id.key()).or_insert(position);
        }
    }
    positions
}

/// Clusters by their node resource group, as nodes carry it in a label. A label's value holds 63 characters, a group's name 90.
struct Groups {
    by_start: BTreeMap<String, Vec<(String, usize)>>,
    /// Every cluster has one: a label that matches none is then another cluster's.
    complete: bool,
}

impl Groups {
    /// A label at least this long may have been cut.
    const CUT: usize = 60;

    fn start(group: &str) -> String {
        group.chars().take(Self::CUT).collect()
    }

    fn of(inventory: &Inventory) -> Self {
        let mut by_start: BTreeMap<String, Vec<(String, usize)>> = BTreeMap::new();
        for (position, cluster) in inventory.clusters.iter().enumerate() {
            if let Some(group) = &cluster.node_resource_group {
                let group = group.to_ascii_lowercase();
                let same = by_start.entry(Self::start(&group)).or_default();
                same.push((group, position));
            }
        }
        let known: usize = by_start.values().map(Vec::len).sum();
        Groups {
            by_start,
            complete: known == inventory.clusters.len() && known > 0,
        }
    }

    fn owner_by_node(&self, state: &KubernetesState) -> Option<Owner> {
        let label = state
            .nodes
            .iter()
            .find_map(|node| node.labels.get(CLUSTER_LABEL))?
            .to_ascii_lowercase();
        let found: Vec<usize> = self
            .by_start
            .get(&Self::start(&label))
            .into_iter()
            .flatten()
            .filter(|(group, _)| {
                group.starts_with(&label)
                    && (group.len() == label.len() || label.chars().count() >= Self::CUT)
            })
            .map(|(_, position)| *position)
            .collect();
        match found.as_slice() {
            [position] => Some(Owner::Cluster(*position)),
            [] if self.complete => Some(Owner::Other),
            _ => None,
        }
    }
}

fn owner_by_folder(inventory: &Inventory, folder: &str) -> Option<Owner> {
    let clusters = &inventory.clusters;
    if clusters.len() == 1 {
        return Some(Owner::Cluster(0));
    }
    let name = folder.rsplit('/').next()?;
    let mut named = clusters
        .iter()
        .enumerate()
        .filter(|(_, cluster)| cluster.name.eq_ignore_ascii_case(name));
    match (named.next(), named.next()) {
        (Some((position, _)), None) => Some(Owner::Cluster(position)),
        _ => None,
    }
}

/// Whose Kubernetes objects are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    /// By position in the inventory.
    Cluster(usize),
    /// A cluster that was not read.
    Other,
}

/// `None`: in no folder, for it is no file.
fn folder_of(file: &str) -> Option<&str> {
    if is_live(file) {
        return None;
    }
    Some(file.rsplit_once('/').map_or("", |(folder, _)| folder))
}

fn is_live(file: &str) -> bool {
    file.starts_with(LIVE)
}

/// Empties what was known of every kind that was now read in full from the cluster itself, or that it does not know: what is
/// not there any more is gone. Of a kind that was read in part nobody can say what is gone, so that it is not complete either.
fn supersede(known: &mut KubernetesState, new: &KubernetesState) {
    for kind in new.kinds.iter().chain(&new.absent_kinds) {
        empty(known, kind);
    }
    let lists = [&new.kinds, &new.absent_kinds, &new.partial_kinds];
    let is_new = |kind: &String| lists.iter().any(|kinds| kinds.contains(kind));
    known.kinds.retain(|kind| !is_new(kind));
    known.partial_kinds.retain(|kind| !is_new(kind));
    known.absent_kinds.retain(|kind| !is_new(kind));
}

/// Forgets the objects of one kind.
fn empty(known: &mut KubernetesState, kind: &str) {
    match kind {
        "Node" => known.nodes.clear(),
        "Pod" => known.pods.clear(),
        "Service" => known.services.clear(),
        "PodDisruptionBudget" => known.disruption_budgets.clear(),
        // Of a live cluster these are asked for by name, and no others.
        "ConfigMap" => {
            known.config_maps.retain(|(namespace, name)| {
                namespace != "kube-system" || !IP_MASQ_CONFIGS.contains(&name.as_str())
            });
            known.ip_masq_configs.clear();
        }
        "Namespace" => known.namespaces.clear(),
        "EndpointSlice" => known.endpoint_slices.clear(),
        "Ingress" => known.ingresses.clear(),
        "NetworkPolicy" => known.network_policies.clear(),
        "PersistentVolume" => known.persistent_volumes.clear(),
        "PersistentVolumeClaim" => known.persistent_volume_claims.clear(),
        "CSINode" => known.csi_nodes.clear(),
        "NodeNetworkConfig" => known.node_network_configs.clear(),
        "ServiceCIDR" => known.service_cidrs.clear(),
        "Event" => known.events.clear(),
        "ServiceAccount" => known.platform.service_accounts.clear(),
        "IngressClass" => known.platform.ingress_classes.clear(),
        // Of a live cluster they are asked for by type, and no other type is.
        "Secret" => {
            let secrets = &mut known.platform.secrets;
            secrets.retain(|secret| !SECRET_TYPES.contains(&secret.kind.as_str()));
        }
        "Certificate" => known.platform.certificates.clear(),
        "Issuer" | "ClusterIssuer" => {
            known.platform.issuers.retain(|one| one.kind != kind);
        }
        "PodMonitor" | "ServiceMonitor" => {
            known.platform.monitors.retain(|one| one.kind != kind);
        }
        "AzureIdentity" => known.platform.azure_identities.clear(),
        "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy" => {
            let policies = &mut known.platform.cilium_policies;
            policies.retain(|one| one.kind != kind);
        }
        "Gateway" => known.platform.gateways.clear(),
        "HTTPRoute" => known.platform.http_routes.clear(),
        _ => known.workloads.retain(|workload| workload.kind != kind),
    }
}

/// An object that two files hold, say `kubectl get svc` and `kubectl get all`, is one object; the later file is the newer truth.
fn unite(state: &mut KubernetesState) {
    fn last_of_each<T, K: Ord>(all: &mut Vec<T>, key: impl Fn(&T) -> K) {
        let last: BTreeMap<K, usize> = all
            .iter()
            .enumerate()
            .map(|(position, object)| (key(object), position))
            .collect();
        if last.len() < all.len() {
            let kept: BTreeSet<usize> = last.into_values().collect();
            let mut position = 0;
            all.retain(|_| {
                position += 1;
                kept.contains(&(position - 1))
            });
        }
    }
    last_of_each(&mut state.nodes, |node| node.name.clone());
    last_of_each(&mut state.pods, |pod| {
        (pod.namespace.clone(), pod.name.clone())
    });
    last_of_each(&mut state.services, |service| {
        (service.namespace.clone(), service.name.clone())
    });
    last_of_each(&mut state.disruption_budgets, |budget| {
        (budget.namespace.clone(), budget.name.clone())
    });
    last_of_each(&mut state.workloads, |workload| {
        (
            workload.kind.clone(),
            workload.namespace.clone(),
            workload.name.clone(),
        )
    });
    last_of_each(&mut state.config_maps, Clone::clone);
    last_of_each(&mut state.ip_masq_configs, |config| {
        (config.namespace.clone(), config.name.clone())
    });
    last_of_each(&mut state.namespaces, |namespace| namespace.name.clone());
    last_of_each(&mut state.endpoint_slices, |slice| {
        (slice.namespace.clone(), slice.name.clone())
    });
    last_of_each(&mut state.ingresses, |ingress| {
        (ingress.namespace.clone(), ingress.name.clone())
    });
    last_of_each(&mut state.network_policies, |policy| {
        (policy.namespace.clone(), policy.name.clone())
    });
    last_of_each(&mut state.persistent_volumes, |volume| volume.name.clone());
    last_of_each(&mut state.persistent_volume_claims, |claim| {
        (claim.namespace.clone(), claim.name.clone())
    });
    last_of_each(&mut state.csi_nodes, |node| node.name.clone());
    last_of_each(&mut state.node_network_configs, |config| {
        (config.namespace.clone(), config.name.clone())
    });
    last_of_each(&mut state.service_cidrs, |range| range.name.clone());
    let objects = &mut state.platform;
    last_of_each(&mut objects.service_accounts, |account| {
        (account.namespace.clone(), account.name.clone())
    });
    last_of_each(&mut objects.ingress_classes, |class| class.name.clone());
    last_of_each(&mut objects.secrets, |secret| {
        (secret.namespace.clone(), secret.name.clone())
    });
    last_of_each(&mut objects.certificates, |certificate| {
        (certificate.namespace.clone(), certificate.name.clone())
    });
    last_of_each(&mut objects.issuers, |issuer| {
        (
            issuer.kind.clone(),
            issuer.namespace.clone(),
            issuer.name.clone(),
        )
    });
    last_of_each(&mut objects.monitors, |monitor| {
        (
            monitor.kind.clone(),
            monitor.namespace.clone(),
            monitor.name.clone(),
        )
    });
    last_of_each(&mut objects.azure_identities, |identity| {
        (identity.namespace.clone(), identity.name.clone())
    });
    last_of_each(&mut objects.cilium_policies, |policy| {
        (
            policy.kind.clone(),
            policy.namespace.clone(),
            policy.name.clone(),
        )
    });
    last_of_each(&mut objects.gateways, |gateway| {
        (gateway.namespace.clone(), gateway.name.clone())
    });
    last_of_each(&mut objects.http_routes, |route| {
        (route.namespace.clone(), route.name.clone())
    });
}

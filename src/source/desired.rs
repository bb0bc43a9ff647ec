//! A wanted state beside what is: the facts of `--desired FILE` laid over those of `--from`, so that the operation is the
//! difference. A request body leaves out what it does not change; that is taken from what is.

use super::facts::{ClusterFact, Facts, PoolFact, VnetFact};
use super::{Found, SourceError, assemble};
use crate::model::{
    Addons, Identity, Inventory, IpNet, KubernetesVersion, NetworkPlugin, Profiles, ResourceId,
};

/// Two states and the clusters whose wanted state was given, by position in the second.
#[derive(Debug, Clone)]
pub struct Overlaid {
    pub current: Inventory,
    pub planned: Inventory,
    pub clusters: Vec<String>,
}

/// Lays `desired` over `current`. `cluster` names the cluster that a nameless body stands for.
///
/// # Errors
/// When the file wants no cluster, a nameless one could be several, or a reference points nowhere.
pub fn overlay(
    file: &str,
    current: Found,
    desired: Found,
    cluster: Option<&str>,
) -> Result<Overlaid, SourceError> {
    let mut before = current.facts;
    let mut wanted = desired.facts;
    before.clusters = assemble::merge_clusters(before.clusters)?;
    join_loose_pools(&mut before);
    take_versions_asked(&mut wanted);
    if before.is_empty() {
        // Only a wanted state: its network is what is, its clusters are to be created.
        before = Facts {
            clusters: Vec::new(),
            pools: Vec::new(),
            ..wanted.clone()
        };
    }
    let mut names = Vec::new();
    let mut after = before.clone();
    for fact in &mut wanted.clusters {
        let position = find(file, &before, fact, cluster)?;
        if let Some(position) = position {
            inherit(fact, &before.clusters[position]);
            after.clusters[position] = fact.clone();
        } else {
            if fact.cluster.name.is_empty() {
                fact.cluster.name = cluster.unwrap_or("new").to_string();
            }
            after.clusters.push(fact.clone());
        }
        names.push(fact.cluster.qualified_name());
    }
    for mut loose in std::mem::take(&mut wanted.pools) {
        let of = |fact: &&mut ClusterFact| fact.cluster.id.as_ref() == Some(&loose.cluster);
        let Some(fact) = after.clusters.iter_mut().find(of) else {
            let name = loose.cluster.name();
            return Err(loose.origin.error(
                "id",
                format!("agent pool of cluster `{name}`, which --from does not have"),
            ));
        };
        let known = before
            .clusters
            .iter()
            .find(|known| known.cluster.id.as_ref() == Some(&loose.cluster));
        if let Some(known) = known {
            inherit_or_join(&mut loose.pool, &known.pools);
        }
        names.push(fact.cluster.qualified_name());
        assemble::put_pool(&mut fact.pools, loose.pool);
    }
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Err(SourceError::new(
            file,
            "holds no managed cluster and no agent pool; expected the wanted state of a cluster",
        ));
    }
    wanted.clusters.clear();
    lay_networks(&mut after, &mut wanted);
    after.append(wanted);
    Ok(Overlaid {
        current: assemble::assemble(before)?,
        planned: assemble::assemble(after)?,
        clusters: names,
    })
}

/// Puts the two sides of Terraform plans beside what other files say. What is: the plan's *before*, and over it the other files,
/// which know more of the same resources. What will be: that, less what the plan deletes, with the plan's *after* over it.
pub fn with_plans(facts: Facts, plans: Vec<super::terraform::Plan>) -> (Facts, Option<Facts>) {
    if plans.is_empty() {
        return (facts, None);
    }
    let mut before = Facts::default();
    let mut after = Facts::default();
    let mut made_anew: Vec<ResourceId> = Vec::new();
    let mut planned = facts.clone();
    for plan in plans {
        super::terraform::drop_deleted_pools(&plan.steps, &mut planned);
        let replaced = plan.steps.iter().filter(|step| step.replaces_cluster());
        made_anew.extend(replaced.filter_map(|step| step.cluster_after.clone()));
        before.append(plan.before);
        after.append(plan.after);
    }
    drop_deleted(&mut planned, &before, &after);
    for fact in &mut after.clusters {
        let id = fact.cluster.id.as_ref();
        if id.is_some_and(|id| made_anew.contains(id)) {
            continue;
        }
        if let Some(known) = planned
            .clusters
            .iter()
            .find(|known| same_cluster(known, fact))
        {
            inherit(fact, known);
        }
    }
    for loose in &mut after.pools {
        let of = |fact: &&ClusterFact| fact.cluster.id.as_ref() == Some(&loose.cluster);
        let pools = planned.clusters.iter().rfind(of).map(|fact| &fact.pools);
        let name = &loose.pool.pool.name;
        if let Some(known) = pools.and_then(|pools| pool_named(pools, name)) {
            inherit_pool(&mut loose.pool, known);
        }
    }
    lay(&mut planned, after);
    let mut current = before;
    lay(&mut current, facts);
    (current, Some(planned))
}

/// Puts pools that were listed apart from their cluster into it, as [`assemble::assemble`] would.
fn join_loose_pools(facts: &mut Facts) {
    for loose in std::mem::take(&mut facts.pools) {
        let of = |fact: &&mut ClusterFact| fact.cluster.id.as_ref() == Some(&loose.cluster);
        match facts.clusters.iter_mut().find(of) {
            Some(fact) => assemble::put_pool(&mut fact.pools, loose.pool),
            None => facts.pools.push(loose),
        }
    }
}

/// In the edited output of `az aks show` the version that runs stands beside the one that is asked for.
fn take_versions_asked(wanted: &mut Facts) {
    let take = |asked: Option<KubernetesVersion>, version: &mut Option<KubernetesVersion>| {
        if let (Some(asked), Some(runs)) = (asked, *version)
            && asked.differs(runs)
        {
            *version = Some(asked);
        }
    };
    for fact in &mut wanted.clusters {
        take(fact.version_asked, &mut fact.cluster.kubernetes_version);
        for pool in &mut fact.pools {
            take(pool.version_asked, &mut pool.pool.kubernetes_version);
        }
    }
    for loose in &mut wanted.pools {
        let pool = &mut loose.pool;
        take(pool.version_asked, &mut pool.pool.kubernetes_version);
    }
}

/// Puts `top` over `base`: of a cluster or network that both hold, the one of `top` counts.
fn lay(base: &mut Facts, mut top: Facts) {
    base.clusters
        .retain(|known| !top.clusters.iter().any(|new| same_cluster(known, new)));
    lay_networks(base, &mut top);
    base.append(top);
}

fn same_cluster(a: &ClusterFact, b: &ClusterFact) -> bool {
    match (&a.cluster.id, &b.cluster.id) {
        (Some(a), Some(b)) => a == b,
        _ => a
            .cluster
            .qualified_name()
            .eq_ignore_ascii_case(&b.cluster.qualified_name()),
    }
}

fn same_vnet(a: &VnetFact, b: &VnetFact) -> bool {
    match (&a.vnet.id, &b.vnet.id) {
        (Some(a), Some(b)) => a == b,
        _ => a.vnet.name.eq_ignore_ascii_case(&b.vnet.name),
    }
}

/// Takes out of `facts` what the plan deletes: what its *before* has and its *after* has not.
fn drop_deleted(facts: &mut Facts, before: &Facts, after: &Facts) {
    facts.clusters.retain(|known| {
        let was = before.clusters.iter().any(|fact| same_cluster(fact, known));
        !was || after.clusters.iter().any(|fact| same_cluster(fact, known))
    });
    facts.vnets.retain(|known| {
        let was = before.vnets.iter().any(|fact| same_vnet(fact, known));
        !was || after.vnets.iter().any(|fact| same_vnet(fact, known))
    });
    for known in &mut facts.vnets {
        let subnets = |facts: &Facts| -> Option<Vec<String>> {
            let vnet = facts.vnets.iter().find(|fact| same_vnet(fact, known))?;
            let names = vnet
                .subnets
                .iter()
                .map(|subnet| subnet.name.to_ascii_lowercase());
            Some(names.collect())
        };
        let (Some(was), Some(will)) = (subnets(before), subnets(after)) else {
            continue;
        };
        known.subnets.retain(|subnet| {
            let name = subnet.name.to_ascii_lowercase();
            !was.contains(&name) || will.contains(&name)
        });
    }
}

/// A VNet that both hold becomes the one of `top`, with the subnets and peerings that only `base` knows.
fn lay_networks(base: &mut Facts, top: &mut Facts) {
    for known in std::mem::take(&mut base.vnets) {
        let Some(new) = top.vnets.iter_mut().find(|new| same_vnet(new, &known)) else {
            base.vnets.push(known);
            continue;
        };
        for subnet in known.subnets {
            let listed = new
                .subnets
                .iter()
                .any(|other| other.name.eq_ignore_ascii_case(&subnet.name));
            if !listed {
                new.subnets.push(subnet);
            }
        }
        for peering in known.vnet.peerings {
            if !new
                .vnet
                .peerings
                .iter()
                .any(|other| other.remote == peering.remote)
            {
                new.vnet.peerings.push(peering);
            }
        }
        if new.vnet.address_space.is_empty() {
            new.vnet.address_space = known.vnet.address_space;
        }
        let state = new.vnet.provisioning_state.take();
        new.vnet.provisioning_state = state.or(known.vnet.provisioning_state);
    }
}

fn find(
    file: &str,
    before: &Facts,
    fact: &ClusterFact,
    cluster: Option<&str>,
) -> Result<Option<usize>, SourceError> {
    let wanted = &fact.cluster;
    if let Some(id) = &wanted.id
        && let Some(position) = before
            .clusters
            .iter()
            .position(|known| known.cluster.id.as_ref() == Some(id))
    {
        return Ok(Some(position));
    }
    let name = if wanted.name.is_empty() {
        cluster
    } else {
        Some(wanted.name.as_str())
    };
    if let Some(name) = name {
        let mut found = before
            .clusters
            .iter()
            .enumerate()
            .filter(|(_, known)| known.cluster.name.eq_ignore_ascii_case(name));
        return match (found.next(), found.next()) {
            (Some((position, _)), None) => Ok(Some(position)),
            (None, _) => Ok(None),
            _ => Err(SourceError::new(
                file,
                format!("cluster `{name}` could be several of those that were read; give its id"),
            )),
        };
    }
    match before.clusters.len() {
        0 => Ok(None),
        1 => Ok(Some(0)),
        _ => Err(SourceError::new(
            file,
            "the wanted cluster has neither id nor name; say which one it is with --cluster",
        )),
    }
}

/// Takes from what is whatever the wanted state leaves out.
fn inherit(wanted: &mut ClusterFact, known: &ClusterFact) {
    let (new, old) = (&mut wanted.cluster, &known.cluster);
    new.id = new.id.take().or_else(|| old.id.clone());
    if new.name.is_empty() {
        new.name.clone_from(&old.name);
    }
    new.resource_group = new
        .resource_group
        .take()
        .or_else(|| old.resource_group.clone());
    new.node_resource_group = new
        .node_resource_group
        .take()
        .or_else(|| old.node_resource_group.clone());
    let upgraded = match (new.kubernetes_version, old.kubernetes_version) {
        (Some(new), Some(old)) if new.differs(old) => Some(new),
        _ => None,
    };
    new.kubernetes_version = new.kubernetes_version.or(old.kubernetes_version);
    new.provisioning_state.clone_from(&old.provisioning_state);
    new.power_state.clone_from(&old.power_state);
    let (upgrade, old_upgrade) = (&mut new.auto_upgrade, &old.auto_upgrade);
    let kept = |new: Option<String>, old: &Option<String>| new.or_else(|| old.clone());
    upgrade.channel = kept(upgrade.channel.take(), &old_upgrade.channel);
    upgrade.node_os_channel = kept(upgrade.node_os_channel.take(), &old_upgrade.node_os_channel);
    let given = wanted.given;
    if !given.node_auto_provisioning {
        new.node_auto_provisioning = old.node_auto_provisioning;
    }
    if !given.ingress_application_gateway {
        new.ingress_application_gateway = old.ingress_application_gateway;
    }
    // A wanted state that switches one off is not told from one that leaves it out: errs towards its being on.
    new.addons = Addons {
        virtual_nodes: new.addons.virtual_nodes || old.addons.virtual_nodes,
        static_egress_gateway: new.addons.static_egress_gateway || old.addons.static_egress_gateway,
        application_gateway_for_containers: new.addons.application_gateway_for_containers
            || old.addons.application_gateway_for_containers,
    };
    let (profiles, before) = (&mut new.profiles, &old.profiles);
    *profiles = Profiles {
        oidc_issuer: profiles.oidc_issuer.or(before.oidc_issuer),
        oidc_issuer_url: (profiles.oidc_issuer_url.take())
            .or_else(|| before.oidc_issuer_url.clone()),
        workload_identity: profiles.workload_identity.or(before.workload_identity),
        app_routing: profiles.app_routing.or(before.app_routing),
        prometheus_metrics: profiles.prometheus_metrics.or(before.prometheus_metrics),
        container_insights: profiles.container_insights.or(before.container_insights),
        container_insights_entra: (profiles.container_insights_entra)
            .or(before.container_insights_entra),
        app_routing_gateway: profiles.app_routing_gateway.or(before.app_routing_gateway),
        hosted_system: profiles.hosted_system.or(before.hosted_system),
        pod_identity: profiles.pod_identity.or(before.pod_identity),
    };
    new.tenant = new.tenant.take().or_else(|| old.tenant.clone());
    let policy = new.node_disruption_policy.take();
    new.node_disruption_policy = policy.or_else(|| old.node_disruption_policy.clone());
    new.private_cluster |= old.private_cluster;
    new.api_server_vnet_integration |= old.api_server_vnet_integration;
    if new.identity == Identity::Unknown {
        new.identity = old.identity;
    }
    let (network, old_network) = (&mut new.network, &old.network);
    network.plugin = network.plugin.take().or_else(|| old_network.plugin.clone());
    if old_network.overlay && network.plugin == Some(NetworkPlugin::Azure) {
        // The move is one-way: a body that leaves the mode out keeps it.
        network.overlay = true;
    }
    if !given.network_policy {
        network.policy.clone_from(&old_network.policy);
        network.no_policy = old_network.no_policy;
    }
    inherit_families(&mut network.pod_cidrs, &old_network.pod_cidrs);
    inherit_families(&mut network.service_cidrs, &old_network.service_cidrs);
    network.dns_service_ip = network.dns_service_ip.or(old_network.dns_service_ip);
    network.dataplane = network
        .dataplane
        .take()
        .or_else(|| old_network.dataplane.clone());
    network.outbound_type = network
        .outbound_type
        .take()
        .or_else(|| old_network.outbound_type.clone());
    if let (Some(balancer), Some(old)) = (&mut network.load_balancer, &old_network.load_balancer)
        && !given.outbound_addresses
    {
        balancer.outbound_ips = old.outbound_ips;
    }
    network.load_balancer = network
        .load_balancer
        .take()
        .or_else(|| old_network.load_balancer.clone());
    let kubernetes = &mut wanted.cluster.kubernetes;
    *kubernetes = kubernetes
        .take()
        .or_else(|| known.cluster.kubernetes.clone());
    if !given.pools {
        wanted.pools.clone_from(&known.pools);
        for pool in &mut wanted.pools {
            pool.pool.kubernetes_version = upgraded.or(pool.pool.kubernetes_version);
        }
    }
    for pool in &mut wanted.pools {
        if pool.pool.kubernetes_version.is_none()
            && pool_named(&known.pools, &pool.pool.name)
                .is_some_and(|old| old.pool.kubernetes_version.is_some())
        {
            // A pool whose version is not given goes with the cluster's.
            pool.pool.kubernetes_version = upgraded;
        }
        inherit_or_join(pool, &known.pools);
    }
}

/// The ranges of a family that a body does not mention.
fn inherit_families(new: &mut Vec<IpNet>, old: &[IpNet]) {
    let v4 = |range: &IpNet| matches!(range, IpNet::V4(_));
    for family in [true, false] {
        if !new.iter().any(|range| v4(range) == family) {
            new.extend(old.iter().filter(|range| v4(range) == family));
        }
    }
}

fn pool_named<'a>(pools: &'a [PoolFact], name: &str) -> Option<&'a PoolFact> {
    pools
        .iter()
        .find(|known| known.pool.name.eq_ignore_ascii_case(name))
}

/// A pool that is there keeps what it was; a new one joins the subnets of the first, as `az aks nodepool add` has it.
fn inherit_or_join(pool: &mut PoolFact, known: &[PoolFact]) {
    if let Some(old) = pool_named(known, &pool.pool.name) {
        inherit_pool(pool, old);
    } else if let Some(first) = known.first().filter(|_| pool.subnet.is_none()) {
        pool.subnet.clone_from(&first.subnet);
        if pool.pod_subnet.is_none() {
            pool.pod_subnet.clone_from(&first.pod_subnet);
            pool.pool.has_pod_subnet = pool.pod_subnet.is_some();
            if !pool.given.pod_ip_allocation {
                pool.pool.pod_ip_allocation = first.pool.pod_ip_allocation;
            }
        }
    }
}

fn inherit_pool(wanted: &mut PoolFact, known: &PoolFact) {
    if wanted.max_pods.is_none() {
        wanted.max_pods = known.max_pods;
    }
    wanted.subnet = wanted.subnet.take().or_else(|| known.subnet.clone());
    wanted.pod_subnet = wanted
        .pod_subnet
        .take()
        .or_else(|| known.pod_subnet.clone());
    let (new, old) = (&mut wanted.pool, &known.pool);
    new.has_pod_subnet = wanted.pod_subnet.is_some();
    new.kubernetes_version = new.kubernetes_version.or(old.kubernetes_version);
    let given = wanted.given;
    if !given.mode {
        new.mode = old.mode;
    }
    if !given.os_type {
        new.os_type = old.os_type;
    }
    if !given.kind {
        new.kind = old.kind;
    }
    if !given.autoscaler {
        new.autoscaler = old.autoscaler;
    }
    if !given.count {
        new.count = old.count;
    }
    if !given.pod_ip_allocation {
        new.pod_ip_allocation = old.pod_ip_allocation;
    }
    if !given.spot {
        new.spot = old.spot;
    }
    let (upgrade, before) = (&mut new.upgrade, &old.upgrade);
    upgrade.max_surge = upgrade.max_surge.or(before.max_surge);
    upgrade.max_unavailable = upgrade.max_unavailable.or(before.max_unavailable);
    upgrade.drain_timeout_minutes = upgrade
        .drain_timeout_minutes
        .or(before.drain_timeout_minutes);
    upgrade.node_soak_minutes = upgrade.node_soak_minutes.or(before.node_soak_minutes);
    let behavior = upgrade.undrainable_node_behavior.take();
    upgrade.undrainable_node_behavior =
        behavior.or_else(|| before.undrainable_node_behavior.clone());
    let zones = new.availability_zones.take();
    new.availability_zones = zones.or_else(|| old.availability_zones.clone());
    let taints = new.node_taints.take();
    new.node_taints = taints.or_else(|| old.node_taints.clone());
    new.provisioning_state.clone_from(&old.provisioning_state);
    new.power_state = new.power_state.take().or_else(|| old.power_state.clone());
    new.vm_size = new.vm_size.take().or_else(|| old.vm_size.clone());
    new.node_image_version = new
        .node_image_version
        .take()
        .or_else(|| old.node_image_version.clone());
}

//! What AKS answers on the way a Terraform plan takes, where that is no update in place: replacements, with the old gone first
//! or beside the new, and rotations through a temporary pool. Each becomes two states in which the old and the new are
//! different things, and those are judged like any other two.

use super::difference::changes_between;
use super::scene::same_subnet;
use super::{Outcome, Prediction, Wish, predict, runtime};
use crate::capacity::cost::pool_cost;
use crate::capacity::growth::Books;
use crate::finding::{Finding, Severity};
use crate::model::step::is_cluster;
use crate::model::{
    Change, Cluster, ClusterIndex, HolderKind, Inventory, NodePool, PlanStep, PoolStep, StepKind,
    Subject, SubnetIndex, VnetIndex,
};

/// The prediction for a cluster of the planned state; `None` when the plan leaves it alone.
pub fn predict_planned(
    current: &Inventory,
    planned: &Inventory,
    index: ClusterIndex,
    steps: &[PlanStep],
) -> Option<Prediction> {
    let wanted = planned.cluster(index);
    let becomes = |step: &PlanStep| {
        let after = step.cluster_after.as_ref();
        after.is_some_and(|id| is_cluster(id, wanted))
    };
    if let Some(step) = steps
        .iter()
        .find(|step| step.replaces_cluster() && becomes(step))
    {
        return Some(replaced_cluster(current, planned, index, step));
    }
    let before = position_of(current, wanted);
    let touches = |step: &PlanStep| {
        becomes(step) || before.is_some_and(|at| is_cluster(&step.cluster, current.cluster(at)))
    };
    let own: Vec<&PlanStep> = steps.iter().filter(|step| touches(step)).collect();
    let mut prediction = match before {
        Some(before) => changed_pools(current, planned, (before, index), &own),
        None => between(current, None, planned, index),
    };
    let updates = own.iter().any(|step| step.kind == StepKind::Update);
    if prediction.changes.is_empty() && updates {
        // Tags, add-ons and the like: a request all the same, and AKS checks the whole cluster.
        prediction = predict(&Wish {
            before: current,
            cluster_before: before,
            after: planned,
            cluster: index,
            changes: vec![Change::Update],
        });
    }
    let told: Vec<Finding> = own
        .iter()
        .filter_map(|step| pool_finding(step, wanted))
        .collect();
    // A cluster that the plan leaves alone gets no request, unless its network changes under it.
    let is_left_alone =
        prediction.changes.is_empty() && prediction.errors.is_empty() && told.is_empty();
    prediction.findings.splice(0..0, told);
    (!is_left_alone).then_some(prediction)
}

/// A cluster that will be gone.
pub fn predict_deletion(cluster: &Cluster, planned: &Inventory) -> Prediction {
    let finding = Finding::new(
        Severity::Blocker,
        "terraform-deletes-cluster",
        format!(
            "Terraform deletes cluster {}, and everything that runs in it",
            cluster.label()
        ),
        &[],
    )
    .about(Subject::Cluster(cluster.label().to_string()));
    Prediction {
        kind: "delete",
        cluster: cluster.label().to_string(),
        subject: Subject::Cluster(cluster.label().to_string()),
        changes: vec!["delete the cluster".to_string()],
        outcome: Outcome::Accepted,
        errors: Vec::new(),
        demand: Vec::new(),
        findings: vec![finding],
        open: Vec::new(),
        not_checked: planned.not_checked.clone(),
    }
}

fn position_of(current: &Inventory, wanted: &Cluster) -> Option<ClusterIndex> {
    current.cluster_indices().find(|known| {
        let known = current.cluster(*known);
        match (&known.id, &wanted.id) {
            (Some(a), Some(b)) => a == b,
            _ => known
                .qualified_name()
                .eq_ignore_ascii_case(&wanted.qualified_name()),
        }
    })
}

fn between(
    before: &Inventory,
    cluster_before: Option<ClusterIndex>,
    after: &Inventory,
    cluster: ClusterIndex,
) -> Prediction {
    let old = cluster_before.map(|index| before.cluster(index));
    predict(&Wish {
        before,
        cluster_before,
        after,
        cluster,
        changes: changes_between(old, after.cluster(cluster)),
    })
}

/// Judged as a new cluster, where the old one's nodes are gone or, created first, still there.
fn replaced_cluster(
    current: &Inventory,
    planned: &Inventory,
    index: ClusterIndex,
    step: &PlanStep,
) -> Prediction {
    let wanted = planned.cluster(index);
    let create_first = creates_first(step);
    let old = current
        .cluster_indices()
        .find(|at| is_cluster(&step.cluster, current.cluster(*at)));
    let mut before = current.clone();
    if let (Some(old), false) = (old, create_first) {
        remove_cluster(&mut before, old);
    }
    let mut prediction = between(&before, None, planned, index);
    let old_name = step.cluster.name();
    prediction.kind = "replace";
    prediction.changes = vec![format!(
        "replace the cluster{} ({})",
        by(old_name, &wanted.name),
        order(create_first)
    )];
    let finding = Finding::new(
        Severity::Blocker,
        "terraform-replaces-cluster",
        format!(
            "Terraform replaces cluster {old_name} ({}): {}. Everything that runs in it is lost{}",
            order(create_first),
            step.why,
            collision(create_first, old_name, &wanted.name)
        ),
        &[],
    )
    .about(Subject::Cluster(wanted.name.clone()));
    prediction.findings.insert(0, finding);
    prediction
}

fn creates_first(step: &PlanStep) -> bool {
    step.kind
        == StepKind::Replace {
            create_before_destroy: true,
        }
}

fn order(create_first: bool) -> &'static str {
    if create_first {
        "the new one is made before the old one goes"
    } else {
        "the old one goes first"
    }
}

fn by(old: &str, new: &str) -> String {
    if old.eq_ignore_ascii_case(new) {
        String::new()
    } else {
        format!(" {old} by {new}")
    }
}

fn collision(create_first: bool, old: &str, new: &str) -> &'static str {
    if create_first && old.eq_ignore_ascii_case(new) {
        "; the new one has the same name, and the provider refuses to make what is already there"
    } else {
        ""
    }
}

fn pool_finding(step: &PlanStep, cluster: &Cluster) -> Option<Finding> {
    let pool = step.pool.as_ref()?;
    let (name, of) = (&pool.name, cluster.label());
    let finding = match &step.kind {
        StepKind::Replace { .. } => {
            let first = creates_first(step);
            let new = pool.name_after.as_deref().unwrap_or_default();
            Finding::new(
                Severity::Warning,
                "terraform-replaces-pool",
                format!(
                    "Terraform replaces pool {name} of cluster {of} ({}): {}{}",
                    order(first),
                    step.why,
                    collision(first, name, new)
                ),
                &[],
            ).about(Subject::pool(of, name))
        }
        StepKind::Rotate { temporary_name } => Finding::new(
            Severity::Warning,
            "terraform-rotates-pool",
            format!(
                "Terraform cycles pool {name} of cluster {of} through the temporary pool {temporary_name}, of the same size: {} \
                 changes. Every node is replaced, and for a while two pools hold addresses; that peak is what is judged",
                step.why
            ),
            &[],
        ).about(Subject::pool(of, name)),
        StepKind::Update | StepKind::Delete => return None,
    };
    Some(finding)
}

/// A pool that comes anew, as it is called in the state that is judged.
struct Renewed {
    key: &'static str,
    /// What it is called there: the pool that the change adds.
    added: String,
    /// The pool that goes, if the state shows it going.
    removed: String,
    words: String,
}

/// A cluster that stays, with pools that do not.
fn changed_pools(
    current: &Inventory,
    planned: &Inventory,
    (at, index): (ClusterIndex, ClusterIndex),
    steps: &[&PlanStep],
) -> Prediction {
    let mut before = current.clone();
    let mut after = planned.clone();
    let mut renewed = Vec::new();
    let mut second_stage = Vec::new();
    for step in steps {
        let Some(pool) = &step.pool else { continue };
        let stays = |id| is_cluster(id, planned.cluster(index));
        if !is_cluster(&step.cluster, current.cluster(at))
            || !step.cluster_after.as_ref().is_some_and(stays)
        {
            // It comes from another cluster, or goes to one: here it is only added or removed.
            continue;
        }
        let (Some(old), Some(new)) = (
            current.cluster(at).pool(&pool.name).cloned(),
            pool_after(planned, index, pool),
        ) else {
            continue;
        };
        match &step.kind {
            StepKind::Replace {
                create_before_destroy: false,
            } => {
                remove_pool(&mut before, at, &old.name);
                renewed.push(replaced(&old, &new.name, false));
            }
            StepKind::Replace {
                create_before_destroy: true,
            } => {
                let mut beside = old.clone();
                if old.name.eq_ignore_ascii_case(&new.name) {
                    // Two things, though of one name: the old one is the one that is renamed here.
                    beside.name = format!("{} (old)", old.name);
                    rename(&mut before, at, &old.name, &beside.name);
                }
                carry(current, &mut after, index, beside);
                renewed.push(replaced(&old, &new.name, true));
            }
            StepKind::Rotate { temporary_name } => {
                let mut temporary = new.clone();
                temporary.name.clone_from(temporary_name);
                let cluster = &mut after.clusters[index.get()];
                cluster.pools.retain(|pool| pool.name != new.name);
                cluster.pools.push(temporary.clone());
                carry(current, &mut after, index, old.clone());
                renewed.push(rotated(&old.name, temporary_name, temporary_name));
                second_stage.push((old, new, temporary));
            }
            StepKind::Update | StepKind::Delete => {}
        }
    }
    let first = judged(&before, &after, (at, index), &renewed);
    if second_stage.is_empty() {
        return first;
    }
    // Then the old pool goes, and the temporary one stands beside the new.
    for (old, new, temporary) in second_stage {
        remove_pool(&mut before, at, &old.name);
        let mut standing = temporary.clone();
        for subnet in [&mut standing.subnet, &mut standing.pod_subnet] {
            *subnet = subnet.and_then(|known| counterpart(planned, known, current));
        }
        add_pool(&mut before, at, standing);
        let cluster = &mut after.clusters[index.get()];
        cluster.pools.retain(|pool| pool.name != old.name);
        cluster.pools.push(new.clone());
        renewed.retain(|known| known.added != temporary.name);
        renewed.push(rotated(&old.name, &temporary.name, &new.name));
    }
    let second = judged(&before, &after, (at, index), &renewed);
    if second.outcome > first.outcome {
        second
    } else {
        first
    }
}

fn pool_after(planned: &Inventory, index: ClusterIndex, pool: &PoolStep) -> Option<NodePool> {
    let name = pool.name_after.as_ref()?;
    planned.cluster(index).pool(name).cloned()
}

fn replaced(old: &NodePool, new: &str, create_first: bool) -> Renewed {
    Renewed {
        key: "replace_nodepool",
        added: new.to_string(),
        removed: old.name.clone(),
        words: format!(
            "replace pool {}{} ({})",
            old.name,
            if old.name.eq_ignore_ascii_case(new) {
                String::new()
            } else {
                format!(" by {new}")
            },
            order(create_first)
        ),
    }
}

fn rotated(pool: &str, temporary: &str, added: &str) -> Renewed {
    Renewed {
        key: "rotate_nodepool",
        added: added.to_string(),
        removed: pool.to_string(),
        words: format!("cycle pool {pool} through temporary pool {temporary}"),
    }
}

/// Judges two states; additions that are really replacements are said to be.
fn judged(
    before: &Inventory,
    after: &Inventory,
    (at, index): (ClusterIndex, ClusterIndex),
    renewed: &[Renewed],
) -> Prediction {
    let changes = changes_between(Some(before.cluster(at)), after.cluster(index));
    let mut prediction = predict(&Wish {
        before,
        cluster_before: Some(at),
        after,
        cluster: index,
        changes: changes.clone(),
    });
    if renewed.is_empty() {
        return prediction;
    }
    let mut keys: Vec<&'static str> = Vec::new();
    let mut words = Vec::new();
    for (change, text) in changes.iter().zip(&prediction.changes) {
        let found = match change {
            Change::AddPool(pool) => renewed
                .iter()
                .find(|known| known.added.eq_ignore_ascii_case(&pool.name)),
            _ => None,
        };
        let is_the_going = matches!(change, Change::RemovePool { pool }
            if renewed.iter().any(|known| known.removed.eq_ignore_ascii_case(pool)));
        match (found, change) {
            (Some(known), Change::AddPool(pool)) => {
                keys.push(known.key);
                let added = format!("add pool {}", pool.name);
                let size = text.strip_prefix(&added).unwrap_or_default();
                words.push(format!("{}{size}", known.words));
            }
            _ if is_the_going => {}
            _ => {
                keys.push(change.key());
                words.push(text.clone());
            }
        }
    }
    prediction.kind = match keys.as_slice() {
        [first, rest @ ..] if rest.iter().all(|key| key == first) => first,
        _ => "several",
    };
    prediction.changes = words;
    prediction
}

fn rename(inventory: &mut Inventory, cluster: ClusterIndex, old: &str, new: &str) {
    for pool in &mut inventory.clusters[cluster.get()].pools {
        if pool.name.eq_ignore_ascii_case(old) {
            pool.name = new.to_string();
        }
    }
}

/// Puts a pool of what is into what will be, for the time in which both are there.
fn carry(current: &Inventory, after: &mut Inventory, cluster: ClusterIndex, mut pool: NodePool) {
    for subnet in [&mut pool.subnet, &mut pool.pod_subnet] {
        *subnet = subnet.map(|known| {
            counterpart(current, known, after).unwrap_or_else(|| bring(current, known, after))
        });
    }
    after.clusters[cluster.get()].pools.push(pool);
}

/// The same subnet in another state.
fn counterpart(from: &Inventory, index: SubnetIndex, to: &Inventory) -> Option<SubnetIndex> {
    let subnet = from.subnet(index);
    to.subnet_indices()
        .find(|candidate| same_subnet(from, subnet, to, *candidate))
}

/// A subnet that the plan deletes is there until its last pool is gone.
fn bring(from: &Inventory, index: SubnetIndex, to: &mut Inventory) -> SubnetIndex {
    let mut subnet = from.subnet(index).clone();
    let vnet = from.vnet(subnet.vnet);
    let known = to
        .vnets
        .iter()
        .position(|other| match (&other.id, &vnet.id) {
            (Some(a), Some(b)) => a == b,
            _ => other.name.eq_ignore_ascii_case(&vnet.name),
        });
    let position = known.unwrap_or_else(|| {
        to.vnets.push(vnet.clone());
        to.vnets.len() - 1
    });
    subnet.vnet = VnetIndex::new(position);
    to.subnets.push(subnet);
    SubnetIndex::new(to.subnets.len() - 1)
}

/// What one pool's nodes hold in each of its subnets.
fn holdings(cluster: &Cluster, pool: &NodePool) -> Vec<(SubnetIndex, u64)> {
    let Some(cost) = pool_cost(cluster, pool) else {
        return Vec::new();
    };
    let nodes = if cluster.is_stopped() {
        0
    } else {
        pool.running()
    };
    let mut subnets: Vec<SubnetIndex> = [pool.subnet, pool.pod_subnet]
        .into_iter()
        .flatten()
        .collect();
    subnets.dedup();
    subnets
        .into_iter()
        .map(|index| {
            (
                index,
                nodes.saturating_mul(runtime::held(pool, &cost, index)),
            )
        })
        .collect()
}

fn remove_cluster(inventory: &mut Inventory, cluster: ClusterIndex) {
    let freed: Vec<(SubnetIndex, u64)> = {
        let books = Books::of(inventory);
        inventory
            .subnets_of_cluster(inventory.cluster(cluster))
            .into_iter()
            .map(|index| (index, books_share(&books, index, cluster)))
            .collect()
    };
    let gone = inventory.clusters.remove(cluster.get());
    for (index, addresses) in freed {
        release(
            inventory,
            index,
            addresses,
            gone.node_resource_group.as_deref(),
        );
    }
}

/// What the books say a cluster holds in a subnet.
fn books_share(books: &Books, index: SubnetIndex, cluster: ClusterIndex) -> u64 {
    let rows = &books.occupancy(index).by_cluster;
    rows.iter()
        .filter(|(known, _)| *known == cluster)
        .map(|(_, held)| held)
        .sum()
}

fn remove_pool(inventory: &mut Inventory, at: ClusterIndex, name: &str) {
    let freed: Vec<(SubnetIndex, u64)> = {
        let cluster = inventory.cluster(at);
        let Some(pool) = cluster.pool(name) else {
            return;
        };
        let books = Books::of(inventory);
        holdings(cluster, pool)
            .into_iter()
            .map(|(index, held)| {
                // Where live numbers say more or less than the model, the pool's part of that.
                let modelled: u64 = cluster
                    .pools
                    .iter()
                    .flat_map(|pool| holdings(cluster, pool))
                    .filter(|(known, _)| *known == index)
                    .map(|(_, held)| held)
                    .sum();
                let share = u128::from(books_share(&books, index, at)) * u128::from(held);
                let share = share.checked_div(u128::from(modelled)).unwrap_or(0);
                (index, u64::try_from(share).unwrap_or(u64::MAX))
            })
            .collect()
    };
    let cluster = &mut inventory.clusters[at.get()];
    cluster
        .pools
        .retain(|pool| !pool.name.eq_ignore_ascii_case(name));
    let group = cluster.node_resource_group.clone();
    for (index, addresses) in freed {
        release(inventory, index, addresses, group.as_deref());
    }
}

/// Takes addresses out of what was measured; what is counted follows from the pools.
fn release(
    inventory: &mut Inventory,
    index: SubnetIndex,
    addresses: u64,
    node_resource_group: Option<&str>,
) {
    let subnet = &mut inventory.subnets[index.get()];
    if let Some(used) = &mut subnet.used {
        *used = used.saturating_sub(addresses);
    }
    let mut left = addresses;
    for holder in subnet.holders.iter_mut().flatten() {
        let group = holder.resource_group.as_deref().unwrap_or_default();
        let is_ours = holder.kind == HolderKind::ScaleSet
            && node_resource_group.is_some_and(|known| known.eq_ignore_ascii_case(group));
        if is_ours {
            let freed = left.min(holder.addresses);
            holder.addresses -= freed;
            left -= freed;
        }
    }
}

fn add_pool(inventory: &mut Inventory, at: ClusterIndex, pool: NodePool) {
    let cluster = &mut inventory.clusters[at.get()];
    let group = cluster.node_resource_group.clone();
    let name = pool.name.clone();
    let taken = holdings(cluster, &pool);
    cluster.pools.push(pool);
    for (index, addresses) in taken {
        let subnet = &mut inventory.subnets[index.get()];
        if let Some(used) = &mut subnet.used {
            *used = used.saturating_add(addresses);
        }
        if let Some(holders) = &mut subnet.holders {
            holders.push(crate::model::Holder {
                kind: HolderKind::ScaleSet,
                name: name.clone(),
                resource_group: group.clone(),
                addresses,
                machines: 1,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Found, read_document};

    const ESTATE: &str = "\
apiVersion: aksplan/v1
name: quay
virtual_networks:
  - name: v
    address_space: [10.0.0.0/16]
    subnets: [{ name: nodes, cidr: 10.0.0.0/24 }]
clusters:
  - name: c
    network_plugin: azure
    service_cidr: 172.16.0.0/16
    pools:
      - { name: p, mode: System, count: 2, max_pods: 30, subnet: nodes }
      - { name: q, count: 6, max_pods: 30, subnet: nodes }
";

    fn measured(used: u64) -> Inventory {
        let found = read_document("estate", ESTATE.as_bytes());
        let mut estate = found.and_then(Found::assemble).unwrap().current;
        estate.subnets[0].used = Some(used);
        estate
    }

    #[test]
    fn what_goes_gives_its_measured_addresses_back() {
        // Ten are somebody else's; two nodes hold a quarter of the rest.
        let nodes = 8 * 29;
        let mut estate = measured(nodes + 10);
        remove_pool(&mut estate, ClusterIndex::new(0), "q");
        assert_eq!(estate.subnets[0].used, Some(2 * 29 + 10));
        let mut estate = measured(nodes + 10);
        remove_cluster(&mut estate, ClusterIndex::new(0));
        assert_eq!(estate.subnets[0].used, Some(10));
        assert!(estate.clusters.is_empty());
    }
}

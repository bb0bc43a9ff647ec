//! Agent pools, in a cluster's profile or apart.

use super::{MOST_NODES, MOST_PODS, Unfolded, join};
use crate::model::{
    Autoscaler, IntOrPercent, KubernetesVersion, NodePool, OsType, PodIpAllocation, PoolKind,
    PoolMode, ResourceId, UpgradeSettings,
};
use crate::source::facts::{LoosePoolFact, Origin, PoolFact, PoolGiven, SubnetReference};
use crate::source::{SourceError, wire};

pub(super) fn loose_pool(
    read: Unfolded<wire::AgentPool>,
    origin: &Origin,
) -> Result<LoosePoolFact, SourceError> {
    let cluster = read
        .id()
        .and_then(|id| id.parent())
        .ok_or_else(|| origin.error("id", "an agent pool without an id names no cluster"))?;
    Ok(LoosePoolFact {
        origin: origin.clone(),
        cluster,
        pool: pool(read, origin)?,
    })
}

/// Lowers an agent pool.
pub(super) fn pool(
    read: Unfolded<wire::AgentPool>,
    origin: &Origin,
) -> Result<PoolFact, SourceError> {
    let name = read.name(origin)?;
    // In a cluster the pool's `type` says how its machines are made; on its own that is the ARM type, and its fields say it.
    let kind_beside = read.common.kind.clone();
    let Unfolded {
        body: mut wire,
        fields,
        ..
    } = read;
    let kind_inside = wire::Resource::common(&mut wire).kind;
    let fail = |field: &str, problem: String| {
        origin.error(&join(&fields, field), format!("pool `{name}`: {problem}"))
    };
    let count_of = |value: Option<wire::Whole>, field: &str| match value {
        None => Ok(None),
        Some(value) => match value.count() {
            Some(count) if count <= MOST_NODES => Ok(Some(count)),
            _ => Err(fail(field, format!("{} is not a number of nodes", value.0))),
        },
    };
    let sum = |rows: Vec<wire::ManualScale>, field: &str| {
        let mut nodes = 0u64;
        for (position, row) in rows.iter().enumerate() {
            let row = count_of(row.count, &format!("{field}[{position}].count"))?;
            nodes = nodes.saturating_add(row.unwrap_or(0));
        }
        if nodes > MOST_NODES {
            return Err(fail(field, format!("{nodes} is not a number of nodes")));
        }
        Ok(nodes)
    };
    let scale = wire
        .virtual_machines_profile
        .and_then(|profile| profile.scale);
    let scale_given = scale.is_some();
    let (wanted, machine_scale) = match scale {
        Some(scale) => {
            let manual = scale.manual;
            let rows = manual.map(|rows| sum(rows, "virtualMachinesProfile.scale.manual"));
            (rows.transpose()?, scale.autoscale)
        }
        None => (None, None),
    };
    let status = wire.virtual_machine_nodes_status;
    let status = status.map(|rows| sum(rows, "virtualMachineNodesStatus"));
    let machines = status.transpose()?.or(wanted);
    // A pool of single machines autoscales by its profile; the service answers `enableAutoScaling: false` beside it.
    let autoscales = machine_scale.is_some() || wire.enable_auto_scaling.unwrap_or(false);
    let (min, max) = match machine_scale {
        Some(scale) => (scale.min_count, scale.max_count),
        None => (wire.min_count, wire.max_count),
    };
    let (min, max) = (count_of(min, "minCount")?, count_of(max, "maxCount")?);
    let autoscaler = match (autoscales, min, max) {
        (false, _, _) => None,
        (true, min, Some(max)) => {
            let min = min.unwrap_or(0);
            Some(Autoscaler::new(min, max).ok_or_else(|| {
                fail(
                    "maxCount",
                    format!("min_count {min} is greater than max_count {max}"),
                )
            })?)
        }
        (true, _, None) => {
            return Err(fail(
                "maxCount",
                "missing; expected a number because enableAutoScaling is true".to_string(),
            ));
        }
    };
    let given = PoolGiven {
        mode: wire.mode.is_some(),
        os_type: wire.os_type.is_some(),
        kind: wire.type_properties_type.is_some() || kind_inside.is_some() || kind_beside.is_some(),
        count: wire.count.is_some() || machines.is_some(),
        autoscaler: wire.enable_auto_scaling.is_some() || scale_given,
        pod_ip_allocation: wire.pod_ip_allocation_mode.is_some(),
        spot: wire.scale_set_priority.is_some(),
    };
    let count = count_of(wire.count, "count")?
        .or(machines)
        .or(autoscaler.map(|autoscaler| autoscaler.min_count))
        .ok_or_else(|| fail("count", "missing; expected the number of nodes".to_string()))?;
    let max_pods = match wire.max_pods {
        None => None,
        Some(value) => Some(
            u32::try_from(value.0)
                .ok()
                .filter(|pods| (1..=MOST_PODS).contains(pods))
                .ok_or_else(|| fail("maxPods", format!("{} is not a number of pods", value.0)))?,
        ),
    };
    let share = |word: Option<wire::Word>, field: &str| match word.filter(|word| !word.0.is_empty())
    {
        None => Ok(None),
        Some(word) => IntOrPercent::from_word(&word.0).map(Some).ok_or_else(|| {
            fail(
                &format!("upgradeSettings.{field}"),
                format!("`{}` is neither a number nor a percentage", word.0),
            )
        }),
    };
    let upgrade = wire.upgrade_settings.unwrap_or_default();
    let minutes = |value: Option<wire::Whole>| value.and_then(|value| u32::try_from(value.0).ok());
    let upgrade = UpgradeSettings {
        max_surge: share(upgrade.max_surge, "maxSurge")?,
        max_unavailable: share(upgrade.max_unavailable, "maxUnavailable")?,
        drain_timeout_minutes: minutes(upgrade.drain_timeout_in_minutes),
        node_soak_minutes: minutes(upgrade.node_soak_duration_in_minutes),
        undrainable_node_behavior: upgrade.undrainable_node_behavior,
    };
    let kind_word = wire
        .type_properties_type
        .or(kind_inside)
        .or(kind_beside)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let subnet = |id: Option<String>| {
        id.filter(|id| !id.is_empty())
            .map(|id| SubnetReference::Id(ResourceId::new(id)))
    };
    let pod_subnet = subnet(wire.pod_subnet_id);
    let asked = wire.orchestrator_version.as_deref();
    let version_asked = asked.and_then(KubernetesVersion::from_word);
    // Azure leaves out what a pool has none of; a request body that leaves it out says nothing.
    let answered = wire.provisioning_state.is_some();
    let list = |list: Option<Vec<String>>| list.or_else(|| answered.then(Vec::new));
    let version = wire
        .current_orchestrator_version
        .or(wire.orchestrator_version);
    let pool = NodePool {
        mode: match wire.mode.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("system") => PoolMode::System,
            Some("user") | None => PoolMode::User,
            Some("gateway") => PoolMode::Gateway,
            Some(_) => PoolMode::Other,
        },
        os_type: match wire.os_type {
            Some(os) if os.eq_ignore_ascii_case("Windows") => OsType::Windows,
            _ => OsType::Linux,
        },
        kind: match kind_word.as_str() {
            "availabilityset" => PoolKind::AvailabilitySet,
            "virtualmachines" => PoolKind::VirtualMachines,
            _ => PoolKind::ScaleSet,
        },
        autoscaler,
        upgrade,
        has_pod_subnet: pod_subnet.is_some(),
        pod_ip_allocation: match wire.pod_ip_allocation_mode {
            Some(mode) if mode.eq_ignore_ascii_case("StaticBlock") => PodIpAllocation::StaticBlock,
            _ => PodIpAllocation::DynamicIndividual,
        },
        spot: wire
            .scale_set_priority
            .is_some_and(|priority| priority.eq_ignore_ascii_case("Spot")),
        availability_zones: list(wire.availability_zones),
        node_taints: list(wire.node_taints),
        kubernetes_version: version.as_deref().and_then(KubernetesVersion::from_word),
        provisioning_state: wire.provisioning_state,
        power_state: wire.power_state.and_then(|state| state.code),
        vm_size: wire.vm_size,
        node_image_version: wire.node_image_version,
        ..NodePool::new(name.clone(), count, max_pods.unwrap_or(0))
    };
    Ok(PoolFact {
        origin: None,
        pool,
        given,
        version_asked,
        max_pods,
        subnet: subnet(wire.vnet_subnet_id),
        pod_subnet,
    })
}

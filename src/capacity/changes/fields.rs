//! What is compared of each thing, in the order it is told.

use super::pairs::Place;
use super::{Kind, Side, Thing, Value};
use crate::capacity::assess::{Levels, PodCidrRow, PoolRow, SubnetRow};
use crate::model::{
    Cluster, Inventory, IpNet, NodePool, OsType, PoolMode, SubnetIndex, VirtualNetwork,
};
use std::collections::HashMap;

/// One state, with the assessment's rows at hand.
pub(super) struct Fields<'a> {
    inventory: &'a Inventory,
    subnets: HashMap<usize, &'a SubnetRow>,
    pod_cidrs: HashMap<usize, &'a PodCidrRow>,
    pools: HashMap<Place, &'a PoolRow>,
}

fn number(number: u64) -> Option<Value> {
    Some(Value::Number(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn signed(number: i64) -> Option<Value> {
    Some(Value::Number(number))
}

fn text(text: impl ToString) -> Option<Value> {
    let text = text.to_string();
    (!text.is_empty()).then_some(Value::Text(text))
}

fn list(nets: &[IpNet]) -> Option<Value> {
    let nets: Vec<String> = nets.iter().map(ToString::to_string).collect();
    text(nets.join(", "))
}

fn qualified(vnet: &VirtualNetwork) -> String {
    match &vnet.resource_group {
        Some(group) => format!("{group}/{}", vnet.name),
        None => vnet.name.clone(),
    }
}

impl<'a> Fields<'a> {
    pub fn of(side: Side<'a>) -> Self {
        let assessment = side.assessment;
        let subnets = assessment.subnets.iter().map(|row| (row.index.get(), row));
        let pod_cidrs = assessment
            .pod_cidrs
            .iter()
            .map(|row| (row.cluster.get(), row));
        let pools = assessment
            .pools
            .iter()
            .map(|row| ((row.cluster.get(), row.position), row));
        Fields {
            inventory: side.inventory,
            subnets: subnets.collect(),
            pod_cidrs: pod_cidrs.collect(),
            pools: pools.collect(),
        }
    }

    /// Its name, and what it says. Every thing of a kind has the same fields in the same order.
    pub fn of_thing(&self, kind: Kind, place: Place) -> Thing {
        match kind {
            Kind::Vnet => self.vnet(place.0),
            Kind::Peering => self.peering(place),
            Kind::Subnet => self.subnet(place.1),
            Kind::Cluster => self.cluster(place.0),
            Kind::Pool => self.pool(place),
        }
    }

    fn vnet(&self, position: usize) -> Thing {
        let vnet = &self.inventory.vnets[position];
        let fields = vec![("address_space", list(&vnet.address_space))];
        (qualified(vnet), fields)
    }

    fn peering(&self, place: Place) -> Thing {
        let vnet = &self.inventory.vnets[place.0];
        let peering = &vnet.peerings[place.1];
        let fields = vec![
            ("remote", text(peering.remote.name())),
            ("remote_address_space", list(&peering.remote_address_space)),
            ("state", peering.state.as_ref().and_then(text)),
            (
                "allow_forwarded_traffic",
                text(peering.allow_forwarded_traffic),
            ),
            ("allow_gateway_transit", text(peering.allow_gateway_transit)),
            ("use_remote_gateways", text(peering.use_remote_gateways)),
        ];
        (format!("{}/{}", qualified(vnet), peering.name), fields)
    }

    fn subnet(&self, position: usize) -> Thing {
        let index = SubnetIndex::new(position);
        let subnet = self.inventory.subnet(index);
        let row = self.subnets.get(&position);
        let of = |get: fn(&SubnetRow) -> u64| row.and_then(|row| number(get(row)));
        let left = |get: fn(Levels<i64>) -> i64| row.and_then(|row| signed(get(row.headroom)));
        let fields = vec![
            ("prefixes", list(&subnet.prefixes)),
            ("usable", of(|row| row.usable)),
            ("used", of(|row| row.used)),
            ("foreign", of(|row| row.foreign)),
            ("free", of(|row| row.usable.saturating_sub(row.used))),
            ("demand_now", of(|row| row.demand.now)),
            ("demand_ceiling", of(|row| row.demand.ceiling)),
            ("headroom_now", left(|levels| levels.now)),
            ("headroom_ceiling", left(|levels| levels.ceiling)),
            (
                "headroom_ceiling_with_surge",
                left(|levels| levels.ceiling_with_surge),
            ),
            ("verdict", row.and_then(|row| text(row.verdict.word()))),
            (
                "route_table",
                subnet.route_table.as_ref().and_then(|id| text(id.name())),
            ),
            (
                "security_group",
                subnet
                    .security_group
                    .as_ref()
                    .and_then(|id| text(id.name())),
            ),
        ];
        (self.inventory.subnet_name(index), fields)
    }

    fn cluster(&self, position: usize) -> Thing {
        let cluster: &Cluster = &self.inventory.clusters[position];
        let network = &cluster.network;
        let row = self.pod_cidrs.get(&position);
        let word = |word: &Option<String>| word.as_ref().and_then(text);
        let fields = vec![
            (
                "kubernetes_version",
                cluster.kubernetes_version.and_then(text),
            ),
            ("network_mode", cluster.mode().and_then(text)),
            ("dataplane", word(&network.dataplane)),
            ("network_policy", word(&network.policy)),
            ("pod_cidrs", list(&network.pod_cidrs)),
            ("service_cidrs", list(&network.service_cidrs)),
            ("outbound_type", word(&network.outbound_type)),
            ("power_state", word(&cluster.power_state)),
            (
                "pod_cidr_demand_ceiling",
                row.and_then(|row| number(row.demand.ceiling)),
            ),
            (
                "pod_cidr_headroom_ceiling",
                row.and_then(|row| signed(row.headroom.ceiling)),
            ),
            (
                "pod_cidr_verdict",
                row.and_then(|row| text(row.verdict.word())),
            ),
        ];
        (cluster.qualified_name(), fields)
    }

    fn pool(&self, place: Place) -> Thing {
        let cluster = &self.inventory.clusters[place.0];
        let pool: &NodePool = &cluster.pools[place.1];
        let row = self.pools.get(&place);
        let known = |field: &str, value: Option<Value>| value.filter(|_| pool.knows(field));
        let subnet = |index: Option<SubnetIndex>| {
            index.and_then(|index| text(self.inventory.subnet_name(index)))
        };
        let mode = match pool.mode {
            PoolMode::System => "system",
            PoolMode::User => "user",
            PoolMode::Gateway => "gateway",
            PoolMode::Other => "other",
        };
        let os = match pool.os_type {
            OsType::Linux => "Linux",
            OsType::Windows => "Windows",
        };
        let bounds = pool.autoscaler;
        let fields = vec![
            ("mode", text(mode)),
            ("os_type", text(os)),
            ("count", known("node_count", number(pool.count))),
            (
                "min_count",
                known(
                    "min_count",
                    bounds.and_then(|bounds| number(bounds.min_count)),
                ),
            ),
            (
                "max_count",
                known(
                    "max_count",
                    bounds.and_then(|bounds| number(bounds.max_count)),
                ),
            ),
            ("max_pods", known("max_pods", number(pool.max_pods.into()))),
            ("max_surge", pool.upgrade.max_surge.and_then(text)),
            ("kubernetes_version", pool.kubernetes_version.and_then(text)),
            ("vm_size", pool.vm_size.as_ref().and_then(text)),
            ("power_state", pool.power_state.as_ref().and_then(text)),
            ("subnet", subnet(pool.subnet)),
            ("pod_subnet", subnet(pool.pod_subnet)),
            (
                "more_nodes",
                row.and_then(|row| row.more_nodes).and_then(number),
            ),
            (
                "largest_step",
                row.and_then(|row| row.largest_step).and_then(number),
            ),
        ];
        (
            format!("{}/{}", cluster.qualified_name(), pool.name),
            fields,
        )
    }
}

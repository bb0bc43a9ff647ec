//! Which VNets reach which, over peerings and through a hub, and which of them were not read. Compares no ranges.

use crate::model::{Inventory, IpNet, ResourceId, Subnet, SubnetIndex, VnetIndex};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A VNet's neighbours.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Peered directly, and read.
    pub direct: BTreeSet<VnetIndex>,
    /// Behind a directly peered VNet that forwards traffic.
    pub transitive: BTreeSet<VnetIndex>,
    /// Peered directly but not read: name, and the address space the peering remembers.
    pub unread: Vec<(String, Vec<IpNet>)>,
}

/// Who can reach whom, and which subnets lie where. One pass over all peerings and subnets.
///
/// A VNet behind a hub counts as reached when both spokes accept what the hub forwards or use its gateway: one hop. The second
/// errs towards too many pairs, for a gateway need not carry traffic between spokes; chains of hubs, Virtual WAN and on-premises
/// networks err towards too few, for nothing that is read shows them.
#[derive(Debug)]
pub struct PeeringGraph {
    reach: Vec<Reach>,
    subnets: Vec<Vec<SubnetIndex>>,
}

impl PeeringGraph {
    pub fn of(inventory: &Inventory) -> Self {
        let mut reach: Vec<Reach> = vec![Reach::default(); inventory.vnets.len()];
        let by_id: HashMap<String, VnetIndex> = inventory
            .vnet_indices()
            .filter_map(|index| Some((inventory.vnet(index).id.as_ref()?.key(), index)))
            .collect();
        // A reference that is no known id: a bare name means any VNet, the name in an id a hand-written one. First read wins.
        let mut by_name: HashMap<String, VnetIndex> = HashMap::new();
        let mut hand_written: HashMap<String, VnetIndex> = HashMap::new();
        for index in inventory.vnet_indices() {
            let vnet = inventory.vnet(index);
            let name = vnet.name.to_ascii_lowercase();
            if vnet.id.is_none() {
                hand_written.entry(name.clone()).or_insert(index);
            }
            by_name.entry(name).or_insert(index);
        }
        let named = |reference: &ResourceId| {
            let name = reference.name().to_ascii_lowercase();
            let names = match reference.as_str().contains('/') {
                true => &hand_written,
                false => &by_name,
            };
            names.get(&name).copied()
        };
        // Whether `.0` accepts what `.1` forwards for others.
        let mut accepts_forwarded: BTreeSet<(VnetIndex, VnetIndex)> = BTreeSet::new();
        for (position, vnet) in inventory.vnets.iter().enumerate() {
            let here = VnetIndex::new(position);
            for peering in vnet
                .peerings
                .iter()
                .filter(|peering| peering.is_connected())
            {
                let by_id = by_id.get(&peering.remote.key()).copied();
                match by_id.or_else(|| named(&peering.remote)) {
                    Some(there) => {
                        reach[here.get()].direct.insert(there);
                        reach[there.get()].direct.insert(here);
                        if peering.allow_forwarded_traffic || peering.use_remote_gateways {
                            accepts_forwarded.insert((here, there));
                        }
                    }
                    None => reach[here.get()].unread.push((
                        peering.remote.name().to_string(),
                        peering.remote_address_space.clone(),
                    )),
                }
            }
        }
        let direct: Vec<BTreeSet<VnetIndex>> =
            reach.iter().map(|reach| reach.direct.clone()).collect();
        for (position, reach) in reach.iter_mut().enumerate() {
            let here = VnetIndex::new(position);
            // Traffic flows spoke → hub → spoke when both spokes accept what the hub forwards. One hop: Azure peerings are
            // not transitive by themselves, and a chain of hubs needs routes that cannot be seen here.
            for &hub in direct[position]
                .iter()
                .filter(|hub| accepts_forwarded.contains(&(here, **hub)))
            {
                for &far in &direct[hub.get()] {
                    let forwarded_back = accepts_forwarded.contains(&(far, hub));
                    if far != here && forwarded_back && !direct[position].contains(&far) {
                        reach.transitive.insert(far);
                    }
                }
            }
        }
        let mut subnets = vec![Vec::new(); inventory.vnets.len()];
        for index in inventory.subnet_indices() {
            subnets[inventory.subnet(index).vnet.get()].push(index);
        }
        PeeringGraph { reach, subnets }
    }

    /// The subnets of a VNet.
    pub fn subnets<'a>(
        &'a self,
        inventory: &'a Inventory,
        vnet: VnetIndex,
    ) -> impl Iterator<Item = &'a Subnet> {
        self.subnets[vnet.get()]
            .iter()
            .map(|index| inventory.subnet(*index))
    }

    pub fn reach(&self, vnet: VnetIndex) -> &Reach {
        &self.reach[vnet.get()]
    }
}

/// Peered VNets that were not read, a sentence each: only the address space that a peering remembers can be compared. For
/// these VNets, or for all.
pub fn unread_peers(
    inventory: &Inventory,
    graph: &PeeringGraph,
    vnets: impl IntoIterator<Item = VnetIndex>,
) -> Vec<String> {
    // Ten thousand spokes of one hub that was not read are one sentence.
    let mut peers: BTreeMap<(&str, bool), BTreeSet<&str>> = BTreeMap::new();
    for index in vnets {
        for (name, spaces) in &graph.reach(index).unread {
            peers
                .entry((name, spaces.is_empty()))
                .or_default()
                .insert(inventory.vnet(index).label());
        }
    }
    peers
        .into_iter()
        .map(|((name, unknown), ours)| {
            let ours: Vec<&str> = ours.into_iter().collect();
            let ours = match ours.as_slice() {
                [one] => (*one).to_string(),
                [first, rest @ ..] => format!("{first} and {} more", rest.len()),
                [] => String::new(),
            };
            if unknown {
                format!("VNet {name}, peered with {ours}, was not read and its address space is unknown")
            } else {
                format!(
                    "VNet {name}, peered with {ours}, was not read: only the address space that the peering remembers was \
                     compared, and nothing behind it"
                )
            }
        })
        .collect()
}

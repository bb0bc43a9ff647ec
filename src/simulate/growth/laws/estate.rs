//! Small estates and timelines made of a list of choices, so that a failing case shrinks.

use crate::model::{Change, ClusterIndex, Inventory, NetworkMode, NodePool, parse_cidr};
use crate::simulate::growth::spread::Spread;
use crate::simulate::growth::{Event, Growth, Spike, Timeline, Unit, When};
use crate::source::{Found, read_document};
use jiff::ToSpan;
use jiff::civil::date;
use serde_json::{Value, json};

/// More than any estate asks for.
pub const CHOICES: usize = 120;

pub struct Choices<'a> {
    left: std::iter::Copied<std::slice::Iter<'a, u64>>,
}

impl<'a> Choices<'a> {
    pub fn of(choices: &'a [u64]) -> Self {
        Choices {
            left: choices.iter().copied(),
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.left.next().unwrap_or(0) % bound
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        let position = self.below(list.len() as u64);
        list[usize::try_from(position).expect("small")]
    }

    pub fn estate(mut self) -> (Inventory, Timeline) {
        let clusters = 1 + self.below(2);
        let foreign = self.below(30);
        let other_subnet = self.below(2) == 1;
        let lengths = [self.one_of(&[24, 23, 25]), self.one_of(&[25, 26, 27])];
        let subnets = json!([
            { "name": "shared", "cidr": format!("10.1.0.0/{}", lengths[0]), "foreign": foreign },
            { "name": "other", "cidr": format!("10.1.4.0/{}", lengths[1]), "foreign": 1 },
            { "name": "dynamic", "cidr": format!("10.1.8.0/{}", self.one_of(&[24, 25, 23])), "foreign": 0 },
            // One pod subnet has blocks or single addresses, not both.
            { "name": "static", "cidr": format!("10.1.12.0/{}", self.one_of(&[24, 25, 23])), "foreign": 0 },
        ]);
        let clusters: Vec<Value> = (0..clusters)
            .map(|number| self.cluster(number, other_subnet))
            .collect();
        let document = json!({
            "apiVersion": "aksplan/v1",
            "name": "choices",
            "virtual_networks": [{ "name": "v", "address_space": ["10.1.0.0/16"], "subnets": subnets }],
            "clusters": clusters,
        });
        let inventory = read_document("choices", document.to_string().as_bytes())
            .and_then(Found::assemble)
            .unwrap_or_else(|error| panic!("{error}: {document}"))
            .current;
        let timeline = self.timeline(&inventory);
        (inventory, timeline)
    }

    fn cluster(&mut self, number: u64, other_subnet: bool) -> Value {
        let mode = self.one_of(&[
            "classic", "overlay", "classic", "kubenet", "dynamic", "static",
        ]);
        let pools: Vec<Value> = (0..1 + self.below(3))
            .map(|pool| {
                let count = 1 + self.below(4);
                let mut value = json!({
                    "name": format!("p{pool}"),
                    "mode": if pool == 0 { "System" } else { "User" },
                    "count": count,
                    "max_pods": self.one_of(&[30, 40, 31]),
                    "max_surge": self.one_of(&["1", "50%", "100%", "2"]),
                    "subnet": if other_subnet && pool == 1 { "other" } else { "shared" },
                });
                if mode == "dynamic" || mode == "static" {
                    value["pod_subnet"] = json!(mode);
                }
                if mode == "static" {
                    value["pod_ip_allocation_mode"] = json!("StaticBlock");
                }
                if self.below(3) > 0 {
                    value["min_count"] = json!(1);
                    value["max_count"] = json!(count + self.below(7));
                }
                value
            })
            .collect();
        let mut cluster = json!({
            "name": format!("c{number}"),
            "kubernetes_version": "1.33",
            "network_plugin": if mode == "kubenet" { "kubenet" } else { "azure" },
            "service_cidr": "172.16.0.0/16",
            "dns_service_ip": "172.16.0.10",
            "identity": "UserAssigned",
            "pools": pools,
        });
        if mode == "overlay" {
            cluster["network_plugin_mode"] = json!("overlay");
        }
        if mode == "overlay" || mode == "kubenet" {
            let length = self.one_of(&[20, 21, 19]);
            cluster["pod_cidr"] = json!(format!("10.244.0.0/{length}"));
        }
        cluster
    }

    fn spread(&mut self, amounts: &[f64]) -> Spread {
        let median = self.one_of(amounts);
        let p90 = match self.below(3) {
            0 => None,
            1 => Some(median * 2.0),
            _ => Some(median + 1.5),
        };
        Spread::new(median, p90).expect("the p90 is not less than the median")
    }

    fn pool(&mut self, inventory: &Inventory) -> (ClusterIndex, String) {
        let cluster = ClusterIndex::new(
            usize::try_from(self.below(inventory.clusters.len() as u64)).expect("small"),
        );
        let pools = &inventory.cluster(cluster).pools;
        let pool = usize::try_from(self.below(pools.len() as u64)).expect("small");
        (cluster, pools[pool].name.clone())
    }

    fn timeline(&mut self, inventory: &Inventory) -> Timeline {
        let weeks = 2 + u32::try_from(self.below(5)).expect("small");
        let starts = date(2027, 1, 4);
        let mut events: Vec<Event> = Vec::new();
        let mut added = Vec::new();
        let move_to = self.one_of(&["192.168.0.0/19", "192.168.0.0/21"]);
        for _ in 0..self.below(5) {
            let day = i64::try_from(self.below(u64::from(weeks) * 7)).expect("small");
            let (cluster, pool) = self.pool(inventory);
            let change = self.change(inventory, cluster, pool, &mut added, move_to);
            let hours = self.one_of(&[None, Some(8), Some(30), Some(100)]);
            events.push(Event {
                at: starts.checked_add(day.days()).expect("a date"),
                cluster,
                changes: vec![change],
                hours,
            });
        }
        let growth = (0..self.below(4))
            .map(|_| {
                let (cluster, pool) = match self.below(4) {
                    0 if !added.is_empty() => added[0].clone(),
                    _ => self.pool(inventory),
                };
                let unit = self.one_of(&[Unit::Nodes, Unit::Percent]);
                let a_week = match unit {
                    Unit::Nodes => self.spread(&[0.4, 1.0, 0.0, 2.3]),
                    Unit::Percent => self.spread(&[5.0, 20.0, 60.0]),
                };
                Growth {
                    cluster,
                    pool,
                    unit,
                    a_week,
                }
            })
            .collect();
        let spikes = (0..self.below(3))
            .map(|_| {
                let (cluster, pool) = self.pool(inventory);
                let nodes = self.spread(&[0.7, 2.0, 5.0]);
                let when = match self.below(3) {
                    0 => When::Days(vec![5, 12, 28]),
                    _ => When::PerMonth(self.one_of(&[2_000, 9_500, 700])),
                };
                let hours = self.one_of(&[6, 1, 48, 300]);
                Spike {
                    cluster,
                    pool,
                    nodes,
                    when,
                    hours,
                }
            })
            .collect();
        Timeline {
            starts,
            weeks,
            growth,
            spikes,
            events,
        }
    }

    fn change(
        &mut self,
        inventory: &Inventory,
        cluster: ClusterIndex,
        pool: String,
        added: &mut Vec<(ClusterIndex, String)>,
        move_to: &str,
    ) -> Change {
        let known = inventory.cluster(cluster);
        let mode = known.mode();
        match self.below(7) {
            0 => Change::Scale {
                pool,
                count: self.below(9),
            },
            1 => Change::SetMaxCount {
                pool,
                max_count: 1 + self.below(12),
                min_count: None,
            },
            2 => Change::Upgrade { pool: Some(pool) },
            3 => Change::Upgrade { pool: None },
            4 if mode == Some(NetworkMode::Overlay) => Change::MigrateToOverlay { pod_cidr: None },
            4 if mode.is_some_and(NetworkMode::moves_to_overlay) => Change::MigrateToOverlay {
                pod_cidr: Some(parse_cidr(move_to).expect("a CIDR")),
            },
            5 => Change::Update,
            _ => {
                let name = format!("new{}", added.len());
                added.push((cluster, name.clone()));
                let like = &known.pools[0];
                Change::AddPool(Box::new(NodePool {
                    count: 1 + self.below(5),
                    autoscaler: None,
                    name,
                    ..like.clone()
                }))
            }
        }
    }
}

//! Surge, buffers and batches, and the addresses that new nodes take.

use super::{Checker, Doing, Durations, Law, NodeBook, Stage, wanted_surge};
use crate::kubernetes::share_of;
use aksplan::model::PoolMode;
use aksplan::simulate::Operation;
use aksplan::simulate::setting::RangeKind;

impl Checker<'_> {
    pub(super) fn timeout(&self, group: usize) -> u32 {
        match self.groups[group].pool {
            Some(pool) => {
                60 * self.cluster.pools[pool]
                    .upgrade
                    .drain_timeout_minutes
                    .unwrap_or(30)
            }
            None => self.options.timeout_seconds(None).unwrap_or(0) as u32,
        }
    }

    pub(super) fn members(&self, group: usize) -> usize {
        (0..self.nodes.len())
            .filter(|node| self.nodes[*node].group == Some(group) && !self.nodes[*node].made)
            .count()
    }

    /// Nodes that may be under way at once.
    pub(super) fn buffers(&self, position: usize) -> u32 {
        let group = &self.groups[position];
        let members = self.members(position);
        let Some(pool) = group.pool else {
            let Operation::Drain(drain) = &self.setting.operation else {
                unreachable!("only drains have no pool");
            };
            return if drain.together {
                drain.nodes.len() as u32
            } else {
                1
            };
        };
        let pool = &self.cluster.pools[pool];
        if pool.spot {
            return 1;
        }
        if group.surge > 0 {
            return group.surge - group.quarantined.min(group.surge);
        }
        if pool.mode == PoolMode::System {
            return 0;
        }
        pool.upgrade.max_unavailable.map_or(0, |most| {
            share_of(most, members as u64).min(members as u64) as u32
        })
    }

    pub(super) fn under_way(&self, group: usize) -> u32 {
        let busy = |node: &&NodeBook| {
            node.group == Some(group)
                && !node.made
                && matches!(
                    node.doing,
                    Stage::Draining(_) | Stage::Drained(_) | Stage::Reimaging(_)
                )
        };
        self.nodes.iter().filter(busy).count() as u32
    }

    pub(super) fn group_begins(&mut self, position: usize) -> Law {
        let lead = match self.setting.operation {
            Operation::Drain(_) => 0,
            _ => self.setting.timing.control_plane.spread.median,
        };
        let at = self.at;
        let together = matches!(self.setting.operation, Operation::Move { .. });
        let medians = self.durations == Durations::Medians;
        if position == 0 {
            must!(!medians || at == lead, "the control plane takes {lead} s");
        } else if together {
            must!(
                self.groups[position - 1].begun == Some(at),
                "pools begin at the same time (MIG-20)"
            );
        } else {
            let before = &self.groups[position - 1];
            must!(
                before.ended.is_some_and(|ended| ended <= at) && !before.failed,
                "the pool before it has not ended (UPG-11)"
            );
        }
        let group = &mut self.groups[position];
        must!(group.begun.is_none(), "twice");
        group.begun = Some(at);
        Ok(())
    }

    pub(super) fn surge_asked(&mut self, position: usize, nodes: u32) -> Law {
        let pool = self.groups[position].pool.ok_or("a drain does not surge")?;
        let wanted = wanted_surge(&self.cluster.pools[pool], self.members(position));
        must!(
            nodes > 0 && (nodes == wanted || nodes == 1),
            "{wanted} are wanted"
        );
        if nodes < wanted {
            must!(!self.fits(pool, wanted), "{wanted} fit");
            let version = self
                .cluster
                .kubernetes_version
                .expect("the generator writes one");
            must!(
                (version.major, version.minor) >= (1, 35),
                "no fall-back before 1.35 (UPG-6)"
            );
        }
        must!(self.fits(pool, nodes), "they do not fit");
        must!(
            self.groups[position].taken == 0,
            "surge comes first (UPG-3)"
        );
        self.groups[position].surge = nodes;
        let first = self.setting.groups[position].first_surge as usize;
        for node in first..first + nodes as usize {
            self.ask_for(node)?;
        }
        Ok(())
    }

    pub(super) fn ask_for(&mut self, node: usize) -> Law {
        must!(!self.nodes[node].asked, "node {node} was asked for before");
        self.nodes[node].asked = true;
        for (range, (old, new)) in self.costs(self.nodes[node].pool) {
            self.held[range].0 += old.min(new);
            self.held[range].1 += old.max(new);
        }
        Ok(())
    }

    /// What a node of this pool takes of each range: as the old kind, and as the new one.
    pub(super) fn costs(&self, pool: usize) -> Vec<(usize, (i64, i64))> {
        let pool = &self.cluster.pools[pool];
        let classic = i64::from(pool.max_pods) - 1;
        let (mode_old, mode_new) = {
            let old = match &self.cluster.network.plugin {
                Some(aksplan::model::NetworkPlugin::Kubenet) => "kubenet",
                _ if self.cluster.network.overlay => "overlay",
                _ => "classic",
            };
            match &self.setting.operation {
                Operation::Move { pod_cidr: Some(_) } => (old, "overlay"),
                _ => (old, old),
            }
        };
        let moves_to = match &self.setting.operation {
            Operation::Move { pod_cidr } => pod_cidr.as_ref(),
            _ => None,
        };
        let in_subnet = |mode: &str| if mode == "classic" { classic } else { 1 };
        let own = self.cluster.network.pod_cidrs.first();
        (0..self.setting.ranges.len())
            .map(|range| {
                let costs = match self.setting.ranges[range].kind {
                    RangeKind::Subnet(_) => (in_subnet(mode_old), in_subnet(mode_new)),
                    // The old kind is in it only if it is the same one.
                    RangeKind::PodCidr if moves_to.is_none() || moves_to == own => (256, 256),
                    RangeKind::PodCidr => (0, 256),
                };
                (range, costs)
            })
            .collect()
    }

    /// A step is taken whole, at the least it may hold.
    pub(super) fn fits(&self, pool: usize, nodes: u32) -> bool {
        self.costs(pool).into_iter().all(|(range, (old, new))| {
            let room = self.setting.ranges[range].capacity as i64 - self.held[range].0;
            old.min(new) * i64::from(nodes) <= room
        })
    }

    pub(super) fn group_ends(&mut self, position: usize) -> Law {
        must!(self.groups[position].begun.is_some(), "it never began");
        must!(!self.groups[position].failed, "it failed");
        must!(self.groups[position].ended.is_none(), "it ended before");
        let mut standing = 0;
        for (number, node) in self.nodes.iter().enumerate() {
            if node.group != Some(position) || !node.asked {
                continue;
            }
            match node.doing {
                Stage::Through | Stage::Quarantined if !node.made => {}
                Stage::Idle if node.made => standing += 1,
                other => return Err(format!("node {number} is {other:?}")),
            }
        }
        let quarantined = self.groups[position].quarantined;
        must!(
            standing == quarantined,
            "{quarantined} nodes are quarantined, and {standing} surge nodes stand in (UPG-9)"
        );
        self.groups[position].ended = Some(self.at);
        Ok(())
    }

    pub(super) fn scale_up(&mut self, pool: usize, nodes: u32) -> Law {
        must!(self.fits(pool, nodes), "they do not fit");
        let free: Vec<usize> = (0..self.nodes.len())
            .filter(|node| {
                let node = &self.nodes[*node];
                node.pool == pool && node.made && node.group.is_none() && !node.asked
            })
            .collect();
        must!(free.len() >= nodes as usize, "more than the pool's ceiling");
        must!(
            self.pods.iter().any(|pod| pod.doing == Doing::Waits),
            "no pod looks for a node"
        );
        for node in free.into_iter().take(nodes as usize) {
            self.ask_for(node)?;
        }
        Ok(())
    }
}

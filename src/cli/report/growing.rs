//! How fast pools grow, as the command line or a timeline says it. Plays nothing.

use super::super::CliError;
use crate::capacity::runway::{Pace, Paces};
use crate::model::{Cluster, ClusterIndex, Inventory, NodePool};
use crate::simulate::growth::Timeline;
use crate::simulate::growth::spread::MILLION;
use crate::simulate::growth::timeline::Unit;

/// `POOL=NODES` or `CLUSTER/POOL=NODES`
pub fn pace(text: &str) -> Result<(String, f64), String> {
    const FASTEST: f64 = 1_000.0;
    let problem = || {
        format!("`{text}`: expected POOL=NODES or CLUSTER/POOL=NODES, nodes a week, as in apps=0.5")
    };
    let (pool, nodes) = text.split_once('=').ok_or_else(problem)?;
    let nodes: f64 = nodes.parse().map_err(|_| problem())?;
    let is_named = !pool.is_empty() && !pool.starts_with('/') && !pool.ends_with('/');
    match is_named && (0.0..=FASTEST).contains(&nodes) {
        true => Ok((pool.to_string(), nodes)),
        false => Err(problem()),
    }
}

/// How pools of an estate grow, and who says it.
#[derive(Debug, Default)]
pub struct Growing {
    pub paces: Paces,
    /// Clusters whose growth is said on the command line.
    by_flag: Vec<ClusterIndex>,
}

impl Growing {
    /// What is said on the command line of these clusters, and of all others what the timeline says.
    ///
    /// # Errors
    /// When a pool is not there, may be meant of several clusters, or is named twice.
    pub fn of(
        said: &[(String, f64)],
        timeline: Option<&Timeline>,
        inventory: &Inventory,
        clusters: &[ClusterIndex],
    ) -> Result<Self, CliError> {
        are_clear(said, inventory, clusters)?;
        let mut growing = Growing::default();
        for index in inventory.cluster_indices() {
            let cluster = inventory.cluster(index);
            let of_flags = clusters.contains(&index).then(|| of_flags(said, cluster));
            if let Some(pools) = of_flags.flatten() {
                growing.paces.insert(index, pools);
                growing.by_flag.push(index);
            } else if let Some(pools) = timeline.and_then(|all| of_timeline(all, index, cluster)) {
                growing.paces.insert(index, pools);
            }
        }
        Ok(growing)
    }

    /// `None`: nobody says how this cluster grows.
    pub fn said_by(&self, index: ClusterIndex) -> Option<&'static str> {
        self.paces.said(index)?;
        Some(match self.by_flag.contains(&index) {
            true => "as --growth says",
            false => "as the timeline says",
        })
    }
}

/// Whether `POOL` or `CLUSTER/POOL` names this pool; a cluster goes by its name alone or with its resource group.
fn names(text: &str, cluster: &Cluster, pool: &NodePool) -> bool {
    let (of, name) = match text.rsplit_once('/') {
        Some((of, name)) => (Some(of), name),
        None => (None, text),
    };
    let is_its = |of: &str| {
        let known = [&cluster.name, &cluster.qualified_name()];
        known.iter().any(|known| known.eq_ignore_ascii_case(of))
    };
    name.eq_ignore_ascii_case(&pool.name) && of.is_none_or(is_its)
}

/// The pools of the report, each with its cluster.
pub fn pools<'a>(
    inventory: &'a Inventory,
    clusters: &'a [ClusterIndex],
) -> impl Iterator<Item = (&'a Cluster, &'a NodePool)> {
    clusters.iter().flat_map(|index| {
        let cluster = inventory.cluster(*index);
        cluster.pools.iter().map(move |pool| (cluster, pool))
    })
}

pub fn unknown_pool(
    flag: &str,
    name: &str,
    inventory: &Inventory,
    clusters: &[ClusterIndex],
) -> CliError {
    let mut known: Vec<&str> = pools(inventory, clusters)
        .map(|(_, pool)| pool.name.as_str())
        .collect();
    known.sort_unstable();
    known.dedup();
    CliError::Usage(format!(
        "{flag}: no pool `{name}`; known: {}",
        known.join(", ")
    ))
}

fn are_clear(
    said: &[(String, f64)],
    inventory: &Inventory,
    clusters: &[ClusterIndex],
) -> Result<(), CliError> {
    let mut seen: Vec<(String, &str)> = Vec::new();
    for (name, _) in said {
        let meant: Vec<String> = pools(inventory, clusters)
            .filter(|(cluster, pool)| names(name, cluster, pool))
            .map(|(cluster, pool)| format!("{}/{}", cluster.qualified_name(), pool.name))
            .collect();
        let one = match meant.as_slice() {
            [] => return Err(unknown_pool("--growth", name, inventory, clusters)),
            [one] => one,
            several => {
                const SHOWN: usize = 5;
                let shown = several.iter().take(SHOWN);
                let mut shown: Vec<String> = shown.map(|name| format!("{name}=NODES")).collect();
                if several.len() > SHOWN {
                    shown.push(format!("{} more", several.len() - SHOWN));
                }
                return Err(CliError::Usage(format!(
                    "--growth: `{name}` is a pool of {} clusters; expected CLUSTER/POOL=NODES, one of {}",
                    several.len(),
                    shown.join(", ")
                )));
            }
        };
        if let Some((_, before)) = seen.iter().find(|(known, _)| known == one) {
            return Err(CliError::Usage(format!(
                "--growth: `{before}` and `{name}` are the same pool; expected its growth once"
            )));
        }
        seen.push((one.clone(), name));
    }
    Ok(())
}

/// Zero is said as well; a pool that is not named does not grow.
fn of_flags(said: &[(String, f64)], cluster: &Cluster) -> Option<Vec<Pace>> {
    let of_pool = |pool: &NodePool| {
        let mut named = said.iter();
        named.find(|(name, _)| names(name, cluster, pool))
    };
    let named: Vec<_> = cluster.pools.iter().map(of_pool).collect();
    let paces = named
        .iter()
        .map(|named| Pace::steady(named.map_or(0.0, |(_, nodes)| *nodes)));
    named.iter().any(Option::is_some).then(|| paces.collect())
}

/// Every amount at its median.
fn of_timeline(timeline: &Timeline, index: ClusterIndex, cluster: &Cluster) -> Option<Vec<Pace>> {
    let of_cluster = || {
        timeline
            .growth
            .iter()
            .filter(|growth| growth.cluster == index)
    };
    of_cluster().next()?;
    let of_pool = |pool: &NodePool| {
        let of_pool = of_cluster().filter(|growth| growth.pool.eq_ignore_ascii_case(&pool.name));
        of_pool.fold(Pace::default(), |mut pace, growth| {
            let median = growth.a_week.median() as f64 / MILLION as f64;
            match growth.unit {
                Unit::Nodes => pace.nodes += median,
                Unit::Percent => pace.percent += median,
            }
            pace
        })
    };
    Some(cluster.pools.iter().map(of_pool).collect())
}

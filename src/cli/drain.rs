//! `aksplan drain`.

use super::play::Asked;
use super::simulation::{SimulationArgs, nodes, pools};
use super::{CliError, Ending};
use crate::disruption::drain::{DrainOptions, DrainTimeout};
use crate::finding::counted;
use crate::population::{NodeId, Population};
use crate::simulate::Operation;
use crate::simulate::setting::Drain;

/// What `kubectl drain` will do: which pod is evicted when, which budget holds it back, where it lands, what gets stuck and why
///
/// Nothing is drained: this simulates it on objects that were read. Works on plain `kubectl get nodes,pods,pdb,… -A -o json` files,
/// without Azure. The flags are kubectl's, with kubectl's defaults.
#[derive(Debug, clap::Args)]
pub struct DrainArgs {
    /// Nodes to drain, in this order
    #[arg(value_name = "NODE", conflicts_with_all = ["pool", "all_nodes"])]
    nodes: Vec<String>,

    /// Every node of a pool; may be given several times
    #[arg(long, value_name = "POOL", conflicts_with = "all_nodes")]
    pool: Vec<String>,

    /// Every node
    #[arg(long)]
    all_nodes: bool,

    /// All nodes at the same time, as with one `kubectl drain` for each
    #[arg(long, conflicts_with = "one_by_one")]
    together: bool,

    /// One node after the other, as one `kubectl drain` does; the default
    #[arg(long)]
    one_by_one: bool,

    /// Leave pods of DaemonSets alone; without it kubectl refuses a node that has any
    #[arg(long)]
    ignore_daemonsets: bool,

    /// Evict pods with an emptyDir as well, whose data is lost; without it kubectl refuses the node
    #[arg(long)]
    delete_emptydir_data: bool,

    /// Evict pods that no controller makes again; without it kubectl refuses the node
    #[arg(long)]
    force: bool,

    /// Delete instead of evict: no budget is asked
    #[arg(long)]
    disable_eviction: bool,

    /// Seconds every pod gets to end; left out: each pod's own
    #[arg(long, value_name = "SECONDS")]
    grace_period: Option<u32>,

    /// kubectl's --timeout: give up after this long: 90s, 10m, 2h; 0: never
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    drain_timeout: u64,

    #[command(flatten)]
    simulation: SimulationArgs,
}

pub fn run(args: &DrainArgs) -> Result<Ending, CliError> {
    let scene = args.simulation.scene(true)?;
    args.simulation.run(&scene, |population| {
        let nodes = chosen(args, population)?;
        let title = format!(
            "{}: kubectl drain of {}, {}",
            population.cluster.label(),
            what(args, population, &nodes),
            match (args.together, nodes.len()) {
                (_, 1) => "alone",
                (true, _) => "all at the same time",
                (false, _) => "one after the other",
            }
        );
        let defaults = DrainOptions::kubectl_default();
        let options = DrainOptions {
            ignore_daemonsets: args.ignore_daemonsets,
            delete_emptydir_data: args.delete_emptydir_data,
            force: args.force,
            disable_eviction: args.disable_eviction,
            grace_period_seconds: args.grace_period,
            timeout: match args.drain_timeout {
                0 => DrainTimeout::Endless,
                seconds => DrainTimeout::Seconds(seconds),
            },
            ..defaults
        };
        Ok(Asked {
            word: "drain",
            title,
            operation: Operation::Drain(Drain {
                nodes,
                together: args.together,
                options,
            }),
            admitted: None,
            findings: Vec::new(),
            not_checked: Vec::new(),
            others: Vec::new(),
        })
    })
}

fn chosen(args: &DrainArgs, population: &Population) -> Result<Vec<NodeId>, CliError> {
    let nodes = if args.all_nodes {
        population.node_ids().collect()
    } else if !args.pool.is_empty() {
        pools(population, &args.pool)?
            .into_iter()
            .flat_map(|pool| population.pools[pool.at()].nodes.clone())
            .collect()
    } else {
        nodes(population, &args.nodes)?
    };
    if nodes.is_empty() {
        return Err(CliError::Usage(
            "nothing to drain: name nodes, or give --pool POOL or --all-nodes".to_string(),
        ));
    }
    let mut seen = std::collections::BTreeSet::new();
    Ok(nodes
        .into_iter()
        .filter(|node| seen.insert(*node))
        .collect())
}

fn what(args: &DrainArgs, population: &Population, nodes: &[NodeId]) -> String {
    let count = counted(nodes.len() as u64, "node", "nodes");
    match (nodes, args.pool.as_slice()) {
        ([one], _) => population.node(*one).name.clone(),
        (_, []) => count,
        (_, pools) => format!("{count} of {}", pools.join(", ")),
    }
}

/// Go's durations, as kubectl takes them: `90s`, `10m`, `1h30m`.
fn duration(text: &str) -> Result<u64, String> {
    let fail = || format!("`{text}` is no duration; expected 90s, 10m or 1h30m");
    if text == "0" {
        return Ok(0);
    }
    let mut seconds: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: u64 = rest[..digits].parse().map_err(|_| fail())?;
        let unit = rest[digits..].chars().next().ok_or_else(fail)?;
        let each = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            _ => return Err(fail()),
        };
        seconds = number
            .checked_mul(each)
            .and_then(|more| seconds.checked_add(more))
            .ok_or_else(fail)?;
        rest = &rest[digits + 1..];
    }
    if text.is_empty() {
        Err(fail())
    } else {
        Ok(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_kubectl() {
        for (text, want) in [
            ("0", 0),
            ("0s", 0),
            ("90s", 90),
            ("10m", 600),
            ("1h30m", 5_400),
        ] {
            assert_eq!(duration(text), Ok(want), "{text}");
        }
        for text in ["", "10", "m", "1.5h", "10ms", "-1s", "1é"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}

//! `aksplan upgrade`.

use super::play::Asked;
use super::simulation::{SimulationArgs, pools};
use super::{CliError, Ending};
use crate::simulate::Operation;

/// What a node image or version upgrade will do, minute by minute: pools one after the other, surge first, budgets shared
///
/// Nothing is upgraded: this simulates it on objects that were read, with each pool's surge, drain timeout and soak.
#[derive(Debug, clap::Args)]
pub struct UpgradeArgs {
    /// Only this pool; may be given several times, in the order they go
    #[arg(long, value_name = "POOL")]
    pool: Vec<String>,

    #[command(flatten)]
    simulation: SimulationArgs,
}

pub fn run(args: &UpgradeArgs) -> Result<Ending, CliError> {
    let scene = args.simulation.scene(false)?;
    args.simulation.run(&scene, |population| {
        let pools = pools(population, &args.pool)?;
        let names: Vec<&str> = pools
            .iter()
            .map(|pool| population.pools[pool.at()].name.as_str())
            .collect();
        let title = match names.as_slice() {
            [one] => format!("{}: upgrade of pool {one}", population.cluster.label()),
            names => format!(
                "{}: upgrade of pools {}, one after the other",
                population.cluster.label(),
                names.join(", ")
            ),
        };
        Ok(Asked {
            word: "upgrade",
            title,
            operation: Operation::Upgrade { pools },
            admitted: None,
            findings: Vec::new(),
            not_checked: Vec::new(),
            others: Vec::new(),
        })
    })
}

//! `aksplan snapshot`.

use super::input::{About, Sources};
use super::output::painted;
use super::{CliError, Ending};
use crate::finding::counted;
use crate::model::{Inventory, IpNet};
use crate::report::terminal::clean;
use crate::source::snapshot::redact::redact;
use crate::source::snapshot::{AddressesAre, Document, Encoding, encode, try_out, write};
use std::io::Write;
use std::path::PathBuf;

/// Where the key of `--redact` may stand instead of in a file.
const KEY_VARIABLE: &str = "AKSPLAN_REDACT_KEY";
/// A key that is shorter can be guessed.
const SHORTEST_KEY: usize = 16;

/// Everything that was read, as one file: ask the same questions offline, elsewhere, tomorrow
///
/// Every command reads it back with --from, alone or beside other files, and answers as it does now. It describes a network:
/// only its owner may read the file. With --redact it can be attached to a ticket: names become short keyed hashes, the same name
/// the same one everywhere, subscriptions become numbers, and every capacity number stays as it is. Words that Azure, AKS and
/// Kubernetes made stay (GatewaySubnet, kube-system, VM sizes, node image versions, zones); what could not be checked is counted
/// and not told.
#[derive(Debug, clap::Args)]
#[command(mut_arg("from", |from| from.short(None)))]
pub struct SnapshotArgs {
    /// Live: this VNet, everything peered with it, and the clusters in them matter; usages are asked of no other
    #[arg(long, value_name = "NAME")]
    vnet: Option<String>,

    /// Live: this cluster and the VNets of its pools matter
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,

    /// Where to write it: a name that ends in .json, or in .json.zst (compressed); - is standard output
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,

    /// Replace names by keyed hashes, subscriptions by numbers
    #[arg(long)]
    redact: bool,

    /// What becomes of addresses
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "HOW",
        requires = "redact"
    )]
    redact_addresses: RedactAddresses,

    /// A file with the key of the hashes, so that snapshots can be compared [default: AKSPLAN_REDACT_KEY, else a new key]
    #[arg(long, value_name = "FILE", requires = "redact")]
    redact_key_file: Option<PathBuf>,

    #[command(flatten)]
    sources: Sources,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum RedactAddresses {
    /// They stay
    #[default]
    Keep,
    /// They move, by the key: what contains, meets or is apart still does; private stays private, AKS's own ranges stay
    Shift,
}

pub fn run(args: &SnapshotArgs) -> Result<Ending, CliError> {
    // Said before anything is read, which may take a while.
    let is_stdout = args.file.as_os_str() == "-";
    if !is_stdout {
        try_out(&args.file)?;
    }
    let key = if args.redact { Some(args.key()?) } else { None };
    let loaded = args.sources.load(&About {
        vnet: args.vnet.clone(),
        cluster: args.cluster.clone(),
        details: true,
        platform: true,
        ..About::default()
    })?;
    let mut talk = Vec::new();
    if loaded.planned.is_some() {
        talk.push("what a Terraform plan will make is not in a snapshot: only what is".to_string());
    }
    if !loaded.operations.is_empty() {
        talk.push("the scenario's operations are not in a snapshot: only what is".to_string());
    }
    // Of a redacted one the sentences would name what the file does not: they stay behind as a number.
    let told = match (args.redact, loaded.current.not_checked.len()) {
        (false, _) => loaded.current.not_checked.clone(),
        (true, 0) => Vec::new(),
        (true, count) => vec![format!(
            "{} that name what is redacted; without --redact they are told",
            counted(count as u64, "sentence", "sentences")
        )],
    };
    let counts = counts(&loaded.current);
    let (inventory, redacted) = match key {
        None => (loaded.current, None),
        Some(key) => {
            let addresses = match args.redact_addresses {
                RedactAddresses::Keep => AddressesAre::Kept,
                RedactAddresses::Shift => AddressesAre::Shifted,
            };
            let prefixes = prefixes(&loaded.current);
            let (inventory, redacted) = redact(loaded.current, &key, addresses);
            if addresses == AddressesAre::Shifted {
                talk.extend(stayed(&prefixes, &inventory));
            }
            (inventory, Some(redacted))
        }
    };
    let document = Document::of(&inventory, redacted);
    let size = if is_stdout {
        encode(&document, Encoding::Json, std::io::stdout().lock())?
    } else {
        write(&document, &args.file)?.size
    };
    let place = if is_stdout {
        "standard output".to_string()
    } else {
        args.file.display().to_string()
    };
    talk.insert(
        0,
        format!(
            "wrote {place}: {counts}; {}",
            counted(size, "byte", "bytes")
        ),
    );
    say(&talk, &told);
    // The process ends here; giving back a million small pieces one by one would only take time.
    std::mem::forget(inventory);
    Ok(Ending::Fine)
}

/// Prefixes of all subnets.
fn prefixes(inventory: &Inventory) -> Vec<IpNet> {
    let subnets = inventory.subnets.iter();
    subnets.flat_map(|subnet| subnet.prefixes.clone()).collect()
}

/// Says how many prefixes shifting left where they were.
fn stayed(before: &[IpNet], after: &Inventory) -> Option<String> {
    let after = prefixes(after);
    let same = before.iter().zip(&after).filter(|(old, new)| old == new);
    let count = same.count() as u64;
    (count > 0).then(|| {
        format!(
            "{} of {} not moved: the ranges that AKS itself uses (10.0.0.0/16, 10.224.0.0/12 and 10.244.0.0/16 among them) stay, \
             and so does what must keep its distance from them",
            counted(count, "subnet prefix", "subnet prefixes"),
            before.len()
        )
    })
}

/// To standard error; it may be closed, and then there is nobody to tell.
fn say(talk: &[String], told: &[String]) {
    const SHOWN: usize = 12;
    let mut out = painted(std::io::stderr().lock());
    for line in talk {
        let _ = writeln!(out, "{}", clean(line));
    }
    for sentence in told.iter().take(SHOWN) {
        let _ = writeln!(out, "not checked: {}", clean(sentence));
    }
    if told.len() > SHOWN {
        let _ = writeln!(out, "not checked: {} more", told.len() - SHOWN);
    }
}

/// `3 VNets, 7 subnets, 2 clusters, 5 pools`, and what Kubernetes said of them.
fn counts(inventory: &Inventory) -> String {
    let clusters = &inventory.clusters;
    let objects = || {
        clusters
            .iter()
            .filter_map(|cluster| cluster.kubernetes.as_deref())
    };
    let sum = |of: &dyn Fn(&crate::model::KubernetesState) -> usize| {
        objects().map(|state| of(state) as u64).sum::<u64>()
    };
    let pools: usize = clusters.iter().map(|cluster| cluster.pools.len()).sum();
    let mut counts = vec![
        counted(inventory.vnets.len() as u64, "VNet", "VNets"),
        counted(inventory.subnets.len() as u64, "subnet", "subnets"),
        counted(clusters.len() as u64, "cluster", "clusters"),
        counted(pools as u64, "pool", "pools"),
    ];
    if objects().next().is_some() {
        let nodes = sum(&|state| state.nodes.len());
        let pods = sum(&|state| state.pods.len());
        counts.push(counted(nodes, "node", "nodes"));
        counts.push(counted(pods, "pod", "pods"));
    }
    counts.join(", ")
}

impl SnapshotArgs {
    fn key(&self) -> Result<Vec<u8>, CliError> {
        let (key, of) = match (&self.redact_key_file, std::env::var_os(KEY_VARIABLE)) {
            (Some(path), _) => {
                let key = std::fs::read(path).map_err(|error| {
                    CliError::Usage(format!("{}: cannot be read: {error}", path.display()))
                })?;
                (key, path.display().to_string())
            }
            (None, Some(key)) => (key.into_encoded_bytes(), KEY_VARIABLE.to_string()),
            (None, None) => {
                let mut key = vec![0; 32];
                getrandom::fill(&mut key).map_err(|error| {
                    CliError::Usage(format!(
                        "this machine gives no random key ({error}); give one with --redact-key-file"
                    ))
                })?;
                return Ok(key);
            }
        };
        let key = key.trim_ascii().to_vec();
        if key.len() < SHORTEST_KEY {
            return Err(CliError::Usage(format!(
                "{of}: the key has {}; expected {SHORTEST_KEY} or more, for example the output of `openssl rand -hex 32`",
                counted(key.len() as u64, "byte", "bytes")
            )));
        }
        Ok(key)
    }
}

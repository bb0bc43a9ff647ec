//! `aksplan predict`.

use super::input::{Sources, one_cluster};
use super::output::Rendering;
use super::plan::plan_predictions;
use super::{CliError, Ending};
use crate::model::{Change, ClusterIndex, Inventory, IpNet, parse_cidr};
use crate::predict::difference::{apply, changes_between};
use crate::predict::{Prediction, Wish, predict};
use crate::report::Document;
use crate::report::predict::document;
use crate::report::shapes::{PredictShape, PredictionsShape};
use crate::source::assemble::{resolve_new_cluster, resolve_pool};
use crate::source::facts::{Origin, PoolFact};
use crate::source::scenario::{ChangeFact, NumberOrText, OperationFact, ScenarioPool};
use crate::source::{self, Loaded, desired};
use std::path::PathBuf;
use std::sync::Arc;

/// What AKS answers to an operation: at admission, and at run time after it was accepted
///
/// Say what you want with --desired (the operation is the difference), with one or more of the flags below, with a scenario that
/// has `operations`, or with a Terraform plan. Several flags are one request: AKS judges the state after all of them.
#[derive(Debug, clap::Args)]
pub struct PredictArgs {
    #[command(flatten)]
    sources: Sources,

    /// The cluster to change; may be left out where there is one
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,

    /// The wanted managed cluster: a request body, the output of `az aks show` after editing, or a scenario
    #[arg(long, value_name = "FILE", conflicts_with_all = ["add_pool", "scale", "max_count", "upgrade", "migrate", "update"])]
    desired: Option<PathBuf>,

    /// Add a node pool: name=…,count=…[,min-count=…,max-count=…,max-pods=…,os=…,subnet=…,pod-subnet=…,max-surge=…,…]
    #[arg(long, value_name = "KEY=VALUE,…")]
    add_pool: Vec<String>,

    /// Scale a pool to N nodes; with the autoscaler on, the step it would take
    #[arg(long, value_name = "POOL=N")]
    scale: Vec<String>,

    /// Set the autoscaler's ceiling of a pool
    #[arg(long, value_name = "POOL=N")]
    max_count: Vec<String>,

    /// Upgrade a pool, or the whole cluster when no pool is named
    #[arg(long, value_name = "POOL", num_args = 0..=1, default_missing_value = "")]
    upgrade: Option<String>,

    /// Move the cluster to Azure CNI Overlay
    #[arg(long, value_name = "MODE", value_parser = ["overlay"])]
    migrate: Option<String>,

    /// The pod CIDR of the move
    #[arg(long, value_name = "CIDR", requires = "migrate")]
    pod_cidr: Option<String>,

    /// Any update that changes nothing here, such as enabling an add-on: AKS checks the whole cluster all the same
    #[arg(long)]
    update: bool,

    #[command(flatten)]
    rendering: Rendering,
}

pub fn run(args: &PredictArgs) -> Result<Ending, CliError> {
    let predictions = predictions(args)?;
    let worst = predictions.iter().map(Prediction::worst).max();
    if let [prediction] = predictions.as_slice() {
        args.rendering
            .print(|| PredictShape::from(prediction), || document(prediction))?;
    } else {
        args.rendering.print(
            || PredictionsShape::from(predictions.as_slice()),
            || several(&predictions),
        )?;
    }
    Ok(args.rendering.ending(worst))
}

fn several(predictions: &[Prediction]) -> Document {
    let mut all = Document::new("Predictions");
    if predictions.is_empty() {
        all.paragraph("No cluster changes.");
    }
    for prediction in predictions {
        all.append(document(prediction));
    }
    all
}

fn predictions(args: &PredictArgs) -> Result<Vec<Prediction>, CliError> {
    if let Some(file) = &args.desired {
        return desired_predictions(args, file);
    }
    let loaded = args.sources.load()?;
    let changes = flag_changes(args)?;
    if !changes.is_empty() {
        let index = one_cluster(&loaded.current, args.cluster.as_deref())?;
        let operation = OperationFact {
            origin: Origin::new(&Arc::from("command line"), ""),
            cluster: Some(loaded.current.cluster(index).qualified_name()),
            changes,
        };
        return Ok(vec![operation_prediction(&loaded.current, operation)?]);
    }
    if let Some(planned) = &loaded.planned {
        return Ok(plan_predictions(&loaded, planned, args.cluster.as_deref()));
    }
    if !loaded.operations.is_empty() {
        return scenario_predictions(&loaded);
    }
    Err(CliError::Usage(
        "nothing to predict: give --desired FILE, a flag such as --add-pool or --upgrade, a scenario with `operations`, or a \
         Terraform plan"
            .to_string(),
    ))
}

/// Every operation of the scenarios that were read.
pub fn scenario_predictions(loaded: &Loaded) -> Result<Vec<Prediction>, CliError> {
    loaded
        .operations
        .iter()
        .map(|operation| operation_prediction(&loaded.current, operation.clone()))
        .collect()
}

fn desired_predictions(args: &PredictArgs, file: &PathBuf) -> Result<Vec<Prediction>, CliError> {
    let mut current = source::read_all(&args.sources.from)?;
    for path in &args.sources.also_reserved {
        current.facts.reserved.extend(source::read_reserved(path)?);
    }
    let wanted = source::read_all(std::slice::from_ref(file))?;
    let name = file.display().to_string();
    let overlaid = desired::overlay(&name, current, wanted, args.cluster.as_deref())?;
    overlaid
        .clusters
        .iter()
        .map(|name| {
            let index = super::input::find_cluster(&overlaid.planned, name)?;
            Ok(state_prediction(
                &overlaid.current,
                &overlaid.planned,
                index,
            ))
        })
        .collect()
}

/// The difference of two states is the operation.
fn state_prediction(current: &Inventory, planned: &Inventory, index: ClusterIndex) -> Prediction {
    let wanted = planned.cluster(index);
    let before = current.cluster_indices().find(|known| {
        let known = current.cluster(*known);
        match (&known.id, &wanted.id) {
            (Some(a), Some(b)) => a == b,
            _ => known
                .qualified_name()
                .eq_ignore_ascii_case(&wanted.qualified_name()),
        }
    });
    let changes = changes_between(before.map(|before| current.cluster(before)), wanted);
    predict(&Wish {
        before: current,
        cluster_before: before,
        after: planned,
        cluster: index,
        changes,
    })
}

/// One operation on an estate.
fn operation_prediction(
    current: &Inventory,
    operation: OperationFact,
) -> Result<Prediction, CliError> {
    let mut after = current.clone();
    let mut changes = Vec::new();
    let created = operation
        .changes
        .iter()
        .any(|change| matches!(change, ChangeFact::Create(_)));
    let before = if created {
        None
    } else {
        Some(one_cluster(current, operation.cluster.as_deref())?)
    };
    let index = before.unwrap_or_else(|| ClusterIndex::new(after.clusters.len()));
    for change in operation.changes {
        changes.push(match change {
            ChangeFact::Create(fact) => {
                let cluster = resolve_new_cluster(&mut after, *fact)?;
                after.clusters.push(cluster);
                Change::Create
            }
            ChangeFact::AddPool(fact) => Change::AddPool(Box::new(resolve_pool(
                &after,
                after.cluster(index),
                *fact,
                &operation.origin,
            )?)),
            ChangeFact::Scale { pool, count } => Change::Scale { pool, count },
            ChangeFact::SetMaxCount { pool, max_count } => Change::SetMaxCount {
                pool,
                max_count,
                min_count: None,
            },
            ChangeFact::Upgrade { pool } => Change::Upgrade { pool },
            ChangeFact::MigrateToOverlay { pod_cidr } => Change::MigrateToOverlay { pod_cidr },
            ChangeFact::Update => Change::Update,
        });
    }
    let cluster = apply(after.cluster(index), &changes).map_err(CliError::Usage)?;
    after.clusters[index.get()] = cluster;
    Ok(predict(&Wish {
        before: current,
        cluster_before: before,
        after: &after,
        cluster: index,
        changes,
    }))
}

fn flag_changes(args: &PredictArgs) -> Result<Vec<ChangeFact>, CliError> {
    let mut changes = Vec::new();
    for pool in &args.add_pool {
        changes.push(ChangeFact::AddPool(Box::new(add_pool(pool)?)));
    }
    for scale in &args.scale {
        let (pool, count) = pool_and_number("--scale", scale)?;
        changes.push(ChangeFact::Scale { pool, count });
    }
    for max in &args.max_count {
        let (pool, max_count) = pool_and_number("--max-count", max)?;
        changes.push(ChangeFact::SetMaxCount { pool, max_count });
    }
    if let Some(pool) = &args.upgrade {
        changes.push(ChangeFact::Upgrade {
            pool: (!pool.is_empty()).then(|| pool.clone()),
        });
    }
    if args.migrate.is_some() {
        let pod_cidr: Option<IpNet> = match &args.pod_cidr {
            Some(text) => Some(
                parse_cidr(text)
                    .map_err(|error| CliError::Usage(format!("--pod-cidr: {error}")))?,
            ),
            None => None,
        };
        changes.push(ChangeFact::MigrateToOverlay { pod_cidr });
    }
    if args.update {
        changes.push(ChangeFact::Update);
    }
    Ok(changes)
}

fn pool_and_number(flag: &str, text: &str) -> Result<(String, u64), CliError> {
    const MOST: u64 = 1_000_000;
    text.split_once('=')
        .and_then(|(pool, number)| Some((pool.trim().to_string(), number.trim().parse().ok()?)))
        .filter(|(pool, number)| !pool.is_empty() && *number <= MOST)
        .ok_or_else(|| CliError::Usage(format!("{flag} `{text}`; expected POOL=N, as in apps=10")))
}

/// `name=apps,count=3,max-pods=110` in the words of `az aks nodepool add`.
fn add_pool(text: &str) -> Result<PoolFact, CliError> {
    const KEYS: &str = "name, count, min-count, max-count, max-pods, max-surge, max-unavailable, mode, os, subnet, pod-subnet, \
                        pod-ip-allocation-mode, priority, type, vm-size, kubernetes-version";
    let fail = |problem: String| CliError::Usage(format!("--add-pool `{text}`: {problem}"));
    let mut pool = ScenarioPool::default();
    let mut count = None;
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| fail(format!("`{part}` has no value; expected KEY=VALUE")))?;
        let value = value.trim();
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| fail(format!("{key} `{value}` is not a number")))
        };
        let word = || Some(value.to_string());
        match key.trim().replace('_', "-").to_ascii_lowercase().as_str() {
            "name" => pool.name = value.to_string(),
            "count" | "node-count" => count = Some(number()?),
            "min-count" => pool.min_count = Some(number()?),
            "max-count" => pool.max_count = Some(number()?),
            "max-pods" => {
                pool.max_pods = Some(
                    u32::try_from(number()?)
                        .map_err(|_| fail(format!("{key} `{value}` is not a number of pods")))?,
                );
            }
            "max-surge" => pool.max_surge = Some(NumberOrText::Text(value.to_string())),
            "max-unavailable" => pool.max_unavailable = Some(NumberOrText::Text(value.to_string())),
            "mode" => pool.mode = word(),
            "os" | "os-type" => pool.os_type = word(),
            "subnet" | "vnet-subnet-id" => pool.subnet = word(),
            "pod-subnet" | "pod-subnet-id" => pool.pod_subnet = word(),
            "pod-ip-allocation-mode" => pool.pod_ip_allocation_mode = word(),
            "priority" => pool.spot = value.eq_ignore_ascii_case("Spot"),
            "spot" => pool.spot = value.eq_ignore_ascii_case("true"),
            "type" => pool.kind = word(),
            "vm-size" | "node-vm-size" => pool.vm_size = word(),
            "kubernetes-version" => pool.kubernetes_version = word(),
            other => {
                return Err(fail(format!(
                    "unknown key `{other}`; expected one of {KEYS}"
                )));
            }
        }
    }
    if pool.name.is_empty() {
        return Err(fail("no name; expected name=…".to_string()));
    }
    pool.count = count
        .or(pool.min_count)
        .ok_or_else(|| fail("no count; expected count=N".to_string()))?;
    let origin = Origin::new(&Arc::from("--add-pool"), "");
    Ok(pool.lower(&origin, "")?)
}

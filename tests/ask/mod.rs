//! Asks the library what AKS answers to the one operation of a scenario, and where the recordings lie. Shared by test binaries.
#![allow(dead_code)] // each test binary uses its own part

use aksplan::model::{Change, ClusterIndex, Inventory};
use aksplan::predict::difference::apply;
use aksplan::predict::{Prediction, Wish, predict};
use aksplan::source::assemble::{resolve_new_cluster, resolve_pool};
use aksplan::source::read_document;
use aksplan::source::scenario::ChangeFact;
use std::path::PathBuf;

/// A question with its answer.
pub struct Asked {
    pub before: Inventory,
    /// `None`: the cluster is to be created.
    pub cluster_before: Option<ClusterIndex>,
    pub after: Inventory,
    pub cluster: ClusterIndex,
    pub changes: Vec<Change>,
    pub prediction: Prediction,
}

/// Reads a scenario (YAML or JSON) with one operation, and predicts.
///
/// # Panics
/// With the reader's message, when the scenario cannot be read.
pub fn ask(scenario: &str) -> Asked {
    let loaded = read_document("scenario", scenario.as_bytes())
        .and_then(aksplan::source::Found::assemble)
        .unwrap_or_else(|error| panic!("{error}\n{scenario}"));
    let [operation] = <[_; 1]>::try_from(loaded.operations)
        .unwrap_or_else(|many| panic!("expected one operation, found {}", many.len()));
    let before = loaded.current;
    let mut after = before.clone();
    let created = operation
        .changes
        .iter()
        .any(|change| matches!(change, ChangeFact::Create(_)));
    let cluster_before = (!created).then(|| {
        let named = operation.cluster.as_deref();
        before
            .cluster_indices()
            .find(|index| named.is_none_or(|name| before.cluster(*index).name == name))
            .expect("the cluster is there")
    });
    let cluster = cluster_before.unwrap_or_else(|| ClusterIndex::new(after.clusters.len()));
    let mut changes = Vec::new();
    for change in operation.changes {
        changes.push(match change {
            ChangeFact::Create(fact) => {
                let made = resolve_new_cluster(&mut after, *fact).expect("its subnets are there");
                after.clusters.push(made);
                Change::Create
            }
            ChangeFact::AddPool(fact) => Change::AddPool(Box::new(
                resolve_pool(&after, after.cluster(cluster), *fact, &operation.origin)
                    .expect("its subnets are there"),
            )),
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
    after.clusters[cluster.get()] =
        apply(after.cluster(cluster), &changes).expect("the pools are there");
    let prediction = predict(&Wish {
        before: &before,
        cluster_before,
        after: &after,
        cluster,
        changes: changes.clone(),
    });
    Asked {
        before,
        cluster_before,
        after,
        cluster,
        changes,
        prediction,
    }
}

/// A file of the recordings that lie beside the project in its own workshop. In a user's clone they are absent: then the test
/// says so and passes. In continuous integration absence is a failure.
pub fn recorded(path: &str) -> Option<String> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(path);
    match std::fs::read_to_string(&file) {
        Ok(text) => Some(text),
        Err(error) => {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(
                !ci,
                "CI=true, and {} cannot be read ({error}): nothing was compared with reality",
                file.display()
            );
            println!("../shared/{path} is not there: nothing to compare with, passing");
            None
        }
    }
}

//! The predictions of a Terraform plan.

use crate::model::step::is_cluster;
use crate::model::{Cluster, Inventory};
use crate::predict::{Prediction, predict_deletion, predict_planned};
use crate::source::Loaded;

/// Every cluster that a Terraform plan makes, changes, replaces or deletes.
pub fn plan_predictions(
    loaded: &Loaded,
    planned: &Inventory,
    only: Option<&str>,
) -> Vec<Prediction> {
    let current = &loaded.current;
    let is_meant = |cluster: &Cluster| {
        only.is_none_or(|name| {
            cluster.name.eq_ignore_ascii_case(name)
                || cluster.qualified_name().eq_ignore_ascii_case(name)
        })
    };
    let mut predictions: Vec<Prediction> = planned
        .cluster_indices()
        .filter(|index| is_meant(planned.cluster(*index)))
        .filter_map(|index| predict_planned(current, planned, index, &loaded.steps))
        .collect();
    for step in loaded.steps.iter().filter(|step| step.deletes_cluster()) {
        let gone = current
            .clusters
            .iter()
            .find(|cluster| is_cluster(&step.cluster, cluster) && is_meant(cluster));
        predictions.extend(gone.map(|cluster| predict_deletion(cluster, planned)));
    }
    predictions
}

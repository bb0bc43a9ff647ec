//! The predictions of a Terraform plan.

use super::predict::States;
use crate::model::step::is_cluster;
use crate::model::{Change, Cluster, Inventory, PlanStep, StepKind};
use crate::predict::{Prediction, predict_deletion, predict_planned};
use crate::source::Loaded;
use std::collections::HashMap;

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
    let states = States::of(current, planned);
    let changed = states.changed_vnets();
    let steps = Steps::of(&loaded.steps);
    let mut predictions: Vec<Prediction> = planned
        .cluster_indices()
        .filter(|index| is_meant(planned.cluster(*index)))
        .filter_map(|index| {
            let before = states.before(index).map(|before| current.cluster(before));
            let own = steps.of_cluster(before, planned.cluster(index));
            if own.iter().any(|step| step.kind != StepKind::Update) {
                return predict_planned(current, planned, index, &loaded.steps);
            }
            if own.is_empty() && states.leaves_alone(index, &changed) {
                return None;
            }
            let prediction = states.prediction(index);
            if prediction.changes.is_empty() && !own.is_empty() {
                // Tags, add-ons and the like: a request all the same, and AKS checks the whole cluster.
                return Some(states.prediction_of(index, vec![Change::Update]));
            }
            // A cluster that the plan leaves alone gets no request, unless its network changes under it.
            (!prediction.changes.is_empty() || !prediction.errors.is_empty()).then_some(prediction)
        })
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

/// The steps of a plan by the name of their cluster: a plan of a fleet has thousands of both.
struct Steps<'a> {
    by_name: HashMap<String, Vec<&'a PlanStep>>,
}

impl<'a> Steps<'a> {
    fn of(steps: &'a [PlanStep]) -> Self {
        let mut by_name: HashMap<String, Vec<&PlanStep>> = HashMap::new();
        for step in steps {
            let mut names = vec![step.cluster.name().to_ascii_lowercase()];
            names.extend(
                step.cluster_after
                    .iter()
                    .map(|id| id.name().to_ascii_lowercase()),
            );
            names.dedup();
            for name in names {
                by_name.entry(name).or_default().push(step);
            }
        }
        Steps { by_name }
    }

    /// Steps of a cluster as it is, or as it will be.
    fn of_cluster(&self, before: Option<&Cluster>, after: &Cluster) -> Vec<&'a PlanStep> {
        let mut names: Vec<String> = before
            .into_iter()
            .chain([after])
            .map(|cluster| cluster.name.to_ascii_lowercase())
            .collect();
        names.dedup();
        names
            .iter()
            .filter_map(|name| self.by_name.get(name))
            .flatten()
            .copied()
            .filter(|step| {
                let becomes = step.cluster_after.as_ref();
                becomes.is_some_and(|id| is_cluster(id, after))
                    || before.is_some_and(|known| is_cluster(&step.cluster, known))
            })
            .collect()
    }
}

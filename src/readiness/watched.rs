//! What alerts watch, signal by signal, and whom they tell. Never reads an expression or a query: an alert is told by the names of its metrics.

use super::item::{Item, Question, listed};
use super::observability::{association, is_for, question};
use super::scene::Scene;
use super::signals::{Signal, is_of_platform, signal_of};
use crate::finding::counted;
use crate::model::{PlatformList, ResourceId};
use crate::rule;
use crate::shell::command_line;
use std::collections::BTreeMap;

const ALERT_RULES: &[&rule::Rule] = &[&rule::RDY_16];

const fn alerts(code: &'static str, asks: &'static str) -> Question {
    Question {
        read_from: "Microsoft.AlertsManagement/prometheusRuleGroups, Microsoft.Insights/metricAlerts, Microsoft.Insights/scheduledQueryRules",
        rules: ALERT_RULES,
        ..question(code, asks)
    }
}

const SIGNALS: [(Signal, Question, &str); 4] = [
    (
        Signal::Latency,
        alerts("alerts-latency", "an alert watches how long answers take"),
        "a rule on a histogram of durations, for example nginx_ingress_controller_request_duration_seconds_bucket",
    ),
    (
        Signal::Traffic,
        alerts("alerts-traffic", "an alert watches how much is asked"),
        "a rule on a count of requests, for example nginx_ingress_controller_requests: that it falls to nothing tells as much as that it \
         rises",
    ),
    (
        Signal::Errors,
        alerts("alerts-errors", "an alert watches what fails"),
        "the recommended rules for Kubernetes watch pods that fail; add one on answers of 5xx",
    ),
    (
        Signal::Saturation,
        alerts("alerts-saturation", "an alert watches what is full"),
        "the recommended rules for Kubernetes watch CPU, memory and volumes",
    ),
];

/// Lists that all have to be there before nothing among them means that there is none.
const LISTS: [PlatformList; 3] = [
    PlatformList::PrometheusRuleGroups,
    PlatformList::MetricAlerts,
    PlatformList::LogAlerts,
];

/// How much an alert counts.
#[derive(Clone, Copy, PartialEq)]
enum Weight {
    /// It is for this cluster and tells an action group, or does not say whether it does.
    Sure,
    /// It is for this cluster, and no action group is told.
    Silent,
    /// It may be another cluster's.
    Maybe,
}

/// What alerts watch, by signal: `alert (metric, by the word in it)`.
#[derive(Default)]
pub(super) struct Watched {
    sure: BTreeMap<Signal, Vec<String>>,
    silent: BTreeMap<Signal, Vec<String>>,
    maybe: BTreeMap<Signal, Vec<String>>,
    /// Log alerts that may be for this cluster: which signal they watch stands in their queries.
    by_logs: Vec<String>,
    /// Whether all lists of rules were read to the end.
    is_whole: bool,
    /// Alerts that are on and for this cluster.
    count: u64,
}

/// Whether a scope is a resource group or a subscription that holds the cluster.
fn holds(scene: &Scene, scope: &ResourceId) -> bool {
    let Some(cluster) = &scene.cluster.id else {
        return false;
    };
    let (scope, cluster) = (scope.key(), cluster.key());
    let rest = cluster.strip_prefix(scope.trim_end_matches('/'));
    !scope.contains("/providers/") && rest.is_some_and(|rest| rest.starts_with('/'))
}

impl Watched {
    pub fn of(scene: &Scene) -> Self {
        let platform = &scene.inventory.platform;
        let mut watched = Watched {
            is_whole: LISTS.into_iter().all(|list| platform.is_whole(list)),
            ..Watched::default()
        };
        let groups = platform.prometheus_rule_groups.iter().flatten();
        for group in groups.filter(|group| group.enabled) {
            let is_for = is_for(scene, group);
            if is_for == Some(false) {
                continue;
            }
            for alert in group.alerts.iter().filter(|alert| alert.enabled) {
                let weight = weight(is_for.is_some(), alert.actions);
                watched.note(weight, &alert.name, &alert.metrics, alert.server_errors);
            }
        }
        let alerts = platform.metric_alerts.iter().flatten();
        for alert in alerts.filter(|alert| alert.enabled) {
            let is_sure = alert.scopes.iter().any(|id| scene.is_cluster(id));
            if is_sure || alert.scopes.iter().any(|id| holds(scene, id)) {
                let weight = weight(is_sure, alert.actions);
                watched.note(weight, &alert.name, &alert.metrics, false);
            }
        }
        let alerts = platform.log_alerts.iter().flatten();
        for alert in alerts.filter(|alert| alert.enabled) {
            // A workspace holds the logs of anybody.
            let may_be = |id: &ResourceId| {
                scene.is_cluster(id) || holds(scene, id) || id.segment("workspaces").is_some()
            };
            if alert.scopes.iter().any(may_be) {
                watched.by_logs.push(alert.name.clone());
            }
        }
        watched
    }

    fn note(&mut self, weight: Weight, alert: &str, metrics: &[String], server_errors: bool) {
        self.count += u64::from(weight != Weight::Maybe);
        let mut told: BTreeMap<Signal, String> = BTreeMap::new();
        for metric in metrics {
            let forced = server_errors && !is_of_platform(metric);
            let forced = forced.then_some((Signal::Errors, "5xx"));
            if let Some((signal, word)) = forced.or_else(|| signal_of(metric)) {
                told.entry(signal)
                    .or_insert_with(|| format!("{alert} ({metric}, by `{word}`)"));
            }
        }
        let of = match weight {
            Weight::Sure => &mut self.sure,
            Weight::Silent => &mut self.silent,
            Weight::Maybe => &mut self.maybe,
        };
        for (signal, text) in told {
            of.entry(signal).or_default().push(text);
        }
    }

    pub fn check(&self, scene: &Scene, items: &mut Vec<Item>) {
        let all = SIGNALS.iter();
        items.extend(
            all.map(|(signal, question, remedy)| self.item(scene, *signal, question, remedy)),
        );
    }

    fn item(&self, scene: &Scene, signal: Signal, question: &Question, remedy: &str) -> Item {
        if let Some(alerts) = self.sure.get(&signal) {
            return question.ready(listed(alerts));
        }
        if let Some(alerts) = self.silent.get(&signal) {
            return question.not_known(
                format!("without an action group, which somebody is told by: {}", listed(alerts)),
                "give them an action group, or see whether an alert processing rule does, which are not read",
                [command_line(
                    &["az", "monitor", "alert-processing-rule", "list"],
                    &of_subscription(scene),
                )],
            );
        }
        if let Some(alerts) = self.maybe.get(&signal) {
            return question.not_known(
                format!("of alerts that may be another cluster's: {}", listed(alerts)),
                "see whether the cluster sends its metrics to the workspace they name, and under which name",
                [association(scene)],
            );
        }
        if !self.is_whole {
            return question.not_known(
                "rule groups, metric alerts and log alerts were not all read to the end, of the whole subscription",
                "read live without -g, or add what these print; an empty list says nothing in a file",
                lists(scene),
            );
        }
        if !self.by_logs.is_empty() {
            return question.not_known(
                format!(
                    "no rule on metrics; what these watch stands in their queries, which are not read: {}",
                    listed(&self.by_logs)
                ),
                "look at what they ask for",
                [command_line(
                    &["az", "monitor", "scheduled-query", "list"],
                    &of_subscription(scene),
                )],
            );
        }
        let commands: Vec<Option<String>> = match signal {
            Signal::Saturation => vec![saturation_alert(scene)],
            _ => lists(scene).to_vec(),
        };
        question.not_ready(
            format!(
                "none of {}: those that are on and for this cluster, told by the names of their metrics",
                counted(self.count, "alert", "alerts")
            ),
            remedy,
            commands,
        )
    }
}

fn weight(is_sure: bool, actions: Option<u64>) -> Weight {
    match (is_sure, actions) {
        (false, _) => Weight::Maybe,
        (true, Some(0)) => Weight::Silent,
        (true, _) => Weight::Sure,
    }
}

fn of_subscription<'a>(scene: &Scene<'a>) -> Vec<(&'static str, Option<&'a str>)> {
    let subscription = scene.subscription();
    let one = subscription.map(|subscription| ("--subscription", Some(subscription)));
    one.into_iter().collect()
}

fn lists(scene: &Scene) -> [Option<String>; 3] {
    let of = of_subscription(scene);
    [
        command_line(
            &["az", "alerts-management", "prometheus-rule-group", "list"],
            &of,
        ),
        command_line(&["az", "monitor", "metrics", "alert", "list"], &of),
        command_line(&["az", "monitor", "scheduled-query", "list"], &of),
    ]
}

fn saturation_alert(scene: &Scene) -> Option<String> {
    let id = scene.cluster.id.as_ref()?;
    let mut arguments = of_subscription(scene);
    arguments.extend([
        ("--name", Some("node-cpu")),
        ("--resource-group", Some(scene.resource_group())),
        ("--scopes", Some(id.as_str())),
        ("--condition", Some("avg node_cpu_usage_percentage > 80")),
        ("--action", Some("ACTION_GROUP_ID")),
    ]);
    command_line(&["az", "monitor", "metrics", "alert", "create"], &arguments)
}

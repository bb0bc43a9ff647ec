//! Observability: whether metrics and logs of the cluster are collected, shown, and watched by alerts. Never says whether an alert is a good one.

use super::item::{Item, Pillar, Question, listed};
use super::scene::Scene;
use super::signals::{Signal, signal_of};
use crate::finding::{Severity, counted};
use crate::model::{PrometheusRuleGroup, ResourceId};
use crate::rule;
use crate::shell::command_line;
use std::collections::{BTreeMap, BTreeSet};

const RULES: &[&rule::Rule] = &[&rule::RDY_14];

const fn question(code: &'static str, asks: &'static str) -> Question {
    Question {
        code,
        pillar: Pillar::Observability,
        asks,
        severity: Severity::Warning,
        read_from: "az aks show",
        rules: RULES,
    }
}

const METRICS: Question = Question {
    read_from: "az aks show: azureMonitorProfile.metrics",
    ..question("prometheus-metrics", "managed Prometheus collects metrics")
};
const INSIGHTS: Question = Question {
    read_from: "az aks show: addonProfiles.omsagent, azureMonitorProfile.containerInsights",
    ..question("container-insights", "Container insights collects logs")
};
const GRAFANA: Question = Question {
    read_from: "az grafana list; prometheusRuleGroups",
    ..question("grafana-linked", "a Grafana shows the cluster's workspace")
};
const MONITORS: Question = Question {
    read_from: "kubectl get podmonitors,servicemonitors (azmonitoring.coreos.com)",
    rules: &[&rule::RDY_15],
    ..question(
        "pod-monitors",
        "monitors that managed Prometheus reads say what to scrape",
    )
};

const ALERT_RULES: &[&rule::Rule] = &[&rule::RDY_16];

const fn alerts(code: &'static str, asks: &'static str) -> Question {
    Question {
        read_from: "Microsoft.AlertsManagement/prometheusRuleGroups, Microsoft.Insights/metricAlerts",
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

pub(super) fn check(scene: &Scene, items: &mut Vec<Item>) {
    let profiles = &scene.cluster.profiles;
    items.push(switch(
        scene,
        &METRICS,
        profiles.prometheus_metrics,
        "turn on the metrics add-on; --azure-monitor-workspace-resource-id and --grafana-resource-id link it at once",
        scene.update(&[("--enable-azure-monitor-metrics", None)]),
        "azureMonitorProfile.metrics.enabled",
    ));
    items.push(switch(
        scene,
        &INSIGHTS,
        profiles.container_insights,
        "turn on Container insights; --workspace-resource-id names a Log Analytics workspace other than the default one",
        scene.az(
            &["az", "aks", "enable-addons"],
            "--name",
            &[("--addons", Some("monitoring"))],
        ),
        "addonProfiles.omsagent.enabled",
    ));
    items.push(grafana(scene));
    items.push(monitors(scene));
    let watched = Watched::of(scene);
    items.extend(
        SIGNALS
            .iter()
            .map(|(signal, question, remedy)| watched.item(scene, *signal, question, remedy)),
    );
}

fn switch(
    scene: &Scene,
    question: &Question,
    is_on: Option<bool>,
    remedy: &str,
    command: Option<String>,
    query: &'static str,
) -> Item {
    match is_on {
        Some(true) => question.ready("on"),
        Some(false) => question.not_ready("off", remedy, [command]),
        None => question.not_known(
            "not said",
            "add the cluster as Azure shows it",
            [scene.show(query)],
        ),
    }
}

/// Whether a group is for this cluster: `Some(true)` where it names it, `None` where it names a workspace alone, which other clusters may
/// send their metrics to as well.
fn is_for(scene: &Scene, group: &PrometheusRuleGroup) -> Option<bool> {
    let is_other =
        |id: &ResourceId| id.segment("managedClusters").is_some() && !scene.is_cluster(id);
    if group.scopes.iter().any(|id| scene.is_cluster(id)) {
        return Some(true);
    }
    if let Some(name) = &group.cluster_name {
        // A name stands for any cluster of that name: errs towards its being this one.
        return Some(name.eq_ignore_ascii_case(&scene.cluster.name));
    }
    if group.scopes.iter().any(is_other) {
        return Some(false);
    }
    None
}

/// Azure Monitor workspaces that hold the cluster's metrics: those that its rule groups name.
fn workspaces(scene: &Scene) -> BTreeSet<String> {
    let groups = scene.inventory.platform.prometheus_rule_groups.iter();
    groups
        .flatten()
        .filter(|group| is_for(scene, group) == Some(true))
        .flat_map(|group| &group.scopes)
        .filter(|id| id.segment("accounts").is_some())
        .map(ResourceId::key)
        .collect()
}

fn grafana(scene: &Scene) -> Item {
    let list = || {
        [command_line(
            &["az", "grafana", "list"],
            &[("--output", Some("json"))],
        )]
    };
    let Some(grafanas) = &scene.inventory.platform.grafanas else {
        return GRAFANA.not_known("no Grafana was read", "add what this prints", list());
    };
    let link = scene.update(&[
        ("--enable-azure-monitor-metrics", None),
        ("--grafana-resource-id", Some("GRAFANA_ID")),
    ]);
    let linked: Vec<&str> = grafanas
        .iter()
        .filter(|grafana| !grafana.workspaces.is_empty())
        .map(|grafana| grafana.name.as_str())
        .collect();
    if linked.is_empty() {
        let names: Vec<&str> = grafanas.iter().map(|one| one.name.as_str()).collect();
        return GRAFANA.not_ready(
            match names.as_slice() {
                [] => "there is no Grafana in what was read".to_string(),
                names => format!("no workspace is linked to {}", listed(names)),
            },
            "link a Grafana to the workspace; put its id for GRAFANA_ID",
            [link],
        );
    }
    let own = workspaces(scene);
    let sure: Vec<&str> = grafanas
        .iter()
        .filter(|grafana| grafana.workspaces.iter().any(|id| own.contains(&id.key())))
        .map(|grafana| grafana.name.as_str())
        .collect();
    if !sure.is_empty() {
        return GRAFANA.ready(format!("{} shows its workspace", listed(&sure)));
    }
    if own.is_empty() {
        return GRAFANA.not_known(
            format!(
                "{} shows workspaces, and which of them is the cluster's is not known: no rule group names it",
                listed(&linked)
            ),
            "look at which workspace the cluster's data collection rule names",
            [association(scene)],
        );
    }
    GRAFANA.not_ready(
        format!(
            "{} shows other workspaces than the cluster's",
            listed(&linked)
        ),
        "link a Grafana to the workspace; put its id for GRAFANA_ID",
        [link],
    )
}

fn association(scene: &Scene) -> Option<String> {
    let id = scene.cluster.id.as_ref()?;
    command_line(
        &[
            "az",
            "monitor",
            "data-collection",
            "rule",
            "association",
            "list",
        ],
        &[("--resource", Some(id.as_str()))],
    )
}

fn monitors(scene: &Scene) -> Item {
    let state = match scene.objects(&["PodMonitor", "ServiceMonitor"]) {
        Ok(state) => state,
        Err(unread) => return unread.item(&MONITORS),
    };
    let all: Vec<String> = (state.platform.monitors.iter())
        .map(|one| format!("{} {}/{}", one.kind, one.namespace, one.name))
        .collect();
    if !all.is_empty() {
        return MONITORS.ready(listed(&all));
    }
    let unknown = |kind: &&str| state.absent_kinds.iter().any(|absent| absent == kind);
    let is_missing = ["PodMonitor", "ServiceMonitor"].iter().all(unknown);
    MONITORS.not_ready(
        if is_missing {
            "the cluster does not know these kinds: the metrics add-on brings them"
        } else {
            "there is none: applications are not scraped, unless a ConfigMap says so"
        },
        "write a PodMonitor of apiVersion azmonitoring.coreos.com/v1 for each application; those of monitoring.coreos.com are not read",
        [super::scene::kubectl(
            &["get", "podmonitors.azmonitoring.coreos.com", "--all-namespaces"],
            &[],
        )],
    )
}

/// What alerts watch, by signal: `alert (metric, by the word in it)`.
#[derive(Default)]
struct Watched {
    sure: BTreeMap<Signal, Vec<String>>,
    /// By groups that may be for this cluster.
    maybe: BTreeMap<Signal, Vec<String>>,
    /// Whether both lists of rules were read.
    is_whole: bool,
    /// Alerts that are on and for this cluster.
    count: u64,
}

impl Watched {
    fn of(scene: &Scene) -> Self {
        let platform = &scene.inventory.platform;
        let mut watched = Watched {
            is_whole: platform.prometheus_rule_groups.is_some() && platform.metric_alerts.is_some(),
            ..Watched::default()
        };
        let groups = platform.prometheus_rule_groups.iter().flatten();
        for group in groups.filter(|group| group.enabled) {
            let is_for = is_for(scene, group);
            if is_for == Some(false) {
                continue;
            }
            for alert in group.alerts.iter().filter(|alert| alert.enabled) {
                let forced = alert.server_errors.then_some((Signal::Errors, "5xx"));
                watched.note(is_for.is_some(), &alert.name, &alert.metrics, forced);
            }
        }
        let alerts = platform.metric_alerts.iter().flatten();
        for alert in alerts.filter(|alert| alert.enabled) {
            if alert.scopes.iter().any(|id| scene.is_cluster(id)) {
                watched.note(true, &alert.name, &alert.metrics, None);
            }
        }
        watched
    }

    fn note(
        &mut self,
        sure: bool,
        alert: &str,
        metrics: &[String],
        forced: Option<(Signal, &'static str)>,
    ) {
        self.count += u64::from(sure);
        let mut told: BTreeMap<Signal, String> = BTreeMap::new();
        for metric in metrics {
            if let Some((signal, word)) = forced.or_else(|| signal_of(metric)) {
                told.entry(signal)
                    .or_insert_with(|| format!("{alert} ({metric}, by `{word}`)"));
            }
        }
        let of = if sure {
            &mut self.sure
        } else {
            &mut self.maybe
        };
        for (signal, text) in told {
            of.entry(signal).or_default().push(text);
        }
    }

    fn item(&self, scene: &Scene, signal: Signal, question: &Question, remedy: &str) -> Item {
        if let Some(alerts) = self.sure.get(&signal) {
            return question.ready(listed(alerts));
        }
        let list = || {
            let group = scene.cluster.resource_group.as_deref();
            let of_group: Vec<(&'static str, Option<&str>)> = match group {
                Some(group) => vec![("--resource-group", Some(group))],
                None => Vec::new(),
            };
            [
                command_line(
                    &["az", "alerts-management", "prometheus-rule-group", "list"],
                    &of_group,
                ),
                command_line(&["az", "monitor", "metrics", "alert", "list"], &of_group),
            ]
        };
        if let Some(alerts) = self.maybe.get(&signal) {
            return question.not_known(
                format!(
                    "of groups that name a workspace and no cluster: {}",
                    listed(alerts)
                ),
                "see whether the cluster sends its metrics to that workspace",
                [association(scene)],
            );
        }
        if !self.is_whole {
            return question.not_known(
                "rule groups and metric alerts were not read, or one of both was not",
                "add what these print",
                list(),
            );
        }
        let commands: Vec<Option<String>> = match signal {
            Signal::Saturation => vec![self.saturation_alert(scene)],
            _ => list().to_vec(),
        };
        question.not_ready(
            format!(
                "none of {} that are on and for this cluster, told by the names of their metrics",
                counted(self.count, "alert", "alerts")
            ),
            remedy,
            commands,
        )
    }

    fn saturation_alert(&self, scene: &Scene) -> Option<String> {
        let id = scene.cluster.id.as_ref()?;
        let group = scene.cluster.resource_group.as_deref()?;
        command_line(
            &["az", "monitor", "metrics", "alert", "create"],
            &[
                ("--name", Some("node-cpu")),
                ("--resource-group", Some(group)),
                ("--scopes", Some(id.as_str())),
                ("--condition", Some("avg node_cpu_usage_percentage > 80")),
            ],
        )
    }
}

//! Observability: whether metrics and logs of the cluster are collected, shown, and watched by alerts that tell somebody. Never says whether
//! an alert is a good one.

use super::item::{Item, Pillar, Question, listed};
use super::scene::Scene;
use super::watched::Watched;
use crate::finding::Severity;
use crate::model::{PrometheusRuleGroup, ResourceId};
use crate::rule;
use crate::shell::command_line;
use std::collections::BTreeSet;

const RULES: &[&rule::Rule] = &[&rule::RDY_14];

pub(super) const fn question(code: &'static str, asks: &'static str) -> Question {
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
    rules: &[&rule::RDY_14, &rule::RDY_18],
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

pub(super) fn check(scene: &Scene, items: &mut Vec<Item>) {
    items.push(metrics(scene));
    items.push(insights(scene));
    items.push(grafana(scene));
    items.push(monitors(scene));
    Watched::of(scene).check(scene, items);
}

fn metrics(scene: &Scene) -> Item {
    match scene.cluster.profiles.prometheus_metrics {
        Some(true) => METRICS.ready("on"),
        Some(false) => METRICS.not_ready(
            "off",
            "turn on the metrics add-on; put the id of an Azure Monitor workspace for AMW_ID: without it the default workspace of the region \
             is taken, and made where there is none",
            [scene.update(&[
                ("--enable-azure-monitor-metrics", None),
                ("--azure-monitor-workspace-resource-id", Some("AMW_ID")),
            ])],
        ),
        None => METRICS.not_known(
            "not said",
            "add the cluster as Azure shows it",
            [scene.show("azureMonitorProfile.metrics.enabled")],
        ),
    }
}

fn insights(scene: &Scene) -> Item {
    let profiles = &scene.cluster.profiles;
    let turn_on = |workspace: Option<&str>| {
        let mut arguments = vec![("--addons", Some("monitoring"))];
        if let Some(workspace) = workspace {
            arguments.push(("--workspace-resource-id", Some(workspace)));
        }
        scene.az(&["az", "aks", "enable-addons"], "--name", &arguments)
    };
    match (profiles.container_insights, profiles.container_insights_entra) {
        (Some(true), Some(true)) => INSIGHTS.ready("on"),
        (Some(true), Some(false)) => INSIGHTS.not_ready(
            "on, by the legacy authentication, which is not supported after 2026-09-30",
            "turn it off and on again, which signs in by a managed identity; put for WORKSPACE_ID the workspace that the cluster has now, or \
             its logs go to the default one: az aks show says it in addonProfiles.omsagent.config",
            [
                scene.az(
                    &["az", "aks", "disable-addons"],
                    "--name",
                    &[("--addons", Some("monitoring"))],
                ),
                turn_on(Some("WORKSPACE_ID")),
            ],
        ),
        (Some(true), None) => INSIGHTS.not_known(
            "on; how it signs in is not said",
            "see whether useAADAuth is true: the legacy authentication is not supported after 2026-09-30",
            [scene.show("addonProfiles.omsagent.config.useAADAuth")],
        ),
        (Some(false), _) => INSIGHTS.not_ready(
            "off",
            "turn on Container insights; --workspace-resource-id names a Log Analytics workspace other than the default one",
            [turn_on(None)],
        ),
        (None, _) => INSIGHTS.not_known(
            "not said",
            "add the cluster as Azure shows it",
            [scene.show("addonProfiles.omsagent.enabled")],
        ),
    }
}

/// Whether a group is for this cluster: `Some(true)` where it names it, `Some(false)` where it names another by its id, `None` where it names a
/// workspace alone, which other clusters may send their metrics to as well, or a name that may be an alias of the cluster's metrics.
pub(super) fn is_for(scene: &Scene, group: &PrometheusRuleGroup) -> Option<bool> {
    let is_other =
        |id: &ResourceId| id.segment("managedClusters").is_some() && !scene.is_cluster(id);
    if group.scopes.iter().any(|id| scene.is_cluster(id)) {
        return Some(true);
    }
    if group.scopes.iter().any(is_other) {
        return Some(false);
    }
    // A name stands for any cluster of that name: errs towards its being this one.
    let name = group.cluster_name.as_deref()?;
    name.eq_ignore_ascii_case(&scene.cluster.name)
        .then_some(true)
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

/// A Grafana may be anybody's, in any subscription: that none was found says nothing but that none was found.
fn grafana(scene: &Scene) -> Item {
    let own = workspaces(scene);
    let grafanas = scene.inventory.platform.grafanas.as_deref();
    let all = grafanas.unwrap_or_default();
    let names = |is: &dyn Fn(&crate::model::Grafana) -> bool| -> Vec<&str> {
        let found = all.iter().filter(|one| is(one));
        found.map(|one| one.name.as_str()).collect()
    };
    let sure = names(&|one| one.workspaces.iter().any(|id| own.contains(&id.key())));
    if !sure.is_empty() {
        return GRAFANA.ready(format!("{} shows its workspace", listed(&sure)));
    }
    if scene.cluster.profiles.prometheus_metrics == Some(false) {
        return GRAFANA.not_ready(
            "managed Prometheus is off: there is no workspace to show",
            "turn it on, as prometheus-metrics says, and link a Grafana to its workspace; put names for GRAFANA, GROUP, AMW and AMW_GROUP",
            [link()],
        );
    }
    let linked = names(&|one| !one.workspaces.is_empty());
    let evidence = match (grafanas, all.is_empty(), linked.is_empty()) {
        (None, _, _) => "no Grafana was read".to_string(),
        (_, true, _) => {
            "there is no Grafana in what was read; it may be in another subscription".to_string()
        }
        (_, _, true) => format!(
            "no workspace is linked to {}; another Grafana may be in another subscription",
            listed(&names(&|_| true))
        ),
        _ if own.is_empty() => format!(
            "{} shows workspaces, and which of them is the cluster's is not known: no rule group names it",
            listed(&linked)
        ),
        _ => format!(
            "{} shows other workspaces than the cluster's; another Grafana may be in another subscription",
            listed(&linked)
        ),
    };
    GRAFANA.not_known(
        evidence,
        "add what the first prints, of the subscription that Grafana is in, and look at which workspace the cluster's data collection rule \
         names. If no Grafana shows it, link one by the last; put names for GRAFANA, GROUP, AMW and AMW_GROUP",
        [
            command_line(
                &["az", "grafana", "list"],
                &[("--output", Some("json"))],
            ),
            association(scene),
            link(),
        ],
    )
}

/// Links a workspace without touching where the cluster sends its metrics, which the flags of `az aks update` would (RDY-14).
fn link() -> Option<String> {
    command_line(
        &["az", "grafana", "integration", "monitor", "add"],
        &[
            ("--name", Some("GRAFANA")),
            ("--resource-group", Some("GROUP")),
            ("--monitor-name", Some("AMW")),
            ("--monitor-rg-name", Some("AMW_GROUP")),
        ],
    )
}

pub(super) fn association(scene: &Scene) -> Option<String> {
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
    let (state, unread) = match scene.some(&["PodMonitor", "ServiceMonitor"]) {
        Ok(read) => read,
        Err(unread) => return unread.item(&MONITORS),
    };
    let all: Vec<String> = (state.platform.monitors.iter())
        .map(|one| format!("{} {}/{}", one.kind, one.namespace, one.name))
        .collect();
    if !all.is_empty() {
        return MONITORS.ready(listed(&all));
    }
    if let Some(unread) = unread {
        return unread.item(&MONITORS);
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

//! Identities, Grafana and alert rules lowered from JSON. Of an alert's expression only the metrics it names are kept: labels and their
//! values, which hold names of workloads and people, are passed over.

use super::Unfolded;
use crate::model::{
    FederatedCredential, Grafana, LogAlert, ManagedIdentity, MetricAlert, PrometheusAlert,
    PrometheusRuleGroup, ResourceId,
};
use crate::source::facts::Origin;
use crate::source::{SourceError, wire};
use std::collections::BTreeSet;

pub(super) fn identity(
    read: Unfolded<wire::ManagedIdentity>,
    origin: &Origin,
) -> Result<ManagedIdentity, SourceError> {
    Ok(ManagedIdentity {
        id: read.id(),
        name: read.name(origin)?,
        client_id: read.body.client_id.filter(|id| !id.is_empty()),
        federated_credentials: None,
    })
}

/// A credential and the identity it is of.
pub(super) fn federated_credential(
    read: Unfolded<wire::FederatedCredential>,
    origin: &Origin,
) -> Result<(ResourceId, FederatedCredential), SourceError> {
    let identity = read.id().and_then(|id| id.parent()).ok_or_else(|| {
        origin.error(
            "id",
            "a federated credential without an id names no identity",
        )
    })?;
    let name = read.name(origin)?;
    let missing = |field: &str| origin.error(&read.at(field), "missing; expected a text");
    let issuer = (read.body.issuer.as_deref()).ok_or_else(|| missing("issuer"))?;
    let subject = (read.body.subject.clone()).ok_or_else(|| missing("subject"))?;
    Ok((
        identity,
        FederatedCredential {
            name,
            issuer: issuer.to_string(),
            subject,
            audiences: read.body.audiences.clone().unwrap_or_default(),
        },
    ))
}

pub(super) fn grafana(
    read: Unfolded<wire::Grafana>,
    origin: &Origin,
) -> Result<Grafana, SourceError> {
    let (id, name) = (read.id(), read.name(origin)?);
    let integrations = read.body.grafana_integrations;
    let workspaces = integrations.and_then(|all| all.azure_monitor_workspace_integrations);
    Ok(Grafana {
        id,
        name,
        workspaces: workspaces
            .into_iter()
            .flatten()
            .filter_map(|one| one.azure_monitor_workspace_resource_id)
            .map(ResourceId::new)
            .collect(),
    })
}

pub(super) fn rule_group(
    read: Unfolded<wire::PrometheusRuleGroup>,
    origin: &Origin,
) -> Result<PrometheusRuleGroup, SourceError> {
    let (id, name) = (read.id(), read.name(origin)?);
    let body = read.body;
    Ok(PrometheusRuleGroup {
        id,
        name,
        // What is not said is on (the service's default).
        enabled: body.enabled.unwrap_or(true),
        scopes: ids(body.scopes),
        cluster_name: body.cluster_name.filter(|name| !name.is_empty()),
        alerts: body
            .rules
            .into_iter()
            .flatten()
            .filter_map(|rule| {
                let expression = rule.expression.as_deref().unwrap_or_default();
                Some(PrometheusAlert {
                    name: rule.alert?,
                    enabled: rule.enabled.unwrap_or(true),
                    server_errors: selects_server_errors(expression),
                    actions: counted(rule.actions.as_deref()),
                    metrics: metrics(expression),
                })
            })
            .collect(),
    })
}

pub(super) fn metric_alert(
    read: Unfolded<wire::MetricAlert>,
    origin: &Origin,
) -> Result<MetricAlert, SourceError> {
    let (id, name) = (read.id(), read.name(origin)?);
    let body = read.body;
    let criteria = body.criteria.and_then(|criteria| criteria.all_of);
    let metrics: BTreeSet<String> = criteria
        .into_iter()
        .flatten()
        .filter_map(|criterion| criterion.metric_name)
        .collect();
    Ok(MetricAlert {
        id,
        name,
        enabled: body.enabled.unwrap_or(true),
        scopes: ids(body.scopes),
        metrics: metrics.into_iter().collect(),
        actions: counted(body.actions.as_deref()),
    })
}

pub(super) fn log_alert(
    read: Unfolded<wire::LogAlert>,
    origin: &Origin,
) -> Result<LogAlert, SourceError> {
    let (id, name) = (read.id(), read.name(origin)?);
    let body = read.body;
    let groups = body.actions.and_then(|actions| actions.action_groups);
    Ok(LogAlert {
        id,
        name,
        enabled: body.enabled.unwrap_or(true),
        scopes: ids(body.scopes),
        actions: counted(groups.as_deref()),
    })
}

/// Action groups of a rule: one that leaves them out has none.
fn counted<T>(all: Option<&[T]>) -> Option<u64> {
    Some(all.map_or(0, <[T]>::len) as u64)
}

fn ids(all: Option<Vec<String>>) -> Vec<ResourceId> {
    let all = all.unwrap_or_default().into_iter();
    all.filter(|id| !id.is_empty())
        .map(ResourceId::new)
        .collect()
}

/// Words of PromQL that are no metric where they stand alone.
const WORDS: &[&str] = &[
    "and",
    "atan2",
    "avg",
    "bool",
    "bottomk",
    "count",
    "count_values",
    "group",
    "inf",
    "limit_ratio",
    "limitk",
    "max",
    "min",
    "nan",
    "offset",
    "or",
    "quantile",
    "stddev",
    "stdvar",
    "sum",
    "topk",
    "unless",
];
/// Words before a list of labels.
const BEFORE_LABELS: &[&str] = &[
    "by",
    "group_left",
    "group_right",
    "ignoring",
    "on",
    "without",
];

/// The metrics that a PromQL expression names, each once, sorted: words that are no function, no label and no text.
fn metrics(expression: &str) -> Vec<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let mut found = BTreeSet::new();
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '"' | '\'' | '`' => text_end(rest, first),
            '{' => end_of(rest, '}'),
            '[' => end_of(rest, ']'),
            c if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                let next = after.trim_start();
                let lower = word.to_ascii_lowercase();
                if BEFORE_LABELS.contains(&lower.as_str()) {
                    let labels = if next.starts_with('(') {
                        end_of(next, ')')
                    } else {
                        0
                    };
                    rest.len() - next.len() + labels
                } else {
                    let is_name = !word.starts_with(|c: char| c.is_ascii_digit());
                    if is_name && !next.starts_with('(') && !WORDS.contains(&lower.as_str()) {
                        found.insert(word.to_string());
                    }
                    end
                }
            }
            c => c.len_utf8(),
        };
        rest = &rest[taken..];
    }
    found.into_iter().collect()
}

/// Whether a selector of the expression takes responses by a status that begins with 5: `code=~"5.."`.
fn selects_server_errors(expression: &str) -> bool {
    const LABELS: &[&str] = &["code", "status", "status_code", "response_code"];
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = expression;
    while let Some(first) = rest.chars().next() {
        let taken = if is_word(first) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let after = rest[end..].trim_start();
            let value = after.strip_prefix("=~").or_else(|| after.strip_prefix('='));
            let value = value.unwrap_or_default().trim_start();
            if LABELS.contains(&&rest[..end])
                && ["\"5", "'5", "\"^5", "\"(5"]
                    .iter()
                    .any(|begins| value.starts_with(begins))
            {
                return true;
            }
            end
        } else if matches!(first, '"' | '\'' | '`') {
            text_end(rest, first)
        } else {
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    false
}

/// Bytes up to the end of a text, its quotes included.
fn text_end(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = rest[1..].find(|c: char| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped && quote != '`';
        ends
    });
    end.map_or(rest.len(), |end| end + 2)
}

/// Bytes up to and with a closing mark outside of texts.
fn end_of(rest: &str, close: char) -> usize {
    let mut at = 1;
    while let Some(c) = rest[at..].chars().next() {
        at += match c {
            '"' | '\'' | '`' => text_end(&rest[at..], c),
            c => c.len_utf8(),
        };
        if c == close {
            return at;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_errors_are_told_by_their_status() {
        for (expression, want) in [
            (r#"sum(rate(http_requests_total{code=~"5.."}[5m]))"#, true),
            (r#"a{job="x", status = '503'}"#, true),
            (r#"a{code!~"5.."}"#, false),
            (r#"a{code=~"2.."}"#, false),
            (r#"a{barcode="5"} + b{x="code=\"5"}"#, false),
            ("code", false),
        ] {
            assert_eq!(selects_server_errors(expression), want, "{expression}");
        }
    }

    #[test]
    fn metrics_of_expressions() {
        for (expression, want) in [
            ("", ""),
            ("up == 0", "up"),
            (
                r#"sum by (pod, namespace) (rate(http_requests_total{code=~"5..", pod="up{}"}[5m])) / 2 > 0.1"#,
                "http_requests_total",
            ),
            (
                "histogram_quantile(0.99, sum(rate(apiserver_request_duration_seconds_bucket[5m])) by (le)) > 1e3",
                "apiserver_request_duration_seconds_bucket",
            ),
            (
                "max_over_time(kube_pod_container_status_waiting_reason{reason=\"CrashLoopBackOff\", job='kube-state-metrics'}[5m:1m]) >= 1",
                "kube_pod_container_status_waiting_reason",
            ),
            (
                "a:b:c * on(node) group_left (x) d offset 5m and e unless f",
                "a:b:c d e f",
            ),
            ("sum(node_cpu) without(a) > bool 1", "node_cpu"),
            ("{__name__=\"secret\"} + \"}\"", ""),
            ("broken{a=\"", "broken"),
            ("(é漢", ""),
        ] {
            assert_eq!(metrics(expression).join(" "), want, "{expression}");
        }
    }
}

//! Which of the four signals of a service an alert watches, told by the names of its metrics (RDY-16). Never reads an expression.

/// The four signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signal {
    Latency,
    Traffic,
    Errors,
    Saturation,
}

/// Parts of a metric's name, each with the signal it tells of. The order is the order of trying: the first that fits decides, so that the
/// latency of requests is no traffic and a failed request no traffic either.
const WORDS: &[(&str, Signal)] = &[
    ("inflight", Signal::Saturation),
    ("unschedulable", Signal::Saturation),
    ("resource_requests", Signal::Saturation),
    ("resource_limits", Signal::Saturation),
    ("upstream_rq_time", Signal::Latency),
    ("duration", Signal::Latency),
    ("latency", Signal::Latency),
    ("response_time", Signal::Latency),
    ("_seconds_bucket", Signal::Latency),
    ("error", Signal::Errors),
    ("fail", Signal::Errors),
    ("5xx", Signal::Errors),
    ("restarts", Signal::Errors),
    ("waiting_reason", Signal::Errors),
    ("terminated_reason", Signal::Errors),
    ("oom", Signal::Errors),
    ("unavailable", Signal::Errors),
    ("unready", Signal::Errors),
    ("status_ready", Signal::Errors),
    ("status_phase", Signal::Errors),
    ("status_condition", Signal::Errors),
    ("dropped", Signal::Errors),
    ("requests_total", Signal::Traffic),
    ("request_total", Signal::Traffic),
    ("request_count", Signal::Traffic),
    ("requests_count", Signal::Traffic),
    ("requests_seconds_count", Signal::Traffic),
    ("upstream_rq", Signal::Traffic),
    ("receive_bytes", Signal::Traffic),
    ("transmit_bytes", Signal::Traffic),
    ("network_in_bytes", Signal::Traffic),
    ("network_out_bytes", Signal::Traffic),
    ("throughput", Signal::Traffic),
    ("connections", Signal::Traffic),
    ("cpu", Signal::Saturation),
    ("memory", Signal::Saturation),
    ("disk", Signal::Saturation),
    ("filesystem", Signal::Saturation),
    ("inodes", Signal::Saturation),
    ("volume_stats", Signal::Saturation),
    ("allocatable", Signal::Saturation),
    ("capacity", Signal::Saturation),
    ("quota", Signal::Saturation),
    ("throttl", Signal::Saturation),
    ("queue", Signal::Saturation),
    ("pending", Signal::Saturation),
    ("usage", Signal::Saturation),
    ("utilization", Signal::Saturation),
    ("running_pods", Signal::Saturation),
];

/// A name that ends so counts requests: `nginx_ingress_controller_requests`.
const REQUESTS: &str = "_requests";

/// Metrics of the platform itself begin so: how long its own answers take, how many there are and which fail tells nothing of those that an
/// application gives. What is full there is full for all.
const PLATFORM: &[&str] = &[
    "kubelet_",
    "apiserver_",
    "rest_client_",
    "etcd_",
    "coredns_",
    "workqueue_",
    "node_network_",
];

/// Whether a metric, or one that a recording rule was made of (`a:b:c`), is the platform's own.
pub fn is_of_platform(metric: &str) -> bool {
    metric.to_ascii_lowercase().split(':').any(|part| {
        let mut beginnings = PLATFORM.iter();
        beginnings.any(|beginning| part.starts_with(beginning))
    })
}

/// The signal that a metric tells of and the part of its name that says so; `None` where no known word is in it.
pub fn signal_of(metric: &str) -> Option<(Signal, &'static str)> {
    let name = metric.to_ascii_lowercase();
    let by_word = WORDS.iter().find(|(word, _)| name.contains(word));
    let found = match by_word {
        Some((word, signal)) => Some((*signal, *word)),
        None if name.ends_with(REQUESTS) => Some((Signal::Traffic, REQUESTS)),
        None => None,
    };
    found.filter(|(signal, _)| *signal == Signal::Saturation || !is_of_platform(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_tell_their_signal() {
        use Signal::*;
        for (metric, want) in [
            ("http_server_requests_seconds_bucket", Some(Latency)),
            ("envoy_cluster_upstream_rq_time_bucket", Some(Latency)),
            ("nginx_ingress_controller_requests", Some(Traffic)),
            ("envoy_cluster_upstream_rq_total", Some(Traffic)),
            ("http_server_requests_seconds_count", Some(Traffic)),
            ("istio_requests_total", Some(Traffic)),
            ("envoy_cluster_upstream_rq_5xx", Some(Errors)),
            (
                "cluster_autoscaler_unschedulable_pods_count",
                Some(Saturation),
            ),
            ("apiserver_current_inflight_requests", Some(Saturation)),
            ("kube_pod_container_resource_requests", Some(Saturation)),
            // The platform's own: how it does, and not how what runs on it does.
            ("apiserver_request_duration_seconds_bucket", None),
            (
                "cluster_quantile:apiserver_request_duration_seconds:histogram_quantile",
                None,
            ),
            ("kubelet_pod_worker_duration_seconds_bucket", None),
            ("rest_client_requests_total", None),
            ("node_network_receive_bytes_total", None),
            ("kube_pod_container_status_waiting_reason", Some(Errors)),
            ("kube_job_failed", Some(Errors)),
            ("node_cpu_usage_percentage", Some(Saturation)),
            (
                "namespace_memory:kube_pod_container_resource_requests:sum",
                Some(Saturation),
            ),
            ("kubelet_volume_stats_available_bytes", Some(Saturation)),
            ("up", None),
            ("", None),
        ] {
            assert_eq!(signal_of(metric).map(|found| found.0), want, "{metric}");
        }
    }

    /// A word that an earlier one is part of never decides.
    #[test]
    fn every_word_can_decide() {
        for (word, signal) in WORDS {
            assert_eq!(signal_of(word), Some((*signal, *word)));
        }
    }
}

//! kubectl's filters, pod by pod.

use super::{cluster, owner, pod, state, workload};
use crate::disruption::drain::{DrainTimeout, Refusal, Skipped, treatment, treatments};
use crate::disruption::{DrainOptions, Treatment};
use crate::model::workload::Pod;
use crate::population::{PodId, Population};

fn at(word: &str) -> jiff::Timestamp {
    word.parse().expect("a time")
}

#[test]
fn filters_in_their_order() {
    use Treatment::{Evict, Refuse, Skip};
    let web = || pod("web", "web", Some(owner("ReplicaSet", "web")));
    let agent = || pod("agent", "agent", Some(owner("DaemonSet", "agent")));
    let orphan = || pod("orphan", "agent", Some(owner("DaemonSet", "gone")));
    let bare = || pod("bare", "bare", None);
    let finished = |pod: Pod| Pod {
        phase: Some("Succeeded".to_string()),
        ..pod
    };
    let local = |pod: Pod| Pod {
        local_storage: true,
        ..pod
    };
    let mirror = |pod: Pod| Pod {
        mirror: true,
        ..pod
    };
    // By default, with --force, by AKS.
    for (name, pod, default, forced, aks) in [
        ("managed", web(), Evict, Evict, Evict),
        (
            "daemon",
            agent(),
            Refuse(Refusal::DaemonSet),
            Refuse(Refusal::DaemonSet),
            Skip(Skipped::DaemonSet),
        ),
        ("finished daemon", finished(agent()), Evict, Evict, Evict),
        (
            "orphan",
            orphan(),
            Refuse(Refusal::OrphanOfDaemonSet),
            Evict,
            Evict,
        ),
        (
            "static",
            mirror(bare()),
            Skip(Skipped::Mirror),
            Skip(Skipped::Mirror),
            Skip(Skipped::Mirror),
        ),
        (
            "finished static",
            finished(mirror(bare())),
            Skip(Skipped::Mirror),
            Skip(Skipped::Mirror),
            Skip(Skipped::Mirror),
        ),
        (
            "local",
            local(web()),
            Refuse(Refusal::LocalStorage),
            Refuse(Refusal::LocalStorage),
            Evict,
        ),
        (
            "finished local",
            finished(local(web())),
            Evict,
            Evict,
            Evict,
        ),
        (
            "local daemon",
            local(agent()),
            Refuse(Refusal::DaemonSet),
            Refuse(Refusal::DaemonSet),
            Skip(Skipped::DaemonSet),
        ),
        ("bare", bare(), Refuse(Refusal::Unmanaged), Evict, Evict),
        ("finished bare", finished(bare()), Evict, Evict, Evict),
        (
            "local bare",
            local(bare()),
            Refuse(Refusal::LocalStorage),
            Refuse(Refusal::LocalStorage),
            Evict,
        ),
    ] {
        let mut state = state();
        state.pods.push(pod);
        state
            .workloads
            .push(workload("DaemonSet", "agent", None, None));
        let cluster = cluster();
        let population = Population::of(&cluster, &state);
        let force = DrainOptions {
            force: true,
            ..DrainOptions::kubectl_default()
        };
        for (options, want) in [
            (DrainOptions::kubectl_default(), default),
            (force, forced),
            (DrainOptions::aks(), aks),
        ] {
            assert_eq!(
                treatment(&population, PodId(0), &options, None),
                want,
                "{name}: {options:?}"
            );
            let deletes = DrainOptions {
                disable_eviction: true,
                ..options
            };
            let want = if want == Evict {
                Treatment::Delete
            } else {
                want
            };
            assert_eq!(
                treatments(&population, &deletes, None),
                [want],
                "{name}: {deletes:?}"
            );
        }
        // Unread DaemonSets are taken to exist.
        if name == "orphan" {
            state.kinds.clear();
            let population = Population::of(&cluster, &state);
            assert_eq!(
                treatment(&population, PodId(0), &DrainOptions::aks(), None),
                Skip(Skipped::DaemonSet)
            );
        }
    }
}

#[test]
fn departing_pods_are_left_out_when_they_hang() {
    let since = at("2026-11-01T10:00:00Z");
    for (limit, now, want) in [
        (0, Some("2026-11-01T11:00:00Z"), Treatment::Evict),
        (60, Some("2026-11-01T10:01:00Z"), Treatment::Evict),
        (
            60,
            Some("2026-11-01T10:01:01Z"),
            Treatment::Skip(Skipped::Deleted),
        ),
        (60, None, Treatment::Evict),
    ] {
        let mut state = state();
        state.pods.push(Pod {
            deleting_at: Some(since),
            ..pod("web", "web", Some(owner("ReplicaSet", "web")))
        });
        let cluster = cluster();
        let population = Population::of(&cluster, &state);
        let options = DrainOptions {
            skip_wait_for_delete_timeout_seconds: limit,
            ..DrainOptions::kubectl_default()
        };
        assert_eq!(
            treatment(&population, PodId(0), &options, now.map(at)),
            want,
            "{limit} {now:?}"
        );
    }
}

#[test]
fn refusals_are_kubectls() {
    let mut state = state();
    state
        .pods
        .push(pod("a", "a", Some(owner("DaemonSet", "agent"))));
    state.pods.push(pod("b", "b", None));
    let cluster = cluster();
    let population = Population::of(&cluster, &state);
    for (refusal, pods, want) in [
        (
            Refusal::DaemonSet,
            &[PodId(0)][..],
            "cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): shop/a",
        ),
        (
            Refusal::OrphanOfDaemonSet,
            &[PodId(0)],
            "cannot delete daemonsets.apps \"agent\" not found: shop/a",
        ),
        (
            Refusal::LocalStorage,
            &[PodId(0), PodId(1)],
            "cannot delete Pods with local storage (use --delete-emptydir-data to override): shop/a, shop/b",
        ),
        (
            Refusal::Unmanaged,
            &[PodId(1)],
            "cannot delete Pods that declare no controller (use --force to override): shop/b",
        ),
    ] {
        assert_eq!(refusal.message(&population, pods), want);
    }
}

#[test]
fn timeouts() {
    let seconds = |timeout, minutes| {
        DrainOptions {
            timeout,
            ..DrainOptions::aks()
        }
        .timeout_seconds(minutes)
    };
    assert_eq!(seconds(DrainTimeout::OfPool, None), Some(1800));
    assert_eq!(seconds(DrainTimeout::OfPool, Some(5)), Some(300));
    assert_eq!(seconds(DrainTimeout::Seconds(90), Some(5)), Some(90));
    assert_eq!(seconds(DrainTimeout::Endless, Some(5)), None);
}

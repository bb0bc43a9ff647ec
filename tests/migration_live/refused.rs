//! What AKS or somebody else puts in the way after a plan was made: the words, the exit code, and what was written.

use super::aks::Aks;
use super::aks::fault::{Fault, Rule};
use super::aks::small::small;
use super::binary::{only_read, said};
use super::carried::is_on_overlay;
use super::control_plane::Folder;
use super::elsewhere::taken;
use super::moves::{execute, migrate, plan};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const CLUSTER: &str = "/managedclusters/shop";

fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no {word} in {text}");
    }
}

/// Nothing is written, and why is said.
fn refuses(aks: &Aks, path: &str, more: &[&str], words: &[&str]) {
    aks.forget();
    let (code, out, err) = execute(aks, "--execute", path, more);
    assert_eq!(code, Some(3), "{out}\n{err}");
    says(&err, words);
    says(&err, &["Nothing was written."]);
    only_read(aks);
}

#[test]
fn a_masquerading_configuration_made_after_the_plan_is_found() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_makes(&json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"namespace": "kube-system", "name": "azure-ip-masq-agent-config"}, "data": {}}));
    let words = [
        "configMap.kube-system/azure-ip-masq-agent-config was not there when the plan was made, and is there: make the plan again",
        "ConfigMap kube-system/azure-ip-masq-agent-config exists (MIG-7): delete it",
    ];
    refuses(&aks, &path, &[], &words);
}

#[test]
fn a_disruption_policy_set_after_the_plan_is_found() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_sets(&json!({"nodeDisruptionProfile": {"nodeDisruptionPolicy": "Block"}}));
    let words = [
        "cluster.nodeDisruptionPolicy was (not set) when the plan was made, and is Block: judged as it is now",
        "the node disruption policy is Block: AKS refuses the move at any time (MIG-12)",
    ];
    refuses(&aks, &path, &[], &words);
}

/// It comes between the last look and the write: AKS itself says no, in its own words, and nothing began.
#[test]
fn what_only_aks_sees_is_told_in_its_words() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    let refusal = Fault::Refused(
        "ValidationError",
        "Cannot update cluster to Azure CNI Overlay while a custom ip-masq-agent configuration exists.",
    );
    aks.fault(Rule::nth("PUT", CLUSTER, 1, refusal));
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    assert_eq!(code, Some(4), "{out}\n{err}");
    says(
        &err,
        &[
            "failed: AKS refused step 2-move-to-overlay: ValidationError: Cannot update cluster to Azure CNI Overlay while a custom \
             ip-masq-agent configuration exists",
            "Nothing of step 2-move-to-overlay was done; resume goes on with it.",
        ],
    );
    assert_eq!(aks.writes().len(), 0);
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 1);
}

/// Another operator is at it when we come.
#[test]
fn somebody_elses_operation_is_waited_for_or_stops_as_told() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_writes("apps", Duration::from_secs(60));
    let words = ["pool apps is in provisioning state Updating (MIG-14)"];
    refuses(&aks, &path, &["--on-blocked", "stop"], &words);
    drop(aks);

    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let path = plan(&aks, &folder, &[]);
    std::fs::remove_file(folder.path.join("plan.journal")).expect("the first try made one");
    aks.somebody_writes("apps", Duration::from_secs(5));
    let (code, out, err) = execute(&aks, "--execute", &path, &["--on-blocked", "wait"]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    says(
        &err,
        &["another operation is under way, and is waited for: pool apps is Updating"],
    );
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 1);
}

/// Another operator begins between our look and our write: AKS says 409.
#[test]
fn an_operation_that_begins_in_between_is_waited_for_or_stops_as_told() {
    let in_progress = "OperationNotAllowed: Operation is not allowed: Another operation (PutAgentPoolHandler.PUT) is in progress, please \
        wait for it to finish before starting a new operation.";
    for on_blocked in ["wait", "stop"] {
        let Some(aks) = Aks::start(small()) else {
            return;
        };
        let folder = Folder::new();
        let path = plan(&aks, &folder, &[]);
        let other = Fault::Meanwhile(Duration::from_secs(2));
        aks.fault(Rule::nth("PUT", CLUSTER, 1, other));
        let (code, out, err) = execute(&aks, "--execute", &path, &["--on-blocked", on_blocked]);
        says(&err, &[in_progress]);
        if on_blocked == "stop" {
            // The intention is in the journal: whoever goes on resumes.
            assert_eq!(code, Some(4), "{out}\n{err}");
            let why = format!("refused: step 2-move-to-overlay was not taken: {in_progress}");
            says(&err, &[&why, "Nothing of step 2-move-to-overlay was done"]);
            assert_eq!(aks.writes().len(), 0);
            assert!(aks.until_idle(Duration::from_secs(10)));
            let (code, out, err) = execute(&aks, "--resume", &path, &[]);
            assert_eq!(code, Some(0), "{out}\n{err}");
        } else {
            assert_eq!(code, Some(0), "{out}\n{err}");
            says(&err, &["pool system is Updating"]);
        }
        is_on_overlay(&aks);
        assert_eq!(aks.writes().len(), 1);
    }
}

/// While the first pool moves there is no address left for the other's surge node.
#[test]
fn a_subnet_that_is_full_in_the_middle_is_told_in_azures_words() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    // Whether a surge node takes one address or all is not documented; here it takes all, and somebody else takes so many that one such
    // node fits and a second does not.
    {
        let mut world = aks.shared.world();
        world.shape.surge_takes_all = true;
        let free = 251 - world.used();
        world.take_foreign(free - 40);
    }
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    assert_eq!(code, Some(4), "{out}\n{err}");
    let full = "the operation ended as Failed: SubnetIsFull: Failed to scale node pool 'apps' in Kubernetes service 'shop'. Error: \
        VMSSAgentPoolReconciler retry failed: Code='SubnetIsFull' Message='Subnet aks with address prefix 10.20.0.0/24 does not have \
        enough capacity for 29 IP addresses.' Details=[]";
    says(
        &err,
        &[
            &format!("failed: step 2-move-to-overlay: {full}"),
            "The cluster's provisioning state is Failed; its network profile says Azure CNI Overlay.",
            "2 of 4 nodes are on Overlay, 2 as before.",
            "then resume: the same request goes on with the nodes that are left.",
        ],
    );
    assert_eq!(aks.writes().len(), 1);
    // What moved gave its addresses back, which is enough for the rest.
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 2);
}

/// A budget that is there from the start and never allows anything: no plan is made, and the budget is named with what would release it.
#[test]
fn a_permanently_blocked_budget_is_not_planned() {
    let Some(aks) = Aks::start(small().blocked()) else {
        return;
    };
    let folder = Folder::new();
    let path = folder.path.join("plan.json").display().to_string();
    let arguments = [
        "--pod-cidr",
        "100.64.0.0/16",
        "--futures",
        "50",
        "--out",
        &path,
    ];
    let (code, out, err) = migrate(&aks, &arguments);
    assert_eq!(code, Some(3), "{out}\n{err}");
    says(
        &out,
        &[
            "Does not complete: 1 node (apps-0) stays blocked by budget shop/api; 1 node is never reached",
            "blocker budget shop/api never allows a disruption: minAvailable is 2, and there are 2 replicas",
            "apps-0 is not drained within 30 min; the operation stops with failure",
            "Set max_unavailable of budget shop/api to 1 while it runs: completes",
        ],
    );
    says(
        &err,
        &[
            "no plan was written: 1 thing stands in the way",
            "  - budget shop/api never allows a disruption: minAvailable is 2, and there are 2 replicas; it blocks 2 pods on 2 nodes of pool \
             apps; AKS does not look for this beforehand: the drain fails at its timeout.",
        ],
    );
    for name in ["plan.json", "plan.md", "plan.journal"] {
        assert!(!folder.path.join(name).exists(), "{name}");
    }
    only_read(&aks);
}

/// `undrainableNodeBehavior: Cordon`: AKS leaves the node that cannot be drained aside, in quarantine, and says that all went well (UPG-9).
#[test]
fn a_quarantined_node_is_no_success() {
    let mut shape = small().with_upgrade(&json!({"undrainableNodeBehavior": "Cordon"}));
    shape.pace.minute = Duration::from_millis(100);
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    aks.somebody_forbids_once_it_runs();
    // Only until one node was given up.
    let shared = Arc::clone(&aks.shared);
    aks.meanwhile(async move {
        while shared
            .world()
            .nodes
            .values()
            .all(|node| !node.is_quarantined)
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        shared.strict(false).await;
    });
    let (code, out, err) = execute(&aks, "--execute", &path, &["--settle", "3"]);
    assert_eq!(code, Some(4), "{out}\n{err}");
    let quarantined = |aks: &Aks| -> Vec<String> {
        let world = aks.shared.world();
        let nodes = world.nodes.iter().filter(|(_, node)| node.is_quarantined);
        nodes.map(|(name, _)| name.clone()).collect()
    };
    let nodes = quarantined(&aks);
    let [node] = nodes.as_slice() else {
        panic!("{nodes:?}");
    };
    let label = "kubernetes.azure.com/upgrade-status";
    let is_it = |one: &&Value| one["metadata"]["labels"][label] == "Quarantined";
    let labelled = aks.list("/api/v1/nodes");
    let labelled: Vec<&Value> = labelled.iter().filter(is_it).collect();
    assert_eq!(labelled.len(), 1);
    assert_eq!(labelled[0]["metadata"]["name"], node.as_str());
    says(
        &err,
        &[
            "failed: step 2-move-to-overlay: the operation is over, and this does not hold",
            &format!(
                "{node} is quarantined: AKS could not drain it, and a surge node stays in its place (UPG-9); delete its machine once its \
                 pods are gone"
            ),
            "The cluster's provisioning state is Succeeded; its network profile says Azure CNI Overlay.",
            "3 of 4 nodes are on Overlay, 1 as before; 1 surge node beside them.",
            &format!("Cordoned: {node}."),
        ],
    );
    assert_eq!(aks.writes().len(), 1);
    // The machine is deleted, as it was said: what the step was to bring holds then, and it is not sent again.
    aks.somebody_deletes_a_node(node);
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    says(
        &err,
        &[
            "2-move-to-overlay: holds already, nothing is written",
            "completed",
        ],
    );
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 1);
}

/// What runs is a pool's own operation: that is where it is ended, and the next run tries it again.
#[test]
fn an_abort_while_settings_are_written_ends_the_pools_operation() {
    let mut shape = small();
    shape.pace.short_operation = Duration::from_secs(8);
    let Some(aks) = Aks::start(shape) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &["--drain-timeout", "apps=60"]);
    let child = taken(&aks, &path);
    let (code, out, err) = execute(&aks, "--abort", &path, &[]);
    assert_eq!(code, Some(4), "{out}\n{err}");
    says(&err, &["AKS was asked to end the operation"]);
    let output = child.wait_with_output().expect("it ends");
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(4), "{out}\n{err}");
    says(
        &err,
        &[
            "step 2-set-upgrade-settings-apps: the operation was aborted (Canceled)",
            "No node was touched. Resume tries again",
        ],
    );
    let sent: Vec<String> = aks
        .log()
        .iter()
        .filter(|asked| asked.method != "GET" && !asked.path.ends_with("credential"))
        .map(|asked| {
            let (_, path) = asked.path.split_once(CLUSTER).expect("of the cluster");
            format!("{} {path} {}", asked.method, asked.status)
        })
        .collect();
    assert_eq!(
        sent,
        [
            "PUT /agentpools/apps 200",
            "POST /agentpools/apps/abort 202"
        ]
    );
    assert_eq!(
        aks.cluster()["properties"]["provisioningState"],
        "Succeeded"
    );
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    let settings = &aks.cluster()["properties"]["agentPoolProfiles"][1]["upgradeSettings"];
    assert_eq!(settings["drainTimeoutInMinutes"], 30, "put back");
}

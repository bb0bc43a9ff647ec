//! Where clusters come from: kubenet, Cilium, and network policy engines that have to go first. Each is planned and carried out by the
//! real binary; what was sent is read out of the requests.

use super::aks::Aks;
use super::aks::small::small;
use super::aks::world::Mode;
use super::binary::only_read;
use super::carried::is_on_overlay;
use super::control_plane::Folder;
use super::moves::{execute, migrate, plan, plan_with};
use serde_json::{Value, json};

/// What the writes of a move say of the network, in order: plugin, its mode, policy, data plane, pod CIDR. And what was printed.
fn moved(aks: &Aks, path: &str) -> (Vec<Value>, String) {
    only_read(aks);
    let (code, out, err) = execute(aks, "--execute", path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(
        err.contains("completed: every step of the plan is done"),
        "{err}"
    );
    is_on_overlay(aks);
    let network = &aks.cluster()["properties"]["networkProfile"];
    assert_eq!(network["fieldOfTheFuture"]["number"], 7);
    let writes = aks.writes();
    let said = writes.iter().map(|asked| {
        let body: Value = serde_json::from_str(&asked.body).expect("JSON");
        let network = &body["properties"]["networkProfile"];
        let fields = [
            "networkPlugin",
            "networkPluginMode",
            "networkPolicy",
            "networkDataplane",
            "podCidr",
        ];
        json!(fields.map(|field| network[field].clone()))
    });
    (said.collect(), err)
}

/// Every word is there, in this order.
fn in_order(text: &str, words: &[&str]) {
    let mut from = 0;
    for word in words {
        let found = text[from..].find(word);
        let at = found.unwrap_or_else(|| panic!("no {word} after byte {from} of {text}"));
        from += at + word.len();
    }
}

/// Its identity is user-assigned, and it keeps the pod CIDR it has, or takes the one it is given.
#[test]
fn from_kubenet() {
    for (wanted, cidr) in [
        ("auto", "10.244.0.0/16"),
        ("100.64.0.0/16", "100.64.0.0/16"),
    ] {
        let Some(aks) = Aks::start(small().on_kubenet()) else {
            return;
        };
        assert_eq!(aks.shared.world().mode(), Mode::Kubenet);
        assert_eq!(aks.cluster()["identity"]["type"], "UserAssigned");
        let folder = Folder::new();
        let path = plan_with(&aks, &folder, wanted, &[]);
        let (writes, err) = moved(&aks, &path);
        assert_eq!(writes, [json!(["azure", "overlay", "none", "azure", cidr])]);
        in_order(
            &err,
            &[
                &format!("step 2 of 3: move to Azure CNI Overlay, pod CIDR {cidr}"),
                &format!("NodeNetworkConfig is of type overlay with {cidr}"),
                "step 3 of 3: verify that the cluster runs on Overlay",
                &format!("every pod that is not on the host network has an address of {cidr}"),
            ],
        );
    }
}

/// AKS has to detach the route table, and a system-assigned identity may not (MIG-8).
#[test]
fn from_kubenet_with_a_system_assigned_identity_nothing_is_planned() {
    let Some(aks) = Aks::start(small().on_kubenet()) else {
        return;
    };
    aks.shared.world().cluster["identity"] = json!({"type": "SystemAssigned"});
    let folder = Folder::new();
    let path = folder.path.join("plan.json").display().to_string();
    let (code, out, err) = migrate(&aks, &["--futures", "50", "--out", &path]);
    assert_eq!(code, Some(3), "{out}\n{err}");
    in_order(
        &err,
        &[
            "no plan was written: 1 thing stands in the way",
            "kubenet with an identity that is not user-assigned: AKS must detach the route table",
            "give the cluster a user-assigned identity first",
        ],
    );
    assert!(!folder.path.join("plan.json").exists());
    only_read(&aks);
}

/// Cilium stays on over the move: one reimage.
#[test]
fn on_cilium() {
    let Some(aks) = Aks::start(small().with_policy("cilium")) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    let (writes, err) = moved(&aks, &path);
    let cidr = "100.64.0.0/16";
    assert_eq!(
        writes,
        [json!(["azure", "overlay", "cilium", "cilium", cidr])]
    );
    assert_eq!(aks.shared.world().generation, 1, "reimages");
    in_order(
        &err,
        &["step 2 of 3: move to Azure CNI Overlay", "step 3 of 3"],
    );
}

/// Azure's own engine and Calico give way to Cilium, and then the addresses move: two reimages, enforced all the time.
#[test]
fn from_an_engine_that_goes() {
    for engine in ["azure", "calico"] {
        let Some(aks) = Aks::start(small().with_policy(engine)) else {
            return;
        };
        let folder = Folder::new();
        let path = plan(&aks, &folder, &[]);
        let (writes, err) = moved(&aks, &path);
        assert_eq!(
            writes,
            [
                json!(["azure", null, "cilium", "cilium", null]),
                json!(["azure", "overlay", "cilium", "cilium", "100.64.0.0/16"]),
            ]
        );
        assert_eq!(aks.shared.world().generation, 2, "reimages");
        in_order(
            &err,
            &[
                &format!(
                    "step 2 of 4: Cilium as data plane and network policy, in place of {engine}"
                ),
                "2-enable-cilium: done",
                "step 3 of 4: move to Azure CNI Overlay",
                "3-move-to-overlay: done",
                "step 4 of 4: verify that the cluster runs on Overlay",
            ],
        );
    }
}

/// From kubenet the addresses move before the data plane: three reimages.
#[test]
fn from_kubenet_with_calico() {
    let Some(aks) = Aks::start(small().on_kubenet().with_policy("calico")) else {
        return;
    };
    let folder = Folder::new();
    let path = plan_with(&aks, &folder, "auto", &[]);
    let (writes, err) = moved(&aks, &path);
    let cidr = "10.244.0.0/16";
    assert_eq!(
        writes,
        [
            json!(["kubenet", null, "none", "azure", cidr]),
            json!(["azure", "overlay", "none", "azure", cidr]),
            json!(["azure", "overlay", "cilium", "cilium", cidr]),
        ]
    );
    assert_eq!(aks.shared.world().generation, 3, "reimages");
    in_order(
        &err,
        &[
            "step 2 of 5: turn network policy calico off",
            "step 3 of 5: move to Azure CNI Overlay, pod CIDR 10.244.0.0/16",
            "step 4 of 5: verify that the cluster runs on Overlay",
            "step 5 of 5: Cilium as data plane and network policy",
            "5-enable-cilium: done",
        ],
    );
}

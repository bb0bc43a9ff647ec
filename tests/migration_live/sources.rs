//! Where clusters come from: kubenet, Cilium, and network policy engines that have to go first. Each is planned and carried out by the
//! real binary; what was sent is read out of the requests.

use super::aks::Aks;
use super::aks::shape::Shape;
use super::aks::small::small;
use super::binary::only_read;
use super::control_plane::Folder;
use super::moves::{execute, migrate, plan};
use serde_json::{Value, json};

/// Of a move from this shape to its end: what its writes said of the network, in order, and everything that was printed.
fn moved(aks: &Aks, more: &[&str]) -> (Vec<Value>, String) {
    let folder = Folder::new();
    let path = plan(aks, &folder, more);
    only_read(aks);
    let (code, out, err) = execute(aks, "--execute", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    let writes: Vec<Value> = aks
        .writes()
        .iter()
        .map(|asked| {
            let body: Value = serde_json::from_str(&asked.body).expect("JSON");
            let network = &body["properties"]["networkProfile"];
            json!([network["networkPlugin"], network["networkPluginMode"], network["networkPolicy"],
                network["networkDataplane"], network["podCidr"]])
        })
        .collect();
    let cluster = aks.cluster();
    assert_eq!(cluster["properties"]["provisioningState"], "Succeeded");
    assert_eq!(
        cluster["properties"]["networkProfile"]["networkPluginMode"],
        "overlay"
    );
    assert_eq!(cluster["properties"]["networkProfile"]["fieldOfTheFuture"]["number"], 7);
    let shape = aks.shared.world().shape.clone();
    let nodes: usize = shape.pools.iter().map(|pool| pool.nodes).sum();
    assert_eq!(aks.used(), shape.foreign + nodes as u64);
    println!("{err}");
    (writes, err)
}

fn start(shape: Shape) -> Option<Aks> {
    Aks::start(shape)
}

#[test]
fn from_kubenet() {
    let Some(aks) = start(small().on_kubenet()) else {
        return;
    };
    let (writes, err) = moved(&aks, &[]);
    println!("{writes:#?}\n{err}");
}

#[test]
fn on_cilium() {
    let Some(aks) = start(small().with_policy("cilium")) else {
        return;
    };
    let (writes, err) = moved(&aks, &[]);
    println!("{writes:#?}\n{err}");
}

#[test]
fn from_an_engine_that_goes() {
    for engine in ["azure", "calico"] {
        let Some(aks) = start(small().with_policy(engine)) else {
            return;
        };
        let (writes, err) = moved(&aks, &[]);
        println!("{writes:#?}\n{err}");
    }
}

#[test]
fn from_kubenet_with_calico() {
    let Some(aks) = start(small().on_kubenet().with_policy("calico")) else {
        return;
    };
    let (writes, err) = moved(&aks, &[]);
    println!("{writes:#?}\n{err}");
}

#[test]
fn a_system_assigned_identity() {
    let mut shape = small().on_kubenet();
    shape.more = json!({"identity": {"type": "SystemAssigned", "userAssignedIdentities": null}});
    let Some(aks) = start(shape) else {
        return;
    };
    aks.shared.world().cluster["identity"] = json!({"type": "SystemAssigned"});
    let folder = Folder::new();
    let path = folder.path.join("plan.json").display().to_string();
    let (code, out, err) = migrate(&aks, &["--pod-cidr", "auto", "--futures", "50", "--out", &path]);
    println!("{code:?} {out}\n{err}");
    only_read(&aks);
}

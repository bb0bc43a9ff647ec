//! Nodes as Kubernetes sees them: objects, NodeNetworkConfigs, events. Decides nothing about when.

use super::Shared;
use super::kubernetes::NETWORK_CONFIGS;
use super::shape::{LOCATION, SUBSCRIPTION};
use super::world::{Mode, World, scale_set};
use serde_json::{Value, json};
use std::time::Duration;

/// The label that a node of an Overlay cluster carries.
pub const OVERLAY: &str = "kubernetes.azure.com/azure-cni-overlay";
pub const NODE_IMAGE: &str = "kubernetes.azure.com/node-image-version";
/// The annotation with a node's or a pod's address, which kwok shows as its status.
pub const ADDRESS: &str = "aksplan.test/ip";
const UPGRADE_STATUS: &str = "kubernetes.azure.com/upgrade-status";

/// Each reimage brings a newer one.
fn image(generation: u64) -> String {
    if generation == 0 {
        super::bodies::IMAGE.to_string()
    } else {
        format!("AKSUbuntu-2204gen2containerd-202510.{generation:02}.0")
    }
}

impl World {
    /// What nodes are made of now.
    pub fn image(&self) -> String {
        image(self.generation)
    }
}

fn object(world: &World, name: &str) -> Value {
    let node = &world.nodes[name];
    let pool = world.shape.pool(&node.pool);
    let group = world.shape.node_group();
    let zone = node.instance % 3 + 1;
    let mut labels = json!({
        "agentpool": pool.name,
        "kubernetes.azure.com/agentpool": pool.name,
        "kubernetes.azure.com/cluster": group,
        "kubernetes.azure.com/mode": if pool.is_system { "system" } else { "user" },
        NODE_IMAGE: image(node.generation),
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "Standard_D4s_v5",
        "topology.disk.csi.azure.com/zone": format!("{LOCATION}-{zone}"),
        "topology.kubernetes.io/region": LOCATION,
        "topology.kubernetes.io/zone": format!("{LOCATION}-{zone}"),
    });
    if node.mode == Mode::Overlay {
        labels[OVERLAY] = json!("true");
    }
    let mut spec = json!({"providerID": format!(
        "azure:///subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{}/virtualMachines/{}",
        scale_set(&node.pool), node.instance)});
    if pool.is_system {
        spec["taints"] =
            json!([{"key": "CriticalAddonsOnly", "value": "true", "effect": "NoSchedule"}]);
    }
    if node.mode == Mode::Kubenet {
        spec["podCIDR"] = json!(world.node_range(name));
        spec["podCIDRs"] = json!([world.node_range(name)]);
    }
    let size = json!({"cpu": pool.cpu, "memory": "12880740Ki", "ephemeral-storage": "119703055367", "pods": pool.max_pods.to_string()});
    json!({"apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {ADDRESS: node.address.to_string()}},
        "spec": spec,
        "status": {"allocatable": size, "capacity": size,
            "nodeInfo": {"kubeletVersion": format!("v{}.5", world.shape.version), "osImage": "Ubuntu 22.04.5 LTS",
                "operatingSystem": "linux", "architecture": "amd64", "bootID": "", "containerRuntimeVersion": "containerd://1.7",
                "kernelVersion": "5.15", "kubeProxyVersion": "", "machineID": "", "systemUUID": ""}}})
}

/// Azure CNI's own record of a node; kubenet has none.
fn network_config(world: &World, name: &str) -> Option<Value> {
    let node = &world.nodes[name];
    let container = match node.mode {
        Mode::Kubenet => return None,
        Mode::Overlay => {
            json!({"id": format!("nc-{name}"), "type": "overlay", "assignmentMode": "static",
            "primaryIP": world.node_range(name), "subnetName": "routingdomain",
            "subnetAddressSpace": world.network()["podCidr"], "nodeIP": node.address.to_string(), "version": 0})
        }
        Mode::Classic => {
            json!({"id": format!("nc-{name}"), "type": "vnet", "assignmentMode": "dynamic",
            "primaryIP": node.address.to_string(), "subnetName": world.shape.subnet,
            "subnetAddressSpace": world.shape.subnet_cidr, "nodeIP": node.address.to_string(), "version": 0})
        }
    };
    let count = world.pod_addresses(name).len();
    Some(
        json!({"apiVersion": "acn.azure.com/v1alpha", "kind": "NodeNetworkConfig",
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"requestedIPCount": count},
        "status": {"assignedIPCount": count, "status": "Updated", "networkContainers": [container]}}),
    )
}

impl Shared {
    /// Makes the node's objects as the world has it, and waits until it is Ready.
    pub async fn node_comes(&self, name: &str) {
        let (node, config) = {
            let world = self.world();
            (object(&world, name), network_config(&world, name))
        };
        self.api.make("/api/v1/nodes", &node).await;
        self.api.delete(&format!("{NETWORK_CONFIGS}/{name}")).await;
        if let Some(config) = config {
            self.api.make(NETWORK_CONFIGS, &config).await;
        }
        let path = format!("/api/v1/nodes/{name}");
        for _ in 0..400 {
            let (_, node) = self.api.send("GET", &path, None).await;
            let conditions = node["status"]["conditions"].as_array();
            let ready = conditions
                .into_iter()
                .flatten()
                .any(|one| one["type"] == "Ready" && one["status"] == "True");
            if ready {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{name} is never Ready");
    }

    /// The node is gone, and with it whatever ran there.
    pub async fn node_goes(&self, name: &str) {
        self.api.delete(&format!("/api/v1/nodes/{name}")).await;
        for pod in self.pods_on(name).await {
            let (namespace, pod) = names(&pod);
            let path = format!("/api/v1/namespaces/{namespace}/pods/{pod}?gracePeriodSeconds=0");
            self.api.delete(&path).await;
        }
    }

    pub async fn pods_on(&self, node: &str) -> Vec<Value> {
        let path = format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{node}");
        self.api.list(&path).await
    }

    pub async fn cordon(&self, node: &str, cordoned: bool) {
        let change = json!({"spec": {"unschedulable": cordoned}});
        self.api
            .merge(&format!("/api/v1/nodes/{node}"), &change)
            .await;
    }

    pub async fn quarantine(&self, node: &str) {
        let change = json!({"metadata": {"labels": {UPGRADE_STATUS: "Quarantined"}}});
        self.api
            .merge(&format!("/api/v1/nodes/{node}"), &change)
            .await;
        if let Some(node) = self.world().nodes.get_mut(node) {
            node.is_quarantined = true;
        }
    }

    /// An event about a node, as AKS writes them (UPG-16).
    pub async fn event(&self, node: &str, kind: &str, reason: &str, message: &str) {
        let number = self.world().next();
        let now = jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        let event = json!({"apiVersion": "v1", "kind": "Event",
            "metadata": {"name": format!("{node}.{number:016x}"), "namespace": "default"},
            "involvedObject": {"apiVersion": "v1", "kind": "Node", "name": node, "uid": node},
            "type": kind, "reason": reason, "message": message, "count": 1,
            "firstTimestamp": now, "lastTimestamp": now, "source": {"component": "upgrader"}});
        self.api
            .make("/api/v1/namespaces/default/events", &event)
            .await;
    }
}

/// Namespace and name.
pub fn names(object: &Value) -> (String, String) {
    let text = |field: &str| {
        object["metadata"][field]
            .as_str()
            .unwrap_or_default()
            .to_string()
    };
    (text("namespace"), text("name"))
}

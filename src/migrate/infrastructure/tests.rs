use super::*;
use crate::migrate::fingerprint;
use crate::migrate::plan::{FORMAT_VERSION, KIND, Target};
use crate::migrate::sequence::{Choices, PolicyAfter, sequence};
use crate::source::{Found, read_document};

/// A plan for a cluster of this network.
fn plan(network: &str, choices: &Choices) -> Plan {
    let scenario = format!(
        "\
apiVersion: aksplan/v1
name: quay
virtual_networks:
  - name: v
    address_space: [10.0.0.0/16]
    subnets: [{{ name: nodes, cidr: 10.0.0.0/24 }}]
clusters:
  - name: prod
    service_cidr: 172.16.0.0/16
    {network}
    pools:
      - {{ name: p, mode: System, count: 2, max_pods: 30, subnet: nodes }}
"
    );
    let found = read_document("estate", scenario.as_bytes());
    let inventory = found.and_then(Found::assemble).unwrap().current;
    let cluster = &inventory.clusters[0];
    let pod_cidr = "192.168.0.0/16".parse().unwrap();
    let steps = sequence(cluster, pod_cidr, choices).unwrap().steps;
    Plan {
        kind: KIND.to_string(),
        format_version: FORMAT_VERSION.to_string(),
        made_by: "aksplan".to_string(),
        observed_at: None,
        target: Target {
            id: None,
            name: cluster.name.clone(),
            resource_group: None,
            subscription: None,
            tenant: None,
        },
        pod_cidr,
        pod_cidr_superset: None,
        steps,
        expected: None,
        findings: Vec::new(),
        breaks: crate::migrate::Dependents::default(),
        ahead: None,
        not_checked: Vec::new(),
        facts: fingerprint::facts(&inventory, cluster),
        fingerprint: String::new(),
        digest: String::new(),
    }
    .sealed()
}

/// Attribute, before → after, if left, if applied.
fn rows(plan: &Plan) -> Vec<String> {
    let word = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_string());
    Infrastructure::of(plan)
        .attributes
        .iter()
        .map(|row| {
            let name = row.terraform.trim_start_matches("network_profile.");
            format!(
                "{name} {} → {}: {:?}, {:?}",
                word(&row.before),
                word(&row.after),
                row.if_left,
                row.if_applied
            )
        })
        .collect()
}

#[test]
fn each_start_says_what_changes() {
    let plain = Choices::default();
    assert_eq!(
        rows(&plan("network_plugin: azure", &plain)),
        [
            "network_plugin_mode - → overlay: Replaces, InPlace",
            "pod_cidr - → 192.168.0.0/16: Nothing, ReplacesInOlder",
        ]
    );
    assert_eq!(
        rows(&plan(
            "network_plugin: kubenet\n    pod_cidr: 10.244.0.0/16",
            &plain
        )),
        [
            "network_plugin kubenet → azure: Replaces, ReplacesInOlder",
            "network_plugin_mode - → overlay: Replaces, InPlace",
            // Terraform itself could not make this move to another range.
            "pod_cidr 10.244.0.0/16 → 192.168.0.0/16: Replaces, Replaces",
        ]
    );
    // By way of Cilium.
    let calico = "network_plugin: azure\n    network_policy: calico";
    assert_eq!(
        rows(&plan(calico, &plain)),
        [
            "network_plugin_mode - → overlay: Replaces, InPlace",
            "pod_cidr - → 192.168.0.0/16: Nothing, ReplacesInOlder",
            "network_policy calico → cilium: Replaces, Replaces",
            "network_data_plane - → cilium: Replaces, Replaces",
        ]
    );
    // Without an engine at the end: what is left in the code puts it back, and reimages again.
    let off = Choices {
        policy_after: Some(PolicyAfter::None),
        ..Choices::default()
    };
    assert_eq!(
        rows(&plan(calico, &off))[2],
        "network_policy calico → -: InPlace, Nothing"
    );
    let traps = Infrastructure::of(&plan(calico, &off)).traps.join("\n");
    assert!(traps.contains("installs the engine again"), "{traps}");
    // The same engine again: nothing to change.
    let same = Choices {
        policy_after: Some(PolicyAfter::Calico),
        ..Choices::default()
    };
    assert_eq!(rows(&plan(calico, &same)).len(), 2);
}

#[test]
fn effects_are_those_of_the_provider() {
    use Effect::{InPlace, Nothing, Replaces, ReplacesInOlder};
    for (field, azure, code, overlay, expected) in [
        (Field::Plugin, Some("azure"), Some("azure"), true, Nothing),
        (
            Field::Plugin,
            Some("kubenet"),
            Some("azure"),
            true,
            ReplacesInOlder,
        ),
        (
            Field::Plugin,
            Some("kubenet"),
            Some("azure"),
            false,
            Replaces,
        ),
        (
            Field::Plugin,
            Some("azure"),
            Some("kubenet"),
            true,
            Replaces,
        ),
        (Field::Mode, None, Some("overlay"), true, InPlace),
        (Field::Mode, Some("overlay"), None, false, Replaces),
        // ForceNew in the source of AKS API 2025-05-01; set from nothing in place since pull request 30959.
        (
            Field::PodCidr,
            None,
            Some("10.0.0.0/8"),
            true,
            ReplacesInOlder,
        ),
        (
            Field::PodCidr,
            Some("10.0.0.0/9"),
            Some("10.0.0.0/8"),
            true,
            Replaces,
        ),
        (Field::PodCidr, Some("10.0.0.0/9"), None, true, Nothing),
        (Field::Policy, None, Some("calico"), true, InPlace),
        // Any change of a policy that is set.
        (Field::Policy, Some("azure"), Some("cilium"), true, Replaces),
        (
            Field::Policy,
            Some("calico"),
            Some("cilium"),
            true,
            Replaces,
        ),
        (Field::Policy, Some("calico"), Some("azure"), true, Replaces),
        (
            Field::Policy,
            Some("cilium"),
            Some("calico"),
            true,
            Replaces,
        ),
        (Field::Policy, Some("calico"), None, true, Nothing),
        (
            Field::DataPlane,
            Some("azure"),
            Some("cilium"),
            true,
            Replaces,
        ),
        // Its default in the provider is azure.
        (Field::DataPlane, None, Some("cilium"), true, Replaces),
    ] {
        assert_eq!(
            field.effect(azure, code, overlay),
            expected,
            "{field:?} {azure:?} {code:?}"
        );
    }
}

/// Whoever reads that an apply replaces the cluster reads with which provider, and that the version is not known.
#[test]
fn what_depends_on_the_provider_is_told_with_it() {
    let plain = Choices::default();
    for (network, named) in [
        (
            "network_plugin: azure",
            vec!["`network_profile.pod_cidr`, also"],
        ),
        (
            "network_plugin: kubenet\n    pod_cidr: 10.244.0.0/16",
            vec!["`network_profile.network_plugin`, also"],
        ),
        (
            "network_plugin: kubenet",
            vec!["`network_profile.network_plugin` and `network_profile.pod_cidr`, also"],
        ),
    ] {
        let told = Infrastructure::of(&plan(network, &plain))
            .providers
            .join("\n");
        for words in named
            .into_iter()
            .chain(["30959", "not known", "CHANGELOG.md"])
        {
            assert!(told.contains(words), "{network}: {told}");
        }
    }
}

#[test]
fn snippets_say_the_cluster_as_it_will_be() {
    let plan = plan(
        "network_plugin: azure\n    network_policy: calico",
        &Choices {
            max_surge: vec![("p".to_string(), crate::model::IntOrPercent::Int(1))],
            ..Choices::default()
        },
    );
    let found = Infrastructure::of(&plan);
    assert_eq!(
        found.terraform,
        "\
resource \"azurerm_kubernetes_cluster\" \"prod\" {
  # Everything else as it is: cluster prod.
  network_profile {
    # What else is in it stays.
    network_plugin      = \"azure\"
    network_plugin_mode = \"overlay\"
    pod_cidr            = \"192.168.0.0/16\"
    network_policy      = \"cilium\"
    network_data_plane  = \"cilium\"
  }

  lifecycle {
    prevent_destroy = true
  }
}
"
    );
    assert!(
        found
            .terraform_meanwhile
            .contains("ignore_changes  = [network_profile, default_node_pool[0].upgrade_settings]")
    );
    assert_eq!(
        found.bicep,
        "\
resource aks 'Microsoft.ContainerService/managedClusters@2025-10-01' = {
  name: 'prod'
  // Everything else as it is.
  properties: {
    networkProfile: {
      // What else is in it stays.
      networkPlugin: 'azure'
      networkPluginMode: 'overlay'
      podCidr: '192.168.0.0/16'
      networkPolicy: 'cilium'
      networkDataplane: 'cilium'
    }
  }
}
"
    );
    assert!(
        found
            .traps
            .iter()
            .any(|trap| trap.contains("of p is not what the code says"))
    );
}

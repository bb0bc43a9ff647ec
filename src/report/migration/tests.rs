use super::*;
use crate::migrate::fingerprint;
use crate::migrate::plan::{FORMAT_VERSION, KIND, Target};
use crate::migrate::sequence::{Choices, PolicyAfter, sequence};
use crate::model::IntOrPercent;
use crate::report::markdown;
use crate::source::{Found, read_document};

const SCENARIO: &str = "\
apiVersion: aksplan/v1
name: quay
virtual_networks:
  - name: v
    address_space: [10.0.0.0/16]
    subnets: [{ name: nodes, cidr: 10.0.0.0/24 }]
clusters:
  - name: prod
    network_plugin: azure
    network_policy: calico
    service_cidr: 172.16.0.0/16
    pools:
      - { name: p, mode: System, count: 2, max_pods: 30, max_surge: 33%, subnet: nodes }
";

/// A plan that verifies, for a cluster of this name in a group of this name.
fn plan(name: &str, group: &str, choices: &Choices) -> Plan {
    let found = read_document("estate", SCENARIO.as_bytes());
    let inventory = found.and_then(Found::assemble).unwrap().current;
    let cluster = &inventory.clusters[0];
    let pod_cidr = "192.168.0.0/16".parse().unwrap();
    let id = format!(
        "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/{group}/providers/\
         Microsoft.ContainerService/managedClusters/{name}"
    );
    Plan {
        kind: KIND.to_string(),
        format_version: FORMAT_VERSION.to_string(),
        made_by: "aksplan".to_string(),
        observed_at: None,
        target: Target {
            id: Some(id),
            name: name.to_string(),
            resource_group: Some(group.to_string()),
            subscription: Some("00000000-0000-4000-8000-000000000001".to_string()),
            tenant: None,
        },
        pod_cidr,
        pod_cidr_superset: None,
        steps: sequence(cluster, pod_cidr, choices).unwrap().steps,
        expected: None,
        findings: Vec::new(),
        breaks: crate::migrate::dependents(&inventory, cluster, Some(&pod_cidr)),
        ahead: None,
        not_checked: vec!["quota".to_string()],
        facts: fingerprint::facts(&inventory, cluster),
        fingerprint: String::new(),
        digest: String::new(),
    }
    .sealed()
}

fn text(plan: &Plan, file: &str) -> String {
    markdown::render(&runbook(Runbook {
        plan,
        file,
        window: None,
    }))
}

/// The az commands of the steps, in order.
fn commands(plan: &Plan) -> Vec<String> {
    plan.steps
        .iter()
        .filter_map(|step| command(plan, &step.action))
        .map(|line| {
            line.replace(
                "--subscription 00000000-0000-4000-8000-000000000001 --resource-group",
                "-g",
            )
        })
        .collect()
}

#[test]
fn each_step_has_the_command_that_does_the_same() {
    let surge = Choices {
        max_surge: vec![("p".to_string(), IntOrPercent::Int(1))],
        ..Choices::default()
    };
    assert_eq!(
        commands(&plan("prod", "rg", &surge)),
        [
            "az aks nodepool update -g rg --cluster-name prod --name p --max-surge 1",
            "az aks update -g rg --name prod --network-dataplane cilium --network-policy cilium",
            "az aks update -g rg --name prod --network-plugin azure --network-plugin-mode overlay --pod-cidr 192.168.0.0/16",
            "az aks nodepool update -g rg --cluster-name prod --name p --max-surge 33%",
        ]
    );
    let calico = Choices {
        policy_after: Some(PolicyAfter::Calico),
        ..Choices::default()
    };
    assert_eq!(
        commands(&plan("prod", "rg", &calico)),
        [
            "az aks update -g rg --name prod --network-policy none",
            "az aks update -g rg --name prod --network-plugin azure --network-plugin-mode overlay --pod-cidr 192.168.0.0/16",
            "az aks update -g rg --name prod --network-policy calico",
        ]
    );
}

#[test]
fn a_hostile_name_stays_a_name() {
    let choices = Choices::default();
    let hostile = plan("$(reboot)", "--debug", &choices);
    assert_eq!(
        commands(&hostile)[1],
        "az aks update -g=--debug --name '$(reboot)' \
         --network-plugin azure --network-plugin-mode overlay --pod-cidr 192.168.0.0/16"
    );
    // Lines in which it is no data: commands that would be carried out if it were not quoted.
    let runbook = text(&hostile, "a plan; rm -rf ~.json");
    for line in runbook
        .lines()
        .filter(|line| line.starts_with("az ") || line.starts_with("aksplan "))
    {
        assert!(
            !line.contains("$(reboot)")
                || line.contains("'$(reboot)'")
                || line.contains("'--debug/$(reboot)'"),
            "{line}"
        );
        assert!(
            !line.contains("rm -rf") || line.contains("'a plan; rm -rf ~.json'"),
            "{line}"
        );
    }
    // A line break would end a comment or a command, and what follows would be one of its own.
    let broken = plan("a\nreboot", "rg", &choices);
    assert!(commands(&broken).is_empty());
    let runbook = text(&broken, "p.json");
    assert!(
        !runbook
            .lines()
            .any(|line| line.trim_start().starts_with("reboot")),
        "{runbook}"
    );
    assert!(runbook.contains("not printed, for a name in it holds control characters"));
    // Markdown and a fence.
    let runbook = text(&plan("a```\n# x", "<script>", &choices), "p.json");
    assert!(!runbook.contains("<script>alert") && !runbook.lines().any(|line| line == "# x"));
}

#[test]
fn the_verdict_is_the_verification() {
    let choices = Choices::default();
    let good = plan("prod", "rg", &choices);
    assert!(text(&good, "p.json").contains("The plan verifies: 4 steps, 2 reimages of every node"));
    let mut tampered = good.clone();
    tampered.steps.remove(0);
    let said = text(&tampered, "p.json");
    assert!(said.contains("must not be carried out"), "{said}");
    assert!(said.contains("the digest does not match"), "{said}");
}

#[test]
fn everything_that_matters_is_there_and_nothing_of_a_clock() {
    let calico = Choices {
        policy_after: Some(PolicyAfter::None),
        ..Choices::default()
    };
    let mut plan = plan("prod", "rg", &calico);
    plan.findings = vec![
        told(
            "broken-gateway",
            "info",
            "gateway edge names pods",
            &["MIG-25"],
        ),
        told("late", "warning", "a window opens", &["MNT-2"]),
    ];
    let plan = plan.sealed();
    let said = text(&plan, "p.json");
    for expected in [
        "One-way: the move cannot be undone",
        "What cannot be known from here",
        "```kusto\n",
        "Nothing was simulated",
        "aksplan migrate --abort --plan p.json",
        "aksplan migrate --execute --plan p.json --window WINDOW",
        "## Go or no-go",
        "No network policy engine is on",
        "network_plugin_mode = \"overlay\"",
        "## Not checked\n\n- quota",
        "| cluster.networkProfile.networkPolicy | calico |",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    // What cites the rule of direct traffic is about others.
    let others = said.find("## Who breaks afterwards").unwrap();
    assert!(said.find("gateway edge names pods").unwrap() > others);
    assert!(said.find("a window opens").unwrap() < others);
    assert_eq!(said, text(&plan, "p.json"));
}

fn told(code: &str, severity: &str, message: &str, rules: &[&str]) -> PlanFinding {
    PlanFinding {
        code: code.to_string(),
        severity: severity.to_string(),
        message: message.to_string(),
        rules: rules.iter().map(ToString::to_string).collect(),
    }
}

/// The first cells of the table of failures.
fn failures(plan: &Plan) -> Vec<String> {
    let of = Runbook {
        plan,
        file: "p.json",
        window: None,
    };
    let mut document = Document::default();
    failures::section(of, &mut document);
    let tables = document.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    tables
        .flat_map(|table| table.rows.iter().map(|row| row[1].text.clone()))
        .collect()
}

/// Only what these pools and budgets can come to: facts that are other, rows that come or go.
#[test]
fn failures_follow_from_the_plan() {
    const QUARANTINED: &str = "Quarantined";
    const FAILED: &str = "UpgradeFailed";
    const EVICTION: &str = "Eviction blocked";
    const SPOT: &str = "without a drain";
    /// Facts that are other, words that come with them, words that do not.
    type Case = (
        &'static [(&'static str, &'static str)],
        &'static [&'static str],
        &'static [&'static str],
    );
    let cases: &[Case] = &[
        (
            &[],
            &[FAILED, "SubnetIsFull", "QuotaExceeded"],
            &[QUARANTINED, EVICTION, SPOT],
        ),
        (
            &[("pool.p.upgradeSettings.undrainableNodeBehavior", "Cordon")],
            &[QUARANTINED],
            &[FAILED],
        ),
        (&[("pool.p.spot", "true")], &[SPOT], &[FAILED, QUARANTINED]),
        (
            &[("budget.shop/cart", "maxUnavailable 1")],
            &[EVICTION, "UnsatisfiablePDB"],
            &[],
        ),
    ];
    for (facts, there, not_there) in cases {
        let mut plan = plan("prod", "rg", &Choices::default());
        for (fact, value) in *facts {
            plan.facts.insert(fact.to_string(), value.to_string());
        }
        let rows = failures(&plan.sealed()).join("\n");
        let always = [
            "OperationNotAllowed",
            "aksplan is gone",
            "the window is over",
        ];
        for word in there.iter().chain(&always) {
            assert!(rows.contains(word), "{facts:?}: no {word} in {rows}");
        }
        for word in *not_there {
            assert!(!rows.contains(word), "{facts:?}: {word} in {rows}");
        }
    }
}

/// Minutes of the time for draining: the plan's own, the pool's, AKS's default.
#[test]
fn the_drain_timeout_is_the_one_of_the_move() {
    let row = |plan: &Plan| {
        let of = Runbook {
            plan,
            file: "p.json",
            window: None,
        };
        let text = markdown::render(&runbook(of));
        let line = text
            .lines()
            .find(|line| line.contains("was not empty in time"));
        line.unwrap_or_default().to_string()
    };
    let mut own = plan("prod", "rg", &Choices::default());
    assert!(row(&own).contains("(p 30 min)"), "{}", row(&own));
    let fact = "pool.p.upgradeSettings.drainTimeoutInMinutes";
    own.facts.insert(fact.to_string(), "45".to_string());
    assert!(row(&own.sealed()).contains("(p 45 min)"));
    let chosen = Choices {
        drain_timeout: vec![("p".to_string(), 90)],
        ..Choices::default()
    };
    assert!(row(&plan("prod", "rg", &chosen)).contains("(p 90 min)"));
}

/// A right of the runbook is one that writing a cluster takes, or nobody could grant it.
#[cfg(feature = "azure")]
#[test]
fn its_rights_are_those_of_the_writes() {
    use crate::source::azure::writes::LINKED;
    let mut plan = plan("prod", "rg", &Choices::default());
    let add_on = "cluster.ingressApplicationGateway".to_string();
    plan.facts.insert(add_on, "true".to_string());
    let plan = plan.sealed();
    let mut document = Document::default();
    let of = Runbook {
        plan: &plan,
        file: "p.json",
        window: None,
    };
    rights::section(of, &mut document);
    let tables = document.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => Some(table),
        _ => None,
    });
    let rights: Vec<&str> = tables
        .flat_map(|table| &table.rows)
        .flat_map(|row| row[0].text.split(", "))
        .collect();
    assert_eq!(rights.len(), 7, "{rights:?}");
    for right in rights {
        assert!(
            LINKED.iter().any(|linked| linked.action == right),
            "{right}"
        );
    }
}

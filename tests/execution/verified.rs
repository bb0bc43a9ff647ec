//! Verification: of every plan that was made nothing is wrong; of one that was changed in any place something is.

use crate::aks::Aks;
use crate::hands::{long_choices, plan_of};
use aksplan::migrate::plan::PlanError;
use aksplan::migrate::sequence::{Choices, PolicyAfter, sequence};
use aksplan::migrate::verify::verify;
use aksplan::migrate::{Action, Plan};
use aksplan::model::NetworkPlugin;
use serde_json::{Value, json};

fn leaves(value: &Value, path: String, all: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, field)| {
            leaves(
                field,
                format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")),
                all,
            )
        }),
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(at, element)| leaves(element, format!("{path}/{at}"), all)),
        _ => all.push(path),
    }
}

fn other(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "10.244.0.0/16" => json!("10.245.0.0/16"),
            "overlay" => json!("kubenet"),
            "info" => json!("blocker"),
            text if text.ends_with('%') => json!("77%"),
            text if text.parse::<u64>().is_ok() => json!("77"),
            text => json!(format!("{text}x")),
        },
        Value::Number(number) => json!(number.as_u64().unwrap_or(0) + 1),
        Value::Bool(is) => json!(!is),
        _ => json!("x"),
    }
}

fn long() -> Plan {
    plan_of(&Aks::new(Some("calico")), &long_choices())
}

#[test]
fn any_change_of_any_leaf_is_refused_and_a_new_seal_hides_only_words() {
    let plan = long();
    let value = serde_json::to_value(&plan).expect("plain data");
    let mut all = Vec::new();
    leaves(&value, String::new(), &mut all);
    assert!(all.len() > 100);
    let mut hidden = Vec::new();
    for path in &all {
        let mut changed = value.clone();
        let leaf = changed.pointer_mut(path).expect("a leaf");
        *leaf = other(leaf);
        // It may be no plan at all any more, which is refused as well.
        let Ok(changed) = Plan::parse(&changed.to_string()) else {
            continue;
        };
        assert_ne!(verify(&changed), Vec::<String>::new(), "{path}");
        let sealed = changed.sealed();
        if verify(&sealed).is_empty() {
            hidden.push(path.clone());
        }
    }
    // Whoever can seal it anew may change words, and what is asked of live facts anyway; no step, id, write, condition or range.
    for path in &hidden {
        let is_harmless = [
            "/made_by",
            "/format_version",
            "/observed_at",
            "/target/tenant",
            "/breaks/",
            "/not_checked/",
            "/findings/",
            "/facts/",
            "/fingerprint",
            "/digest",
        ]
        .iter()
        .any(|start| path.starts_with(start));
        assert!(is_harmless, "sealed anew, {path} can be changed");
    }
    // And facts that are read in it hold it together.
    assert!(
        !hidden.contains(&"/facts/cluster.networkProfile.networkPolicy".to_string()),
        "{hidden:?}"
    );
}

#[test]
fn steps_lost_doubled_or_moved_are_refused_though_sealed_anew() {
    let plan = long();
    let number = |mut plan: Plan| {
        let steps = std::mem::take(&mut plan.steps);
        plan.steps = steps
            .into_iter()
            .enumerate()
            .map(|(at, step)| aksplan::migrate::Step::of(at + 1, step.action))
            .collect();
        plan.sealed()
    };
    for one in 0..plan.steps.len() {
        let mut without = plan.clone();
        let removed = without.steps.remove(one);
        // To end without an engine is a way that may be chosen.
        let is_a_choice = removed.action.key() == "enable-network-policy";
        assert_eq!(
            verify(&number(without)).is_empty(),
            is_a_choice,
            "without step {one}"
        );
        for other in 0..one {
            let mut swapped = plan.clone();
            swapped.steps.swap(one, other);
            assert_ne!(
                verify(&number(swapped)),
                Vec::<String>::new(),
                "{one} and {other}"
            );
        }
        if plan.steps[one].reimages || plan.steps[one].write.is_none() {
            let mut twice = plan.clone();
            let step = twice.steps[one].clone();
            twice.steps.insert(one, step);
            assert_ne!(
                verify(&number(twice)),
                Vec::<String>::new(),
                "step {one} twice"
            );
        }
    }
}

#[test]
fn every_plan_that_is_made_verifies() {
    for now in [None, Some("azure"), Some("calico"), Some("cilium")] {
        for kubenet in [false, true] {
            for wanted in PolicyAfter::ALL.into_iter().map(Some).chain([None]) {
                let mut aks = Aks::new(now);
                if kubenet {
                    aks.cluster_mut().network.plugin = Some(NetworkPlugin::Kubenet);
                }
                let choices = Choices {
                    policy_after: wanted,
                    ..long_choices()
                };
                if sequence(
                    aks.cluster(),
                    crate::aks::range(crate::aks::POD_CIDR),
                    &choices,
                )
                .is_err()
                {
                    continue;
                }
                let plan = plan_of(&aks, &choices);
                assert_eq!(
                    verify(&plan),
                    Vec::<String>::new(),
                    "{now:?} {wanted:?} {kubenet}"
                );
                let text = plan.to_text();
                let again = Plan::parse(&text).expect("a plan");
                assert_eq!((&again, again.to_text()), (&plan, text));
            }
        }
    }
}

#[test]
fn cilium_before_the_move_from_kubenet_is_refused() {
    // The way of a classic cluster, in a plan for kubenet (MIG-13).
    let mut plan = plan_of(&Aks::new(Some("calico")), &Choices::default());
    assert_eq!(plan.steps[1].action.key(), "enable-cilium");
    for (fact, value) in [
        ("cluster.networkProfile.networkPlugin", "kubenet"),
        ("pool.apps.osType", "Windows"),
    ] {
        let before = plan.facts.insert(fact.to_string(), value.to_string());
        let sealed = plan.clone().sealed();
        assert!(
            verify(&sealed).iter().any(|line| line.contains("MIG-13")),
            "{fact}"
        );
        plan.facts.insert(fact.to_string(), before.expect("a fact"));
    }
}

/// Sealed anew, a plan that sets what AKS refuses, or takes or keeps ranges that it must not, is refused by what it says itself.
#[test]
fn ranges_and_settings_are_judged_by_the_facts() {
    let plan = || plan_of(&Aks::new(None), &long_choices());
    let refused = |what: &str, change: &dyn Fn(&mut Plan), words: &str| {
        let mut plan = plan();
        change(&mut plan);
        let steps = std::mem::take(&mut plan.steps).into_iter().enumerate();
        plan.steps = steps
            .map(|(at, step)| aksplan::migrate::Step::of(at + 1, step.action))
            .collect();
        let wrong = verify(&plan.sealed());
        assert!(
            wrong.iter().any(|sentence| sentence.contains(words)),
            "{what}: {wrong:?}"
        );
    };
    let fact = |plan: &mut Plan, name: &str, value: &str| {
        plan.facts.insert(name.to_string(), value.to_string());
    };
    refused(
        "more nodes than blocks",
        &|plan| fact(plan, "pool.apps.maxCount", "100000"),
        "MIG-11",
    );
    let each = |plan: &mut Plan, change: &dyn Fn(&mut Action)| {
        for step in &mut plan.steps {
            change(&mut step.action);
        }
    };
    refused(
        "a range that the cluster does not have",
        &|plan| {
            each(plan, &|action| {
                if let Action::MoveToOverlay { kept, .. } = action {
                    kept.push(crate::aks::range("fd00::/64"));
                }
            })
        },
        "keeps other ranges",
    );
    refused(
        "a drain timeout that AKS does not take",
        &|plan| {
            each(plan, &|action| {
                if let Action::SetUpgradeSettings { to, .. }
                | Action::RestoreUpgradeSettings { from: to, .. } = action
                {
                    to.drain_timeout_minutes = Some(1);
                }
            })
        },
        "UPG-8",
    );
    refused(
        "not as it was",
        &|plan| {
            each(plan, &|action| {
                if let Action::RestoreUpgradeSettings { to, .. } = action {
                    to.node_soak_minutes = Some(20);
                }
            })
        },
        "no step puts it back",
    );
}

#[test]
fn the_digest_is_of_what_it_says_and_not_of_how_it_is_written() {
    fn reversed(value: &Value) -> String {
        match value {
            Value::Object(fields) => {
                let parts: Vec<String> = fields
                    .iter()
                    .rev()
                    .map(|(name, field)| format!("{} : {}", json!(name), reversed(field)))
                    .collect();
                format!("{{ {} }}", parts.join(" ,\n"))
            }
            Value::Array(elements) => format!(
                "[{}]",
                elements
                    .iter()
                    .map(reversed)
                    .collect::<Vec<_>>()
                    .join(" , ")
            ),
            plain => plain.to_string(),
        }
    }
    let plan = long();
    let text = reversed(&serde_json::to_value(&plan).expect("plain data"));
    assert_ne!(text, plan.to_text());
    let again = Plan::parse(&text).expect("a plan");
    assert_eq!(again, plan);
    assert_eq!(verify(&again), Vec::<String>::new());
}

#[test]
fn nothing_unknown_and_no_newer_format_is_read() {
    let plan = long();
    let value = serde_json::to_value(&plan).expect("plain data");
    // In every object there is, also in a condition that has no fields of its own.
    fn objects(value: &Value, path: String, all: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                all.push(path.clone());
                fields.iter().for_each(|(name, field)| {
                    objects(field, format!("{path}/{}", name.replace('/', "~1")), all)
                });
            }
            Value::Array(elements) => elements
                .iter()
                .enumerate()
                .for_each(|(at, element)| objects(element, format!("{path}/{at}"), all)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    objects(&value, String::new(), &mut all);
    for path in all {
        // Facts are names by themselves; the fingerprint knows them.
        if path == "/facts" || path.starts_with("/breaks") {
            continue;
        }
        let mut changed = value.clone();
        changed.pointer_mut(&path).expect("an object")["force"] = json!("delete pods");
        let read = Plan::parse(&changed.to_string());
        let is_refused = match read {
            Err(PlanError::Shape(_)) => true,
            Err(_) => false,
            // A value of a request body may be any.
            Ok(plan) => !verify(&plan).is_empty(),
        };
        assert!(is_refused, "{path}");
    }
    for (version, is_read) in [
        ("1.0", true),
        ("1.9", true),
        ("2.0", false),
        ("0.9", false),
        ("10.0", false),
    ] {
        let mut changed = value.clone();
        changed["format_version"] = json!(version);
        let read = Plan::parse(&changed.to_string());
        assert_eq!(
            !matches!(read, Err(PlanError::Version { .. })),
            is_read,
            "{version}"
        );
    }
    assert!(matches!(Plan::parse("{}"), Err(PlanError::Kind)));
    // A reader sees the first, and the last would be carried out: in the plan itself, and deep in it.
    for (one, two) in [
        (
            "\"pod_cidr\":",
            "\"pod_cidr\": \"10.0.0.0/16\", \"pod_cidr\":",
        ),
        (
            "\"pool.apps.maxPods\":",
            "\"pool.apps.maxPods\": \"1\", \"pool.apps.maxPods\":",
        ),
    ] {
        let doubled = plan.to_text().replacen(one, two, 1);
        assert_ne!(doubled, plan.to_text());
        let error = Plan::parse(&doubled).expect_err("twice");
        assert!(error.to_string().contains("is named twice"), "{error}");
    }
    assert!(matches!(Plan::parse("{"), Err(PlanError::NotJson(_))));
}

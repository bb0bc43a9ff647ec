//! Which steps make the move, for every engine that is on and every one that is wanted; counted in reimages as the rule book does (MIG-26).

use crate::aks::{Aks, POD_CIDR, range};
use aksplan::migrate::Action;
use aksplan::migrate::sequence::{Choices, NoSequence, PolicyAfter, sequence};
use aksplan::migrate::settings::are_same;
use aksplan::model::{IntOrPercent, NetworkPlugin, OsType, UpgradeSettings};

fn check(now: &str, wanted: Option<PolicyAfter>, kubenet: bool, no_cilium: &str, expected: &str) {
    let mut aks = Aks::new(Some(now).filter(|now| *now != "none"));
    let cluster = aks.cluster_mut();
    if kubenet {
        cluster.network.plugin = Some(NetworkPlugin::Kubenet);
    }
    match no_cilium {
        "windows" => cluster.pools[1].os_type = OsType::Windows,
        "nap" => cluster.node_auto_provisioning = true,
        _ => {}
    }
    let choices = Choices {
        policy_after: wanted,
        ..Choices::default()
    };
    let found = match sequence(aks.cluster(), range(POD_CIDR), &choices) {
        Err(error) => format!("{error}")
            .split(':')
            .next()
            .unwrap_or_default()
            .to_string(),
        Ok(found) => {
            let words: Vec<&str> = found
                .steps
                .iter()
                .filter(|step| step.reimages)
                .map(|step| match step.action.key() {
                    "remove-network-policy" => "off",
                    "enable-cilium" => "cilium",
                    "move-to-overlay" => "move",
                    "enable-network-policy" => "on",
                    other => other,
                })
                .collect();
            words.join(" ")
        }
    };
    assert_eq!(
        found, expected,
        "{now} to {wanted:?}, kubenet: {kubenet}, {no_cilium}"
    );
}

#[test]
fn each_engine_to_each_other() {
    use PolicyAfter::{Azure, Calico, Cilium, None as Off};
    const NO: &str = "Cilium is not possible here";
    const STAYS: &str = "the data plane is Cilium, of which AKS says `Cilium dataplane requires network policy cilium.`";
    for (now, wanted, classic, kubenet, without_cilium) in [
        ("none", None, "move", "move", "move"),
        ("none", Some(Off), "move", "move", "move"),
        ("none", Some(Cilium), "move cilium", "move cilium", NO),
        ("none", Some(Azure), "move on", "move on", "move on"),
        ("none", Some(Calico), "move on", "move on", "move on"),
        // Two where Cilium comes first, three where it may not (MIG-26).
        (
            "azure",
            None,
            "cilium move",
            "off move cilium",
            "off move on",
        ),
        ("azure", Some(Off), "off move", "off move", "off move"),
        ("azure", Some(Cilium), "cilium move", "off move cilium", NO),
        (
            "azure",
            Some(Azure),
            "off move on",
            "off move on",
            "off move on",
        ),
        (
            "azure",
            Some(Calico),
            "off move on",
            "off move on",
            "off move on",
        ),
        (
            "calico",
            None,
            "cilium move",
            "off move cilium",
            "off move on",
        ),
        ("calico", Some(Off), "off move", "off move", "off move"),
        ("calico", Some(Cilium), "cilium move", "off move cilium", NO),
        (
            "calico",
            Some(Azure),
            "off move on",
            "off move on",
            "off move on",
        ),
        (
            "calico",
            Some(Calico),
            "off move on",
            "off move on",
            "off move on",
        ),
        ("cilium", None, "move", "move", "move"),
        ("cilium", Some(Cilium), "move", "move", "move"),
        // `Cilium dataplane requires network policy cilium.`
        ("cilium", Some(Off), STAYS, STAYS, STAYS),
        ("cilium", Some(Azure), STAYS, STAYS, STAYS),
        ("cilium", Some(Calico), STAYS, STAYS, STAYS),
    ] {
        check(now, wanted, false, "", classic);
        check(now, wanted, true, "", kubenet);
        for why in ["windows", "nap"] {
            check(now, wanted, false, why, without_cilium);
        }
    }
}

#[test]
fn settings_come_first_and_are_put_back_last() {
    let choices = crate::hands::long_choices();
    let aks = Aks::new(Some("calico"));
    let steps = sequence(aks.cluster(), range(POD_CIDR), &choices)
        .expect("a way")
        .steps;
    let ids: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "1-check",
            "2-set-upgrade-settings-apps",
            "3-remove-network-policy",
            "4-move-to-overlay",
            "5-verify",
            "6-enable-network-policy",
            "7-restore-upgrade-settings-apps"
        ]
    );
}

/// What was not set is put back as what it stood for: null is never sent.
#[test]
fn nothing_is_put_back_as_null() {
    let choices = crate::hands::long_choices();
    for before in [
        UpgradeSettings::default(),
        UpgradeSettings {
            max_surge: Some(IntOrPercent::Percent(10)),
            drain_timeout_minutes: Some(0),
            ..UpgradeSettings::default()
        },
        UpgradeSettings {
            max_surge: Some(IntOrPercent::Int(7)),
            max_unavailable: Some(IntOrPercent::Int(0)),
            drain_timeout_minutes: Some(45),
            node_soak_minutes: Some(5),
            undrainable_node_behavior: Some("Cordon".to_string()),
        },
    ] {
        let mut aks = Aks::new(None);
        aks.cluster_mut().pools[1].upgrade = before.clone();
        let steps = sequence(aks.cluster(), range(POD_CIDR), &choices)
            .expect("a way")
            .steps;
        let last = steps.last().expect("steps");
        let Action::RestoreUpgradeSettings { to, .. } = &last.action else {
            panic!("{last:?}");
        };
        assert!(are_same(to, &before), "{to:?}");
        let write = last.write.as_ref().expect("it writes");
        assert!(!write.changes.is_empty());
        for change in &write.changes {
            assert!(!change.value.is_null(), "{change:?}");
        }
    }
}

#[test]
fn choices_that_aks_would_refuse() {
    let mut aks = Aks::new(None);
    aks.cluster_mut().pools[1].spot = true;
    let of = |aks: &Aks, surge: &[(&str, u64)], timeout: &[(&str, u32)]| {
        let choices = Choices {
            policy_after: None,
            max_surge: surge
                .iter()
                .map(|(pool, number)| (pool.to_string(), IntOrPercent::Int(*number)))
                .collect(),
            drain_timeout: timeout
                .iter()
                .map(|(pool, minutes)| (pool.to_string(), *minutes))
                .collect(),
        };
        sequence(aks.cluster(), range(POD_CIDR), &choices)
    };
    assert_eq!(
        of(&aks, &[("nowhere", 1)], &[]),
        Err(NoSequence::NoPool("nowhere".to_string()))
    );
    for (surge, timeout, is_fine) in [
        (vec![("apps", 1)], vec![], false),
        (vec![("system", 0)], vec![], false),
        (vec![("system", 1)], vec![], true),
        (vec![], vec![("apps", 4)], false),
        (vec![], vec![("apps", 5)], true),
        (vec![], vec![("apps", 1440)], true),
        (vec![], vec![("apps", 1441)], false),
    ] {
        assert_eq!(
            of(&aks, &surge, &timeout).is_ok(),
            is_fine,
            "{surge:?} {timeout:?}"
        );
    }
}

#[test]
fn from_its_own_end_there_is_nothing_to_do() {
    let mut stage = crate::hands::Stage::short("end");
    stage.run(crate::hands::Ills::default());
    assert_eq!(
        sequence(stage.aks.cluster(), range(POD_CIDR), &Choices::default()),
        Err(NoSequence::MovedAlready)
    );
}

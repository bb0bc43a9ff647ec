//! A fault-free estate: the same inventory whichever way it is asked for, however it is cut into pages, and equal to what the
//! readers of files make of the same bodies.

use crate::binary::{Folder, run, snapshot, timeless};
use crate::estate::{Estate, GROUP, Size, estate, subscription, vnet_id};
use crate::server::{Azure, Logged, Manners};
use crate::truth;
use aksplan::model::Inventory;
use std::collections::BTreeSet;
use std::time::Duration;

pub const SMALL: Size = Size {
    seed: 11,
    vnets: 8,
    clusters: 14,
    subscriptions: 3,
};

/// `--subscription ID` for each.
pub fn subscriptions(size: Size) -> Vec<String> {
    (0..size.subscriptions)
        .flat_map(|number| ["--subscription".to_string(), subscription(number)])
        .collect()
}

pub fn texts(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

fn read(azure: &Azure, args: &[&str]) -> Inventory {
    let (ran, inventory) = snapshot(azure, args);
    assert_eq!(ran.code, Some(0), "{args:?}: {}", ran.stderr);
    inventory.unwrap_or_else(|| panic!("{args:?}: {}", ran.stderr))
}

fn start(made: &Estate, manners: Manners) -> Azure {
    Azure::start(made.world.clone(), manners)
}

#[test]
fn lists_of_subscriptions_give_what_is_true() {
    let made = estate(SMALL);
    let files = truth::from_files(&made);
    let args = subscriptions(SMALL);
    for (page_size, gzip) in [(100, false), (3, false), (1, true)] {
        let manners = Manners {
            page_size,
            gzip,
            ..Manners::default()
        };
        let azure = start(&made, manners);
        let inventory = read(&azure, &texts(&args));
        assert_eq!(truth::of(&inventory), made.truth);
        assert_eq!(inventory.vnets, files.vnets);
        assert_eq!(inventory.subnets, files.subnets);
        // Maintenance windows come from each cluster itself, which files do not ask.
        let mut clusters = inventory.clusters;
        for cluster in &mut clusters {
            let windows = cluster.maintenance.take().unwrap_or_default().len();
            assert!(windows <= 1, "{}", cluster.name);
        }
        // Profiles are asked for at a version that knows them all; a file that leaves one out says nothing of it.
        for (cluster, of_file) in clusters.iter_mut().zip(&files.clusters) {
            assert_eq!(cluster.profiles.hosted_system, Some(false));
            assert_eq!(of_file.profiles.hosted_system, None);
            cluster.profiles.clone_from(&of_file.profiles);
        }
        assert_eq!(clusters, files.clusters);
        assert_eq!(inventory.route_tables, files.route_tables);
    }
}

#[test]
fn a_subscription_may_be_named_by_its_name() {
    let made = estate(SMALL);
    let azure = start(&made, Manners::default());
    let folder = Folder::new();
    let by_name = run(
        &azure,
        &folder,
        &["capacity", "-o", "json", "--subscription", "Team 1"],
    );
    assert_eq!(by_name.code, Some(0), "{}", by_name.stderr);
    let by_id = run(
        &azure,
        &folder,
        &["capacity", "-o", "json", "--subscription", &subscription(1)],
    );
    assert_eq!(timeless(&by_name.stdout), timeless(&by_id.stdout));
    let nobody = run(&azure, &folder, &["capacity", "--subscription", "Team 9"]);
    assert_eq!(nobody.code, Some(2), "{}", nobody.stderr);
    assert!(nobody.stderr.contains("Team 9"), "{}", nobody.stderr);
}

/// The fleet comes from Resource Graph; only VNets with clusters in them are asked for their usages.
#[test]
fn resource_graph_gives_the_same_fleet() {
    let made = estate(SMALL);
    let group = ["--management-group", GROUP];
    for (args, graph_page_size) in [
        (&["--all"][..], 1000),
        (&["--all"][..], 7),
        (&group[..], 10),
    ] {
        let manners = Manners {
            graph_page_size,
            ..Manners::default()
        };
        let azure = start(&made, manners);
        let read = truth::of(&read(&azure, args));
        assert_eq!(read.vnets, made.truth.vnets);
        assert_eq!(read.clusters, made.truth.clusters);
        for (id, (prefix, used)) in &made.truth.subnets {
            let (read_prefix, read_used) = &read.subnets[id];
            assert_eq!(prefix, read_prefix);
            let has_clusters = id.contains("/virtualNetworks/spoke");
            assert_eq!(*read_used, used.filter(|_| has_clusters), "{id}");
        }
    }
}

/// One VNet named in one subscription: the hub and the spokes of other subscriptions are followed to, and so are the clusters
/// that live there.
#[test]
fn peerings_are_followed_into_other_subscriptions() {
    let made = estate(SMALL);
    let azure = start(&made, Manners::default());
    let hub = subscription(0);
    let inventory = read(&azure, &["--subscription", &hub, "--vnet", "hub"]);
    let read_truth = truth::of(&inventory);
    assert_eq!(read_truth.vnets, made.truth.vnets);
    assert_eq!(read_truth.clusters, made.truth.clusters);
    assert_eq!(read_truth.subnets, made.truth.subnets);
    // By id, a subscription need not be named.
    let id = vnet_id(SMALL, 0);
    let folder = Folder::new();
    let ran = run(&azure, &folder, &["capacity", "-o", "json", "--vnet", &id]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let by_name = run(
        &azure,
        &folder,
        &[
            "capacity",
            "-o",
            "json",
            "--vnet",
            "hub",
            "--subscription",
            &hub,
        ],
    );
    let subnets = |text: &str| -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(text).expect("JSON")["subnets"].clone()
    };
    assert_eq!(subnets(&ran.stdout), subnets(&by_name.stdout));
}

/// One spoke named: its usages and the hub's, and not those of every other spoke.
#[test]
fn only_what_matters_is_asked_for() {
    let made = estate(SMALL);
    let azure = start(&made, Manners::default());
    let spoke = subscription(1);
    let folder = Folder::new();
    let ran = run(
        &azure,
        &folder,
        &[
            "capacity",
            "-o",
            "json",
            "--subscription",
            &spoke,
            "--vnet",
            "spoke-001",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let usages: BTreeSet<String> = azure
        .log()
        .iter()
        .filter(|entry| entry.path.ends_with("/usages"))
        .map(|entry| entry.path.to_ascii_lowercase())
        .collect();
    let wanted: BTreeSet<String> = [0, 1]
        .map(|number| format!("{}/usages", vnet_id(SMALL, number)).to_ascii_lowercase())
        .into();
    assert_eq!(usages, wanted);
}

/// No request is made twice, and requests are made at the same time but not without bound.
#[test]
fn nothing_is_asked_twice_and_much_at_once() {
    let made = estate(Size {
        vnets: 60,
        clusters: 60,
        ..SMALL
    });
    let manners = Manners {
        latency: Duration::from_millis(20),
        ..Manners::default()
    };
    let azure = start(&made, manners);
    for args in [subscriptions(SMALL), vec!["--all".to_string()]] {
        azure.forget();
        let folder = Folder::new();
        let mut all = vec!["capacity", "-o", "json"];
        all.extend(texts(&args));
        let ran = run(&azure, &folder, &all);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let log = azure.log();
        let mut seen = BTreeSet::new();
        for entry in &log {
            assert!(seen.insert(key(entry)), "asked twice: {}", key(entry));
        }
        let most = azure.most_at_once();
        assert!((8..=64).contains(&most), "{most} requests at once");
    }
}

fn key(entry: &Logged) -> String {
    format!(
        "{} {} {:?} {}",
        entry.method,
        entry.path.to_ascii_lowercase(),
        entry.query,
        entry.body
    )
}

//! What was not read is never taken for free: nodes of clusters that may not be listed, pools in subnets that may not be seen.

use crate::binary::{Folder, run};
use crate::estate::{estate, subscription};
use crate::fault::{self, Fault};
use crate::server::{Azure, Manners};
use crate::whole::SMALL;
use serde_json::Value;

fn answer(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON and nothing else")
}

/// Addresses held by scale sets of clusters that nobody may list: no pool to add up, and no headroom to trust.
#[test]
fn nodes_of_clusters_that_were_not_read_are_a_warning() {
    let manners = Manners {
        plan: fault::plan(|asked| {
            let path = asked.path.to_ascii_lowercase();
            path.ends_with("/managedclusters")
                .then_some(Fault::Status(403))
        }),
        ..Manners::default()
    };
    let azure = Azure::start(estate(SMALL).world, manners);
    let one = subscription(1);
    let args = [
        "capacity",
        "--subscription",
        &one,
        "-o",
        "json",
        "--fail-on",
        "warning",
    ];
    let ran = run(&azure, &Folder::new(), &args);
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
    let capacity = answer(&ran.stdout);
    let findings = capacity["findings"].as_array().expect("a list");
    let unread: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["code"] == "unread-cluster")
        .collect();
    assert!(!unread.is_empty(), "{findings:?}");
    let subnets = capacity["subnets"].as_array().expect("a list");
    for subnet in subnets
        .iter()
        .filter(|subnet| subnet["verdict"] == "unused")
    {
        let name = format!(
            "{}/{}",
            subnet["vnet"].as_str().expect("a name"),
            subnet["name"].as_str().expect("a name")
        );
        assert!(
            unread.iter().all(|finding| !finding["message"]
                .as_str()
                .expect("a sentence")
                .starts_with(&format!("{name}:"))),
            "{name} has nodes and is called unused"
        );
    }
}

/// A step of the autoscaler in a subnet that nobody may see: nothing says that it succeeds.
#[test]
fn a_step_in_an_unread_subnet_is_unknown() {
    let made = estate(SMALL);
    let two = subscription(2);
    let (cluster, (_, pools)) = made
        .truth
        .clusters
        .iter()
        .find(|(id, (mode, _))| id.contains(&two) && mode.contains("node"))
        .expect("one with nodes in a subnet");
    let (pool, nodes, _) = pools.first().expect("a pool");
    let manners = Manners {
        plan: fault::plan(|asked| {
            let path = asked.path.to_ascii_lowercase();
            path.contains("/virtualnetworks")
                .then_some(Fault::Status(403))
        }),
        ..Manners::default()
    };
    let azure = Azure::start(made.world.clone(), manners);
    let scale = format!("{pool}={}", nodes + 1);
    let args = [
        "predict",
        "--subscription",
        &two,
        "--cluster",
        cluster,
        "--scale",
        &scale,
        "-o",
        "json",
        "--fail-on",
        "warning",
    ];
    let ran = run(&azure, &Folder::new(), &args);
    let prediction = answer(&ran.stdout);
    assert_eq!(
        prediction["verdict"], "unknown",
        "{prediction:#} {}",
        ran.stderr
    );
    assert_eq!(ran.code, Some(3), "{}", ran.stderr);
}

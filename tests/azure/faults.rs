//! What goes wrong on the way: after faults that pass, the inventory is the whole one; after faults that last, it says what it
//! lacks and keeps what it has. Never a number in use that is too low, never something that is not there.

use crate::binary::{Folder, run, run_as, snapshot, timeless};
use crate::client::inventory_with;
use crate::estate::{Size, estate, subscription, vnet_id};
use crate::fault::{self, Asked, Fault, RetryAfter};
use crate::honest::dishonesties;
use crate::server::{Azure, Manners, TOKEN, Token};
use crate::whole::{SMALL, subscriptions, texts};
use crate::world::World;
use aksplan::model::Inventory;
use aksplan::source::azure::Settings;
use serde_json::Value;
use std::time::Duration;

/// Faults that pass when the same is asked again.
fn passing() -> Vec<Fault> {
    let mut ways = vec![
        Fault::Throttled(RetryAfter::Unsaid),
        Fault::Throttled(RetryAfter::Seconds(1)),
        Fault::Throttled(RetryAfter::Date(1)),
        Fault::Reset,
        Fault::HalfBody,
        Fault::CutChunks,
    ];
    ways.extend([408, 500, 502, 503, 504].map(Fault::Status));
    ways
}

/// Faults that asking again does not heal, and that no client should ask again for.
fn lasting() -> Vec<Fault> {
    vec![
        Fault::Status(403),
        Fault::Status(404),
        Fault::Status(409),
        Fault::Html(200),
        Fault::CutJson,
        Fault::RepeatedPage,
        Fault::NextPageAt("http://localhost:9/elsewhere?api-version=1".to_string()),
    ]
}

/// Ways to ask: lists of subscriptions, Resource Graph, one VNet and all that is peered with it.
fn questions() -> Vec<Vec<String>> {
    let words = |text: &str| text.split(' ').map(str::to_string).collect();
    vec![
        subscriptions(SMALL),
        words("--all"),
        words(&format!("--subscription {} --vnet hub", subscription(0))),
    ]
}

fn azure(page_size: usize) -> Azure {
    let manners = Manners {
        page_size,
        graph_page_size: 9,
        ..Manners::default()
    };
    Azure::start(estate(SMALL).world, manners)
}

/// Waits little, so that a fault that lasts is given up soon.
fn hasty() -> Settings {
    Settings {
        answer_within: Duration::from_secs(2),
        patience: Duration::from_millis(1500),
        ..Settings::default()
    }
}

fn whole(azure: &Azure, args: &[&str]) -> Inventory {
    azure.manners().plan = fault::none();
    let read = inventory_with(azure, args, Settings::default());
    azure.forget();
    read.unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn faults_that_pass_change_nothing() {
    let azure = azure(4);
    for args in questions() {
        let args = texts(&args);
        let whole = whole(&azure, &args);
        let mut repeats = 0;
        for seed in 0..8 {
            azure.manners().plan = fault::passing(seed, 30, 2, passing());
            let read = inventory_with(&azure, &args, Settings::default());
            let read = read.unwrap_or_else(|error| panic!("{args:?} {seed}: {error}"));
            assert_eq!(read, whole, "{args:?} {seed}");
            repeats += azure
                .log()
                .iter()
                .filter(|entry| entry.fault.is_some())
                .count();
            azure.forget();
        }
        assert!(repeats > 8, "{args:?}: {repeats} faults in 8 sequences");
    }
}

/// The same through the binary, whose exit code is that of a complete answer.
#[test]
fn the_binary_outlasts_faults_that_pass() {
    let azure = azure(4);
    for (seed, args) in questions().iter().enumerate() {
        let args = texts(args);
        azure.manners().plan = fault::none();
        let (fine, whole) = snapshot(&azure, &args);
        assert_eq!(fine.code, Some(0), "{}", fine.stderr);
        azure.forget();
        azure.manners().plan = fault::passing(100 + seed as u64, 30, 1, passing());
        let (ran, read) = snapshot(&azure, &args);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(read, whole, "{args:?}");
        azure.forget();
    }
}

#[test]
fn faults_that_last_are_told_and_nothing_else_is_lost() {
    let azure = azure(4);
    let (mut complete, mut partial, mut nothing) = (0, 0, 0);
    for args in questions() {
        let args = texts(&args);
        let whole = whole(&azure, &args);
        for seed in 0..25 {
            azure.manners().plan = fault::lasting(seed, 5 + seed, lasting());
            let place = format!("{args:?} seed {seed}");
            match inventory_with(&azure, &args, hasty()) {
                // Without the VNet that was named there is nothing to follow; the commands end with an error then.
                Ok(read)
                    if args.contains(&"--vnet")
                        && read.vnets.iter().all(|vnet| vnet.name != "hub") =>
                {
                    let said = format!("VNets of subscription {}", subscription(0));
                    let told = read.not_checked.iter().any(|text| text.contains(&said));
                    assert!(told, "{place}: {:#?}", read.not_checked);
                    partial += 1;
                }
                Ok(read) => {
                    let wrong = dishonesties(&whole, &read, &read.not_checked);
                    assert!(
                        wrong.is_empty(),
                        "{place}: {wrong:#?}\nsaid: {:#?}\nfaults: {:#?}",
                        read.not_checked,
                        faults(&azure)
                    );
                    if read == whole {
                        complete += 1;
                    } else {
                        partial += 1;
                    }
                }
                Err(error) => {
                    // Then no list at all came through.
                    let answered = azure
                        .log()
                        .iter()
                        .filter(|entry| entry.fault.is_none() && !entry.path.ends_with("/usages"))
                        .filter(|entry| entry.path.ends_with("/virtualNetworks"))
                        .count();
                    assert_eq!(answered, 0, "{place}: {error}");
                    nothing += 1;
                }
            }
            azure.forget();
        }
    }
    println!("{complete} complete, {partial} partial, {nothing} with nothing");
    assert!(
        partial >= 30 && complete >= 1,
        "{complete} {partial} {nothing}"
    );
}

/// Faults of the network itself, for ever: given up after the client's patience, and told.
#[test]
fn what_never_heals_is_given_up() {
    let args = subscriptions(SMALL);
    let args = texts(&args);
    // Each waits; all at once they wait no longer than one.
    std::thread::scope(|threads| {
        for (seed, way) in passing().into_iter().enumerate() {
            let args = &args;
            threads.spawn(move || given_up(args, seed as u64, &way));
        }
    });
}

fn given_up(args: &[&str], seed: u64, way: &Fault) {
    let azure = azure(4);
    let whole = whole(&azure, args);
    azure.manners().plan = fault::lasting(seed, 15, vec![way.clone()]);
    let read = inventory_with(&azure, args, hasty());
    let failed = faults(&azure);
    match read {
        Ok(read) => {
            let wrong = dishonesties(&whole, &read, &read.not_checked);
            assert!(
                wrong.is_empty(),
                "{way:?}: {wrong:#?}\nsaid: {:#?}\nfaults: {failed:#?}",
                read.not_checked
            );
            assert_eq!(read == whole, failed.is_empty(), "{way:?}: {failed:#?}");
        }
        Err(error) => assert!(!failed.is_empty(), "{way:?}: {error}"),
    }
}

/// Requests that were answered with a fault.
fn faults(azure: &Azure) -> Vec<String> {
    let log = azure.log();
    let mut all: Vec<String> = log
        .iter()
        .filter_map(|entry| {
            let fault = entry.fault.as_ref()?;
            Some(format!(
                "{} {} {:?}: {fault:?}",
                entry.method, entry.path, entry.query
            ))
        })
        .collect();
    all.dedup();
    all
}

/// The binary, when something is missing for good: it ends well, says so in its answer, and its rows are no better than the
/// truth.
#[test]
fn the_binary_tells_what_is_missing() {
    let azure = azure(4);
    let folder = Folder::new();
    for args in questions() {
        let mut all = vec!["capacity", "-o", "json", "--timeout", "2"];
        all.extend(texts(&args));
        azure.manners().plan = fault::none();
        let fine = run(&azure, &folder, &all);
        assert_eq!(fine.code, Some(0), "{}", fine.stderr);
        let fine = timeless(&fine.stdout);
        azure.forget();
        let mut told = 0;
        for seed in 0..4 {
            azure.manners().plan = fault::lasting(seed, 20, lasting());
            let ran = run(&azure, &folder, &all);
            let failed = faults(&azure);
            azure.forget();
            if ran.code == Some(2) {
                // The VNet that was named may be in what was not read, and the error says so.
                assert!(ran.stderr.contains("no VNet `hub`"), "{}", ran.stderr);
                assert!(ran.stderr.contains("not read"), "{}", ran.stderr);
                continue;
            }
            if ran.code == Some(1) {
                assert!(
                    ran.stdout.is_empty() && ran.stderr.contains("error:"),
                    "{ran:?}"
                );
                continue;
            }
            assert_eq!(ran.code, Some(0), "{args:?} {seed}: {}", ran.stderr);
            let read = timeless(&ran.stdout);
            let sentences = read["not_checked"].as_array().expect("a list").len();
            let before = fine["not_checked"].as_array().expect("a list").len();
            if failed.is_empty() {
                assert_eq!(read, fine);
            } else {
                assert!(
                    sentences > before || read == fine,
                    "{args:?} {seed}: {failed:#?}"
                );
                told += 1;
            }
            no_better(&fine, &read, &format!("{args:?} {seed}"));
        }
        assert!(told > 0, "{args:?}: no sequence failed");
    }
}

/// A row of a subnet that was read from live usages says what is true; no row invents room in the subnet as it is now.
fn no_better(fine: &Value, read: &Value, place: &str) {
    let rows = |answer: &Value| answer["subnets"].as_array().cloned().unwrap_or_default();
    for row in rows(read) {
        let name = |row: &Value| (row["vnet"].clone(), row["name"].clone());
        let Some(truth) = rows(fine)
            .into_iter()
            .find(|other| name(other) == name(&row))
        else {
            // The VNet that AKS makes itself, where the real one was not read.
            assert!(
                row["vnet"]
                    .as_str()
                    .is_some_and(|vnet| vnet.starts_with("aks")),
                "{place}: {row}"
            );
            continue;
        };
        let number = |row: &Value, field: &str| row[field].as_i64().unwrap_or_default();
        if row["used_basis"] == "live usages" {
            assert_eq!(row["used"], truth["used"], "{place}: {row}");
        } else {
            assert!(
                number(&row, "used") >= number(&truth, "used")
                    || row["used_basis"] != truth["used_basis"],
                "{place}: {row}"
            );
        }
        assert_eq!(row["usable"], truth["usable"], "{place}: {row}");
    }
}

/// A resource that is deleted while pages are read is there or is said to be gone.
#[test]
fn a_vnet_deleted_between_two_pages() {
    for number in 1..SMALL.vnets {
        let azure = azure(1);
        let args = subscriptions(SMALL);
        let args = texts(&args);
        let whole = whole(&azure, &args);
        let gone = vnet_id(SMALL, number);
        azure.manners().plan = fault::plan(move |asked| {
            let first_page = asked.ends("/virtualNetworks") && !asked.rest.contains("skiptoken");
            first_page.then(|| Fault::ThenDeleted(vec![gone.clone()]))
        });
        let read = inventory_with(&azure, &args, hasty()).unwrap_or_else(|error| panic!("{error}"));
        let wrong = dishonesties(&whole, &read, &read.not_checked);
        // It is gone in truth: that its subnets are missing is right, and the pools in them say so.
        let wrong: Vec<&String> = wrong
            .iter()
            .filter(|text| !text.contains(&vnet_id(SMALL, number).to_ascii_lowercase()))
            .collect();
        assert!(
            wrong.is_empty(),
            "{number}: {wrong:#?}\nsaid: {:#?}",
            read.not_checked
        );
        assert!(
            read.not_checked
                .iter()
                .any(|sentence| sentence.contains(&format!("spoke-{number:03}"))),
            "{:#?}",
            read.not_checked
        );
    }
}

/// A page that leads to itself ends in a sentence, and not in a loop.
#[test]
fn a_page_that_repeats_itself_ends() {
    let azure = azure(2);
    azure.manners().plan = fault::plan(|asked| {
        asked
            .ends("/virtualNetworks")
            .then_some(Fault::RepeatedPage)
    });
    let folder = Folder::new();
    let endpoint = azure.endpoint();
    let args = subscriptions(SMALL);
    let mut all = vec!["capacity", "-o", "json", "--arm-endpoint", &endpoint];
    all.extend(texts(&args));
    let ran = run_as(&folder, &all, Some(TOKEN), Duration::from_secs(30));
    let requests = azure.log().len();
    assert_eq!(ran.code, Some(0), "{requests} requests; {}", ran.stderr);
    assert!(requests < 200, "{requests} requests");
    for number in 0..SMALL.subscriptions {
        assert!(ran.stdout.contains(&subscription(number)), "{}", ran.stdout);
    }
}

/// A next page on another host is not fetched: no request goes there, and so no token.
#[test]
fn a_token_is_shown_to_one_host_only() {
    let other = Azure::start(World::default(), Manners::default());
    let elsewhere = other.endpoint().replace("127.0.0.1", "localhost");
    let azure = azure(2);
    for target in [other.endpoint(), elsewhere] {
        let link = format!("{target}/subscriptions?api-version=2022-12-01");
        azure.manners().plan = fault::plan(move |asked| {
            (asked.method == "GET").then(|| Fault::NextPageAt(link.clone()))
        });
        let args = subscriptions(SMALL);
        let (ran, inventory) = snapshot(&azure, &texts(&args));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let inventory = inventory.expect("the first pages were read");
        assert!(!inventory.vnets.is_empty() && !inventory.clusters.is_empty());
        assert!(
            inventory
                .not_checked
                .iter()
                .any(|sentence| sentence.contains("not read")),
            "{:?}",
            inventory.not_checked
        );
    }
    assert!(
        other
            .log()
            .iter()
            .all(|entry| entry.token == Token::Missing),
        "{:?}",
        other.log()
    );
    assert!(other.log().is_empty());
}

/// The token expires while reading: what was read before is kept, and the rest is told.
#[test]
fn a_token_that_expires_midway_keeps_what_was_read() {
    for after in [1, 8, 20, 30] {
        let azure = azure(2);
        let args = subscriptions(SMALL);
        let args = texts(&args);
        let whole = whole(&azure, &args);
        azure.manners().plan =
            fault::plan(move |asked: &Asked| (asked.number >= after).then_some(Fault::Expired));
        match inventory_with(&azure, &args, hasty()) {
            Ok(read) => {
                let wrong = dishonesties(&whole, &read, &read.not_checked);
                assert!(
                    wrong.is_empty(),
                    "{after}: {wrong:#?}\nsaid {:#?}",
                    read.not_checked
                );
                assert!(!read.not_checked.is_empty());
            }
            Err(error) => assert!(error.to_string().contains("401"), "{error}"),
        }
    }
}

/// A server that never answers is asked again, then given up; `--timeout` says when.
#[test]
fn a_stall_is_not_waited_for_for_ever() {
    let azure = azure(100);
    // Once: the second try is answered.
    azure.manners().plan = fault::plan(|asked| {
        (asked.before == 0 && asked.ends("/managedClusters")).then_some(Fault::Stall)
    });
    let args = subscriptions(SMALL);
    let mut all = texts(&args);
    all.extend(["--timeout", "1"]);
    let (ran, inventory) = snapshot(&azure, &all);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        inventory.map(|read| read.clusters.len()),
        Some(SMALL.clusters)
    );
    azure.forget();
    // For ever: the others are read.
    azure.manners().plan =
        fault::plan(|asked| asked.ends("/managedClusters").then_some(Fault::Stall));
    let read = inventory_with(&azure, &all, hasty()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((read.clusters.len(), read.vnets.len()), (0, SMALL.vnets));
    for number in 0..SMALL.subscriptions {
        let said = read.not_checked.iter().any(|sentence| {
            sentence.contains("clusters of subscription")
                && sentence.contains(&subscription(number))
        });
        assert!(said, "{:#?}", read.not_checked);
    }
}

/// Azure asks to wait longer than anybody does: the error says so, and how long.
#[test]
fn a_wait_too_long_is_said_and_not_waited() {
    let azure = azure(100);
    azure.manners().plan = fault::plan(|_| Some(Fault::Throttled(RetryAfter::Seconds(3600))));
    let folder = Folder::new();
    let args = subscriptions(SMALL);
    let mut all = vec!["capacity"];
    all.extend(texts(&args));
    let ran = run(&azure, &folder, &all);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains("3600"), "{}", ran.stderr);
    assert!(ran.took < Duration::from_secs(20), "{:?}", ran.took);
}

/// Resource Graph cuts its answer and hands out no way to go on: that is told with the numbers.
#[test]
fn a_truncated_fleet_is_told() {
    let azure = azure(100);
    azure.manners().plan =
        fault::plan(|asked| asked.ends("/resources").then_some(Fault::Truncated));
    let (ran, inventory) = snapshot(&azure, &["--all"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let inventory = inventory.expect("the first rows");
    assert!(
        inventory
            .not_checked
            .iter()
            .any(|sentence| sentence.contains("Resource Graph") && sentence.contains("9 of")),
        "{:?}",
        inventory.not_checked
    );
}

/// 403 on the subscription of a spoke: *not checked*, never free. Its space is known from the hub's peering all the same.
#[test]
fn a_forbidden_spoke_is_not_checked_and_never_free() {
    let size = Size {
        vnets: 6,
        clusters: 10,
        ..SMALL
    };
    let made = estate(size);
    for question in 0..3 {
        let azure = Azure::start(made.world.clone(), Manners::default());
        let shut = subscription(1);
        azure.world().forbidden.insert(shut.clone());
        let hub = subscription(0);
        let args: Vec<String> = match question {
            0 => vec!["--subscription".into(), hub, "--vnet".into(), "hub".into()],
            1 => subscriptions(size),
            _ => vec!["--all".into()],
        };
        let args = texts(&args);
        let (ran, inventory) = snapshot(&azure, &args);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let inventory = inventory.expect("the rest was read");
        assert!(inventory.vnets.iter().any(|vnet| vnet.name == "hub"));
        let folder = Folder::new();
        let mut all = vec!["capacity", "-o", "json"];
        all.extend(&args);
        let shown = run(&azure, &folder, &all);
        let shown: Value = serde_json::from_str(&shown.stdout).expect("JSON");
        let said = shown["not_checked"].to_string();
        for number in (0..size.vnets).filter(|number| number % size.subscriptions == 1) {
            let id = vnet_id(size, number);
            assert!(
                !inventory
                    .vnets
                    .iter()
                    .any(|vnet| vnet.id.as_ref().is_some_and(|read| read.as_str() == id))
            );
            assert!(
                said.to_ascii_lowercase().contains(&id.to_ascii_lowercase())
                    || said.contains(&format!("spoke-{number:03}")),
                "{question} {number}: {said}"
            );
            let space = format!("10.{}.{}.0/18", number / 4, number % 4 * 64);
            let taken: aksplan::model::IpNet = space.parse().expect("a prefix");
            // What is free for a subnet or for pods has none of it.
            let cluster = inventory
                .clusters
                .iter()
                .find(|cluster| cluster.pools.iter().any(|pool| pool.subnet.is_some()))
                .expect("one")
                .name
                .clone();
            let mut all = vec![
                "cidr",
                "suggest",
                "--for",
                "pod",
                "--cluster",
                &cluster,
                "-o",
                "json",
            ];
            all.extend(
                args.iter()
                    .filter(|arg| **arg != "--vnet" && **arg != "hub"),
            );
            let suggested = run(&azure, &folder, &all);
            assert_eq!(suggested.code, Some(0), "{}", suggested.stderr);
            let answer: Value = serde_json::from_str(&suggested.stdout).expect("JSON");
            let mut ranges = Vec::new();
            prefixes(&answer["suggestions"], &mut ranges);
            assert!(!ranges.is_empty(), "{answer}");
            for range in ranges {
                assert!(
                    !overlap(&range, &taken),
                    "{question}: {range} is offered, and {taken} is the spoke's"
                );
            }
        }
    }
}

fn prefixes(value: &Value, found: &mut Vec<aksplan::model::IpNet>) {
    match value {
        Value::String(text) => found.extend(text.parse::<aksplan::model::IpNet>().ok()),
        Value::Array(all) => all.iter().for_each(|one| prefixes(one, found)),
        Value::Object(all) => all.values().for_each(|one| prefixes(one, found)),
        _ => {}
    }
}

fn overlap(one: &aksplan::model::IpNet, other: &aksplan::model::IpNet) -> bool {
    one.contains(&other.network()) || other.contains(&one.network())
}

/// Nothing comes through: an error with the reason of the service, exit 1, and no answer.
#[test]
fn nothing_readable_is_an_error() {
    for (fault, word) in [
        (Fault::Status(403), "403"),
        (Fault::Html(200), "proxy"),
        (Fault::CutJson, "cannot be read"),
        (Fault::Expired, "401"),
    ] {
        let azure = azure(100);
        let given = fault.clone();
        azure.manners().plan = fault::plan(move |_| Some(given.clone()));
        for args in questions() {
            let folder = Folder::new();
            let mut all = vec!["capacity"];
            all.extend(texts(&args));
            let ran = run(&azure, &folder, &all);
            assert_eq!(ran.code, Some(1), "{fault:?} {args:?}: {ran:?}");
            assert!(
                ran.stderr.contains(word),
                "{fault:?} {args:?}: {}",
                ran.stderr
            );
            assert!(ran.stdout.is_empty());
        }
    }
}

/// Nobody listens: no wait of minutes.
#[test]
fn a_refused_connection_is_soon_an_error() {
    let folder = Folder::new();
    // The port for discarding, which nothing has listened on for thirty years.
    let endpoint = "http://127.0.0.1:9";
    let ran = run_as(
        &folder,
        &[
            "capacity",
            "--subscription",
            &subscription(0),
            "--arm-endpoint",
            endpoint,
        ],
        Some("no-one"),
        Duration::from_secs(200),
    );
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.took < Duration::from_secs(30),
        "{:?} until a refused connection is an error",
        ran.took
    );
}

//! Every log of every run obeys the rules.

use super::checker::{Checker, Durations};
use super::plan::{Case, case};
use aksplan::simulate::{Engine, Policy};
use proptest::prelude::*;

pub fn obeys(case: &Case) -> Result<(), String> {
    case.with(&Policy::default(), |setting| {
        let mut engine = Engine::new(setting);
        let (ended, log) = engine.record();
        let show = |durations: Durations, why: String, log: &[aksplan::simulate::Happening]| {
            let lines: Vec<String> = log
                .iter()
                .enumerate()
                .map(|(line, happening)| {
                    format!("{line:4} {:6} {:?}", happening.at, happening.what)
                })
                .collect();
            format!("{durations:?}: {why}\n{}", lines.join("\n"))
        };
        Checker::new(setting, Durations::Medians)
            .check(&ended, &log)
            .map_err(|why| show(Durations::Medians, why, &log))?;
        for future in 0..3 {
            let (ended, log) = engine.record_future(11, future);
            Checker::new(setting, Durations::Drawn)
                .check(&ended, &log)
                .map_err(|why| show(Durations::Drawn, why, &log))?;
        }
        Ok(())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn obeys_kubernetes_and_aks(case in case()) {
        if let Err(why) = obeys(&case) {
            prop_assert!(false, "{}", why);
        }
    }
}

#[test]
#[ignore]
fn survey() {
    use proptest::strategy::ValueTree;
    use std::collections::BTreeMap;
    let count: u32 = std::env::var("COUNT").map_or(2000, |n| n.parse().unwrap());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut found: BTreeMap<String, (u32, usize, String)> = BTreeMap::new();
    let want = std::env::var("WANT").ok();
    for number in 0..count {
        let case = case().new_tree(&mut runner).unwrap().current();
        if std::env::var("TELL").is_ok() {
            eprintln!("{number}");
        }
        let (send, receive) = std::sync::mpsc::channel();
        let again = case.clone();
        std::thread::spawn(move || {
            let why = std::panic::catch_unwind(|| obeys(&again));
            let _ = send.send(why);
        });
        let why = match receive.recv_timeout(std::time::Duration::from_secs(5)) {
            Ok(Ok(Ok(()))) => continue,
            Ok(Ok(Err(why))) => why,
            Ok(Err(_)) => "panic".to_string(),
            Err(_) => "hang".to_string(),
        };
        let first = why.lines().next().unwrap();
        let key: String = first.chars().filter(|c| !c.is_ascii_digit()).collect();
        let key = key.replace("Medians: ", "").replace("Drawn: ", "");
        let text = format!("{first}\n{case:#?}\n{why}");
        let entry = found.entry(key).or_insert((0, usize::MAX, String::new()));
        entry.0 += 1;
        if why.len() < entry.1 {
            entry.1 = why.len();
            entry.2 = text;
        }
    }
    for (key, (times, _, text)) in &found {
        println!("{times:5} {key}");
        if want
            .as_ref()
            .is_some_and(|want| key.contains(want.as_str()))
        {
            println!("{text}");
        }
    }
}

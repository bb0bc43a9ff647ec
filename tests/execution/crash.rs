//! Killed at every moment, and at random ones with everything else going wrong as well: resumed, the same end, and no write taken twice.

use crate::aks::Fate;
use crate::hands::{Ills, Send, Stage};
use aksplan::execute::actuator::Standing;
use aksplan::execute::journal::{self, Orders, RunEnd, Status};
use aksplan::execute::run::OnBlocked;
use aksplan::execute::store::Store;
use std::collections::BTreeMap;
use std::io::Write as _;

/// Writes of the long plan: a setting, policy off, the move, policy on, the setting back.
const WRITES: usize = 5;

/// As often as its operations failed, and once more.
fn each_write_was_taken_once(stage: &Stage) -> Result<(), String> {
    let mut taken: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for accepted in &stage.aks.accepted {
        let counts = taken.entry(&accepted.digest).or_default();
        counts.0 += 1;
        if matches!(
            stage.aks.ended.get(&accepted.operation),
            Some(Standing::Ended { .. })
        ) {
            counts.1 += 1;
        }
    }
    for (digest, (accepted, failed)) in &taken {
        if *accepted != failed + 1 {
            return Err(format!(
                "taken {accepted} times, and failed {failed} times: {digest}"
            ));
        }
    }
    if taken.len() == WRITES {
        Ok(())
    } else {
        Err(format!("{} writes of {WRITES} were taken", taken.len()))
    }
}

fn append(stage: &Stage, bytes: &[u8]) {
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(&stage.journal)
        .expect("a journal");
    file.write_all(bytes).expect("a few bytes");
}

#[test]
fn killed_at_every_call_it_comes_to_the_same_end() {
    let mut whole = Stage::long("whole");
    let outcome = whole.run(Ills::default()).expect("nobody kills it");
    assert_eq!(outcome.how, RunEnd::Completed, "{outcome:?}");
    assert_eq!(each_write_was_taken_once(&whole), Ok(()));
    assert!(whole.status().is_complete());
    assert_eq!(whole.aks.reimaged.len(), 9, "three nodes, three times");
    let (end, calls) = (whole.aks.end_state(), whole.calls);
    assert!(calls > 200, "{calls} calls are too few to be all of it");
    let mut killed = 0;
    let mut lengths = std::collections::BTreeSet::new();
    for call in 1..=calls {
        for is_done in [false, true] {
            let mut stage = Stage::long("killed");
            let first = stage.run(Ills {
                kill: Some((call, is_done)),
                ..Ills::default()
            });
            let place = format!("killed at call {call} of {calls}, done: {is_done}");
            match first {
                None => killed += 1,
                // Only a few calls do something that can be done before the kill.
                Some(outcome) => {
                    assert!(is_done, "{place}");
                    assert_eq!(outcome.how, RunEnd::Completed);
                    continue;
                }
            }
            lengths.insert(stage.events().len());
            // Shortly after it, or when AKS has long come to the end of what it was at.
            stage.aks.pass(if call % 2 == 0 { 0 } else { 300 });
            if call % 3 == 0 {
                append(&stage, &br#"{"n":99,"at":"2026-06-0"#[..(call % 23)]);
            }
            let outcome = stage.run(Ills::default()).expect("nobody kills it now");
            assert_eq!(outcome.how, RunEnd::Completed, "{place}: {}", outcome.why);
            assert_eq!(each_write_was_taken_once(&stage), Ok(()), "{place}");
            assert_eq!(stage.aks.end_state(), end, "{place}");
            assert!(stage.status().is_complete(), "{place}");
            assert_eq!(stage.aks.reimaged.len(), 9, "{place}");
        }
    }
    assert!(killed >= calls);
    // Every prefix of records was once what was left on the disk.
    let records = whole.events().len();
    assert_eq!(
        lengths.into_iter().collect::<Vec<_>>(),
        (1..=records).collect::<Vec<_>>(),
        "records that a kill left"
    );
}

#[test]
fn cut_at_any_byte_a_journal_is_its_longest_whole_prefix() {
    let mut whole = Stage::long("bytes");
    whole.run(Ills::default()).expect("nobody kills it");
    let bytes = std::fs::read(&whole.journal).expect("a journal");
    let all = journal::read(&bytes).expect("whole").records;
    let statuses: Vec<Status> = (0..=all.len())
        .map(|count| Status::replay(&whole.plan, &all[..count]).expect("a prefix of what happened"))
        .collect();
    let mut count = 0;
    let mut start = 0;
    for length in 0..=bytes.len() {
        if length > 0 && bytes[length - 1] == b'\n' {
            count += 1;
            start = length;
        }
        let read = journal::read(&bytes[..length]).expect("a torn tail is no damage");
        assert_eq!(read.records.len(), count, "cut at byte {length}");
        assert_eq!(
            (read.good, read.torn),
            (start, length - start),
            "cut at byte {length}"
        );
        // The file itself at every byte of the last records, and now and then before.
        if length % 97 == 0 || bytes.len() - length < 400 {
            let path = crate::hands::fresh("cut");
            std::fs::write(&path, &bytes[..length]).expect("a file");
            let mut store =
                Store::open(&path, &whole.plan, crate::aks::instant(0)).expect("it opens");
            assert_eq!(store.torn, length - start);
            if count > 0 {
                assert_eq!(store.status(), &statuses[count], "cut at byte {length}");
            } else {
                assert_eq!(store.status().current(), Some(0));
            }
            // What is appended after a tear is whole again.
            let run = store.status().runs + 1;
            store
                .append(
                    &whole.plan,
                    crate::aks::instant(0),
                    journal::Event::RunBegan {
                        run,
                        made_by: "test".to_string(),
                        holder: "me".to_string(),
                        orders: Orders::default(),
                    },
                )
                .expect("room on the disk");
            drop(store);
            let (status, _) = Store::look(&path, &whole.plan)
                .expect("it reads")
                .expect("it is there");
            assert_eq!(status.runs, run);
            let _ = std::fs::remove_file(&path);
        }
    }
    assert_eq!(count, all.len());
}

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}

fn ills(chance: &mut Chance) -> Ills {
    let mut ills = Ills::default();
    if chance.once_in(2) {
        ills.kill = Some((1 + chance.below(400), chance.once_in(2)));
    }
    if chance.once_in(4) {
        ills.interrupt = Some(1 + chance.below(400));
    }
    for number in 1..40 {
        if chance.once_in(3) {
            let send = match chance.below(6) {
                0 => Send::Changed,
                1 => Send::Busy,
                2 => Send::Throttled,
                3 => Send::NotSent,
                4 => Send::LostOnTheWay,
                _ => Send::LostOnTheWayBack,
            };
            ills.sends.insert(number, send);
        } else if chance.once_in(8) {
            ills.sends.insert(number, Send::Refused);
        }
        if chance.once_in(6) {
            ills.tag_before_send.insert(number);
        }
    }
    for number in 1..120 {
        if chance.once_in(6) {
            ills.blind.insert(number);
        }
        if chance.once_in(4) {
            ills.deaf.insert(number);
        }
        if chance.once_in(6) {
            ills.lock_not_renewed.insert(number);
        }
    }
    if chance.once_in(8) {
        ills.lock_lost = Some(1 + chance.below(80));
    }
    ills
}

/// Everything goes wrong for a while; then nothing does, and it must come to the end that it would have come to.
fn through_everything(seed: u64) {
    let mut chance = Chance(seed);
    let mut whole = Stage::long("calm");
    whole.run(Ills::default());
    let mut stage = Stage::long("storm");
    stage.aks.rolls_back = chance.once_in(3);
    for operation in 0..8 {
        if chance.once_in(4) {
            stage
                .aks
                .fates
                .insert(operation, Fate::Fails(chance.below(3)));
        }
    }
    if chance.once_in(2) {
        stage.aks.held = Some(("apps-0".to_string(), 50 + chance.below(2000) as i64));
    }
    for _ in 0..12 {
        stage.options.on_blocked = match chance.below(3) {
            0 => OnBlocked::Stop,
            1 => OnBlocked::Abort,
            _ => OnBlocked::Wait,
        };
        let ended = stage.run(ills(&mut chance));
        stage.aks.pass(chance.below(200) as i64);
        if chance.once_in(10) && !stage.aks.is_running() {
            stage.aks.touch();
        }
        if chance.once_in(3) && ended.is_none() {
            let torn = vec![0; chance.below(300)];
            append(&stage, &torn);
        }
    }
    stage.aks.fates.clear();
    stage.aks.held = None;
    stage.aks.pass(300);
    stage.options.on_blocked = OnBlocked::Wait;
    let mut said = Vec::new();
    for _ in 0..4 {
        let outcome = stage.run(Ills::default()).expect("nobody kills it now");
        said.push(outcome.why);
        if outcome.how == RunEnd::Completed {
            break;
        }
    }
    assert!(
        stage.status().is_complete(),
        "seed {seed}: {said:#?}\n{:#?}",
        stage.status().steps
    );
    assert_eq!(stage.aks.end_state(), whole.aks.end_state(), "seed {seed}");
    if let Err(why) = each_write_was_taken_once(&stage) {
        panic!("seed {seed}: {why}\n{:#?}", stage.events());
    }
}

#[test]
fn whatever_goes_wrong_it_comes_to_the_same_end() {
    let seeds: Vec<u64> = match std::env::var("AKSPLAN_EXECUTION_SEED") {
        Ok(seed) => vec![seed.parse().expect("AKSPLAN_EXECUTION_SEED is a number")],
        Err(_) => (1..=50).collect(),
    };
    for seed in seeds {
        through_everything(seed);
    }
}

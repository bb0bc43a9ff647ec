//! What the program says of a plan and of its journal alone: one that is not there, is empty, was torn, belongs to a run that goes on or was
//! killed, and one that is full of notices.
//!
//! Apart from the other tests of the execution, and one after the other: a program that is being started holds for an instant whatever
//! journals its parent has open, and their locks with them.

#[allow(
    dead_code,
    reason = "the world of tests/execution.rs, which uses all of it"
)]
#[path = "execution/aks.rs"]
mod aks;
#[allow(
    dead_code,
    reason = "the world of tests/execution.rs, which uses all of it"
)]
#[path = "execution/hands.rs"]
mod hands;

use crate::aks::{Aks, instant};
use crate::hands::{Ills, Stage, fresh, long_choices};
use aksplan::execute::journal::{Event, Orders};
use aksplan::execute::store::Store;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A stage and its plan in a file; there is one at a time.
struct Desk {
    stage: Stage,
    plan: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.plan);
    }
}

impl Desk {
    fn new() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let stage = Stage::of("status", Aks::new(Some("calico")), &long_choices());
        let plan = fresh("status-plan");
        std::fs::write(&plan, stage.plan.to_text()).expect("a plan in a file");
        Desk {
            stage,
            plan,
            _alone: alone,
        }
    }

    fn says(&self, deed: &str, format: &str) -> String {
        let path = |path: &Path| path.display().to_string();
        let output = Command::new(env!("CARGO_BIN_EXE_aksplan"))
            .args(["migrate", deed, "--plan", &path(&self.plan)])
            .args(["--journal", &path(&self.stage.journal), "-o", format])
            .env("NO_COLOR", "1")
            .output()
            .expect("the program runs");
        let talk = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{talk}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The words for people, and the fields of the same for machines.
    #[track_caller]
    fn check(&self, words: &str, goes_on: Value, torn: u64, has_journal: bool) {
        let text = self.says("--status", "table");
        assert!(text.contains(words), "{words} is missing:\n{text}");
        let shape: Value = serde_json::from_str(&self.says("--status", "json")).expect("JSON");
        assert_eq!(shape["run_goes_on"], goes_on, "{text}");
        assert_eq!(shape["torn_bytes"], torn, "{text}");
        assert_eq!(shape["journal"].is_string(), has_journal, "{text}");
        let is_torn = text.contains("was torn in writing");
        assert_eq!(is_torn, torn > 0 && goes_on != true, "{text}");
    }

    fn append(&self, bytes: &[u8]) {
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&self.stage.journal)
            .expect("a journal");
        file.write_all(bytes).expect("it can be written to");
    }
}

#[test]
fn no_journal_an_empty_one_and_one_that_was_torn_at_once() {
    let desk = Desk::new();
    desk.check("Nothing was begun.", Value::Null, 0, false);
    desk.append(b"");
    desk.check("without one whole run in it", Value::Null, 0, true);
    desk.append(b"{\"n\":1,\"at\":\"2026");
    desk.check("without one whole run in it", Value::Null, 17, true);
}

#[test]
fn a_run_that_goes_on_is_told_from_one_that_was_killed() {
    let desk = Desk::new();
    let plan = &desk.stage.plan;
    let mut store = Store::open(&desk.stage.journal, plan, instant(0)).expect("a journal");
    let began = Event::RunBegan {
        run: 1,
        made_by: "test".to_string(),
        holder: "me".to_string(),
        orders: Orders::default(),
    };
    store.append(plan, instant(1), began).expect("it is noted");
    desk.check("Run 1 goes on now", Value::Bool(true), 0, true);
    // A record that is being written is no torn one.
    desk.append(b"{\"n\":3");
    desk.check(
        "The last record is being written now.",
        Value::Bool(true),
        6,
        true,
    );
    // Asking took nothing away from it.
    assert!(Store::open(&desk.stage.journal, plan, instant(2)).is_err());
    drop(store);
    desk.check(
        "Run 1 was killed before anything was sent. Begin with --execute.",
        Value::Bool(false),
        6,
        true,
    );
}

#[test]
fn killed_after_a_write_it_is_gone_on_with() {
    let mut desk = Desk::new();
    let kill = Ills {
        kill: Some((60, false)),
        ..Ills::default()
    };
    assert!(desk.stage.run(kill).is_none(), "it is killed");
    assert!(desk.stage.sends > 0, "and has sent something");
    desk.check(
        "Run 1 was killed: it has not ended, and nobody on this machine holds the journal's lock.",
        Value::Bool(false),
        0,
        true,
    );
    assert!(
        desk.says("--status", "table")
            .contains("Go on with --resume.")
    );
}

#[test]
fn what_ended_says_how_to_go_on() {
    let mut desk = Desk::new();
    let closed = ["the window is closed".to_string()];
    desk.stage.run_refusing(Ills::default(), &closed);
    desk.check(
        "Run 1 ended as refused, and nothing was ever sent: the window is closed. Begin with --execute.",
        Value::Null,
        0,
        true,
    );
    let ills = Ills {
        interrupt: Some(80),
        ..Ills::default()
    };
    desk.stage.run(ills);
    desk.check("Go on with --resume.", Value::Null, 0, true);
    desk.stage.run(Ills::default());
    desk.check("Every step of the plan is done.", Value::Null, 0, true);
}

#[test]
fn times_are_short_and_notices_few() {
    let mut desk = Desk::new();
    desk.stage.aks.state_mut().disruption_budgets[0].disruptions_allowed = Some(0);
    desk.stage.run(Ills::default());
    let text = desk.says("--status", "table");
    let shape: Value = serde_json::from_str(&desk.says("--status", "json")).expect("JSON");
    let all = shape["noticed"].as_array().expect("notices").len();
    assert!(all > 12, "{text}");
    let shown = text.lines().filter(|line| line.starts_with("- ")).count();
    assert_eq!(shown, 12, "{text}");
    for words in [
        format!("{} more before these; -o json has all", all - 12),
        "All times on 2026-05-28.".to_string(),
        "20:26:40 UTC".to_string(),
    ] {
        assert!(text.contains(&words), "{words} is missing:\n{text}");
    }
    assert!(!text.contains("2026-05-28T"), "{text}");
}

#[test]
fn verification_says_what_the_plan_is_for() {
    let desk = Desk::new();
    let text = desk.says("--verify", "table");
    let plan = &desk.stage.plan;
    for words in [
        plan.digest.as_str(),
        "prod",
        "shop",
        "00000000-0000-0000-0000-000000000001",
        "10.244.0.0/16",
        "4-move-to-overlay",
        "No warning is in the plan.",
    ] {
        assert!(text.contains(words), "{words} is missing:\n{text}");
    }
}

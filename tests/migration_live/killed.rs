//! The real binary, killed and interrupted: by SIGKILL as soon as a record shows, by the system at a byte of its journal, by Ctrl-C once
//! and twice. It goes on, comes to the same end, and sends each write once.

use super::aks::Aks;
use super::aks::fault::{Fault, Rule};
use super::aks::kubernetes::Plane;
use super::aks::small::small;
use super::binary::{command, said};
use super::carried::is_on_overlay;
use super::control_plane::Folder;
use super::end::{Draws, Journal, each_write_once, end_state};
use super::executed::tiny;
use super::moves::{QUICK, execute, plan};
use aksplan::migrate::Plan;
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Settings of the pool before and after the move.
const THREE_WRITES: [&str; 2] = ["--drain-timeout", "apps=60"];

/// What a run without a death comes to.
struct Straight {
    text: String,
    plan: Plan,
    end: Value,
    records: Vec<(String, String)>,
    bytes: u64,
    /// It lives as long as there are clusters to come.
    _plane: Arc<Plane>,
}

fn straight() -> Option<Straight> {
    let aks = Aks::start(tiny())?;
    let folder = Folder::new();
    let path = plan(&aks, &folder, &THREE_WRITES);
    aks.forget();
    let (code, out, err) = execute(&aks, "--execute", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    let text = std::fs::read_to_string(&path).expect("it was written");
    let plan = Plan::parse(&text).expect("a plan");
    each_write_once(&aks, &plan, "to the end");
    let journal = Journal::beside_plan_of(&folder);
    Some(Straight {
        end: end_state(&aks),
        records: journal.records(),
        bytes: journal.bytes().len() as u64,
        text,
        plan,
        _plane: Arc::clone(&aks.plane),
    })
}

/// One cluster, the plan of another of the same shape, and a journal to come.
struct Attempt {
    aks: Aks,
    folder: Folder,
    path: String,
    journal: Journal,
}

impl Attempt {
    fn of(straight: &Straight) -> Option<Attempt> {
        let aks = Aks::start(tiny())?;
        let folder = Folder::new();
        let path = folder.write("plan.json", &straight.text);
        Some(Attempt {
            aks,
            path: path.display().to_string(),
            journal: Journal::beside_plan_of(&folder),
            folder,
        })
    }

    /// Begun, or gone on with where a journal is there.
    fn arguments(&self) -> Vec<String> {
        // As `--status` and every refusal say: what wrote nothing yet is begun.
        let has_written =
            |(kind, step): &(String, String)| kind == "step_started" && step != "1-check";
        let deed = if self.journal.records().iter().any(has_written) {
            "--resume"
        } else {
            "--execute"
        };
        let mut arguments = vec![deed.to_string(), "--plan".to_string(), self.path.clone()];
        // A write that never arrived is looked for as long as `--settle` says: 4 seconds here.
        let quick = QUICK.map(|word| if word == "20" { "4" } else { word });
        arguments.extend(quick.map(str::to_string));
        arguments
    }

    fn command(&self) -> Command {
        let arguments = self.arguments();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = command(&self.aks, "migrate", &arguments);
        command.stdin(Stdio::null());
        command
    }

    fn silent(&self) -> Command {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Nothing kills it any more.
    fn comes_to_the_same_end(&self, straight: &Straight, what: &str) {
        if !self.journal.is_complete() {
            let output = self.command().output().expect("the binary runs");
            let (out, err) = said(&output);
            assert_eq!(output.status.code(), Some(0), "{what}: {out}\n{err}");
        }
        each_write_once(&self.aks, &straight.plan, what);
        assert_eq!(end_state(&self.aks), straight.end, "{what}");
        is_on_overlay(&self.aks);
        let _ = &self.folder;
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "never {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Whatever a process says on standard error, as it comes.
struct Heard {
    child: Child,
    text: Arc<Mutex<String>>,
    ear: std::thread::JoinHandle<()>,
}

impl Heard {
    fn spawn(mut command: Command) -> Heard {
        use std::io::BufRead;
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let from = std::io::BufReader::new(child.stderr.take().expect("it is piped"));
        let text = Arc::new(Mutex::new(String::new()));
        let into = Arc::clone(&text);
        let ear = std::thread::spawn(move || {
            for line in from.lines().map_while(Result::ok) {
                let mut text = into.lock().unwrap_or_else(PoisonError::into_inner);
                text.push_str(&line);
                text.push('\n');
            }
        });
        Heard { child, text, ear }
    }

    fn so_far(&self) -> String {
        let text = self.text.lock();
        text.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn until(&self, word: &str) {
        until(word, || self.so_far().contains(word));
    }

    fn end(mut self) -> (Option<i32>, String) {
        let ended = self.child.wait().expect("it is ours");
        self.ear.join().expect("it only listens");
        let text = self.text.lock();
        let text = text.unwrap_or_else(PoisonError::into_inner).clone();
        (ended.code(), text)
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status()
        .expect("kill is there");
    assert!(sent.success());
}

/// SIGKILL as soon as a record shows, for every record but the notes; several deaths in one cluster, and as many clusters as it takes.
#[test]
fn killed_as_soon_as_a_record_shows_it_goes_on() {
    let Some(straight) = straight() else {
        return;
    };
    let mut left: Vec<(String, String)> = straight.records.clone();
    left.retain(|(kind, _)| kind != "noticed");
    let all = left.len();
    assert!(all >= 17, "{left:?}");
    let mut clusters = 0;
    while !left.is_empty() {
        clusters += 1;
        assert!(clusters <= 8, "never killed after {left:?}");
        let Some(attempt) = Attempt::of(&straight) else {
            return;
        };
        // Whoever dies between a write and its record looks for it: what was to follow then comes under another name. So not two in a row.
        let mut after = None;
        let mut met = BTreeSet::new();
        for wanted in &left {
            let at = straight.records.iter().position(|one| one == wanted);
            let has = attempt.journal.records().contains(wanted);
            if has || after.is_some_and(|after| at <= Some(after + 1)) {
                continue;
            }
            let mut child = attempt.silent().spawn().expect("the binary runs");
            until(&format!("{wanted:?}"), || {
                attempt.journal.records().contains(wanted)
                    || child.try_wait().expect("it is ours").is_some()
            });
            let _ = child.kill();
            child.wait().expect("it is ours");
            let records = attempt.journal.records();
            let Some(shown) = records.iter().position(|one| one == wanted) else {
                // It came to its end by another way.
                continue;
            };
            after = at;
            println!(
                "killed after {wanted:?}, {} records later",
                records.len() - shown - 1
            );
            met.insert(wanted.clone());
        }
        left.retain(|one| !met.contains(one));
        attempt.comes_to_the_same_end(&straight, &format!("cluster {clusters}"));
    }
    println!("killed after each of {all} records, in {clusters} clusters");
}

/// The system lets the journal grow to a size drawn by chance and kills the process at the first byte beyond it: what is on the disk ends
/// there, and nothing is done after it.
#[test]
fn killed_at_a_byte_by_the_system_it_goes_on() {
    use std::os::unix::process::ExitStatusExt;
    let Some(straight) = straight() else {
        return;
    };
    if Command::new("prlimit").arg("--version").output().is_err() {
        let is_ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
        assert!(!is_ci, "prlimit of util-linux is not there");
        eprintln!("skipped: prlimit of util-linux is not there");
        return;
    }
    let mut deaths = 0;
    for seed in [7, 8] {
        let Some(attempt) = Attempt::of(&straight) else {
            return;
        };
        let mut draws = Draws(seed);
        while !attempt.journal.is_complete() && deaths < 40 {
            let most = attempt.journal.good() as u64 + 1 + draws.below(straight.bytes / 3);
            let aksplan = attempt.silent();
            let mut limited = Command::new("prlimit");
            limited
                .args([format!("--fsize={most}"), "--core=0".to_string()])
                .arg(aksplan.get_program())
                .args(aksplan.get_args())
                .envs(
                    aksplan
                        .get_envs()
                        .filter_map(|(name, value)| Some((name, value?))),
                )
                .env_remove("KUBECONFIG")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let ended: ExitStatus = limited.status().expect("it runs");
            let length = attempt.journal.bytes().len() as u64;
            println!("seed {seed}: at most {most} bytes: {ended}, {length} written");
            if attempt.journal.is_complete() {
                break;
            }
            // SIGXFSZ
            assert_eq!((ended.signal(), length), (Some(25), most), "{ended}");
            deaths += 1;
        }
        attempt.comes_to_the_same_end(&straight, &format!("seed {seed}"));
    }
    assert!(deaths >= 8, "{deaths}");
}

/// Begins to carry a plan out, with these arguments more.
fn begin(aks: &Aks, path: &str, more: &[&str]) -> Heard {
    let mut arguments = vec!["--execute", "--plan", path];
    arguments.extend(QUICK);
    arguments.extend(more);
    Heard::spawn(command(aks, "migrate", &arguments))
}

#[test]
fn ctrl_c_once_lets_aks_go_on_and_says_how_to_resume() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    let heard = begin(&aks, &path, &[]);
    heard.until("2-move-to-overlay: AKS took it");
    signal(&heard.child, "INT");
    let (code, err) = heard.end();
    assert_eq!(code, Some(4), "{err}");
    for words in [
        "stopping after the current write; once more stops at once",
        "stopped: interrupted while AKS carries out step 2-move-to-overlay: AKS goes on by itself",
        "AKS goes on with step 2-move-to-overlay by itself; resume watches it to its end.",
    ] {
        assert!(err.contains(words), "no {words} in {err}");
    }
    assert!(aks.until_idle(Duration::from_secs(30)));
    assert_eq!(
        aks.cluster()["properties"]["provisioningState"],
        "Succeeded"
    );
    // What is said to go on with does, as it stands there.
    let said_to = err.split_once("go on with:").map(|(_, rest)| rest.trim());
    let line = said_to.and_then(|rest| rest.lines().next());
    let line = line.unwrap_or_else(|| panic!("not how to go on: {err}"));
    let resume = line.strip_prefix("aksplan ").expect("a command");
    assert!(
        resume.contains(&format!("--resume --plan {path}")),
        "{line}"
    );
    let output = Command::new("sh")
        .args(["-c", &format!("{} {resume}", env!("CARGO_BIN_EXE_aksplan"))])
        .env("AKSPLAN_ARM_TOKEN", super::aks::TOKEN)
        .env_remove("KUBECONFIG")
        .output()
        .expect("a shell is there");
    let (out, err) = said(&output);
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 1);
}

/// The write is on its way and Azure takes its time to answer: once is not enough to leave it, twice is, at once.
#[test]
fn ctrl_c_twice_ends_at_once_and_the_next_run_looks_for_the_write() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    let slow = Duration::from_secs(30);
    aks.fault(Rule::nth(
        "PUT",
        "/managedclusters/shop",
        1,
        Fault::Slow(slow),
    ));
    let heard = begin(&aks, &path, &[]);
    until("the write arrives", || !aks.writes().is_empty());
    signal(&heard.child, "INT");
    heard.until("stopping after the current write; once more stops at once");
    std::thread::sleep(Duration::from_millis(300));
    let asked = Instant::now();
    signal(&heard.child, "INT");
    let (code, err) = heard.end();
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "{:?}",
        asked.elapsed()
    );
    assert_eq!(code, Some(4), "{err}");
    let words = "stopped at once; --status says how it stands; go on with:";
    let (_, how) = err.split_once(words).unwrap_or_else(|| panic!("{err}"));
    assert!(how.contains(&format!("--resume --plan {path} ")), "{err}");
    let journal = Journal::beside_plan_of(&folder);
    let last = journal.records().pop().expect("records");
    assert_eq!(
        last,
        ("step_started".to_string(), "2-move-to-overlay".to_string())
    );
    let (code, out, err) = super::moves::migrate(&aks, &["--status", "--plan", &path]);
    assert!(out.contains("in doubt"), "{code:?} {out}\n{err}");
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    assert!(
        err.contains("the write arrived: it shows, and is not sent again"),
        "{err}"
    );
    is_on_overlay(&aks);
    assert_eq!(aks.writes().len(), 1);
}

/// Stuck, it asks AKS to end the operation, and is killed when it has said so in its journal: the next run tells that it was aborted, the
/// one after it goes on.
#[test]
fn killed_while_it_aborts_it_goes_on() {
    let Some(aks) = Aks::start(small()) else {
        return;
    };
    let folder = Folder::new();
    let path = plan(&aks, &folder, &[]);
    let abort = ["--on-blocked", "abort", "--stuck-after", "0.01"];
    aks.somebody_forbids_once_it_runs();
    let mut heard = begin(&aks, &path, &abort);
    let journal = Journal::beside_plan_of(&folder);
    let has = |kind: &str| journal.records().iter().any(|(one, _)| one == kind);
    until("abort_started", || has("abort_started"));
    heard.child.kill().expect("it is ours");
    let (code, err) = heard.end();
    assert_eq!(code, None, "{err}");
    let (code, out, err) = execute(&aks, "--resume", &path, &abort);
    assert_eq!(code, Some(4), "{out}\n{err}");
    assert!(
        err.contains("aborted: step 2-move-to-overlay: the operation was aborted (Canceled), as "),
        "{err}"
    );
    assert_eq!(aks.cluster()["properties"]["provisioningState"], "Canceled");
    assert_eq!(aks.writes().len(), 1);
    aks.somebody_allows_again();
    let (code, out, err) = execute(&aks, "--resume", &path, &[]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    is_on_overlay(&aks);
    assert_eq!(
        aks.writes().len(),
        2,
        "the one that was aborted, and the one that went on"
    );
}

//! The loop's hands in that world: every call counted, so that the program can be killed, interrupted or disturbed at any of them; and the
//! one question that each write must answer: was the intention in the journal before it went out?

use crate::aks::{Aks, POD_CIDR, instant, range};
use aksplan::cli::event;
use aksplan::cli::lines::Place;
use aksplan::execute::actuator::{
    Actuator, Depth, LockTrouble, NotTaken, Observed, Prepared, Standing, Taken, Unprepared,
};
use aksplan::execute::journal::{Event, Orders, Status};
use aksplan::execute::run::{OnBlocked, Options, Outcome, run};
use aksplan::execute::store::Store;
use aksplan::execute::teller::{Teller, Telling};
use aksplan::migrate::plan::{FORMAT_VERSION, KIND, Plan, Target};
use aksplan::migrate::sequence::{Choices, PolicyAfter, sequence};
use aksplan::migrate::step::{Resource, Write};
use aksplan::migrate::{dependents, fingerprint};
use aksplan::model::{ClusterIndex, IntOrPercent};
use jiff::Timestamp;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Runs a future of this world, which has nothing to wait for.
pub fn now<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing in this world waits"),
    }
}

/// What befalls one `send`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Send {
    Changed,
    Busy,
    Throttled,
    Refused,
    NotSent,
    LostOnTheWay,
    LostOnTheWayBack,
}

/// What befalls one run, by number of the call it befalls (from 1 on).
#[derive(Debug, Clone, Default)]
pub struct Ills {
    /// The program is killed at this call of any kind; with `true` what the call does is done before.
    pub kill: Option<(usize, bool)>,
    /// Somebody asks to stop from this call on.
    pub interrupt: Option<usize>,
    /// By number of the send over all runs.
    pub sends: BTreeMap<usize, Send>,
    /// Looks that fail.
    pub blind: BTreeSet<usize>,
    /// Questions after an operation that fail; beyond `.1` of them all, if set.
    pub deaf: BTreeSet<usize>,
    pub deaf_for_good: bool,
    pub lock_lost: Option<usize>,
    pub lock_not_renewed: BTreeSet<usize>,
    /// Just before this send somebody else changes a tag.
    pub tag_before_send: BTreeSet<usize>,
    /// `abort` is refused: it is over.
    pub no_abort: bool,
}

/// The panic that a kill is.
struct Killed;

pub struct Hands<'w> {
    pub aks: &'w mut Aks,
    ills: Ills,
    journal: PathBuf,
    plan: Plan,
    calls: Cell<usize>,
    looks: usize,
    asks: usize,
    locks: usize,
    sends: &'w mut usize,
    pub aborts: usize,
}

impl Hands<'_> {
    fn at(&self) -> usize {
        self.calls.set(self.calls.get() + 1);
        assert!(self.calls.get() < 50_000, "it goes on for ever");
        if self.ills.kill == Some((self.calls.get(), false)) {
            resume_unwind(Box::new(Killed));
        }
        self.calls.get()
    }

    fn done(&self, at: usize) {
        if self.ills.kill == Some((at, true)) {
            resume_unwind(Box::new(Killed));
        }
    }
}

impl Actuator for Hands<'_> {
    fn now(&self) -> Timestamp {
        self.at();
        instant(self.aks.now)
    }

    async fn wait(&mut self, time: Duration) {
        let at = self.at();
        self.aks.pass(time.as_secs() as i64);
        self.done(at);
    }

    fn is_interrupted(&self) -> bool {
        self.ills
            .interrupt
            .is_some_and(|from| self.calls.get() >= from)
    }

    async fn observe(&mut self, _: Depth) -> Result<Observed, String> {
        self.at();
        self.looks += 1;
        self.aks.pass(1);
        if self.ills.blind.contains(&self.looks) {
            return Err("the connection was reset".to_string());
        }
        Ok(self.aks.observed())
    }

    async fn prepare(&mut self, write: &Write, e_tag: &str) -> Result<Prepared, Unprepared> {
        self.at();
        self.aks.pass(1);
        if self.aks.e_tag() != e_tag {
            return Err(Unprepared::Changed);
        }
        let body = serde_json::to_value(write).expect("plain data");
        Ok(Prepared {
            resource: write.resource.clone(),
            e_tag: e_tag.to_string(),
            digest: format!("digest of {body}"),
            body,
        })
    }

    async fn send(&mut self, prepared: &Prepared) -> Result<Taken, NotTaken> {
        let at = self.at();
        *self.sends += 1;
        let (_, records) = Store::look(&self.journal, &self.plan)
            .expect("a journal that reads")
            .expect("a journal");
        match &records.last().expect("records").event {
            Event::StepStarted {
                e_tag: Some(e_tag),
                body: Some(body),
                ..
            } => {
                assert_eq!((e_tag, body), (&prepared.e_tag, &prepared.digest));
            }
            other => panic!("something is sent, and the journal's last word is {other:?}"),
        }
        self.aks.pass(1);
        let ill = self.ills.sends.get(self.sends).cloned();
        if self.ills.tag_before_send.contains(self.sends) {
            self.aks.touch();
        }
        match ill {
            Some(Send::NotSent) => return Err(NotTaken::NotSent("no route".to_string())),
            Some(Send::LostOnTheWay) => return Err(NotTaken::InDoubt("reset".to_string())),
            Some(Send::Changed) => return Err(NotTaken::Changed),
            Some(Send::Throttled) => {
                return Err(NotTaken::Throttled {
                    wait: Some(Duration::from_secs(5)),
                });
            }
            Some(Send::Refused) => {
                return Err(NotTaken::Refused {
                    code: "BadRequest".to_string(),
                    message: "no".to_string(),
                });
            }
            Some(Send::Busy) | Some(Send::LostOnTheWayBack) | None => {}
        }
        if ill == Some(Send::Busy) || self.aks.is_running() {
            return Err(NotTaken::Busy {
                why: "another operation is in progress".to_string(),
                wait: Some(Duration::from_secs(5)),
            });
        }
        if self.aks.e_tag() != prepared.e_tag {
            return Err(NotTaken::Changed);
        }
        let write: Write = serde_json::from_value(prepared.body.clone()).expect("as prepared");
        let operation = self.aks.accept(&write, &prepared.digest);
        self.done(at);
        if ill == Some(Send::LostOnTheWayBack) {
            return Err(NotTaken::InDoubt("reset".to_string()));
        }
        Ok(Taken {
            operation: Some(operation),
        })
    }

    async fn ask(&mut self, operation: &str) -> Result<Standing, String> {
        self.at();
        self.asks += 1;
        self.aks.pass(1);
        if self.ills.deaf_for_good || self.ills.deaf.contains(&self.asks) {
            return Err("the answer was cut off".to_string());
        }
        Ok(self
            .aks
            .ended
            .get(operation)
            .cloned()
            .unwrap_or(Standing::Running {
                status: Some("InProgress".to_string()),
                remark: None,
                wait: None,
                by_state: false,
            }))
    }

    async fn abort(&mut self, resource: &Resource) -> Result<Taken, NotTaken> {
        let at = self.at();
        self.aborts += 1;
        self.aks.pass(1);
        let taken = if self.ills.no_abort {
            None
        } else {
            self.aks.cancel(resource)
        };
        self.done(at);
        taken
            .map(|()| Taken { operation: None })
            .ok_or(NotTaken::Refused {
                code: "OperationNotAllowed".to_string(),
                message: "it has ended".to_string(),
            })
    }

    async fn keep_lock(&mut self) -> Result<(), LockTrouble> {
        self.at();
        self.locks += 1;
        if self.ills.lock_lost == Some(self.locks) {
            return Err(LockTrouble::Lost("somebody".to_string()));
        }
        if self.ills.lock_not_renewed.contains(&self.locks) {
            return Err(LockTrouble::NotRenewed("timeout".to_string()));
        }
        Ok(())
    }
}

/// Keeps what was told; beside it, as events, a line each.
#[derive(Debug, Default)]
pub struct Heard(pub Vec<String>, pub Vec<String>);

impl Teller for Heard {
    fn tell(&mut self, at: Timestamp, telling: &Telling) {
        let place = Place {
            cluster: "prod",
            until: Some(instant(14_400)),
        };
        self.1.push(event::line(
            at,
            &place,
            event::of_telling(at, &place, telling),
        ));
        self.0.push(match telling {
            Telling::Notice { what } => (*what).to_string(),
            Telling::Waiting { why, .. } => format!("waiting: {why}"),
            Telling::StepFailed { step, why } => format!("{} failed: {why}", step.id),
            Telling::Held { step } => format!("{} held", step.id),
            Telling::StepDone { step, evidence, .. } => {
                format!("{} done: {}", step.id, evidence.join("; "))
            }
            Telling::Sending { step } => format!("sending {}", step.id),
            _ => return,
        });
    }
}

/// A world, a plan for it, and a journal.
pub struct Stage {
    pub aks: Aks,
    pub plan: Plan,
    pub journal: PathBuf,
    pub sends: usize,
    pub options: Options,
    pub heard: Heard,
    /// Calls of the last run.
    pub calls: usize,
    pub aborts: usize,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.journal);
    }
}

/// A path of its own in memory, where the system has such a folder: every record is synchronised.
pub fn fresh(name: &str) -> PathBuf {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        memory.to_path_buf()
    } else {
        std::env::temp_dir()
    };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let path = folder.join(format!("aksplan-{}-{number}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

pub fn options() -> Options {
    Options {
        made_by: "test".to_string(),
        holder: "me".to_string(),
        orders: Orders::default(),
        on_blocked: OnBlocked::Wait,
        stuck_after: 60,
        poll: Duration::from_secs(5),
        settle: Duration::from_secs(30),
        doubt: Duration::from_secs(20),
        until: None,
        abort: false,
    }
}

/// The longest plan there is: a setting, the policy away, the move, its proof, the policy back, the setting back.
pub fn plan_of(aks: &Aks, choices: &Choices) -> Plan {
    let cluster = aks.inventory.cluster(ClusterIndex::new(0));
    let pod_cidr = range(POD_CIDR);
    let steps = sequence(cluster, pod_cidr, choices).expect("a way").steps;
    Plan {
        kind: KIND.to_string(),
        format_version: FORMAT_VERSION.to_string(),
        made_by: "test".to_string(),
        observed_at: None,
        target: Target {
            id: cluster.id.as_ref().map(ToString::to_string),
            name: cluster.name.clone(),
            resource_group: cluster.resource_group.clone(),
            subscription: Some("00000000-0000-0000-0000-000000000001".to_string()),
            tenant: None,
        },
        pod_cidr,
        pod_cidr_superset: None,
        steps,
        expected: None,
        findings: Vec::new(),
        breaks: dependents(&aks.inventory, cluster, Some(&pod_cidr)),
        ahead: None,
        not_checked: Vec::new(),
        facts: fingerprint::facts(&aks.inventory, cluster),
        fingerprint: String::new(),
        digest: String::new(),
    }
    .sealed()
}

pub fn long_choices() -> Choices {
    Choices {
        policy_after: Some(PolicyAfter::Calico),
        max_surge: vec![("apps".to_string(), IntOrPercent::Int(2))],
        drain_timeout: Vec::new(),
    }
}

impl Stage {
    pub fn long(name: &str) -> Self {
        Stage::of(name, Aks::new(Some("calico")), &long_choices())
    }

    /// Nothing but the move.
    pub fn short(name: &str) -> Self {
        Stage::of(name, Aks::new(None), &Choices::default())
    }

    pub fn of(name: &str, aks: Aks, choices: &Choices) -> Self {
        let plan = plan_of(&aks, choices);
        assert_eq!(
            aksplan::migrate::verify::verify(&plan),
            Vec::<String>::new()
        );
        Stage {
            plan,
            aks,
            journal: fresh(name),
            sends: 0,
            options: options(),
            heard: Heard::default(),
            calls: 0,
            aborts: 0,
        }
    }

    /// One run of the program; `None`: it was killed.
    pub fn run(&mut self, ills: Ills) -> Option<Outcome> {
        self.run_refusing(ills, &[])
    }

    pub fn run_refusing(&mut self, ills: Ills, refusals: &[String]) -> Option<Outcome> {
        let mut store =
            Store::open(&self.journal, &self.plan, instant(self.aks.now)).expect("a journal");
        let mut hands = Hands {
            aks: &mut self.aks,
            ills,
            journal: self.journal.clone(),
            plan: self.plan.clone(),
            calls: Cell::new(0),
            looks: 0,
            asks: 0,
            locks: 0,
            sends: &mut self.sends,
            aborts: 0,
        };
        let teller = &mut self.heard;
        let ended = catch_unwind(AssertUnwindSafe(|| {
            now(run(
                &self.plan,
                &mut store,
                &mut hands,
                teller,
                &self.options,
                refusals,
            ))
            .expect("the journal can be written")
        }));
        self.calls = hands.calls.get();
        self.aborts += hands.aborts;
        match ended {
            Ok(outcome) => Some(outcome),
            Err(killed) if killed.is::<Killed>() => None,
            Err(other) => resume_unwind(other),
        }
    }

    pub fn status(&self) -> Status {
        Store::look(&self.journal, &self.plan)
            .expect("a journal that replays")
            .expect("a journal")
            .0
    }

    pub fn events(&self) -> Vec<Event> {
        Store::look(&self.journal, &self.plan)
            .expect("a journal that replays")
            .map_or_else(Vec::new, |(_, records)| {
                records.into_iter().map(|record| record.event).collect()
            })
    }

    pub fn heard(&self, words: &str) -> bool {
        self.heard.0.iter().any(|said| said.contains(words))
    }
}

//! The loop, for a first run and for every one after it: replay the journal, take the next step, look; what holds already is noted; what
//! must hold and does not stops it; else the intention is recorded, the one write is sent, and its operation is watched until what the step
//! brings about holds. A write that may have arrived is looked for and never blindly repeated.

mod watch;
mod write;

use super::actuator::{Actuator, Depth, LockTrouble, Observed};
use super::journal::{Event, NOT_PROVEN, Orders, RunEnd, Status, StepState};
use super::store::{Store, StoreError};
use super::teller::{Teller, Telling};
use crate::finding::counted;
use crate::migrate::condition::{Baseline, Condition};
use crate::migrate::step::Action;
use crate::migrate::{Plan, Step};
use jiff::Timestamp;
use std::time::Duration;

/// What to do when a budget holds a pod back for too long, or another operation is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnBlocked {
    /// Go on watching: AKS tries until its drain timeout.
    #[default]
    Wait,
    /// End the run; AKS goes on by itself.
    Stop,
    /// Ask AKS to end the operation.
    Abort,
}

/// How the loop behaves.
#[derive(Debug, Clone)]
pub struct Options {
    pub made_by: String,
    pub holder: String,
    /// For the journal.
    pub orders: Orders,
    pub on_blocked: OnBlocked,
    /// Seconds after which a blocked pod counts as stuck.
    pub stuck_after: u32,
    /// Between two looks.
    pub poll: Duration,
    /// How long what a finished operation should have brought about may take to show.
    pub settle: Duration,
    /// How long a write in doubt is looked for before it counts as never arrived.
    pub doubt: Duration,
    /// No step is begun at or after it.
    pub until: Option<Timestamp>,
    /// AKS was asked, before this run, to end what runs: nothing is begun, and the end is watched for.
    pub abort: bool,
}

/// Whether a plan may be carried out on what is observed now: drift, obstacles, the clock, what is left of the window.
pub trait Judge {
    /// What stands in the way before the run looks at anything itself.
    fn before_the_run(&self) -> Vec<String>;

    /// What stands in the way of a step that drains nodes, judged over the very look whose eTag is sent.
    fn before_a_write(&self, observed: &Observed, status: &Status, now: Timestamp) -> Vec<String>;
}

/// Somebody who judged once, and does not again.
impl Judge for [String] {
    fn before_the_run(&self) -> Vec<String> {
        self.to_vec()
    }

    fn before_a_write(&self, _: &Observed, _: &Status, _: Timestamp) -> Vec<String> {
        Vec::new()
    }
}

/// How a run came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub how: RunEnd,
    pub why: String,
    /// What it leaves behind, in sentences.
    pub leaves: Vec<String>,
}

/// Times that a write is tried anew after somebody else changed the resource in between.
const MOST_CHANGES: u32 = 5;
/// Times that a write which never left this machine is tried.
const MOST_UNSENT: u32 = 5;
/// The longest wait for another operation at a time.
const LONGEST_BUSY: Duration = Duration::from_secs(60);

/// Carries the plan out, as far as it gets.
///
/// `judge` knows the window and the facts: with anything in the way before the run only its end is recorded, and every write that drains
/// is judged again.
///
/// # Errors
/// Where the journal cannot be written: nothing is sent that it was to announce.
pub async fn run<A: Actuator, T: Teller, J: Judge + ?Sized>(
    plan: &Plan,
    store: &mut Store,
    world: &mut A,
    teller: &mut T,
    options: &Options,
    judge: &J,
) -> Result<Outcome, StoreError> {
    let refusals = judge.before_the_run();
    let mut run = Run {
        plan,
        store,
        world,
        teller,
        options,
        judge,
        last: Vec::new(),
        ends_for: None,
    };
    let number = run.store.status().runs + 1;
    run.note(Event::RunBegan {
        run: number,
        made_by: options.made_by.clone(),
        holder: options.holder.clone(),
        orders: options.orders.clone(),
    })?;
    run.tell(&Telling::Began {
        run: number,
        resumed: run.store.status().wrote,
    });
    if run.store.torn > 0 {
        let bytes = run.store.torn;
        run.tell(&Telling::TornRecord { bytes });
    }
    let ended = if refusals.is_empty() {
        run.steps().await?
    } else {
        run.tell(&Telling::Refused { reasons: &refusals });
        Stop::new(RunEnd::Refused, refusals.join(" · "))
    };
    let leaves = run.leaves(ended.how).await;
    run.note(Event::RunEnded {
        run: number,
        how: ended.how,
        why: ended.why.clone(),
    })?;
    run.tell(&Telling::Ended {
        how: ended.how,
        why: &ended.why,
        leaves: &leaves,
    });
    Ok(Outcome {
        how: ended.how,
        why: ended.why,
        leaves,
    })
}

/// Why the run ends.
struct Stop {
    how: RunEnd,
    why: String,
}

impl Stop {
    fn new(how: RunEnd, why: impl Into<String>) -> Self {
        Stop {
            how,
            why: why.into(),
        }
    }
}

/// What comes after a step's turn.
enum Next {
    /// The step is over.
    Over,
    /// The same step again.
    Again,
    Stop(Stop),
}

struct Run<'r, A, T, J: ?Sized> {
    plan: &'r Plan,
    store: &'r mut Store,
    world: &'r mut A,
    teller: &'r mut T,
    options: &'r Options,
    judge: &'r J,
    /// What the last look would leave behind, for where nothing can be seen at the end.
    last: Vec<String>,
    /// The stuck pods for which AKS was asked to end the operation, in words.
    ends_for: Option<String>,
}

impl<A: Actuator, T: Teller, J: Judge + ?Sized> Run<'_, A, T, J> {
    fn note(&mut self, event: Event) -> Result<(), StoreError> {
        let now = self.world.now();
        self.store.append(self.plan, now, event)
    }

    fn tell(&mut self, telling: &Telling) {
        let now = self.world.now();
        self.teller.tell(now, telling);
    }

    fn notice(&mut self, step: &Step, what: String) -> Result<(), StoreError> {
        self.tell(&Telling::Notice { what: &what });
        self.note(Event::Noticed {
            step: Some(step.id.clone()),
            what,
        })
    }

    fn baseline(&self) -> Option<&Baseline> {
        self.store.status().baseline.as_ref()
    }

    async fn steps(&mut self) -> Result<Stop, StoreError> {
        let plan = self.plan;
        while let Some(position) = self.store.status().current() {
            let step = &plan.steps[position];
            self.tell(&Telling::Step {
                number: position + 1,
                of: plan.steps.len(),
                step,
            });
            let mut changes = 0;
            let mut unsent = 0;
            loop {
                if let Some(stop) = self.may_begin(step) {
                    return Ok(stop);
                }
                match self.turn(step, &mut changes, &mut unsent).await? {
                    Next::Over => break,
                    Next::Again => {}
                    Next::Stop(stop) => return Ok(stop),
                }
            }
        }
        let unproven = &self.store.status().unproven;
        let why = match unproven.len() {
            0 => "every step of the plan is done".to_string(),
            some => format!(
                "every step of the plan is done, and {} not proven: {}",
                counted(some as u64, "thing is", "things are"),
                unproven.join("; ")
            ),
        };
        Ok(Stop::new(RunEnd::Completed, why))
    }

    /// Nothing new is begun after an interrupt, or when the window is over. What runs already is watched on.
    fn may_begin(&mut self, step: &Step) -> Option<Stop> {
        if self.store.status().is_at_work(step) {
            return None;
        }
        if self.options.abort {
            return Some(Stop::new(
                RunEnd::Stopped,
                format!(
                    "nothing of this plan is under way, so there is nothing to end; step {} is not begun",
                    step.id
                ),
            ));
        }
        if self.world.is_interrupted() {
            return Some(Stop::new(
                RunEnd::Stopped,
                format!("interrupted before step {}", step.id),
            ));
        }
        let is_over = self
            .options
            .until
            .is_some_and(|until| self.world.now() >= until);
        // Settings that were changed for the move are put back whenever it is: that drains nothing.
        (is_over && drains(step)).then(|| {
            Stop::new(
                RunEnd::Stopped,
                format!("the window is over, and step {} is not begun", step.id),
            )
        })
    }

    async fn turn(
        &mut self,
        step: &Step,
        changes: &mut u32,
        unsent: &mut u32,
    ) -> Result<Next, StoreError> {
        if let Err(stop) = self.keep_lock().await {
            return Ok(Next::Stop(stop));
        }
        match self.store.status().step(&step.id).clone() {
            StepState::Done | StepState::Held => Ok(Next::Over),
            StepState::Running { operation, .. } => {
                let began = self.began(step);
                self.watch(step, operation, began).await
            }
            StepState::InDoubt { e_tag, .. } if step.write.is_some() => {
                self.look_for(step, e_tag.as_deref()).await
            }
            state => {
                let attempt = state.attempts() + 1;
                if step.write.is_some() {
                    self.begin(step, attempt, changes, unsent).await
                } else {
                    self.read_only(step, attempt).await
                }
            }
        }
    }

    fn began(&self, step: &Step) -> Timestamp {
        let times = &self.store.status().times;
        times
            .get(&step.id)
            .map_or_else(|| self.world.now(), |(began, _)| *began)
    }

    async fn keep_lock(&mut self) -> Result<(), Stop> {
        match self.world.keep_lock().await {
            Ok(()) => Ok(()),
            Err(LockTrouble::Lost(who)) => Err(Stop::new(
                RunEnd::Stopped,
                format!("the lock is somebody else's now: {who}"),
            )),
            // Watching needs no lock, and before a write it is asked for again.
            Err(LockTrouble::NotRenewed(why) | LockTrouble::Unsure(why)) => {
                self.tell(&Telling::Notice {
                    what: &format!("the lock could not be renewed this time: {why}"),
                });
                Ok(())
            }
        }
    }

    /// Looks until something is seen, or it is of no use.
    async fn observe(&mut self, depth: Depth) -> Result<Observed, Stop> {
        let mut tries = 0;
        loop {
            match self.world.observe(depth).await {
                Ok(observed) => {
                    self.last = super::leftover::sentences(&observed, self.plan);
                    return Ok(observed);
                }
                Err(why) => {
                    tries += 1;
                    if tries >= 5 || self.world.is_interrupted() {
                        return Err(Stop::new(
                            RunEnd::Stopped,
                            format!("the cluster cannot be read: {why}"),
                        ));
                    }
                    let wait = self.options.poll;
                    self.tell(&Telling::Waiting {
                        why: &why,
                        seconds: wait.as_secs(),
                    });
                    self.world.wait(wait).await;
                }
            }
        }
    }

    /// Conditions that do not hold, each with why.
    fn unmet(&self, conditions: &[Condition], observed: &Observed) -> Vec<String> {
        let (mut unmet, told_only) = self.judged(conditions, observed);
        unmet.extend(told_only);
        unmet
    }

    /// Conditions that do not hold; apart, those that do not fail a proof.
    fn judged(&self, conditions: &[Condition], observed: &Observed) -> (Vec<String>, Vec<String>) {
        let baseline = self.baseline();
        let mut unmet = Vec::new();
        let mut told_only = Vec::new();
        for condition in conditions {
            let holding = condition.judge(observed.sight(baseline));
            let Some(why) = holding.why() else { continue };
            let sentence = format!("{}: {why}", condition.words());
            if condition.is_told_only(&holding) {
                told_only.push(sentence);
            } else {
                unmet.push(sentence);
            }
        }
        (unmet, told_only)
    }

    /// A step that only reads: the check, and the proof at the end.
    async fn read_only(&mut self, step: &Step, attempt: u32) -> Result<Next, StoreError> {
        self.note(Event::StepStarted {
            step: step.id.clone(),
            attempt,
            e_tag: None,
            body: None,
        })?;
        let began = self.world.now();
        let (patience, depth) = match step.action {
            Action::Check => (Duration::ZERO, Depth::Whole),
            _ => (self.options.settle, Depth::Proof),
        };
        loop {
            let observed = match self.observe(depth).await {
                Ok(observed) => observed,
                Err(stop) => {
                    self.note(Event::StepFailed {
                        step: step.id.clone(),
                        why: stop.why.clone(),
                    })?;
                    return Ok(Next::Stop(stop));
                }
            };
            if matches!(step.action, Action::Check)
                && self.store.status().baseline.is_none()
                && !self.store.status().wrote
            {
                let baseline = Baseline::of(&observed.inventory, observed.cluster());
                self.note(Event::BaselineTaken { baseline })?;
            }
            let (mut unmet, told_only) = self.judged(&step.after, &observed);
            let waited = since(began, self.world.now());
            if self.world.is_interrupted() && !(unmet.is_empty() && told_only.is_empty()) {
                // Half a proof is none: the next run makes it anew.
                return Ok(Next::Stop(Stop::new(
                    RunEnd::Stopped,
                    format!("interrupted while step {} was looked at", step.id),
                )));
            }
            let is_late = waited >= patience;
            if unmet.is_empty() && (told_only.is_empty() || is_late) {
                return self.done(step, &observed);
            }
            if is_late {
                let why = unmet.join("; ");
                self.note(Event::StepFailed {
                    step: step.id.clone(),
                    why: why.clone(),
                })?;
                self.tell(&Telling::StepFailed { step, why: &why });
                let how = match step.action {
                    Action::Check => RunEnd::Refused,
                    _ => RunEnd::Failed,
                };
                return Ok(Next::Stop(Stop::new(how, why)));
            }
            unmet.extend(told_only);
            self.pause(&unmet.join("; ")).await;
            if let Err(stop) = self.keep_lock().await {
                self.note(Event::StepFailed {
                    step: step.id.clone(),
                    why: stop.why.clone(),
                })?;
                return Ok(Next::Stop(stop));
            }
        }
    }

    async fn pause(&mut self, why: &str) {
        let wait = self.options.poll;
        self.tell(&Telling::Waiting {
            why,
            seconds: wait.as_secs(),
        });
        self.world.wait(wait).await;
    }

    fn done(&mut self, step: &Step, observed: &Observed) -> Result<Next, StoreError> {
        let baseline = self.baseline();
        let evidence: Vec<String> = step
            .after
            .iter()
            .map(|condition| {
                let holding = condition.judge(observed.sight(baseline));
                match holding.why() {
                    None => condition.words(),
                    Some(why) => format!("{NOT_PROVEN}{}: {why}", condition.words()),
                }
            })
            .collect();
        let seconds = since(self.began(step), self.world.now()).as_secs();
        self.note(Event::StepDone {
            step: step.id.clone(),
            evidence: evidence.clone(),
        })?;
        self.tell(&Telling::StepDone {
            step,
            seconds: u32::try_from(seconds).unwrap_or(u32::MAX),
            evidence: &evidence,
        });
        Ok(Next::Over)
    }

    /// What the run leaves behind, as far as it can still be seen.
    async fn leaves(&mut self, how: RunEnd) -> Vec<String> {
        if how == RunEnd::Completed {
            return Vec::new();
        }
        if how == RunEnd::Refused && !self.store.status().wrote {
            return vec!["Nothing was written.".to_string()];
        }
        let mut leaves = match self.world.observe(Depth::Watch).await {
            Ok(observed) => super::leftover::sentences(&observed, self.plan),
            Err(_) => std::mem::take(&mut self.last),
        };
        let status = self.store.status();
        let is_put_back = |name: &str| {
            self.plan.steps.iter().any(|step| {
                matches!(&step.action, Action::RestoreUpgradeSettings { pool, .. } if pool == name)
                    && status.step(&step.id).is_over()
            })
        };
        let to_restore: Vec<&str> = self
            .plan
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::SetUpgradeSettings { pool, .. }
                    if status.step(&step.id).is_over() && !is_put_back(pool) =>
                {
                    Some(pool.as_str())
                }
                _ => None,
            })
            .collect();
        if !to_restore.is_empty() {
            leaves.push(format!(
                "Upgrade settings of pool {} are still those for the move.",
                to_restore.join(", ")
            ));
        }
        if let Some(position) = status.current() {
            let step = &self.plan.steps[position];
            let is_untouched = matches!(
                status.step(&step.id),
                StepState::Pending | StepState::NotTaken { .. }
            ) && !status.failed.contains(&step.id);
            // What was never taken left nothing half done, and what runs has not failed.
            leaves.push(match status.step(&step.id) {
                StepState::Running { .. } => format!(
                    "AKS goes on with step {} by itself; resume watches it to its end.",
                    step.id
                ),
                StepState::InDoubt { .. } if step.write.is_some() => format!(
                    "Whether Azure took the write of step {} is not known; resume looks for it before anything else.",
                    step.id
                ),
                _ if is_untouched => format!(
                    "Nothing of step {} was done; resume goes on with it.",
                    step.id
                ),
                _ => step.on_failure.clone(),
            });
        }
        leaves
    }
}

fn since(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// Whether a step drains nodes, or leads to one that does.
fn drains(step: &Step) -> bool {
    step.reimages || matches!(step.action, Action::SetUpgradeSettings { .. })
}

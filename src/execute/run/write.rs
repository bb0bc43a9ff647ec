//! The one write of a step: begun on a look that was judged, sent once, and looked for where nobody knows whether it arrived. Watches
//! nothing.

use super::{
    Judge, LONGEST_BUSY, MOST_CHANGES, MOST_UNSENT, Next, OnBlocked, Run, Stop, drains, since,
};
use crate::execute::actuator::{
    Actuator, Depth, LockTrouble, NotTaken, Observed, Taken, Unprepared,
};
use crate::execute::journal::{Event, RunEnd};
use crate::execute::store::StoreError;
use crate::execute::teller::{Teller, Telling};
use crate::migrate::Step;
use crate::migrate::condition::{Condition, Holding};

impl<A: Actuator, T: Teller, J: Judge + ?Sized> Run<'_, A, T, J> {
    /// Looks, judges, records the intention, sends.
    pub(super) async fn begin(
        &mut self,
        step: &Step,
        attempt: u32,
        changes: &mut u32,
        unsent: &mut u32,
    ) -> Result<Next, StoreError> {
        let write = step.write.as_ref().expect("asked of steps that write only");
        let observed = match self.observe(Depth::Whole).await {
            Ok(observed) => observed,
            Err(stop) => return Ok(Next::Stop(stop)),
        };
        if self.judged(&step.after, &observed).0.is_empty() {
            self.note(Event::StepHeld {
                step: step.id.clone(),
            })?;
            self.tell(&Telling::Held { step });
            return Ok(Next::Over);
        }
        let conditions = self.store.status().before(step);
        let unmet = self.unmet(conditions, &observed);
        // A stopped cluster, or a state that was not read, is no operation that ends.
        let is_busy = !observed.cluster().is_stopped()
            && matches!(
                Condition::NoOperationRuns.judge(observed.sight(None)),
                Holding::Fails(_)
            );
        if !unmet.is_empty() && is_busy && self.options.on_blocked == OnBlocked::Wait {
            // Somebody else's operation ends; whether the step may begin is judged anew then.
            self.pause(&unmet.join("; ")).await;
            return Ok(Next::Again);
        }
        if !unmet.is_empty() {
            return Ok(Next::Stop(Stop::new(
                RunEnd::Refused,
                format!(
                    "step {} cannot begin, and nothing was sent: {}",
                    step.id,
                    unmet.join("; ")
                ),
            )));
        }
        let Some(e_tag) = observed.e_tags.of(&write.resource).map(str::to_string) else {
            return Ok(Next::Stop(Stop::new(
                RunEnd::Refused,
                format!(
                    "step {} cannot begin, and nothing was sent: Azure names no eTag, without which a write might undo what \
                     somebody else did meanwhile",
                    step.id
                ),
            )));
        };
        // Judged before the resource is read for the last time: between that and the write nothing takes long.
        if drains(step) {
            let now = self.world.now();
            let reasons = self
                .judge
                .before_a_write(&observed, self.store.status(), now);
            if !reasons.is_empty() {
                self.tell(&Telling::Refused { reasons: &reasons });
                return Ok(Next::Stop(Stop::new(
                    RunEnd::Refused,
                    format!("step {} is not begun: {}", step.id, reasons.join(" · ")),
                )));
            }
        }
        let prepared = match self.world.prepare(write, &e_tag).await {
            Ok(prepared) => prepared,
            Err(Unprepared::Changed) => return Ok(self.look_again(step, changes)),
            Err(Unprepared::Failed(why)) => {
                return Ok(Next::Stop(Stop::new(
                    RunEnd::Stopped,
                    format!("step {} was not sent: {why}", step.id),
                )));
            }
        };
        // Reading took its time: lock and clock are asked once more, right before the write.
        match self.world.keep_lock().await {
            Ok(()) => {}
            Err(LockTrouble::Lost(who)) => {
                return Ok(Next::Stop(Stop::new(
                    RunEnd::Stopped,
                    format!(
                        "step {} was not sent: the lock is somebody else's now: {who}",
                        step.id
                    ),
                )));
            }
            // Without a lock that is surely ours nothing is sent; the next turn looks again.
            Err(LockTrouble::NotRenewed(why) | LockTrouble::Unsure(why)) => {
                *unsent += 1;
                if *unsent >= MOST_UNSENT {
                    return Ok(Next::Stop(Stop::new(
                        RunEnd::Stopped,
                        format!(
                            "step {} was not sent: the lock could not be renewed: {why}",
                            step.id
                        ),
                    )));
                }
                self.pause(&format!("the lock could not be renewed: {why}"))
                    .await;
                return Ok(Next::Again);
            }
        }
        if let Some(stop) = self.may_begin(step) {
            return Ok(Next::Stop(stop));
        }
        self.tell(&Telling::Sending { step });
        self.note(Event::StepStarted {
            step: step.id.clone(),
            attempt,
            e_tag: Some(prepared.e_tag.clone()),
            body: Some(prepared.digest.clone()),
        })?;
        match self.world.send(&prepared).await {
            Ok(Taken { operation }) => {
                self.note(Event::WriteAccepted {
                    step: step.id.clone(),
                    operation,
                })?;
                self.tell(&Telling::Accepted { step });
                Ok(Next::Again)
            }
            Err(refusal) => self.not_taken(step, refusal, changes, unsent).await,
        }
    }

    fn look_again(&mut self, step: &Step, changes: &mut u32) -> Next {
        *changes += 1;
        if *changes >= MOST_CHANGES {
            return Next::Stop(Stop::new(
                RunEnd::Stopped,
                format!(
                    "somebody else keeps changing what step {} writes to, and it was not sent",
                    step.id
                ),
            ));
        }
        self.tell(&Telling::Notice {
            what: "somebody else changed it in between: looking again before anything is sent",
        });
        Next::Again
    }

    async fn not_taken(
        &mut self,
        step: &Step,
        refusal: NotTaken,
        changes: &mut u32,
        unsent: &mut u32,
    ) -> Result<Next, StoreError> {
        let refused = |code: &str, message: String| Event::WriteRefused {
            step: step.id.clone(),
            code: code.to_string(),
            message,
        };
        match refusal {
            NotTaken::Changed => {
                self.note(refused(
                    "412",
                    "the resource was changed in between".to_string(),
                ))?;
                Ok(self.look_again(step, changes))
            }
            NotTaken::Busy { why, wait } => {
                self.note(refused("409", why.clone()))?;
                if self.options.on_blocked != OnBlocked::Wait {
                    return Ok(Next::Stop(Stop::new(
                        RunEnd::Refused,
                        format!("step {} was not taken: {why}", step.id),
                    )));
                }
                let wait = wait.unwrap_or(self.options.poll).min(LONGEST_BUSY);
                self.tell(&Telling::Waiting {
                    why: &why,
                    seconds: wait.as_secs(),
                });
                self.world.wait(wait).await;
                Ok(Next::Again)
            }
            NotTaken::Throttled { wait } => {
                let wait = wait.unwrap_or(LONGEST_BUSY);
                self.note(refused(
                    "429",
                    format!("Azure asks to wait {} s", wait.as_secs()),
                ))?;
                self.tell(&Telling::Waiting {
                    why: "Azure throttles",
                    seconds: wait.as_secs(),
                });
                self.world.wait(wait).await;
                Ok(Next::Again)
            }
            NotTaken::Refused { code, message } => {
                let why = format!("{code}: {message}");
                self.note(refused(&code, message))?;
                self.tell(&Telling::StepFailed { step, why: &why });
                Ok(Next::Stop(Stop::new(
                    RunEnd::Failed,
                    format!("AKS refused step {}: {why}", step.id),
                )))
            }
            NotTaken::NotSent(why) => {
                self.note(refused("not-sent", why.clone()))?;
                *unsent += 1;
                if *unsent >= MOST_UNSENT {
                    return Ok(Next::Stop(Stop::new(
                        RunEnd::Stopped,
                        format!("step {} could not be sent: {why}", step.id),
                    )));
                }
                self.pause(&why).await;
                Ok(Next::Again)
            }
            // The journal says begun, and no more: the next turn looks for it.
            NotTaken::InDoubt(why) => {
                self.notice(
                    step,
                    format!("whether the write arrived is not known ({why}): looking for it"),
                )?;
                Ok(Next::Again)
            }
        }
    }

    /// Looks for a write that may have arrived, until it shows or has had its time.
    pub(super) async fn look_for(
        &mut self,
        step: &Step,
        e_tag: Option<&str>,
    ) -> Result<Next, StoreError> {
        let write = step.write.as_ref().expect("asked of steps that write only");
        let began = self.world.now();
        loop {
            let observed = match self.observe(Depth::Watch).await {
                Ok(observed) => observed,
                Err(stop) => return Ok(Next::Stop(stop)),
            };
            let is_quiet = observed.is_quiet();
            let is_same = observed.e_tags.of(&write.resource) == e_tag;
            // With the eTag from before and nothing running, what shows is what an earlier attempt left.
            if self.shows(step, &observed) && !(is_quiet && is_same) {
                self.note(Event::DoubtResolved {
                    step: step.id.clone(),
                    happened: true,
                })?;
                self.tell(&Telling::Notice {
                    what: "the write arrived: it shows, and is not sent again",
                });
                return Ok(Next::Again);
            }
            let waited = since(began, self.world.now());
            let state = observed.cluster().provisioning_state.as_deref();
            let has_failed = state.is_some_and(|state| !state.eq_ignore_ascii_case("Succeeded"));
            if is_quiet && !is_same && has_failed {
                // Something was begun, and failed before it changed anything: ours, as far as can be told, and taken as failed.
                self.note(Event::DoubtResolved {
                    step: step.id.clone(),
                    happened: true,
                })?;
                self.tell(&Telling::Notice {
                    what: "the resource was changed, and its state is not Succeeded: taken for the write, which has failed",
                });
                return Ok(Next::Again);
            }
            if is_quiet && waited >= self.options.doubt {
                self.note(Event::DoubtResolved {
                    step: step.id.clone(),
                    happened: false,
                })?;
                self.tell(&Telling::Notice {
                    what: if is_same {
                        "the write never arrived: nothing runs, and the eTag is the one from before"
                    } else {
                        "the write never arrived: nothing runs and nothing of it shows, though somebody else changed something"
                    },
                });
                return Ok(Next::Again);
            }
            if self.world.is_interrupted() {
                return Ok(Next::Stop(Stop::new(
                    RunEnd::Stopped,
                    format!(
                        "interrupted while it is not known whether the write of step {} arrived: the next run looks for it first",
                        step.id
                    ),
                )));
            }
            self.pause("whether the write arrived is not known yet")
                .await;
            if let Err(stop) = self.keep_lock().await {
                return Ok(Next::Stop(stop));
            }
        }
    }

    /// Whether what the step writes is what the resource says now.
    fn shows(&self, step: &Step, observed: &Observed) -> bool {
        step.after
            .iter()
            .filter(|condition| condition.is_of_the_profile())
            .all(|condition| condition.judge(observed.sight(None)).holds())
    }
}

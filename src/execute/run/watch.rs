//! What the loop does while AKS is at work: asks how the operation stands, looks at the cluster, tells, and ends where it should. Begins no
//! step; the one thing that it sends is an abort, where a stuck pod is to have that end.

use super::{Judge, Next, OnBlocked, Run, Stop, since};
use crate::execute::actuator::{Actuator, Depth, NotTaken, Observed, Standing};
use crate::execute::journal::{Event, RunEnd};
use crate::execute::store::StoreError;
use crate::execute::teller::{Teller, Telling};
use crate::migrate::Step;
use crate::migrate::pace::{Pace, Progress, Watch};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::time::Duration;

/// Questions after an operation in a row that nobody answers, after which the cluster's own state is followed: Azure forgets operations.
const MOST_UNHEARD: u32 = 5;
/// The longest that Azure's wish to be asked later is followed: nodes are looked at all the same.
const LONGEST_POLL: Duration = Duration::from_secs(60);

/// How long one run watches one operation: three times what all but one future in a hundred take, and two hours; a day for a reimage that
/// was not simulated, two hours for a pool's settings. Then the run ends and says so; AKS goes on, and a resume watches on.
fn deadline(step: &Step) -> Duration {
    const HOUR: u64 = 3_600;
    Duration::from_secs(match (step.expected, step.reimages) {
        (Some(expected), _) => 3 * u64::from(expected.p99) + 2 * HOUR,
        (None, true) => 24 * HOUR,
        (None, false) => 2 * HOUR,
    })
}

/// Nobody said how it stands.
fn unknown() -> Standing {
    Standing::Running {
        status: None,
        remark: None,
        wait: None,
        by_state: false,
    }
}

impl<A: Actuator, T: Teller, J: Judge + ?Sized> Run<'_, A, T, J> {
    /// Watches what Azure took until what the step brings about holds.
    pub(super) async fn watch(
        &mut self,
        step: &Step,
        mut operation: Option<String>,
        began: Timestamp,
    ) -> Result<Next, StoreError> {
        let mut unheard = 0;
        let mut watch = Watch::new(step, began, self.options.stuck_after);
        let mut ended_at: Option<Timestamp> = None;
        let mut told_stuck = false;
        let mut asked_to_end = false;
        if self.options.abort && !self.store.status().aborting {
            self.note(Event::AbortStarted)?;
            self.note(Event::AbortAccepted)?;
        }
        let mut told_by_state = false;
        let mut remarks = BTreeSet::new();
        let from = self.world.now();
        loop {
            let standing = match (&operation, ended_at) {
                (Some(asked), None) => match self.world.ask(asked).await {
                    Ok(standing) => {
                        unheard = 0;
                        standing
                    }
                    Err(why) => {
                        unheard += 1;
                        self.tell(&Telling::Notice {
                            what: &format!("how the operation stands could not be asked: {why}"),
                        });
                        if unheard >= MOST_UNHEARD {
                            operation = None;
                        }
                        unknown()
                    }
                },
                // Followed by the state of the resource itself.
                _ => unknown(),
            };
            let mut wait = self.options.poll;
            if let Standing::Running {
                remark,
                wait: asked,
                by_state,
                ..
            } = &standing
            {
                wait = wait.max(asked.unwrap_or_default().min(LONGEST_POLL));
                if *by_state && !told_by_state {
                    told_by_state = true;
                    self.tell(&Telling::Notice {
                        what: "only the run that began the operation may read it: the provisioning state is followed instead",
                    });
                }
                if let Some(remark) = remark
                    && remarks.insert(remark.clone())
                {
                    self.notice(step, format!("AKS says beside it, and goes on: {remark}"))?;
                }
            }
            let over = matches!(standing, Standing::Succeeded | Standing::Ended { .. })
                || ended_at.is_some();
            let depth = if over { Depth::Proof } else { Depth::Watch };
            let observed = match self.observe(depth).await {
                Ok(observed) => observed,
                Err(stop) => return Ok(Next::Stop(stop)),
            };
            if let Standing::Ended { status, why } = &standing {
                return self.operation_failed(step, status, why);
            }
            if operation.is_none()
                && let Some(stop) = self.failed_by_state(step, &observed)?
            {
                return Ok(stop);
            }
            let status = match &standing {
                Standing::Running { status, .. } => status.clone(),
                _ => None,
            };
            let baseline = self.baseline();
            let (progress, notices) = watch.look(
                observed.sight(baseline),
                self.world.now(),
                status.as_deref(),
                &observed.not_read,
            );
            for what in notices {
                self.notice(step, what)?;
            }
            if step.reimages {
                self.tell(&Telling::Progress {
                    step,
                    progress: &progress,
                });
            }
            if matches!(standing, Standing::Succeeded) || ended_at.is_some() || operation.is_none()
            {
                let observed = if depth == Depth::Proof {
                    observed
                } else {
                    match self.observe(Depth::Proof).await {
                        Ok(observed) => observed,
                        Err(stop) => return Ok(Next::Stop(stop)),
                    }
                };
                let (unmet, _) = self.judged(&step.after, &observed);
                if unmet.is_empty() {
                    return self.done(step, &observed);
                }
                let is_quiet = observed.is_quiet();
                let now = self.world.now();
                let ended = *ended_at.get_or_insert(now);
                if !is_quiet {
                    ended_at = Some(now);
                } else if since(ended, now) >= self.options.settle {
                    let why = format!(
                        "the operation is over, and this does not hold: {}",
                        unmet.join("; ")
                    );
                    return self.step_failed(step, why);
                }
            }
            if let Some(words) = self.stuck(step, &progress, &mut told_stuck)? {
                match self.options.on_blocked {
                    OnBlocked::Wait => {}
                    OnBlocked::Stop => {
                        return Ok(Next::Stop(Stop::new(
                            RunEnd::Stopped,
                            format!(
                                "stuck, and told to stop: {words}; AKS goes on trying until its drain timeout"
                            ),
                        )));
                    }
                    // Once, if it was heard: a refusal is no reason to ask at every look.
                    OnBlocked::Abort if !asked_to_end => {
                        self.ends_for = Some(words);
                        asked_to_end = self.abort(step).await?;
                    }
                    OnBlocked::Abort => {}
                }
            } else {
                asked_to_end = false;
            }
            if self.world.is_interrupted() {
                return Ok(Next::Stop(Stop::new(
                    RunEnd::Stopped,
                    format!(
                        "interrupted while AKS carries out step {}: AKS goes on by itself",
                        step.id
                    ),
                )));
            }
            let watched = since(from, self.world.now());
            if watched >= deadline(step) {
                return Ok(Next::Stop(Stop::new(
                    RunEnd::Stopped,
                    format!(
                        "AKS is still at step {} after {} min of watching, far longer than anything foreseen: AKS goes on by itself, and \
                         resume watches on",
                        step.id,
                        watched.as_secs() / 60
                    ),
                )));
            }
            self.world.wait(wait).await;
            if let Err(stop) = self.keep_lock().await {
                return Ok(Next::Stop(stop));
            }
        }
    }

    fn step_failed(&mut self, step: &Step, why: String) -> Result<Next, StoreError> {
        self.note(Event::StepFailed {
            step: step.id.clone(),
            why: why.clone(),
        })?;
        self.tell(&Telling::StepFailed { step, why: &why });
        Ok(Next::Stop(Stop::new(
            RunEnd::Failed,
            format!("step {}: {why}", step.id),
        )))
    }

    fn operation_failed(
        &mut self,
        step: &Step,
        status: &str,
        why: &str,
    ) -> Result<Next, StoreError> {
        // Nobody but who asks AKS to end it makes it so, whoever that was.
        let aborted = status.eq_ignore_ascii_case("Canceled");
        let why = match (aborted, self.store.status().aborting, &self.ends_for) {
            (true, true, Some(words)) => {
                format!(
                    "the operation was aborted (Canceled), as told for a pod that is stuck: {words}"
                )
            }
            (true, true, None) => {
                "the operation was aborted (Canceled), as somebody asked".to_string()
            }
            (true, false, _) => {
                format!(
                    "the operation was aborted (Canceled): somebody else asked AKS to end it ({why})"
                )
            }
            (false, ..) => format!("the operation ended as {status}: {why}"),
        };
        let next = self.step_failed(step, why.clone())?;
        Ok(if aborted {
            Next::Stop(Stop::new(
                RunEnd::Aborted,
                format!("step {}: {why}", step.id),
            ))
        } else {
            next
        })
    }

    /// Where the operation itself cannot be asked, the resource says how it ended.
    fn failed_by_state(
        &mut self,
        step: &Step,
        observed: &Observed,
    ) -> Result<Option<Next>, StoreError> {
        let cluster = observed.cluster();
        let state = cluster.provisioning_state.as_deref().unwrap_or_default();
        let pools = cluster.pools.iter().filter_map(|pool| {
            let state = pool.provisioning_state.as_deref()?;
            Some((format!("pool {}", pool.name), state))
        });
        let ended = std::iter::once(("the cluster".to_string(), state))
            .chain(pools)
            .find(|(_, state)| {
                state.eq_ignore_ascii_case("Failed") || state.eq_ignore_ascii_case("Canceled")
            });
        match ended {
            Some((who, state)) if observed.is_quiet() => {
                let state = state.to_string();
                self.operation_failed(step, &state, &format!("{who} says so"))
                    .map(Some)
            }
            _ => Ok(None),
        }
    }

    /// A pod that a budget holds back for too long, in words; told once.
    fn stuck(
        &mut self,
        step: &Step,
        progress: &Progress,
        told: &mut bool,
    ) -> Result<Option<String>, StoreError> {
        let Pace::Stuck { .. } = progress.pace else {
            *told = false;
            return Ok(None);
        };
        let words: Vec<String> = progress
            .blocked
            .iter()
            .take(3)
            .map(|blocked| {
                format!(
                    "{} on {} is held back by {}: {}",
                    blocked.pod,
                    blocked.node,
                    blocked.budgets.join(" and "),
                    blocked.release
                )
            })
            .collect();
        let words = words.join("; ");
        if !*told {
            *told = true;
            self.notice(step, format!("stuck: {words}"))?;
        }
        Ok(Some(words))
    }

    /// Asks Azure to end the operation; its end is then watched for. `false`: the question did not reach it, and is put again.
    async fn abort(&mut self, step: &Step) -> Result<bool, StoreError> {
        self.note(Event::AbortStarted)?;
        let write = step.write.as_ref().expect("what is watched was written");
        match self.world.abort(&write.resource).await {
            Ok(_) => {
                self.note(Event::AbortAccepted)?;
                self.notice(
                    step,
                    "AKS was asked to end the operation; nodes stay as they are".to_string(),
                )?;
                Ok(true)
            }
            // It may end all the same: what then comes is taken for the abort's.
            Err(NotTaken::InDoubt(why)) => {
                self.notice(
                    step,
                    format!("whether AKS ends the operation is not known: {why}"),
                )?;
                Ok(true)
            }
            Err(refusal) => {
                let why = refusal.to_string();
                self.note(Event::AbortRefused { why: why.clone() })?;
                self.tell(&Telling::Notice {
                    what: &format!("AKS does not end the operation: {why}"),
                });
                // Refused, it may have ended by itself (UPG-15).
                Ok(!matches!(
                    refusal,
                    NotTaken::Throttled { .. } | NotTaken::NotSent(_)
                ))
            }
        }
    }
}

//! What the loop does while AKS is at work: asks how the operation stands, looks at the cluster, tells, and ends where it should. Begins no
//! step; the one thing that it sends is an abort that was asked for.

use super::{Judge, Next, OnBlocked, Run, Stop, is_quiet, since};
use crate::execute::actuator::{Actuator, Depth, NotTaken, Observed, Standing};
use crate::execute::journal::{Event, RunEnd};
use crate::execute::store::StoreError;
use crate::execute::teller::{Teller, Telling};
use crate::migrate::Step;
use crate::migrate::pace::{Pace, Progress, Watch};
use jiff::Timestamp;

/// Questions after an operation in a row that nobody answers, after which the cluster's own state is followed: Azure forgets operations.
const MOST_UNHEARD: u32 = 5;

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
        let mut abort = self.options.abort;
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
                        Standing::Running {
                            status: None,
                            remark: None,
                        }
                    }
                },
                // Followed by the state of the resource itself.
                _ => Standing::Running {
                    status: None,
                    remark: None,
                },
            };
            let over = matches!(standing, Standing::Succeeded | Standing::Ended { .. })
                || ended_at.is_some();
            let depth = if over { Depth::Whole } else { Depth::Watch };
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
                let observed = if depth == Depth::Whole {
                    observed
                } else {
                    match self.observe(Depth::Whole).await {
                        Ok(observed) => observed,
                        Err(stop) => return Ok(Next::Stop(stop)),
                    }
                };
                let (unmet, _) = self.judged(&step.after, &observed);
                if unmet.is_empty() {
                    return self.done(step, &observed);
                }
                let is_quiet = is_quiet(&observed);
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
            if abort {
                abort = false;
                if let Some(stop) = self.abort(step).await? {
                    return Ok(Next::Stop(stop));
                }
            }
            if let Some(stop) = self.stuck(step, &progress, &mut told_stuck).await? {
                return Ok(Next::Stop(stop));
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
            self.world.wait(self.options.poll).await;
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
        let aborted = self.store.status().aborting && status.eq_ignore_ascii_case("Canceled");
        let why = format!("the operation ended as {status}: {why}");
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
            Some((who, state)) if is_quiet(observed) => {
                let state = state.to_string();
                self.operation_failed(step, &state, &format!("{who} says so"))
                    .map(Some)
            }
            _ => Ok(None),
        }
    }

    /// What to do about a pod that a budget holds back.
    async fn stuck(
        &mut self,
        step: &Step,
        progress: &Progress,
        told: &mut bool,
    ) -> Result<Option<Stop>, StoreError> {
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
        let is_new = !*told;
        if is_new {
            *told = true;
            self.notice(step, format!("stuck: {words}"))?;
        }
        match self.options.on_blocked {
            OnBlocked::Wait => Ok(None),
            OnBlocked::Stop => Ok(Some(Stop::new(
                RunEnd::Stopped,
                format!(
                    "stuck, and told to stop: {words}; AKS goes on trying until its drain timeout"
                ),
            ))),
            OnBlocked::Abort => {
                // Once while it is stuck: a refusal is no reason to ask at every look.
                if !is_new {
                    return Ok(None);
                }
                self.abort(step).await
            }
        }
    }

    /// Asks Azure to end the operation; its end is then watched for.
    async fn abort(&mut self, step: &Step) -> Result<Option<Stop>, StoreError> {
        self.note(Event::AbortStarted)?;
        match self.world.abort().await {
            Ok(_) => {
                self.note(Event::AbortAccepted)?;
                self.notice(
                    step,
                    "AKS was asked to end the operation; nodes stay as they are".to_string(),
                )?;
                Ok(None)
            }
            Err(NotTaken::Refused { code, message }) => {
                // It may have ended by itself (UPG-15).
                let why = format!("{code}: {message}");
                self.note(Event::AbortRefused { why: why.clone() })?;
                self.tell(&Telling::Notice {
                    what: &format!("AKS does not end the operation: {why}"),
                });
                Ok(None)
            }
            // It may end all the same: what then comes is taken for the abort's.
            Err(NotTaken::InDoubt(why)) => {
                self.notice(
                    step,
                    format!("whether AKS ends the operation is not known: {why}"),
                )?;
                Ok(None)
            }
            Err(other) => {
                let why = match other {
                    NotTaken::Busy { why, .. } | NotTaken::NotSent(why) => why,
                    NotTaken::Throttled { .. } => "Azure throttles".to_string(),
                    _ => "the cluster was changed in between".to_string(),
                };
                self.note(Event::AbortRefused { why: why.clone() })?;
                self.tell(&Telling::Notice {
                    what: &format!("AKS was not asked to end the operation: {why}"),
                });
                Ok(None)
            }
        }
    }
}

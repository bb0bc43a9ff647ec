//! `--abort`: asks AKS to end what runs before anything else is read, with one look at its state and one question to a person. The journal
//! is then watched to its end where it is here and free; else only states are, for another run holds it and notes the end itself, or the
//! plan was begun elsewhere.

use super::super::{CliError, Ending};
use super::carry::CarryArgs;
use super::telling::Screen;
use crate::execute::actuator::{Actuator, Depth, NotTaken};
use crate::execute::azure::Interrupt;
use crate::execute::halt::Halt;
use crate::execute::journal::Status;
use crate::execute::leftover;
use crate::execute::store::{Store, StoreError};
use crate::migrate::Plan;
use crate::migrate::step::Resource;
use jiff::Timestamp;
use std::path::Path;
use std::time::Duration;

/// Times that a question is put which did not reach AKS, and looks in a row that may fail.
const MOST_TRIES: u32 = 5;

/// The journal, as far as it is of use.
struct Known {
    /// What the step that is under way writes to; the cluster where nobody knows.
    resource: Resource,
    /// Its journal, free to be written to; else why none is written.
    store: Result<Box<Store>, &'static str>,
}

impl Known {
    fn of(journal: &Path, plan: &Plan) -> Self {
        let step_at_work = |status: &Status| {
            let step = &plan.steps[status.current()?];
            let write = step.write.as_ref().filter(|_| status.is_at_work(step));
            write.map(|write| write.resource.clone())
        };
        let unknown = |because| Known {
            resource: Resource::Cluster,
            store: Err(because),
        };
        if !journal.exists() {
            return unknown("this plan has no journal here: the end is noted nowhere");
        }
        match Store::open(journal, plan, Timestamp::now()) {
            Ok(store) => match step_at_work(store.status()) {
                Some(resource) => Known {
                    resource,
                    store: Ok(Box::new(store)),
                },
                None => unknown(
                    "by its journal nothing of this plan is under way: the end is not noted there",
                ),
            },
            Err(StoreError::Locked(_)) => {
                let found = Store::look(journal, plan).ok().flatten();
                let resource = found.and_then(|(status, _)| step_at_work(&status));
                Known {
                    resource: resource.unwrap_or(Resource::Cluster),
                    store: Err("another aksplan watches this plan, and notes the end itself"),
                }
            }
            Err(_) => unknown("the journal cannot be used: the end is noted nowhere"),
        }
    }
}

/// What came of it.
pub enum Halted {
    /// There is nothing more to do.
    Over(Ending),
    /// AKS was asked, and this journal is to be watched to its end.
    Asked(Box<Store>),
}

/// Asks, where anything runs.
///
/// # Errors
/// Where nobody may be asked, the state cannot be read, or AKS refuses.
pub async fn halt(
    plan: &Plan,
    args: &CarryArgs,
    journal: &Path,
    halt: &Halt,
    interrupt: &Interrupt,
    screen: &mut Screen<'_>,
) -> Result<Halted, CliError> {
    let states = halt
        .states()
        .await
        .map_err(|why| CliError::Unready(format!("the cluster cannot be read: {why}")))?;
    if states.are_quiet() {
        screen.note(
            Timestamp::now(),
            &format!(
                "nothing is under way, and nothing was asked of AKS: {}",
                states.words()
            ),
        );
        return Ok(Halted::Over(Ending::Findings));
    }
    super::execute::confirm(plan, args, false)?;
    let known = Known::of(journal, plan);
    if let Err(because) = known.store {
        screen.note(Timestamp::now(), because);
    }
    let mut tries = 0;
    loop {
        let wait = match halt.ask(&known.resource).await {
            Ok(_) => {
                screen.note(
                    Timestamp::now(),
                    "AKS was asked to end the operation; nodes stay as they are",
                );
                break;
            }
            // It may have arrived: what becomes of the operation tells.
            Err(NotTaken::InDoubt(why)) => {
                screen.note(
                    Timestamp::now(),
                    &format!("whether AKS ends the operation is not known: {why}"),
                );
                break;
            }
            Err(NotTaken::Throttled { wait }) => wait,
            Err(NotTaken::NotSent(why)) => {
                screen.note(
                    Timestamp::now(),
                    &format!("AKS could not be asked yet: {why}"),
                );
                None
            }
            Err(refusal) => {
                return Err(CliError::Unready(format!(
                    "AKS does not end the operation: {refusal}"
                )));
            }
        };
        tries += 1;
        if tries >= MOST_TRIES || interrupt.is_asked() {
            return Err(CliError::Unready(
                "AKS could not be asked to end the operation, which goes on; try again, or by hand: az aks operation-abort"
                    .to_string(),
            ));
        }
        tokio::time::sleep(wait.unwrap_or(Duration::from_secs_f64(args.poll))).await;
    }
    match known.store {
        Ok(store) => Ok(Halted::Asked(store)),
        Err(_) => {
            until_quiet(halt, args, interrupt, screen).await;
            Ok(Halted::Over(Ending::Unfinished))
        }
    }
}

/// Watches states until nothing runs.
pub async fn until_quiet(
    halt: &Halt,
    args: &CarryArgs,
    interrupt: &Interrupt,
    screen: &mut Screen<'_>,
) {
    let mut blind = 0;
    while !interrupt.is_asked() {
        match halt.states().await {
            Ok(states) if states.are_quiet() => {
                screen.note(
                    Timestamp::now(),
                    &format!("nothing runs now: {}", states.words()),
                );
                return;
            }
            Ok(_) => blind = 0,
            Err(why) => {
                blind += 1;
                screen.note(
                    Timestamp::now(),
                    &format!("the cluster cannot be read: {why}"),
                );
                if blind >= MOST_TRIES {
                    break;
                }
            }
        }
        tokio::time::sleep(Duration::from_secs_f64(args.poll)).await;
    }
    screen.note(
        Timestamp::now(),
        "AKS was asked, and the end was not seen; `az aks show` tells it",
    );
}

/// What it leaves behind, as far as the cluster's own API server lets it be seen.
pub async fn leaves<A: Actuator>(world: &mut A, plan: &Plan, screen: &mut Screen<'_>) {
    match world.observe(Depth::Watch).await {
        Ok(observed) => {
            for sentence in leftover::sentences(&observed, plan) {
                screen.note(world.now(), &sentence);
            }
            screen.note(
                world.now(),
                "Half-way between two network modes is no state to stay in, and surge nodes may be left over: resume, or update the cluster as \
                 the runbook has it by hand, and let it end.",
            );
        }
        Err(why) => screen.note(
            world.now(),
            &format!("what it leaves behind could not be read: {why}"),
        ),
    }
}

//! `--abort` where the journal cannot be written: another run on this machine holds it and notes the end itself, or the plan was begun
//! elsewhere. Asks AKS once, watches until nothing runs, and says what is left; takes no lock, for whoever holds one may be why.

use super::super::{CliError, Ending};
use super::telling::Screen;
use crate::execute::actuator::{Actuator, Depth, Observed, Taken};
use crate::execute::leftover;
use crate::finding::counted;
use crate::migrate::Plan;
use crate::migrate::step::Resource;
use std::time::Duration;

/// Looks in a row that fail, after which nobody can say how it stands.
const MOST_BLIND: u32 = 5;

/// What is asked to end.
pub struct Emergency<'a> {
    pub plan: &'a Plan,
    pub resource: Resource,
    /// Why no journal is written.
    pub because: String,
    /// Between two looks.
    pub poll: Duration,
}

impl Emergency<'_> {
    pub async fn end<A: Actuator>(
        &self,
        world: &mut A,
        first: &Observed,
        screen: &mut Screen<'_>,
    ) -> Result<Ending, CliError> {
        screen.note(world.now(), &self.because);
        if first.is_quiet() {
            screen.note(
                world.now(),
                "nothing is under way, and nothing was asked of AKS",
            );
            return Ok(Ending::Findings);
        }
        match world.abort(&self.resource).await {
            Ok(Taken { .. }) => screen.note(
                world.now(),
                "AKS was asked to end the operation; nodes stay as they are",
            ),
            Err(refusal) => {
                return Err(CliError::Unready(format!(
                    "AKS does not end the operation: {refusal}"
                )));
            }
        }
        let mut blind = 0;
        while !world.is_interrupted() {
            match world.observe(Depth::Watch).await {
                Ok(observed) if observed.is_quiet() => {
                    for sentence in leftover::sentences(&observed, self.plan) {
                        screen.note(world.now(), &sentence);
                    }
                    return Ok(Ending::Unfinished);
                }
                Ok(_) => blind = 0,
                Err(why) => {
                    blind += 1;
                    screen.note(world.now(), &format!("the cluster cannot be read: {why}"));
                    if blind >= MOST_BLIND {
                        break;
                    }
                }
            }
            world.wait(self.poll).await;
        }
        screen.note(
            world.now(),
            &format!(
                "AKS was asked, and its end was not seen; `az aks show` says it{}",
                if blind == 0 {
                    String::new()
                } else {
                    format!(": {} failed", counted(u64::from(blind), "look", "looks"))
                }
            ),
        );
        Ok(Ending::Unfinished)
    }
}

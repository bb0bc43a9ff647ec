//! The lock that others see, a Lease in the cluster itself, kept while a plan is carried out. Says nothing of the journal's own lock, which
//! keeps two runs of one journal apart.

use super::actuator::LockTrouble;
use super::azure::Lock;
use crate::source::kubernetes_api::lease::{Lease, LeaseError};
use crate::source::kubernetes_api::{Access, Settings};
use jiff::Timestamp;
use std::time::Duration;

/// How long it lasts after it was renewed.
const DURATION: Duration = Duration::from_secs(60);

/// The lock of a cluster, once it is taken.
#[derive(Debug, Default)]
pub struct ClusterLock {
    lease: Option<Lease>,
}

impl ClusterLock {
    /// Takes it. One that the same holder has is taken again.
    ///
    /// # Errors
    /// A sentence: who holds it and since when, or why it could not be asked for.
    pub async fn take(
        &mut self,
        access: &Access,
        settings: &Settings,
        holder: &str,
        now: Timestamp,
    ) -> Result<(), String> {
        let lease = Lease::acquire(access, settings, holder, DURATION, now).await;
        self.lease = Some(lease.map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Gives it back, so that the next one need not wait. Where that fails it ends by itself.
    pub async fn give_back(self, now: Timestamp) {
        if let Some(lease) = self.lease {
            let _ = lease.release(now).await;
        }
    }
}

impl Lock for ClusterLock {
    async fn keep(&mut self, now: Timestamp) -> Result<(), LockTrouble> {
        let Some(lease) = &mut self.lease else {
            return Ok(());
        };
        let left = lease.expires().duration_since(now).as_secs();
        let whole = i64::try_from(DURATION.as_secs()).unwrap_or(i64::MAX);
        // Renewed when a third of its time is gone.
        if left > whole * 2 / 3 {
            return Ok(());
        }
        let renewed = lease.renew(now).await;
        // Asking may have taken longer than was left.
        let left = lease.expires().duration_since(Timestamp::now()).as_secs();
        renewed.map_err(|error| match error {
            LeaseError::Lost(_) | LeaseError::Held(_) => LockTrouble::Lost(error.to_string()),
            _ if left <= 0 => LockTrouble::Unsure(error.to_string()),
            _ => LockTrouble::NotRenewed(error.to_string()),
        })
    }
}

//! Who executes a migration: a Lease in the cluster itself, so that a second operator anywhere sees it. Taken, renewed and released
//! with the version that was read, so that two can never both succeed. Only the execution of a plan may name this module.
//!
//! What it cannot do: stop one who does not ask for it. A lease is judged by the clock of whoever asks; it is taken from its
//! holder only when it is expired by as long again as it lasts, so clocks may differ by that much.

use super::connection::{Connection, Failure, message_of};
use super::writes::{KubernetesWrite, NAMESPACE, WRITES};
use super::{Access, KubernetesApiError, Settings};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// What a lease says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub holder: String,
    /// Since when it is that holder's.
    pub since: Option<Timestamp>,
    pub renewed: Option<Timestamp>,
    /// How long it lasts after it was renewed.
    pub duration: Duration,
}

impl Held {
    /// Nobody holds it any more, however wrong clocks are, up to the lease's own duration.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        match self.renewed {
            Some(renewed) => now.duration_since(renewed) > signed(self.duration).saturating_mul(2),
            // One that was never renewed says nothing of when it ends: it counts as held.
            None => false,
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.holder)?;
        if let Some(since) = self.since {
            write!(f, " since {}", whole_seconds(since))?;
        }
        if let Some(renewed) = self.renewed {
            write!(
                f,
                ", last renewed {} for {} s",
                whole_seconds(renewed),
                self.duration.as_secs()
            )?;
        }
        Ok(())
    }
}

/// Why a lease is not held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else holds it.
    #[error("a migration of this cluster is being executed by {0}")]
    Held(Held),
    /// It was ours, and is no more.
    #[error("the lease was taken over: {}", .0.as_ref().map_or("nobody holds it".to_string(), ToString::to_string))]
    Lost(Option<Held>),
    /// It cannot be read or written. Whether it is still ours is not known; it lasts until it expires.
    #[error("the lease {NAMESPACE}/{} at {server}: {problem}", WRITES[0].name)]
    Failed { server: String, problem: String },
    /// The way to the server is not known.
    #[error(transparent)]
    Access(#[from] KubernetesApiError),
}

/// A lease that is held.
pub struct Lease {
    connection: Connection,
    holder: String,
    duration: Duration,
    /// As it is to be written next, but for holder and times.
    object: Value,
    /// As the server had it last; `null` where there was none.
    seen: Value,
    renewed: Timestamp,
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("holder", &self.holder)
            .field("renewed", &self.renewed)
            .finish_non_exhaustive()
    }
}

impl Lease {
    /// Who holds it now; `None` where nobody does. An expired one is told as well.
    ///
    /// # Errors
    /// [`LeaseError::Failed`], [`LeaseError::Access`].
    pub async fn look(access: &Access, settings: &Settings) -> Result<Option<Held>, LeaseError> {
        let connection = Connection::open(access, settings).await?;
        Ok(read(&connection).await?.as_ref().and_then(held))
    }

    /// Takes it. `holder` says who, for people: user, machine and run. One that the same holder has is taken again.
    ///
    /// # Errors
    /// [`LeaseError::Held`] unless it is expired by as long again as it lasts; [`LeaseError::Failed`], [`LeaseError::Access`].
    pub async fn acquire(
        access: &Access,
        settings: &Settings,
        holder: &str,
        duration: Duration,
        now: Timestamp,
    ) -> Result<Lease, LeaseError> {
        let connection = Connection::open(access, settings).await?;
        let before = read(&connection).await?;
        let current = before.as_ref().and_then(held);
        let is_ours = current.as_ref().is_some_and(|held| held.holder == holder);
        if let Some(held) = &current
            && !is_ours
            && !held.is_expired(now)
        {
            return Err(LeaseError::Held(held.clone()));
        }
        let seen = before.clone().unwrap_or(Value::Null);
        let mut object = before.unwrap_or_else(|| {
            json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": {"name": WRITES[0].name, "namespace": NAMESPACE}, "spec": {"leaseTransitions": -1}})
        });
        if !is_ours {
            let transitions = object["spec"]["leaseTransitions"].as_i64().unwrap_or(0);
            object["spec"]["leaseTransitions"] = json!(transitions.saturating_add(1));
            object["spec"]["acquireTime"] = json!(micro(now));
        }
        let mut lease = Lease {
            connection,
            holder: holder.to_string(),
            duration,
            object,
            seen,
            renewed: now,
        };
        match lease.write(now, holder).await {
            Err(LeaseError::Lost(Some(held))) => Err(LeaseError::Held(held)),
            Err(LeaseError::Lost(None)) => Err(lease.failed("it was changed by somebody else")),
            other => other.map(|()| lease),
        }
    }

    /// Until when it is held without being renewed.
    pub fn expires(&self) -> Timestamp {
        self.renewed
            .saturating_add(signed(self.duration))
            .unwrap_or(Timestamp::MAX)
    }

    /// Holds it for its duration from now on.
    ///
    /// # Errors
    /// [`LeaseError::Lost`] when it was taken over: nothing more may be written. [`LeaseError::Failed`]: it is held until
    /// [`Lease::expires`], so there is time to try again.
    pub async fn renew(&mut self, now: Timestamp) -> Result<(), LeaseError> {
        let holder = self.holder.clone();
        self.write(now, &holder).await
    }

    /// Gives it back, so that the next one need not wait. The object stays, without a holder.
    ///
    /// # Errors
    /// [`LeaseError::Lost`], [`LeaseError::Failed`]; it then ends by itself.
    pub async fn release(mut self, now: Timestamp) -> Result<(), LeaseError> {
        self.write(now, "").await
    }

    /// Writes with the version that was read. What was not answered, or was changed by somebody else meanwhile, is read again: it
    /// is ours if it still says so.
    async fn write(&mut self, now: Timestamp, holder: &str) -> Result<(), LeaseError> {
        const TRIES: u32 = 3;
        for _ in 0..TRIES {
            let mut object = self.object.clone();
            let spec = &mut object["spec"];
            spec["holderIdentity"] = json!(holder);
            spec["renewTime"] = json!(micro(now));
            // The API wants at least 1.
            spec["leaseDurationSeconds"] = json!(self.duration.as_secs().max(1));
            let path = path("update");
            let body = object.to_string();
            let problem = match self.connection.put_once(&path, body.as_bytes()).await {
                Ok((200 | 201, answer)) => match serde_json::from_slice(&answer) {
                    Ok(answer) => {
                        self.written(answer, now);
                        return Ok(());
                    }
                    Err(_) => "an answer that is no lease".to_string(),
                },
                Ok((403, _)) => return Err(self.failed(&not_allowed())),
                // 409: another version. 422: made by somebody else, where this one thought there was none.
                Ok((409 | 422, answer)) => message_of(&answer),
                Ok((404, _)) => "the namespace is not there".to_string(),
                Ok((status, answer)) => {
                    format!("the server answers {status}: {}", message_of(&answer))
                }
                Err(Failure::Credentials(problem)) => return Err(self.failed(&problem)),
                Err(failure) => words(&failure),
            };
            // It may have been written all the same: what is there decides.
            self.connection.try_again();
            let Some(there) = read(&self.connection).await? else {
                return Err(self.failed(&problem));
            };
            let current = held(&there);
            let says = current.as_ref().map_or("", |held| held.holder.as_str());
            let at = there["spec"]["renewTime"].as_str();
            if says == holder && at == Some(micro(now).as_str()) {
                self.written(there, now);
                return Ok(());
            }
            // Ours still, or as it was when it was found free: anything else means that somebody is at work there.
            let was = self.seen["spec"]["holderIdentity"].as_str().unwrap_or("");
            let is_ours = says == self.holder && was == self.holder;
            if !is_ours && there["spec"] != self.seen["spec"] {
                return Err(LeaseError::Lost(current));
            }
            if there["metadata"]["resourceVersion"] == self.seen["metadata"]["resourceVersion"] {
                return Err(self.failed(&problem));
            }
            // Somebody touched something else of it.
            self.object["metadata"] = there["metadata"].clone();
            self.seen = there;
        }
        Err(self.failed("it was changed by somebody else again and again"))
    }

    fn written(&mut self, object: Value, now: Timestamp) {
        self.seen = object.clone();
        self.object = object;
        self.renewed = now;
    }

    fn failed(&self, problem: &str) -> LeaseError {
        failed(&self.connection, problem)
    }
}

fn failed(connection: &Connection, problem: &str) -> LeaseError {
    LeaseError::Failed {
        server: connection.server().to_string(),
        problem: problem.to_string(),
    }
}

/// The lease as it is; `None` where there is none.
async fn read(connection: &Connection) -> Result<Option<Value>, LeaseError> {
    match connection.get(&path("get")).await {
        Ok(body) => match serde_json::from_slice::<Value>(&body) {
            Ok(object) if object["kind"] == "Lease" && object["spec"].is_object() => {
                Ok(Some(object))
            }
            // One without a spec has no holder.
            Ok(mut object) if object["kind"] == "Lease" => {
                object["spec"] = json!({});
                Ok(Some(object))
            }
            _ => Err(failed(connection, "an answer that is no lease")),
        },
        Err(Failure::Missing) => Ok(None),
        Err(Failure::Refused) => Err(failed(connection, &not_allowed())),
        Err(failure) => Err(failed(connection, &words(&failure))),
    }
}

/// What the object says; `None` where nobody holds it.
fn held(object: &Value) -> Option<Held> {
    let spec = &object["spec"];
    let holder = spec["holderIdentity"]
        .as_str()
        .filter(|holder| !holder.is_empty())?;
    let time = |field: &str| spec[field].as_str().and_then(|text| text.parse().ok());
    Some(Held {
        // Anybody may have written it: a line for a terminal.
        holder: holder
            .chars()
            .map(|c| if c.is_control() { '\u{FFFD}' } else { c })
            .take(200)
            .collect(),
        since: time("acquireTime"),
        renewed: time("renewTime"),
        duration: Duration::from_secs(spec["leaseDurationSeconds"].as_u64().unwrap_or(0)),
    })
}

fn path(verb: &str) -> String {
    let line = WRITES.iter().find(|write| write.verb == verb);
    line.map(KubernetesWrite::path).unwrap_or_default()
}

fn not_allowed() -> String {
    let rules: Vec<String> = WRITES.iter().map(KubernetesWrite::rule).collect();
    format!(
        "this account is not allowed to; its role in {NAMESPACE} needs {}",
        rules.join(", ")
    )
}

fn words(failure: &Failure) -> String {
    match failure {
        Failure::Refused => not_allowed(),
        Failure::Missing => "it is not there".to_string(),
        Failure::Expired => "the answer is out of date".to_string(),
        Failure::Lost => "the server stopped answering".to_string(),
        Failure::Credentials(problem)
        | Failure::Unreachable(problem)
        | Failure::Answered(problem) => problem.clone(),
    }
}

/// `MicroTime`: six digits of a second, always.
fn micro(time: Timestamp) -> String {
    format!("{time:.6}")
}

fn whole_seconds(time: Timestamp) -> String {
    format!("{time:.0}")
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

//! Tokens, kept until shortly before they expire, asked for once however many wait. It never writes one anywhere.
//!
//! `az` starts a process for each token, a second each; a hundred requests at once must not start a hundred.

use super::CredentialError;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::time::{Duration, OffsetDateTime};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A token is asked for again when it has no longer to live than this.
const MARGIN: Duration = Duration::minutes(5);
/// After an answer, how long the next question waits while the token at hand still works: some sources hand out tokens that
/// live shorter than the margin, and some fail for a moment. After a token was rejected, how long its successor is not.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(30);

/// Where tokens come from. It may be slow: nobody calls it but [`Credential`].
#[async_trait::async_trait]
pub trait TokenSource: fmt::Debug + Send + Sync {
    /// A new token for one scope, not one kept from before.
    async fn fetch(&self, scope: &str) -> Result<AccessToken, CredentialError>;

    /// Who it is that asks, for `--verbose`.
    fn describe(&self) -> String;
}

/// Gives tokens to requests, for as many scopes as are asked for.
pub struct Credential {
    source: Arc<dyn TokenSource>,
    slots: Mutex<BTreeMap<String, Arc<Slot>>>,
    pause: std::time::Duration,
}

/// What is known for one scope.
#[derive(Default)]
struct Slot {
    /// Held by the one who asks.
    asking: tokio::sync::Mutex<()>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    token: Option<AccessToken>,
    /// When the source answered last, well or badly.
    answered: Option<Instant>,
    failure: Option<CredentialError>,
    /// The token at hand opened something: a 401 is then about what was asked for, such as a VNet of another tenant.
    is_proven: bool,
    /// When a token was last thrown away.
    rejected: Option<Instant>,
}

impl Held {
    fn usable(&self, pause: std::time::Duration) -> Option<AccessToken> {
        let token = self.token.as_ref()?;
        let now = OffsetDateTime::now_utc();
        let is_fresh = now + MARGIN < token.expires_on;
        let was_just_asked = self.answered.is_some_and(|then| then.elapsed() < pause);
        (is_fresh || (now < token.expires_on && was_just_asked)).then(|| token.clone())
    }

    /// The answer that came while somebody waited, whatever it was.
    fn answer_since(&self, arrived: Instant) -> Option<Result<AccessToken, CredentialError>> {
        if self.answered.is_none_or(|then| then < arrived) {
            return None;
        }
        match (&self.failure, &self.token) {
            (Some(failure), _) => Some(Err(failure.clone())),
            (None, Some(token)) => Some(Ok(token.clone())),
            (None, None) => None,
        }
    }
}

impl Credential {
    pub fn new(source: Arc<dyn TokenSource>) -> Arc<Self> {
        Credential::with_pause(source, PAUSE)
    }

    pub(super) fn with_pause(
        source: Arc<dyn TokenSource>,
        pause: std::time::Duration,
    ) -> Arc<Self> {
        Arc::new(Credential {
            source,
            slots: Mutex::default(),
            pause,
        })
    }

    /// Who it is that asks, for `--verbose`; once a token was given, the way that gave it.
    pub fn describe(&self) -> String {
        self.source.describe()
    }

    /// A token for one scope that lives at least five minutes more, where the source has such.
    ///
    /// Those who wait while one asks get the answer that one gets, be it an error. When the source fails and the token at hand
    /// still lives, that is given.
    pub async fn token(&self, scope: &str) -> Result<AccessToken, CredentialError> {
        let slot = self.slot(scope);
        if let Some(token) = slot.held().usable(self.pause) {
            return Ok(token);
        }
        let arrived = Instant::now();
        let _asking = slot.asking.lock().await;
        {
            let held = slot.held();
            if let Some(token) = held.usable(self.pause) {
                return Ok(token);
            }
            if let Some(answer) = held.answer_since(arrived) {
                return answer;
            }
        }
        let answer = self.source.fetch(scope).await;
        let mut held = slot.held();
        held.answered = Some(Instant::now());
        held.failure = None;
        match answer {
            Ok(token) => {
                held.token = Some(token.clone());
                held.is_proven = false;
                Ok(token)
            }
            Err(error) => match &held.token {
                Some(token) if OffsetDateTime::now_utc() < token.expires_on => Ok(token.clone()),
                _ => {
                    held.failure = Some(error.clone());
                    Err(error)
                }
            },
        }
    }

    /// Forgets every token.
    pub fn invalidate(&self) {
        self.slots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Remembers that a token was accepted.
    pub(super) fn accepted(&self, scope: &str, accepted: &AccessToken) {
        let slot = self.slot(scope);
        let mut held = slot.held();
        if held
            .token
            .as_ref()
            .is_some_and(|token| token.token == accepted.token)
        {
            held.is_proven = true;
        }
    }

    /// Forgets one token, which was answered with 401. A newer one, that somebody else got meanwhile, stays; so does one that was
    /// accepted elsewhere, and one that has just replaced another: a third would be no better, and may take `az` a second.
    pub fn reject(&self, scope: &str, rejected: &AccessToken) {
        let slot = self.slot(scope);
        let mut held = slot.held();
        if held
            .token
            .as_ref()
            .is_some_and(|token| token.token == rejected.token)
            && !held.is_proven
            && held.rejected.is_none_or(|then| then.elapsed() >= PAUSE)
        {
            held.token = None;
            held.rejected = Some(Instant::now());
        }
    }

    /// Forgets one token whatever it opened before, unless a newer one took its place.
    pub(super) fn forget(&self, scope: &str, rejected: &AccessToken) {
        let slot = self.slot(scope);
        let mut held = slot.held();
        if held
            .token
            .as_ref()
            .is_some_and(|token| token.token == rejected.token)
        {
            held.token = None;
            held.rejected = Some(Instant::now());
        }
    }

    fn slot(&self, scope: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(scope) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot::default());
        slots.insert(scope.to_string(), Arc::clone(&slot));
        slot
    }
}

impl Slot {
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential").finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl TokenCredential for Credential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let [scope] = scopes else {
            return Err(azure_core::Error::with_message(
                ErrorKind::Credential,
                "a token is for exactly one scope",
            ));
        };
        self.token(scope)
            .await
            .map_err(|error| azure_core::Error::new(ErrorKind::Credential, error))
    }
}

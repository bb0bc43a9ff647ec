//! Some kinds of one cluster, again and again over one connection, for as long as somebody watches. It remembers nothing of what it
//! read: each answer says what is now.

use super::connection::Connection;
use super::list::{self, Only, Outcome};
use super::reads::at;
use super::{Access, KubernetesApiError, Progress, READS, Read, Settings, Silent};
use crate::model::KubernetesState;
use crate::source::attach::LIVE;
use futures::StreamExt;
use std::sync::Arc;
use std::time::Duration;

/// Reads kinds of [`READS`], as often as it is asked to.
pub struct Reader {
    connection: Connection,
    settings: Settings,
    within: Duration,
}

impl Reader {
    /// Longest time for one [`Reader::read`], unless [`Reader::within`] says otherwise.
    pub const LONGEST: Duration = Duration::from_secs(60);

    /// Finds the way to the server and asks it nothing yet.
    ///
    /// # Errors
    /// When the kubeconfig cannot be used.
    pub async fn open(access: &Access, settings: &Settings) -> Result<Reader, KubernetesApiError> {
        Ok(Reader {
            connection: Connection::open(access, settings).await?,
            settings: settings.clone(),
            within: Self::LONGEST,
        })
    }

    /// Gives up a read after this time; the kinds that are not complete by then are in [`Read::not_checked`].
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// Address of the API server, without credentials.
    pub fn server(&self) -> &str {
        self.connection.server()
    }

    /// All objects of these kinds (`Node`, `Pod`, …), each named as in [`READS`].
    ///
    /// A server that does not answer is no error: what could not be read is in [`Read::not_checked`], and the kinds that were read
    /// completely in `state.kinds`. Credentials that are refused are fetched anew, once a request.
    pub async fn read(&self, kinds: &[&str]) -> Read {
        self.some(kinds, None, self.within).await
    }

    /// As [`Reader::read`], in another time.
    pub async fn read_within(&self, kinds: &[&str], time: Duration) -> Read {
        self.some(kinds, None, time).await
    }

    /// One object of a kind; none where it is not there. `namespace` is empty for a kind without. Never complete as a kind: what is
    /// said of `state.kinds` is said of this object alone.
    pub async fn read_one(&self, kind: &str, namespace: &str, name: &str) -> Read {
        let only = Some(Only { namespace, name });
        self.some(&[kind], only, self.within).await
    }

    /// Whether the position after [`READS`] is read as well.
    pub(super) fn reads_secrets(&self) -> bool {
        self.settings.secret_types
    }

    async fn some(&self, kinds: &[&str], only: Option<Only<'_>>, within: Duration) -> Read {
        self.connection.try_again();
        let before = self.connection.requests();
        let positions: Vec<usize> = READS
            .iter()
            .enumerate()
            .filter(|(_, read)| kinds.contains(&read.kind))
            .map(|(position, _)| position)
            .collect();
        let outcomes = self
            .limited(&positions, only.as_ref(), Some(within), &Silent)
            .await;
        let mut read = self.together(outcomes, before);
        for kind in kinds {
            if !READS.iter().any(|known| known.kind == *kind) {
                read.not_checked
                    .push(format!("{}: {kind} is no kind that is read", self.server()));
            }
        }
        read
    }

    pub(super) fn error(&self, problem: String) -> KubernetesApiError {
        self.connection.error(problem)
    }

    pub(super) async fn kind(
        &self,
        kind: &'static super::KubernetesRead,
        watch: &dyn Progress,
    ) -> Outcome {
        list::read(
            &self.connection,
            &self.settings,
            kind,
            None,
            &self.file(),
            watch,
        )
        .await
    }

    /// As they finish, so that the longest list holds up none.
    pub(super) async fn kinds(
        &self,
        positions: &[usize],
        only: Option<&Only<'_>>,
        watch: &dyn Progress,
    ) -> Vec<(usize, Outcome)> {
        self.limited(positions, only, None, watch).await
    }

    async fn limited(
        &self,
        positions: &[usize],
        only: Option<&Only<'_>>,
        limit: Option<Duration>,
        watch: &dyn Progress,
    ) -> Vec<(usize, Outcome)> {
        let (connection, settings) = (&self.connection, &self.settings);
        let file = &self.file();
        let deadline = limit.map(|limit| tokio::time::Instant::now() + limit);
        futures::stream::iter(positions.iter().copied())
            .map(async |position| {
                let kind = at(position);
                let reading = list::read(connection, settings, kind, only, file, watch);
                let outcome = match deadline {
                    None => reading.await,
                    Some(deadline) => match tokio::time::timeout_at(deadline, reading).await {
                        Ok(outcome) => outcome,
                        Err(_) => Outcome {
                            not_checked: vec![format!(
                                "{}: {} ({}) were not read within {} s",
                                connection.server(),
                                kind.resource,
                                kind.kind,
                                limit.unwrap_or_default().as_secs()
                            )],
                            ..Outcome::default()
                        },
                    },
                };
                (position, outcome)
            })
            .buffer_unordered(settings.concurrency.max(1))
            .collect()
            .await
    }

    /// One answer of the outcomes of several kinds, in the table's order. `before`: requests that were not sent for it.
    pub(super) fn together(&self, mut outcomes: Vec<(usize, Outcome)>, before: u64) -> Read {
        outcomes.sort_by_key(|(position, _)| *position);
        let mut state = KubernetesState::default();
        let mut not_checked = Vec::new();
        let mut untried: Vec<&str> = Vec::new();
        for (position, outcome) in outcomes {
            state.absorb(outcome.state);
            not_checked.extend(outcome.not_checked);
            if outcome.untried {
                untried.push(at(position).resource);
            }
        }
        if !untried.is_empty() {
            not_checked.push(format!(
                "{}: {} were not read either: the server stopped answering",
                self.server(),
                untried.join(", ")
            ));
        }
        Read {
            state,
            server: self.server().to_string(),
            not_checked,
            requests: self.connection.requests() - before,
        }
    }

    fn file(&self) -> Arc<str> {
        Arc::from(format!("{LIVE}{}", self.server()))
    }
}

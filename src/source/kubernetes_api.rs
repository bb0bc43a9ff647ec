//! Live objects of one cluster, from its own API server. Reading sends GET and nothing else, never asks for the data of a Secret (and
//! for its metadata only where somebody wants that), and hands each object to the lowering that files use. The one thing ever written
//! is the lease of an execution.
//!
//! [`reads`] (what is read, and the role that allows just that) · `connection` (kubeconfig, credentials, one request with its
//! retries) · `plugin` (what is told of a program that gives credentials) · `list` (pages of one kind) · `metadata`
//! (lists without content) ·
//! `reader` (some kinds again and again) · [`writes`] and [`lease`] (who executes a migration) ·
//! · this file (all kinds of one cluster, once).

mod connection;
pub mod lease;
mod list;
mod metadata;
mod plugin;
mod reader;
pub mod reads;
pub mod writes;

pub use reader::Reader;
pub use reads::{KubernetesRead, READS, SECRETS, cluster_role, cluster_role_with_secrets};

use super::attach::LIVE;
use super::facts::{KubernetesFact, Origin};
use crate::model::{KubernetesState, ResourceId};
use futures::future::BoxFuture;
use secrecy::SecretString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Gives a bearer token; asked before every request, so it keeps what is still good. It is told of a token that the server
/// refused, and must not give that one again. An error is a sentence without the token.
pub type TokenSource = Arc<
    dyn Fn(Option<SecretString>) -> BoxFuture<'static, Result<SecretString, String>> + Send + Sync,
>;

/// How to reach an API server.
#[derive(Clone)]
pub enum Access {
    /// The user's own kubeconfig: files in the order of `KUBECONFIG`, exec plugins (kubelogin) included.
    Kubeconfig {
        paths: Vec<PathBuf>,
        /// `None`: the current one.
        context: Option<String>,
    },
    /// A kubeconfig as text, as Azure hands it out. Nothing it names is executed, and no file it names is opened.
    Handed {
        kubeconfig: String,
        /// `None`: with the credentials that are in it.
        token: Option<TokenSource>,
    },
    /// From inside a pod, as its service account.
    InCluster,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Access::Kubeconfig { paths, context } => f
                .debug_struct("Kubeconfig")
                .field("paths", paths)
                .field("context", context)
                .finish(),
            // Its text holds credentials.
            Access::Handed { .. } => f.write_str("Handed"),
            Access::InCluster => f.write_str("InCluster"),
        }
    }
}

/// Whether a kubeconfig leaves the token to a program such as kubelogin: then [`Access::Handed`] needs a source of tokens. A
/// cluster with local accounts has its credentials inside, and nobody else's token belongs there.
pub fn asks_for_token(kubeconfig: &str) -> bool {
    kube::config::Kubeconfig::from_yaml(kubeconfig).is_ok_and(|parsed| {
        parsed
            .auth_infos
            .iter()
            .filter_map(|named| named.auth_info.as_ref())
            .any(|user| user.exec.is_some() || user.auth_provider.is_some())
    })
}

/// Limits of reading, and what is read only where somebody asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Objects a page; kubectl's own number.
    pub page_size: u32,
    /// Kinds read at a time. Each holds two pages in memory.
    pub concurrency: usize,
    /// One request with its answer.
    pub timeout: Duration,
    /// Times a request is sent before its failure counts; at least 1.
    pub attempts: u32,
    /// The first wait between two of them; doubles each time.
    pub first_wait: Duration,
    /// A longer `Retry-After` is not waited for: the list then counts as failed.
    pub longest_wait: Duration,
    /// Whether [`SECRETS`] are listed as well, as metadata. The role that this needs gives their data as well.
    pub secret_types: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            page_size: 500,
            concurrency: 4,
            timeout: Duration::from_secs(60),
            attempts: 5,
            first_wait: Duration::from_millis(250),
            longest_wait: Duration::from_secs(60),
            secret_types: false,
        }
    }
}

/// Is told how far reading is. Called from several tasks.
pub trait Progress: Send + Sync {
    /// `remaining` is the server's estimate of what is still to come.
    fn objects(&self, kind: &'static str, read: u64, remaining: Option<u64>);
    /// This kind is done, in full or not.
    fn ended(&self, kind: &'static str);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn objects(&self, _: &'static str, _: u64, _: Option<u64>) {}
    fn ended(&self, _: &'static str) {}
}

/// What was read of one cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    pub state: KubernetesState,
    /// Address of the API server, without credentials.
    pub server: String,
    /// What could not be read, in whole sentences, in the order of [`READS`], then [`SECRETS`]; last, what was not even asked for.
    pub not_checked: Vec<String>,
    /// Requests sent, those that were repeated included.
    pub requests: u64,
}

impl Read {
    /// The same as facts. `cluster`: whose they are, where the caller knows.
    pub fn into_fact(self, cluster: Option<ResourceId>) -> (KubernetesFact, Vec<String>) {
        let file: Arc<str> = Arc::from(format!("{LIVE}{}", self.server));
        let fact = KubernetesFact {
            origin: Origin::new(&file, ""),
            state: self.state,
            cluster,
        };
        (fact, self.not_checked)
    }
}

/// Why nothing could be read of a cluster. Never holds a token, a key or a piece of a kubeconfig.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KubernetesApiError {
    /// The way to the server is not known.
    #[error("{place}: {problem}")]
    Kubeconfig { place: String, problem: String },
    /// The server does not answer, or not as an API server does.
    #[error("{who} at {server}: {problem}")]
    Server {
        /// ``context `prod` ``
        who: String,
        server: String,
        problem: String,
    },
}

/// Reads everything in [`READS`], and [`SECRETS`] where the settings say so.
///
/// What is refused, or breaks off half way, is in [`Read::not_checked`]: no failure of one kind loses another.
///
/// # Errors
/// When the kubeconfig cannot be used, the server cannot be reached, or it does not accept the credentials.
pub async fn read(
    access: &Access,
    settings: &Settings,
    watch: &dyn Progress,
) -> Result<Read, KubernetesApiError> {
    Ok(reach(access, settings, watch).await?.rest(watch).await)
}

/// A server that answered: the first kind of [`READS`] was read.
pub struct Reached {
    reader: Reader,
    first: list::Outcome,
}

/// Reads the first kind of [`READS`], alone: a server that cannot be reached is told once, and not once a kind.
///
/// # Errors
/// As [`read`].
pub async fn reach(
    access: &Access,
    settings: &Settings,
    watch: &dyn Progress,
) -> Result<Reached, KubernetesApiError> {
    let reader = Reader::open(access, settings).await?;
    let mut first = reader.kind(&READS[0], watch).await;
    if let Some(problem) = first.fatal.take() {
        return Err(reader.error(problem));
    }
    Ok(Reached { reader, first })
}

impl Reached {
    /// Reads all other kinds.
    pub async fn rest(self, watch: &dyn Progress) -> Read {
        let mut outcomes = vec![(0, self.first)];
        let others: Vec<usize> =
            (1..READS.len() + usize::from(self.reader.reads_secrets())).collect();
        outcomes.extend(self.reader.kinds(&others, None, watch).await);
        self.reader.together(outcomes, 0)
    }
}

//! One kind: page after page, each lowered while the next is on its way, so that memory holds the model and two pages. A list
//! that breaks off is kept and never called complete.

use super::connection::{Connection, Failure};
use super::metadata;
use super::reads::{KubernetesRead, NAMESPACE};
use super::{Progress, Settings};
use crate::model::KubernetesState;
use crate::source::facts::Origin;
use crate::source::kubernetes::lower;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::sync::Arc;

/// What became of one kind.
#[derive(Debug, Default)]
pub struct Outcome {
    pub state: KubernetesState,
    pub not_checked: Vec<String>,
    /// The server cannot be reached, or accepts no credentials: not only this kind is missing.
    pub fatal: Option<String>,
    /// Nothing of it was asked for, because the server stopped answering.
    pub untried: bool,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct PageMeta {
    #[serde(rename = "continue")]
    next: Option<String>,
    remaining_item_count: Option<u64>,
}

/// A page that was lowered.
struct Lowered {
    state: KubernetesState,
    /// Objects so far, those that could not be read included.
    seen: u64,
    /// The first object that could not be read, and how many.
    damaged: Option<(String, u64)>,
}

/// Why a list is not complete.
enum Broken {
    Failed(Failure),
    /// What is wrong with an answer.
    Page(String),
}

/// One object, taken out of the list of its kind: that needs no other right than listing them.
#[derive(Debug, Clone, Copy)]
pub struct Only<'a> {
    /// Empty for a kind without.
    pub namespace: &'a str,
    pub name: &'a str,
}

/// One list that is asked for.
struct Listing {
    read: &'static KubernetesRead,
    path: String,
    /// Objects of this type, and of them the metadata alone.
    of_type: Option<&'static str>,
}

impl Listing {
    /// A page of it, which is checked before anybody looks into it.
    async fn page(&self, connection: &Connection, path: &str) -> Result<Vec<u8>, Failure> {
        match self.of_type {
            None => connection.get(path).await,
            Some(_) => connection.get_as(path, metadata::ACCEPT).await,
        }
    }
}

/// What a list is asked for by.
fn listed(read: &KubernetesRead, version: &str, only: Option<&Only<'_>>) -> String {
    let path = read.path(version);
    match only {
        None => path,
        Some(Only { namespace, name }) => {
            let mut selector = format!("metadata.name={name}");
            if !namespace.is_empty() {
                selector = format!("{selector},metadata.namespace={namespace}");
            }
            format!("{path}?fieldSelector={}", escaped(&selector))
        }
    }
}

/// Reads one kind.
pub async fn read(
    connection: &Connection,
    settings: &Settings,
    read: &'static KubernetesRead,
    only: Option<&Only<'_>>,
    file: &Arc<str>,
    watch: &dyn Progress,
) -> Outcome {
    let mut outcome = Outcome::default();
    for version in read.versions {
        let (lowered, ended) = if !read.types.is_empty() {
            by_type(connection, settings, (read, version), file, watch).await
        } else if read.names.is_empty() {
            let listing = Listing {
                read,
                path: listed(read, version, only),
                of_type: None,
            };
            all(connection, settings, &listing, file, watch).await
        } else {
            named(connection, read, version, file).await
        };
        if matches!(ended, Err(Broken::Failed(Failure::Missing))) && read.names.is_empty() {
            // Not served; perhaps an older version is.
            continue;
        }
        finish(&mut outcome, connection, read, lowered, ended);
        watch.ended(read.kind);
        return outcome;
    }
    watch.ended(read.kind);
    if read.optional {
        outcome.state.absent_kinds.push(read.kind.to_string());
    } else {
        outcome.not_checked.push(format!(
            "{}: {} were not read: the server does not know them",
            connection.server(),
            words(read)
        ));
    }
    outcome
}

/// `pods`, or the two ConfigMaps by name, or Secrets of a type.
fn words(read: &KubernetesRead) -> String {
    if !read.types.is_empty() {
        format!(
            "{} ({}) of type {}",
            read.resource,
            read.kind,
            read.types.join(" and ")
        )
    } else if read.names.is_empty() {
        format!("{} ({})", read.resource, read.kind)
    } else {
        format!(
            "{} {NAMESPACE}/{} ({})",
            read.resource,
            read.names.join(" and "),
            read.kind
        )
    }
}

fn finish(
    outcome: &mut Outcome,
    connection: &Connection,
    read: &KubernetesRead,
    lowered: Lowered,
    ended: Result<(), Broken>,
) {
    let server = connection.server();
    let what = words(read);
    let kind = || read.kind.to_string();
    let seen = lowered.seen;
    outcome.state = lowered.state;
    let damaged = lowered.damaged.is_some();
    if let Some((first, count)) = lowered.damaged {
        outcome.not_checked.push(format!(
            "{server}: {count} of the {what} could not be read; the first: {first}"
        ));
    }
    let problem = match ended {
        Ok(()) => {
            if damaged {
                outcome.state.partial_kinds.push(kind());
            } else {
                outcome.state.kinds.push(kind());
            }
            return;
        }
        Err(Broken::Failed(Failure::Refused)) => format!(
            "this account is not allowed to; the missing rule of its role is {}{}",
            read.rule(),
            if read.types.is_empty() {
                ""
            } else {
                ", with which it could read their data as well: RBAC knows no rule for metadata alone"
            }
        ),
        Err(Broken::Failed(Failure::Missing)) => "the server does not know them".to_string(),
        Err(Broken::Failed(Failure::Expired)) => {
            "the list changed faster than it could be read, three times".to_string()
        }
        Err(Broken::Failed(Failure::Credentials(problem) | Failure::Unreachable(problem))) => {
            if seen == 0 {
                outcome.fatal = Some(problem.clone());
            }
            problem
        }
        Err(Broken::Failed(Failure::Lost)) if seen == 0 => {
            outcome.untried = true;
            return;
        }
        Err(Broken::Failed(Failure::Lost)) => "the server stopped answering".to_string(),
        Err(Broken::Failed(Failure::Answered(problem)) | Broken::Page(problem)) => problem,
    };
    outcome.not_checked.push(if seen == 0 {
        format!("{server}: {what} were not read: {problem}")
    } else {
        outcome.state.partial_kinds.push(kind());
        format!("{server}: {what} were read in part, {seen} of them: {problem}")
    });
}

/// A list a type, one after the other; the first that breaks off ends them.
async fn by_type(
    connection: &Connection,
    settings: &Settings,
    (read, version): (&'static KubernetesRead, &str),
    file: &Arc<str>,
    watch: &dyn Progress,
) -> (Lowered, Result<(), Broken>) {
    let mut together = Lowered::new();
    for of_type in read.types {
        let selector = escaped(&format!("type={of_type}"));
        let listing = Listing {
            read,
            path: format!("{}?fieldSelector={selector}", read.path(version)),
            of_type: Some(of_type),
        };
        let (lowered, ended) = all(connection, settings, &listing, file, watch).await;
        together.append(lowered);
        if ended.is_err() {
            return (together, ended);
        }
    }
    (together, Ok(()))
}

/// A list in pages. What was read is returned with what ended it: where the list was begun again and then broke off, whichever
/// got further.
async fn all(
    connection: &Connection,
    settings: &Settings,
    listing: &Listing,
    file: &Arc<str>,
    watch: &dyn Progress,
) -> (Lowered, Result<(), Broken>) {
    let mut before = None;
    let (lowered, ended) = pages(connection, settings, listing, file, watch, &mut before).await;
    match before {
        Some(before) if ended.is_err() && before.seen > lowered.seen => (before, ended),
        _ => (lowered, ended),
    }
}

/// `before`: what a list had brought when it had to be begun again.
async fn pages(
    connection: &Connection,
    settings: &Settings,
    listing: &Listing,
    file: &Arc<str>,
    watch: &dyn Progress,
    before: &mut Option<Lowered>,
) -> (Lowered, Result<(), Broken>) {
    /// Times a list is begun again because its pages went stale.
    const RESTARTS: u32 = 2;
    let Listing {
        read,
        path,
        of_type,
    } = listing;
    let (read, of_type) = (*read, *of_type);
    let separator = if path.contains('?') { '&' } else { '?' };
    let first_page = format!("{path}{separator}limit={}", settings.page_size);
    let mut restarts = 0;
    let mut lowered = Lowered::new();
    let mut next = first_page.clone();
    let mut body = listing.page(connection, &next).await;
    loop {
        let page = match body {
            Ok(page) => page,
            Err(Failure::Expired) if restarts < RESTARTS => {
                restarts += 1;
                let old = std::mem::replace(&mut lowered, Lowered::new());
                if before.as_ref().is_none_or(|before| before.seen < old.seen) {
                    *before = Some(old);
                }
                next.clone_from(&first_page);
                body = listing.page(connection, &next).await;
                continue;
            }
            Err(failure) => return (lowered, Err(Broken::Failed(failure))),
        };
        let meta = match page_meta(&page) {
            Ok(meta) => meta,
            Err(problem) => return (lowered, Err(Broken::Page(problem))),
        };
        if of_type.is_some()
            && let Err(problem) = metadata::check(&page)
        {
            return (lowered, Err(Broken::Page(problem)));
        }
        let following = meta
            .next
            .filter(|token| !token.is_empty())
            .map(|token| format!("{first_page}&continue={}", escaped(&token)));
        if following.as_ref() == Some(&next) {
            let problem = "the server sends the same page again and again".to_string();
            return (lowered, Err(Broken::Page(problem)));
        }
        let remaining = meta.remaining_item_count;
        let work = {
            let origin = Origin::new(file, path.as_str());
            tokio::task::spawn_blocking(move || {
                lowered.page(&page, read.kind, of_type, &origin, remaining);
                lowered
            })
        };
        let (done, fetched) = match &following {
            Some(following) => {
                let (done, fetched) = tokio::join!(work, listing.page(connection, following));
                (done, Some(fetched))
            }
            None => (work.await, None),
        };
        lowered = match done {
            Ok(lowered) => lowered,
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        };
        if before
            .as_ref()
            .is_some_and(|before| before.seen <= lowered.seen)
        {
            // Two lists of the same objects are in memory no longer than they must.
            *before = None;
        }
        watch.objects(read.kind, lowered.seen, remaining);
        match (following, fetched) {
            (Some(following), Some(fetched)) => {
                next = following;
                body = fetched;
            }
            _ => return (lowered, Ok(())),
        }
    }
}

/// Objects by name; one that is not there is simply not there.
async fn named(
    connection: &Connection,
    read: &'static KubernetesRead,
    version: &str,
    file: &Arc<str>,
) -> (Lowered, Result<(), Broken>) {
    let mut lowered = Lowered::new();
    for name in read.names {
        let path = format!("{}/{name}", read.path(version));
        match connection.get(&path).await {
            Ok(body) => match std::str::from_utf8(&body) {
                Ok(text) if is_of_kind(text, read.kind) => {
                    lowered.object(text, read.kind, &Origin::new(file, path.as_str()));
                }
                Ok(_) => {
                    let problem = format!(
                        "{path}: an answer is not a {}; is this an API server?",
                        read.kind
                    );
                    return (lowered, Err(Broken::Page(problem)));
                }
                Err(_) => {
                    let problem = format!("{path}: is not UTF-8");
                    return (lowered, Err(Broken::Page(problem)));
                }
            },
            Err(Failure::Missing) => {}
            Err(failure) => return (lowered, Err(Broken::Failed(failure))),
        }
    }
    (lowered, Ok(()))
}

fn is_of_kind(text: &str, expected: &str) -> bool {
    #[derive(Deserialize)]
    struct Outer<'a> {
        #[serde(borrow)]
        kind: std::borrow::Cow<'a, str>,
    }
    serde_json::from_str(text).is_ok_and(|outer: Outer<'_>| outer.kind == expected)
}

/// Only what says whether there is another page: the objects are looked at elsewhere.
fn page_meta(body: &[u8]) -> Result<PageMeta, String> {
    #[derive(Deserialize)]
    struct Outer {
        #[serde(default)]
        metadata: PageMeta,
        #[serde(default)]
        kind: String,
        /// Whether the key is there; an empty list may be `null`.
        #[serde(default, deserialize_with = "present")]
        items: bool,
    }
    fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
        serde::de::IgnoredAny::deserialize(value).map(|_| true)
    }
    let outer: Outer = serde_json::from_slice(body).map_err(|error| {
        if error.is_eof() {
            "an answer ends in the middle of the JSON".to_string()
        } else {
            "an answer is not the JSON of a list; is this an API server?".to_string()
        }
    })?;
    // A gateway in between answers 200 to everything: that is not an empty list.
    if !outer.items || !outer.kind.ends_with("List") {
        return Err(
            "an answer is not a list of Kubernetes objects (`kind` and `items`); is this an API server?"
                .to_string(),
        );
    }
    Ok(outer.metadata)
}

impl Lowered {
    fn new() -> Self {
        Lowered {
            state: KubernetesState::default(),
            seen: 0,
            damaged: None,
        }
    }

    /// `of_type`: what the objects of a list of metadata are, for they do not say it themselves.
    fn page(
        &mut self,
        body: &[u8],
        kind: &str,
        of_type: Option<&str>,
        origin: &Origin,
        remaining: Option<u64>,
    ) {
        /// The server's estimate is taken as a hint, not as a promise.
        const MOST_RESERVED: u64 = 1 << 18;
        let page: Page<'_> = match serde_json::from_slice(body) {
            Ok(page) => page,
            Err(error) => return self.damage(error.to_string()),
        };
        let items = page.items.unwrap_or_default();
        if kind == "Pod" && self.seen == 0 {
            let remaining = remaining.unwrap_or(0).min(MOST_RESERVED);
            self.state
                .pods
                .reserve_exact(items.len() + usize::try_from(remaining).unwrap_or(0));
        }
        for item in items {
            let origin = origin.within(&format!("items[{}]", self.seen));
            match of_type {
                None => self.object(item.get(), kind, &origin),
                Some(of_type) => self.metadata(item.get(), kind, of_type, &origin),
            }
        }
    }

    /// One object of a list of metadata. What is wrong with one is not quoted: an annotation may repeat what nobody asked for.
    fn metadata(&mut self, raw: &str, kind: &str, of_type: &str, origin: &Origin) {
        self.seen += 1;
        if lower(kind, raw, origin, &mut self.state).is_err() {
            self.damage("its metadata has the wrong shape".to_string());
        } else if let Some(secret) = self.state.platform.secrets.last_mut() {
            secret.kind = of_type.to_string();
        }
    }

    /// Takes over another list of the same kind.
    fn append(&mut self, other: Lowered) {
        self.state.absorb(other.state);
        self.seen += other.seen;
        if let Some((problem, count)) = other.damaged {
            let (_, so_far) = self.damaged.get_or_insert((problem, 0));
            *so_far += count;
        }
    }

    fn object(&mut self, raw: &str, kind: &str, origin: &Origin) {
        self.seen += 1;
        if let Err(error) = lower(kind, raw, origin, &mut self.state) {
            self.damage(error.to_string());
        }
    }

    fn damage(&mut self, problem: String) {
        let (_, count) = self.damaged.get_or_insert((problem, 0));
        *count += 1;
    }
}

/// A continue token, as a piece of a query.
fn escaped(token: &str) -> String {
    use std::fmt::Write;
    let mut text = String::with_capacity(token.len());
    for byte in token.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

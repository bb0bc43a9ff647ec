//! What lately happened in a cluster: only events that tell of disruption, upgrade, scheduling or addresses, counted and
//! bounded. Never a list of all that was said.

use super::KubernetesState;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Events of one reason about one object (about all pods of one namespace, where it is a pod), counted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EventCount {
    /// `Drain`, `FailedScheduling`, …
    pub reason: String,
    /// `Warning` or `Normal`.
    pub kind: String,
    /// Kind of the object it is about.
    pub object_kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Empty of pods: they come and go, and are counted by namespace.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub first_seen: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub last_seen: Option<Timestamp>,
    /// What the newest of them said, at most 256 characters of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl EventCount {
    /// What events are told apart and sorted by: reason, kind, kind of object, namespace, name.
    pub fn key(&self) -> (&str, &str, &str, &str, &str) {
        (
            &self.reason,
            &self.kind,
            &self.object_kind,
            &self.namespace,
            &self.name,
        )
    }
}

impl KubernetesState {
    /// More kinds of event than this are not told apart: the rest is counted by reason alone, which stays correct and small.
    pub const MOST_EVENTS: usize = 4_096;

    /// Counts an event. `events` stays sorted, so that its order does not depend on the order of reading.
    pub fn note_event(&mut self, event: EventCount) {
        match self.place_of(&event) {
            Ok(position) => merge(&mut self.events[position], event),
            Err(position) if self.events.len() < Self::MOST_EVENTS => {
                self.events.insert(position, event);
            }
            Err(_) => {
                let of_reason = EventCount {
                    namespace: String::new(),
                    name: String::new(),
                    ..event
                };
                match self.place_of(&of_reason) {
                    Ok(position) => merge(&mut self.events[position], of_reason),
                    // One a reason, and reasons are a closed list: still bounded.
                    Err(position) => self.events.insert(position, of_reason),
                }
            }
        }
    }

    fn place_of(&self, event: &EventCount) -> Result<usize, usize> {
        self.events
            .binary_search_by(|known| known.key().cmp(&event.key()))
    }
}

fn merge(into: &mut EventCount, event: EventCount) {
    into.count = into.count.saturating_add(event.count);
    into.first_seen = match (into.first_seen, event.first_seen) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    // At the same instant the larger text, so that the order of reading does not show.
    if (event.last_seen, &event.message) > (into.last_seen, &into.message) {
        into.last_seen = event.last_seen;
        into.message = event.message;
    }
}

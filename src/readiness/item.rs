//! An item: what is asked, what was found, what to do. Never decides anything.

use crate::finding::Severity;
use crate::model::{NodePool, Subject};
use crate::rule::Rule;
use std::collections::BTreeSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pillar {
    Networking,
    Identity,
    Ingress,
    NetworkPolicy,
    Observability,
}

impl Pillar {
    pub const ALL: [Pillar; 5] = [
        Pillar::Networking,
        Pillar::Identity,
        Pillar::Ingress,
        Pillar::NetworkPolicy,
        Pillar::Observability,
    ];

    /// For machines.
    pub fn key(self) -> &'static str {
        match self {
            Pillar::Networking => "networking",
            Pillar::Identity => "identity",
            Pillar::Ingress => "ingress",
            Pillar::NetworkPolicy => "network_policy",
            Pillar::Observability => "observability",
        }
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            Pillar::NetworkPolicy => "network policy",
            other => other.key(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemState {
    Ready,
    NotReady,
    /// What would tell was not read.
    NotKnown,
    /// It asks nothing of this cluster.
    NotApplicable,
}

impl ItemState {
    /// For machines.
    pub fn key(self) -> &'static str {
        match self {
            ItemState::Ready => "ready",
            ItemState::NotReady => "not_ready",
            ItemState::NotKnown => "not_known",
            ItemState::NotApplicable => "not_applicable",
        }
    }

    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            ItemState::Ready => "ready",
            ItemState::NotReady => "not ready",
            ItemState::NotKnown => "not known",
            ItemState::NotApplicable => "not applicable",
        }
    }
}

/// One thing that is asked of a cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Stable, kebab-case; other tools match on it.
    pub code: &'static str,
    pub pillar: Pillar,
    /// What has to hold.
    pub asks: &'static str,
    pub state: ItemState,
    /// How bad it is where it does not hold.
    pub severity: Severity,
    /// What was found, with names and numbers.
    pub evidence: String,
    /// Where it was read, or would be.
    pub read_from: &'static str,
    /// What to do, or how to find out; empty where nothing is to be done.
    pub remedy: String,
    /// Lines for a POSIX shell, names quoted; the first few of many. Empty where there is none, or where a name cannot be printed.
    pub commands: Vec<String>,
    pub rules: Vec<&'static Rule>,
    /// The pools that it is about, by name, where it is about some and not about the cluster.
    pub pools: Vec<String>,
}

impl Item {
    pub(super) fn about(self, pools: &[&NodePool]) -> Item {
        Item {
            pools: pools.iter().map(|pool| pool.name.clone()).collect(),
            ..self
        }
    }

    /// What it is about: one pool, or else the cluster of this name.
    pub fn subject(&self, cluster: &str) -> Subject {
        match self.pools.as_slice() {
            [pool] => Subject::pool(cluster, pool),
            _ => Subject::Cluster(cluster.to_string()),
        }
    }
}

/// What is asked, before it is answered.
#[derive(Clone, Copy)]
pub(super) struct Question {
    pub code: &'static str,
    pub pillar: Pillar,
    pub asks: &'static str,
    pub severity: Severity,
    pub read_from: &'static str,
    pub rules: &'static [&'static Rule],
}

impl Question {
    /// The same, where what was found is worse or better than usual.
    pub fn of(self, severity: Severity) -> Question {
        Question { severity, ..self }
    }

    fn answer(
        &self,
        state: ItemState,
        evidence: String,
        remedy: String,
        commands: Vec<String>,
    ) -> Item {
        Item {
            code: self.code,
            pillar: self.pillar,
            asks: self.asks,
            state,
            severity: self.severity,
            evidence,
            read_from: self.read_from,
            remedy,
            commands,
            rules: self.rules.to_vec(),
            pools: Vec::new(),
        }
    }

    pub fn ready(&self, evidence: impl Into<String>) -> Item {
        self.answer(ItemState::Ready, evidence.into(), String::new(), Vec::new())
    }

    pub fn not_applicable(&self, evidence: impl Into<String>) -> Item {
        self.answer(
            ItemState::NotApplicable,
            evidence.into(),
            String::new(),
            Vec::new(),
        )
    }

    pub fn not_ready(
        &self,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
        commands: impl IntoIterator<Item = Option<String>>,
    ) -> Item {
        self.answer(
            ItemState::NotReady,
            evidence.into(),
            remedy.into(),
            first(commands),
        )
    }

    pub fn not_known(
        &self,
        evidence: impl Into<String>,
        remedy: impl Into<String>,
        commands: impl IntoIterator<Item = Option<String>>,
    ) -> Item {
        self.answer(
            ItemState::NotKnown,
            evidence.into(),
            remedy.into(),
            first(commands),
        )
    }
}

/// Commands that are shown; a hundred namespaces take a hundred, which are all alike.
const MOST_COMMANDS: usize = 5;

/// Each once: two things that one command mends take it only once.
fn first(commands: impl IntoIterator<Item = Option<String>>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = commands.into_iter().flatten();
    all.filter(|command| seen.insert(command.clone()))
        .take(MOST_COMMANDS)
        .collect()
}

/// Names as evidence: the first few, and how many more.
pub(super) fn listed<T: AsRef<str>>(names: &[T]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

//! What changed between two states in capacity terms: networks, clusters and pools that came, went or became different, where
//! ranges stand before and after, and what is newly wrong. Compares; never judges whether a change is good.

mod fields;
mod pairs;

use super::assess::Assessment;
use super::overlap::Overlap;
use crate::finding::{Finding, Severity};
use crate::model::Inventory;
use std::collections::HashMap;

/// One of the two states.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    pub inventory: &'a Inventory,
    pub assessment: &'a Assessment,
}

/// What a change is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Vnet,
    Peering,
    Subnet,
    Cluster,
    Pool,
}

impl Kind {
    pub const ALL: [Kind; 5] = [
        Kind::Vnet,
        Kind::Peering,
        Kind::Subnet,
        Kind::Cluster,
        Kind::Pool,
    ];

    /// For machines.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Vnet => "vnet",
            Kind::Peering => "peering",
            Kind::Subnet => "subnet",
            Kind::Cluster => "cluster",
            Kind::Pool => "pool",
        }
    }

    /// Several, for people.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Vnet => "VNets",
            Kind::Peering => "Peerings",
            Kind::Subnet => "Subnets",
            Kind::Cluster => "Clusters",
            Kind::Pool => "Pools",
        }
    }
}

/// How something changed. Ordered as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    Added,
    Removed,
    Changed,
}

impl How {
    pub fn word(self) -> &'static str {
        match self {
            How::Added => "added",
            How::Removed => "removed",
            How::Changed => "changed",
        }
    }
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Number(i64),
    Text(String),
}

/// One field of a thing; `None` where it says nothing. Of something added, `before` is nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// `max_count`, `headroom_ceiling`, …
    pub field: &'static str,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// One thing that came, went or became different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub kind: Kind,
    pub how: How,
    /// `group/vnet`, `vnet/subnet`, `group/cluster`, `group/cluster/pool`.
    pub name: String,
    /// Of something changed, the fields that did; else all that it has.
    pub fields: Vec<FieldChange>,
}

/// Everything that changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// By kind and name.
    pub changes: Vec<Change>,
    /// Findings and overlaps that were not there before, worst first.
    pub new: Vec<Finding>,
    pub gone: Vec<Finding>,
    /// The same findings with other numbers: before and after.
    pub changed: Vec<(Finding, Finding)>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
            && self.new.is_empty()
            && self.gone.is_empty()
            && self.changed.is_empty()
    }

    /// The worst that is new, or became worse.
    pub fn worst(&self) -> Option<Severity> {
        let worse = self
            .changed
            .iter()
            .filter(|(before, after)| after.severity > before.severity);
        let new = self.new.iter().map(|finding| finding.severity);
        new.chain(worse.map(|(_, after)| after.severity)).max()
    }
}

/// Compares two states. Things are the same by id; else by name, where that is unmistakable.
pub fn changes(before: Side, after: Side) -> Changes {
    let mut found = Vec::new();
    let both = pairs::Pairs::of(before.inventory, after.inventory);
    let (old, new) = (fields::Fields::of(before), fields::Fields::of(after));
    for kind in Kind::ALL {
        for (was, is) in both.of_kind(kind) {
            let change = compare(
                kind,
                was.map(|place| old.of_thing(kind, place)),
                is.map(|place| new.of_thing(kind, place)),
            );
            found.extend(change);
        }
    }
    found.sort_by(|a, b| (a.kind, a.how, &a.name).cmp(&(b.kind, b.how, &b.name)));
    let mut changes = Changes {
        changes: found,
        ..Changes::default()
    };
    findings(
        told(before.assessment),
        told(after.assessment),
        &mut changes,
    );
    changes
}

type Thing = (String, Vec<(&'static str, Option<Value>)>);

fn compare(kind: Kind, was: Option<Thing>, is: Option<Thing>) -> Option<Change> {
    let one_side = |how, (name, fields): Thing| {
        let fields = fields
            .into_iter()
            .filter(|(_, value)| value.is_some())
            .map(|(field, value)| match how {
                How::Added => FieldChange {
                    field,
                    before: None,
                    after: value,
                },
                How::Removed | How::Changed => FieldChange {
                    field,
                    before: value,
                    after: None,
                },
            })
            .collect();
        Change {
            kind,
            how,
            name,
            fields,
        }
    };
    match (was, is) {
        (None, None) => None,
        (None, Some(is)) => Some(one_side(How::Added, is)),
        (Some(was), None) => Some(one_side(How::Removed, was)),
        (Some((_, was)), Some((name, is))) => {
            let fields: Vec<FieldChange> = was
                .into_iter()
                .zip(is)
                .filter(|((_, before), (_, after))| before != after)
                .map(|((field, before), (_, after))| FieldChange {
                    field,
                    before,
                    after,
                })
                .collect();
            (!fields.is_empty()).then_some(Change {
                kind,
                how: How::Changed,
                name,
                fields,
            })
        }
    }
}

/// Findings, and overlaps as such.
fn told(assessment: &Assessment) -> Vec<Finding> {
    let overlap = |overlap: &Overlap| {
        let (a, b) = (&overlap.a, &overlap.b);
        let message = format!(
            "{} {} of {} meets {} {} of {}: {}",
            a.kind.word(),
            a.cidr,
            a.owner,
            b.kind.word(),
            b.cidr,
            b.owner,
            overlap.why
        );
        Finding::new(overlap.severity, "overlap", message, &overlap.rules)
    };
    let overlaps = assessment.overlaps.iter().map(overlap);
    assessment
        .findings
        .iter()
        .cloned()
        .chain(overlaps)
        .collect()
}

fn findings(before: Vec<Finding>, after: Vec<Finding>, changes: &mut Changes) {
    let (before, after, _) = take_pairs(before, after, |finding| {
        (
            finding.code,
            finding.severity.word(),
            finding.message.clone(),
        )
    });
    let (gone, new, changed) = take_pairs(before, after, |finding| {
        (finding.code, "", without_numbers(&finding.message))
    });
    let worst_first = |a: &Finding, b: &Finding| {
        let key = |finding: &Finding| (finding.code, finding.message.clone());
        b.severity
            .cmp(&a.severity)
            .then_with(|| key(a).cmp(&key(b)))
    };
    (changes.gone, changes.new, changes.changed) = (gone, new, changed);
    changes.gone.sort_by(worst_first);
    changes.new.sort_by(worst_first);
    changes.changed.sort_by(|a, b| worst_first(&a.1, &b.1));
}

/// What is left on either side, and the pairs.
type Paired = (Vec<Finding>, Vec<Finding>, Vec<(Finding, Finding)>);

/// Pairs findings of one key, in their order.
fn take_pairs<K: std::hash::Hash + Eq>(
    before: Vec<Finding>,
    after: Vec<Finding>,
    key: impl Fn(&Finding) -> K,
) -> Paired {
    let mut waiting: HashMap<K, std::collections::VecDeque<usize>> = HashMap::new();
    for (position, finding) in before.iter().enumerate() {
        waiting.entry(key(finding)).or_default().push_back(position);
    }
    let mut before: Vec<Option<Finding>> = before.into_iter().map(Some).collect();
    let mut left = Vec::new();
    let mut pairs = Vec::new();
    for finding in after {
        let place = waiting
            .get_mut(&key(&finding))
            .and_then(std::collections::VecDeque::pop_front);
        match place.and_then(|place| before[place].take()) {
            Some(old) => pairs.push((old, finding)),
            None => left.push(finding),
        }
    }
    (before.into_iter().flatten().collect(), left, pairs)
}

/// The message with words that are nothing but a number taken out: `1,019` and `12`, but not `aks-1` and not `10.0.0.0/24`.
fn without_numbers(message: &str) -> String {
    let is_number = |word: &&str| {
        let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
        !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == ',')
    };
    let words: Vec<&str> = message
        .split_whitespace()
        .map(|word| if is_number(&word) { "#" } else { word })
        .collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_words_of_digits() {
        for (message, want) in [
            (
                "pool aks-1 needs 1,019 of 251 (12).",
                "pool aks-1 needs # of # #",
            ),
            ("subnet 10.0.0.0/24 is full", "subnet 10.0.0.0/24 is full"),
        ] {
            assert_eq!(without_numbers(message), want);
        }
    }

    #[test]
    fn a_finding_with_another_number_is_no_new_one() {
        let finding = |severity, message: &str| Finding::new(severity, "c", message, &[]);
        let mut changes = Changes::default();
        findings(
            vec![
                finding(Severity::Warning, "a 1 b"),
                finding(Severity::Info, "same"),
                finding(Severity::Info, "went"),
            ],
            vec![
                finding(Severity::Info, "same"),
                finding(Severity::Blocker, "a 2 b"),
                finding(Severity::Info, "came"),
            ],
            &mut changes,
        );
        assert_eq!(changes.new, [finding(Severity::Info, "came")]);
        assert_eq!(changes.gone, [finding(Severity::Info, "went")]);
        assert_eq!(changes.changed.len(), 1);
        assert_eq!(changes.worst(), Some(Severity::Blocker), "it became worse");
    }
}

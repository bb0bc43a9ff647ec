//! What a label selector means, and which selectors mean a set of labels without trying all of them. Knows nothing of what the
//! selectors are for.

use crate::model::workload::{Labels, Selector, SelectorRequirement};
use std::collections::HashMap;

/// What one selector says of one set of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Matches,
    Differs,
    /// An operator Kubernetes does not know, or values that do not go with it: the API server ignores such a selector (EV-3).
    Invalid,
}

/// Judges labels as `metav1.LabelSelectorAsSelector` does: no requirement at all matches everything.
pub fn judge(selector: &Selector, labels: &Labels) -> Meaning {
    if !selector.match_expressions.iter().all(is_valid) {
        return Meaning::Invalid;
    }
    let all = selector
        .match_labels
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
        && selector
            .match_expressions
            .iter()
            .all(|requirement| holds(requirement, labels));
    if all {
        Meaning::Matches
    } else {
        Meaning::Differs
    }
}

/// [`judge`], where an invalid selector means nothing.
pub fn matches(selector: &Selector, labels: &Labels) -> bool {
    judge(selector, labels) == Meaning::Matches
}

fn is_valid(requirement: &SelectorRequirement) -> bool {
    match requirement.operator.as_str() {
        "In" | "NotIn" => !requirement.values.is_empty(),
        "Exists" | "DoesNotExist" => requirement.values.is_empty(),
        _ => false,
    }
}

fn holds(requirement: &SelectorRequirement, labels: &Labels) -> bool {
    let value = labels.get(&requirement.key);
    match requirement.operator.as_str() {
        "In" => value.is_some_and(|value| requirement.values.contains(value)),
        // A label that is not there is in no list either.
        "NotIn" => value.is_none_or(|value| !requirement.values.contains(value)),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

/// Labels with the one value that the selector cannot do without.
fn needed(selector: &Selector) -> impl Iterator<Item = (&str, &str)> {
    let expressed = selector
        .match_expressions
        .iter()
        .filter(|requirement| requirement.operator == "In" && requirement.values.len() == 1)
        .map(|requirement| (requirement.key.as_str(), requirement.values[0].as_str()));
    selector
        .match_labels
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .chain(expressed)
}

/// Selectors with what they belong to, found by one label that they cannot do without. Within a namespace.
#[derive(Debug)]
pub struct SelectorIndex<'a, T> {
    /// By namespace, key and value.
    by_label: HashMap<(&'a str, &'a str, &'a str), Vec<usize>>,
    /// Of a namespace, those that need no label with one certain value.
    general: HashMap<&'a str, Vec<usize>>,
    selectors: Vec<(&'a Selector, T)>,
}

impl<'a, T: Copy + Ord> SelectorIndex<'a, T> {
    /// `selectors`: namespace, selector, and what is returned for it.
    pub fn of(all: impl Iterator<Item = (&'a str, &'a Selector, T)>) -> Self {
        let mut index = SelectorIndex {
            by_label: HashMap::new(),
            general: HashMap::new(),
            selectors: Vec::new(),
        };
        let all: Vec<(&str, &Selector, T)> = all.collect();
        let mut often: HashMap<(&str, &str, &str), u32> = HashMap::new();
        for (namespace, selector, _) in &all {
            for (key, value) in needed(selector) {
                *often.entry((namespace, key, value)).or_default() += 1;
            }
        }
        for (namespace, selector, of) in all {
            let position = index.selectors.len();
            index.selectors.push((selector, of));
            // The rarest: `team=payments` is wanted by many selectors, `app=ledger` by one.
            let rarest = needed(selector)
                .min_by_key(|(key, value)| (often[&(namespace, *key, *value)], *key, *value));
            match rarest {
                Some((key, value)) => index
                    .by_label
                    .entry((namespace, key, value))
                    .or_default()
                    .push(position),
                None => index.general.entry(namespace).or_default().push(position),
            }
        }
        index
    }

    /// All that mean these labels in this namespace, in order.
    pub fn of_labels(&self, namespace: &str, labels: &Labels) -> Vec<T> {
        let empty = Vec::new();
        let mut found: Vec<T> = labels
            .iter()
            .filter_map(|(key, value)| {
                // The keys of the map outlive this call and these do not: a shorter life is enough to look one up.
                self.by_label
                    .get(&(namespace, key.as_str(), value.as_str()))
            })
            .chain([self.general.get(namespace).unwrap_or(&empty)])
            .flatten()
            .map(|position| &self.selectors[*position])
            .filter(|(selector, _)| matches(selector, labels))
            .map(|(_, of)| *of)
            .collect();
        found.sort_unstable();
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect()
    }

    fn requirement(key: &str, operator: &str, values: &[&str]) -> SelectorRequirement {
        SelectorRequirement {
            key: key.to_string(),
            operator: operator.to_string(),
            values: values.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn operators() {
        let pod = labels(&[("app", "api"), ("tier", "web")]);
        for (operator, values, key, want) in [
            ("In", &["api", "db"][..], "app", Meaning::Matches),
            ("In", &["db"], "app", Meaning::Differs),
            ("In", &["db"], "none", Meaning::Differs),
            ("NotIn", &["db"], "app", Meaning::Matches),
            ("NotIn", &["db"], "none", Meaning::Matches),
            ("NotIn", &["api"], "app", Meaning::Differs),
            ("Exists", &[], "app", Meaning::Matches),
            ("Exists", &[], "none", Meaning::Differs),
            ("DoesNotExist", &[], "none", Meaning::Matches),
            ("DoesNotExist", &[], "app", Meaning::Differs),
            ("In", &[], "app", Meaning::Invalid),
            ("Exists", &["api"], "app", Meaning::Invalid),
            ("Contains", &["api"], "app", Meaning::Invalid),
        ] {
            let selector = Selector {
                match_expressions: vec![requirement(key, operator, values)],
                ..Selector::default()
            };
            assert_eq!(judge(&selector, &pod), want, "{key} {operator} {values:?}");
        }
        assert_eq!(judge(&Selector::default(), &pod), Meaning::Matches);
    }

    fn any_labels() -> impl Strategy<Value = Labels> {
        proptest::collection::btree_map("[ab]", "[xy]", 0..3)
    }

    fn any_selector() -> impl Strategy<Value = Selector> {
        let requirement = (
            "[ab]",
            prop_oneof![
                Just("In"),
                Just("NotIn"),
                Just("Exists"),
                Just("DoesNotExist"),
                Just("Else")
            ],
            proptest::collection::vec("[xy]", 0..3),
        )
            .prop_map(|(key, operator, values)| SelectorRequirement {
                key,
                operator: operator.to_string(),
                values,
            });
        (any_labels(), proptest::collection::vec(requirement, 0..2)).prop_map(
            |(match_labels, match_expressions)| Selector {
                match_labels,
                match_expressions,
            },
        )
    }

    proptest! {
        #[test]
        fn the_index_finds_what_trying_all_finds(
            selectors in proptest::collection::vec(("[mn]", any_selector()), 0..12),
            pod in any_labels(),
            namespace in "[mn]",
        ) {
            let index = SelectorIndex::of(
                selectors.iter().enumerate().map(|(position, (namespace, selector))| {
                    (namespace.as_str(), selector, position)
                }),
            );
            let tried: Vec<usize> = selectors
                .iter()
                .enumerate()
                .filter(|(_, (of, selector))| *of == namespace && matches(selector, &pod))
                .map(|(position, _)| position)
                .collect();
            prop_assert_eq!(index.of_labels(&namespace, &pod), tried);
        }
    }
}

//! The rule book: what AKS, Azure and Kubernetes do, as values. Every number, check and finding in aksplan cites a rule, and
//! `aksplan explain RULE` prints it. This module holds words only; the arithmetic lives where it is used.

/// How well a rule is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// Current official documentation or source code.
    Documented,
    /// Official, but old, indirect, or a release note only.
    Indirect,
    /// Observed in what real services answered, or inferred from it; not documented.
    Inferred,
    /// Sources contradict each other; the rule says which reading is taken.
    Contradictory,
}

impl Confidence {
    /// One lowercase word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Indirect => "indirect",
            Self::Inferred => "inferred",
            Self::Contradictory => "contradictory",
        }
    }

    /// One letter, for narrow columns.
    pub fn letter(self) -> char {
        match self {
            Self::Documented => 'A',
            Self::Indirect => 'B',
            Self::Inferred => 'C',
            Self::Contradictory => 'X',
        }
    }

    /// One sentence that explains the word.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Documented => "Current official documentation or source code says so.",
            Self::Indirect => {
                "An official source says so, but it is old, indirect, or only a release note."
            }
            Self::Inferred => {
                "Observed in what real services answered, or inferred from it; not documented."
            }
            Self::Contradictory => {
                "Sources contradict each other; the rule says which reading is taken."
            }
        }
    }
}

/// One rule of the book.
#[derive(Debug)]
pub struct Rule {
    /// Stable identifier, for example `CLS-3`; or the error code itself, for example `SubnetIsFull`.
    pub id: &'static str,
    pub confidence: Confidence,
    /// A few words.
    pub title: &'static str,
    /// What it says, in whole sentences.
    pub says: &'static str,
    /// The public document, changelog entry, source file or observation behind it, with its date where known.
    pub source: &'static str,
}

/// Ids are unique, so two rules with one id are one rule.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

macro_rules! rules {
    ($($name:ident = $id:literal, $confidence:ident, $title:literal, $says:literal, $source:literal;)*) => {
        $(
            #[doc = concat!("`", $id, "`: ", $title, ".")]
            pub static $name: Rule = Rule {
                id: $id,
                confidence: Confidence::$confidence,
                title: $title,
                says: $says,
                source: $source,
            };
        )*
        /// The entries of this file, in order.
        pub(super) const ENTRIES: &[&Rule] = &[$(&$name),*];
        #[cfg(test)]
        pub(super) static NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

mod book;
mod readiness;
pub use book::*;
pub use readiness::*;

/// Every rule, in the order of the book.
pub static ALL: &[&Rule] = &BOTH;

static BOTH: [&Rule; book::ENTRIES.len() + readiness::ENTRIES.len()] = {
    let mut all = [book::ENTRIES[0]; book::ENTRIES.len() + readiness::ENTRIES.len()];
    let mut position = 0;
    while position < all.len() {
        all[position] = if position < book::ENTRIES.len() {
            book::ENTRIES[position]
        } else {
            readiness::ENTRIES[position - book::ENTRIES.len()]
        };
        position += 1;
    }
    all
};

include!(concat!(env!("OUT_DIR"), "/rule_uses.rs"));

/// The rule with this id. Case, hyphens and underscores do not matter: `SUB-1`, `sub_1` and `sub1` are the same rule.
pub fn find(id: &str) -> Option<&'static Rule> {
    // Every word of a report is asked about: most differ in their first letter.
    ALL.iter()
        .copied()
        .find(|rule| letters(rule.id).eq(letters(id)))
}

/// Up to three ids that resemble `id`, the closest first, equally close ones in the order of the book. Empty when nothing
/// comes near: more than half of what was typed would have to change.
pub fn suggest(id: &str) -> Vec<&'static str> {
    let wanted = folded(id);
    let reach = wanted.chars().count() / 2;
    let mut near: Vec<(usize, &str)> = ALL
        .iter()
        .map(|rule| (distance(&wanted, &folded(rule.id)), rule.id))
        .filter(|&(distance, _)| distance <= reach)
        .collect();
    near.sort_by_key(|&(distance, _)| distance); // stable: the order of the book stays
    near.into_iter().take(3).map(|(_, id)| id).collect()
}

/// The source files that cite the rule, such as `capacity/cost.rs`, sorted; found by `build.rs`.
pub fn used_in(rule: &Rule) -> &'static [&'static str] {
    USES.iter()
        .find(|(id, _)| *id == rule.id)
        .map_or(&[], |(_, files)| files)
}

fn letters(id: &str) -> impl Iterator<Item = char> {
    id.trim()
        .chars()
        .filter(|c| !matches!(c, '-' | '_'))
        .flat_map(char::to_lowercase)
}

fn folded(id: &str) -> String {
    letters(id).collect()
}

/// Levenshtein distance: insertions, deletions and replacements of one character.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn ids_are_unique_however_they_are_spelled() {
        let mut seen = BTreeSet::new();
        for rule in ALL {
            assert!(seen.insert(folded(rule.id)), "{} occurs twice", rule.id);
        }
    }

    #[test]
    fn a_constant_is_named_after_its_id() {
        let names = book::NAMES.iter().chain(readiness::NAMES);
        for (name, rule) in names.zip(ALL) {
            assert_eq!(
                folded(name),
                folded(rule.id),
                "{name} is not the name for {}",
                rule.id
            );
            if rule.id.contains('-') {
                assert_eq!(*name, rule.id.replace('-', "_"));
            }
        }
    }

    #[test]
    fn the_book_is_whole() {
        let numbered = |prefix: &str, numbers: &[std::ops::RangeInclusive<u32>]| {
            let wanted: Vec<String> = numbers
                .iter()
                .cloned()
                .flatten()
                .map(|n| format!("{prefix}-{n}"))
                .collect();
            let found: Vec<&str> = ALL
                .iter()
                .map(|rule| rule.id)
                .filter(|id| id.starts_with(&format!("{prefix}-")))
                .collect();
            assert_eq!(found, wanted);
        };
        for (prefix, last) in [
            ("SUB", 5),
            ("MP", 6),
            ("CLS", 5),
            ("DYN", 5),
            ("STB", 3),
            ("OVL", 5),
            ("KBN", 2),
            ("BYO", 1),
            ("ISS", 7),
            ("UPG", 17),
            ("EXP", 1),
            ("CID", 6),
            ("MNT", 2),
            ("EV", 6),
            ("PDB", 5),
            ("DRN", 2),
            ("NET", 5),
            ("RDY", 18),
        ] {
            numbered(prefix, &[1..=last]);
        }
        numbered("MIG", &[1..=14, 20..=26]);
    }

    #[test]
    fn texts_are_whole_sentences_and_public() {
        for rule in ALL {
            let Rule {
                id,
                title,
                says,
                source,
                ..
            } = rule;
            assert!(
                says.ends_with('.') && says.chars().count() >= 40,
                "{id}: {says}"
            );
            assert!(!title.is_empty() && !title.ends_with('.'), "{id}: {title}");
            assert!(
                !source.is_empty() && !source.ends_with('.'),
                "{id}: {source}"
            );
            for text in [title, says, source] {
                for house in ["shared/", "OBS-", "aks-rules", "rule book", "  "] {
                    assert!(!text.contains(house), "{id} contains {house:?}: {text}");
                }
            }
            if rule.confidence == Confidence::Documented {
                let public = ["MicrosoftDocs/", "Azure/", "kubernetes/", "GitHub "];
                assert!(
                    public.iter().any(|place| source.contains(place)),
                    "{id} names no document: {source}"
                );
            }
        }
    }

    #[test]
    fn a_rule_that_another_rule_names_exists() {
        for rule in ALL {
            for word in rule
                .says
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            {
                if let Some((prefix, number)) = word.split_once('-')
                    && ALL.iter().any(|other| {
                        other
                            .id
                            .split_once('-')
                            .is_some_and(|(known, _)| known == prefix)
                    })
                    && number.parse::<u32>().is_ok()
                {
                    assert!(find(word).is_some(), "{} names {word}", rule.id);
                }
            }
        }
    }

    #[test]
    fn find_and_suggest() {
        let found = |id: &str| find(id).map(|rule| rule.id);
        for id in ["SUB-1", "sub-1", "sub_1", "sub1", " Sub-1 "] {
            assert_eq!(found(id), Some("SUB-1"), "{id}");
        }
        assert_eq!(found("mig10"), Some("MIG-10"));
        assert_eq!(found("subnet_is_full"), Some("SubnetIsFull"));
        assert_eq!(
            found("AKSCAPACITYHEAVYUSAGE"),
            Some("AksCapacityHeavyUsage")
        );
        assert_eq!(found("SUB-9"), None);
        assert_eq!(found(""), None);

        let cases: &[(&str, &[&str])] = &[
            ("SUB-9", &["SUB-1", "SUB-2", "SUB-3"]),
            ("upg-99", &["UPG-9", "UPG-1", "UPG-2"]),
            ("SubnetFull", &["SubnetIsFull"]),
            (
                "InsufficientSubnet",
                &["InsufficientSubnetSize", "InsufficientPodCidr"],
            ),
            ("completely-unlike-anything", &[]),
            ("", &[]),
        ];
        for (typed, expected) in cases {
            assert_eq!(&suggest(typed), expected, "{typed}");
        }
    }

    #[test]
    fn distances() {
        for (from, to, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
        ] {
            assert_eq!(distance(from, to), expected, "{from} -> {to}");
        }
    }

    #[test]
    fn uses_name_known_rules_once_and_in_order() {
        let ids: Vec<&str> = USES.iter().map(|(id, _)| *id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        for (id, files) in USES {
            assert_eq!(find(id).map(|rule| rule.id), Some(*id));
            assert!(!files.is_empty() && files.is_sorted_by(|a, b| a < b));
            assert!(files.iter().all(|file| !file.starts_with("rule")));
        }
        assert!(
            ALL.iter()
                .all(|rule| !used_in(rule).is_empty() || !ids.contains(&rule.id))
        );
    }

    /// Cited as a constant, in a comment, in a text.
    #[test]
    fn a_rule_that_is_cited_by_its_id_is_used() {
        for (id, file) in [
            ("CID-1", "capacity/overlap.rs"),
            ("SUB-2", "capacity/limits.rs"),
            ("NET-2", "model/network.rs"),
            ("CID-5", "source/assemble.rs"),
        ] {
            let rule = find(id).expect("it is in the book");
            assert!(used_in(rule).contains(&file), "{id}: {:?}", used_in(rule));
        }
        for id in ["NET-1", "UPG-1", "UPG-11", "UPG-12"] {
            assert!(!used_in(find(id).expect("in the book")).is_empty(), "{id}");
        }
    }

    #[test]
    fn words_and_letters_of_confidence() {
        use Confidence::*;
        let all = [Documented, Indirect, Inferred, Contradictory];
        assert_eq!(all.map(Confidence::letter), ['A', 'B', 'C', 'X']);
        assert_eq!(
            all.map(Confidence::word),
            ["documented", "indirect", "inferred", "contradictory"]
        );
        assert!(all.iter().all(|c| c.meaning().ends_with('.')));
    }
}

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
        /// Every rule, in the order of the book.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    SUB_1 = "SUB-1", Documented, "Azure reserves five addresses in every IPv4 subnet",
        "…", "…";
}

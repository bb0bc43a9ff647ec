//! Something worth telling. A finding carries a stable code, a severity and the rules it rests on; it never carries layout.

use crate::model::Subject;
use crate::rule::Rule;
use serde::Serialize;

/// How much a finding matters. Ordered: `Info < Warning < Blocker`, so that `--fail-on warning` is a comparison.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know; nothing breaks.
    Info,
    /// Breaks under a condition that is possible but not certain.
    Warning,
    /// AKS refuses, or traffic or pods are certain to break.
    Blocker,
}

impl Severity {
    /// The word used in every output format.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Blocker => "blocker",
        }
    }
}

/// A problem or an observation about the cluster or its network. Never an error of the tool: analysis is total.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Stable, kebab-case; other tools match on it.
    pub code: &'static str,
    pub severity: Severity,
    /// One sentence, with the numbers.
    pub message: String,
    /// What the finding rests on.
    pub rules: Vec<&'static Rule>,
    /// What it is about.
    pub subject: Subject,
}

impl Finding {
    pub fn new(
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        rules: &[&'static Rule],
    ) -> Self {
        Finding {
            code,
            severity,
            message: message.into(),
            rules: rules.to_vec(),
            subject: Subject::Estate,
        }
    }

    /// The same, about something narrower than the estate.
    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// The same, about this unless it says already what it is about.
    #[must_use]
    pub fn within(self, subject: &Subject) -> Self {
        match self.subject {
            Subject::Estate => self.about(subject.clone()),
            _ => self,
        }
    }
}

/// A number as people read it: `2834` → `2,834`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 node`, `2 nodes`, `2,834 addresses`.
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grouping() {
        for (number, want) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1234567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), want);
        }
        assert_eq!(counted(1, "node", "nodes"), "1 node");
    }

    #[test]
    fn severities_order() {
        assert!(Severity::Info < Severity::Warning && Severity::Warning < Severity::Blocker);
    }
}

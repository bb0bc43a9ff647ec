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
    /// What must change for it to be gone, where that has a name: `budget payments/api`. Findings of one cause are one thing to do.
    pub causes: Vec<String>,
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
            causes: Vec::new(),
        }
    }

    /// The same, and what must change for it to be gone.
    #[must_use]
    pub fn because_of(mut self, causes: impl IntoIterator<Item = String>) -> Self {
        self.causes.extend(causes);
        self.causes.sort();
        self.causes.dedup();
        self
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

/// How what is left over of the last unit is told.
#[derive(Clone, Copy)]
enum Rest {
    Nearest,
    Up,
    Down,
}

impl Rest {
    fn of(self, seconds: u64, unit: u64) -> u64 {
        match self {
            Rest::Nearest => (seconds + unit / 2) / unit,
            Rest::Up => seconds.div_ceil(unit),
            Rest::Down => seconds / unit,
        }
    }
}

/// A duration that promises nothing, to the nearest: `95 s`, `11 min`, `4 min 20 s`, `1 h 52 min`, `2 d 3 h`.
pub fn span(seconds: u32) -> String {
    told(u64::from(seconds), Rest::Nearest)
}

/// A duration that something takes or ends within, rounded up: it never takes longer than it says. Every percentile is one.
pub fn at_most(seconds: u32) -> String {
    told(u64::from(seconds), Rest::Up)
}

/// A duration that is there to be used, rounded down: there is never less of it.
pub fn at_least(seconds: u32) -> String {
    told(u64::from(seconds), Rest::Down)
}

fn told(seconds: u64, rest: Rest) -> String {
    match seconds {
        0..120 => return format!("{seconds} s"),
        120..600 if !seconds.is_multiple_of(60) => {
            return format!("{} min {} s", seconds / 60, seconds % 60);
        }
        _ => {}
    }
    let minutes = rest.of(seconds, 60);
    let hours = rest.of(seconds, 3_600);
    match (minutes, hours) {
        (0..60, _) => format!("{minutes} min"),
        (60..2_880, _) if minutes.is_multiple_of(60) => format!("{} h", minutes / 60),
        (60..2_880, _) => format!("{} h {} min", minutes / 60, minutes % 60),
        (_, hours) if hours.is_multiple_of(24) => format!("{} d", hours / 24),
        (_, hours) => format!("{} d {} h", hours / 24, hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        const DAY: u32 = 86_400;
        for (seconds, nearest, most, least) in [
            (0, "0 s", "0 s", "0 s"),
            (95, "95 s", "95 s", "95 s"),
            (120, "2 min", "2 min", "2 min"),
            (260, "4 min 20 s", "4 min 20 s", "4 min 20 s"),
            (660, "11 min", "11 min", "11 min"),
            (689, "11 min", "12 min", "11 min"),
            (2_528, "42 min", "43 min", "42 min"),
            (3_599, "1 h", "1 h", "59 min"),
            (3_600, "1 h", "1 h", "1 h"),
            (3_601, "1 h", "1 h 1 min", "1 h"),
            (6_720, "1 h 52 min", "1 h 52 min", "1 h 52 min"),
            (2 * DAY - 1, "2 d", "2 d", "47 h 59 min"),
            (2 * DAY + 1, "2 d", "2 d 1 h", "2 d"),
            (2 * DAY + 3 * 3_600, "2 d 3 h", "2 d 3 h", "2 d 3 h"),
        ] {
            assert_eq!(span(seconds), nearest, "{seconds}");
            assert_eq!(at_most(seconds), most, "{seconds}");
            assert_eq!(at_least(seconds), least, "{seconds}");
        }
    }

    /// What is promised is never less than it takes, and what is there never more than there is, whatever the unit.
    #[test]
    fn promises_are_kept() {
        let seconds_of = |words: &str| -> u32 {
            let words: Vec<&str> = words.split(' ').collect();
            let pairs = words.chunks(2).map(|pair| {
                let number: u32 = pair[0].parse().expect("a number");
                number
                    * match pair[1] {
                        "s" => 1,
                        "min" => 60,
                        "h" => 3_600,
                        _ => 86_400,
                    }
            });
            pairs.sum()
        };
        for seconds in (0..200_000).step_by(7).chain([u32::MAX - 86_400 * 2]) {
            assert!(seconds_of(&at_most(seconds)) >= seconds, "{seconds}");
            assert!(seconds_of(&at_least(seconds)) <= seconds, "{seconds}");
        }
    }

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

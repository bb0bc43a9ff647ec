//! Go or no go: what a change review is asked to decide, from everything that was found. Only gathers; every reason was found elsewhere.

use super::build::NOT_READ;
use crate::finding::{Finding, Severity};

/// What a review can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Go {
    /// Nothing stands against it that is known.
    Go,
    /// Somebody has to have looked at each condition before.
    Conditions,
    /// What the move does is not known: too little was read.
    NotKnown,
    No,
}

impl Go {
    pub fn key(self) -> &'static str {
        match self {
            Go::Go => "go",
            Go::Conditions => "go_with_conditions",
            Go::NotKnown => "not_known",
            Go::No => "no_go",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Go::Go => "Go",
            Go::Conditions => "Go, with conditions",
            Go::NotKnown => "Not to be decided yet",
            Go::No => "No go",
        }
    }
}

/// A decision with its reasons, each a whole sentence without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub go: Go,
    /// What must be gone before.
    pub blockers: Vec<String>,
    /// What must be looked at before.
    pub conditions: Vec<String>,
}

/// A window, and whether nine of ten futures fit into it; `None`: nobody can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitting {
    pub window: String,
    pub fits: Option<bool>,
}

/// What a decision is made of.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Why no plan could be made, if none could.
    pub refused: &'a [String],
    /// Everything found about the move.
    pub findings: &'a [Finding],
    /// Whether nodes and pods were read, without which nothing can be simulated.
    pub simulated: bool,
    /// Whether AKS takes the request, or why rules and facts do not decide it.
    pub admitted: Result<bool, &'a [String]>,
    /// Futures that were played, and those in which every pool ended well.
    pub futures: Option<(u32, u32)>,
    pub windows: &'a [Fitting],
    /// Dependents on pods' addresses that are certain or likely.
    pub dependents: usize,
    /// Things that were not looked at.
    pub not_checked: usize,
}

/// Decides.
pub fn decide(evidence: &Evidence) -> Decision {
    let mut blockers: Vec<String> = evidence
        .refused
        .iter()
        .filter(|reason| evidence.simulated || *reason != NOT_READ)
        .cloned()
        .collect();
    blockers.extend(of(evidence.findings, Severity::Blocker));
    if evidence.admitted == Ok(false) && blockers.is_empty() {
        blockers.push("AKS refuses the request".to_string());
    }
    let mut conditions = Vec::new();
    if let Err(open) = evidence.admitted {
        conditions.push(format!(
            "whether AKS takes the request is not known: {}",
            open.join("; ")
        ));
    }
    if let Some((all, completed)) = evidence.futures
        && completed < all
    {
        conditions.push(format!("{completed} of {all} futures complete"));
    }
    if evidence.simulated {
        conditions.extend(evidence.windows.iter().filter_map(misfit));
        if evidence.windows.is_empty() {
            conditions.push("no window is known: name one with --window".to_string());
        }
    } else {
        conditions.push(
            "nodes and pods were not read, so nothing was simulated: how long it takes, which budget holds it up and who is down \
             meanwhile is not known"
                .to_string(),
        );
    }
    if evidence.dependents > 0 {
        conditions.push(format!(
            "{} on routable pod addresses: each needs another way in before the move",
            crate::finding::counted(
                evidence.dependents as u64,
                "dependent relies",
                "dependents rely"
            )
        ));
    }
    conditions.extend(of(evidence.findings, Severity::Warning));
    if evidence.not_checked > 0 {
        conditions.push(format!(
            "{} not checked: the list closes this report",
            crate::finding::counted(evidence.not_checked as u64, "thing was", "things were")
        ));
    }
    unique(&mut blockers);
    unique(&mut conditions);
    conditions.retain(|condition| !blockers.contains(condition));
    Decision {
        go: match (
            blockers.is_empty(),
            evidence.simulated,
            conditions.is_empty(),
        ) {
            (false, ..) => Go::No,
            (true, false, _) => Go::NotKnown,
            (true, true, false) => Go::Conditions,
            (true, true, true) => Go::Go,
        },
        blockers,
        conditions,
    }
}

fn of(findings: &[Finding], severity: Severity) -> impl Iterator<Item = String> {
    findings
        .iter()
        .filter(move |finding| finding.severity == severity)
        .map(|finding| finding.message.clone())
}

fn misfit(fitting: &Fitting) -> Option<String> {
    match fitting.fits {
        Some(true) => None,
        Some(false) => Some(format!(
            "nine of ten futures do not fit into {}: it is refused in the window without --accept-overrun",
            fitting.window
        )),
        None => Some(format!(
            "whether it fits into {} is not known",
            fitting.window
        )),
    }
}

/// Each once, in the order in which they came.
fn unique(sentences: &mut Vec<String>) {
    let mut seen = std::collections::BTreeSet::new();
    sentences.retain(|sentence| seen.insert(sentence.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule;

    const CLEAR: Evidence = Evidence {
        refused: &[],
        findings: &[],
        simulated: true,
        admitted: Ok(true),
        futures: Some((100, 100)),
        windows: &[],
        dependents: 0,
        not_checked: 0,
    };

    fn fitting(fits: Option<bool>) -> Vec<Fitting> {
        vec![Fitting {
            window: "--window 4h".to_string(),
            fits,
        }]
    }

    #[test]
    fn only_what_is_known_to_be_well_is_a_go() {
        let fits = fitting(Some(true));
        let clear = Evidence {
            windows: &fits,
            ..CLEAR
        };
        assert_eq!(decide(&clear).go, Go::Go);
        let finding = |severity| vec![Finding::new(severity, "x", "a sentence", &[&rule::MIG_20])];
        let (warning, blocker) = (finding(Severity::Warning), finding(Severity::Blocker));
        let (overrun, open) = (fitting(Some(false)), fitting(None));
        let refused = vec!["a range overlaps".to_string()];
        let not_read = vec![NOT_READ.to_string()];
        let cases: [(&str, Evidence, Go); 11] = [
            ("no window", CLEAR, Go::Conditions),
            (
                "overrun",
                Evidence {
                    windows: &overrun,
                    ..clear
                },
                Go::Conditions,
            ),
            (
                "open window",
                Evidence {
                    windows: &open,
                    ..clear
                },
                Go::Conditions,
            ),
            (
                "unanswered",
                Evidence {
                    admitted: Err(&[]),
                    ..clear
                },
                Go::Conditions,
            ),
            (
                "refused by AKS",
                Evidence {
                    admitted: Ok(false),
                    ..clear
                },
                Go::No,
            ),
            (
                "a warning",
                Evidence {
                    findings: &warning,
                    ..clear
                },
                Go::Conditions,
            ),
            (
                "a blocker",
                Evidence {
                    findings: &blocker,
                    ..clear
                },
                Go::No,
            ),
            (
                "no plan",
                Evidence {
                    refused: &refused,
                    ..clear
                },
                Go::No,
            ),
            (
                "half the futures",
                Evidence {
                    futures: Some((10, 5)),
                    ..clear
                },
                Go::Conditions,
            ),
            (
                "dependents",
                Evidence {
                    dependents: 2,
                    ..clear
                },
                Go::Conditions,
            ),
            (
                "not read",
                Evidence {
                    simulated: false,
                    refused: &not_read,
                    ..clear
                },
                Go::NotKnown,
            ),
        ];
        for (what, evidence, go) in cases {
            let decision = decide(&evidence);
            assert_eq!(decision.go, go, "{what}: {decision:?}");
            assert_eq!(decision.blockers.is_empty(), go != Go::No, "{what}");
        }
    }
}

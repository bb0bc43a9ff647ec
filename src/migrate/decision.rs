//! Go or no go: what a change review is asked to decide, from everything that was found. Only gathers; every reason was found elsewhere.

use super::build::NOT_READ;
use super::dependents::{Dependent, Sureness};
use super::window::{WINDOW_TOO_SHORT, too_short};
use crate::finding::{Finding, Severity, counted};
use std::collections::BTreeSet;

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

/// A reason: a code that stays the same while numbers in its sentence change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// That of the finding it comes from, where there is one.
    pub code: &'static str,
    /// Whole, without a full stop.
    pub sentence: String,
}

impl Reason {
    fn new(code: &'static str, sentence: impl Into<String>) -> Self {
        Reason {
            code,
            sentence: sentence.into(),
        }
    }
}

impl From<&Finding> for Reason {
    fn from(finding: &Finding) -> Self {
        Reason::new(finding.code, finding.message.clone())
    }
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub go: Go,
    /// What must be gone before.
    pub blockers: Vec<Reason>,
    /// What must be looked at before.
    pub conditions: Vec<Reason>,
    /// What goes with every move, whatever was found: whoever says go accepts it.
    pub accepted: Vec<Reason>,
}

/// A window in which the move may be carried out, and whether nine of ten futures fit into it; `None`: nobody can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fitting {
    /// As the findings about it name it.
    pub window: String,
    /// Seconds that it is open.
    pub lasts: u32,
    /// Seconds that nine of ten futures take; `None`: not known, or fewer of them end.
    pub p90: Option<u32>,
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
    /// What relies on pods' addresses.
    pub dependents: &'a [Dependent],
    /// Things that were not looked at.
    pub not_checked: usize,
}

/// What AKS may answer where rules and facts leave that open.
pub const MAY_REFUSE: &str = "aks-may-refuse";
/// The finding that is the same of every move.
const ONE_WAY: &str = "one-way";

/// Decides.
///
/// What certainly breaks is a blocker: it can be given another way in before. What is the same of every move decides nothing.
pub fn decide(evidence: &Evidence) -> Decision {
    let (of_every_move, mut findings): (Vec<&Finding>, Vec<&Finding>) = evidence
        .findings
        .iter()
        .partition(|finding| finding.code == ONE_WAY);
    if evidence.admitted.is_err() {
        // What it may say is no more than that it is open.
        findings.retain(|finding| finding.code != MAY_REFUSE);
    }
    let (broken, relying): (Vec<&Dependent>, Vec<&Dependent>) = evidence
        .dependents
        .iter()
        .filter(|dependent| dependent.sure != Sureness::Possible)
        .partition(|dependent| dependent.sure == Sureness::Certain);
    let mut blockers: Vec<Reason> = evidence
        .refused
        .iter()
        .filter(|reason| evidence.simulated || *reason != NOT_READ)
        .map(|reason| Reason::new("no-plan", reason.clone()))
        .collect();
    blockers.extend(of(&findings, Severity::Blocker));
    blockers.extend(
        broken
            .iter()
            .map(|dependent| Reason::from(&dependent.finding())),
    );
    if evidence.admitted == Ok(false) && blockers.is_empty() {
        blockers.push(Reason::new("aks-refuses", "AKS refuses the request"));
    }
    let mut conditions = Vec::new();
    if let Err(open) = evidence.admitted {
        let sentence = format!(
            "whether AKS takes the request is not known: {}",
            open.join("; ")
        );
        conditions.push(Reason::new(MAY_REFUSE, sentence));
    }
    if let Some((all, completed)) = evidence.futures
        && completed < all
    {
        let sentence = format!("{completed} of {all} futures complete");
        conditions.push(Reason::new("futures-do-not-complete", sentence));
    }
    if evidence.simulated {
        if !is_missed(evidence.findings) {
            conditions.extend(evidence.windows.iter().filter_map(misfit));
        }
        if evidence.windows.is_empty() {
            conditions.push(Reason::new(
                "no-window",
                "no window is known: name one with --window",
            ));
        }
    } else {
        conditions.push(Reason::new(
            "not-simulated",
            "no nodes were read, so nothing was simulated: how long it takes, which budget holds it up and who is down \
             meanwhile is not known",
        ));
    }
    conditions.extend(
        relying
            .iter()
            .map(|dependent| Reason::from(&dependent.finding())),
    );
    conditions.extend(of(&findings, Severity::Warning));
    let mut accepted: Vec<Reason> = of_every_move.into_iter().map(Reason::from).collect();
    if evidence.not_checked > 0 {
        let sentence = format!(
            "{} not checked, or only assumed",
            counted(
                evidence.not_checked as u64,
                "thing about the move was",
                "things about the move were"
            )
        );
        accepted.push(Reason::new("not-checked", sentence));
    }
    unique(&mut blockers);
    unique(&mut conditions);
    unique(&mut accepted);
    conditions.retain(|condition| {
        let is_blocker = |blocker: &Reason| blocker.sentence == condition.sentence;
        !blockers.iter().any(is_blocker)
    });
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
        accepted,
    }
}

fn of(findings: &[&Finding], severity: Severity) -> impl Iterator<Item = Reason> {
    findings
        .iter()
        .filter(move |finding| finding.severity == severity)
        .map(|finding| Reason::from(*finding))
}

/// What says more than once that a window is too short, once: with the worst there is, else in the words of the condition.
pub fn of_one_cause(mut findings: Vec<Finding>, windows: &[Fitting]) -> Vec<Finding> {
    let kept: Vec<String> = match is_missed(&findings) {
        true => Vec::new(),
        false => {
            let misfits = windows.iter().filter(|window| window.fits == Some(false));
            let misfits = misfits.filter_map(misfit).map(|reason| reason.sentence);
            misfits.collect()
        }
    };
    if !kept.is_empty() || is_missed(&findings) {
        findings.retain(|finding| {
            finding.code != WINDOW_TOO_SHORT
                || finding.severity != Severity::Warning
                || kept.contains(&finding.message)
        });
    }
    findings
}

/// Not even half of the futures fit.
fn is_missed(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|finding| finding.code == WINDOW_TOO_SHORT && finding.severity == Severity::Blocker)
}

fn misfit(fitting: &Fitting) -> Option<Reason> {
    let sentence = match (fitting.fits, fitting.p90) {
        (Some(true), _) => return None,
        (Some(false), Some(p90)) => too_short(&fitting.window, fitting.lasts, p90),
        (Some(false), None) => format!(
            "fewer than nine of ten futures end in {}: a start is refused there without --accept-overrun",
            fitting.window
        ),
        (None, _) => format!("whether it fits into {} is not known", fitting.window),
    };
    Some(Reason::new("window", sentence))
}

/// Each once, in the order in which they came.
fn unique(reasons: &mut Vec<Reason>) {
    let mut seen = BTreeSet::new();
    reasons.retain(|reason| seen.insert(reason.sentence.clone()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::dependents::DependentKind;
    use crate::rule;

    const CLEAR: Evidence = Evidence {
        refused: &[],
        findings: &[],
        simulated: true,
        admitted: Ok(true),
        futures: Some((100, 100)),
        windows: &[],
        dependents: &[],
        not_checked: 0,
    };

    fn fitting(fits: Option<bool>) -> Vec<Fitting> {
        vec![Fitting {
            window: "--window 4h".to_string(),
            lasts: 14_400,
            p90: Some(if fits == Some(true) { 14_400 } else { 14_401 }),
            fits,
        }]
    }

    /// A window that is too short is one condition, or one blocker, whoever found it.
    #[test]
    fn one_cause_is_one_reason() {
        let found = |severity, message: &str| {
            Finding::new(severity, WINDOW_TOO_SHORT, message, &[&rule::MNT_1])
        };
        let overrun = fitting(Some(false));
        let sentence = "nine of ten futures take 4 h 1 min or less, and --window 4h is open for 4 h: a start is refused there without \
                        --accept-overrun";
        let ahead = found(Severity::Warning, sentence);
        for (played, go) in [
            (Severity::Warning, Go::Conditions),
            (Severity::Blocker, Go::No),
        ] {
            let played = found(played, "--window (4 h): p90 misses it by 1 s");
            let told_of_aks = found(Severity::Info, "aksManagedAutoUpgradeSchedule: too short");
            let all = vec![played.clone(), told_of_aks.clone(), ahead.clone()];
            let findings = of_one_cause(all, &overrun);
            let decision = decide(&Evidence {
                findings: &findings,
                windows: &overrun,
                ..CLEAR
            });
            assert_eq!(decision.go, go);
            let reasons: Vec<&str> = decision
                .blockers
                .iter()
                .chain(&decision.conditions)
                .map(|reason| reason.sentence.as_str())
                .collect();
            match go {
                Go::No => assert_eq!(reasons, [played.message.as_str()]),
                _ => assert_eq!(reasons, [sentence]),
            }
            // What is no condition stays.
            assert!(findings.contains(&told_of_aks));
        }
        // Nine of ten fit, ninety-nine of a hundred do not: that is another cause.
        let late = found(Severity::Warning, "--window (4 h): p99 misses it by 1 s");
        let kept = of_one_cause(vec![late.clone()], &fitting(Some(true)));
        assert_eq!(kept, [late]);
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
        let one_way = vec![Finding::new(
            Severity::Warning,
            ONE_WAY,
            "a sentence",
            &[&rule::MIG_20],
        )];
        let relies = |sure| {
            vec![Dependent {
                sure,
                kind: DependentKind::ApplicationGateway,
                name: "edge".to_string(),
                evidence: "it names 10.20.0.9".to_string(),
                breaks: "it answers 502".to_string(),
                remedy: "name the load balancer".to_string(),
                services: Vec::new(),
                manifest: None,
                rules: Vec::new(),
            }]
        };
        let (certain, likely, possible) = (
            relies(Sureness::Certain),
            relies(Sureness::Likely),
            relies(Sureness::Possible),
        );
        let cases: [(&str, Evidence, Go); 14] = [
            (
                "what every move is",
                Evidence {
                    findings: &one_way,
                    not_checked: 9,
                    ..clear
                },
                Go::Go,
            ),
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
                "something certainly breaks",
                Evidence {
                    dependents: &certain,
                    ..clear
                },
                Go::No,
            ),
            (
                "something is likely to break",
                Evidence {
                    dependents: &likely,
                    ..clear
                },
                Go::Conditions,
            ),
            (
                "a peered network",
                Evidence {
                    dependents: &possible,
                    ..clear
                },
                Go::Go,
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

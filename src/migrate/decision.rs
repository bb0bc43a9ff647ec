//! Go or no go: what a change review is asked to decide, from everything that was found. Only gathers; every reason was found elsewhere.

use super::build::NOT_READ;
use super::dependents::{Dependent, Sureness};
use super::eligibility::Obstacle;
use super::foresee::sentence;
use super::window::{WINDOW_TOO_SHORT, too_short};
use crate::finding::{Finding, Severity, counted, grouped};
use crate::rule::{self, Rule};
use std::collections::{BTreeMap, BTreeSet};

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
    // A plan is refused for what was found as well.
    let is_found = |reason: &Reason| {
        let mut blocking = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Blocker);
        blocking.any(|finding| finding.message.contains(&reason.sentence))
    };
    blockers.retain(|reason| !is_found(reason));
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
        let sentence = format!(
            "{} of {} futures complete",
            grouped(completed.into()),
            grouped(all.into())
        );
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

/// What says a thing more than once, once: that a window is too short, with the worst there is, else in the words of the condition; what
/// forbids the move for one cause, in one blocker that has the words of all.
pub fn of_one_cause(findings: Vec<Finding>, windows: &[Fitting]) -> Vec<Finding> {
    let mut findings = one_blocker_a_cause(findings);
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

/// Codes of blockers that have causes, in the order in which they say what is to be done.
const BY_CAUSE: [&str; 4] = [
    "budget-refused-beforehand",
    "budget-never-allows",
    "aks-refuses",
    "node-stuck",
];

/// A budget is found by the look at it, in AKS's answer and in the run, and is one thing to change. Each cause has one blocker, the one
/// that says best what to do; a blocker all of whose causes have one already is added to it as a clause, so that nothing is lost.
fn one_blocker_a_cause(findings: Vec<Finding>) -> Vec<Finding> {
    let may_fold =
        |finding: &Finding| finding.severity == Severity::Blocker && !finding.causes.is_empty();
    let mut order: Vec<usize> = (0..findings.len())
        .filter(|at| may_fold(&findings[*at]))
        .collect();
    order.sort_by_key(|at| {
        let code = findings[*at].code;
        let rank = BY_CAUSE.iter().position(|known| *known == code);
        (rank.unwrap_or(BY_CAUSE.len()), *at)
    });
    let mut heads: BTreeMap<String, usize> = BTreeMap::new();
    let mut clauses: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut folded = BTreeSet::new();
    for at in order {
        let causes = &findings[at].causes;
        let known: Vec<usize> = causes
            .iter()
            .filter_map(|cause| heads.get(cause).copied())
            .collect();
        match known.first() {
            Some(head) if known.len() == causes.len() => {
                clauses.entry(*head).or_default().push(at);
                folded.insert(at);
            }
            _ => {
                for cause in causes {
                    heads.entry(cause.clone()).or_insert(at);
                }
            }
        }
    }
    let with_clauses = |(at, finding): (usize, &Finding)| {
        let mut whole = finding.clone();
        for clause in clauses.get(&at).into_iter().flatten() {
            let clause = &findings[*clause];
            let head = whole.message.trim_end_matches('.');
            whole.message = format!("{head}. Of the same cause: {}", clause.message);
            for rule in &clause.rules {
                if !whole.rules.contains(rule) {
                    whole.rules.push(rule);
                }
            }
        }
        whole
    };
    let all = findings.iter().enumerate();
    all.filter(|(at, _)| !folded.contains(at))
        .map(with_clauses)
        .collect()
}

/// Puts what an obstacle says into AKS's own refusal of the same, where that leaves it open: two messages would be counted as two things.
#[must_use]
pub fn explained(mut findings: Vec<Finding>, obstacles: &[Obstacle]) -> Vec<Finding> {
    let mut left: Vec<&Obstacle> = obstacles.iter().collect();
    left.retain(|obstacle| !is_said(obstacle, &findings));
    for (of_obstacle, of_answer) in ALIKE {
        let about: Vec<&Obstacle> = left
            .iter()
            .copied()
            .filter(|obstacle| obstacle.rule == of_obstacle)
            .collect();
        let answers: Vec<&mut Finding> = findings
            .iter_mut()
            .filter(|finding| {
                finding.severity == Severity::Blocker
                    && finding.rules.contains(&of_answer)
                    && !obstacles
                        .iter()
                        .any(|known| finding.message.contains(&known.evidence))
            })
            .collect();
        // Of other numbers nobody knows which is which.
        if about.len() != answers.len() {
            continue;
        }
        left.retain(|obstacle| obstacle.rule != of_obstacle);
        for (obstacle, answer) in about.into_iter().zip(answers) {
            let says = answer.message.trim_end_matches('.');
            answer.message = format!("{says}. That is: {}", sentence(obstacle));
        }
    }
    findings
}

/// Rules of obstacles, and of the answers of AKS that are about the same.
const ALIKE: [(&Rule, &Rule); 7] = [
    (&rule::MIG_3, &rule::MIG_3),
    (&rule::MIG_11, &rule::ISS_3),
    (&rule::MIG_14, &rule::OPERATION_NOT_ALLOWED),
    (&rule::MIG_10, &rule::MIG_10),
    (&rule::MIG_10, &rule::CID_4),
    (&rule::CID_1, &rule::CID_1),
    (&rule::MIG_21, &rule::MIG_21),
];

/// Whether a blocker says what an obstacle does, in its words.
pub fn is_said(obstacle: &Obstacle, findings: &[Finding]) -> bool {
    findings.iter().any(|finding| {
        finding.severity == Severity::Blocker && finding.message.contains(&obstacle.evidence)
    })
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

    fn blocker(code: &'static str, message: &str, causes: &[&str]) -> Finding {
        Finding::new(Severity::Blocker, code, message, &[&rule::PDB_5])
            .because_of(causes.iter().map(ToString::to_string))
    }

    /// Things to do are counted, however many found them; every word that was found is there.
    #[test]
    fn one_cause_is_one_blocker() {
        let (api, web, pdb) = ("budget shop/api", "budget shop/web", "UnsatisfiablePDB");
        let stuck = || blocker("node-stuck", "apps-1 is held", &[api]);
        let late = || blocker("drain-times-out", "apps-1 is late", &[api]);
        let never = || blocker("budget-never-allows", "api never lets go.", &[api]);
        let answer = || blocker("aks-refuses", "AKS refuses budgets", &[pdb]);
        let beforehand = |of| blocker("budget-refused-beforehand", "maxUnavailable 0", &[of, pdb]);
        let nameless = || blocker("node-stuck", "apps-9 drains", &[]);
        for (found, heads) in [
            (vec![stuck(), late(), never()], vec!["api never lets go"]),
            (
                vec![answer(), never(), late(), beforehand(api), stuck()],
                vec!["maxUnavailable 0"],
            ),
            // Of two budgets each is a thing, and what is about both adds none.
            (
                vec![
                    never(),
                    blocker("budget-never-allows", "web never lets go", &[web]),
                    blocker("drain-times-out", "both are late", &[api, web]),
                ],
                vec!["api never lets go", "web never lets go"],
            ),
            // What says no cause is not taken to be the same.
            (
                vec![nameless(), never(), nameless()],
                vec!["apps-9 drains", "api never lets go", "apps-9 drains"],
            ),
            (vec![late()], vec!["apps-1 is late"]),
        ] {
            let words: Vec<String> = found
                .iter()
                .map(|finding| finding.message.trim_end_matches('.').to_string())
                .collect();
            let kept = of_one_cause(found, &[]);
            assert_eq!(kept.len(), heads.len(), "{kept:#?}");
            for (finding, head) in kept.iter().zip(&heads) {
                assert!(finding.message.starts_with(head), "{}", finding.message);
            }
            for word in words {
                assert!(
                    kept.iter().any(|finding| finding.message.contains(&word)),
                    "{word}"
                );
            }
        }
        // A warning of the same budget is no blocker's clause.
        let mut tight = never();
        tight.severity = Severity::Warning;
        assert_eq!(of_one_cause(vec![stuck(), tight], &[]).len(), 2);
    }

    /// What AKS answers and what the rules say of the same is one thing, with the words of both.
    #[test]
    fn an_answer_and_its_obstacle_are_one() {
        let obstacle = |rule: &'static Rule, evidence: &str| Obstacle {
            severity: Severity::Blocker,
            rule,
            evidence: evidence.to_string(),
            remedy: "do it".to_string(),
        };
        let answer = |rule: &'static Rule, message: &str| {
            Finding::new(Severity::Blocker, "aks-refuses", message, &[rule])
        };
        let blocks = obstacle(&rule::MIG_11, "4 blocks, and 5 nodes");
        let told = explained(
            vec![answer(&rule::ISS_3, "InsufficientSubnetSize")],
            std::slice::from_ref(&blocks),
        );
        assert_eq!(
            told[0].message,
            "InsufficientSubnetSize. That is: 4 blocks, and 5 nodes (MIG-11): do it"
        );
        assert!(is_said(&blocks, &told));
        // Said already, word for word.
        let old = obstacle(&rule::MIG_2, "Kubernetes 1.26");
        let same = vec![answer(&rule::MIG_2, "AKS says: Kubernetes 1.26 (upgrade)")];
        assert_eq!(explained(same.clone(), std::slice::from_ref(&old)), same);
        assert!(is_said(&old, &same));
        // One answer and two obstacles: which of them it means nobody knows.
        let two = [blocks.clone(), obstacle(&rule::MIG_11, "another range")];
        let told = explained(vec![answer(&rule::ISS_3, "InsufficientSubnetSize")], &two);
        assert!(!is_said(&two[0], &told) && !is_said(&two[1], &told));
        // Nothing but a blocker says what forbids.
        let mut soft = answer(&rule::MIG_2, "Kubernetes 1.26");
        soft.severity = Severity::Warning;
        assert!(!is_said(&old, &[soft]));
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

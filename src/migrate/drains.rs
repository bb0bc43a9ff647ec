//! What drains do to pods whatever their order is, as findings of a plan: one of a kind, however many workloads it is about, so that a
//! plan stays readable. Judges nothing: the verdicts are those of `disruption`.

use super::plan::PlanFinding;
use crate::disruption::verdicts::{CODES, StaticVerdict};
use crate::finding::{Severity, counted, grouped};
use crate::rule::Rule;

/// Sentences that a finding of several verdicts has; of the others it says how many.
const SHOWN: usize = 3;

/// One finding for each code and severity, in the order of the verdicts. Blockers are not among them: no plan is made over those.
pub fn findings(verdicts: &[StaticVerdict]) -> Vec<PlanFinding> {
    let mut kinds: Vec<(&str, Severity, Vec<&StaticVerdict>)> = Vec::new();
    for verdict in verdicts {
        let (code, severity) = (verdict.finding.code, verdict.finding.severity);
        if severity == Severity::Blocker {
            continue;
        }
        match kinds
            .iter_mut()
            .find(|(known, of, _)| (*known, *of) == (code, severity))
        {
            Some((_, _, alike)) => alike.push(verdict),
            None => kinds.push((code, severity, vec![verdict])),
        }
    }
    kinds
        .into_iter()
        .map(|(code, severity, alike)| PlanFinding {
            code: code.to_string(),
            severity: severity.word().to_string(),
            message: message(&alike),
            rules: rules(&alike),
        })
        .collect()
}

/// Whether a finding is about drains.
pub fn is_of_drains(told: &PlanFinding) -> bool {
    CODES.contains(&told.code.as_str())
}

fn message(alike: &[&StaticVerdict]) -> String {
    let [first, rest @ ..] = alike else {
        return String::new();
    };
    if rest.is_empty() {
        return first.told().message;
    }
    let is_one_remedy = rest.iter().all(|other| other.remedy == first.remedy);
    let mut pods: Vec<_> = alike
        .iter()
        .flat_map(|verdict| verdict.pods.iter().copied())
        .collect();
    pods.sort_unstable();
    pods.dedup();
    let about = if pods.is_empty() {
        String::new()
    } else {
        format!(", of {} in all", counted(pods.len() as u64, "pod", "pods"))
    };
    let shown: Vec<&str> = alike
        .iter()
        .take(SHOWN)
        .map(|verdict| verdict.finding.message.trim_end_matches('.'))
        .collect();
    let more = match alike.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("; and {} more", grouped(more as u64)),
    };
    let remedy = if is_one_remedy && !first.remedy.is_empty() {
        format!(". {}", first.remedy)
    } else {
        String::new()
    };
    format!(
        "{} like this{about}: {}{more}{remedy}",
        grouped(alike.len() as u64),
        shown.join("; ")
    )
}

fn rules(alike: &[&StaticVerdict]) -> Vec<String> {
    let all = alike.iter().flat_map(|verdict| &verdict.finding.rules);
    let mut ids: Vec<&str> = Vec::new();
    for rule in all {
        let rule: &Rule = rule;
        if !ids.contains(&rule.id) {
            ids.push(rule.id);
        }
    }
    ids.into_iter().map(str::to_string).collect()
}

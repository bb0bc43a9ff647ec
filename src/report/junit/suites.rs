//! Which cases there are: a subnet, a pod CIDR, a pool, a cluster, an operation, the move of a cluster. Never two suites for one
//! finding, unless two things share a name: then both are told.

use super::super::told::{self, OF_POD_CIDR, Told, asked};
use super::{Case, Suite};
use crate::capacity::Assessment;
use crate::capacity::assess::Verdict;
use crate::finding::Finding;
use crate::migrate::decision::{Decision, Go};
use crate::migrate::eligibility::Eligibility;
use crate::model::{Inventory, Subject};
use crate::predict::{Outcome, Prediction};
use crate::readiness::{ItemState, Readiness};

/// What an assessment judged: subnets with pools in them, pod CIDRs, pools, clusters, and the rest.
pub fn subnets_and_pools(inventory: &Inventory, assessment: &Assessment) -> Vec<Suite> {
    let mut left = told::of_assessment(assessment);
    told::sort(&mut left);
    let unknown = |verdict: Verdict, what: &str| {
        (verdict == Verdict::Unknown).then(|| {
            format!(
                "{what} is not known: something it needs was not read; see what was not checked"
            )
        })
    };
    let subnets = assessment
        .subnets
        .iter()
        .filter(|row| row.verdict != Verdict::Unused)
        .map(|row| Case {
            name: inventory.subnet_label(row.index),
            subject: inventory.subnet_subject(row.index),
            told: Vec::new(),
            unknown: unknown(row.verdict, "whether the pools' ceilings fit"),
        })
        .collect();
    let pod_cidrs = assessment
        .pod_cidrs
        .iter()
        .map(|row| {
            let cluster = inventory.cluster(row.cluster);
            Case {
                name: format!("{} {}", cluster.label(), row.cidr),
                subject: Subject::Cluster(cluster.label().to_string()),
                told: Vec::new(),
                unknown: unknown(row.verdict, "whether there is a block for every node"),
            }
        })
        .collect();
    let pools = assessment
        .pools
        .iter()
        .map(|row| {
            let cluster = inventory.cluster(row.cluster);
            let pool = &cluster.pools[row.position];
            Case {
                name: format!("{}/{}", cluster.label(), pool.name),
                subject: Subject::pool(cluster.label(), &pool.name),
                told: Vec::new(),
                unknown: row.more_nodes.is_none().then(|| {
                    "how far it can grow is not known: its network mode, its size or its subnet was not read".to_string()
                }),
            }
        })
        .collect();
    let mut names: Vec<&str> = assessment
        .pools
        .iter()
        .map(|row| inventory.cluster(row.cluster).label())
        .chain(
            assessment
                .pod_cidrs
                .iter()
                .map(|row| inventory.cluster(row.cluster).label()),
        )
        .collect();
    names.sort_unstable();
    names.dedup();
    let clusters = names
        .into_iter()
        .map(|name| Case {
            name: name.to_string(),
            subject: Subject::Cluster(name.to_string()),
            told: Vec::new(),
            unknown: None,
        })
        .collect();
    let is_pod_cidr = |told: &Told| OF_POD_CIDR.contains(&told.code);
    let is_overlap = |told: &Told| told.code == "overlap";
    let mut suites = vec![
        fill("capacity.subnets", subnets, &mut left, &|told| {
            !is_overlap(told)
        }),
        fill("capacity.pod-cidrs", pod_cidrs, &mut left, &is_pod_cidr),
        fill("capacity.pools", pools, &mut left, &|_| true),
        fill("capacity.clusters", clusters, &mut left, &|told| {
            !is_overlap(told)
        }),
    ];
    let (ranges, rest): (Vec<Told>, Vec<Told>) = left.into_iter().partition(is_overlap);
    suites.push(Suite {
        name: "capacity.ranges",
        cases: one_each(ranges, "no ranges meet that must not"),
    });
    suites.push(Suite {
        name: "capacity.others",
        cases: rest.into_iter().map(alone).collect(),
    });
    suites
}

/// Gives each case what was found about its subject.
fn fill(
    name: &'static str,
    mut cases: Vec<Case>,
    left: &mut Vec<Told>,
    is_meant: &dyn Fn(&Told) -> bool,
) -> Suite {
    let mut by_subject: std::collections::BTreeMap<Subject, Vec<usize>> =
        std::collections::BTreeMap::new();
    for (position, case) in cases.iter().enumerate() {
        by_subject
            .entry(case.subject.clone())
            .or_default()
            .push(position);
    }
    left.retain(|told| {
        let Some(positions) = by_subject.get(&told.subject).filter(|_| is_meant(told)) else {
            return true;
        };
        for &position in positions {
            cases[position].told.push(told.clone());
        }
        false
    });
    Suite { name, cases }
}

fn alone(told: Told) -> Case {
    Case {
        name: format!("{}: {}", told.code, told.subject),
        subject: told.subject.clone(),
        told: vec![told],
        unknown: None,
    }
}

/// A case each; or one that passes where there is nothing.
fn one_each(told: Vec<Told>, none: &str) -> Vec<Case> {
    if told.is_empty() {
        return vec![Case {
            name: none.to_string(),
            subject: Subject::Estate,
            told,
            unknown: None,
        }];
    }
    told.into_iter()
        .map(|told| Case {
            name: told.detail.replace('|', " and "),
            ..alone(told)
        })
        .collect()
}

/// A case an operation.
pub fn predictions(predictions: &[Prediction]) -> Suite {
    let case = |prediction: &Prediction| {
        let is_open = prediction.outcome == Outcome::Unknown;
        Case {
            name: asked(prediction),
            subject: prediction.subject.clone(),
            told: told::of_prediction(prediction),
            unknown: is_open.then(|| {
                format!(
                    "what was read does not decide what AKS answers: {}",
                    prediction.open.join("; ")
                )
            }),
        }
    };
    Suite {
        name: "predictions",
        cases: predictions.iter().map(case).collect(),
    }
}

/// May a cluster move to Overlay? By what stands in the way.
pub fn eligibility(cluster: &str, eligibility: &Eligibility) -> Case {
    Case {
        name: format!("{cluster}: move to Overlay"),
        subject: Subject::Cluster(cluster.to_string()),
        told: told::of_eligibility(cluster, eligibility),
        unknown: match eligibility.not_checked.as_slice() {
            [] => None,
            sentences => Some(format!("not everything was read: {}", sentences.join("; "))),
        },
    }
}

/// The same, by what was decided.
pub fn decision(cluster: &str, decision: &Decision, told: Vec<Told>) -> Case {
    let is_open = decision.go == Go::NotKnown;
    Case {
        name: format!("{cluster}: move to Overlay"),
        subject: Subject::Cluster(cluster.to_string()),
        told,
        unknown: is_open.then(|| match decision.conditions.as_slice() {
            [] => decision.go.word().to_string(),
            reasons => {
                let sentences: Vec<&str> = reasons
                    .iter()
                    .map(|reason| reason.sentence.as_str())
                    .collect();
                format!("{}: {}", decision.go.word(), sentences.join("; "))
            }
        }),
    }
}

/// A case for what a played timeline shows.
pub fn timeline(name: &str, findings: Vec<&Finding>) -> Suite {
    let case = Case {
        name: name.to_string(),
        subject: Subject::Estate,
        told: findings.into_iter().map(Told::from).collect(),
        unknown: None,
    };
    Suite {
        name: "timeline",
        cases: vec![case],
    }
}

/// A skipped case for each sentence about what was not looked at.
pub fn not_checked(sentences: &[String]) -> Suite {
    let case = |sentence: &String| Case {
        name: sentence.clone(),
        subject: Subject::Estate,
        told: Vec::new(),
        unknown: Some("not checked".to_string()),
    };
    Suite {
        name: "not-checked",
        cases: sentences.iter().map(case).collect(),
    }
}

/// A case an item. What does not apply is skipped as well as what is not known, each with its reason.
pub fn readiness(checked: &[&Readiness]) -> Suite {
    let several = checked.len() > 1;
    let cases = checked.iter().flat_map(|readiness| {
        readiness.items.iter().map(move |item| Case {
            name: match several {
                true => format!("{}: {}", readiness.cluster, item.code),
                false => item.code.to_string(),
            },
            subject: item.subject(&readiness.cluster),
            told: match item.state {
                ItemState::NotReady => vec![told::of_item(&readiness.cluster, item)],
                _ => Vec::new(),
            },
            unknown: match item.state {
                ItemState::NotKnown | ItemState::NotApplicable => {
                    Some(format!("{}: {}", item.state.word(), item.evidence))
                }
                _ => None,
            },
        })
    });
    Suite {
        name: "readiness",
        cases: cases.collect(),
    }
}

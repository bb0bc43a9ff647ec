//! What is decided and by what: the first screen.

use super::{Moved, Review, SPELLED_OUT, ceiling};
use crate::capacity::Assessment;
use crate::capacity::answer::CODE_NOT_KNOWN;
use crate::capacity::assess::{FirstFailure, Levels, Verdict, so_are};
use crate::finding::{Severity, counted, grouped};
use crate::migrate::decision::{Decision, Go, Reason};
use crate::model::Subject;
use crate::predict::{Outcome, Prediction};
use crate::readiness::ItemState;
use crate::report::document::{Block, Cell, Document, Number, Table, Tone, Weight};
use crate::report::predict::{numbers, tone, verdict};
use crate::report::simulation::at_most;
use crate::report::told::{self, OF_POD_CIDR, Told};
use std::collections::BTreeSet;

/// An estate in a word.
pub fn estate_word(assessment: &Assessment) -> (&'static str, Tone) {
    let failures = || {
        let of_subnets = assessment.subnets.iter().map(|row| &row.first_failure);
        let of_ranges = assessment.pod_cidrs.iter().map(|row| &row.first_failure);
        of_subnets.chain(of_ranges).flatten()
    };
    let of_subnets = assessment.subnets.iter().map(|row| row.verdict);
    let of_ranges = assessment.pod_cidrs.iter().map(|row| row.verdict);
    let verdicts = of_subnets.chain(of_ranges);
    let is_vnet_short = verdicts
        .clone()
        .any(|verdict| verdict == Verdict::VnetShort);
    let mut verdicts = verdicts.peekable();
    match assessment.worst() {
        Some(Severity::Blocker) if failures().next().is_none() && !is_vnet_short => {
            ("Blocked", Tone::Bad)
        }
        Some(Severity::Blocker) => ("Runs out", Tone::Bad),
        // Security upgrades among them: no matter of some later day.
        _ if failures().any(FirstFailure::refused_now)
            || !assessment.refused_upgrades.is_empty() =>
        {
            ("Upgrades refused", Tone::Bad)
        }
        // Without a cluster nothing wants an address, and that is not to fit.
        _ if assessment.pools.is_empty() => ("Not known", Tone::Warning),
        Some(Severity::Warning) => ("Tight", Tone::Warning),
        // Nothing that was read is no estate that fits.
        _ if verdicts.peek().is_none() || verdicts.any(|verdict| verdict == Verdict::Unknown) => {
            ("Not known", Tone::Warning)
        }
        _ => ("Fits", Tone::Good),
    }
}

/// The word of the banner that stands first on a page: what a reader acts on.
pub fn page_word(page: &Document) -> String {
    let words = page.blocks.iter().find_map(|block| match block {
        Block::Verdict { word, .. } => Some(word.text.clone()),
        _ => None,
    });
    words.expect("a report says at least how the estate stands")
}

pub(super) fn go_tone(go: Go) -> Tone {
    match go {
        Go::Go => Tone::Good,
        Go::Conditions | Go::NotKnown => Tone::Warning,
        Go::No => Tone::Bad,
    }
}

pub(super) fn lead(review: &Review, told: &[Told], document: &mut Document) {
    let moves = review
        .clusters
        .iter()
        .filter_map(|part| part.moved.as_ref());
    let mut moves: Vec<&Moved> = moves.collect();
    // Whoever reads only the first of many reads the worst.
    moves.sort_by_key(|moved| std::cmp::Reverse(moved.decision.go));
    for moved in moves.iter().take(SPELLED_OUT) {
        document.blocks.push(Block::Verdict {
            word: Cell::toned(moved.decision.go.word(), go_tone(moved.decision.go)),
            sentence: match (moved.is_possible, moved.decision.blockers.first()) {
                // Nothing that could be gone before.
                (false, Some(why)) => format!("{}: {}", moved.title, why.sentence),
                _ => format!(
                    "{}: {}. {}",
                    moved.title,
                    in_the_way(&moved.decision),
                    moved.in_short()
                ),
            },
        });
    }
    if moves.len() > SPELLED_OUT {
        let rest = &moves[SPELLED_OUT..];
        let no = rest.iter().filter(|moved| moved.decision.go == Go::No);
        document.paragraph(format!(
            "and {} more moves, {} of them no go, each in a section of its own",
            rest.len(),
            no.count()
        ));
    }
    let of_moves_end = document.blocks.len();
    estate(review, document);
    operations(review.predictions, document);
    timeline(review, document);
    ready(review, document);
    // Who reads one banner, or a pipeline the one word, gets what is worst.
    document.blocks[of_moves_end..].sort_by_key(|block| match block {
        Block::Verdict { word, .. } if word.tone == Tone::Bad => 0,
        Block::Verdict { word, .. } if word.tone == Tone::Warning => 1,
        _ => 2,
    });
    let mut cards = Vec::new();
    if let [one] = moves.as_slice() {
        cards.extend(one.numbers());
    }
    cards.extend(fullest(review));
    if !cards.is_empty() {
        document.blocks.push(Block::Numbers(cards));
    }
    if !review.description.is_empty() {
        document.paragraph(review.description);
    }
    if let Some(at) = review.inventory.observed_at {
        // A person plans by the minute.
        document.toned(
            format!("observed {}", at.strftime("%Y-%m-%d %H:%M UTC")),
            Tone::Dim,
        );
    }
    for sentence in review.left_out {
        document.toned(sentence.clone(), Tone::Warning);
    }
    of_moves(&moves, document);
    of_the_estate(told, moves.is_empty(), document);
    document.table("What was asked", asked(review.predictions));
}

/// How much is left to do before, in a clause.
fn in_the_way(decision: &Decision) -> String {
    match decision.go {
        Go::No => counted(
            decision.blockers.len() as u64,
            "thing must be gone before",
            "things must be gone before",
        ),
        _ => match decision.conditions.len() {
            0 => "nothing that was read stands against it".to_string(),
            some => counted(some as u64, "condition to look at", "conditions to look at"),
        },
    }
}

/// What AKS answers to what the input asks, where it does not simply do it.
fn operations(predictions: &[Prediction], document: &mut Document) {
    let stands = |prediction: &&Prediction| prediction.worst() == Severity::Blocker;
    let (taken, refused): (Vec<&Prediction>, Vec<&Prediction>) = predictions
        .iter()
        .filter(stands)
        .partition(|prediction| prediction.outcome == Outcome::Accepted);
    // What AKS refuses says most of a word like this one.
    let Some(first) = refused.first().or(taken.first()) else {
        return;
    };
    // What AKS takes and yet must not be: an overlap, a cluster that goes.
    let blocker = first
        .findings
        .iter()
        .find(|finding| finding.severity == Severity::Blocker);
    let why = match (first.errors.first(), blocker) {
        (Some(error), _) if error.code != CODE_NOT_KNOWN => format!(" with {}", error.code),
        (None, Some(finding)) => format!(": {}", finding.message),
        _ => String::new(),
    };
    let all = counted(predictions.len() as u64, "operation", "operations");
    let (word, of, answer) = match refused.len() {
        0 => (
            "Must not be",
            taken.len(),
            "AKS takes it, and yet".to_string(),
        ),
        refused => ("Fails", refused, verdict(first)),
    };
    let besides = match (refused.len(), taken.len()) {
        (0, _) | (_, 0) => String::new(),
        (_, taken) => format!(
            "; AKS takes {taken} more, and something stands against {}",
            if taken == 1 { "it" } else { "them" }
        ),
    };
    document.blocks.push(Block::Verdict {
        word: Cell::toned(word, Tone::Bad),
        sentence: format!(
            "{of} of {all} asked about: {}: {answer}{why}{besides}",
            told::asked(first),
        ),
    });
}

fn timeline(review: &Review, document: &mut Document) {
    let Some(played) = review.played else { return };
    let findings = played.findings();
    let Some(first) = findings
        .iter()
        .find(|finding| finding.severity == Severity::Blocker)
    else {
        return;
    };
    document.blocks.push(Block::Verdict {
        word: Cell::toned("Runs out", Tone::Bad),
        sentence: format!("as the timeline plays: {}", first.message),
    });
}

/// Readiness has a say on the first screen only where something of it must not be.
fn ready(review: &Review, document: &mut Document) {
    let checked = review.clusters.iter();
    let checked = checked.filter_map(|part| part.readiness.as_ref());
    let worst: Vec<_> = checked
        .flat_map(|readiness| {
            let items = readiness.items.iter();
            items
                .filter(|item| {
                    item.state == ItemState::NotReady && item.severity == Severity::Blocker
                })
                .map(|item| (&readiness.cluster, item))
        })
        .collect();
    let Some((cluster, first)) = worst.first() else {
        return;
    };
    document.blocks.push(Block::Verdict {
        word: Cell::toned("Not ready", Tone::Bad),
        sentence: format!(
            "{} of readiness must not be so: {cluster}: {}: {}",
            counted(worst.len() as u64, "item", "items"),
            first.asks,
            first.evidence
        ),
    });
}

/// The estate as it is, in a sentence.
fn estate(review: &Review, document: &mut Document) {
    let assessment = review.assessment;
    let (word, tone) = estate_word(assessment);
    let ranges = (assessment.subnets.len() + assessment.pod_cidrs.len()) as u64;
    let sentence = match (first_failure(review), ranges) {
        (Some((sentence, subject)), _) => {
            let more = more_blockers(assessment, |told| {
                OF_RANGES.contains(&told.code) && told.subject == subject
            });
            format!("the estate as it is: {sentence}{more}")
        }
        _ if review.clusters.is_empty() && assessment.worst() != Some(Severity::Blocker) => {
            let none = match review.inventory.clusters.is_empty() {
                true => "no cluster was read",
                false => "no cluster is in what was asked about",
            };
            format!("nothing to decide: {none}")
        }
        (None, 0) => "the estate as it is: no subnet or pod CIDR was read".to_string(),
        (None, _) => format!(
            "the estate as it is: {}",
            match (assessment.worst(), word) {
                (Some(Severity::Blocker), _) => {
                    let first = blockers(assessment).into_iter().next();
                    let first = first.map_or_else(String::new, |told| told.message);
                    let more = more_blockers(assessment, |told| told.message == first);
                    format!("{first}{more}")
                }
                (Some(Severity::Warning), _) => warned(review, ranges),
                (_, "Not known") => format!(
                    "{}, and not of each is known what its pools want",
                    counted(ranges, "range", "ranges")
                ),
                _ => format!(
                    "{}, every ceiling that was read fits",
                    counted(ranges, "range", "ranges")
                ),
            }
        ),
    };
    document.blocks.push(Block::Verdict {
        word: Cell::toned(word, tone),
        sentence,
    });
}

/// `1 of 3 ranges has a warning; and 1 warning besides: …`
fn warned(review: &Review, ranges: u64) -> String {
    let mut warnings = told::of_assessment(review.assessment);
    warnings.retain(|told| told.severity == Severity::Warning);
    let subnets = review.assessment.subnets.iter();
    let subnets: Vec<Subject> = subnets
        .map(|row| review.inventory.subnet_subject(row.index))
        .collect();
    let is_of_range =
        |told: &Told| subnets.contains(&told.subject) || OF_POD_CIDR.contains(&told.code);
    let mut besides = warnings.clone();
    besides.retain(|told| !is_of_range(told));
    // A cluster has one pod CIDR, and its findings are about the cluster.
    let affected: BTreeSet<(bool, &Subject)> = warnings
        .iter()
        .filter(|told| is_of_range(told))
        .map(|told| (OF_POD_CIDR.contains(&told.code), &told.subject))
        .collect();
    let of_ranges = match (affected.len() as u64, ranges) {
        (0, 1) => "1 range, without a warning".to_string(),
        (0, all) => format!("{} ranges, none with a warning", grouped(all)),
        (1, 1) => "1 range, with a warning".to_string(),
        (1, all) => format!("1 of {} ranges has a warning", grouped(all)),
        (some, all) => format!("{} of {} ranges have warnings", grouped(some), grouped(all)),
    };
    match besides.as_slice() {
        [] => of_ranges,
        [one] => format!("{of_ranges}; and 1 warning besides: {}", one.message),
        [first, ..] => format!(
            "{of_ranges}; and {} warnings besides, first of them: {}",
            grouped(besides.len() as u64),
            first.message
        ),
    }
}

/// Codes of a range that cannot hold what its pools want.
const OF_RANGES: [&str; 3] = ["subnet-full", "subnet-ceiling", "pod-cidr-ceiling"];

/// What must not be so of the estate, each once: first what breaks traffic that flows today, then what cannot grow.
fn blockers(assessment: &Assessment) -> Vec<Told> {
    let mut blockers = told::of_assessment(assessment);
    blockers.retain(|told| told.severity == Severity::Blocker);
    blockers.sort_by_key(|told| told.code != "overlap");
    let mut seen = BTreeSet::new();
    blockers.retain(|told| seen.insert(told.message.clone()));
    blockers
}

/// `; and 2 more blockers, first of them: …`, or nothing: those that were not `said`.
fn more_blockers(assessment: &Assessment, said: impl Fn(&Told) -> bool) -> String {
    let mut more = blockers(assessment);
    more.retain(|told| !said(told));
    match more.as_slice() {
        [] => String::new(),
        [one] => format!("; and 1 more blocker: {}", one.message),
        [first, ..] => format!(
            "; and {} more blockers, first of them: {}",
            grouped(more.len() as u64),
            first.message
        ),
    }
}

/// What fails first, the worst of its kind, and what it is about: growth before upgrades.
fn first_failure(review: &Review) -> Option<(String, Subject)> {
    let (subnets, pod_cidrs) = (&review.assessment.subnets, &review.assessment.pod_cidrs);
    let of_subnets = subnets.iter().filter_map(|row| {
        let name = review.inventory.subnet_label(row.index);
        let subject = review.inventory.subnet_subject(row.index);
        Some((name, subject, row.first_failure.as_ref()?))
    });
    let of_ranges = pod_cidrs.iter().filter_map(|row| {
        let cluster = review.inventory.cluster(row.cluster).label();
        let subject = Subject::Cluster(cluster.to_string());
        let place = format!("pod CIDR {}", row.cidr);
        Some((place, subject, row.first_failure.as_ref()?))
    });
    let first = of_subnets
        .chain(of_ranges)
        .min_by_key(|(_, _, failure)| (failure.surge > 0, !failure.refused_now()));
    let is_now = |failure: &FirstFailure| failure.surge == 0 || failure.refused_now();
    // A cluster with too many nodes for its mode is refused today; what fails at some ceiling comes after it.
    let refused = review.assessment.refused_upgrades.first();
    if let (Some(refused), false) = (refused, first.as_ref().is_some_and(|(_, _, f)| is_now(f))) {
        let cluster = review.inventory.cluster(refused.cluster).label();
        let named = refused.pools.iter();
        let named: Vec<String> = named.map(|pool| format!("{cluster}/{pool}")).collect();
        return Some((
            format!(
                "{cluster}: {}{}",
                refused.says,
                so_are(&refused_besides(review, &named))
            ),
            Subject::Cluster(cluster.to_string()),
        ));
    }
    let (place, subject, failure) = first?;
    let cluster = review.inventory.cluster(failure.cluster).label();
    let pool = format!("{cluster}/{}", failure.pool);
    let others = match failure.refused_now() {
        true => so_are(&refused_besides(review, std::slice::from_ref(&pool))),
        false => String::new(),
    };
    Some((format!("{}{others}", failure.says(&place, &pool)), subject))
}

/// Pools whose every upgrade is refused now, for whatever reason, but for those that are `named` already.
fn refused_besides(review: &Review, named: &[String]) -> Vec<String> {
    let assessment = review.assessment;
    let of_subnets = assessment.subnets.iter().map(|row| &row.first_failure);
    let of_ranges = assessment.pod_cidrs.iter().map(|row| &row.first_failure);
    let of_addresses = of_subnets.chain(of_ranges).flatten();
    let of_addresses = of_addresses.flat_map(|failure| failure.refused.iter().cloned());
    let of_limits = assessment.refused_upgrades.iter();
    let of_limits = of_limits.flat_map(|refused| {
        let pools = refused.pools.iter();
        pools.map(|pool| (refused.cluster, pool.clone()))
    });
    let all: BTreeSet<String> = of_addresses
        .chain(of_limits)
        .map(|(cluster, pool)| format!("{}/{pool}", review.inventory.cluster(cluster).label()))
        .filter(|pool| !named.contains(pool))
        .collect();
    all.into_iter().collect()
}

/// The range that is closest to its end, or furthest beyond it, in numbers.
fn fullest(review: &Review) -> Option<Number> {
    struct Stand {
        place: String,
        demand: Levels<u64>,
        available: u64,
        held: String,
        caveat: Option<String>,
    }
    let of_subnets = review.assessment.subnets.iter().map(|row| Stand {
        place: match row.is_bound_by_vnet() {
            true => format!(
                "{}, by the 65,536 addresses of its VNet (SUB-2)",
                review.inventory.subnet_label(row.index)
            ),
            false => review.inventory.subnet_label(row.index),
        },
        demand: row.demand,
        available: row.allowed().min(row.available()),
        held: format!("{} held now, {}", grouped(row.used), row.basis.word()),
        caveat: ceiling::of_subnet(review, row.index),
    });
    let of_ranges = review.assessment.pod_cidrs.iter().map(|row| Stand {
        place: format!("pod CIDR {}", row.cidr),
        demand: row.demand,
        available: row.addresses,
        held: format!("{} held now by nodes", grouped(row.demand.now)),
        caveat: ceiling::of_cluster(review, row.cluster),
    });
    let share = |stand: &Stand| {
        let wanted = u128::from(stand.demand.ceiling_with_surge);
        wanted * 1_000_000 / u128::from(stand.available.max(1))
    };
    let all = of_subnets.chain(of_ranges);
    let stand = all
        .filter(|stand| stand.demand.ceiling_with_surge > 0)
        // Of several alike the first.
        .reduce(|best, stand| {
            if share(&stand) > share(&best) {
                stand
            } else {
                best
            }
        })?;
    let tone = match (
        stand.demand.ceiling > stand.available,
        stand.demand.ceiling_with_surge > stand.available,
    ) {
        (true, _) => Tone::Bad,
        (false, true) => Tone::Warning,
        (false, false) if stand.caveat.is_some() => Tone::Warning,
        (false, false) => Tone::Good,
    };
    Some(Number {
        what: "Addresses wanted at the ceiling".to_string(),
        value: Cell::toned(
            format!(
                "{} of {}",
                grouped(stand.demand.ceiling),
                grouped(stand.available)
            ),
            tone,
        ),
        note: format!(
            "{}, {} with surge; {}{}",
            stand.place,
            grouped(stand.demand.ceiling_with_surge),
            stand.held,
            match &stand.caveat {
                Some(caveat) => format!("; and yet: {caveat}"),
                None => String::new(),
            }
        ),
    })
}

/// Items of a list on the first screen; the sections below have all.
const SHOWN: usize = 40;

fn of_moves(moves: &[&Moved], document: &mut Document) {
    let several = moves.len() > 1;
    let mut items: Vec<(Cell, String)> = Vec::new();
    for moved in moves {
        let mut add = |mark: &str, tone: Tone, sentences: Vec<String>| {
            items.extend(sentences.into_iter().map(|sentence| {
                let sentence = match several {
                    true => format!("{}: {sentence}", moved.cluster),
                    false => sentence,
                };
                (Cell::toned(mark, tone), sentence)
            }));
        };
        let of_reasons = |reasons: &[Reason]| -> Vec<String> {
            let sentences = reasons.iter().map(|reason| reason.sentence.clone());
            sentences.collect()
        };
        let decision = &moved.decision;
        add("blocker", Tone::Bad, of_reasons(&decision.blockers));
        add("condition", Tone::Warning, of_reasons(&decision.conditions));
        add("would help", Tone::Good, moved.helps.clone());
        add("to accept", Tone::Dim, of_reasons(&decision.accepted));
    }
    // Blockers of every move before any condition, and what goes with every move last.
    items.sort_by_key(|(mark, _)| match mark.tone {
        Tone::Bad => 0,
        Tone::Warning => 1,
        Tone::Good => 2,
        _ => 3,
    });
    list("Blockers and conditions", items, document);
}

/// What must not be so already, or would not be after what was asked; of moves the list above has it.
fn of_the_estate(told: &[Told], is_all: bool, document: &mut Document) {
    let mut seen = BTreeSet::new();
    let items = told
        .iter()
        .filter(|told| told.severity == Severity::Blocker && !told.detail.starts_with("move"))
        .filter(|told| seen.insert(told.message.as_str()))
        .map(|told| (Cell::toned("blocker", Tone::Bad), told.message.clone()));
    let heading = match is_all {
        true => "What must not be",
        false => "What must not be, apart from the move",
    };
    list(heading, items.collect(), document);
}

fn list(heading: &str, mut items: Vec<(Cell, String)>, document: &mut Document) {
    if items.is_empty() {
        return;
    }
    let more = items.len().saturating_sub(SHOWN);
    items.truncate(SHOWN);
    document.weighty(Weight::Decides, heading);
    document.blocks.push(Block::List(items));
    if more > 0 {
        document.paragraph(format!(
            "and {} more, in the sections below",
            grouped(more as u64)
        ));
    }
}

/// A row for each operation that was read.
fn asked(predictions: &[Prediction]) -> Table {
    let mut table = Table::new(&["what", "verdict", "code", "numbers"]);
    for prediction in predictions {
        let first = prediction.errors.first();
        // Accepted by AKS, and yet nothing to pass over: a cluster that goes.
        let blocker = prediction
            .findings
            .iter()
            .find(|finding| finding.severity == Severity::Blocker)
            .map_or("", |finding| finding.code);
        table.rows.push(vec![
            Cell::from(told::asked(prediction)),
            Cell::toned(verdict(prediction), tone(prediction.outcome)),
            Cell::from(first.map_or(blocker, |error| error.code)),
            Cell::from(first.map_or_else(String::new, numbers)),
        ]);
    }
    table
}

/// `2 h 10 min (p50)`, or a word where it is not known.
pub(super) fn duration(seconds: Option<u32>, percentile: &str) -> String {
    seconds.map_or_else(
        || "not known".to_string(),
        |seconds| format!("{} ({percentile})", at_most(seconds)),
    )
}

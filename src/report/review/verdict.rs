//! What is decided and by what: the first screen.

use super::{Review, SPELLED_OUT};
use crate::finding::{Severity, counted, grouped};
use crate::migrate::decision::Go;
use crate::predict::Prediction;
use crate::report::document::{Block, Cell, Document, Number, Table, Tone, Weight};
use crate::report::predict::{numbers, tone, verdict};
use crate::report::simulation::span;
use crate::report::told;

/// An estate in a word.
pub fn estate_word(worst: Option<Severity>) -> (&'static str, Tone) {
    match worst {
        Some(Severity::Blocker) => ("Runs out", Tone::Bad),
        Some(Severity::Warning) => ("Tight", Tone::Warning),
        Some(Severity::Info) | None => ("Fits", Tone::Good),
    }
}

pub(super) fn go_tone(go: Go) -> Tone {
    match go {
        Go::Go => Tone::Good,
        Go::Conditions | Go::NotKnown => Tone::Warning,
        Go::No => Tone::Bad,
    }
}

pub(super) fn lead(review: &Review, document: &mut Document) {
    let moves = review
        .clusters
        .iter()
        .filter_map(|part| part.moved.as_ref());
    let moves: Vec<_> = moves.collect();
    for moved in moves.iter().take(SPELLED_OUT) {
        let decision = &moved.decision;
        let why = match decision.go {
            Go::No => counted(
                decision.blockers.len() as u64,
                "thing must be gone before",
                "things must be gone before",
            ),
            _ => counted(
                decision.conditions.len() as u64,
                "condition to look at",
                "conditions to look at",
            ),
        };
        document.blocks.push(Block::Verdict {
            word: Cell::toned(decision.go.word(), go_tone(decision.go)),
            sentence: format!("{}: {why}. {}", moved.title, moved.in_short()),
        });
    }
    if moves.len() > SPELLED_OUT {
        document.talk(format!(
            "and {} more moves, each in a section of its own",
            moves.len() - SPELLED_OUT
        ));
    }
    estate(review, document);
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
    against(review, document);
    document.table("What was asked", asked(review.predictions));
}

/// The estate as it is, in a sentence.
fn estate(review: &Review, document: &mut Document) {
    let assessment = review.assessment;
    let (word, tone) = estate_word(assessment.worst());
    let ranges = (assessment.subnets.len() + assessment.pod_cidrs.len()) as u64;
    let sentence = match first_failure(review) {
        Some((place, pool, nodes, code)) => format!(
            "the estate as it is: {place} ends at node {} of pool {pool} with {code}",
            grouped(nodes)
        ),
        None => format!(
            "the estate as it is: {}, {}",
            counted(ranges, "range", "ranges"),
            match assessment.worst() {
                Some(Severity::Blocker) => "with something that must not be",
                Some(Severity::Warning) => "with warnings",
                _ => "every ceiling that was read fits",
            }
        ),
    };
    document.blocks.push(Block::Verdict {
        word: Cell::toned(word, tone),
        sentence,
    });
}

fn first_failure(review: &Review) -> Option<(String, String, u64, &'static str)> {
    let (subnets, pod_cidrs) = (&review.assessment.subnets, &review.assessment.pod_cidrs);
    let of_subnets = subnets.iter().filter_map(|row| {
        let name = review.inventory.subnet_name(row.index);
        Some((name, row.first_failure.as_ref()?))
    });
    let of_ranges = pod_cidrs.iter().filter_map(|row| {
        Some((
            format!("pod CIDR {}", row.cidr),
            row.first_failure.as_ref()?,
        ))
    });
    let (place, failure) = of_subnets.chain(of_ranges).next()?;
    let cluster = &review.inventory.cluster(failure.cluster).name;
    Some((
        place,
        format!("{cluster}/{}", failure.pool),
        failure.nodes,
        failure.answer.code,
    ))
}

/// The range that stands worst, in numbers.
fn fullest(review: &Review) -> Option<Number> {
    let row = review
        .assessment
        .subnets
        .iter()
        .find(|row| row.demand.ceiling_with_surge > 0)?;
    let available = row.usable.saturating_sub(row.foreign);
    let short = row.demand.ceiling > available;
    Some(Number {
        what: "Addresses wanted at the ceiling".to_string(),
        value: Cell::toned(
            format!("{} of {}", grouped(row.demand.ceiling), grouped(available)),
            if short { Tone::Bad } else { Tone::Good },
        ),
        note: format!(
            "{}, {} held now, {}",
            review.inventory.subnet_name(row.index),
            grouped(row.used),
            row.basis.word()
        ),
    })
}

fn against(review: &Review, document: &mut Document) {
    const SHOWN: usize = 40;
    let parts = review.clusters.iter();
    let moves: Vec<_> = parts.filter_map(|part| part.moved.as_ref()).collect();
    let several = moves.len() > 1;
    let mut items: Vec<(Cell, String)> = Vec::new();
    for moved in &moves {
        let of = |sentence: &String| match several {
            true => format!("{}: {sentence}", moved.cluster),
            false => sentence.clone(),
        };
        let blockers = moved.decision.blockers.iter();
        items.extend(blockers.map(|sentence| (Cell::toned("blocker", Tone::Bad), of(sentence))));
        let conditions = moved.decision.conditions.iter();
        items.extend(
            conditions.map(|sentence| (Cell::toned("condition", Tone::Warning), of(sentence))),
        );
    }
    for finding in &review.assessment.findings {
        if finding.severity == Severity::Blocker {
            items.push((Cell::toned("blocker", Tone::Bad), finding.message.clone()));
        }
    }
    if items.is_empty() {
        return;
    }
    // Blockers of every move before any condition.
    items.sort_by_key(|(mark, _)| mark.tone != Tone::Bad);
    let more = items.len().saturating_sub(SHOWN);
    items.truncate(SHOWN);
    document.weighty(Weight::Decides, "Blockers and conditions");
    document.blocks.push(Block::List(items));
    if more > 0 {
        document.talk(format!(
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
        |seconds| format!("{} ({percentile})", span(seconds)),
    )
}

//! `aksplan drain`, `upgrade` and `migrate` for people: the verdict first, then what stands in the way, then pools, addresses,
//! workloads, nodes and what made it take as long. Simulates nothing: every number is read off an [`Outcome`] and its
//! [`Futures`].
//!
//! `words` (durations, names) · `trace` (what the log shows over time) · `verdict` (does it complete, does it fit) · `found`
//! (findings) · `beforehand` (findings on what is so before it begins) · `held_back` (what would release a budget's pod) · `path` (the critical path in words) · `tables` · `advice` · `whole` (several
//! reimages of one plan together).

mod advice;
mod beforehand;
mod found;
mod held_back;
mod path;
pub(super) mod tables;
mod trace;
pub(super) mod verdict;
pub(super) mod whole;
mod words;

pub use advice::{item as advice_item, words as advice_words};
pub use beforehand::assumptions;
pub use found::{findings, merged, reason};
pub use path::{items as path_items, sentences};
pub use tables::{is_undone, lastings};
pub use trace::{Phase, Stretch, Trace};
pub use verdict::{Fit, NamedWindow, completes, enough_for_p99, fits, verdict};
pub use words::{Names, at_least, at_most, clock, listed, short_names, span};

use super::capacity;
use super::document::{Block, Document, Tone};
use crate::finding::{Finding, counted, grouped};
use crate::migrate::foresee::Reimage;
use crate::simulate::advice::Advice;
use crate::simulate::{Futures, Outcome, Setting};
use jiff::Timestamp;

/// Rows of a table that people read; JSON has all of them.
const SHOWN_ROWS: usize = 200;
/// More nodes than this are shown as their pools.
const MOST_ROWS: usize = 40;

/// A simulated operation, and what is to be shown of it.
pub struct Simulation<'a> {
    /// `drain`, `upgrade` or `migrate`.
    pub operation: &'static str,
    /// What is done, in words: `payments: the move to Azure CNI Overlay, pod CIDR 10.32.0.0/19`.
    pub title: String,
    pub cluster: String,
    pub observed_at: Option<Timestamp>,
    /// Whether AKS takes the request; `None`: nobody is asked, or it is not known.
    pub admitted: Option<bool>,
    pub setting: &'a Setting<'a>,
    pub outcome: &'a Outcome,
    pub trace: &'a Trace,
    pub futures: Option<&'a Futures>,
    pub windows: Vec<NamedWindow>,
    /// What was found before anything moved, then what the run showed.
    pub findings: Vec<Finding>,
    /// Reimages of every node that the same plan makes before or after this one; the rest here is of this one alone.
    pub others: Vec<Reimage>,
    pub advice: &'a [Advice],
    pub not_checked: Vec<String>,
    pub show: Show,
}

/// How much is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Show {
    /// A row a pod.
    pub pods: bool,
    pub timeline: Rows,
}

/// What has a row in the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rows {
    /// Nodes, or pools where there are too many.
    #[default]
    Few,
    Nodes,
    Pools,
    None,
}

/// Everything a simulation says.
pub fn document(simulation: &Simulation) -> Document {
    let setting = simulation.setting;
    let names = Names::of(setting);
    let mut document = Document::new(simulation.title.clone());
    let (sentence, tone) = verdict(simulation, &names);
    document.toned(sentence, tone);
    if let Some(sentence) = verdict::median_sentence(simulation) {
        document.toned(sentence, Tone::Dim);
    }
    for (window, fit) in simulation
        .windows
        .iter()
        .map(|named| (named, fits(simulation, &named.window)))
    {
        document.toned(
            verdict::window_sentence(simulation, window, &fit),
            fit.tone(),
        );
    }
    if let Some(which) = whole::which(simulation) {
        document.toned(which, Tone::Warning);
    }
    if let Some(futures) = simulation.futures {
        document.talk(format!(
            "{} of seed {}; the tables show one run with every duration at its median; times are hours:minutes:seconds from the \
             start",
            counted(u64::from(futures.count), "future", "futures"),
            futures.seed
        ));
    } else {
        document.talk("one run with every duration at its median; times are hours:minutes:seconds from the start");
    }
    if let Some(at) = simulation.observed_at {
        document.toned(
            format!("observed {}", at.strftime("%Y-%m-%d %H:%M UTC")),
            Tone::Dim,
        );
    }
    capacity::findings(
        "What stands in the way",
        &simulation.findings,
        &mut document,
    );
    if !simulation.advice.is_empty() {
        document.heading(whole::advice_heading(simulation));
        document.blocks.push(Block::List(
            simulation
                .advice
                .iter()
                .map(|advice| advice::item(simulation, advice))
                .collect(),
        ));
    }
    timeline(simulation, &names, &mut document);
    document.table("Pools", tables::pools(simulation));
    document.table("Addresses", tables::ranges(simulation));
    for sentence in whole::peaks(simulation) {
        document.paragraph(sentence);
    }
    let changes = tables::addresses(simulation);
    if !changes.rows.is_empty() {
        document.blocks.push(Block::Talk(Box::new(Block::heading(
            2,
            "Addresses over time",
        ))));
        document
            .blocks
            .push(Block::Talk(Box::new(Block::Table(changes))));
    }
    workloads(simulation, &mut document);
    let sentences = sentences(simulation, &names);
    if !sentences.is_empty() {
        document.heading("What makes it take as long");
        document.blocks.push(Block::List(path::items(&sentences)));
    }
    let (nodes, more) = tables::nodes(simulation, &names, SHOWN_ROWS);
    document.table("Nodes", nodes);
    more_rows(more, &mut document);
    if simulation.show.pods {
        let (pods, more) = tables::pods(simulation, &names, usize::MAX);
        document.table("Pods", pods);
        more_rows(more, &mut document);
    }
    document.blocks.push(Block::Talk(Box::new(Block::heading(
        1,
        "How long things take",
    ))));
    document
        .blocks
        .push(Block::Talk(Box::new(Block::Table(tables::durations(
            simulation,
        )))));
    document.not_checked(&setting.not_checked);
    document.not_checked(&simulation.not_checked);
    document
}

fn more_rows(more: usize, document: &mut Document) {
    if more > 0 {
        document.talk(format!(
            "and {} more; `-o json` has all of them",
            grouped(more as u64)
        ));
    }
}

fn workloads(simulation: &Simulation, document: &mut Document) {
    let (table, more) = tables::workloads(simulation, SHOWN_ROWS);
    let (shown, all) = (table.rows.len(), simulation.outcome.workloads.len());
    document.table("Workloads", table);
    more_rows(more, document);
    if shown < all && more == 0 {
        document.talk(format!(
            "{} by no more than one pod at a time",
            counted(
                (all - shown) as u64,
                "other workload falls",
                "other workloads fall"
            )
        ));
    }
}

fn timeline(simulation: &Simulation, names: &Names, document: &mut Document) {
    let nodes = simulation.outcome.nodes.len();
    let rows = match simulation.show.timeline {
        Rows::None => return,
        Rows::Few if nodes > MOST_ROWS => Rows::Pools,
        Rows::Few => Rows::Nodes,
        rows => rows,
    };
    let chart = tables::timeline(simulation, names, rows == Rows::Pools);
    if chart.rows.is_empty() || chart.seconds == 0 {
        return;
    }
    document.heading("Timeline");
    document.blocks.push(Block::Gantt(chart));
}

//! When: the windows that come, whether the move fits, and what AKS may start by itself meanwhile. As the plan says it.

use super::{Block, Runbook};
use crate::report::document::{Cell, Document, Table, Tone};

pub(super) fn section(of: Runbook, document: &mut Document) {
    document.heading("When");
    let Some(ahead) = &of.plan.ahead else {
        document.toned(
            "The plan knows of no window: neither --window nor a maintenance configuration was read when it was made. Give one with \
             --window when it is carried out.",
            Tone::Dim,
        );
        return;
    };
    let mut table = Table::new(&[
        "window",
        "opens",
        "closes",
        "nine of ten futures fit",
        "start by",
        "AKS meanwhile, if the move begins when it opens",
    ]);
    for next in &ahead.openings {
        let dim = || Cell::toned("-", Tone::Dim);
        table.rows.push(vec![
            Cell::from(next.window.as_str()),
            Cell::from(next.opens_words()),
            Cell::from(next.closes_words()),
            match (next.permits, next.fits) {
                (false, _) => Cell::toned("for AKS alone", Tone::Dim),
                (_, Some(true)) => Cell::toned("yes", Tone::Good),
                (_, Some(false)) => Cell::toned("NO", Tone::Bad),
                (_, None) => Cell::toned("not known", Tone::Warning),
            },
            next.start_by_words().map_or_else(dim, Cell::from),
            match (next.permits, next.against.is_empty()) {
                (false, _) => dim(),
                (_, true) => Cell::toned("nothing that is known", Tone::Good),
                (_, false) => Cell::toned(next.against.join("; "), Tone::Warning),
            },
        ]);
    }
    if !table.rows.is_empty() {
        document.blocks.push(Block::Table(table));
    }
    let unknown = ahead
        .not_known
        .iter()
        .map(|sentence| (Cell::from("-"), sentence.clone()));
    let unknown: Vec<(Cell, String)> = unknown.collect();
    if !unknown.is_empty() {
        document.blocks.push(Block::List(unknown));
    }
}

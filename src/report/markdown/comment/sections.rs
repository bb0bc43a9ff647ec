//! A document in sections, each whole and shorter, and the blockers that each tells. Decides nothing: what there is room for is decided
//! where they are joined.

use super::super::{OPEN_BEHIND, not_checked, picture, render_block, render_table};
use super::length;
use crate::finding::{Severity, counted};
use crate::report::document::{Block, Cell, Document, Table, Weight};
use crate::report::markdown::escape;
use std::collections::HashMap;

/// Rows of a list that stay where there is little room.
const FEW: usize = 10;

/// How much of a section is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    Out,
    /// Tables and lists end after a few rows, with the number of the others.
    Short,
    /// Without long tables behind pictures.
    Brief,
    Whole,
}

/// A document, cut where a section begins.
pub struct Sections {
    /// Title, and what stands before the first section.
    pub first: String,
    pub all: Vec<Section>,
    /// Every blocker that a section tells, once.
    pub blockers: Vec<String>,
}

pub struct Section {
    title: String,
    pub weight: Weight,
    short: Written,
    brief: Written,
    whole: Written,
}

#[derive(Default)]
struct Written {
    text: String,
    /// UTF-16 code units of the text.
    length: usize,
    /// Rows that the whole has and this has not.
    missing: u64,
    /// Positions of the blockers it tells.
    blockers: Vec<usize>,
}

impl Section {
    fn new(title: &str, weight: Weight) -> Self {
        Section {
            title: title.to_string(),
            weight,
            short: Written::default(),
            brief: Written::default(),
            whole: Written::default(),
        }
    }

    fn written(&self, form: Form) -> Option<&Written> {
        match form {
            Form::Out => None,
            Form::Short => Some(&self.short),
            Form::Brief => Some(&self.brief),
            Form::Whole => Some(&self.whole),
        }
    }

    pub fn text(&self, form: Form) -> &str {
        self.written(form).map_or("", |written| &written.text)
    }

    pub fn blockers(&self, form: Form) -> &[usize] {
        self.written(form).map_or(&[], |written| &written.blockers)
    }

    /// UTF-16 code units of its text.
    pub fn length(&self, form: Form) -> usize {
        self.written(form).map_or(0, |written| written.length)
    }

    /// Whether there is something that a reader does not see.
    pub fn lacks(&self, form: Form) -> bool {
        self.written(form).is_none_or(|written| written.missing > 0)
    }

    /// What a reader does not see, by name.
    pub fn missing(&self, form: Form) -> String {
        match self.written(form) {
            None => self.title.clone(),
            Some(written) => {
                let rows = counted(written.missing, "row", "rows");
                format!("{} ({rows})", self.title)
            }
        }
    }
}

impl Sections {
    pub fn of(document: &Document) -> Self {
        let mut sections = Sections {
            first: format!("# {}\n", escape(document.name())),
            all: Vec::new(),
            blockers: Vec::new(),
        };
        let mut known = Known::default();
        for block in &document.blocks {
            if let Block::Heading {
                level: 1,
                text,
                weight,
            } = block
            {
                sections.all.push(Section::new(text, *weight));
            }
            sections.push(block, &mut known);
        }
        let sentences = &document.not_checked;
        if !sentences.is_empty() {
            let all = counted(sentences.len() as u64, "sentence", "sentences");
            let mut section = Section::new(&format!("Not checked ({all})"), Weight::Needed(1));
            let more = sentences.len().saturating_sub(FEW) as u64;
            section.whole.text = not_checked(sentences);
            section.brief.text.clone_from(&section.whole.text);
            section.short.text = not_checked(&sentences[..sentences.len().min(FEW)]);
            if more > 0 {
                section
                    .short
                    .text
                    .push_str(&format!("- and {more} more, left out here\n"));
                section.short.missing = more;
            }
            sections.all.push(section);
        }
        for section in &mut sections.all {
            for written in [&mut section.short, &mut section.brief, &mut section.whole] {
                written.length = length(&written.text);
            }
        }
        sections
    }

    fn push(&mut self, block: &Block, known: &mut Known) {
        let Some(section) = self.all.last_mut() else {
            self.first.push('\n');
            render_block(block, &mut self.first);
            return;
        };
        let (few, more) = few(block);
        for (written, block) in [
            (&mut section.whole, block),
            (&mut section.brief, block),
            (&mut section.short, &few),
        ] {
            for text in blockers(block) {
                let id = known.position(&mut self.blockers, text);
                written.blockers.push(id);
            }
        }
        section.whole.text.push('\n');
        render_block(block, &mut section.whole.text);
        let shown = if section.weight < Weight::Plain {
            FEW
        } else {
            0
        };
        section.brief.missing += without_rows(block, shown, &mut section.brief.text);
        section.short.missing += more + without_rows(&few, shown, &mut section.short.text);
        if more > 0 {
            section.short.text.push_str(&match block {
                Block::List(_) => format!("- and {more} more, left out here\n"),
                _ => format!(
                    "\nand {}, left out here\n",
                    counted(more, "more row", "more rows")
                ),
            });
        }
    }
}

/// A block, with no more than so many rows of a long table behind a picture; gives the number of the others.
fn without_rows(block: &Block, shown: usize, out: &mut String) -> u64 {
    let figure = match block {
        Block::Talk(block) => return without_rows(block, shown, out),
        Block::Figure(figure) if figure.table.rows.len() > OPEN_BEHIND => figure,
        block => {
            out.push('\n');
            render_block(block, out);
            return 0;
        }
    };
    out.push('\n');
    picture(figure, out);
    if shown > 0 {
        out.push('\n');
        render_table(&first_rows(&figure.table, shown), out);
    }
    let rows = (figure.table.rows.len() - shown) as u64;
    let rest = match shown {
        0 => counted(rows, "row", "rows"),
        _ => counted(rows, "more row", "more rows"),
    };
    out.push_str(&format!(
        "\nLeft out here: {rest} behind the picture ({}).\n",
        escape(&figure.title)
    ));
    rows
}

fn first_rows(table: &Table, shown: usize) -> Table {
    Table {
        columns: table.columns.clone(),
        rows: table.rows.iter().take(shown).cloned().collect(),
    }
}

/// The first rows, and how many there are besides. Commands are never cut.
fn few(block: &Block) -> (Block, u64) {
    let more = |rows: usize| rows.saturating_sub(FEW) as u64;
    match block {
        Block::List(items) => (
            Block::List(items.iter().take(FEW).cloned().collect()),
            more(items.len()),
        ),
        Block::Table(table) => (Block::Table(first_rows(table, FEW)), more(table.rows.len())),
        Block::Talk(block) => {
            let (block, more) = few(block);
            (Block::Talk(Box::new(block)), more)
        }
        block => (block.clone(), 0),
    }
}

/// What a block says that is a blocker: where the document itself calls it so.
fn blockers(block: &Block) -> Vec<&str> {
    let blocks = |cell: &Cell| cell.text == Severity::Blocker.word();
    match block {
        Block::List(items) => items
            .iter()
            .filter(|(mark, _)| blocks(mark))
            .map(|(_, text)| text.as_str())
            .collect(),
        Block::Table(table) => table
            .rows
            .iter()
            .filter(|row| row.first().is_some_and(blocks))
            .filter_map(|row| Some(row.get(1)?.text.as_str()))
            .collect(),
        Block::Talk(block) => blockers(block),
        _ => Vec::new(),
    }
}

/// Positions of blockers by what they say, with and without a name before it. Looked up and never listed, so its order shows nowhere.
#[derive(Default)]
struct Known(HashMap<String, Vec<usize>>);

impl Known {
    /// The position of a blocker: sections tell the same one with and without its cluster before it, and its code and rules behind it.
    fn position(&mut self, all: &mut Vec<String>, text: &str) -> usize {
        let said = core(text);
        let keys = [Some(said), unnamed(said)];
        let alike = keys.iter().flatten().filter_map(|key| self.0.get(*key));
        let position = alike
            .flatten()
            .copied()
            .filter(|at| is_same(core(&all[*at]), said) || is_same(said, core(&all[*at])))
            .min();
        position.unwrap_or_else(|| {
            all.push(text.to_string());
            for key in keys.into_iter().flatten() {
                self.0
                    .entry(key.to_string())
                    .or_default()
                    .push(all.len() - 1);
            }
            all.len() - 1
        })
    }
}

/// Without the name before it.
fn unnamed(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once(": ")?;
    (!name.contains(' ')).then_some(rest)
}

/// Without ` (code)` and ` [rules]` at its end.
fn core(text: &str) -> &str {
    let cut = |text: &str, open: &str, close: char| {
        let inner = text.strip_suffix(close)?;
        inner.rfind(open)
    };
    let text = cut(text, " [", ']').map_or(text, |end| &text[..end]);
    cut(text, " (", ')').map_or(text, |end| &text[..end])
}

/// Whether the first is the second, with no more than a name before it.
fn is_same(long: &str, short: &str) -> bool {
    long == short || unnamed(long) == Some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocker_told_twice_is_one() {
        let mut all = Vec::new();
        let mut known = Known::default();
        let mut at = |text: &str| known.position(&mut all, text);
        assert_eq!(at("prod: subnet is full"), 0);
        assert_eq!(at("subnet is full"), 0);
        assert_eq!(at("subnet is full (subnet-full) [SUB-1]"), 0);
        assert_eq!(at("other subnet is full"), 1);
        assert_eq!(at("subnet is full of nodes"), 2);
        assert_eq!(at("other: subnet is full of nodes"), 2);
    }
}

//! One block of a document as HTML. Knows nothing of other blocks but which rules the page lists, so that an id can lead there.

use super::sections::Part;
use super::words::shown;
use crate::finding::counted;
use crate::report::chart::Chart;
use crate::report::document::{Block, Cell, Document, Figure, Number, Table, Tone};
use crate::report::gantt::{Gantt, time};
use crate::report::spans::{Span, spans};
use crate::report::svg::{self, Picture};
use crate::report::terminal::clean;
use crate::rule;
use maud::{Markup, PreEscaped, html};
use std::collections::BTreeSet;

/// Ids of rules that have a row of their own in this page.
pub struct Cited(BTreeSet<&'static str>);

/// Heading of the column whose cells are the rules themselves.
pub const RULE: &str = "rule";

impl Cited {
    pub fn of(document: &Document) -> Self {
        let tables = document.blocks.iter().filter_map(|block| match block {
            Block::Table(table) if is_of_rules(table) => Some(table),
            _ => None,
        });
        let ids = tables
            .flat_map(|table| &table.rows)
            .filter_map(|row| rule::find(&row.first()?.text))
            .map(|rule| rule.id);
        Cited(ids.collect())
    }

    fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }
}

fn is_of_rules(table: &Table) -> bool {
    table
        .columns
        .first()
        .is_some_and(|column| column.heading == RULE)
}

fn tone(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Good => Some("good"),
        Tone::Warning => Some("warning"),
        Tone::Bad => Some("bad"),
        Tone::Dim => Some("dim"),
    }
}

/// A text in which ids of rules lead to their rows, and words between code marks are code.
pub fn prose(text: &str, cited: &Cited) -> Markup {
    let text = shown(text);
    html! {
        @for span in spans(&text) {
            @match span {
                Span::Words(words) => (linked(words, cited)),
                Span::Code(code) => code { (code) },
            }
        }
    }
}

fn linked(text: &str, cited: &Cited) -> Markup {
    let is_of_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut pieces: Vec<(&str, bool)> = Vec::new();
    // Where the text begins that is in no piece yet, and where to look on.
    let (mut plain, mut at) = (0, 0);
    while let Some(found) = text[at..].find(is_of_id) {
        let start = at + found;
        at = text[start..]
            .find(|c| !is_of_id(c))
            .map_or(text.len(), |length| start + length);
        let word = &text[start..at];
        if cited.has(word) {
            pieces.push((&text[plain..start], false));
            pieces.push((word, true));
            plain = at;
        }
    }
    pieces.push((&text[plain..], false));
    html! {
        @for (piece, is_rule) in pieces {
            @if is_rule { a class=[(piece.len() <= SHORT).then_some("rule")] href=(format!("#rule-{piece}")) { (piece) } } @else { (breakable(piece)) }
        }
    }
}

/// Letters without a blank that a column has room for.
const WORD: usize = 40;

/// A long list without blanks (`kubectl get pods,services,…`) may break behind each comma: a column is never narrower than its longest
/// word, and takes that room from its neighbours. A flag (`--window`) breaks nowhere. What is copied from the page is the same.
fn breakable(text: &str) -> Markup {
    html! {
        @for word in text.split_inclusive(' ') {
            @if word.len() > WORD && word.contains(',') {
                @for entry in word.split_inclusive(',') { (entry) @if entry.ends_with(',') { wbr; } }
            } @else if word.starts_with("--") && word.len() <= WORD {
                span class="whole" { (word.trim_end()) } @if word.ends_with(' ') { " " }
            } @else { (word) }
        }
    }
}

/// A block that stands before every section.
pub fn block(block: &Block, position: usize, cited: &Cited) -> Markup {
    let part = Part {
        id: format!("lead-{position}"),
        title: None,
        named: "Summary",
        blocks: vec![block],
    };
    block_of(block, &part, cited)
}

/// A block of a part; the part's name is what a table or a picture without one is called by.
pub fn block_of(block: &Block, part: &Part, cited: &Cited) -> Markup {
    match block {
        Block::Verdict { word, sentence } => html! {
            div class=(format!("verdict {}", tone(word.tone).unwrap_or("plain"))) {
                p { strong { (shown(&word.text)) } " " (prose(sentence, cited)) }
            }
        },
        Block::Numbers(numbers) => cards(numbers, cited),
        Block::Figure(figure) => drawn(figure, part, block, cited),
        // Its own section handles it.
        Block::Heading { text, .. } => html! { p { strong { (shown(text)) } } },
        Block::Paragraph { text, tone: of } => html! {
            p class=[tone(*of)] { (prose(text, cited)) }
        },
        Block::List(items) => list(items, cited),
        Block::Table(rows) => table(rows, part.named, cited),
        Block::Gantt(chart) => {
            let figure = Figure {
                title: part.named.to_string(),
                says: said_of(chart),
                chart: Chart::Gantt(chart.clone()),
                table: stretches(chart),
            };
            drawn(&figure, part, block, cited)
        }
        Block::Quote(text) => html! { blockquote { p { (shown(text)) } } },
        Block::Code { text, .. } => html! {
            pre { code { @for line in text.lines() { (clean(line)) "\n" } } }
        },
        Block::Talk(inner) => block_of(inner, part, cited),
    }
}

fn cards(numbers: &[Number], cited: &Cited) -> Markup {
    html! {
        dl class="numbers" {
            @for number in numbers {
                div class=[tone(number.value.tone)] {
                    dt { (shown(&number.what)) }
                    dd class="value" { (shown(&number.value.text)) }
                    dd class="note" { (prose(&number.note, cited)) }
                }
            }
        }
    }
}

fn list(items: &[(Cell, String)], cited: &Cited) -> Markup {
    html! {
        ul {
            @for (mark, text) in items {
                li {
                    @if mark.text != "-" {
                        strong class=(format!("mark {}", tone(mark.tone).unwrap_or("plain"))) { (shown(&mark.text)) }
                        " "
                    }
                    (prose(text, cited))
                }
            }
        }
    }
}

fn table(table: &Table, named: &str, cited: &Cited) -> Markup {
    let of_rules = is_of_rules(table);
    html! {
        div class="scroll" tabindex="0" role="group" aria-label=(format!("Table: {}", shown(named))) {
            table class=[(table.columns.len() > MANY).then_some("wide")] {
                caption class="unseen" { (shown(named)) }
                thead { tr { @for column in &table.columns {
                    th scope="col" class=[column.numeric.then_some("number")] { (column.heading) }
                } } }
                tbody { @for row in &table.rows {
                    tr id=[rule_row(row, of_rules)] { @for (cell, column) in row.iter().zip(&table.columns) {
                        td class=[class(cell, column.numeric)] {
                            @if of_rules { (shown(&cell.text)) } @else if is_course(&cell.text) { span aria-hidden="true" { (cell.text) } } @else { (prose(&cell.text, cited)) }
                        }
                    } }
                } }
            }
        }
    }
}

/// Columns that a sheet of paper has room for; of more, the letters are smaller there.
const MANY: usize = 8;

fn rule_row(row: &[Cell], of_rules: bool) -> Option<String> {
    of_rules.then(|| rule::find(&row.first()?.text).map(|rule| format!("rule-{}", rule.id)))?
}

fn class(cell: &Cell, numeric: bool) -> Option<String> {
    let kept_whole = match &cell.text {
        _ if numeric => Some("number"),
        text if is_course(text) => Some("course"),
        text if is_short(text) => Some("short"),
        _ => None,
    };
    match (kept_whole, tone(cell.tone)) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one.to_string()),
        (Some(kept_whole), Some(tone)) => Some(format!("{kept_whole} {tone}")),
    }
}

/// A date, an amount with its unit: on two lines it would be read as two things.
const SHORT: usize = 12;

fn is_short(text: &str) -> bool {
    // On paper a word may be broken anywhere; one of a few letters is not.
    let breaks = text.contains([' ', '-']) || text.len() > SHORT / 2;
    breaks && text.chars().count() <= SHORT
}

/// Amounts over time as one character each: read aloud they say nothing, and the first, the last and the most stand beside them.
fn is_course(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| ('▁'..='█').contains(&c))
}

fn drawn(figure: &Figure, part: &Part, block: &Block, cited: &Cited) -> Markup {
    let position = part
        .blocks
        .iter()
        .position(|other| std::ptr::eq(*other, block))
        .unwrap_or(0);
    let picture = Picture {
        id: format!("{}-f{position}", part.id),
        title: shown(&figure.title),
        says: shown(&figure.says),
    };
    html! {
        figure {
            figcaption { (prose(&figure.says, cited)) }
            div class="scroll" tabindex="0" role="group" aria-label=(format!("Picture: {}", shown(&figure.title))) {
                (PreEscaped(svg::draw(&figure.chart, &picture)))
            }
            @if !figure.table.rows.is_empty() {
                (numbers(figure, cited))
            }
        }
    }
}

/// Rows behind a picture that paper has room for.
const ON_PAPER: usize = 12;

/// The table behind a picture. A long one is not for paper, where nobody looks a row up: the style leaves its
/// name there, and says where it is.
fn numbers(figure: &Figure, cited: &Cited) -> Markup {
    let rows = figure.table.rows.len();
    let all = counted(rows as u64, "row", "rows");
    let is_long = rows > ON_PAPER;
    html! {
        details class=[is_long.then_some("long")] {
            summary { "The numbers behind it (" (all) ")" }
            (table(&figure.table, &figure.title, cited))
        }
    }
}

fn said_of(chart: &Gantt) -> String {
    format!("{} rows over {}.", chart.rows.len(), time(chart.seconds))
}

/// A timeline in words: of each row and each thing that was done, from when to when.
pub fn stretches(chart: &Gantt) -> Table {
    let mut table = Table::new(&["row", "what", "#from", "#until", "#times"]);
    for row in &chart.rows {
        for (mark, known) in chart.legend.iter().enumerate() {
            let of: Vec<_> = row.spans.iter().filter(|span| span.mark == mark).collect();
            let from = of.iter().map(|span| span.from).min();
            let until = of.iter().map(|span| span.until).max();
            if let (Some(from), Some(until)) = (from, until) {
                table.rows.push(vec![
                    Cell::from(row.label.as_str()),
                    Cell::toned(known.meaning, known.tone),
                    Cell::from(time(from)),
                    Cell::from(time(until)),
                    Cell::from(of.len().to_string()),
                ]);
            }
        }
    }
    table
}

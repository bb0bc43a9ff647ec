//! A document as text for a terminal. Colour is always written here; the stream that prints it drops it where it is not wanted.
//! Everything that came from outside is cleaned of control characters: a pool named with an escape sequence prints harmlessly.

use super::chart::Chart;
use super::document::{Block, Cell, Document, Table, Tone, numbers_table};
use super::gantt;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Width};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const RESET: &str = "\x1b[0m";

fn code(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Good => "\x1b[32m",
        Tone::Warning => "\x1b[33m",
        Tone::Bad => "\x1b[31m",
        Tone::Dim => "\x1b[2m",
    }
}

fn paint(text: &str, tone: Tone) -> String {
    match tone {
        Tone::Plain => text.to_string(),
        tone => format!("{}{text}{RESET}", code(tone)),
    }
}

/// Text without control characters and without marks that reorder what follows them.
pub fn clean(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            // The two of Unicode end a line as well.
            '\n' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
            c if c.is_control() => '\u{FFFD}',
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
            '\u{200E}' | '\u{200F}' | '\u{061C}' => '\u{FFFD}',
            // No characters, and none that an SVG may hold.
            '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
            c => c,
        })
        .collect()
}

/// Renders for a terminal `width` characters wide; `None`: as wide as needed.
pub fn render(document: &Document, width: Option<usize>) -> String {
    let mut out = String::new();
    push_heading(document.name(), width, &mut out);
    for block in &document.blocks {
        render_block(block, width, &mut out);
    }
    if !document.not_checked.is_empty() {
        out.push('\n');
        push_heading("Not checked", width, &mut out);
        for sentence in &document.not_checked {
            item(&Cell::toned("-", Tone::Dim), sentence, width, &mut out);
        }
    }
    out
}

fn push_heading(text: &str, width: Option<usize>, out: &mut String) {
    for line in wrap(&clean(text), width, 0) {
        out.push_str(&format!("\x1b[1m{line}{RESET}\n"));
    }
}

/// A mark and a text, the lines after the first set in.
fn item(mark: &Cell, text: &str, width: Option<usize>, out: &mut String) {
    let indent = mark.text.chars().count() + 1;
    for (number, line) in wrap(&clean(text), width, indent).iter().enumerate() {
        if number == 0 {
            out.push_str(&paint(&clean(&mark.text), mark.tone));
            out.push(' ');
        } else {
            out.push_str(&" ".repeat(indent));
        }
        out.push_str(line);
        out.push('\n');
    }
}

fn render_block(block: &Block, width: Option<usize>, out: &mut String) {
    match block {
        Block::Heading { text, .. } => {
            out.push('\n');
            push_heading(text, width, out);
        }
        Block::Paragraph { text, tone } => {
            for line in wrap(&clean(text), width, 0) {
                out.push_str(&paint(&line, *tone));
                out.push('\n');
            }
        }
        Block::List(items) => {
            for (mark, text) in items {
                item(mark, text, width, out);
            }
        }
        Block::Quote(text) => {
            for line in wrap(&clean(text), width, 2) {
                out.push_str("  ");
                out.push_str(&line);
                out.push('\n');
            }
        }
        Block::Code { text, .. } => {
            for line in text.lines() {
                out.push_str("  ");
                out.push_str(&clean(line));
                out.push('\n');
            }
        }
        Block::Table(table) => render_table(table, width, out),
        Block::Verdict { word, sentence } => item(word, sentence, width, out),
        Block::Numbers(numbers) => render_table(&numbers_table(numbers), width, out),
        Block::Figure(figure) => {
            let says = Block::Paragraph {
                text: figure.says.clone(),
                tone: Tone::Plain,
            };
            render_block(&says, width, out);
            if let Chart::Gantt(chart) = &figure.chart {
                render_block(&Block::Gantt(chart.clone()), width, out);
            }
            render_table(&figure.table, width, out);
        }
        Block::Gantt(chart) => {
            for line in gantt::lines(chart, width.unwrap_or(gantt::WIDTH)) {
                for (text, tone) in line {
                    out.push_str(&paint(&clean(&text), tone));
                }
                out.push('\n');
            }
        }
        Block::Talk(block) => render_block(block, width, out),
    }
}

/// Breaks at blanks so that `indent` and text fit the width; a word that is longer than a line is broken behind one of its marks, or
/// where the line ends. At least one line.
pub fn wrap(text: &str, width: Option<usize>, indent: usize) -> Vec<String> {
    const NARROWEST: usize = 10;
    let Some(width) = width else {
        return vec![text.to_string()];
    };
    let room = width.saturating_sub(indent).max(NARROWEST);
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ').flat_map(|word| pieces(word, room)) {
        let (word, is_new) = word;
        let word_length = columns_of(word);
        let blank = usize::from(is_new && length > 0);
        if length > 0 && length + blank + word_length > room {
            lines.push(String::new());
            length = 0;
        }
        let line = lines.last_mut().expect("there is always a line");
        if length > 0 && is_new {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word_length;
    }
    lines
}

/// A word in pieces that fit, and of each whether a word begins with it.
fn pieces(word: &str, room: usize) -> Vec<(&str, bool)> {
    let mut pieces = Vec::new();
    let mut rest = word;
    while columns_of(rest) > room {
        let fits = fitting(rest, room);
        // `/`, `-`, `.`, `_` and `=` stay with what is before them.
        let end = rest[..fits]
            .rfind(['/', '-', '.', '_', '='])
            .map_or(fits, |mark| mark + 1);
        pieces.push((&rest[..end], pieces.is_empty()));
        rest = &rest[end..];
    }
    pieces.push((rest, pieces.is_empty()));
    pieces
}

/// Where a text is to be cut so that what is before it fits; behind its first letter at the least.
fn fitting(text: &str, room: usize) -> usize {
    let mut taken = 0;
    let mut letters = text
        .char_indices()
        .map(|(at, letter)| (at, letter, letter.width().unwrap_or(0)));
    let first = letters.next().map_or(0, |(_, letter, width)| {
        taken = width;
        letter.len_utf8()
    });
    let over = letters.find(|(_, _, width)| {
        taken += width;
        taken > room
    });
    over.map_or(text.len(), |(at, ..)| at).max(first)
}

fn render_table(table: &Table, width: Option<usize>, out: &mut String) {
    match width {
        Some(width) if natural_width(table) <= width => wide(table, out),
        Some(width) if least_width(table) > width => listed(table, width, out),
        Some(width) => {
            let narrow = squeezed(table, width);
            let fits = |line: &str| columns_of(line) <= width;
            match narrow.lines().all(fits) {
                true => out.push_str(&narrow),
                false => listed(table, width, out),
            }
        }
        _ => wide(table, out),
    }
}

fn cell_text(cell: &Cell) -> std::borrow::Cow<'_, str> {
    if cell.text.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        std::borrow::Cow::Borrowed(&cell.text)
    } else {
        std::borrow::Cow::Owned(clean(&cell.text))
    }
}

/// Columns a text takes: two a letter in East Asia, none a mark above one. ASCII is the rule, so the exact count is only made when it must be.
fn columns_of(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.width()
    }
}

fn natural_widths(table: &Table) -> Vec<usize> {
    let mut widths: Vec<usize> = table
        .columns
        .iter()
        .map(|column| columns_of(column.heading))
        .collect();
    for row in &table.rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(columns_of(&cell_text(cell)));
        }
    }
    widths
}

fn natural_width(table: &Table) -> usize {
    natural_widths(table)
        .iter()
        .map(|width| width + 2)
        .sum::<usize>()
        .saturating_sub(2)
}

/// What columns take at the least: a number broken in two is no number, and a range or a name is another one.
fn least_widths(table: &Table) -> Vec<usize> {
    /// Longer words are broken.
    const WORD: usize = 20;
    let longest_word = |text: &str| text.split(' ').map(columns_of).max().unwrap_or(0).min(WORD);
    let columns = table.columns.iter().enumerate();
    columns
        .map(|(position, column)| {
            let cells = table.rows.iter().map(|row| {
                let text = cell_text(&row[position]);
                match column.numeric {
                    true => columns_of(&text),
                    false => longest_word(&text),
                }
            });
            cells.max().unwrap_or(0).max(longest_word(column.heading))
        })
        .collect()
}

/// With a blank behind each.
fn least_width(table: &Table) -> usize {
    least_widths(table).iter().map(|least| least + 1).sum()
}

/// One line a row, columns two blanks apart. The way for twenty thousand rows, and for files and pipes.
fn wide(table: &Table, out: &mut String) {
    let widths = natural_widths(table);
    let last = widths.len().saturating_sub(1);
    let mut line = |cells: &mut dyn Iterator<Item = (std::borrow::Cow<str>, Tone, bool)>| {
        for (position, (text, tone, numeric)) in cells.enumerate() {
            let pad = widths[position].saturating_sub(columns_of(&text));
            let after = if position == last { 0 } else { 2 };
            if numeric {
                out.extend(std::iter::repeat_n(' ', pad));
            }
            if tone == Tone::Plain {
                out.push_str(&text);
            } else {
                out.push_str(code(tone));
                out.push_str(&text);
                out.push_str(RESET);
            }
            if !numeric && position != last {
                out.extend(std::iter::repeat_n(' ', pad));
            }
            out.extend(std::iter::repeat_n(' ', after));
        }
        out.push('\n');
    };
    line(&mut table.columns.iter().map(|column| {
        (
            std::borrow::Cow::Borrowed(column.heading),
            Tone::Dim,
            column.numeric,
        )
    }));
    for row in &table.rows {
        line(
            &mut row
                .iter()
                .zip(&table.columns)
                .map(|(cell, column)| (cell_text(cell), cell.tone, column.numeric)),
        );
    }
}

/// A table that would not fit: cells are wrapped.
fn squeezed(table: &Table, width: usize) -> String {
    let mut squeezed = comfy_table::Table::new();
    squeezed
        .load_style(comfy_table::presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX));
    squeezed.set_header(table.columns.iter().map(|column| column.heading));
    for row in &table.rows {
        squeezed.add_row(row.iter().map(|cell| cell_text(cell).into_owned()));
    }
    for ((position, column), least) in table.columns.iter().enumerate().zip(least_widths(table)) {
        if let Some(shown) = squeezed.column_mut(position) {
            shown.set_padding((0, 1));
            if column.numeric {
                shown.set_cell_alignment(CellAlignment::Right);
            }
            let least = u16::try_from(least + 1).unwrap_or(u16::MAX);
            shown.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        }
    }
    let mut text = String::new();
    for line in squeezed.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A table that is too narrow for its columns: a row is its first cell, and the others under it, each with its heading.
fn listed(table: &Table, width: usize, out: &mut String) {
    for row in &table.rows {
        for (position, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
            let text = cell_text(cell);
            if text.is_empty() {
                continue;
            }
            let (set_in, heading) = match position {
                0 => (0, String::new()),
                _ => (2, format!("{}: ", column.heading)),
            };
            let lines = wrap(&format!("{heading}{text}"), Some(width), set_in);
            for (number, line) in lines.iter().enumerate() {
                out.push_str(&" ".repeat(set_in));
                match line.strip_prefix(heading.as_str()) {
                    Some(rest) if number == 0 && !heading.is_empty() => {
                        out.push_str(&paint(&heading, Tone::Dim));
                        out.push_str(&paint(rest, cell.tone));
                    }
                    _ => out.push_str(&paint(line, cell.tone)),
                }
                out.push('\n');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(document: &Document, width: Option<usize>) -> String {
        anstream::adapter::strip_str(&render(document, width)).to_string()
    }

    fn sample() -> Document {
        let mut document = Document::new("title");
        let mut table = Table::new(&["subnet", "#usable", "verdict"]);
        table.rows.push(vec![
            "spoke/aks".into(),
            "1,019".into(),
            Cell::toned("ceiling does not fit", Tone::Bad),
        ]);
        document.table("Subnets", table);
        document
    }

    #[test]
    fn wide_tables_line_up() {
        assert_eq!(
            plain(&sample(), None),
            "title\n\nSubnets\nsubnet     usable  verdict\nspoke/aks   1,019  ceiling does not fit\n"
        );
    }

    /// Each of these letters takes two columns, and the mark above the last one none.
    #[test]
    fn wide_letters_count_as_the_columns_they_take() {
        let mut table = Table::new(&["subnet", "#usable"]);
        for name in ["東京/ノード", "e\u{301}"] {
            table.rows.push(vec![name.into(), "251".into()]);
        }
        let mut document = Document::new("t");
        document.blocks.push(Block::Table(table));
        assert_eq!(
            plain(&document, None),
            "t\nsubnet       usable\n東京/ノード     251\ne\u{301}               251\n"
        );
        assert_eq!(
            wrap("東京データセンター", Some(10), 0),
            ["東京データ", "センター"]
        );
    }

    #[test]
    fn narrow_tables_stay_inside() {
        for width in [24, 30, 40] {
            let text = plain(&sample(), Some(width));
            assert!(
                text.lines().all(|line| line.chars().count() <= width),
                "{width}:\n{text}"
            );
            assert!(text.contains("1,019"), "{text}");
        }
    }

    #[test]
    fn columns_that_cannot_stand_side_by_side_stand_under_each_other() {
        let mut table = Table::new(&["pool", "#nodes", "#addresses", "#at the ceiling"]);
        table.rows.push(vec![
            "payments/apps".into(),
            "1,200".into(),
            Cell::toned("34,800", Tone::Bad),
            "".into(),
        ]);
        assert_eq!(least_width(&table), 14 + 6 + 10 + 8);
        let mut document = Document::new("t");
        document.blocks.push(Block::Table(table));
        assert_eq!(
            plain(&document, Some(24)),
            "t\npayments/apps\n  nodes: 1,200\n  addresses: 34,800\n"
        );
        let painted = render(&document, Some(24));
        assert!(painted.contains(&paint("34,800", Tone::Bad)), "{painted:?}");
    }

    #[test]
    fn control_characters_are_shown_not_obeyed() {
        let mut document = Document::new("t");
        document.paragraph("a\x1b[31mb\u{202E}c");
        assert_eq!(plain(&document, None), "t\na\u{FFFD}[31mb\u{FFFD}c\n");
    }

    #[test]
    fn long_text_wraps_at_blanks() {
        assert_eq!(
            wrap("aaaa bbbb cccc dddd eeee ffff", Some(20), 0),
            ["aaaa bbbb cccc dddd", "eeee ffff"]
        );
    }

    #[test]
    fn words_longer_than_a_line_are_broken_behind_a_mark() {
        assert_eq!(
            wrap("pod a-namespace/with-a-long-name-0 waits", Some(16), 2),
            ["pod", "a-namespace/", "with-a-long-", "name-0 waits"]
        );
        for width in 10..60 {
            let text = "é/ü-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b_cccccccccccccccc=d e";
            let lines = wrap(text, Some(width), 0);
            assert!(
                lines.iter().all(|line| line.chars().count() <= width),
                "{lines:?}"
            );
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
    }
}

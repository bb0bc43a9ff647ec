//! A document as Markdown that GitHub and Azure DevOps render alike. Everything is escaped: a pool named `](javascript:` is a
//! name.

//!
//! `escape` (text that does nothing) · [`comment`] (as long as a forge takes).

pub mod comment;
mod escape;

use super::chart::Chart;
use super::document::{Block, Document, Figure, Table, numbers_table};
use super::gantt;
use super::terminal::clean;
pub use escape::escape;
use escape::{in_element, line, prose, sentence};

/// Rows of a table behind a picture that are read where they stand; of more, it is folded.
const OPEN_BEHIND: usize = 12;
/// Rows of any other table.
const OPEN: usize = 40;

/// Renders with a first-level title.
pub fn render(document: &Document) -> String {
    let mut out = format!("# {}\n", escape(document.name()));
    for block in &document.blocks {
        out.push('\n');
        render_block(block, &mut out);
    }
    out.push_str(&not_checked(&document.not_checked));
    out
}

/// What was not looked at, as a section; empty where everything was.
fn not_checked(sentences: &[String]) -> String {
    if sentences.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n## Not checked\n\n");
    for sentence in sentences {
        out.push_str(&format!("- {}\n", prose(sentence)));
    }
    out
}

fn render_block(block: &Block, out: &mut String) {
    match block {
        Block::Heading { level, text, .. } => {
            out.push_str(&format!("{} {}\n", "#".repeat(level + 1), escape(text)));
        }
        Block::Paragraph { text, .. } => {
            out.push_str(&sentence(text));
            out.push('\n');
        }
        Block::List(items) => {
            for (mark, text) in items {
                match mark.text.as_str() {
                    "-" => out.push_str(&format!("- {}\n", sentence(text))),
                    mark => out.push_str(&format!("- **{}** {}\n", escape(mark), prose(text))),
                }
            }
        }
        Block::Table(table) => {
            let headings: Vec<&str> = table.columns.iter().map(|column| column.heading).collect();
            folded(table, OPEN, &headings.join(", "), out);
        }
        Block::Verdict {
            word,
            sentence: text,
        } => out.push_str(&format!("**{}** {}\n", escape(&word.text), prose(text))),
        Block::Numbers(numbers) => render_table(&numbers_table(numbers), out),
        Block::Figure(figure) => {
            picture(figure, out);
            out.push('\n');
            folded(&figure.table, OPEN_BEHIND, &figure.title, out);
        }
        Block::Gantt(chart) => {
            out.push_str("```text\n");
            for line in gantt::lines(chart, gantt::WIDTH) {
                let line: String = line.into_iter().map(|(text, _)| text).collect();
                // A label must not end the block.
                out.push_str(&clean(&line).replace("```", "'''"));
                out.push('\n');
            }
            out.push_str("```\n");
        }
        Block::Quote(text) => out.push_str(&format!(
            "> {}
",
            line(text)
        )),
        Block::Code { language, text } => {
            // A fence longer than any in it: what is in it does not end it.
            let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
            let fence = "`".repeat(longest.max(2) + 1);
            out.push_str(&format!("{fence}{language}\n"));
            for line in text.lines() {
                out.push_str(&clean(line));
                out.push('\n');
            }
            out.push_str(&fence);
            out.push('\n');
        }
        Block::Talk(block) => render_block(block, out),
    }
}

/// What a picture shows, without the numbers behind it.
fn picture(figure: &Figure, out: &mut String) {
    out.push_str(&format!("{}\n", sentence(&figure.says)));
    match &figure.chart {
        Chart::Gantt(chart) => {
            out.push('\n');
            render_block(&Block::Gantt(chart.clone()), out);
        }
        // Without a picture there are its numbers.
        Chart::Blocks(_)
        | Chart::Bars(_)
        | Chart::Matrix(_)
        | Chart::Course(_)
        | Chart::Spread(_) => {}
    }
}

/// A table; behind a line that opens it where it has more than `open` rows. GitHub reads Markdown within `<details>` after an empty line (its
/// page "Creating a collapsed section"). Of Azure DevOps that was not found documented: where it shows no fold, the table stands open.
fn folded(table: &Table, open: usize, named: &str, out: &mut String) {
    if table.rows.len() <= open {
        render_table(table, out);
        return;
    }
    out.push_str(&format!(
        "<details>\n<summary>{} rows: {}</summary>\n\n",
        table.rows.len(),
        in_element(named)
    ));
    render_table(table, out);
    out.push_str("\n</details>\n");
}

fn render_table(table: &Table, out: &mut String) {
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    out.push_str(&row(table
        .columns
        .iter()
        .map(|column| escape(column.heading))
        .collect()));
    out.push_str(&row(table
        .columns
        .iter()
        .map(|column| if column.numeric { "---:" } else { "---" }.to_string())
        .collect()));
    for cells in &table.rows {
        out.push_str(&row(cells.iter().map(|cell| prose(&cell.text)).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of so many rows behind a picture, or alone.
    fn of(rows: usize, title: Option<&str>) -> String {
        use super::super::chart::Spread;
        let mut table = Table::new(&["a", "#b"]);
        for row in 0..rows {
            table.rows.push(vec!["x|y".into(), row.to_string().into()]);
        }
        let mut document = Document::new("t");
        match title {
            None => document.blocks.push(Block::Table(table)),
            Some(title) => document.figure(Figure {
                title: title.to_string(),
                says: "seen".to_string(),
                chart: Chart::Spread(Spread {
                    counts: Vec::new(),
                    from: 0,
                    each: 1,
                    marks: Vec::new(),
                    unit: "x",
                }),
                table,
            }),
        }
        document.paragraph("after");
        render(&document)
    }

    #[test]
    fn long_tables_are_folded_and_say_how_long_they_are() {
        assert!(!of(OPEN, None).contains('<') && !of(OPEN_BEHIND, Some("t")).contains('<'));
        let alone = of(OPEN + 1, None);
        assert!(
            alone.contains("\n<details>\n<summary>41 rows: a, b</summary>\n\n| a | b |\n"),
            "{alone}"
        );
        assert!(
            alone.contains(" | 40 |\n\n</details>\n\nafter\n"),
            "{alone}"
        );
        let behind = of(OPEN_BEHIND + 1, Some("</summary><b> http://x"));
        assert!(
            behind.contains(
                "<summary>13 rows: &lt;/summary&gt;&lt;b&gt; http:&#8203;//x</summary>\n\n"
            ),
            "{behind}"
        );
    }

    #[test]
    fn code_does_not_end_before_its_end() {
        let mut document = Document::new("t");
        document.code("sh", "echo '````\u{1b}[2J'\n```\n# no heading");
        assert_eq!(
            render(&document),
            "# t\n\n`````sh\necho '````\u{FFFD}[2J'\n```\n# no heading\n`````\n"
        );
    }
}

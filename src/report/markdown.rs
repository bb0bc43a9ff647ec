//! A document as Markdown that GitHub and Azure DevOps render alike. Everything is escaped: a pool named `](javascript:` is a
//! name.

use super::chart::Chart;
use super::document::{Block, Document, Table, numbers_table};
use super::terminal::clean;
use super::timeline;

/// Renders with a first-level title.
pub fn render(document: &Document) -> String {
    let mut out = format!("# {}\n", escape(&document.title));
    for block in &document.blocks {
        out.push('\n');
        render_block(block, &mut out);
    }
    if !document.not_checked.is_empty() {
        out.push_str("\n## Not checked\n\n");
        for sentence in &document.not_checked {
            out.push_str(&format!("- {}\n", prose(sentence)));
        }
    }
    out
}

fn render_block(block: &Block, out: &mut String) {
    match block {
        Block::Heading { level, text } => {
            out.push_str(&format!("{} {}\n", "#".repeat(level + 1), escape(text)));
        }
        Block::Paragraph { text, .. } => {
            out.push_str(&escape(text));
            out.push('\n');
        }
        Block::List(items) => {
            for (mark, text) in items {
                match mark.text.as_str() {
                    "-" => out.push_str(&format!("- {}\n", escape(text))),
                    mark => out.push_str(&format!("- **{}** {}\n", escape(mark), escape(text))),
                }
            }
        }
        Block::Table(table) => render_table(table, out),
        Block::Verdict { word, sentence } => out.push_str(&format!(
            "**{}** {}\n",
            escape(&word.text),
            escape(sentence)
        )),
        Block::Numbers(numbers) => render_table(&numbers_table(numbers), out),
        Block::Figure(figure) => {
            out.push_str(&format!("{}\n\n", escape(&figure.says)));
            match &figure.chart {
                Chart::Timeline(chart) => {
                    render_block(&Block::Timeline(chart.clone()), out);
                    out.push('\n');
                }
                // Without a picture there are its numbers.
                Chart::Blocks(_)
                | Chart::Bars(_)
                | Chart::Matrix(_)
                | Chart::Course(_)
                | Chart::Spread(_) => {}
            }
            render_table(&figure.table, out);
        }
        Block::Timeline(chart) => {
            out.push_str("```text\n");
            for line in timeline::lines(chart, timeline::WIDTH) {
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
            escape(text)
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
        out.push_str(&row(cells.iter().map(|cell| escape(&cell.text)).collect()));
    }
}

/// A sentence of our own: commands in it keep their code marks. Safe, because whatever stands between two marks is code.
fn prose(text: &str) -> String {
    let text = clean(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape(&text);
    }
    let marked = parts.iter().enumerate().map(|(position, part)| {
        if position % 2 == 1 {
            format!("`{part}`")
        } else {
            escape(part)
        }
    });
    marked.collect()
}

/// Escapes what Markdown or HTML would act on.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '[' | ']' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // An underscore inside a word means nothing in the Markdown both render.
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_names() {
        assert_eq!(escape("<script>"), "&lt;script&gt;");
        assert_eq!(escape("a](javascript:x)|b"), "a\\](javascript:x)\\|b");
        assert_eq!(escape("max_pods"), "max_pods");
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

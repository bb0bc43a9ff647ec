//! A document as Markdown that GitHub and Azure DevOps render alike. Everything is escaped: a pool named `](javascript:` is a
//! name.

pub mod comment;

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
        Block::Heading { level, text } => {
            out.push_str(&format!("{} {}\n", "#".repeat(level + 1), escape(text)));
        }
        Block::Paragraph { text, .. } => {
            out.push_str(&line(text));
            out.push('\n');
        }
        Block::List(items) => {
            for (mark, text) in items {
                match mark.text.as_str() {
                    "-" => out.push_str(&format!("- {}\n", line(text))),
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
            out.push_str(&format!("{}\n\n", line(&figure.says)));
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

/// A sentence of our own: commands in it keep their code marks. Safe, because whatever stands between two marks is code: as long
/// as each stands alone, for two beside each other are another mark.
fn prose(text: &str) -> String {
    let text = clean(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) || text.contains("``") {
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

/// Behind a sign that a forge would link: a character without width, as dependabot puts it there.
const NO_LINK: &str = "&#8203;";

/// Escapes what Markdown, HTML or a forge would act on: GitHub notifies `@user` and links `#1` and `GH-1`, Azure DevOps links `!1`.
pub fn escape(text: &str) -> String {
    let text = clean(text);
    let mut escaped = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '[' | ']' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // An underscore inside a word means nothing in the Markdown both render.
            '_' if !(is_word(before) && is_word(after)) => escaped.push_str("\\_"),
            '@' if is_word(after) => {
                escaped.push('@');
                escaped.push_str(NO_LINK);
            }
            '#' | '!' if after.is_some_and(|c| c.is_ascii_digit()) => {
                escaped.push(c);
                escaped.push_str(NO_LINK);
            }
            '-' if after.is_some_and(|c| c.is_ascii_digit())
                && escaped
                    .get(escaped.len().saturating_sub(2)..)
                    .is_some_and(|end| end.eq_ignore_ascii_case("GH")) =>
            {
                escaped.push('-');
                escaped.push_str(NO_LINK);
            }
            c => escaped.push(c),
        }
        before = Some(c);
    }
    escaped
}

/// The same where a line begins: what would be a heading, a list or a rule there.
fn line(text: &str) -> String {
    // Four spaces would make it code.
    let text = escape(clean(text).trim_start());
    let number = text.bytes().take_while(u8::is_ascii_digit).count();
    let begins_with = |mark: &str| {
        text.strip_prefix(mark)
            .is_some_and(|after| after.is_empty() || after.starts_with(' '))
    };
    let is_rule = |c: char| text.len() > 2 && text.chars().all(|other| other == c || other == ' ');
    let position = match text.chars().next() {
        Some('#') if begins_with(&"#".repeat(text.len() - text.trim_start_matches('#').len())) => 0,
        Some('-') if begins_with("-") || is_rule('-') => 0,
        Some('+') if begins_with("+") => 0,
        Some('=') if is_rule('=') => 0,
        // `10.0.0.0/16` begins no list.
        Some('0'..='9') if number <= 9 => match text[number..].strip_prefix(['.', ')']) {
            Some(after) if after.is_empty() || after.starts_with(' ') => number,
            _ => return text,
        },
        _ => return text,
    };
    let (start, end) = text.split_at(position);
    format!("{start}\\{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_names() {
        assert_eq!(escape("<script>"), "&lt;script&gt;");
        assert_eq!(escape("a](javascript:x)|b"), "a\\](javascript:x)\\|b");
        for (text, want) in [
            ("max_pods", "max_pods"),
            ("__init__", "\\_\\_init\\_\\_"),
            (
                "@everyone #1 !2 gh-3 a@b",
                "@&#8203;everyone #&#8203;1 !&#8203;2 gh-&#8203;3 a@&#8203;b",
            ),
            ("- x", "- x"),
        ] {
            assert_eq!(escape(text), want, "{text}");
        }
        for (text, want) in [
            ("# x", "\\# x"),
            ("###", "\\###"),
            ("#x", "#x"),
            ("  - x", "\\- x"),
            ("---", "\\---"),
            ("===", "\\==="),
            ("--window 4h", "--window 4h"),
            ("1. x", "1\\. x"),
            ("10.0.0.0/16", "10.0.0.0/16"),
            ("-5", "-5"),
            ("-", "\\-"),
        ] {
            assert_eq!(line(text), want, "{text}");
        }
    }

    #[test]
    fn marks_of_others_make_no_code_of_ours_end() {
        assert_eq!(prose("give `az aks show`"), "give `az aks show`");
        // Three runs of different length pair up with none: what looks like code is none.
        let hostile = prose("`x``<img>```");
        assert!(!hostile.contains("<img>"), "{hostile}");
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

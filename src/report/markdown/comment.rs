//! Markdown for a comment on a pull request: a first line by which the comment is found again, and no longer than the forge takes.
//! Whole sections are left out and named; never is one cut in the middle, and never a blocker left out without its number.

use super::{escape, not_checked, render_block};
use crate::finding::{Severity, counted, grouped};
use crate::report::document::{Block, Document, Tone};
use std::fmt::Write;

/// How a comment is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Comment<'a> {
    /// Of the mark in the first line, `<!-- aksplan:KIND:KEY -->`; `None`: no such line.
    pub mark: Option<(&'static str, &'a str)>,
    /// Most UTF-16 code units, which no forge counts more of. GitHub takes 65,536 (`body is too long (maximum is 65536
    /// characters)`, GitHub community discussion 27190), Azure DevOps 150,000 (`A discussion comment cannot be longer than 150000
    /// characters`, runatlantis/atlantis#1585, 2021); both read 2026-11.
    pub max_length: Option<usize>,
    /// Where the whole document is; http or https, see [`checked_link`].
    pub link: Option<&'a str>,
}

/// The least that title, verdict and mark take is more than may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooShort {
    pub needed: usize,
}

/// Renders for a comment.
///
/// # Errors
/// When not even title, verdict, and the number of blockers fit.
pub fn render(document: &Document, comment: &Comment) -> Result<String, TooShort> {
    // Sections that decide stay even where they take much; but rather without the second than not at all.
    with(document, comment, &["Verdict", "Blockers and conditions"])
        .or_else(|_| with(document, comment, &["Verdict"]))
}

/// With these sections at the front, always.
fn with(document: &Document, comment: &Comment, always: &[&str]) -> Result<String, TooShort> {
    let head = match comment.mark {
        Some((kind, key)) => format!("<!-- aksplan:{kind}:{} -->\n", encoded(key)),
        None => String::new(),
    };
    let parts = Parts::of(document, always);
    let link = comment.link.map_or_else(String::new, |link| {
        format!("\n[The whole report]({})\n", encoded_link(link))
    });
    let kept = vec![true; parts.sections.len()];
    let all = parts.join(&head, &kept, None, &link);
    let Some(most) = comment.max_length.filter(|most| length(&all) > *most) else {
        return Ok(all);
    };
    // The least important is what comes late, and what would push out several others: in order, each that fits is in.
    let mut kept = vec![false; parts.sections.len()];
    let shown = (0..=parts.blockers.len().min(MOST_BLOCKERS)).rev();
    for blockers in shown {
        let text = parts.join(&head, &kept, Some((blockers, most)), &link);
        if length(&text) > most {
            continue;
        }
        for position in 0..kept.len() {
            kept[position] = true;
            let text = parts.join(&head, &kept, Some((blockers, most)), &link);
            kept[position] = length(&text) <= most;
        }
        return Ok(parts.join(&head, &kept, Some((blockers, most)), &link));
    }
    Err(TooShort {
        // The limit stands in the text: with as many digits as any may have.
        needed: length(&parts.join(&head, &kept, Some((0, 999_999)), &link)),
    })
}

/// More are counted and not listed; nobody reads them in a comment.
const MOST_BLOCKERS: usize = 50;
/// More names of sections that were left out are counted.
const MOST_NAMES: usize = 20;

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A document, cut where a section begins.
struct Parts {
    /// Title, what stands before the first section, and sections that are always kept.
    first: String,
    /// Title and text of each other section, in order.
    sections: Vec<(String, String)>,
    /// Every blocker, with the section that tells it.
    blockers: Vec<(usize, String)>,
}

impl Parts {
    fn of(document: &Document, always: &[&str]) -> Self {
        let mut parts = Parts {
            first: format!("# {}\n", escape(&document.title)),
            sections: Vec::new(),
            blockers: Vec::new(),
        };
        let mut in_first = true;
        for block in &document.blocks {
            if let Block::Heading { level: 1, text } = block {
                in_first = always.contains(&text.as_str());
                if !in_first {
                    parts.sections.push((text.clone(), String::new()));
                }
            }
            let section = parts.sections.len().saturating_sub(1);
            let into = match parts.sections.last_mut() {
                Some((_, text)) if !in_first => text,
                _ => &mut parts.first,
            };
            into.push('\n');
            render_block(block, into);
            if !in_first {
                let found = blockers(block).into_iter();
                parts.blockers.extend(found.map(|text| (section, text)));
            }
        }
        let first = parts.first.as_str();
        parts
            .blockers
            .retain(|(_, text)| !first.contains(&escape(text)));
        if !document.not_checked.is_empty() {
            let sentences = counted(document.not_checked.len() as u64, "sentence", "sentences");
            parts.sections.push((
                format!("Not checked ({sentences})"),
                not_checked(&document.not_checked),
            ));
        }
        parts
    }

    /// `shortened`: how many blockers of sections that are left out are listed, and the limit.
    fn join(
        &self,
        head: &str,
        kept: &[bool],
        shortened: Option<(usize, usize)>,
        link: &str,
    ) -> String {
        let mut out = format!("{head}{}", self.first);
        let left_out: Vec<&str> = self
            .sections
            .iter()
            .zip(kept)
            .filter(|(_, kept)| !**kept)
            .map(|((title, _), _)| title.as_str())
            .collect();
        if let Some((shown, most)) = shortened {
            let unseen: Vec<&str> = self
                .blockers
                .iter()
                .filter(|(section, _)| !kept[*section])
                .map(|(_, text)| text.as_str())
                .collect();
            if !unseen.is_empty() {
                let _ = write!(out, "\n## Blockers of sections that were left out\n\n");
                for text in unseen.iter().take(shown) {
                    let _ = writeln!(out, "- **blocker** {}", escape(text));
                }
                let more = unseen.len().saturating_sub(shown);
                if more > 0 {
                    let _ = writeln!(
                        out,
                        "- and {}",
                        counted(more as u64, "more blocker", "more blockers")
                    );
                }
            }
            if !left_out.is_empty() {
                let names: Vec<String> = left_out
                    .iter()
                    .take(MOST_NAMES)
                    .map(|name| brief(name))
                    .collect();
                let more = left_out.len().saturating_sub(MOST_NAMES);
                let more = if more > 0 {
                    format!("; and {more} more")
                } else {
                    String::new()
                };
                let _ = write!(
                    out,
                    "\n**Shortened** to {} characters. Left out: {}{more}.\n",
                    grouped(most as u64),
                    names.join("; ")
                );
            }
        }
        for ((_, text), _) in self.sections.iter().zip(kept).filter(|(_, kept)| **kept) {
            out.push_str(text);
        }
        out.push_str(link);
        out
    }
}

/// A name in a list of names.
fn brief(name: &str) -> String {
    const LONGEST: usize = 80;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", escape(&name[..end])),
        None => escape(name),
    }
}

/// What a block says that is a blocker.
fn blockers(block: &Block) -> Vec<String> {
    match block {
        Block::List(items) => items
            .iter()
            .filter(|(mark, _)| mark.text == Severity::Blocker.word())
            .map(|(_, text)| text.clone())
            .collect(),
        Block::Paragraph {
            text,
            tone: Tone::Bad,
        } => vec![text.clone()],
        Block::Verdict { word, sentence } if word.tone == Tone::Bad => {
            vec![format!("{} {sentence}", word.text)]
        }
        Block::Talk(block) => blockers(block),
        _ => Vec::new(),
    }
}

/// A key as letters that cannot end a comment of HTML: everything else is percent-encoded, so that no two keys become one.
fn encoded(key: &str) -> String {
    let mut out = String::new();
    for byte in key.bytes() {
        match byte {
            b'-' if out.ends_with('-') => out.push_str("%2D"),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' => {
                out.push(char::from(byte));
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// A link that may be written: http or https, and nothing in it that would end it.
///
/// # Errors
/// A sentence about what is wrong with it.
pub fn checked_link(link: &str) -> Result<String, String> {
    let lower = link.to_ascii_lowercase();
    let host = ["https://", "http://"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme));
    if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
        return Err("expected an address that begins with https:// or http://".to_string());
    }
    let bad = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '\\' | '|')
    };
    match link.chars().find(|c| bad(*c)) {
        Some(c) => Err(format!("holds {c:?}; write it percent-encoded")),
        None => Ok(link.to_string()),
    }
}

/// Brackets of an address end a link in Markdown.
fn encoded_link(link: &str) -> String {
    link.replace('(', "%28")
        .replace(')', "%29")
        .replace('[', "%5B")
        .replace(']', "%5D")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::Cell;

    fn long() -> Document {
        let mut document = Document::new("Report of prod");
        document.paragraph("what it is");
        document.heading("Verdict");
        document.toned("blocked", Tone::Bad);
        for name in ["Capacity", "Ranges", "Modes"] {
            document.heading(name);
            document.paragraph(format!("{name} ").repeat(100));
            if name != "Modes" {
                document.blocks.push(Block::List(vec![(
                    Cell::toned("blocker", Tone::Bad),
                    format!("{name} is full"),
                )]));
            }
        }
        document.not_checked(&["a".to_string()]);
        document
    }

    #[test]
    fn what_fits_is_whole() {
        let text = render(&long(), &Comment::default()).unwrap();
        assert_eq!(text, super::super::render(&long()));
        let comment = Comment {
            mark: Some(("report", "prod")),
            ..Comment::default()
        };
        let marked = render(&long(), &comment).unwrap();
        assert_eq!(marked, format!("<!-- aksplan:report:prod -->\n{text}"));
    }

    #[test]
    fn sections_are_left_out_whole_and_named() {
        let whole = length(&render(&long(), &Comment::default()).unwrap());
        let mut seen = Vec::new();
        for most in 0..whole {
            let comment = Comment {
                max_length: Some(most),
                link: Some("https://x.example/(a)"),
                ..Comment::default()
            };
            let Ok(text) = render(&long(), &comment) else {
                assert!(most < 400, "{most}");
                continue;
            };
            assert!(length(&text) <= most, "{most}: {}", length(&text));
            assert!(text.starts_with("# Report of prod\n") && text.contains("\nblocked\n"));
            assert!(text.ends_with("](https://x.example/%28a%29)\n"), "{text}");
            for name in ["Capacity", "Ranges", "Modes", "Not checked"] {
                let kept = text.contains(&format!("\n## {name}\n"));
                let left = text
                    .lines()
                    .any(|line| line.starts_with("**Shortened**") && line.contains(name));
                assert!(kept != left, "{most}: {name} in {text}");
                if name == "Capacity" || name == "Ranges" {
                    let said = text.contains(&format!("**blocker** {name} is full"));
                    assert!(said || text.contains("more blocker"), "{most}: {text}");
                }
            }
            seen.push(text.matches("\n## ").count());
        }
        seen.dedup();
        assert!(seen.len() > 2, "{seen:?}");
        let least = render(
            &long(),
            &Comment {
                max_length: Some(10),
                ..Comment::default()
            },
        );
        let needed = least.unwrap_err().needed;
        let enough = Comment {
            max_length: Some(needed),
            ..Comment::default()
        };
        assert!(render(&long(), &enough).is_ok());
    }

    #[test]
    fn keys_do_not_end_the_comment() {
        for (key, want) in [
            ("prod-1_a.b/c", "prod-1_a.b/c"),
            ("--><!--", "-%2D%3E%3C%21-%2D"),
            ("ü", "%C3%BC"),
            ("a\n", "a%0A"),
        ] {
            assert_eq!(encoded(key), want);
        }
    }

    #[test]
    fn links() {
        assert!(checked_link("https://dev.azure.com/o/p/_build?buildId=1&view=artifacts").is_ok());
        for link in [
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "ftp://x",
            "https://a b",
            "https://a\n",
            "http://<x>",
            "",
        ] {
            assert!(checked_link(link).is_err(), "{link}");
        }
    }
}

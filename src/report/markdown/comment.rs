//! Markdown for a comment on a pull request: a first line by which the comment is found again, and no longer than the forge takes.
//! What a reviewer needs least goes first, whole and named, with its number: long tables behind pictures, then sections, and only then rows
//! of the lists that decide. Never is a command or a sentence cut in the middle, and never a blocker left out without its number.
//!
//! `sections` (a document in sections, each as long as there is room for) · `link` (marks and links that may be written).

mod link;
mod sections;

pub use link::checked_link;

use super::escape;
use crate::finding::{counted, grouped};
use crate::report::document::{Document, Weight};
use link::{encoded, encoded_link};
use sections::{Form, Section, Sections};
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
    let head = match comment.mark {
        // A mark without a name is that of every report without one.
        Some((kind, key)) if key.trim().is_empty() => format!("<!-- aksplan:{kind}:Report -->\n"),
        Some((kind, key)) => format!("<!-- aksplan:{kind}:{} -->\n", encoded(key)),
        None => String::new(),
    };
    let link = comment.link.map_or_else(String::new, |link| {
        format!("\n[The whole report]({})\n", encoded_link(link))
    });
    let mut short = Shortened::new(Sections::of(document), head, link);
    let all = short.text();
    let Some(most) = comment.max_length.filter(|most| length(&all) > *most) else {
        return Ok(all);
    };
    for position in 0..short.forms.len() {
        short.set(position, Form::Out);
    }
    short.most = Some(most);
    if !short.fits() {
        return Err(TooShort {
            needed: short.least(),
        });
    }
    short.fill();
    Ok(short.text())
}

/// More are counted and not listed; nobody reads them in a comment.
const MOST_BLOCKERS: usize = 50;
/// More names of what was left out are counted.
const MOST_NAMES: usize = 20;

/// UTF-16 code units.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What is written, as it becomes longer.
struct Shortened {
    sections: Sections,
    /// Of each section; changed by [`Shortened::set`] alone.
    forms: Vec<Form>,
    /// Length of everything but the notes of what was left out: a fleet has thousands of sections, and each is tried several times.
    length: usize,
    /// Of each blocker: sections that tell it in the form they have.
    told: Vec<usize>,
    head: String,
    link: String,
    /// Blockers of what is left out that are told all the same.
    listed: usize,
    /// `None`: it is not shortened.
    most: Option<usize>,
}

impl Shortened {
    /// All of it, whole.
    fn new(sections: Sections, head: String, link: String) -> Self {
        let fixed = [&head, &sections.first, &link];
        let mut short = Shortened {
            length: fixed.into_iter().map(|text| length(text)).sum(),
            told: vec![0; sections.blockers.len()],
            forms: vec![Form::Out; sections.all.len()],
            sections,
            head,
            link,
            listed: 0,
            most: None,
        };
        for position in 0..short.forms.len() {
            short.set(position, Form::Whole);
        }
        short
    }

    /// Gives a section another form, and tells which it had.
    fn set(&mut self, position: usize, form: Form) -> Form {
        let before = std::mem::replace(&mut self.forms[position], form);
        let section = &self.sections.all[position];
        self.length = self.length + section.length(form) - section.length(before);
        for blocker in section.blockers(form) {
            self.told[*blocker] += 1;
        }
        for blocker in section.blockers(before) {
            self.told[*blocker] -= 1;
        }
        before
    }

    fn fits(&self) -> bool {
        self.most
            .is_none_or(|most| self.length + length(&self.notes(most)) <= most)
    }

    /// The least that may be asked for. The limit stands in the text: of more digits the text is longer.
    fn least(&self) -> usize {
        let mut least = 1;
        loop {
            match self.length + length(&self.notes(least)) {
                needed if needed > least => least = needed,
                _ => return least,
            }
        }
    }

    /// Takes this form of these sections, each where it fits; the heaviest first, and of one weight in their order.
    fn take(&mut self, form: Form, of: impl Fn(Weight) -> bool) {
        let mut order: Vec<usize> = (0..self.forms.len()).collect();
        order.sort_by_key(|position| self.sections.all[*position].weight);
        for position in order {
            if !of(self.sections.all[position].weight) {
                continue;
            }
            let before = self.set(position, form);
            if before > form || !self.fits() {
                self.set(position, before);
            }
        }
    }

    fn fill(&mut self) {
        let decides = |weight| weight == Weight::Decides;
        let is_needed = |weight| weight < Weight::Plain;
        self.take(Form::Short, decides);
        self.take(Form::Brief, decides);
        let decides_is_out = self.sections.all.iter().zip(&self.forms);
        if decides_is_out
            .filter(|(section, _)| decides(section.weight))
            .any(|(_, form)| *form == Form::Out)
        {
            self.list_blockers();
        }
        // Something of everything that is needed before all of anything.
        self.take(Form::Short, is_needed);
        self.take(Form::Brief, is_needed);
        self.list_blockers();
        self.take(Form::Brief, |_| true);
        self.take(Form::Whole, |_| true);
    }

    /// As many blockers of what is left out as fit.
    fn list_blockers(&mut self) {
        for listed in (self.listed..=MOST_BLOCKERS).rev() {
            let before = std::mem::replace(&mut self.listed, listed);
            if self.fits() {
                return;
            }
            self.listed = before;
        }
    }

    fn text(&self) -> String {
        let mut out = format!("{}{}", self.head, self.sections.first);
        if let Some(most) = self.most {
            out.push_str(&self.notes(most));
        }
        for (section, form) in self.sections.all.iter().zip(&self.forms) {
            out.push_str(section.text(*form));
        }
        out.push_str(&self.link);
        out
    }

    /// What is not there.
    fn notes(&self, most: usize) -> String {
        let mut notes = String::new();
        self.unseen(&mut notes);
        self.left_out(most, &mut notes);
        notes
    }

    fn unseen(&self, out: &mut String) {
        let blockers = self.sections.blockers.iter().zip(&self.told);
        let unseen: Vec<&String> = blockers
            .filter(|(_, told)| **told == 0)
            .map(|(text, _)| text)
            .collect();
        if unseen.is_empty() {
            return;
        }
        out.push_str("\n## Blockers of what was left out\n\n");
        for text in unseen.iter().take(self.listed) {
            let _ = writeln!(out, "- **blocker** {}", super::prose(text));
        }
        let more = unseen.len().saturating_sub(self.listed) as u64;
        let _ = match (more, self.listed) {
            (0, _) => Ok(()),
            (more, 0) => writeln!(out, "- {}", counted(more, "blocker", "blockers")),
            (more, _) => writeln!(
                out,
                "- and {}",
                counted(more, "more blocker", "more blockers")
            ),
        };
    }

    fn left_out(&self, most: usize, out: &mut String) {
        let lacking = |wanted: Form| -> Vec<&Section> {
            let sections = self.sections.all.iter().zip(&self.forms);
            sections
                .filter(|(section, form)| **form == wanted && section.lacks(**form))
                .map(|(section, _)| section)
                .collect()
        };
        let _ = write!(
            out,
            "\n**Shortened** to {} characters.",
            grouped(most as u64)
        );
        for (what, form) in [
            ("Left out", Form::Out),
            ("Without all of their rows", Form::Short),
            ("Without the rows behind their pictures", Form::Brief),
        ] {
            let lacking = lacking(form);
            if lacking.is_empty() {
                continue;
            }
            let shown: Vec<String> = lacking
                .iter()
                .take(MOST_NAMES)
                .map(|section| brief(&section.missing(form)))
                .collect();
            let more = match lacking.len().saturating_sub(MOST_NAMES) {
                0 => String::new(),
                more => format!("; and {more} more"),
            };
            let _ = write!(out, " {what}: {}{more}.", shown.join("; "));
        }
        out.push('\n');
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::{Chart, Spread};
    use crate::report::document::{Block, Cell, Figure, Table, Tone};

    /// Sections in the order of a page, which is not that of their weight; `Detail` alone has a table behind a picture.
    fn long() -> Document {
        let mut document = Document::new("Report of prod");
        document.paragraph("what it is");
        document.weighty(Weight::Decides, "Against");
        let blocker = |text: &str| (Cell::toned("blocker", Tone::Bad), text.to_string());
        let items = (0..30).map(|number| blocker(&format!("prod: thing {number} is in the way")));
        document.blocks.push(Block::List(items.collect()));
        for (name, weight) in [
            ("Detail", Weight::Plain),
            ("Ranges", Weight::Plain),
            ("Runbook", Weight::Needed(6)),
            ("Risks", Weight::Needed(0)),
        ] {
            document.weighty(weight, name);
            document.toned(format!("{name} ").repeat(60), Tone::Bad);
            let mut table = Table::new(&["severity", "what"]);
            for row in 0..40 {
                // The same as above, by another name, and one more.
                table.rows.push(vec![
                    "blocker".into(),
                    format!("thing {row} is in the way").into(),
                ]);
            }
            match name {
                "Risks" => document.blocks.push(Block::Table(table)),
                "Detail" => document.figure(Figure {
                    title: "Seen".to_string(),
                    says: "says".to_string(),
                    chart: Chart::Spread(Spread {
                        counts: Vec::new(),
                        from: 0,
                        each: 1,
                        marks: Vec::new(),
                        unit: "x",
                    }),
                    table,
                }),
                _ => {}
            }
        }
        let sentences: Vec<String> = (10..40)
            .map(|number| format!("{number} was not looked at"))
            .collect();
        document.not_checked(&sentences);
        document
    }

    fn of(most: usize) -> Result<String, TooShort> {
        let comment = Comment {
            max_length: Some(most),
            link: Some("https://x.example/(a)"),
            ..Comment::default()
        };
        render(&long(), &comment)
    }

    const NAMES: [&str; 6] = [
        "Against",
        "Risks",
        "Not checked",
        "Runbook",
        "Detail",
        "Ranges",
    ];

    fn kept(text: &str) -> Vec<&'static str> {
        let is_in = |name: &&str| text.contains(&format!("\n## {name}\n"));
        NAMES.into_iter().filter(is_in).collect()
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
    fn what_is_left_out_is_named_and_blockers_are_counted() {
        let whole = length(&of(usize::MAX).unwrap());
        let mut seen = std::collections::BTreeSet::new();
        for most in (0..whole).step_by(97) {
            let Ok(text) = of(most) else {
                assert!(most < 400, "{most}");
                continue;
            };
            assert!(length(&text) <= most, "{most}: {}", length(&text));
            assert!(text.starts_with("# Report of prod\n"));
            assert!(text.ends_with("](https://x.example/%28a%29)\n"), "{text}");
            let kept = kept(&text);
            let note = text
                .lines()
                .find(|line| line.starts_with("**Shortened**"))
                .expect("it is said");
            let out = note
                .split_once("Left out: ")
                .map_or("", |(_, names)| names.split(". ").next().unwrap());
            for name in NAMES {
                assert!(
                    kept.contains(&name) != out.contains(name),
                    "{most}: {name} in {text}"
                );
            }
            // 40 things, however often each is told: those in the text, and those that are counted.
            let told = (0..40)
                .filter(|number| text.contains(&format!("thing {number} is")))
                .count();
            let counted = text.lines().find_map(|line| {
                let words = line.strip_prefix("- and ").or(line.strip_prefix("- "))?;
                let (count, word) = words.split_once(' ')?;
                ["blocker", "blockers", "more blocker", "more blockers"]
                    .contains(&word)
                    .then(|| count.parse::<usize>().unwrap())
            });
            assert_eq!(told + counted.unwrap_or(0), 40, "{most}: {text}");
            seen.insert(kept);
        }
        assert!(seen.len() > 4, "{seen:?}");
        let needed = of(10).unwrap_err().needed;
        assert!(of(needed).is_ok());
    }

    /// The order in which they go, the longest table first.
    #[test]
    fn what_is_needed_stays_longest() {
        let whole = length(&of(usize::MAX).unwrap());
        let text = of(whole - 1).unwrap();
        assert_eq!(kept(&text), NAMES);
        assert!(
            text.contains("\nLeft out here: 40 rows behind the picture (Seen).\n"),
            "{text}"
        );
        assert!(
            text.contains("Without the rows behind their pictures: Detail (40 rows)."),
            "{text}"
        );
        // Each gives way to those before it, whatever comes first on the page.
        let mut gone: Vec<&str> = Vec::new();
        for most in (0..whole).rev().step_by(61) {
            let Ok(text) = of(most) else { break };
            for name in NAMES.iter().filter(|name| !kept(&text).contains(name)) {
                if !gone.contains(name) {
                    gone.push(name);
                }
            }
        }
        let position = |name: &str| gone.iter().position(|other| *other == name);
        assert!(position("Ranges") < position("Runbook"), "{gone:?}");
        assert!(position("Runbook") < position("Risks"), "{gone:?}");
        assert!(position("Detail") < position("Not checked"), "{gone:?}");
        assert!(position("Risks") < position("Against"), "{gone:?}");
    }

    /// A sentence that is bad is no blocker, and a severity stays what it was.
    #[test]
    fn only_blockers_are_blockers() {
        let mut document = Document::new("t");
        for name in ["One", "Two"] {
            document.heading(name);
            document.toned("ends at 32 nodes ".repeat(50), Tone::Bad);
            document
                .blocks
                .push(Block::List(vec![("condition".into(), "c".to_string())]));
        }
        let comment = Comment {
            max_length: Some(300),
            ..Comment::default()
        };
        let text = render(&document, &comment).unwrap();
        assert!(
            !text.contains("locker") && text.contains("Left out: One; Two."),
            "{text}"
        );
    }
}

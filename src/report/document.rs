//! The document model: headings, paragraphs, lists, tables and Gantt charts, with a tone where something is good or bad. No layout.

use super::chart::Chart;
use super::gantt::Gantt;
use crate::finding::Severity;

/// How a piece of text should strike the reader. Never the only carrier of a meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Warning,
    Bad,
    Dim,
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Tone::Dim,
            Severity::Warning => Tone::Warning,
            Severity::Blocker => Tone::Bad,
        }
    }
}

/// One cell of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub tone: Tone,
}

impl Cell {
    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Cell {
            text: text.into(),
            tone,
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::toned(text, Tone::Plain)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::toned(text, Tone::Plain)
    }
}

/// A column: its heading, and whether it holds numbers (set flush right).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub heading: &'static str,
    pub numeric: bool,
}

/// A table. Every row has as many cells as there are columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Headings that begin with `#` are numeric; the mark is not shown.
    pub fn new(headings: &[&'static str]) -> Self {
        Table {
            columns: headings
                .iter()
                .map(|heading| match heading.strip_prefix('#') {
                    Some(heading) => Column {
                        heading,
                        numeric: true,
                    },
                    None => Column {
                        heading,
                        numeric: false,
                    },
                })
                .collect(),
            rows: Vec::new(),
        }
    }
}

/// A number that is read before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub what: String,
    pub value: Cell,
    /// Where it comes from, or what it is of.
    pub note: String,
}

/// A picture, the same in words, and the numbers behind it. Formats without pictures show words and numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub title: String,
    /// What there is to see, in a sentence or two, with the numbers.
    pub says: String,
    pub chart: Chart,
    pub table: Table,
}

/// How long a section stays where there is no room for all of them: the first stays longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Weight {
    /// What is decided by.
    Decides,
    /// What a reviewer asks for, in this order.
    Needed(u8),
    #[default]
    Plain,
}

/// One block of a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// What is decided by.
    Verdict {
        word: Cell,
        sentence: String,
    },
    Numbers(Vec<Number>),
    Figure(Box<Figure>),
    /// Level 1 is a section of the document, 2 a part of a section.
    Heading {
        level: usize,
        text: String,
        /// Of the section that begins here; of a part nobody asks.
        weight: Weight,
    },
    Paragraph {
        text: String,
        tone: Tone,
    },
    /// Each item: a mark such as a severity, and a text.
    List(Vec<(Cell, String)>),
    Table(Table),
    /// As wide as there is room for; a block of code in Markdown.
    Gantt(Gantt),
    /// Lines to be copied as they are: commands, files. `language` is that of the fence.
    Code {
        language: &'static str,
        text: String,
    },
    /// Somebody else's words.
    Quote(String),
    /// A block that `--quiet` leaves out.
    Talk(Box<Block>),
}

impl Block {
    pub fn heading(level: usize, text: impl Into<String>) -> Self {
        Block::Heading {
            level,
            text: text.into(),
            weight: Weight::Plain,
        }
    }
}

/// The same for formats that have no other way to show them.
pub fn numbers_table(numbers: &[Number]) -> Table {
    let mut table = Table::new(&["what", "#value", "of what"]);
    for number in numbers {
        table.rows.push(vec![
            Cell::from(number.what.as_str()),
            number.value.clone(),
            Cell::from(number.note.as_str()),
        ]);
    }
    table
}

/// Everything one command has to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    pub title: String,
    /// Where it is a section of another one.
    pub weight: Weight,
    pub blocks: Vec<Block>,
    /// Sentences about what was not looked at; they close the document.
    pub not_checked: Vec<String>,
}

impl Document {
    pub fn new(title: impl Into<String>) -> Self {
        Document {
            title: title.into(),
            ..Document::default()
        }
    }

    /// The same, as a section that stays this long.
    #[must_use]
    pub fn weighing(mut self, weight: Weight) -> Self {
        self.weight = weight;
        self
    }

    /// What it is called: an empty title says nothing.
    pub fn name(&self) -> &str {
        match self.title.trim() {
            "" => "Report",
            _ => &self.title,
        }
    }

    pub fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::heading(1, text));
    }

    /// A heading of a section that stays this long.
    pub fn weighty(&mut self, weight: Weight, text: impl Into<String>) {
        self.blocks.push(Block::Heading {
            level: 1,
            text: text.into(),
            weight,
        });
    }

    pub fn part(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::heading(2, text));
    }

    pub fn quote(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Quote(text.into()));
    }

    pub fn code(&mut self, language: &'static str, text: impl Into<String>) {
        self.blocks.push(Block::Code {
            language,
            text: text.into(),
        });
    }

    pub fn paragraph(&mut self, text: impl Into<String>) {
        self.toned(text, Tone::Plain);
    }

    pub fn toned(&mut self, text: impl Into<String>, tone: Tone) {
        self.blocks.push(Block::Paragraph {
            text: text.into(),
            tone,
        });
    }

    /// A paragraph that `--quiet` leaves out.
    pub fn talk(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Talk(Box::new(Block::Paragraph {
            text: text.into(),
            tone: Tone::Dim,
        })));
    }

    pub fn figure(&mut self, figure: Figure) {
        self.blocks.push(Block::Figure(Box::new(figure)));
    }

    /// A heading and a table, unless the table is empty.
    pub fn table(&mut self, heading: &str, table: Table) {
        if table.rows.is_empty() {
            return;
        }
        self.heading(heading);
        self.blocks.push(Block::Table(table));
    }

    /// Adds sentences to what was not checked, each once.
    pub fn not_checked(&mut self, sentences: &[String]) {
        // A fleet has a sentence of each of its networks, and as many documents to append: what is there is in order already.
        for sentence in sentences {
            if let Err(at) = self.not_checked.binary_search(sentence) {
                self.not_checked.insert(at, sentence.clone());
            }
        }
    }

    /// All of it, or without what `--quiet` leaves out.
    #[must_use]
    pub fn told(mut self, quiet: bool) -> Self {
        if !quiet {
            return self;
        }
        self.blocks.retain(|block| !matches!(block, Block::Talk(_)));
        self.not_checked.clear();
        self
    }

    /// The document continues with another one: its title becomes a section, its sections parts of that. A part of it that stands before
    /// every section is one of its title: no step down is longer than one.
    pub fn append(&mut self, other: Document) {
        self.weighty(other.weight, other.title);
        // Headings that the present one stands under, by the levels that they had.
        let mut above: Vec<usize> = Vec::new();
        for block in other.blocks {
            self.blocks.push(match block {
                Block::Heading { level, text, .. } => {
                    above.retain(|had| *had < level);
                    above.push(level);
                    Block::heading(above.len() + 1, text)
                }
                block => block,
            });
        }
        self.not_checked(&other.not_checked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(document: &Document) -> Vec<(usize, &str)> {
        let headings = document.blocks.iter().filter_map(|block| match block {
            Block::Heading { level, text, .. } => Some((*level, text.as_str())),
            _ => None,
        });
        headings.collect()
    }

    #[test]
    fn no_heading_is_more_than_one_level_below_the_one_before_it() {
        let mut inner = Document::new("inner");
        inner.part("first");
        inner.part("beside it");
        inner.heading("section");
        inner.part("under it");
        let mut document = Document::new("outer");
        document.append(inner);
        assert_eq!(
            levels(&document),
            [
                (1, "inner"),
                (2, "first"),
                (2, "beside it"),
                (2, "section"),
                (3, "under it")
            ]
        );
        let mut outermost = Document::new("outermost");
        outermost.append(document);
        let deeper: Vec<usize> = levels(&outermost).iter().map(|(level, _)| *level).collect();
        assert_eq!(deeper, [1, 2, 3, 3, 3, 4]);
    }
}

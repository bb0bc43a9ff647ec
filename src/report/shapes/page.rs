//! What a page says, section by section, for readers that have no other field for it: words and numbers as people read them.

use crate::report::document::{Block, Document, Table};
use crate::report::html::stretches;
use schemars::JsonSchema;
use serde::Serialize;

/// A section: what stands below its heading, up to the next of its level or a higher one. What stands before the first has none.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct SectionShape {
    pub title: String,
    /// 1: a section of the report; 2: a part of one; and so on.
    pub level: usize,
    pub blocks: Vec<BlockShape>,
}

/// One thing that a section says.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BlockShape {
    /// What is decided by.
    Verdict {
        word: String,
        sentence: String,
    },
    Paragraph {
        text: String,
    },
    List {
        items: Vec<ItemShape>,
    },
    Table {
        #[serde(flatten)]
        table: TableShape,
    },
    /// A picture in words, and the numbers behind it.
    Figure {
        title: String,
        says: String,
        #[serde(flatten)]
        table: TableShape,
    },
    /// Lines to be copied as they are.
    Code {
        language: &'static str,
        text: String,
    },
    /// Somebody else's words.
    Quote {
        text: String,
    },
}

/// An item of a list.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ItemShape {
    /// A severity, a time, or another mark.
    pub mark: String,
    pub text: String,
}

/// Cells as they are shown: numbers with their separators, dashes for what is not there.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TableShape {
    pub columns: Vec<&'static str>,
    pub rows: Vec<Vec<String>>,
}

impl From<&Table> for TableShape {
    fn from(table: &Table) -> Self {
        let cells = |row: &Vec<_>| {
            row.iter()
                .map(|cell: &crate::report::document::Cell| cell.text.clone())
                .collect()
        };
        TableShape {
            columns: table.columns.iter().map(|column| column.heading).collect(),
            rows: table.rows.iter().map(cells).collect(),
        }
    }
}

/// Everything that a document says, in its order.
pub fn sections(document: &Document) -> Vec<SectionShape> {
    let mut sections = vec![SectionShape::default()];
    for block in &document.blocks {
        put(block, &mut sections);
    }
    sections.retain(|section| !section.title.is_empty() || !section.blocks.is_empty());
    sections
}

fn put(block: &Block, sections: &mut Vec<SectionShape>) {
    let shape = match block {
        Block::Heading { level, text, .. } => {
            sections.push(SectionShape {
                title: text.clone(),
                level: *level,
                blocks: Vec::new(),
            });
            return;
        }
        Block::Talk(block) => return put(block, sections),
        Block::Verdict { word, sentence } => BlockShape::Verdict {
            word: word.text.clone(),
            sentence: sentence.clone(),
        },
        Block::Numbers(numbers) => BlockShape::Table {
            table: TableShape::from(&crate::report::document::numbers_table(numbers)),
        },
        Block::Paragraph { text, .. } => BlockShape::Paragraph { text: text.clone() },
        Block::List(items) => BlockShape::List {
            items: items
                .iter()
                .map(|(mark, text)| ItemShape {
                    mark: mark.text.clone(),
                    text: text.clone(),
                })
                .collect(),
        },
        Block::Table(table) => BlockShape::Table {
            table: TableShape::from(table),
        },
        Block::Figure(figure) => BlockShape::Figure {
            title: figure.title.clone(),
            says: figure.says.clone(),
            table: TableShape::from(&figure.table),
        },
        Block::Gantt(gantt) => BlockShape::Table {
            table: TableShape::from(&stretches(gantt)),
        },
        Block::Code { language, text } => BlockShape::Code {
            language,
            text: text.clone(),
        },
        Block::Quote(text) => BlockShape::Quote { text: text.clone() },
    };
    if let Some(section) = sections.last_mut() {
        section.blocks.push(shape);
    }
}

//! A document's blocks, put under their headings. Anchors count and do not repeat what came from outside, so they are the same for the
//! same document and never two alike.

use crate::report::document::{Block, Document};

/// Under a heading of level 1.
pub struct Section<'a> {
    pub id: String,
    pub title: &'a str,
    pub parts: Vec<Part<'a>>,
}

/// Under a heading of a lower level; the first part of a section has none.
pub struct Part<'a> {
    pub id: String,
    /// Level and text.
    pub title: Option<(usize, &'a str)>,
    /// Of the part, or of its section.
    pub named: &'a str,
    pub blocks: Vec<&'a Block>,
}

/// What stands before the first heading, and the sections.
pub fn sections(document: &Document) -> (Vec<&Block>, Vec<Section<'_>>) {
    let mut lead = Vec::new();
    let mut sections: Vec<Section> = Vec::new();
    for block in &document.blocks {
        let block = match block {
            Block::Talk(inner) => inner.as_ref(),
            block => block,
        };
        match (block, sections.last_mut()) {
            (Block::Heading { level: 1, text, .. }, _) => {
                let id = format!("s{}", sections.len() + 1);
                sections.push(Section {
                    parts: vec![part(format!("{id}-0"), None, text)],
                    id,
                    title: text,
                });
            }
            (Block::Heading { level, text, .. }, Some(section)) => {
                let id = format!("{}-{}", section.id, section.parts.len());
                section.parts.push(part(id, Some((*level, text)), text));
            }
            (block, Some(section)) => section
                .parts
                .last_mut()
                .expect("a section begins with a part")
                .blocks
                .push(block),
            (block, None) => lead.push(block),
        }
    }
    (lead, sections)
}

fn part<'a>(id: String, title: Option<(usize, &'a str)>, named: &'a str) -> Part<'a> {
    Part {
        id,
        title,
        named,
        blocks: Vec::new(),
    }
}

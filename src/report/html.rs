//! A document as one HTML page that needs nothing else: no network, no script, no font. Everything that came from outside goes through
//! `maud`, which escapes it; what a browser must not do is also said in the page's own content security policy.
//!
//! `sections` (headings, anchors and contents) · `blocks` (one block each) · `colours` (the charts' colours in the dark) · `words` (what no name is as long as).

mod blocks;
mod colours;
mod sections;
mod words;

pub use blocks::stretches;

use super::document::Document;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sections::{Section, sections};
use words::shown;

const STYLE: &str = include_str!("html/style.css");
/// Nothing is loaded, run, framed or sent.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// Renders a whole page.
pub fn render(document: &Document) -> String {
    let cited = blocks::Cited::of(document);
    let (lead, sections) = sections(document);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="generator" content=(concat!("aksplan ", env!("CARGO_PKG_VERSION")));
                meta name="color-scheme" content="light dark";
                title { (shown(document.name())) }
                style { (PreEscaped(STYLE)) (PreEscaped(colours::dark())) }
            }
            body {
                a class="skip" href="#content" { "Skip the contents" }
                // The verdict comes before the contents: on a small screen and read aloud it is what people came for.
                main {
                    header {
                        h1 { (shown(document.name())) }
                        @for (position, block) in lead.into_iter().enumerate() { (blocks::block(block, position, &cited)) }
                    }
                    (contents(&sections, !document.not_checked.is_empty()))
                    div id="content" tabindex="-1" {
                        @for section in &sections { (one(section, &cited)) }
                        (not_checked(&document.not_checked, &cited))
                    }
                }
                footer { p { "Made by aksplan " (env!("CARGO_PKG_VERSION")) ", which read and wrote nothing else." } }
            }
        }
    };
    page.into_string()
}

fn contents(sections: &[Section], any_unchecked: bool) -> Markup {
    html! {
        nav aria-label="Contents" {
            ol {
                @for section in sections {
                    li { a href=(format!("#{}", section.id)) { (shown(section.title)) } }
                }
                @if any_unchecked { li { a href="#not-checked" { (NOT_CHECKED) } } }
            }
        }
    }
}

const NOT_CHECKED: &str = "Not checked";

/// What was not looked at closes every document; a reader who does not see it takes silence for a yes.
fn not_checked(sentences: &[String], cited: &blocks::Cited) -> Markup {
    html! {
        @if !sentences.is_empty() {
            section aria-labelledby="not-checked" {
                h2 id="not-checked" { (NOT_CHECKED) }
                ul { @for sentence in sentences { li { (blocks::prose(sentence, cited)) } } }
            }
        }
    }
}

fn one(section: &Section, cited: &blocks::Cited) -> Markup {
    html! {
        section aria-labelledby=(section.id) {
            h2 id=(section.id) { (shown(section.title)) }
            @for part in &section.parts {
                @match part.title {
                    None => {}
                    Some((2, title)) => h3 id=(part.id) { (shown(title)) },
                    Some((3, title)) => h4 id=(part.id) { (shown(title)) },
                    Some((_, title)) => h5 id=(part.id) { (shown(title)) },
                }
                @for block in &part.blocks { (blocks::block_of(block, part, cited)) }
            }
        }
    }
}

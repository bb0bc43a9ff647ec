//! A document as one HTML page that needs nothing else: no network, no script, no font. Everything that came from outside goes through
//! `maud`, which escapes it; what a browser must not do is also said in the page's own content security policy.
//!
//! `sections` (headings, anchors and contents) · `blocks` (one block each) · `colours` (the charts' colours in the dark).

mod blocks;
mod colours;
mod sections;

pub use blocks::stretches;

use super::document::Document;
use super::terminal::clean;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sections::{Section, sections};

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
                title { (clean(&document.title)) }
                style { (PreEscaped(STYLE)) (PreEscaped(colours::dark())) }
            }
            body {
                a class="skip" href="#content" { "Skip to the verdict" }
                div class="page" {
                    (contents(&sections))
                    main id="content" {
                        header {
                            h1 { (clean(&document.title)) }
                            @for block in lead { (blocks::block(block, &cited)) }
                        }
                        @for section in &sections { (one(section, &cited)) }
                    }
                }
                footer { p { "Made by aksplan " (env!("CARGO_PKG_VERSION")) ", which read and wrote nothing else." } }
            }
        }
    };
    page.into_string()
}

fn contents(sections: &[Section]) -> Markup {
    html! {
        nav aria-label="Contents" {
            ol {
                @for section in sections {
                    li { a href=(format!("#{}", section.id)) { (clean(section.title)) } }
                }
            }
        }
    }
}

fn one(section: &Section, cited: &blocks::Cited) -> Markup {
    html! {
        section aria-labelledby=(section.id) {
            h2 id=(section.id) { (clean(section.title)) }
            @for part in &section.parts {
                @if let Some((level, title)) = part.title {
                    @if level > 2 { h4 id=(part.id) { (clean(title)) } } @else { h3 id=(part.id) { (clean(title)) } }
                }
                @for block in &part.blocks { (blocks::block_of(block, part, cited)) }
            }
        }
    }
}

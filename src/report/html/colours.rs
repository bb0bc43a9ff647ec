//! The charts' colours on a dark page. A drawing names the light ones; a rule for each says what takes its place.

use crate::report::chart::Ink;
use crate::report::svg::{GRID, INKS, PAPER, TEXT};
use plotters::style::RGBColor;
use std::fmt::Write;

fn hex(colour: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", colour.0, colour.1, colour.2)
}

fn in_the_dark(ink: Ink) -> &'static str {
    match ink {
        Ink::Good => "#3FB950",
        Ink::Warning => "#D29922",
        Ink::Bad => "#F85149",
        Ink::Free => "#2A313A",
        Ink::Quiet => "#6E7681",
        Ink::Kind(0) => "#4493F8",
        Ink::Kind(1) => "#1F4E8C",
        Ink::Kind(2) => "#AB7DF8",
        Ink::Kind(3) => "#F0883E",
        Ink::Kind(4) => "#39A0A8",
        Ink::Kind(_) => "#DB61A2",
    }
}

/// Rules for a dark page.
pub fn dark() -> String {
    let plain = [(TEXT, "#E6EDF3"), (GRID, "#3D444D"), (PAPER, "#0D1117")];
    let inks = INKS.map(|(ink, colour)| (colour, in_the_dark(ink)));
    let mut css = String::from("@media screen and (prefers-color-scheme: dark) {\n");
    for (light, dark) in plain.into_iter().chain(inks) {
        let light = hex(light);
        writeln!(
            css,
            "figure [fill=\"{light}\"] {{ fill: {dark}; }} figure [stroke=\"{light}\"] {{ stroke: {dark}; }}"
        )
        .expect("a String takes everything");
    }
    css.push_str("}\n");
    css
}

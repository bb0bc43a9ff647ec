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
        Ink::Quiet => "#848D97",
        Ink::Unknown => "#9EA7B3",
        Ink::Kind(0) => "#4493F8",
        Ink::Kind(1) => "#A5D6FF",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::svg::{colour, letter_on};

    /// Relative luminance and contrast as WCAG 2.2 defines them.
    fn contrast(one: &str, other: &str) -> f64 {
        let light = |hex: &str| {
            let of = |at: usize| {
                let part = u8::from_str_radix(&hex[at..at + 2], 16).expect("two digits");
                let part = f64::from(part) / 255.0;
                match part <= 0.040_45 {
                    true => part / 12.92,
                    false => ((part + 0.055) / 1.055).powf(2.4),
                }
            };
            0.2126 * of(1) + 0.7152 * of(3) + 0.0722 * of(5)
        };
        let (one, other) = (light(one) + 0.05, light(other) + 0.05);
        one.max(other) / one.min(other)
    }

    fn as_in_the_dark(light: RGBColor) -> String {
        let known = INKS.iter().find(|(_, colour)| *colour == light);
        match known {
            Some((ink, _)) => in_the_dark(*ink).to_string(),
            None if light == TEXT => "#E6EDF3".to_string(),
            None if light == PAPER => "#0D1117".to_string(),
            None => hex(light),
        }
    }

    #[test]
    fn letters_are_read_on_every_ink() {
        for (ink, _) in INKS {
            let (below, letter) = (colour(ink), letter_on(ink));
            let in_light = contrast(&hex(below), &hex(letter));
            let in_dark = contrast(&as_in_the_dark(below), &as_in_the_dark(letter));
            assert!(in_light >= 4.5, "{ink:?} in the light: {in_light:.1}");
            assert!(in_dark >= 4.5, "{ink:?} in the dark: {in_dark:.1}");
        }
    }
}

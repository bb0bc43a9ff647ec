//! What charts are drawn on: whole pixels, a few inks, text of one family. Draws what it is told to and knows no chart.

use crate::report::chart::Ink;
use crate::report::terminal::clean;
use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, RGBColor, TextStyle};

pub const PAPER: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);
pub const TEXT: RGBColor = RGBColor(0x1F, 0x23, 0x28);
/// For letters on an ink that is light on a light page and on a dark one: stays as it is.
pub const DARK: RGBColor = RGBColor(0x0D, 0x11, 0x17);
pub const GRID: RGBColor = RGBColor(0xD0, 0xD7, 0xDE);
/// Every ink and its colour on a light page. Neighbours differ in lightness as well, for those who see no colours and for print.
pub const INKS: [(Ink, RGBColor); 6 + Ink::KINDS] = [
    (Ink::Good, RGBColor(0x2D, 0xA4, 0x4E)),
    (Ink::Warning, RGBColor(0xBF, 0x87, 0x00)),
    (Ink::Bad, RGBColor(0xCF, 0x22, 0x2E)),
    (Ink::Free, RGBColor(0xE6, 0xEA, 0xEF)),
    (Ink::Quiet, RGBColor(0x8C, 0x95, 0x9F)),
    (Ink::Unknown, RGBColor(0x57, 0x60, 0x6A)),
    (Ink::Kind(0), RGBColor(0x09, 0x69, 0xDA)),
    (Ink::Kind(1), RGBColor(0x79, 0xC0, 0xFF)),
    (Ink::Kind(2), RGBColor(0x82, 0x50, 0xDF)),
    (Ink::Kind(3), RGBColor(0xE1, 0x6F, 0x24)),
    (Ink::Kind(4), RGBColor(0x1B, 0x7C, 0x83)),
    (Ink::Kind(5), RGBColor(0xBF, 0x39, 0x89)),
];

/// Pixels of a letter's height.
pub const LETTER: i32 = 12;
/// The backend divides a font's size by this before it writes it.
const BACKEND_SIZE: f64 = 1.24;
/// What a letter takes across: there is no font here to ask, so the widest of those that browsers take counts. Errs towards cutting.
fn advance(letter: char) -> i32 {
    match letter {
        'i' | 'j' | 'l' | 't' | 'f' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '/'
        | '-' => 5,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 12,
        // Korean, Chinese, Japanese, and pictures of things.
        '\u{1100}'..='\u{11FF}'
        | '\u{2E80}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FE30}'..='\u{FFEF}' => 13,
        '\u{10000}'.. => 15,
        _ => 8,
    }
}

pub fn colour(ink: Ink) -> RGBColor {
    let ink = match ink {
        Ink::Kind(kind) => Ink::Kind(kind % Ink::KINDS),
        ink => ink,
    };
    INKS.iter()
        .find(|(known, _)| *known == ink)
        .map(|(_, colour)| *colour)
        .expect("every ink has a colour")
}

/// What can be read on an ink, on a light page as on a dark one.
pub fn letter_on(ink: Ink) -> RGBColor {
    match ink {
        Ink::Free => TEXT,
        Ink::Good | Ink::Warning | Ink::Quiet => DARK,
        Ink::Kind(kind) if matches!(kind % Ink::KINDS, 1 | 3) => DARK,
        Ink::Bad | Ink::Unknown | Ink::Kind(_) => PAPER,
    }
}

/// A finished drawing.
pub struct Drawn {
    pub width: i32,
    pub height: i32,
    pub text: String,
}

/// Where text is held.
#[derive(Debug, Clone, Copy)]
pub enum Held {
    Left,
    Middle,
    Right,
}

/// A sheet; texts are set by the middle of their height.
pub struct Canvas<'a>(DrawingArea<SVGBackend<'a>, Shift>);

const HOLDS: &str = "a drawing into memory cannot fail";

/// A drawing of so many pixels.
pub fn draw(width: i32, height: i32, draw: impl FnOnce(&Canvas)) -> Drawn {
    let mut text = String::new();
    let size = (width.unsigned_abs(), height.unsigned_abs());
    {
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        let canvas = Canvas(area);
        // A picture that stands alone lies on its own paper, whatever is around it.
        canvas.rect(0, 0, width, height, PAPER);
        draw(&canvas);
        canvas.0.present().expect(HOLDS);
    }
    Drawn {
        width,
        height,
        text,
    }
}

impl Canvas<'_> {
    pub fn rect(&self, x: i32, y: i32, width: i32, height: i32, colour: RGBColor) {
        self.0
            .draw(&Rectangle::new(
                [(x, y), (x + width, y + height)],
                colour.filled(),
            ))
            .expect(HOLDS);
    }

    /// A rectangle in an ink; what is not known has stripes of paper.
    pub fn inked(&self, x: i32, y: i32, width: i32, height: i32, ink: Ink) {
        self.rect(x, y, width, height, colour(ink));
        if ink != Ink::Unknown {
            return;
        }
        // From below, so that stripes of cells that are filled in part lie in one line.
        for at in (1..).map(|stripe| stripe * 5).take_while(|at| *at < height) {
            let y = y + height - at;
            self.line(&[(x, y), (x + width, y)], PAPER, 1);
        }
    }

    pub fn frame(&self, x: i32, y: i32, width: i32, height: i32, colour: RGBColor) {
        self.0
            .draw(&Rectangle::new([(x, y), (x + width, y + height)], colour))
            .expect(HOLDS);
    }

    pub fn line(&self, points: &[(i32, i32)], colour: RGBColor, wide: u32) {
        self.0
            .draw(&PathElement::new(
                points.to_vec(),
                colour.stroke_width(wide),
            ))
            .expect(HOLDS);
    }

    pub fn area(&self, points: &[(i32, i32)], colour: RGBColor) {
        self.0
            .draw(&Polygon::new(points.to_vec(), colour.mix(0.3)))
            .expect(HOLDS);
    }

    pub fn text(&self, x: i32, y: i32, held: Held, colour: RGBColor, text: &str) {
        let anchor = match held {
            Held::Left => HPos::Left,
            Held::Middle => HPos::Center,
            Held::Right => HPos::Right,
        };
        let mut style = TextStyle::from((
            FontFamily::SansSerif,
            f64::from(LETTER) * BACKEND_SIZE,
            FontStyle::Normal,
        ));
        style = style.color(&colour).pos(Pos::new(anchor, VPos::Center));
        self.0
            .draw(&Text::new(clean(text), (x, y), style))
            .expect(HOLDS);
    }
}

/// Pixels that a text takes, about.
pub fn wide(text: &str) -> i32 {
    // Names may have any length; what is wider than any sheet is cut anyway.
    const ENOUGH: usize = 10_000;
    text.chars().take(ENOUGH).map(advance).sum()
}

/// A text that fits into so many pixels: its beginning and its end, which tell names apart.
pub fn fitted(text: &str, pixels: i32) -> String {
    if wide(text) <= pixels {
        return text.to_string();
    }
    let half = (pixels - advance('…')).max(0) / 2;
    let within = |letters: &mut dyn Iterator<Item = char>| -> Vec<char> {
        let mut left = half;
        letters
            .take_while(|letter| {
                left -= advance(*letter);
                left >= 0
            })
            .collect()
    };
    let first = within(&mut text.chars());
    let last = within(&mut text.chars().rev());
    let letters = first.into_iter().chain(['…']);
    letters.chain(last.into_iter().rev()).collect()
}

const SWATCH: i32 = 12;
const ROW: i32 = 20;

/// Names behind one colour; more are counted.
const NAMES: usize = 3;

/// What a legend says, a colour once: a reader cannot tell two of one colour apart, and is told so.
fn merged(legend: &[(Ink, String)]) -> Vec<(Ink, String)> {
    let mut inks: Vec<(Ink, Vec<&str>)> = Vec::new();
    for (ink, label) in legend {
        match inks
            .iter_mut()
            .find(|(known, _)| colour(*known) == colour(*ink))
        {
            Some((_, labels)) => labels.push(label),
            None => inks.push((*ink, vec![label])),
        }
    }
    inks.into_iter()
        .map(|(ink, labels)| {
            let named = labels
                .iter()
                .take(NAMES)
                .copied()
                .collect::<Vec<_>>()
                .join(", ");
            match labels.len().saturating_sub(NAMES) {
                0 => (ink, named),
                more => (ink, format!("{named} and {more} more in the table")),
            }
        })
        .collect()
}

/// Height that a legend takes.
pub fn legend_height(legend: &[(Ink, String)], width: i32) -> i32 {
    legend_places(&merged(legend), width)
        .last()
        .map_or(0, |(_, y)| y + ROW)
}

fn legend_places(legend: &[(Ink, String)], width: i32) -> Vec<(i32, i32)> {
    let (mut x, mut y) = (0, 0);
    legend
        .iter()
        .map(|(_, label)| {
            let takes = SWATCH + 6 + wide(label).min(width - SWATCH - 6) + 18;
            if x > 0 && x + takes > width {
                x = 0;
                y += ROW;
            }
            let place = (x, y);
            x += takes;
            place
        })
        .collect()
}

/// Swatches and words, in rows; each colour once.
pub fn legend(canvas: &Canvas, left: i32, top: i32, width: i32, legend: &[(Ink, String)]) {
    let legend = merged(legend);
    for ((ink, label), (x, y)) in legend.iter().zip(legend_places(&legend, width)) {
        canvas.inked(left + x, top + y + 4, SWATCH, SWATCH, *ink);
        canvas.frame(left + x, top + y + 4, SWATCH, SWATCH, GRID);
        canvas.text(
            left + x + SWATCH + 6,
            top + y + 10,
            Held::Left,
            TEXT,
            &fitted(label, width - SWATCH - 6),
        );
    }
}

/// A round number that is at least as large: what an axis ends with.
pub fn round_up(most: u64) -> u64 {
    let mut step = 1u64;
    loop {
        for times in [1, 2, 5] {
            let round = step.saturating_mul(times);
            if round.saturating_mul(10) >= most {
                return most.div_ceil(round).max(1).saturating_mul(round);
            }
        }
        step = step.saturating_mul(10);
    }
}

/// Round numbers from 0 up to what an axis ends with, six at the most.
pub fn ticks(most: u64) -> Vec<u64> {
    const APART: u64 = 5;
    let powers = std::iter::successors(Some(1u64), |power| power.checked_mul(10));
    let step = powers
        .flat_map(|power| [1, 2, 5].map(|times| power.saturating_mul(times)))
        .find(|step| most / step <= APART)
        .unwrap_or(most.max(1));
    (0..=most / step).map(|tick| tick * step).collect()
}

/// A length in proportion; whole pixels.
pub fn scaled(value: u64, of: u64, pixels: i32) -> i32 {
    let of = of.max(1);
    let long = u128::from(value.min(of)) * u128::from(pixels.unsigned_abs());
    i32::try_from(long / u128::from(of)).unwrap_or(pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_with_round_numbers() {
        for (most, ends) in [
            (0, 1),
            (7, 7),
            (11, 12),
            (27, 30),
            (1_019, 1_200),
            (2_834, 3_000),
            (3_161, 3_500),
        ] {
            assert_eq!(round_up(most), ends, "{most}");
        }
    }

    #[test]
    fn ticks_are_round_and_few() {
        for (most, expected) in [
            (0, &[0][..]),
            (1, &[0, 1]),
            (7, &[0, 2, 4, 6]),
            (30, &[0, 10, 20, 30]),
            (1_200, &[0, 500, 1_000]),
            (3_000, &[0, 1_000, 2_000, 3_000]),
        ] {
            assert_eq!(ticks(most), expected, "{most}");
        }
        assert!(ticks(u64::MAX).len() <= 6);
    }

    #[test]
    fn a_name_that_is_too_long_keeps_both_ends() {
        assert_eq!(fitted("aks-apps-38250194-vmss000007", 91), "aks-a…0007");
        assert_eq!(fitted("short", 91), "short");
        for text in ["W".repeat(10_000), "i".repeat(10_000), "ノ".repeat(300)] {
            let cut = fitted(&text, 200);
            assert!((160..=200).contains(&wide(&cut)), "{cut}: {}", wide(&cut));
        }
        assert_eq!(fitted("anything", 0), "…");
    }

    #[test]
    fn a_legend_has_each_colour_once_and_counts_the_rest() {
        let entry = |kind: usize| (Ink::Kind(kind), format!("subnet-{kind}"));
        let few: Vec<_> = (0..3).map(entry).collect();
        assert_eq!(merged(&few), few);
        let mut many = vec![(Ink::Free, "no subnet".to_string())];
        many.extend((0..200).map(entry));
        let merged = merged(&many);
        assert_eq!(merged.len(), 1 + Ink::KINDS);
        assert_eq!(merged[0], many[0]);
        assert_eq!(
            merged[1].1,
            "subnet-0, subnet-6, subnet-12 and 31 more in the table"
        );
        assert!(legend_height(&many, 880) < 6 * ROW);
    }

    #[test]
    fn no_two_inks_look_alike() {
        for (at, (_, colour)) in INKS.iter().enumerate() {
            assert!(INKS[at + 1..].iter().all(|(_, other)| other != colour));
            assert!(![PAPER, TEXT, GRID].contains(colour));
        }
    }
}

//! A Gantt chart as lines of text: a row a node or a pool, a column a stretch of time, a letter for what was done then. Letters alone
//! carry the meaning; colour only helps. Decides nothing about colour or escaping: the renderers do.

use super::document::Tone;

/// What happens when, row by row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gantt {
    pub rows: Vec<Row>,
    /// What the whole width stands for.
    pub seconds: u32,
    /// What letters mean; where several would stand in one column, the first of these does.
    pub legend: Vec<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub letter: char,
    pub tone: Tone,
    pub meaning: &'static str,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub label: String,
    pub spans: Vec<Span>,
}

/// A stretch of seconds; `mark` is a position in the legend. One that ends where it begins still shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: u32,
    pub until: u32,
    pub mark: usize,
}

/// Text in one tone.
pub type Piece = (String, Tone);

/// Of Markdown, files and pipes, which have no width.
pub const WIDTH: usize = 100;
const WIDEST: usize = 200;
const NARROWEST_CHART: usize = 20;
const LONGEST_LABEL: usize = 28;
/// Between two times of the axis, at least.
const APART: usize = 9;
/// Seconds between two times of the axis.
const STEPS: [u32; 16] = [
    5, 10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 172_800,
    604_800,
];

/// The chart in lines of at most `width` characters.
pub fn lines(gantt: &Gantt, width: usize) -> Vec<Vec<Piece>> {
    let width = width.min(WIDEST);
    let longest = gantt
        .rows
        .iter()
        .map(|row| row.label.chars().count())
        .max()
        .unwrap_or(0);
    let label_width = longest.min(LONGEST_LABEL).min(width / 3);
    let chart = width.saturating_sub(label_width + 1).max(NARROWEST_CHART);
    let seconds = gantt.seconds.max(1);
    let mut lines = vec![vec![(
        format!("{} {}", " ".repeat(label_width), axis(seconds, chart)),
        Tone::Dim,
    )]];
    for row in &gantt.rows {
        let mut line = vec![(
            format!("{:<label_width$} ", shortened(&row.label, label_width)),
            Tone::Plain,
        )];
        line.extend(cells(&row.spans, &gantt.legend, seconds, chart));
        // No blanks at the end.
        while let Some((last, _)) = line.last_mut() {
            last.truncate(last.trim_end().len());
            if !last.is_empty() {
                break;
            }
            line.pop();
        }
        lines.push(line);
    }
    lines.extend(legend(gantt, width));
    lines
}

/// The column that a second falls into.
fn column(second: u32, seconds: u32, chart: usize) -> usize {
    (u64::from(second) * chart as u64 / u64::from(seconds)) as usize
}

/// Seconds between two times of an axis that has room for so many.
pub fn axis_step(seconds: u32, times: usize) -> u32 {
    STEPS
        .iter()
        .copied()
        .find(|step| u64::from(*step) * times as u64 >= u64::from(seconds))
        .unwrap_or(seconds)
}

fn axis(seconds: u32, chart: usize) -> String {
    let step = STEPS
        .iter()
        .copied()
        .find(|step| column(*step, seconds, chart) >= APART)
        .unwrap_or(seconds);
    let mut line = String::new();
    let mut at = 0;
    while at <= seconds {
        let text = time(at);
        let place = column(at, seconds, chart);
        if place + text.len() > chart {
            break;
        }
        line.extend(std::iter::repeat_n(' ', place - line.len()));
        line.push_str(&text);
        let Some(next) = at.checked_add(step) else {
            break;
        };
        at = next;
    }
    line
}

/// `0`, `30s`, `5m`, `1h`, `1h30`.
pub fn time(seconds: u32) -> String {
    match (seconds / 3_600, seconds % 3_600 / 60, seconds % 60) {
        (0, 0, 0) => "0".to_string(),
        (0, 0, rest) => format!("{rest}s"),
        (0, minutes, 0) => format!("{minutes}m"),
        (0, minutes, rest) => format!("{minutes}m{rest:02}"),
        (hours, 0, _) => format!("{hours}h"),
        (hours, minutes, _) => format!("{hours}h{minutes:02}"),
    }
}

fn shortened(label: &str, width: usize) -> String {
    if label.chars().count() <= width {
        return label.to_string();
    }
    // The end tells nodes apart.
    let skipped = label.chars().count() + 1 - width;
    format!("…{}", label.chars().skip(skipped).collect::<String>())
}

fn cells(spans: &[Span], legend: &[Mark], seconds: u32, chart: usize) -> Vec<Piece> {
    let mut marks: Vec<Option<usize>> = vec![None; chart];
    for span in spans {
        let first = column(span.from, seconds, chart).min(chart - 1);
        let end = column(span.until, seconds, chart).clamp(first + 1, chart);
        for mark in &mut marks[first..end] {
            *mark = Some(mark.map_or(span.mark, |known| known.min(span.mark)));
        }
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for mark in marks {
        let (letter, tone) = mark
            .and_then(|mark| legend.get(mark))
            .map_or((' ', Tone::Plain), |mark| (mark.letter, mark.tone));
        match pieces.last_mut() {
            Some((text, last)) if *last == tone => text.push(letter),
            _ => pieces.push((letter.to_string(), tone)),
        }
    }
    pieces
}

/// Only letters that occur, as many to a line as fit.
fn legend(gantt: &Gantt, width: usize) -> Vec<Vec<Piece>> {
    let mut lines: Vec<Vec<Piece>> = Vec::new();
    let mut used = usize::MAX;
    for (position, mark) in gantt.legend.iter().enumerate() {
        let occurs = gantt
            .rows
            .iter()
            .flat_map(|row| &row.spans)
            .any(|span| span.mark == position);
        if !occurs {
            continue;
        }
        let length = mark.meaning.chars().count() + 2;
        let is_first = used.saturating_add(3 + length) > width;
        let line = match lines.last_mut() {
            Some(line) if !is_first => {
                line.push(("   ".to_string(), Tone::Plain));
                used += 3;
                line
            }
            _ => {
                lines.push(Vec::new());
                used = 0;
                lines.last_mut().expect("just pushed")
            }
        };
        line.push((mark.letter.to_string(), mark.tone));
        line.push((format!(" {}", mark.meaning), Tone::Dim));
        used += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(gantt: &Gantt, width: usize) -> Vec<String> {
        lines(gantt, width)
            .into_iter()
            .map(|line| line.into_iter().map(|(text, _)| text).collect())
            .collect()
    }

    fn sample() -> Gantt {
        let span = |from, until, mark| Span { from, until, mark };
        Gantt {
            rows: vec![
                Row {
                    label: "apps-0".to_string(),
                    spans: vec![span(0, 1_200, 1), span(600, 900, 0)],
                },
                Row {
                    label: "apps-1".to_string(),
                    spans: vec![span(2_400, 2_400, 1)],
                },
            ],
            seconds: 2_400,
            legend: vec![
                Mark {
                    letter: 'B',
                    tone: Tone::Warning,
                    meaning: "held by a budget",
                },
                Mark {
                    letter: 'd',
                    tone: Tone::Plain,
                    meaning: "drained",
                },
                Mark {
                    letter: 'x',
                    tone: Tone::Bad,
                    meaning: "never shown",
                },
            ],
        }
    }

    #[test]
    fn a_column_stands_for_a_stretch_of_time() {
        // 40 columns for 40 minutes: a column a minute.
        assert_eq!(
            plain(&sample(), 47),
            [
                "       0         10m       20m       30m",
                "apps-0 ddddddddddBBBBBddddd",
                "apps-1                                        d",
                "B held by a budget   d drained",
            ]
        );
    }

    #[test]
    fn nothing_is_wider_than_asked() {
        for width in [60, 80, 120, 200, 300] {
            for line in plain(&sample(), width) {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn labels_keep_their_ends() {
        assert_eq!(shortened("aks-apps-vmss000007", 8), "…s000007");
        assert_eq!(time(5_400), "1h30");
        assert_eq!(time(90), "1m30");
    }
}

//! What is shown while a plan is carried out: a line each for what happens, on a terminal with the state of all pools below, or an event a
//! line as JSON. Everything goes through here; nothing is decided here.

use super::super::output::{Format, write_all};
use super::event::{self, Event};
use super::lines::{self, Place};
use crate::execute::teller::{Teller, Telling};
use crate::migrate::pace::Progress;
use crate::migrate::{Plan, Step};
use crate::report::terminal::clean;
use jiff::Timestamp;
use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Seconds between two heartbeats off a terminal.
const HEARTBEAT: i64 = 60;

/// Where it is shown.
pub struct Screen<'a> {
    plan: &'a Plan,
    json: bool,
    talk: Talk,
    until: Option<Timestamp>,
    last_beat: Option<Timestamp>,
    last_state: Option<(u32, usize)>,
    refused: bool,
    /// Whether the date was told.
    dated: bool,
}

/// Standard error, with or without a picture of the pools at its end that is drawn anew at every look. Whoever says something beside it
/// says it here, or the picture is cut in two.
#[derive(Clone)]
pub struct Talk {
    /// Whether there may be a picture.
    live: bool,
    /// The lines of the one that is shown now. Each ends with a line break: what a person types meanwhile (`^C`) stands below it.
    picture: Arc<Mutex<Vec<String>>>,
}

impl Talk {
    /// A terminal that cannot move its cursor gets lines, and one on which nothing is to be painted as well (`NO_COLOR`).
    fn new(json: bool) -> Self {
        let says = |name: &str, wanted: fn(&str) -> bool| {
            std::env::var(name).is_ok_and(|value| wanted(&value))
        };
        let is_plain =
            says("TERM", |term| term == "dumb") || says("NO_COLOR", |value| !value.is_empty());
        Talk {
            live: !json && std::io::stderr().is_terminal() && !is_plain,
            picture: Arc::default(),
        }
    }

    /// Lines above the picture, and the picture below them. Nobody may be listening any more: that stops nothing.
    fn write(&self, lines: &[String], next: Option<Vec<String>>) {
        let mut picture = self.picture.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = taken_away(picture.len());
        if let Some(next) = next {
            *picture = next;
        }
        for line in lines.iter().chain(picture.iter()) {
            text.push_str(line);
            text.push('\n');
        }
        // At once, so that it does not flicker.
        let mut stderr = std::io::stderr().lock();
        let _ = stderr.write_all(text.as_bytes());
        let _ = stderr.flush();
    }

    pub fn say(&self, lines: &[String]) {
        self.write(lines, None);
    }

    /// A sentence without a time.
    pub fn aside(&self, text: &str) {
        self.say(&[clean(text)]);
    }

    fn draw(&self, lines: Vec<String>) {
        self.write(&[], Some(lines));
    }

    /// Takes the picture away: what comes next stands alone.
    pub fn clear(&self) {
        self.write(&[], Some(Vec::new()));
    }
}

/// What takes so many lines above the cursor away: up, and everything from there on erased.
fn taken_away(lines: usize) -> String {
    match lines {
        0 => String::new(),
        lines => format!("\r\x1b[{lines}A\x1b[J"),
    }
}

/// Columns and lines of the terminal that standard error is; `None`: it is none.
fn size() -> Option<(usize, usize)> {
    if !std::io::stderr().is_terminal() {
        return None;
    }
    let size = terminal_size::terminal_size_of(std::io::stderr());
    let (width, height) = size.map_or((80, 24), |(width, height)| {
        (usize::from(width.0), usize::from(height.0))
    });
    // The last column is left free: some terminals go to the next line when it is written to.
    Some((width.max(24) - 1, height.max(3) - 1))
}

impl<'a> Screen<'a> {
    pub fn new(plan: &'a Plan, format: Format) -> Self {
        let json = format == Format::Json;
        Screen {
            plan,
            json,
            talk: Talk::new(json),
            until: None,
            last_beat: None,
            last_state: None,
            refused: false,
            dated: false,
        }
    }

    /// When the window closes, as far as that is known.
    pub fn until(&mut self, until: Option<Timestamp>) {
        self.until = until;
    }

    /// For whoever has something to say beside it.
    pub fn talk(&self) -> Talk {
        self.talk.clone()
    }

    fn place(&self) -> Place<'a> {
        Place {
            cluster: &self.plan.target.name,
            until: self.until,
        }
    }

    /// Something that belongs to no step.
    pub fn note(&mut self, at: Timestamp, what: &str) {
        if self.json {
            self.event(at, Event::Note { what });
        } else {
            self.line(at, what);
        }
    }

    /// The command that goes on with what this one began.
    pub fn go_on(&mut self, at: Timestamp) {
        let command = lines::resume(std::env::args_os());
        if self.json {
            self.event(at, Event::GoOn { command: &command });
        } else {
            self.line(at, "go on with:");
            // Not wrapped: it is there to be copied.
            self.talk.say(&[format!("  {}", clean(&command))]);
        }
    }

    fn line(&mut self, at: Timestamp, text: &str) {
        let width = size().map(|(width, _)| width);
        if !std::mem::replace(&mut self.dated, true) {
            let date = at.strftime("%Y-%m-%d");
            self.talk.aside(&format!("{date}, all times in UTC"));
        }
        self.talk.say(&lines::timed(at, text, width));
    }

    fn event(&self, at: Timestamp, event: Event) {
        // One line an event, at once: whoever reads it follows along.
        let _ = write_all(&event::line(at, &self.place(), event));
    }

    fn progress(&mut self, at: Timestamp, step: &Step, progress: &Progress) {
        let place = self.place();
        if let (true, Some(size)) = (self.talk.live, size()) {
            self.talk
                .draw(lines::frame(at, &place, step, progress, size));
            return;
        }
        let state = (progress.nodes_done, progress.blocked.len());
        let is_due = self
            .last_beat
            .is_none_or(|last| at.as_second() - last.as_second() >= HEARTBEAT);
        if !is_due && self.last_state == Some(state) {
            return;
        }
        self.last_beat = Some(at);
        self.last_state = Some(state);
        self.line(at, &lines::headline(&place, step, progress));
        for row in lines::rows(at, &place, progress) {
            self.line(at, &format!("  {row}"));
        }
    }
}

impl Teller for Screen<'_> {
    fn tell(&mut self, at: Timestamp, telling: &Telling) {
        if self.json {
            self.event(at, event::of_telling(at, &self.place(), telling));
            return;
        }
        match telling {
            Telling::Progress { step, progress } => return self.progress(at, step, progress),
            // A picture of what is over says nothing.
            Telling::StepDone { .. } | Telling::StepFailed { .. } | Telling::Ended { .. } => {
                self.talk.clear();
            }
            _ => {}
        }
        for line in lines::of_telling(&self.plan.target.name, telling, self.refused) {
            self.line(at, &line);
        }
        self.refused |= matches!(telling, Telling::Refused { .. });
    }
}

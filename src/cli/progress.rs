//! How far reading a cluster is, on standard error, and only where a person watches. Never on standard output, never in a log.

use crate::source::kubernetes_api::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};

/// One line that names the kinds being read and counts their objects. Nothing is drawn before the first page: until then a
/// credential plugin may be asking for a password on the same terminal.
pub struct Line {
    bar: ProgressBar,
    /// Of each kind under way: objects read, objects still to come.
    counts: Mutex<BTreeMap<&'static str, (u64, Option<u64>)>>,
}

impl Line {
    /// Silent when asked to be, and where standard error is no terminal.
    pub fn new(server: &str, quiet: bool) -> Self {
        let watched = !quiet && std::io::stderr().is_terminal();
        let target = if watched {
            ProgressDrawTarget::stderr_with_hz(10)
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target).with_style(
            ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        bar.set_prefix(format!("reading {server}"));
        Line {
            bar,
            counts: Mutex::new(BTreeMap::new()),
        }
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<&'static str, (u64, Option<u64>)>)) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut counts);
        self.bar.set_message(message(&counts));
    }
}

fn message(counts: &BTreeMap<&'static str, (u64, Option<u64>)>) -> String {
    let kinds: Vec<String> = counts
        .iter()
        .map(|(kind, (read, remaining))| match remaining {
            Some(remaining) => {
                format!("{kind} {read} of about {}", read.saturating_add(*remaining))
            }
            None => format!("{kind} {read}"),
        })
        .collect();
    kinds.join(", ")
}

impl Progress for Line {
    fn objects(&self, kind: &'static str, read: u64, remaining: Option<u64>) {
        self.change(|counts| {
            counts.insert(kind, (read, remaining));
        });
    }

    fn ended(&self, kind: &'static str) {
        self.change(|counts| {
            counts.remove(kind);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_under_way_are_counted_and_done_ones_leave() {
        let line = Line::new("a cluster", true);
        line.objects("Pod", 500, Some(1500));
        line.objects("Node", 7, None);
        let now = || message(&line.counts.lock().expect("no panic while it was held"));
        assert_eq!(now(), "Node 7, Pod 500 of about 2000");
        line.ended("Node");
        line.ended("Pod");
        assert_eq!(now(), "");
    }
}

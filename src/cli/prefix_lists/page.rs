//! Output that is written in large pieces and never held whole.

use std::io::{self, Write};

pub(super) struct Page<'a> {
    out: &'a mut dyn Write,
    /// What is not written yet. Append to it, then [`Page::spill`].
    pub text: Vec<u8>,
}

/// Bytes at which a page is full: a pipe takes no more at a time.
const FULL: usize = 64 * 1024;

impl<'a> Page<'a> {
    pub fn new(out: &'a mut dyn Write) -> Self {
        Page {
            out,
            text: Vec::with_capacity(FULL + 1024),
        }
    }

    /// The comma and the line break before an element of a JSON array.
    pub fn next_element(&mut self, first: bool) {
        self.text
            .extend_from_slice(if first { b"\n" } else { b",\n" });
    }

    /// Writes the page if it is full.
    pub fn spill(&mut self) -> io::Result<()> {
        if self.text.len() < FULL {
            return Ok(());
        }
        self.out.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }

    pub fn finish(self) -> io::Result<()> {
        self.out.write_all(&self.text)?;
        self.out.flush()
    }
}

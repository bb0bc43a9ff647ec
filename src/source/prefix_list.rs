//! Plain lists: one prefix or bare address a line, IPv4 and IPv6 mixed, `#` or `;` to the end of the line a comment.
//! Blank lines, blanks around a prefix, CRLF and a byte order mark are fine. Everything else is an error that names the
//! first bad line: nothing is skipped, and nothing is guessed.
//!
//! A large list is read in blocks, and each block, cut at line borders, on every core.

mod blocks;
mod dotted;
mod line;

#[cfg(test)]
mod laws;

use crate::capacity::prefix_set::PrefixList;
use crate::source::SourceError;
use ipnet::IpNet;
use line::Fault;
use std::io::Read;

/// A prefix, where it stands, and what is written beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPrefix {
    pub net: IpNet,
    /// 1-based.
    pub line: u64,
    /// The comment on the same line without its `#` or `;` and the blanks around it; `None` when there is none or it is
    /// empty. Bytes that are not UTF-8 are replaced.
    pub comment: Option<String>,
}

/// Reads the prefixes of a list in the order they stand. `file_name` is only for the error.
///
/// # Errors
/// The first line that is not a prefix, with its position.
pub fn parse(file_name: &str, bytes: &[u8]) -> Result<PrefixList, SourceError> {
    read(file_name, &mut &*bytes)
}

/// Like [`parse`], a few megabytes at a time: what it takes is the list, not the file.
///
/// # Errors
/// What [`parse`] returns, or that `input` cannot be read.
pub fn read(file_name: &str, input: &mut dyn Read) -> Result<PrefixList, SourceError> {
    blocks::read(file_name, input, |_| (), |list, _| list)
}

/// Like [`read`], with the 1-based line of each prefix as its origin.
///
/// # Errors
/// What [`read`] returns.
pub fn read_numbered(
    file_name: &str,
    input: &mut dyn Read,
) -> Result<PrefixList<u64>, SourceError> {
    let line_in_file =
        |list: PrefixList<u64>, lines_before| list.map_origins(|line| line + lines_before);
    blocks::read(
        file_name,
        input,
        |line_in_chunk| line_in_chunk,
        line_in_file,
    )
}

/// Reads a list that is small and annotated, such as reserved ranges with their owner as the comment.
///
/// # Errors
/// The first line that is not a prefix, with its position.
pub fn parse_with_lines(file_name: &str, bytes: &[u8]) -> Result<Vec<ListedPrefix>, SourceError> {
    let mut listed = Vec::new();
    for (number, text) in (1..).zip(without_byte_order_mark(bytes).split(|b| *b == b'\n')) {
        let read = line::read(text).map_err(|fault| fault.in_line(file_name, number))?;
        listed.extend(read.net.map(|net| {
            ListedPrefix {
                net,
                line: number,
                comment: read
                    .comment
                    .map(|c| String::from_utf8_lossy(c).into_owned()),
            }
        }));
    }
    Ok(listed)
}

fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

impl Fault {
    fn in_line(self, file_name: &str, line: u64) -> SourceError {
        SourceError::new(file_name, self.problem).at(line, self.column)
    }
}

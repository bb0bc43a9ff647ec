//! A list of any length through a buffer of fixed length: filled, cut at line borders, read on every core, filled again.
//! Fresh memory costs more than the reading itself, so none is taken for text that is gone a millisecond later.

use super::dotted;
use super::line::{self, Fault};
use super::without_byte_order_mark;
use crate::capacity::prefix_set::PrefixList;
use crate::source::SourceError;
use rayon::prelude::*;
use std::io::Read;

/// Bytes read at a time; more only when a single line is longer.
const BLOCK: usize = 2 * 1024 * 1024;

/// Bytes that one core reads at a time. Small enough to even out what the cores get, large enough that handing it out
/// costs nothing.
const CHUNK: usize = 64 * 1024;

/// `origin` makes an origin of a 1-based line within a chunk; `placed` puts a chunk's list behind the lines before it.
pub(super) fn read<O: Copy + Send>(
    file_name: &str,
    input: &mut dyn Read,
    origin: fn(u64) -> O,
    placed: impl Fn(PrefixList<O>, u64) -> PrefixList<O>,
) -> Result<PrefixList<O>, SourceError> {
    let mut whole = PrefixList::default();
    let mut lines_before = 0;
    let mut at_start = true;
    let mut block = vec![0; BLOCK];
    let mut filled = 0;
    loop {
        let got = fill(input, &mut block[filled..])
            .map_err(|error| SourceError::new(file_name, format!("cannot be read: {error}")))?;
        filled += got;
        let at_end = filled < block.len();
        let last_line_feed = block[..filled].iter().rposition(|b| *b == b'\n');
        let complete = match last_line_feed {
            _ if at_end => filled,
            Some(line_feed) => line_feed + 1,
            None => {
                block.resize(2 * block.len(), 0);
                continue;
            }
        };
        let mut text = &block[..complete];
        if std::mem::take(&mut at_start) {
            text = without_byte_order_mark(text);
        }
        let chunks: Vec<_> = split_at_lines(text, CHUNK)
            .into_par_iter()
            .map(|chunk| parse_chunk(chunk, origin))
            .collect();
        for chunk in chunks {
            let (list, lines) =
                chunk.map_err(|(line, fault)| fault.in_line(file_name, lines_before + line))?;
            whole.append(placed(list, lines_before));
            lines_before += lines;
        }
        if at_end {
            return Ok(whole);
        }
        block.copy_within(complete..filled, 0);
        filled -= complete;
    }
}

/// Reads until `room` is full or the input ends.
fn fill(input: &mut dyn Read, room: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < room.len() {
        match input.read(&mut room[filled..]) {
            Ok(0) => break,
            Ok(got) => filled += got,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Chunks of at least `size` bytes but for the last, each ending with a line feed but for the last.
fn split_at_lines(mut bytes: &[u8], size: usize) -> Vec<&[u8]> {
    let mut chunks = Vec::with_capacity(bytes.len() / size + 1);
    while bytes.len() > size {
        let Some(rest_of_line) = bytes[size..].iter().position(|b| *b == b'\n') else {
            break;
        };
        let (chunk, rest) = bytes.split_at(size + rest_of_line + 1);
        chunks.push(chunk);
        bytes = rest;
    }
    chunks.push(bytes);
    chunks
}

/// The prefixes of a chunk and how many lines it ends, or the chunk's first bad line.
///
/// Almost every line of almost every large list is an IPv4 prefix and a line feed. That case is recognised here; any other
/// line goes to [`line::read`], which alone defines what a line may be.
fn parse_chunk<O: Copy>(
    bytes: &[u8],
    origin: fn(u64) -> O,
) -> Result<(PrefixList<O>, u64), (u64, Fault)> {
    const SHORTEST_LINE: usize = "1.1.1.1\n".len();
    let mut list = PrefixList::with_v4_capacity(bytes.len() / SHORTEST_LINE + 1);
    let mut line = 1;
    let mut rest = bytes;
    while !rest.is_empty() {
        if let Some((address, length, used)) = dotted::v4(rest)
            && rest.get(used) == Some(&b'\n')
        {
            list.push_v4(address, length, origin(line));
            rest = &rest[used + 1..];
        } else {
            let end = rest.iter().position(|b| *b == b'\n');
            let read =
                line::read(&rest[..end.unwrap_or(rest.len())]).map_err(|fault| (line, fault))?;
            if let Some(net) = read.net {
                list.push(net, origin(line));
            }
            rest = end.map_or(&[], |end| &rest[end + 1..]);
        }
        line += 1;
    }
    Ok((list, line - 1))
}

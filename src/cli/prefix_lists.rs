//! `cidr overlaps` and `cidr merge`: questions to plain prefix lists of any length, answered as a stream.
//! Never holds its output: the pairs of a list can be quadratic in its length.

mod input;
mod page;

#[cfg(test)]
mod tests;

use crate::capacity::prefix_set::SortedPrefixes;
use crate::capacity::prefix_set::text::{push_number, push_prefix};
use crate::source::SourceError;
use input::{Place, PlaceNames, read_placed, read_plain};
use ipnet::IpNet;
use page::Page;
use std::ffi::OsString;
use std::io::{self, Read, Write};

#[derive(Debug, Clone, clap::Args)]
pub struct MergeArgs {
    #[command(flatten)]
    pub lists: Lists,
}

#[derive(Debug, Clone, clap::Args)]
pub struct OverlapsArgs {
    #[command(flatten)]
    pub lists: Lists,

    /// Print only the number of overlapping pairs
    ///
    /// Much faster than listing them: a million prefixes can have billions of pairs.
    #[arg(long)]
    pub count: bool,
}

#[derive(Debug, Clone, clap::Args)]
pub struct Lists {
    /// Prefix lists, one CIDR or address a line; `-` is standard input
    ///
    /// IPv4 and IPv6 may be mixed. `#` and `;` start a comment, blank lines are fine. Anything else that is not a prefix, or
    /// a prefix with host bits set, is an error that names the line; nothing is skipped.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<OsString>,

    /// How to print the answer
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: ListFormat,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// One answer a line, columns separated by two blanks
    #[default]
    Table,
    /// One JSON document with a `format_version`
    Json,
}

/// Why there is no answer, or only half of one.
#[derive(Debug, thiserror::Error)]
pub enum PrefixListsError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("the output cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Prints the smallest list of prefixes that covers exactly the same addresses, sorted, IPv4 before IPv6.
///
/// # Errors
/// The first line that is not a prefix, a file that cannot be read, or an output that cannot be written. An output that
/// nobody reads any more, as in `| head`, is no error.
pub fn merge(
    args: &MergeArgs,
    stdin: &mut dyn Read,
    out: &mut dyn Write,
) -> Result<(), PrefixListsError> {
    let list = read_plain(&args.lists.files, stdin)?;
    let prefixes_in = list.len();
    let merged = list.sorted().merge();
    let page = Page::new(out);
    let written = match args.lists.output {
        ListFormat::Table => merged_as_lines(page, &merged),
        ListFormat::Json => merged_as_json(page, prefixes_in, &merged),
    };
    Ok(quiet_if_unread(written)?)
}

/// Prints every pair of list entries that share an address, the containing one first, and where both stand; with
/// `--count` only how many there are. Returns whether there are any.
///
/// # Errors
/// As [`merge`].
pub fn overlaps(
    args: &OverlapsArgs,
    stdin: &mut dyn Read,
    out: &mut dyn Write,
) -> Result<bool, PrefixListsError> {
    let page = Page::new(out);
    if args.count {
        let sorted = read_plain(&args.lists.files, stdin)?.sorted();
        let pairs = sorted.count_overlaps();
        quiet_if_unread(count_alone(page, args.lists.output, sorted.len(), pairs))?;
        return Ok(pairs > 0);
    }
    let sorted = read_placed(&args.lists.files, stdin)?.sorted();
    let mut any = false;
    let written = match args.lists.output {
        ListFormat::Table => pairs_as_lines(page, &args.lists.files, &sorted, &mut any),
        ListFormat::Json => pairs_as_json(page, &args.lists.files, &sorted, &mut any),
    };
    quiet_if_unread(written)?;
    Ok(any)
}

/// `head` closes the pipe when it has seen enough; that is how it is meant to be used.
fn quiet_if_unread(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

fn merged_as_lines(mut page: Page, merged: &SortedPrefixes) -> io::Result<()> {
    for net in merged.iter() {
        push_prefix(net, &mut page.text);
        page.text.push(b'\n');
        page.spill()?;
    }
    page.finish()
}

fn merged_as_json(mut page: Page, prefixes_in: usize, merged: &SortedPrefixes) -> io::Result<()> {
    page.text
        .extend_from_slice(br#"{"format_version":"1.0","prefixes_in":"#);
    push_number(prefixes_in as u128, &mut page.text);
    page.text.extend_from_slice(br#","prefixes":["#);
    for (index, net) in merged.iter().enumerate() {
        page.next_element(index == 0);
        push_quoted(net, &mut page.text);
        page.spill()?;
    }
    page.text.extend_from_slice(b"\n]}\n");
    page.finish()
}

fn count_alone(mut page: Page, output: ListFormat, prefixes: usize, pairs: u128) -> io::Result<()> {
    match output {
        ListFormat::Table => push_number(pairs, &mut page.text),
        ListFormat::Json => {
            push_counts(prefixes, pairs, &mut page.text);
            page.text.push(b'}');
        }
    }
    page.text.push(b'\n');
    page.finish()
}

fn pairs_as_lines(
    mut page: Page,
    files: &[OsString],
    sorted: &SortedPrefixes<Place>,
    any: &mut bool,
) -> io::Result<()> {
    let names = PlaceNames::plain(files);
    sorted.overlapping_pairs(|(a, place_of_a), (b, place_of_b)| {
        *any = true;
        let text = &mut page.text;
        push_prefix(a, text);
        text.extend_from_slice(b"  ");
        push_prefix(b, text);
        for place in [place_of_a, place_of_b] {
            text.extend_from_slice(b"  ");
            text.extend_from_slice(names.file(place));
            text.push(b':');
            push_number(place.line().into(), text);
        }
        text.push(b'\n');
        page.spill()
    })?;
    page.finish()
}

fn pairs_as_json(
    mut page: Page,
    files: &[OsString],
    sorted: &SortedPrefixes<Place>,
    any: &mut bool,
) -> io::Result<()> {
    let names = PlaceNames::json(files);
    push_counts(sorted.len(), sorted.count_overlaps(), &mut page.text);
    page.text.extend_from_slice(br#","overlaps":["#);
    sorted.overlapping_pairs(|(a, place_of_a), (b, place_of_b)| {
        page.next_element(!*any);
        *any = true;
        let text = &mut page.text;
        text.extend_from_slice(br#"{"a":"#);
        push_quoted(a, text);
        text.extend_from_slice(br#","b":"#);
        push_quoted(b, text);
        for (key, place) in [("a", place_of_a), ("b", place_of_b)] {
            text.extend_from_slice(format!(r#","{key}_file":"#).as_bytes());
            text.extend_from_slice(names.file(place));
            text.extend_from_slice(format!(r#","{key}_line":{}"#, place.line()).as_bytes());
        }
        text.push(b'}');
        page.spill()
    })?;
    page.text.extend_from_slice(b"\n]}\n");
    page.finish()
}

/// The beginning of the document that both forms of `overlaps` share.
fn push_counts(prefixes: usize, pairs: u128, text: &mut Vec<u8>) {
    text.extend_from_slice(br#"{"format_version":"1.0","prefixes":"#);
    push_number(prefixes as u128, text);
    text.extend_from_slice(br#","pairs":"#);
    push_number(pairs, text);
}

fn push_quoted(net: IpNet, text: &mut Vec<u8>) {
    text.push(b'"');
    push_prefix(net, text);
    text.push(b'"');
}

//! From bytes to text, decompressed where they are zstd, and places in text. Never looks at what the text means.

use super::{LARGEST_FILE, SourceError};
use std::borrow::Cow;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The whole of a file; `-` is standard input.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, SourceError> {
    /// Standard input is one for the whole process, and gone when read.
    static STDIN_WAS_READ: AtomicBool = AtomicBool::new(false);
    let name = path.display().to_string();
    let fail = |error: std::io::Error| SourceError::new(&name, format!("cannot be read: {error}"));
    let too_large =
        || SourceError::new(&name, format!("is larger than {} MiB", LARGEST_FILE >> 20));
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        if STDIN_WAS_READ.swap(true, Ordering::Relaxed) {
            return Err(SourceError::new(
                name,
                "standard input is named twice; expected it once, it is gone when read",
            ));
        }
        std::io::stdin()
            .lock()
            .take(LARGEST_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
    } else {
        let file = std::fs::File::open(path).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        if size > LARGEST_FILE {
            return Err(too_large());
        }
        bytes.reserve_exact(usize::try_from(size).unwrap_or(0));
        file.take(LARGEST_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(fail)?;
    }
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(too_large());
    }
    Ok(bytes)
}

/// zstd's mark.
const ZSTD: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// What is compressed with zstd, decompressed; everything else as it is. A snapshot shrinks twenty- to fiftyfold: what would grow
/// a thousandfold is made to fill memory.
pub(super) fn decompress<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, SourceError> {
    const MOST_GROWTH: u64 = 1000;
    const SMALL: u64 = 64 << 20;
    if !bytes.starts_with(&ZSTD) {
        return Ok(Cow::Borrowed(bytes));
    }
    let limit = (bytes.len() as u64)
        .saturating_mul(MOST_GROWTH)
        .clamp(SMALL, LARGEST_FILE);
    let fail = |error: std::io::Error| {
        let problem = if error.kind() == std::io::ErrorKind::UnexpectedEof {
            "is cut off in the middle of what zstd compressed; is the file complete?".to_string()
        } else {
            format!("is damaged: zstd says {error}")
        };
        SourceError::new(name, problem)
    };
    let mut plain = Vec::new();
    zstd::Decoder::with_buffer(bytes)
        .map_err(fail)?
        .take(limit + 1)
        .read_to_end(&mut plain)
        .map_err(fail)?;
    if plain.len() as u64 > limit {
        return Err(SourceError::new(
            name,
            format!(
                "is larger than {} MiB when decompressed, which nothing real is",
                limit >> 20
            ),
        ));
    }
    Ok(Cow::Owned(plain))
}

/// UTF-8, or the UTF-16 that `>` writes in Windows PowerShell; a byte order mark is dropped.
pub(super) fn decode<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, str>, SourceError> {
    let fail = |problem: &str| Err(SourceError::new(name, problem));
    let utf16 = |unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..]
            .chunks_exact(2)
            .map(|pair| unit([pair[0], pair[1]]))
            .collect();
        match String::from_utf16(&units) {
            Ok(text) if bytes.len().is_multiple_of(2) => Ok(Cow::Owned(text)),
            _ => fail("is not text: broken UTF-16"),
        }
    };
    match bytes {
        [0xFF, 0xFE, ..] => return utf16(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => return utf16(u16::from_be_bytes),
        [b'P', b'K', 3, 4, ..] => {
            return fail(
                "is a zip archive; if it is a Terraform plan, give the output of `terraform show -json PLAN`",
            );
        }
        [0x1F, 0x8B, ..] => {
            return fail(
                "is compressed with gzip; expected JSON or YAML, plain or compressed with zstd",
            );
        }
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    // UTF-16 without a mark is UTF-8 full of NULs, and nothing that is read here has a NUL.
    if bytes.iter().take(64).any(|byte| *byte == 0) {
        return fail("is not text: it has NUL bytes; expected JSON or YAML in UTF-8");
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => fail(&format!(
            "is not text: invalid UTF-8 at byte {}; expected JSON or YAML",
            error.valid_up_to()
        )),
    }
}

/// 1-based line and column (in characters) of a byte.
pub(super) fn position(text: &str, offset: usize) -> (u64, u64) {
    let before = &text[..offset];
    let line = before.bytes().filter(|byte| *byte == b'\n').count() as u64 + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() as u64 + 1;
    (line, column)
}

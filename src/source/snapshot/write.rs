//! A snapshot as bytes, and the bytes as a file that is there whole or not at all. The same inventory gives the same bytes.

use super::Document;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How the bytes are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Json,
    /// JSON, compressed.
    Zstd,
}

/// Measured with `cargo bench --bench snapshot`: of 91 MB level 1 makes 7.7 MB in 161 ms, level 3 8.4 MB in 363 ms, level 12 8.0 MB in 3.1 s.
const LEVEL: i32 = 1;
/// Small writes are gathered.
const BUFFER: usize = 1 << 17;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the file.
    pub size: u64,
}

/// Why a snapshot was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The name does not say how to write it.
    #[error("{0}")]
    Name(String),
    #[error("{path}: {error}")]
    File { path: String, error: io::Error },
}

impl Encoding {
    /// By the end of the file's name.
    ///
    /// # Errors
    /// When it is neither `.json` nor `.json.zst`.
    pub fn of(path: &Path) -> Result<Self, WriteError> {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_ascii_lowercase())
            .unwrap_or_default();
        if name.ends_with(".json.zst") {
            Ok(Encoding::Zstd)
        } else if name.ends_with(".json") {
            Ok(Encoding::Json)
        } else {
            Err(WriteError::Name(format!(
                "{}: expected a name that ends in .json or in .json.zst (compressed), or - for standard output",
                path.display()
            )))
        }
    }
}

/// Writes the document to a stream, as it is made: no second copy of it is in memory.
///
/// # Errors
/// When the stream does not take it.
pub fn encode(document: &Document, encoding: Encoding, out: impl Write) -> io::Result<u64> {
    let mut out = Counted { out, size: 0 };
    match encoding {
        Encoding::Json => {
            let mut buffered = BufWriter::with_capacity(BUFFER, &mut out);
            to_json(document, &mut buffered)?;
            buffered.flush()?;
        }
        Encoding::Zstd => {
            let mut encoder = zstd::Encoder::new(&mut out, LEVEL)?;
            encoder.include_checksum(true)?;
            let mut buffered = BufWriter::with_capacity(BUFFER, encoder);
            to_json(document, &mut buffered)?;
            let encoder = buffered
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?;
            encoder.finish()?.flush()?;
        }
    }
    Ok(out.size)
}

fn to_json(document: &Document, mut out: impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut out, document).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

/// Whether a snapshot could be written there: asked before anything is read, which may take long.
///
/// # Errors
/// As [`write()`].
pub fn try_out(path: &Path) -> Result<(), WriteError> {
    let known = fs::metadata(path).ok();
    if known.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(folder(path));
    }
    // A pipe or a device takes any name, and opening it may wait for whoever reads.
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        return Ok(());
    }
    Encoding::of(path)?;
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let (temporary, _) = beside(&target).map_err(|error| WriteError::File {
        path: path.display().to_string(),
        error,
    })?;
    // If it cannot be removed, nothing is lost but a name.
    let _ = fs::remove_file(&temporary);
    Ok(())
}

fn folder(path: &Path) -> WriteError {
    WriteError::Name(format!(
        "{} is a folder; expected the name of a file, for example {}",
        path.display(),
        path.join("estate.json.zst").display()
    ))
}

/// Writes the document into a file that only its owner may read: it describes a network. Whoever looks sees the old file or the
/// new one, never a half. Pipes and devices are written to as they are.
///
/// # Errors
/// [`WriteError`] when the name does not say how, or the file cannot be written.
pub fn write(document: &Document, path: &Path) -> Result<Written, WriteError> {
    let fail = |error: io::Error| WriteError::File {
        path: path.display().to_string(),
        error,
    };
    let known = fs::metadata(path).ok();
    if known.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(folder(path));
    }
    if known.as_ref().is_some_and(|known| !known.is_file()) {
        let encoding = Encoding::of(path).unwrap_or(Encoding::Json);
        let file = OpenOptions::new().write(true).open(path).map_err(fail)?;
        let size = encode(document, encoding, file).map_err(fail)?;
        return Ok(Written { size });
    }
    let encoding = Encoding::of(path)?;
    // A link stays one: what it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let (temporary, file) = beside(&target).map_err(fail)?;
    let written = encode(document, encoding, &file)
        .and_then(|size| file.sync_all().map(|()| size))
        .and_then(|size| fs::rename(&temporary, &target).map(|()| size));
    match written {
        Ok(size) => Ok(Written { size }),
        Err(error) => {
            // What went wrong is told; that the half file cannot be removed either adds nothing.
            let _ = fs::remove_file(&temporary);
            Err(fail(error))
        }
    }
}

/// A new file in the same folder, so that it can take the other's place in one step.
fn beside(target: &Path) -> io::Result<(PathBuf, File)> {
    const TRIES: u32 = 100;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut tried = 0;
    loop {
        let temporary = target.with_file_name(format!(".{name}.{}-{tried}", std::process::id()));
        match options.open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tried < TRIES => {
                tried += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

struct Counted<W> {
    out: W,
    size: u64,
}

impl<W: Write> Write for Counted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.out.write(bytes)?;
        self.size += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

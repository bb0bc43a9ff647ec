//! The lists a command is given, as one list.

use crate::capacity::prefix_set::PrefixList;
use crate::source::{SourceError, prefix_list};
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;

/// All files behind each other, for answers that do not say where a prefix stands.
pub(super) fn read_plain(
    files: &[OsString],
    stdin: &mut dyn Read,
) -> Result<PrefixList, SourceError> {
    let mut whole = PrefixList::default();
    each_file(files, stdin, |_, name, input| {
        whole.append(prefix_list::read(name, input)?);
        Ok(())
    })?;
    Ok(whole)
}

/// All files behind each other, each prefix with its place; takes twice the memory of [`read_plain`].
pub(super) fn read_placed(
    files: &[OsString],
    stdin: &mut dyn Read,
) -> Result<PrefixList<Place>, SourceError> {
    let mut whole = PrefixList::default();
    each_file(files, stdin, |file, name, input| {
        let list = prefix_list::read_numbered(name, input)?;
        whole.append(list.map_origins(|line| Place::new(file, line)));
        Ok(())
    })?;
    Ok(whole)
}

fn each_file(
    files: &[OsString],
    stdin: &mut dyn Read,
    mut read: impl FnMut(usize, &str, &mut dyn Read) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let mut stdin_read = false;
    for (index, file) in files.iter().enumerate() {
        let name = file.to_string_lossy();
        if file != "-" {
            let mut input = File::open(file)
                .map_err(|error| SourceError::new(&*name, format!("cannot be opened: {error}")))?;
            read(index, &name, &mut input)?;
        } else if !std::mem::replace(&mut stdin_read, true) {
            read(index, &name, stdin)?;
        } else {
            return Err(SourceError::new(
                "-",
                "standard input is named twice; expected it once, it is gone when read",
            ));
        }
    }
    Ok(())
}

/// File and line in one word, in that order, because there may be millions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64);

/// Enough for every line of a file of a terabyte; what is left is enough for more files than a command line can name.
const LINE_BITS: u32 = 40;

impl Place {
    fn new(file: usize, line: u64) -> Self {
        Place((file as u64) << LINE_BITS | line)
    }

    fn file(self) -> usize {
        (self.0 >> LINE_BITS) as usize
    }

    /// 1-based.
    pub fn line(self) -> u64 {
        self.0 % (1 << LINE_BITS)
    }
}

/// The files' names as they are printed, made once.
pub(super) struct PlaceNames(Vec<String>);

impl PlaceNames {
    pub fn plain(files: &[OsString]) -> Self {
        PlaceNames(
            files
                .iter()
                .map(|file| file.to_string_lossy().into_owned())
                .collect(),
        )
    }

    /// In quotes, and escaped.
    pub fn json(files: &[OsString]) -> Self {
        let quoted = |file: &OsString| serde_json::Value::from(file.to_string_lossy()).to_string();
        PlaceNames(files.iter().map(quoted).collect())
    }

    pub fn file(&self, place: Place) -> &[u8] {
        self.0.get(place.file()).map_or(b"", |name| name.as_bytes())
    }
}

//! The journal's file: appended to and synchronised record by record, locked while a run goes on, readable by its owner alone. Holds no
//! token and no body of a request, only digests.

use super::journal::{self, Event, JournalError, Record, Status, Wrong};
use crate::migrate::Plan;
use jiff::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// How the first record begins.
const BEGINNING: &[u8] = br#"{"n":1,"at":""#;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{path}: {error}", path = path.display())]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{path}: {error}", path = path.display())]
    Journal { path: PathBuf, error: JournalError },
    #[error(
        "{path}: another aksplan on this machine is carrying out this plan; --status shows how it stands, and Ctrl-C there stops it after its \
         write", path = .0.display()
    )]
    Locked(PathBuf),
}

/// An open journal.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    file: File,
    records: u64,
    chain: String,
    status: Status,
    /// Bytes of a record that was being written when the last run was killed.
    pub torn: usize,
}

impl Store {
    /// Opens the journal of a plan, or makes one; nobody else can open it for as long as the value lives.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(path: &Path, plan: &Plan, now: Timestamp) -> Result<Self, StoreError> {
        let failed = |error: std::io::Error| StoreError::File {
            path: path.to_path_buf(),
            error,
        };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        owner_only(&mut options);
        let mut file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked(path.to_path_buf())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed)?;
        let wrong = |error: JournalError| StoreError::Journal {
            path: path.to_path_buf(),
            error,
        };
        let read = journal::read(&bytes).map_err(wrong)?;
        let status = Status::replay(plan, &read.records).map_err(wrong)?;
        // A file without one whole record is a torn journal only if it begins as one: nothing else is cut off.
        let tail = &bytes[read.good..];
        let begins = tail
            .iter()
            .zip(BEGINNING)
            .all(|(byte, wanted)| byte == wanted);
        if read.records.is_empty() && !begins && tail.iter().any(|byte| *byte != 0) {
            return Err(wrong(JournalError::Record {
                n: 1,
                problem: "this is no journal".to_string(),
            }));
        }
        // One that somebody made readable, or copied, is the owner's again.
        keep_private(&file).map_err(failed)?;
        if read.torn > 0 {
            file.set_len(read.good as u64).map_err(failed)?;
            file.sync_all().map_err(failed)?;
        }
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut store = Store {
            path: path.to_path_buf(),
            file,
            records: read.records.len() as u64,
            chain: read
                .records
                .last()
                .map_or_else(String::new, |record| record.chain.clone()),
            status,
            torn: read.torn,
        };
        if store.records == 0 {
            sync_folder(path).map_err(failed)?;
            store.append(
                plan,
                now,
                Event::Opened {
                    format_version: journal::FORMAT_VERSION.to_string(),
                    plan: plan.digest.clone(),
                    cluster: plan.target.id.clone().unwrap_or_default(),
                    id: chance(),
                },
            )?;
        }
        Ok(store)
    }

    /// Reads a journal without locking it, as far as whole records go; `None`: there is none yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn look(path: &Path, plan: &Plan) -> Result<Option<(Status, Vec<Record>)>, StoreError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(StoreError::File {
                    path: path.to_path_buf(),
                    error,
                });
            }
        };
        let wrong = |error: JournalError| StoreError::Journal {
            path: path.to_path_buf(),
            error,
        };
        let read = journal::read(&bytes).map_err(wrong)?;
        let status = Status::replay(plan, &read.records).map_err(wrong)?;
        Ok((!read.records.is_empty()).then_some((status, read.records)))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn status(&self) -> &Status {
        &self.status
    }

    /// Writes a record and waits until it is on the disk.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing may be sent that the record was to announce.
    ///
    /// # Panics
    /// On an event that cannot follow: that is a mistake of the caller, and is not written.
    pub fn append(&mut self, plan: &Plan, at: Timestamp, event: Event) -> Result<(), StoreError> {
        let record = Record::new(self.records + 1, at, event, &self.chain);
        if let Err(wrong) = self.status.apply(plan, &record) {
            let problem = match wrong {
                Wrong::Sequence(problem) => problem,
                Wrong::Journal(error) => error.to_string(),
            };
            panic!("a record follows from the state it was made in: {problem}");
        }
        let mut line = serde_json::to_vec(&record).expect("a record is plain data");
        line.push(b'\n');
        let failed = |error: std::io::Error| StoreError::File {
            path: self.path.clone(),
            error,
        };
        self.file.write_all(&line).map_err(failed)?;
        self.file.sync_data().map_err(failed)?;
        self.records += 1;
        self.chain = record.chain;
        Ok(())
    }
}

/// Writes a whole file that only its owner may read, by way of another name: half of it is never seen.
///
/// # Errors
/// Those of the file system.
pub fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path
        .file_name()
        .ok_or_else(|| std::io::Error::other("it names no file"))?
        .to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    owner_only(&mut options);
    let written = options.open(&part).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    let written = written.and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written?;
    sync_folder(path)
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(0o600);
}

/// Windows gives a file the rights of its folder.
#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

#[cfg(unix)]
fn keep_private(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_private(_: &File) -> std::io::Result<()> {
    Ok(())
}

/// A new name in a folder is on the disk when the folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Sixteen digits that nobody else has.
fn chance() -> String {
    let mut bytes = [0; 8];
    // Without a source of chance the holder of the lock is told apart by its other parts.
    let _ = getrandom::fill(&mut bytes);
    crate::migrate::fingerprint::hex(&bytes)
}

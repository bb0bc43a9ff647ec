//! Every way facts come in: what each input kind lowers to, what is refused and in which words, and that no input of any size
//! or shape makes a reader panic, overflow or eat the machine.

mod addresses;
mod bounds;
#[cfg(feature = "azure")]
mod container_service;
mod damage;
mod dependents;
mod dialects;
mod maintenance;
#[cfg(feature = "azure")]
mod memory;
#[cfg(feature = "azure")]
mod operations;
mod recordings;
mod refused;
mod shapes;

use aksplan::model::Inventory;
use aksplan::source::{SourceError, read_document};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Reads files by content, in order, as `--from` does.
fn read(files: &[(&str, &str)]) -> Result<Inventory, SourceError> {
    let folder = Folder::new();
    for (name, content) in files {
        folder.write(name, content.as_bytes());
    }
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|(name, _)| folder.path.join(name))
        .collect();
    Ok(aksplan::source::load(&paths, &[])?.current)
}

/// One document, joined.
fn inventory(content: impl AsRef<[u8]>) -> Inventory {
    read_document("input", content.as_ref())
        .and_then(aksplan::source::Found::assemble)
        .unwrap_or_else(|error| panic!("{error}"))
        .current
}

fn problem(content: impl AsRef<[u8]>) -> String {
    match read_document("input", content.as_ref()).and_then(aksplan::source::Found::assemble) {
        Ok(_) => panic!("was read"),
        Err(error) => error.to_string(),
    }
}

fn fixtures(dialect: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(dialect)
}

fn fixture(name: &str) -> String {
    std::fs::read_to_string(fixtures(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A folder of its own for one test, gone afterwards.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new() -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("readers-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the target folder can be written");
        Folder { path }
    }

    fn write(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.path.join(name);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder"))
            .expect("folders can be made");
        std::fs::write(&path, content).expect("files can be written");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Runs the binary in a folder.
fn run(folder: &Folder, args: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_aksplan"))
        .args(args)
        .current_dir(&folder.path)
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built for this test");
    let mut input = child.stdin.take().expect("standard input is piped");
    // A command that fails early reads nothing.
    let _ = input.write_all(stdin);
    drop(input);
    child.wait_with_output().expect("the child ends")
}

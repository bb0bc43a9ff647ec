//! The real binary, pointed at a loopback Azure.

use crate::server::{Azure, TOKEN};
use aksplan::model::Inventory;
use aksplan::source::azure::Settings;
use aksplan::source::{Found, read_document};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// `None`: it did not end in time.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ran {
    pub fn all(&self) -> String {
        format!("{}\n{}", self.stdout, self.stderr)
    }
}

/// A folder of its own for one test, gone afterwards. It is the home of what runs in it, so that nobody's own sign-in is found.
pub struct Folder {
    pub path: PathBuf,
}

impl Folder {
    pub fn new() -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("azure-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("the target folder can be written");
        Folder { path }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// Longer than any answer of the loopback Azure takes, waits that it asks for included.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Runs `aksplan` with the arguments and the server's endpoint and token.
pub fn run(azure: &Azure, folder: &Folder, args: &[&str]) -> Ran {
    let endpoint = azure.endpoint();
    let mut all = args.to_vec();
    all.extend(["--arm-endpoint", &endpoint]);
    run_as(folder, &all, Some(TOKEN), PATIENCE)
}

/// Runs `aksplan` with exactly these arguments.
pub fn run_as(folder: &Folder, args: &[&str], token: Option<&str>, within: Duration) -> Ran {
    let out = folder.path.join("stdout.txt");
    let err = folder.path.join("stderr.txt");
    let file = |path: &Path| std::fs::File::create(path).expect("the folder can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_aksplan"));
    command
        .args(args)
        .current_dir(&folder.path)
        .env_clear()
        .env("PATH", "/nowhere")
        .env("HOME", &folder.path)
        .env("AZURE_CONFIG_DIR", &folder.path)
        .env("NO_PROXY", "127.0.0.1,localhost")
        .stdin(Stdio::null())
        .stdout(file(&out))
        .stderr(file(&err));
    if let Some(token) = token {
        command.env("AKSPLAN_ARM_TOKEN", token);
    }
    let began = Instant::now();
    let mut child = command.spawn().expect("the binary was built for this test");
    let code = loop {
        match child.try_wait().expect("the child can be waited for") {
            Some(status) => break status.code(),
            None if began.elapsed() > within => {
                let _ = child.kill();
                let _ = child.wait();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(3)),
        }
    };
    let took = began.elapsed();
    let text = |path: &Path| {
        String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
    };
    Ran {
        code,
        stdout: text(&out),
        stderr: text(&err),
        took,
    }
}

/// `aksplan snapshot`: how it ended, and the inventory that reading it back gives. A snapshot is of all that is there; what only
/// matters to one VNet is asked for by `capacity`, and by the same client in this process.
pub fn snapshot(azure: &Azure, args: &[&str]) -> (Ran, Option<Inventory>) {
    if args.contains(&"--vnet") {
        let folder = Folder::new();
        let mut all = vec!["capacity"];
        all.extend(args);
        let ran = run(azure, &folder, &all);
        azure.forget();
        let read = crate::client::inventory_with(azure, args, Settings::default());
        return (ran, read.ok());
    }
    let (ran, text) = snapshot_text(azure, args);
    let inventory = text.map(|text| {
        let read = read_document("estate.json", text.as_bytes()).and_then(Found::assemble);
        let mut inventory = read.unwrap_or_else(|error| panic!("{error}")).current;
        // The only thing that two readings of the same do not share.
        inventory.observed_at = None;
        inventory
    });
    (ran, inventory)
}

/// The binary's commands, as its help lists them.
pub fn commands() -> Vec<String> {
    let help = run_as(&Folder::new(), &["--help"], None, PATIENCE).stdout;
    let (_, list) = help.split_once("Commands:\n").expect("a list of commands");
    list.lines()
        .take_while(|line| !line.trim().is_empty())
        // A command is indented by two, what follows its explanation by more.
        .filter_map(|line| {
            line.strip_prefix("  ")
                .filter(|rest| !rest.starts_with(' '))
        })
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_string)
        .collect()
}

/// The same, as text.
pub fn snapshot_text(azure: &Azure, args: &[&str]) -> (Ran, Option<String>) {
    let folder = Folder::new();
    let mut all = vec!["snapshot", "-f", "estate.json"];
    all.extend(args);
    let ran = run(azure, &folder, &all);
    let text = std::fs::read_to_string(folder.path.join("estate.json")).ok();
    (ran, text)
}

/// A JSON answer without the instant it was observed at, which no two runs share.
pub fn timeless(text: &str) -> serde_json::Value {
    let mut answer: serde_json::Value = serde_json::from_str(text).expect("JSON");
    if let Some(fields) = answer.as_object_mut() {
        fields.remove("observed_at");
    }
    answer
}

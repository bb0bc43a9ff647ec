//! `aksplan report -f FILE`: the format by the name, and nothing overwritten that is no report.

use super::{run, stdout};
use std::fs;
use std::path::PathBuf;

const SCENARIO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/fintech.yaml");

/// An empty folder of this test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a writable target folder");
    folder
}

fn write(file: &std::path::Path) -> String {
    stdout(&[
        "report",
        "--from",
        SCENARIO,
        "-f",
        file.to_str().expect("UTF-8"),
    ])
}

#[test]
fn the_name_says_the_format_and_the_file_holds_what_is_printed() {
    let folder = folder("formats");
    let cases = [
        ("r.html", "html"),
        ("r.md", "markdown"),
        ("r.json", "json"),
        ("r.sarif", "sarif"),
        ("r.xml", "junit"),
    ];
    for (name, format) in cases {
        let file = folder.join(name);
        // Twice: a report may be made anew.
        for _ in 0..2 {
            assert_eq!(
                write(&file),
                "",
                "{name}: what is in a file is not printed as well"
            );
        }
        let printed = stdout(&["report", "--from", SCENARIO, "-o", format]);
        assert_eq!(
            fs::read_to_string(&file).expect("it was written"),
            printed,
            "{name}"
        );
    }
    let left: Vec<_> = fs::read_dir(&folder).expect("the folder").collect();
    assert_eq!(
        left.len(),
        cases.len(),
        "nothing else lies beside them: {left:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_report_is_for_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let file = folder("owner").join("r.html");
    write(&file);
    let mode = fs::metadata(&file)
        .expect("it was written")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_is_no_report_stays_as_it_is() {
    let folder = folder("kept");
    let plan = "{\n  \"kind\": \"aksplan migration plan\",\n  \"format_version\": \"1.0\"\n}\n";
    let terraform = "{\n  \"format_version\": \"1.2\",\n  \"terraform_version\": \"1.9.0\"\n}\n";
    let capacity = stdout(&["capacity", "--from", SCENARIO, "-o", "json"]);
    let cases: [(&str, &str, &str); 7] = [
        ("tfplan.json", terraform, "no report of aksplan"),
        ("capacity.json", &capacity, "no report of aksplan"),
        ("mine.md", "format_version: mine\n", "no report of aksplan"),
        ("notes.md", "# mine\n", "no report of aksplan"),
        ("plan.json", plan, "no report of aksplan"),
        (
            "page.html",
            "<!DOCTYPE html><title>mine</title>",
            "no report of aksplan",
        ),
        (
            "s.yaml",
            "apiVersion: aksplan/v1\n",
            "expected a name that ends in .html",
        ),
    ];
    for (name, text, wanted) in cases {
        let file = folder.join(name);
        fs::write(&file, text).expect("a writable folder");
        let answer = run(&[
            "report",
            "--from",
            SCENARIO,
            "-f",
            file.to_str().expect("UTF-8"),
        ]);
        let said = String::from_utf8_lossy(&answer.stderr).into_owned();
        assert_eq!(answer.status.code(), Some(2), "{name}: {said}");
        assert!(said.contains(wanted), "{name}: {said}");
        assert_eq!(
            fs::read_to_string(&file).expect("it is there"),
            text,
            "{name}"
        );
    }
    // Nor what is read, whatever format is named.
    let answer = run(&["report", "--from", SCENARIO, "-f", SCENARIO, "-o", "html"]);
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert_eq!(answer.status.code(), Some(2), "{said}");
    assert!(said.contains("it is read as well"), "{said}");
}

#[test]
fn growth_is_of_a_pool_that_is_there() {
    let said = |growth: &str| {
        let answer = run(&["report", "--from", SCENARIO, "--growth", growth]);
        assert_eq!(answer.status.code(), Some(2), "{growth}");
        String::from_utf8_lossy(&answer.stderr).into_owned()
    };
    assert!(said("nope=1").contains("no pool `nope`; known: apps, system"));
    assert!(said("apps=fast").contains("expected POOL=NODES"));
    assert!(said("apps=-1").contains("expected POOL=NODES"));
    let grown = stdout(&[
        "report", "--from", SCENARIO, "--growth", "apps=0.5", "-o", "markdown",
    ]);
    // 147 addresses are left: one node of 109, so 147 / 54.5 weeks.
    assert!(
        grown.contains("| as --growth says | 0.50 | 2 weeks | subnet spoke-payments/aks |"),
        "{grown}"
    );
}

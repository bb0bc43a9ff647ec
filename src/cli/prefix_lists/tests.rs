use super::*;

/// Runs a command over standard input alone.
fn overlapping(input: &str, count: bool, output: ListFormat) -> (bool, String) {
    let lists = Lists {
        files: vec!["-".into()],
        output,
    };
    let mut out = Vec::new();
    let any = overlaps(
        &OverlapsArgs { lists, count },
        &mut input.as_bytes(),
        &mut out,
    )
    .unwrap();
    (any, String::from_utf8(out).unwrap())
}

fn merged(input: &str, output: ListFormat) -> String {
    let lists = Lists {
        files: vec!["-".into()],
        output,
    };
    let mut out = Vec::new();
    merge(&MergeArgs { lists }, &mut input.as_bytes(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

const LIST: &str =
    "10.1.0.0/16\n# hub\n10.0.0.0/8\n\n2001:db8::1\n2001:db8::/32\n10.1.0.0/16\n192.0.2.1\n";

#[test]
fn overlaps_come_container_first_with_the_lines_of_both() {
    let expected = "\
10.0.0.0/8  10.1.0.0/16  -:3  -:1
10.0.0.0/8  10.1.0.0/16  -:3  -:7
10.1.0.0/16  10.1.0.0/16  -:1  -:7
2001:db8::/32  2001:db8::1  -:6  -:5
";
    assert_eq!(
        overlapping(LIST, false, ListFormat::Table),
        (true, expected.into())
    );
    assert_eq!(
        overlapping(LIST, true, ListFormat::Table),
        (true, "4\n".into())
    );
    assert_eq!(
        overlapping("10.0.0.0/9\n10.128.0.0/9", false, ListFormat::Table),
        (false, String::new())
    );
    assert_eq!(
        overlapping("", true, ListFormat::Table),
        (false, "0\n".into())
    );
}

#[test]
fn json_is_one_document() {
    let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    let (_, text) = overlapping(LIST, false, ListFormat::Json);
    let document = read(&text);
    assert_eq!(document["format_version"], "1.0");
    assert_eq!(
        (&document["prefixes"], &document["pairs"]),
        (&6.into(), &4.into())
    );
    assert_eq!(document["overlaps"].as_array().unwrap().len(), 4);
    let last = serde_json::json!({
        "a": "2001:db8::/32", "a_file": "-", "a_line": 6, "b": "2001:db8::1", "b_file": "-", "b_line": 5
    });
    assert_eq!(document["overlaps"][3], last);
    assert_eq!(
        read(&overlapping("", false, ListFormat::Json).1)["overlaps"],
        serde_json::json!([])
    );
    assert_eq!(
        read(&overlapping(LIST, true, ListFormat::Json).1)["pairs"],
        4
    );
    let document = read(&merged(LIST, ListFormat::Json));
    assert_eq!(document["prefixes_in"], 6);
    assert_eq!(
        document["prefixes"],
        serde_json::json!(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"])
    );
}

#[test]
fn merge_prints_one_prefix_a_line() {
    assert_eq!(
        merged(LIST, ListFormat::Table),
        "10.0.0.0/8\n192.0.2.1\n2001:db8::/32\n"
    );
    assert_eq!(merged("# nothing\n", ListFormat::Table), "");
}

#[test]
fn standard_input_cannot_be_read_twice() {
    let lists = Lists {
        files: vec!["-".into(), "-".into()],
        output: ListFormat::Table,
    };
    let error = merge(&MergeArgs { lists }, &mut &b""[..], &mut Vec::new()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("-: standard input is named twice"),
        "{error}"
    );
}

#[test]
fn a_directory_and_a_missing_file_are_source_errors() {
    for file in [".", "no/such/list"] {
        let lists = Lists {
            files: vec![file.into()],
            output: ListFormat::Table,
        };
        let error = merge(&MergeArgs { lists }, &mut &b""[..], &mut Vec::new()).unwrap_err();
        assert!(
            matches!(&error, PrefixListsError::Source(e) if e.file == file),
            "{error}"
        );
    }
}

/// A pipe whose reader has gone.
struct Closed(io::ErrorKind);

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_closed_pipe_ends_quietly_and_a_full_disk_does_not() {
    let lists = Lists {
        files: vec!["-".into()],
        output: ListFormat::Table,
    };
    let args = OverlapsArgs {
        lists,
        count: false,
    };
    let any = overlaps(
        &args,
        &mut LIST.as_bytes(),
        &mut Closed(io::ErrorKind::BrokenPipe),
    );
    assert!(any.unwrap());
    let error = overlaps(
        &args,
        &mut LIST.as_bytes(),
        &mut Closed(io::ErrorKind::StorageFull),
    )
    .unwrap_err();
    assert!(matches!(error, PrefixListsError::Write(_)));
}

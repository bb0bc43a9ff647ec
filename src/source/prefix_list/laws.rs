//! The reader against `parse_cidr`, against itself by another way, and against bytes that are no list at all.

use super::dotted::v4;
use super::*;
use crate::capacity::prefix_set::text::push_prefix;
use crate::model::cidr::parse_cidr;
use proptest::prelude::*;
use std::fmt::Write;

fn nets(bytes: &[u8]) -> Result<Vec<IpNet>, SourceError> {
    Ok(parse_with_lines("list", bytes)?
        .into_iter()
        .map(|listed| listed.net)
        .collect())
}

fn error_of(bytes: &[u8]) -> String {
    let error = parse("list", bytes).unwrap_err();
    assert_eq!(parse_with_lines("list", bytes).unwrap_err(), error);
    assert_eq!(read_numbered("list", &mut &*bytes).unwrap_err(), error);
    error.to_string()
}

/// What we refuse and `ipnet`, under `parse_cidr`, takes for decimal: `10.0.0.010/31`, `10.0.0.0/08`.
fn has_leading_zeros(text: &str) -> bool {
    let dotted = text.rsplit(':').next().filter(|tail| tail.contains('.'));
    let numbers = dotted
        .or(text.rsplit_once('/').map(|(_, length)| length))
        .unwrap_or_default();
    numbers
        .split(['.', '/'])
        .any(|number| number.trim().len() > 1 && number.trim().starts_with('0'))
}

/// Texts that are prefixes, nearly prefixes, or made of the same characters.
fn nearly_a_prefix() -> impl Strategy<Value = String> {
    let number = prop_oneof![0..=256u32, 0..=12u32, 990..=1100u32];
    let dotted = (
        prop::collection::vec(number.clone(), 3..6),
        prop::option::of(0..=34u32),
    )
        .prop_map(|(octets, length)| {
            let octets: Vec<String> = octets.iter().map(u32::to_string).collect();
            octets.join(".") + &length.map_or(String::new(), |l| format!("/{l}"))
        });
    let cleared = (any::<u32>(), 0..=32u8).prop_map(|(address, length)| {
        ipnet::Ipv4Net::new(address.into(), length)
            .unwrap()
            .trunc()
            .to_string()
    });
    let v6 = (any::<u128>(), 0..=128u8).prop_map(|(address, length)| {
        ipnet::Ipv6Net::new(address.into(), length)
            .unwrap()
            .trunc()
            .to_string()
    });
    prop_oneof![2 => dotted, 2 => cleared, 1 => v6, 2 => r"0?[0-9]{1,3}(\.0?[0-9]{1,2}){3}(/0?[0-9]{1,2})?", 2 => "[0-9./:a]{0,20}", 1 => "[ -~]{0,20}"]
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(parse("list", &bytes).map(|list| list.len()), nets(&bytes).map(|nets| nets.len()));
    }

    #[test]
    fn a_line_is_read_like_any_other_prefix(text in nearly_a_prefix()) {
        prop_assume!(!text.contains(['#', ';']) && !text.trim().is_empty());
        let expected = parse_cidr(&text).ok().filter(|_| !has_leading_zeros(&text));
        prop_assert_eq!(nets(text.as_bytes()).ok(), expected.map(|net| vec![net]));
        prop_assert_eq!(parse("list", text.as_bytes()).is_ok(), expected.is_some());
    }

    /// The fast reading of the common case accepts nothing that the definition of a line would not, and nothing else.
    #[test]
    fn what_is_read_without_branches_is_read_right(text in nearly_a_prefix(), after in "[\n #a-z]{0,30}") {
        let bytes = [text.as_bytes(), after.as_bytes()].concat();
        if let Some((address, length, used)) = v4(&bytes) {
            let whole = std::str::from_utf8(&bytes[..used]).unwrap();
            let net: ipnet::Ipv4Net = ipnet::Ipv4Net::new(address.into(), length).unwrap();
            prop_assert_eq!(parse_cidr(whole), Ok(net.into()));
        } else if let Ok(IpNet::V4(net)) = parse_cidr(&text) {
            prop_assert!(has_leading_zeros(&text) || text.trim() != text, "{} was not read as {}", text, net);
        }
    }

    #[test]
    fn what_is_written_is_read_back(texts in prop::collection::vec(nearly_a_prefix(), 0..50)) {
        let nets: Vec<IpNet> = texts.iter().filter_map(|text| parse_cidr(text).ok()).collect();
        let mut text = Vec::new();
        for net in &nets {
            push_prefix(*net, &mut text);
            text.push(b'\n');
        }
        prop_assert_eq!(super::laws::nets(&text), Ok(nets.clone()));
        let merged = parse("list", &text).unwrap().sorted().merge();
        let mut text = Vec::new();
        for net in merged.iter() {
            push_prefix(net, &mut text);
            text.push(b'\n');
        }
        prop_assert_eq!(parse("list", &text).unwrap().sorted().merge(), merged);
    }

    /// Cuts a good list anywhere: what remains is the same list but for its last line, or an error in that line.
    #[test]
    fn a_truncated_list_is_never_misread(cut in 0..60usize) {
        let text = "10.240.0.0/16\r\n# comment\n2001:db8::/32 ; hub\n\n192.0.2.77\n";
        let whole = nets(text.as_bytes()).unwrap();
        match parse_with_lines("list", &text.as_bytes()[..cut.min(text.len())]) {
            Ok(listed) => {
                let complete = listed.len().saturating_sub(1);
                prop_assert!(listed[..complete].iter().map(|l| l.net).eq(whole[..complete].iter().copied()));
            }
            Err(error) => {
                let (line, _) = error.position.unwrap();
                prop_assert_eq!(line as usize, text[..cut].lines().count());
            }
        }
    }
}

#[test]
fn everything_a_list_may_contain() {
    let text = "\u{feff}10.0.0.0/8\r\n\r\n  \t192.0.2.1 # the printer; old\n;2001:db8::/32\n::1;\n2001:DB8::/32#lab \n0.0.0.0/0";
    let listed = parse_with_lines("list", text.as_bytes()).unwrap();
    let shown: Vec<_> = listed
        .iter()
        .map(|l| (l.net.to_string(), l.line, l.comment.as_deref()))
        .collect();
    let expected = [
        ("10.0.0.0/8".to_string(), 1, None),
        ("192.0.2.1/32".into(), 3, Some("the printer; old")),
        ("::1/128".into(), 5, None),
        ("2001:db8::/32".into(), 6, Some("lab")),
        ("0.0.0.0/0".into(), 7, None),
    ];
    assert_eq!(shown, expected);
    assert_eq!(parse("list", text.as_bytes()).unwrap().len(), 5);
    for empty in ["", "\n", "\u{feff}", "# only a comment", " \r\n"] {
        assert!(
            parse("list", empty.as_bytes()).unwrap().is_empty(),
            "{empty:?}"
        );
    }
}

#[test]
fn errors_say_where_what_and_what_was_expected() {
    let check = |line: &str, expected: &str| {
        assert_eq!(error_of(format!("::1\n{line}\n").as_bytes()), expected)
    };
    check(
        "10.0.0.1/8",
        "list:2:1: `10.0.0.1/8` has host bits set; expected the prefix 10.0.0.0/8, or the address alone",
    );
    check(
        " 2001:db8::1/32 # hub",
        "list:2:2: `2001:db8::1/32` has host bits set; expected the prefix 2001:db8::/32, or the address alone",
    );
    check(
        "010.1.2.3",
        "list:2:1: `010` in `010.1.2.3` has leading zeros, which some programs read as octal; expected decimal numbers \
         without them",
    );
    check(
        "10.0.256.0/24",
        "list:2:6: `256` in `10.0.256.0/24` is not a byte; expected 0 to 255",
    );
    check(
        "10.0.0.0/33",
        "list:2:10: prefix length `33`; expected 0 to 32 without leading zeros",
    );
    check(
        "10.0.0.0/",
        "list:2:10: prefix length ``; expected 0 to 32 without leading zeros",
    );
    check(
        "10.0.0.0/08",
        "list:2:10: prefix length `08`; expected 0 to 32 without leading zeros",
    );
    check(
        "::/129",
        "list:2:4: prefix length `129`; expected 0 to 128 without leading zeros",
    );
    check(
        "10.0.0.0/8 10.1.0.0/16",
        "list:2:12: `10.1.0.0/16` after the prefix; expected one prefix a line, then at most a comment",
    );
    check(
        "10.0.0/8",
        "list:2:1: `10.0.0/8` is not a CIDR; expected an address and a prefix length, as in 10.240.0.0/22, or one address",
    );
    check(
        "::1\r::2",
        "list:2:4: a carriage return within a line; expected lines to end in LF or CRLF",
    );
    check(
        "# a\r10.0.0.0/8",
        "list:2:4: a carriage return within a line; expected lines to end in LF or CRLF",
    );
}

#[test]
fn no_number_has_leading_zeros() {
    for good in ["0.0.0.0", "9.10.99.100", "0.0.0.0/0", "100.0.0.0/9"] {
        assert!(parse("list", good.as_bytes()).is_ok(), "{good}");
    }
    for bad in [
        "00.0.0.0",
        "01.0.0.0",
        "0.099.0.0",
        "0.0.010.0",
        "0.0.0.000",
        "0.0.0.0/00",
        "1.0.0.0/032",
        "0100.0.0.0",
    ] {
        assert!(error_of(bad.as_bytes()).contains("leading zeros"), "{bad}");
    }
}

#[test]
fn quotes_are_short_and_harmless() {
    let quoted = |line: &[u8]| {
        let text = error_of(line);
        text.split('`').nth(1).unwrap().to_string()
    };
    assert_eq!(quoted(b"\x1b[31mred\x07\x00"), r"\u{1b}[31mred\u{7}\0");
    assert_eq!(quoted(b"\xff\xfe1\x00"), r"\xff\xfe1\0");
    assert_eq!(quoted("\u{202e}1.0.0.01".as_bytes()), r"\u{202e}1.0.0.01");
    assert_eq!(quoted("äöü".as_bytes()), "äöü");
    assert_eq!(quoted(&[b'x'; 1_000_000]), "x".repeat(60) + "…");
    assert!(quoted(&[0x1b; 1000]).len() <= 63);
    assert_eq!(
        error_of("é 1".as_bytes()).split(": ").next(),
        Some("list:1:3"),
        "columns are characters"
    );
}

/// Lines of different lengths, so that chunks and blocks end anywhere within them.
fn long_list(lines: usize) -> String {
    let mut text = String::new();
    for i in 0..lines {
        match i % 1000 {
            999 => writeln!(text, "# line {i}").unwrap(),
            500 => writeln!(text, "2001:db8:{:x}::/48", i / 1000).unwrap(),
            _ => writeln!(text, "10.{}.{}.{}", i >> 16 & 255, i >> 8 & 255, i & 255).unwrap(),
        }
    }
    text
}

#[test]
fn blocks_and_chunks_leave_no_seam() {
    let text = long_list(400_000); // 5 MB: three blocks
    let by_line = parse_with_lines("list", text.as_bytes()).unwrap();
    let numbered = read_numbered("list", &mut text.as_bytes()).unwrap();
    assert_eq!(numbered.len(), by_line.len());
    let (mut expected, mut plain) = (PrefixList::default(), PrefixList::default());
    for listed in &by_line {
        expected.push(listed.net, listed.line);
        plain.push(listed.net, ());
    }
    assert!(numbered.sorted() == expected.sorted());
    assert!(parse("list", text.as_bytes()).unwrap().sorted() == plain.sorted());
}

#[test]
fn the_first_bad_line_is_found_wherever_the_borders_are() {
    let text = long_list(400_000);
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.match_indices('\n').map(|(at, _)| at + 1))
        .collect();
    // Around the borders of chunks (64 KiB) and blocks (2 MiB), first and last line, with a second bad line far behind.
    for border in [0, 1, 65_536, 131_072, 2_097_152, 4_194_304, text.len() - 1] {
        let near = starts.partition_point(|start| *start <= border) - 1;
        for line in near.saturating_sub(2)..(near + 3).min(400_000) {
            let mut bytes = text.clone().into_bytes();
            bytes[starts[line]] = b'!';
            let last = bytes.len() - 2;
            bytes[last] = b'!';
            let error = parse("list", &bytes).unwrap_err();
            assert_eq!(error.position.map(|(line, _)| line), Some(line as u64 + 1));
            assert_eq!(read_numbered("list", &mut &bytes[..]).unwrap_err(), error);
        }
    }
}

#[test]
fn one_line_may_be_longer_than_any_buffer() {
    let comment = format!("10.0.0.0/8 #{}\n::1", " long".repeat(1_000_000));
    assert_eq!(parse("list", comment.as_bytes()).unwrap().len(), 2);
    let one_line = "10.0.0.0/8 ".repeat(1_000_000);
    assert_eq!(
        error_of(one_line.as_bytes()).split(": ").next(),
        Some("list:1:12")
    );
}

#[test]
fn an_input_that_fails_half_way_is_an_error() {
    struct Failing(usize);
    impl Read for Failing {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            match self.0 {
                1 => Err(std::io::ErrorKind::Interrupted.into()),
                2 => {
                    room[..4].copy_from_slice(b"::1\n");
                    Ok(4)
                }
                _ => Err(std::io::Error::other("the disk is gone")),
            }
        }
    }
    let error = read("list", &mut Failing(0)).unwrap_err();
    assert_eq!(error.to_string(), "list: cannot be read: the disk is gone");
}

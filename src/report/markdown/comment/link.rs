//! Marks and links that may be written into Markdown.

use std::fmt::Write;

/// A key as letters that cannot end a comment of HTML: everything else is percent-encoded, so that no two keys become one.
pub(super) fn encoded(key: &str) -> String {
    let mut out = String::new();
    for byte in key.bytes() {
        match byte {
            b'-' if out.ends_with('-') => out.push_str("%2D"),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' => {
                out.push(char::from(byte));
            }
            byte => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// A link that may be written: http or https, and nothing in it that would end it.
///
/// # Errors
/// A sentence about what is wrong with it.
pub fn checked_link(link: &str) -> Result<String, String> {
    let lower = link.to_ascii_lowercase();
    let host = ["https://", "http://"]
        .iter()
        .find_map(|scheme| lower.strip_prefix(scheme));
    if host.is_none_or(|host| host.is_empty() || host.starts_with('/')) {
        return Err("expected an address that begins with https:// or http://".to_string());
    }
    let bad = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '`' | '\\' | '|')
    };
    match link.chars().find(|c| bad(*c)) {
        Some(c) => Err(format!("holds {c:?}; write it percent-encoded")),
        None => Ok(link.to_string()),
    }
}

/// Brackets of an address end a link in Markdown.
pub(super) fn encoded_link(link: &str) -> String {
    link.replace('(', "%28")
        .replace(')', "%29")
        .replace('[', "%5B")
        .replace(']', "%5D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_end_the_comment() {
        for (key, want) in [
            ("prod-1_a.b/c", "prod-1_a.b/c"),
            ("--><!--", "-%2D%3E%3C%21-%2D"),
            ("ü", "%C3%BC"),
            ("a\n", "a%0A"),
        ] {
            assert_eq!(encoded(key), want);
        }
    }

    #[test]
    fn links() {
        assert!(checked_link("https://dev.azure.com/o/p/_build?buildId=1&view=artifacts").is_ok());
        for link in [
            "javascript:alert(1)",
            "https://",
            "https:///x",
            "ftp://x",
            "https://a b",
            "https://a\n",
            "http://<x>",
            "",
        ] {
            assert!(checked_link(link).is_err(), "{link}");
        }
    }
}

//! Text in Markdown: what a parser, a browser or a forge would act on is made to do nothing, and what is read and copied stays what it
//! was. Knows nothing of blocks.

use crate::report::spans::{Span, spans};
use crate::report::terminal::clean;

/// Behind a sign that a forge would link, where no code can stand: a character without width, as dependabot puts it there.
const NO_LINK: &str = "&#8203;";

/// Escapes what Markdown, HTML or a forge would act on. A word that a forge would link becomes code: no forge links in there, and what is
/// copied out of it is the word and nothing else.
///
/// Linked would be: addresses (`https://x`, `www.x`, `mailto:`, e-mail: the autolinks of GitHub Flavored Markdown 0.29, 6.9), `@user`, `#1`,
/// `GH-1` and commits (GitHub's "Autolinked references and URLs", read 2026-11), `!1` and `AB#1` (Azure DevOps). Not known is what an owner
/// of a repository links besides. Shown as something else would be `:tada:`, a picture, and what stands between `$`, mathematics.
pub fn escape(text: &str) -> String {
    let text = clean(text);
    let words: Vec<String> = text.split(' ').map(word).collect();
    words.join(" ")
}

fn word(word: &str) -> String {
    const BEFORE: [char; 5] = ['(', '[', '{', '"', '\''];
    const AFTER: [char; 10] = [')', ']', '}', '"', '\'', '.', ',', ';', ':', '?'];
    if !is_linked(word) {
        return signs(word, "");
    }
    let core = word.trim_start_matches(BEFORE);
    let before = &word[..word.len() - core.len()];
    let core = core.trim_end_matches(AFTER);
    let after = &word[before.len() + core.len()..];
    // No mark ends in it, and no cell of a table.
    if core.is_empty() || core.contains(['`', '|']) {
        return signs(word, NO_LINK);
    }
    format!("{}`{core}`{}", signs(before, ""), signs(after, ""))
}

/// Whether a forge would make a link, a mention, a picture or mathematics of it.
pub(super) fn is_linked(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let before = |sign: char, next: fn(char) -> bool| {
        lower
            .match_indices(sign)
            .any(|(at, _)| lower[at + sign.len_utf8()..].starts_with(next))
    };
    let digit = |c: char| c.is_ascii_digit();
    ["://", "www.", "mailto:", "xmpp:"]
        .iter()
        .any(|begins| lower.contains(begins))
        || before('@', |c| c.is_alphanumeric() || matches!(c, '_' | '-'))
        || before('#', digit)
        || before('!', digit)
        || lower
            .match_indices("gh-")
            .any(|(at, sign)| lower[at + sign.len()..].starts_with(digit))
        || lower
            .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_'))
            .any(is_commit)
        || lower.contains('$')
        || is_picture(&lower)
}

/// `:tada:` and the like; a time of day (`0:14:14`) has no letters between its colons.
fn is_picture(word: &str) -> bool {
    let mut between: Vec<&str> = word.split(':').skip(1).collect();
    between.pop();
    between.iter().any(|name| {
        let of_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '+' | '-');
        name.chars().all(of_name)
            && (name.contains(|c: char| c.is_ascii_alphabetic())
                || ["100", "1234", "+1", "-1"].contains(name))
    })
}

/// A commit as GitHub links it, were it one of the repository: the whole of a word, 7 to 40 digits of base 16.
fn is_commit(word: &str) -> bool {
    (7..=40).contains(&word.len()) && word.bytes().all(|c| c.is_ascii_hexdigit())
}

/// Escapes the signs of Markdown and HTML. `behind`: what stands behind a sign that begins a link.
fn signs(text: &str, behind: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // A sign of mathematics, which a backslash is not sure to take away.
            '$' => {
                escaped.push_str("&#36;");
                escaped.push_str(behind);
            }
            '|' | '\\' | '`' | '*' | '[' | ']' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            // An underscore inside a word means nothing in the Markdown both render.
            '_' if !(is_word(before) && is_word(after)) => escaped.push_str("\\_"),
            '@' | '#' | '!' | ':' | '.' | '-' => {
                escaped.push(c);
                escaped.push_str(behind);
            }
            c => escaped.push(c),
        }
        before = Some(c);
    }
    escaped
}

/// A sentence: commands in it keep their code marks.
pub(super) fn prose(text: &str) -> String {
    let text = clean(text);
    let mut out = String::with_capacity(text.len());
    let mut after_code = false;
    for span in spans(&text) {
        match span {
            // A mark would end a cell's code; and it stands in none of ours.
            Span::Code(code) if code.contains('|') => {
                out.push_str(&escape(&format!("`{code}`")));
                after_code = false;
            }
            Span::Code(code) => {
                out.push('`');
                out.push_str(code);
                out.push('`');
                after_code = true;
            }
            Span::Words(words) => {
                let words = escape(words);
                // Two marks beside each other are another mark.
                if after_code && words.starts_with('`') {
                    out.push_str(NO_LINK);
                }
                out.push_str(&words);
                after_code = false;
            }
        }
    }
    out
}

/// The same where a line begins: what would be a heading, a list or a rule there.
pub(super) fn line(text: &str) -> String {
    at_start(&escape(clean(text).trim_start()))
}

/// A sentence where a line begins.
pub(super) fn sentence(text: &str) -> String {
    at_start(&prose(clean(text).trim_start()))
}

fn at_start(text: &str) -> String {
    let number = text.bytes().take_while(u8::is_ascii_digit).count();
    let begins_with = |mark: &str| {
        text.strip_prefix(mark)
            .is_some_and(|after| after.is_empty() || after.starts_with(' '))
    };
    let is_rule = |c: char| text.len() > 2 && text.chars().all(|other| other == c || other == ' ');
    let position = match text.chars().next() {
        Some('#') if begins_with(&"#".repeat(text.len() - text.trim_start_matches('#').len())) => 0,
        Some('-') if begins_with("-") || is_rule('-') => 0,
        Some('+') if begins_with("+") => 0,
        Some('=') if is_rule('=') => 0,
        // `10.0.0.0/16` begins no list.
        Some('0'..='9') if number <= 9 => match text[number..].strip_prefix(['.', ')']) {
            Some(after) if after.is_empty() || after.starts_with(' ') => number,
            _ => return text.to_string(),
        },
        _ => return text.to_string(),
    };
    let (start, end) = text.split_at(position);
    format!("{start}\\{end}")
}

/// Text within an element of HTML, where Markdown is not read but links are made.
pub(super) fn in_element(text: &str) -> String {
    let text = clean(text);
    let words = text.split(' ').map(|word| {
        let behind = if is_linked(word) { NO_LINK } else { "" };
        let mut out = String::with_capacity(word.len());
        for c in word.chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '&' => out.push_str("&amp;"),
                '"' => out.push_str("&quot;"),
                '$' => {
                    out.push_str("&#36;");
                    out.push_str(behind);
                }
                // A forge that does read Markdown there finds none.
                '`' | '*' | '[' | ']' | '~' | '|' | '\\' | '_' => {
                    out.push_str(&format!("&#{};", u32::from(c)));
                }
                '@' | '#' | '!' | ':' | '.' | '-' => {
                    out.push(c);
                    out.push_str(behind);
                }
                c => out.push(c),
            }
        }
        out
    });
    words.collect::<Vec<String>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_names() {
        for (text, want) in [
            ("<script>", "&lt;script&gt;"),
            ("a](javascript:x)|b", "a\\](javascript:x)\\|b"),
            ("max_pods", "max_pods"),
            // Mathematics and pictures, which code is none of.
            ("cost $x_1^2$ now", "cost `$x_1^2$` now"),
            ("$|$", "&#36;&#8203;\\|&#36;&#8203;"),
            (":tada:", "`:tada`:"),
            (":+1:", "`:+1`:"),
            ("at 0:14:14", "at 0:14:14"),
            ("__init__", "\\_\\_init\\_\\_"),
            ("- x", "- x"),
        ] {
            assert_eq!(escape(text), want, "{text}");
        }
        for (text, want) in [
            ("# x", "\\# x"),
            ("###", "\\###"),
            ("#x", "#x"),
            ("  - x", "\\- x"),
            ("---", "\\---"),
            ("===", "\\==="),
            ("--window 4h", "--window 4h"),
            ("1. x", "1\\. x"),
            ("10.0.0.0/16", "10.0.0.0/16"),
            ("-5", "-5"),
            ("-", "\\-"),
        ] {
            assert_eq!(line(text), want, "{text}");
        }
    }

    /// No parser of ours makes these links, so what is written is looked at.
    #[test]
    fn no_forge_finds_a_link() {
        for (text, want) in [
            ("see http://evil.example/x.", "see `http://evil.example/x`."),
            ("(https://x)", "(`https://x`)"),
            ("FTP://x", "`FTP://x`"),
            ("www.evil.example", "`www.evil.example`"),
            ("mailto:a@b.example", "`mailto:a@b.example`"),
            ("a@b.example", "`a@b.example`"),
            (
                "@everyone #1 !2 gh-3 AB#12",
                "`@everyone` `#1` `!2` `gh-3` `AB#12`",
            ),
            ("Azure/AKS#3013", "`Azure/AKS#3013`"),
            (
                "fix a5c3785ed8d6a35868bc169f07e40e889087fd2e",
                "fix `a5c3785ed8d6a35868bc169f07e40e889087fd2e`",
            ),
            ("a5c3785", "`a5c3785`"),
            // Where code cannot stand, something stands between what would be linked.
            ("http://x|y", "http:&#8203;//x\\|y"),
            ("www.x`", "www.&#8203;x\\`"),
            ("@a|b", "@&#8203;a\\|b"),
            // Nothing that any forge links.
            (
                "aks-apps-38250194-vmss000003",
                "aks-apps-38250194-vmss000003",
            ),
            ("10.0.0.0/16: 1,048,576", "10.0.0.0/16: 1,048,576"),
            ("# ! @ #a", "# ! @ #a"),
        ] {
            assert_eq!(escape(text), want, "{text}");
        }
        assert_eq!(
            in_element("a <b> http://x #1 `c`"),
            "a &lt;b&gt; http:&#8203;//x #&#8203;1 &#96;c&#96;"
        );
    }

    #[test]
    fn commands_are_code_and_names_are_not() {
        for (text, want) in [
            ("give `az aks show`", "give `az aks show`"),
            ("`az` #1", "`az` `#1`"),
            ("`a|b` c", "\\`a\\|b\\` c"),
            ("pool x`y`z", "pool x\\`y\\`z"),
        ] {
            assert_eq!(prose(text), want, "{text}");
        }
        // Three runs of different length pair up with none: what looks like code is none.
        let hostile = prose("`x``<img>```");
        assert!(!hostile.contains("<img>"), "{hostile}");
    }
}

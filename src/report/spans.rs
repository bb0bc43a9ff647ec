//! Sentences as words and code: what stands between two code marks is a command or a word of a file. Escapes nothing.
//!
//! A mark opens where a word begins and closes where one ends, as our own sentences write it; any other is a letter of a name. What
//! errs: a name with marks around a whole word of it is shown as code, without them. It still cannot act: code is shown as it is.

/// A piece of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span<'a> {
    Words(&'a str),
    Code(&'a str),
}

/// A sentence in pieces, in order; their texts and the marks between them are the sentence.
pub fn spans(text: &str) -> Vec<Span<'_>> {
    // Marks side by side mean something else in Markdown, and none of ours are.
    if text.contains("``") {
        return vec![Span::Words(text)];
    }
    let mut spans = Vec::new();
    let (mut words, mut from) = (0, 0);
    while let Some(open) = text[from..].find('`').map(|at| from + at) {
        let inside = open + 1;
        let Some(close) = text[inside..].find('`').map(|at| inside + at) else {
            break;
        };
        let code = &text[inside..close];
        let opens = text[..open]
            .chars()
            .next_back()
            .is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '"' | '\''));
        let closes = text[close + 1..].chars().next().is_none_or(|c| {
            c.is_whitespace()
                || matches!(
                    c,
                    '.' | ',' | ';' | ':' | '?' | '!' | ')' | ']' | '"' | '\''
                )
        });
        if !opens || !closes || code.is_empty() || code.starts_with(' ') || code.ends_with(' ') {
            from = inside;
            continue;
        }
        if words < open {
            spans.push(Span::Words(&text[words..open]));
        }
        spans.push(Span::Code(code));
        words = close + 1;
        from = words;
    }
    if words < text.len() {
        spans.push(Span::Words(&text[words..]));
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marks_around_words_are_marks() {
        use Span::{Code, Words};
        for (text, want) in [
            (
                "give `az aks show`",
                vec![Words("give "), Code("az aks show")],
            ),
            (
                "(`a`, `b`): c",
                vec![Words("("), Code("a"), Words(", "), Code("b"), Words("): c")],
            ),
            // Names with marks in them.
            ("pool a`b`c", vec![Words("pool a`b`c")]),
            ("x`y, give `az`", vec![Words("x`y, give "), Code("az")]),
            ("an odd `mark", vec![Words("an odd `mark")]),
            ("`x``<img>```", vec![Words("`x``<img>```")]),
            ("` `", vec![Words("` `")]),
            ("", vec![]),
        ] {
            assert_eq!(spans(text), want, "{text}");
        }
    }
}

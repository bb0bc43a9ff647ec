//! Texts as a page shows them: without control characters, and with the middle left out of what no name is as long as. Escapes nothing:
//! that is done where a text is put into the page.

use crate::report::terminal::clean;
use std::borrow::Cow;
use std::fmt::Write;

/// Names of Azure end at 90 characters and those of Kubernetes at 253, and an id of a resource holds a few. What is longer without a
/// blank is an accident or an attack, and would bury everything else.
const LONGEST: usize = 400;
const HEAD: usize = 120;
const TAIL: usize = 40;

/// A text as it is shown. Where something is left out, it says how long it was.
pub fn shown(text: &str) -> String {
    let text = clean(text);
    if text.len() <= LONGEST {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for (position, word) in text.split(' ').enumerate() {
        if position > 0 {
            shown.push(' ');
        }
        shown.push_str(&shortened(word));
    }
    shown
}

fn shortened(word: &str) -> Cow<'_, str> {
    let length = match word.len() <= LONGEST {
        true => return Cow::Borrowed(word),
        false => word.chars().count(),
    };
    if length <= LONGEST {
        return Cow::Borrowed(word);
    }
    let mut short: String = word.chars().take(HEAD).collect();
    write!(short, "…[{length} characters]…").expect("a String takes everything");
    short.extend(word.chars().skip(length - TAIL));
    Cow::Owned(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_no_name_is_shortened_and_says_so() {
        let name = "n".repeat(LONGEST);
        let sentence = format!("{name} {name} of {name}");
        assert_eq!(shown(&sentence), sentence);
        let japanese = "ノ".repeat(LONGEST);
        assert_eq!(shown(&japanese), japanese);
        let long = format!("pool {}end has 3 nodes", "x".repeat(9_997));
        let short = shown(&long);
        assert!(short.starts_with("pool xxx") && short.ends_with("xend has 3 nodes"));
        assert!(short.contains("…[10000 characters]…"), "{short}");
        assert!(short.chars().count() < 300, "{short}");
    }
}

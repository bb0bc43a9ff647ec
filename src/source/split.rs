//! Cuts a JSON array into its elements without reading them, so that every core can read some. Knows strings and nesting and
//! nothing else; what it cuts is parsed strictly afterwards, and what it cannot cut is left to the parser's own error.

/// The elements of an array, cut one by one. Iterative: nesting costs a counter, not stack.
#[derive(Debug)]
pub struct Elements<'a> {
    text: &'a str,
    at: usize,
    /// What follows the array, once its end was seen.
    after: Option<&'a str>,
    first: bool,
}

impl<'a> Elements<'a> {
    /// `None` when the text is no array.
    pub fn of(text: &'a str) -> Option<Self> {
        let start = text.bytes().position(|byte| !byte.is_ascii_whitespace())?;
        (text.as_bytes()[start] == b'[').then_some(Elements {
            text,
            at: start + 1,
            after: None,
            first: true,
        })
    }

    /// What follows the array; `None` while there are elements left, and for good when the array is not closed.
    pub fn after(&self) -> Option<&'a str> {
        self.after
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    /// The next element without the white space around it. Not looked into: it need not be JSON.
    fn next(&mut self) -> Option<&'a str> {
        if self.after.is_some() {
            return None;
        }
        let bytes = self.text.as_bytes();
        let from = self.at;
        let mut at = from;
        let mut depth = 0usize;
        loop {
            // Most bytes of printed JSON are white space, names and values: skip to the next one that means something.
            at += bytes
                .get(at..)?
                .iter()
                .position(|byte| MEANS[*byte as usize])?;
            match bytes[at] {
                b'"' => at = end_of_string(bytes, at + 1)?,
                b'{' | b'[' => depth += 1,
                b']' if depth == 0 => {
                    self.after = Some(&self.text[at + 1..]);
                    let last = self.text[from..at].trim_ascii();
                    // `[]` has no elements; `[1,]` has an empty one, which the parser refuses.
                    return (!last.is_empty() || !self.first).then_some(last);
                }
                b'}' | b']' => depth = depth.checked_sub(1)?,
                // The only other byte that means something is the comma.
                _ if depth == 0 => {
                    self.at = at + 1;
                    self.first = false;
                    return Some(self.text[from..at].trim_ascii());
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// Bytes that open or close something, or part elements.
static MEANS: [bool; 256] = {
    let mut means = [false; 256];
    let mut at = 0;
    let bytes = b"\"{}[],";
    while at < bytes.len() {
        means[bytes[at] as usize] = true;
        at += 1;
    }
    means
};

/// Position of the quote that ends a string.
fn end_of_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        // The byte behind a backslash is never the end.
        at += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All elements and what follows; `None` when the array is not one or not closed.
    fn elements(text: &str) -> Option<(Vec<&str>, &str)> {
        let mut cut = Elements::of(text)?;
        let all: Vec<&str> = cut.by_ref().collect();
        Some((all, cut.after()?))
    }

    #[test]
    fn cuts_at_the_top_level_only() {
        let (parts, rest) =
            elements(r#" [ {"a":[1,2],"b":"],}"} , [3, 4],"x\"," , null ] tail"#).unwrap();
        assert_eq!(
            parts,
            [r#"{"a":[1,2],"b":"],}"}"#, "[3, 4]", r#""x\",""#, "null"]
        );
        assert_eq!(rest, " tail");
        assert_eq!(elements("[]").unwrap().0, Vec::<&str>::new());
        assert_eq!(elements("[1,]").unwrap().0, ["1", ""]);
        for open in ["", "{}", "[", "[1", "[\"", "[\"\\", "[}", "1"] {
            assert_eq!(elements(open), None, "{open}");
        }
    }

    #[test]
    fn nesting_costs_no_stack() {
        let deep = format!("[{}{}]", "[".repeat(1_000_000), "]".repeat(1_000_000));
        assert_eq!(elements(&deep).unwrap().0.len(), 1);
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<i32>().prop_map(serde_json::Value::from),
            "[\\PC\"\\\\\\[\\]{},]{0,12}".prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                prop::collection::btree_map("[a-z\"\\\\]{0,4}", inner, 0..6)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// Against the parser: the same elements, however it is printed.
        #[test]
        fn agrees_with_the_parser(values in prop::collection::vec(json(), 0..8), pretty in any::<bool>()) {
            let array = serde_json::Value::from(values.clone());
            let text = if pretty { serde_json::to_string_pretty(&array) } else { serde_json::to_string(&array) }.unwrap();
            let (parts, rest) = elements(&text).unwrap();
            let parsed: Vec<serde_json::Value> = parts.iter().map(|part| serde_json::from_str(part).unwrap()).collect();
            prop_assert_eq!(parsed, values);
            prop_assert_eq!(rest, "");
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC*") {
            let _ = elements(&text);
            let _ = elements(&format!("[{text}"));
        }
    }
}

//! Terraform's addresses and references, taken apart: `module.net["eu"].azurerm_subnet.nodes[0].id`.

use std::fmt;

/// The key of one instance: of `count` a number, of `for_each` a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Number(u64),
    Text(String),
}

impl Key {
    /// The `index` of a resource in JSON; `None` for a resource without instances.
    pub fn from_json(value: &serde_json::Value) -> Option<Key> {
        match value {
            serde_json::Value::Number(number) => number.as_u64().map(Key::Number),
            serde_json::Value::String(text) => Some(Key::Text(text.clone())),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Number(number) => write!(f, "[{number}]"),
            Key::Text(text) => write!(f, "[{text:?}]"),
        }
    }
}

/// One module call on the way from the root: its name and, where it has instances, which.
pub type ModulePath = Vec<(String, Option<Key>)>;

/// The module path without instance keys, as the configuration knows it.
pub fn call_names(module: &ModulePath) -> Vec<String> {
    module.iter().map(|(name, _)| name.clone()).collect()
}

/// A part of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Name(String),
    Index(Key),
}

/// Takes a reference apart; `None` for what is none.
pub fn steps(text: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, tail) = rest.split_at(end);
        if name.is_empty() {
            return None;
        }
        steps.push(Step::Name(name.to_string()));
        rest = tail;
        while let Some(inside) = rest.strip_prefix('[') {
            let (key, tail) = index(inside)?;
            steps.push(Step::Index(key));
            rest = tail;
        }
        match rest.strip_prefix('.') {
            Some(tail) => rest = tail,
            None if rest.is_empty() => return Some(steps),
            None => return None,
        }
    }
}

/// What stands in brackets, and what follows them.
fn index(inside: &str) -> Option<(Key, &str)> {
    let Some(quoted) = inside.strip_prefix('"') else {
        let (number, tail) = inside.split_once(']')?;
        return Some((Key::Number(number.parse().ok()?), tail));
    };
    let mut text = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((Key::Text(text), quoted[at + 1..].strip_prefix(']')?)),
            '\\' => text.push(match characters.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            }),
            other => text.push(other),
        }
    }
    None
}

/// `module.a["x"].module.b` as a path; the empty text is the root. `None` for what is no module address.
pub fn module_path(address: &str) -> Option<ModulePath> {
    let mut path = ModulePath::new();
    if address.is_empty() {
        return Some(path);
    }
    let mut steps = steps(address)?.into_iter().peekable();
    while let Some(step) = steps.next() {
        let (Step::Name(word), Some(Step::Name(name))) = (step, steps.next()) else {
            return None;
        };
        if word != "module" {
            return None;
        }
        let key = match steps.peek() {
            Some(Step::Index(key)) => Some(key.clone()),
            _ => None,
        };
        if key.is_some() {
            steps.next();
        }
        path.push((name, key));
    }
    Some(path)
}

/// The references that an expression really makes. Terraform lists each followed by its own prefixes:
/// `azurerm_subnet.a[0].id`, `azurerm_subnet.a[0]`, `azurerm_subnet.a` is one reference, and only the first counts.
pub fn whole_references(listed: &[String]) -> Vec<Vec<Step>> {
    let mut whole: Vec<Vec<Step>> = Vec::new();
    let mut previous: Option<Vec<Step>> = None;
    for text in listed {
        let Some(steps) = steps(text) else { continue };
        let is_prefix = previous
            .as_ref()
            .is_some_and(|longer| longer.len() == steps.len() + 1 && longer.starts_with(&steps));
        if !is_prefix {
            whole.push(steps.clone());
        }
        previous = Some(steps);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Step {
        Step::Name(text.to_string())
    }

    #[test]
    fn references_come_apart() {
        assert_eq!(
            steps(r#"azurerm_subnet.a["x.y]\"z"].id"#).unwrap(),
            [
                name("azurerm_subnet"),
                name("a"),
                Step::Index(Key::Text("x.y]\"z".to_string())),
                name("id")
            ]
        );
        for bad in [
            "", ".", "a.", "a[", "a[1", "a[-1]", "a[\"", "a[\"x\"", "a[0]b", "a[\"\\",
        ] {
            assert_eq!(steps(bad), None, "{bad}");
        }
    }

    #[test]
    fn module_addresses_come_apart() {
        assert_eq!(module_path("").unwrap(), []);
        assert_eq!(
            module_path(r#"module.a["k/1"].module.b[2]"#).unwrap(),
            [
                ("a".to_string(), Some(Key::Text("k/1".to_string()))),
                ("b".to_string(), Some(Key::Number(2)))
            ]
        );
        for bad in ["module", "a.b", "module.a.b", "module.a.module"] {
            assert_eq!(module_path(bad), None, "{bad}");
        }
    }

    #[test]
    fn prefixes_of_a_reference_are_not_references() {
        let listed = ["s.a[0].id", "s.a[0]", "s.a", "s.a", "count.index"].map(String::from);
        let whole = whole_references(&listed);
        assert_eq!(whole.len(), 3);
        assert_eq!(whole[1], [name("s"), name("a")]);
    }
}

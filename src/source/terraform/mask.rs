//! What Terraform says about values in trees beside them.

use serde_json::Value;

/// A tree shaped like the values that says `true` of some of them: `after_unknown`, `after_sensitive`.
#[derive(Debug, Clone, Copy)]
pub struct Mask<'a>(Option<&'a Value>);

impl<'a> Mask<'a> {
    pub fn new(tree: &'a Value) -> Self {
        Mask(Some(tree))
    }

    pub fn field(self, name: &str) -> Mask<'a> {
        Mask(match self.0 {
            Some(whole @ Value::Bool(true)) => Some(whole),
            Some(Value::Object(fields)) => fields.get(name),
            _ => None,
        })
    }

    pub fn item(self, position: usize) -> Mask<'a> {
        Mask(match self.0 {
            Some(whole @ Value::Bool(true)) => Some(whole),
            Some(Value::Array(items)) => items.get(position),
            _ => None,
        })
    }

    pub fn whole(self) -> bool {
        matches!(self.0, Some(Value::Bool(true)))
    }

    /// True of a list when it is true of any element.
    pub fn any(self) -> bool {
        match self.0 {
            Some(Value::Array(items)) => items.iter().any(|item| Mask(Some(item)).whole()),
            _ => self.whole(),
        }
    }
}

//! Attributes of one resource or block, read with their path. An attribute is known, unset, or unknown until apply; a value of
//! the wrong shape is an error that says where and what was expected, and never quotes what Terraform marks as sensitive.

use super::mask::Mask;
use crate::model::{IpNet, parse_cidr};
use crate::source::SourceError;
use crate::source::facts::Origin;
use serde_json::Value;

/// What a plan says of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Field<T> {
    Known(T),
    /// Absent or null.
    Unset,
    /// Terraform learns it during apply.
    Unknown,
}

impl<T> Field<T> {
    pub fn known(self) -> Option<T> {
        match self {
            Field::Known(value) => Some(value),
            Field::Unset | Field::Unknown => None,
        }
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Field::Unknown)
    }
}

/// The attributes of a resource, or of a block in one.
#[derive(Debug, Clone)]
pub struct Block<'a> {
    origin: &'a Origin,
    /// From the resource's origin; empty for the resource itself.
    path: String,
    values: &'a Value,
    unknown: Mask<'a>,
    sensitive: Mask<'a>,
}

impl<'a> Block<'a> {
    /// `values` must be an object; anything else reads as one without attributes.
    pub fn new(
        origin: &'a Origin,
        values: &'a Value,
        unknown: &'a Value,
        sensitive: &'a Value,
    ) -> Self {
        Block {
            origin,
            path: String::new(),
            values,
            unknown: Mask::new(unknown),
            sensitive: Mask::new(sensitive),
        }
    }

    fn at(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_string()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    pub fn error(&self, name: &str, problem: impl Into<String>) -> SourceError {
        self.origin.error(&self.at(name), problem)
    }

    /// A value for a message; hidden where it is sensitive.
    pub fn shown(&self, name: &str, value: impl std::fmt::Display) -> String {
        if self.is_sensitive(name) {
            "a sensitive value, not shown,".to_string()
        } else {
            value.to_string()
        }
    }

    pub fn is_sensitive(&self, name: &str) -> bool {
        self.sensitive.field(name).any()
    }

    fn raw(&self, name: &str) -> Field<&'a Value> {
        if self.unknown.field(name).any() {
            return Field::Unknown;
        }
        match self.values.get(name) {
            None | Some(Value::Null) => Field::Unset,
            Some(value) => Field::Known(value),
        }
    }

    fn read<T>(
        &self,
        name: &str,
        expected: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<Field<T>, SourceError> {
        match self.raw(name) {
            Field::Unset => Ok(Field::Unset),
            Field::Unknown => Ok(Field::Unknown),
            Field::Known(value) => read(value)
                .map(Field::Known)
                .ok_or_else(|| self.error(name, format!("{}; expected {expected}", shape(value)))),
        }
    }

    /// A text. The empty text counts as unset: the provider writes it for null.
    pub fn text(&self, name: &str) -> Result<Field<&'a str>, SourceError> {
        Ok(match self.read(name, "a text", Value::as_str)? {
            Field::Known("") => Field::Unset,
            field => field,
        })
    }

    pub fn flag(&self, name: &str) -> Result<Field<bool>, SourceError> {
        self.read(name, "true or false", |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => text.parse().ok(),
            _ => None,
        })
    }

    /// The first of several spellings that says anything: the provider renamed attributes between 3.x and 4.x.
    pub fn first_flag(&self, names: &[&str]) -> Result<Field<bool>, SourceError> {
        for name in names {
            match self.flag(name)? {
                Field::Unset => {}
                field => return Ok(field),
            }
        }
        Ok(Field::Unset)
    }

    /// A whole number from 0 to `most`; also as `3.0` or `"3"`.
    pub fn count(&self, name: &str, most: u64) -> Result<Field<u64>, SourceError> {
        self.read(name, &format!("a whole number from 0 to {most}"), |value| {
            let number = match value {
                Value::String(text) => text.trim().parse().ok(),
                Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
                _ => None,
            };
            number.filter(|number| *number <= most)
        })
    }

    /// A text or a number, as text.
    pub fn word(&self, name: &str) -> Result<Field<String>, SourceError> {
        let word = self.read(name, "a text or a number", |value| match value {
            Value::String(text) => Some(text.trim().to_string()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })?;
        Ok(match word {
            Field::Known(word) if word.is_empty() => Field::Unset,
            field => field,
        })
    }

    pub fn texts(&self, name: &str) -> Result<Field<Vec<&'a str>>, SourceError> {
        self.read(name, "a list of texts", |value| {
            value.as_array()?.iter().map(Value::as_str).collect()
        })
    }

    /// The number of elements of a list. A list with unknown elements still has a length; one that is unknown has none.
    pub fn length(&self, name: &str) -> Result<Field<u64>, SourceError> {
        if self.unknown.field(name).whole() {
            return Ok(Field::Unknown);
        }
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(Field::Unset),
            Some(Value::Array(items)) => Ok(Field::Known(items.len() as u64)),
            Some(other) => Err(self.error(name, format!("{}; expected a list", shape(other)))),
        }
    }

    pub fn cidr(&self, name: &str) -> Result<Field<IpNet>, SourceError> {
        Ok(match self.text(name)? {
            Field::Known(text) => Field::Known(self.parse_cidr(name, name, text)?),
            Field::Unset => Field::Unset,
            Field::Unknown => Field::Unknown,
        })
    }

    pub fn cidrs(&self, name: &str) -> Result<Field<Vec<IpNet>>, SourceError> {
        Ok(match self.texts(name)? {
            Field::Known(texts) => Field::Known(
                texts
                    .into_iter()
                    .enumerate()
                    .map(|(position, text)| {
                        self.parse_cidr(name, &format!("{name}[{position}]"), text)
                    })
                    .collect::<Result<_, _>>()?,
            ),
            Field::Unset => Field::Unset,
            Field::Unknown => Field::Unknown,
        })
    }

    fn parse_cidr(&self, name: &str, at: &str, text: &str) -> Result<IpNet, SourceError> {
        parse_cidr(text).map_err(|error| {
            self.error(
                at,
                if self.is_sensitive(name) {
                    "a sensitive value, not shown, is not a CIDR without host bits; expected one as in 10.240.0.0/22"
                        .to_string()
                } else {
                    error.to_string()
                },
            )
        })
    }

    /// Nested blocks. `Unset` when there are none.
    pub fn blocks(&self, name: &str) -> Result<Field<Vec<Block<'a>>>, SourceError> {
        let unknown = self.unknown.field(name);
        let sensitive = self.sensitive.field(name);
        if unknown.whole() {
            return Ok(Field::Unknown);
        }
        let expected = |at: String, found: &Value| {
            self.error(&at, format!("{}; expected a block", shape(found)))
        };
        let items = match self.values.get(name) {
            None | Some(Value::Null) => return Ok(Field::Unset),
            Some(Value::Array(items)) => items,
            Some(other) => {
                return Err(
                    self.error(name, format!("{}; expected a list of blocks", shape(other)))
                );
            }
        };
        if items.is_empty() {
            return Ok(Field::Unset);
        }
        items
            .iter()
            .enumerate()
            .map(|(position, item)| {
                let whole = unknown.item(position).whole();
                if !item.is_object() && !whole {
                    return Err(expected(format!("{name}[{position}]"), item));
                }
                Ok(Block {
                    origin: self.origin,
                    path: format!("{}[{position}]", self.at(name)),
                    values: item,
                    unknown: unknown.item(position),
                    sensitive: sensitive.item(position),
                })
            })
            .collect::<Result<_, _>>()
            .map(Field::Known)
    }

    /// A block that occurs at most once.
    pub fn block(&self, name: &str) -> Result<Field<Block<'a>>, SourceError> {
        Ok(match self.blocks(name)? {
            Field::Known(blocks) => blocks.into_iter().next().map_or(Field::Unset, Field::Known),
            Field::Unset => Field::Unset,
            Field::Unknown => Field::Unknown,
        })
    }
}

/// A float that names one whole number.
fn whole(value: f64) -> Option<u64> {
    (value.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&value))
        .then_some(value as u64)
}

/// What was found, without quoting it: it may be a secret.
fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "is null",
        Value::Bool(_) => "is true or false",
        Value::Number(_) => "is a number",
        Value::String(_) => "is a text",
        Value::Array(_) => "is a list",
        Value::Object(_) => "is an object",
    }
}

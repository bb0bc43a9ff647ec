//! The part of Resource Graph that a reader of VNets and clusters needs: a table, `where` over a few columns, `project`,
//! `order by`, `limit`, pages. A query that it does not understand is refused with the clause named, never guessed.

use super::world::{World, segment};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What a query answers, or the message of its 400.
pub fn answer(world: &World, body: &Value, page_size: usize) -> Result<Value, String> {
    let query = body["query"]
        .as_str()
        .ok_or("the request has no `query`")?
        .trim();
    let asked = scope(world, body)?;
    let mut clauses = clauses(query).into_iter();
    let table = clauses.next().unwrap_or_default().to_ascii_lowercase();
    let mut rows: Vec<Value> = match table.as_str() {
        "resources" => world
            .resources()
            // Children of resources are no rows of their own.
            .filter(|resource| resource.kind.matches('/').count() == 1)
            .filter(|resource| {
                segment(&resource.id, "subscriptions")
                    .is_some_and(|id| asked.contains(&id.to_ascii_lowercase()))
            })
            .map(|resource| (*resource.row()).clone())
            .collect(),
        "resourcecontainers" => world
            .subscriptions
            .iter()
            .filter(|subscription| asked.contains(&subscription.id.to_ascii_lowercase()))
            .map(|subscription| {
                json!({
                    "id": format!("/subscriptions/{}", subscription.id),
                    "name": subscription.name,
                    "type": "microsoft.resources/subscriptions",
                    "subscriptionId": subscription.id,
                    "properties": {"state": "Enabled"},
                })
            })
            .collect(),
        other => return Err(format!("the table `{other}` is not known")),
    };
    let mut ordered = false;
    for clause in clauses {
        let (word, rest) = clause
            .split_once(char::is_whitespace)
            .unwrap_or((&clause, ""));
        let rest = rest.trim();
        match word.to_ascii_lowercase().as_str() {
            "where" => {
                for condition in split_outside(rest, " and ") {
                    let test = Condition::parse(condition.trim())?;
                    rows.retain(|row| test.holds(row));
                }
            }
            "project" => {
                let columns: Vec<&str> = rest.split(',').map(str::trim).collect();
                for row in &mut rows {
                    let mut kept = serde_json::Map::new();
                    for column in &columns {
                        let (name, from) = column
                            .split_once('=')
                            .map_or((*column, *column), |(name, from)| {
                                (name.trim(), from.trim())
                            });
                        let value = row.pointer(&format!("/{}", from.replace('.', "/")));
                        kept.insert(name.to_string(), value.cloned().unwrap_or(Value::Null));
                    }
                    *row = Value::Object(kept);
                }
            }
            "order" | "sort" => {
                let by = rest.strip_prefix("by ").ok_or("`order` without `by`")?;
                let mut words = by.split_whitespace();
                let column = words.next().unwrap_or_default().to_string();
                let key = |row: &Value| {
                    row[&column]
                        .as_str()
                        .unwrap_or_default()
                        .to_ascii_lowercase()
                };
                rows.sort_by_key(key);
                // Kusto sorts downwards unless told otherwise.
                if words.next() != Some("asc") {
                    rows.reverse();
                }
                ordered = true;
            }
            "limit" | "take" => {
                rows.truncate(
                    rest.parse()
                        .map_err(|_| format!("`{clause}` has no number"))?,
                );
            }
            _ => return Err(format!("the clause `{clause}` is not understood")),
        }
    }
    page(rows, ordered, body, page_size)
}

fn page(rows: Vec<Value>, ordered: bool, body: &Value, page_size: usize) -> Result<Value, String> {
    let options = &body["options"];
    if options["resultFormat"].as_str() == Some("table") {
        return Err("this server answers objectArray only".to_string());
    }
    let top = options["$top"].as_u64().unwrap_or(1000);
    if !(1..=1000).contains(&top) {
        return Err(format!("`$top` is {top}; expected 1 to 1000"));
    }
    let start = match options["$skipToken"].as_str() {
        None => 0,
        Some(token) => token
            .strip_prefix("loopback-")
            .and_then(|from| from.parse().ok())
            .ok_or("the `$skipToken` is none that was handed out")?,
    };
    let total = rows.len();
    let size = page_size.min(usize::try_from(top).unwrap_or(1000));
    let data: Vec<Value> = rows.into_iter().skip(start).take(size).collect();
    let next = start + data.len();
    // Without an order there is no second page that would fit the first: the answer is cut, and says so.
    let more = next < total;
    let mut answer = json!({
        "totalRecords": total,
        "count": data.len(),
        "data": data,
        "facets": [],
        "resultTruncated": if more && !ordered { "true" } else { "false" },
    });
    if more && ordered {
        answer["$skipToken"] = json!(format!("loopback-{next}"));
    }
    Ok(answer)
}

/// Subscriptions the query covers, in lower case: those named, those of the management groups, or all there are. What the caller
/// may not read is passed over without a word, as the service does.
fn scope(world: &World, body: &Value) -> Result<BTreeSet<String>, String> {
    let texts = |field: &str| -> Option<Vec<String>> {
        let list = body.get(field)?.as_array()?;
        let texts = list.iter().filter_map(Value::as_str);
        Some(texts.map(str::to_ascii_lowercase).collect())
    };
    let named = texts("subscriptions").filter(|list| !list.is_empty());
    let groups = texts("managementGroups").filter(|list| !list.is_empty());
    let asked = match (named, groups) {
        (Some(_), Some(_)) => {
            return Err("`subscriptions` and `managementGroups` exclude each other".to_string());
        }
        (Some(named), None) => named,
        (None, Some(groups)) => {
            let mut members = Vec::new();
            for group in groups {
                let found = world
                    .management_groups
                    .iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(&group))
                    .ok_or_else(|| format!("no management group `{group}`"))?;
                members.extend(found.1.iter().map(|id| id.to_ascii_lowercase()));
            }
            members
        }
        (None, None) => world
            .subscriptions
            .iter()
            .map(|subscription| subscription.id.to_ascii_lowercase())
            .collect(),
    };
    Ok(asked
        .into_iter()
        .filter(|id| {
            !world
                .forbidden
                .iter()
                .any(|other| other.eq_ignore_ascii_case(id))
        })
        .collect())
}

enum Condition {
    /// Column, values in lower case.
    OneOf(String, Vec<String>),
    Any(Vec<Condition>),
}

impl Condition {
    fn parse(text: &str) -> Result<Condition, String> {
        let alternatives = split_outside(text, " or ");
        if alternatives.len() > 1 {
            let parts: Result<Vec<Condition>, String> = alternatives
                .iter()
                .map(|part| Condition::parse(part.trim()))
                .collect();
            return Ok(Condition::Any(parts?));
        }
        for operator in [" in~ ", " in~(", " in ", " in(", "=~", "=="] {
            let Some((column, values)) = text.split_once(operator) else {
                continue;
            };
            let values = values
                .trim()
                .trim_start_matches('(')
                .trim_end_matches(')')
                .split(',')
                .map(|value| {
                    let value = value.trim();
                    let inner = value
                        .strip_prefix(['\'', '"'])
                        .and_then(|value| value.strip_suffix(['\'', '"']));
                    inner
                        .map(str::to_ascii_lowercase)
                        .ok_or_else(|| format!("`{value}` is no quoted text"))
                })
                .collect::<Result<Vec<String>, String>>()?;
            return Ok(Condition::OneOf(column.trim().to_string(), values));
        }
        Err(format!("the condition `{text}` is not understood"))
    }

    fn holds(&self, row: &Value) -> bool {
        match self {
            Condition::Any(parts) => parts.iter().any(|part| part.holds(row)),
            Condition::OneOf(column, values) => {
                let column = column
                    .strip_prefix("tolower(")
                    .and_then(|inner| inner.strip_suffix(')'))
                    .unwrap_or(column);
                row.pointer(&format!("/{}", column.replace('.', "/")))
                    .and_then(Value::as_str)
                    .is_some_and(|value| {
                        values
                            .iter()
                            .any(|wanted| wanted.eq_ignore_ascii_case(value))
                    })
            }
        }
    }
}

/// The query's clauses, which `|` separates.
fn clauses(query: &str) -> Vec<String> {
    split_outside(query, "|")
        .into_iter()
        .map(|clause| clause.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// Splits at a word outside of quotes and brackets.
fn split_outside<'a>(text: &'a str, word: &str) -> Vec<&'a str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_u32, None);
    let lower = text.to_ascii_lowercase();
    let mut skip_to = 0;
    for (position, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => continue,
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if quote.is_none()
            && depth == 0
            && position >= skip_to
            && lower[position..].starts_with(word)
        {
            parts.push(&text[start..position]);
            start = position + word.len();
            skip_to = start;
        }
    }
    parts.push(&text[start..]);
    parts
}

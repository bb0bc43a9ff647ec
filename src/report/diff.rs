//! `aksplan diff`: for people, and as the versioned JSON shape.

use super::capacity::findings;
use super::document::{Cell, Document, Table, Tone};
use super::shapes::{FORMAT_VERSION, FindingShape};
use crate::capacity::changes::{Change, Changes, How, Kind, Value};
use crate::finding::{Finding, Severity, counted, grouped};
use crate::model::Inventory;
use schemars::JsonSchema;
use serde::Serialize;

/// What changed between two states.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct DiffShape {
    pub format_version: &'static str,
    pub before: SideShape,
    pub after: SideShape,
    /// By kind, then added, removed, changed, then by name.
    pub changes: Vec<ChangeShape>,
    /// Findings and overlaps that were not there before, worst first.
    pub new_findings: Vec<FindingShape>,
    pub gone_findings: Vec<FindingShape>,
    /// The same findings with other numbers.
    pub changed_findings: Vec<ChangedFindingShape>,
    pub not_checked: Vec<String>,
}

/// How much one state holds.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SideShape {
    /// When it was read, if it says so.
    pub observed_at: Option<String>,
    pub vnets: u64,
    pub subnets: u64,
    pub clusters: u64,
    pub pools: u64,
    pub nodes: u64,
}

/// One thing that came, went or became different.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangeShape {
    #[schemars(extend("enum" = ["vnet", "peering", "subnet", "cluster", "pool"]))]
    pub kind: &'static str,
    #[schemars(extend("enum" = ["added", "removed", "changed"]))]
    pub change: &'static str,
    pub name: String,
    /// Of something changed, the fields that did; else all that it has.
    pub fields: Vec<FieldShape>,
}

/// One field, before and after; null where it says nothing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FieldShape {
    pub field: &'static str,
    pub before: Option<ValueShape>,
    pub after: Option<ValueShape>,
}

/// A number, or a text.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ValueShape {
    Number(i64),
    Text(String),
}

/// A finding with other numbers.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ChangedFindingShape {
    pub before: FindingShape,
    pub after: FindingShape,
}

impl From<&Value> for ValueShape {
    fn from(value: &Value) -> Self {
        match value {
            Value::Number(number) => ValueShape::Number(*number),
            Value::Text(text) => ValueShape::Text(text.clone()),
        }
    }
}

impl SideShape {
    fn of(inventory: &Inventory) -> Self {
        let pools = || inventory.clusters.iter().flat_map(|cluster| &cluster.pools);
        SideShape {
            observed_at: inventory.observed_at.map(|instant| instant.to_string()),
            vnets: inventory.vnets.len() as u64,
            subnets: inventory.subnets.len() as u64,
            clusters: inventory.clusters.len() as u64,
            pools: pools().count() as u64,
            nodes: pools().fold(0, |sum: u64, pool| sum.saturating_add(pool.count)),
        }
    }
}

impl DiffShape {
    pub fn of(
        before: &Inventory,
        after: &Inventory,
        changes: &Changes,
        not_checked: &[String],
    ) -> Self {
        let all = |findings: &[Finding]| findings.iter().map(FindingShape::from).collect();
        DiffShape {
            format_version: FORMAT_VERSION,
            before: SideShape::of(before),
            after: SideShape::of(after),
            changes: changes.changes.iter().map(ChangeShape::from).collect(),
            new_findings: all(&changes.new),
            gone_findings: all(&changes.gone),
            changed_findings: changes
                .changed
                .iter()
                .map(|(before, after)| ChangedFindingShape {
                    before: before.into(),
                    after: after.into(),
                })
                .collect(),
            not_checked: not_checked.to_vec(),
        }
    }
}

impl From<&Change> for ChangeShape {
    fn from(change: &Change) -> Self {
        let fields = change.fields.iter().map(|field| FieldShape {
            field: field.field,
            before: field.before.as_ref().map(ValueShape::from),
            after: field.after.as_ref().map(ValueShape::from),
        });
        ChangeShape {
            kind: change.kind.key(),
            change: change.how.word(),
            name: change.name.clone(),
            fields: fields.collect(),
        }
    }
}

/// The same for people.
pub fn document(changes: &Changes, title: &str, not_checked: &[String]) -> Document {
    let mut document = Document::new(title);
    summary(changes, &mut document);
    for kind in Kind::ALL {
        document.table(kind.words(), table(changes, kind));
    }
    findings("New findings", &changes.new, &mut document);
    findings("Gone findings", &changes.gone, &mut document);
    let mut numbers = Table::new(&["finding", "before", "after"]);
    for (before, after) in &changes.changed {
        numbers.rows.push(vec![
            Cell::from(after.code),
            Cell::from(format!("{}: {}", before.severity.word(), before.message)),
            Cell::toned(
                format!("{}: {}", after.severity.word(), after.message),
                after.severity.into(),
            ),
        ]);
    }
    document.table("Findings with other numbers", numbers);
    document.not_checked(not_checked);
    document
}

fn summary(changes: &Changes, document: &mut Document) {
    if changes.is_empty() {
        document.toned("nothing changed in capacity terms", Tone::Good);
        return;
    }
    let of = |how| {
        changes
            .changes
            .iter()
            .filter(|change| change.how == how)
            .count()
    };
    let new = |severity| {
        let of_severity = |finding: &&Finding| finding.severity == severity;
        changes.new.iter().filter(of_severity).count() as u64
    };
    let tone = match changes.worst() {
        Some(Severity::Blocker) => Tone::Bad,
        Some(Severity::Warning) => Tone::Warning,
        _ => Tone::Good,
    };
    document.toned(
        format!(
            "{} added, {} removed, {} changed: {}, {}",
            of(How::Added),
            of(How::Removed),
            of(How::Changed),
            counted(new(Severity::Blocker), "new blocker", "new blockers"),
            counted(new(Severity::Warning), "new warning", "new warnings"),
        ),
        tone,
    );
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => "-".to_string(),
        Some(Value::Text(text)) => text.clone(),
        Some(Value::Number(number)) if *number < 0 => {
            format!("-{}", grouped(number.unsigned_abs()))
        }
        Some(Value::Number(number)) => grouped(number.unsigned_abs()),
    }
}

/// Of what came or went, the fields that say what it is are told to people; JSON has all.
const NOT_TOLD: [&str; 7] = [
    "usable",
    "foreign",
    "demand_now",
    "headroom_now",
    "headroom_ceiling_with_surge",
    "route_table",
    "security_group",
];

/// A row a field of what changed; one row for what came or went.
fn table(changes: &Changes, kind: Kind) -> Table {
    let mut table = Table::new(&["name", "change", "field", "before", "after"]);
    for change in changes.changes.iter().filter(|change| change.kind == kind) {
        let tone = match change.how {
            How::Added => Tone::Good,
            How::Removed => Tone::Warning,
            How::Changed => Tone::Plain,
        };
        if change.how == How::Changed {
            for (position, field) in change.fields.iter().enumerate() {
                let name = if position == 0 {
                    change.name.as_str()
                } else {
                    ""
                };
                let how = if position == 0 { change.how.word() } else { "" };
                table.rows.push(vec![
                    Cell::from(name),
                    Cell::toned(how, tone),
                    Cell::from(field.field.replace('_', " ")),
                    Cell::from(shown(field.before.as_ref())),
                    Cell::from(shown(field.after.as_ref())),
                ]);
            }
            continue;
        }
        let told: Vec<String> = change
            .fields
            .iter()
            .filter(|field| !NOT_TOLD.contains(&field.field))
            .map(|field| {
                let value = field.before.as_ref().or(field.after.as_ref());
                format!("{} {}", field.field.replace('_', " "), shown(value))
            })
            .filter(|text| !text.ends_with(" false"))
            .collect();
        let told = told.join("; ");
        let (before, after) = match change.how {
            How::Added => ("-".to_string(), told),
            How::Removed | How::Changed => (told, "-".to_string()),
        };
        table.rows.push(vec![
            Cell::from(change.name.as_str()),
            Cell::toned(change.how.word(), tone),
            Cell::from(""),
            Cell::from(before),
            Cell::from(after),
        ]);
    }
    table
}

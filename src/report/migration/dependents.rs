//! Who breaks afterwards: what was found to depend on pod addresses, what nobody can know from here and how to find out, and the
//! internal load balancers that would take the pods' place.

use super::unmarked;
use crate::migrate::dependents::{Dependents, NotKnown, Sureness};
use crate::report::document::{Block, Cell, Document, Tone};

pub(super) fn section(dependents: &Dependents, document: &mut Document) {
    if dependents.found.is_empty() {
        document.toned(
            "Nothing that was read names pod addresses. That is no proof: see what cannot be known from here.",
            Tone::Dim,
        );
    }
    let items = dependents.found.iter().map(|dependent| {
        let tone = match dependent.sure {
            Sureness::Certain => Tone::Bad,
            Sureness::Likely => Tone::Warning,
            Sureness::Possible => Tone::Dim,
        };
        let sentences: Vec<String> = [&dependent.evidence, &dependent.breaks, &dependent.remedy]
            .into_iter()
            .filter(|sentence| !sentence.is_empty())
            .map(|text| sentence(text))
            .collect();
        (
            Cell::toned(dependent.sure.word(), tone),
            format!(
                "{} {}: {} [{}]",
                dependent.kind.word(),
                dependent.name,
                sentences.join(" "),
                dependent.rules.join(", ")
            ),
        )
    });
    let items: Vec<(Cell, String)> = items.collect();
    if !items.is_empty() {
        document.blocks.push(Block::List(items));
    }
    let mut manifests: Vec<(&str, &str)> = Vec::new();
    for dependent in &dependents.found {
        if let Some(manifest) = &dependent.manifest
            && !manifests.iter().any(|(_, known)| known == manifest)
        {
            manifests.push((&dependent.name, manifest));
        }
    }
    if !manifests.is_empty() {
        document.part("Internal load balancers in place of pod addresses");
        document.paragraph(
            "Before the move: apply, point the dependent at the new address, and see that it works.",
        );
        for (name, manifest) in manifests {
            document.paragraph(format!("For {name}:"));
            document.code("yaml", manifest);
        }
    }
    if dependents.not_known.is_empty() {
        return;
    }
    document.part("What cannot be known from here");
    // Several may be found out in the same way.
    let mut ways: Vec<(&str, Vec<&NotKnown>)> = Vec::new();
    for unknown in &dependents.not_known {
        let way = unknown.how_to_find_out.as_str();
        match ways.iter_mut().find(|(known, _)| *known == way) {
            Some((_, alike)) => alike.push(unknown),
            None => ways.push((way, vec![unknown])),
        }
    }
    let unknown = ways.into_iter().map(|(way, alike)| {
        let what: Vec<String> = alike
            .iter()
            .map(|unknown| sentence(&unknown.what))
            .collect();
        let query = if alike.iter().any(|unknown| unknown.query.is_some()) {
            " The queries stand under Queries."
        } else {
            ""
        };
        (
            Cell::from("-"),
            format!("{} {}{query}", what.join(" "), sentence(way)),
        )
    });
    document.blocks.push(Block::List(unknown.collect()));
}

/// With a capital and a full stop.
fn sentence(text: &str) -> String {
    let text = unmarked(text);
    // A command is written as it is typed.
    if text.starts_with("az ") {
        return format!("{}.", text.trim_end_matches('.'));
    }
    let mut letters = text.trim_end_matches('.').chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

/// Who talks to pods, as the flow logs know it: for the end of the runbook, where it is in nobody's way.
pub(super) fn queries(dependents: &Dependents, document: &mut Document) {
    let queries: Vec<(&str, &str)> = dependents
        .not_known
        .iter()
        .filter_map(|unknown| Some((unknown.what.as_str(), unknown.query.as_deref()?)))
        .collect();
    if queries.is_empty() {
        return;
    }
    document.heading("Queries");
    for (what, query) in queries {
        document.paragraph(sentence(what));
        document.code("kusto", query);
    }
}

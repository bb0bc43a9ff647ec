//! Who breaks afterwards: what was found to depend on pod addresses, what nobody can know from here and how to find out, and the
//! internal load balancers that would take the pods' place.

use super::unmarked;
use crate::migrate::dependents::{Dependents, Sureness};
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
            .map(|sentence| format!("{}.", unmarked(sentence).trim_end_matches('.')))
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
    let unknown = dependents.not_known.iter().map(|unknown| {
        (
            Cell::from("-"),
            format!(
                "{}. {}{}",
                unmarked(&unknown.what).trim_end_matches('.'),
                unmarked(&unknown.how_to_find_out),
                if unknown.query.is_some() {
                    ". The query is at the end"
                } else {
                    ""
                }
            ),
        )
    });
    document.blocks.push(Block::List(unknown.collect()));
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
        document.paragraph(format!("{}:", unmarked(what)));
        document.code("kusto", query);
    }
}

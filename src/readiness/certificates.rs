//! TLS of ingresses: whether there is any, whether the Secret is there, when the certificate ends, whether its issuer works. Never looks into
//! a Secret: what cert-manager says of it, and its type, is all.

use super::ingress::{question, told};
use super::item::{Item, Question, listed};
use super::scene::{Scene, kubectl};
use crate::finding::{Severity, counted};
use crate::model::KubernetesState;
use crate::model::workload::Certificate;
use crate::rule;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

const TLS_TYPE: &str = "kubernetes.io/tls";

const TLS: Question = Question {
    ..question("ingress-tls", "each ingress is served over TLS")
};
const SECRET: Question = Question {
    severity: Severity::Blocker,
    read_from: "kubectl get ingresses,certificates; types of Secrets",
    ..question(
        "tls-secret",
        "the Secret that an ingress names for TLS is there",
    )
};
const EXPIRY: Question = Question {
    severity: Severity::Blocker,
    read_from: "kubectl get certificates",
    rules: &[&rule::RDY_11],
    ..question("certificate-expiry", "no certificate ends within two weeks")
};
const ISSUER: Question = Question {
    read_from: "kubectl get issuers,clusterissuers",
    rules: &[&rule::RDY_11],
    ..question("certificate-issuer", "cert-manager's issuers are ready")
};

/// cert-manager renews when a third of the time is left: 30 days of the usual 90. With two weeks left renewing has failed for long. Of
/// certificates that live for days only this errs towards a warning.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

pub(super) fn check(scene: &Scene, items: &mut Vec<Item>) {
    match scene.objects(&["Ingress"]) {
        Ok(state) => {
            items.push(tls(state));
            items.push(secret(scene, state));
        }
        Err(unread) => items.extend([TLS, SECRET].map(|question| unread.item(&question))),
    }
    items.push(expiry(scene));
    items.push(issuer(scene));
}

fn tls(state: &KubernetesState) -> Item {
    if state.ingresses.is_empty() {
        return TLS.not_applicable("there is no ingress");
    }
    if state.ingresses.iter().any(|ingress| ingress.tls.is_none()) {
        return TLS.not_known(
            "ingresses do not say whether they have TLS",
            "read them again: a snapshot of an earlier version does not hold it",
            [kubectl(
                &["get", "ingresses", "--all-namespaces", "--output", "json"],
                &[],
            )],
        );
    }
    let without: Vec<String> = state
        .ingresses
        .iter()
        .filter(|ingress| ingress.tls.as_ref().is_none_or(Vec::is_empty))
        .map(told)
        .collect();
    if without.is_empty() {
        return TLS.ready(counted(
            state.ingresses.len() as u64,
            "ingress",
            "ingresses",
        ));
    }
    TLS.not_ready(
        format!(
            "{} of {} without: {}",
            without.len(),
            counted(state.ingresses.len() as u64, "ingress", "ingresses"),
            listed(&without)
        ),
        "give each spec.tls with its hosts and a Secret; a controller may have a certificate of its own for all",
        [],
    )
}

/// Secrets that ingresses name, each once.
fn wanted(state: &KubernetesState) -> BTreeSet<(&str, &str)> {
    let mut wanted = BTreeSet::new();
    for ingress in &state.ingresses {
        for tls in ingress.tls.iter().flatten() {
            if let Some(name) = &tls.secret_name {
                wanted.insert((ingress.namespace.as_str(), name.as_str()));
            }
        }
    }
    wanted
}

fn secret(scene: &Scene, state: &KubernetesState) -> Item {
    let wanted = wanted(state);
    if wanted.is_empty() {
        return SECRET.not_applicable("no ingress names a Secret");
    }
    let objects = &state.platform;
    let of_type = |(namespace, name): (&str, &str)| {
        let mut all = objects.secrets.iter();
        all.find(|secret| secret.namespace == namespace && secret.name == name)
            .map(|secret| secret.kind == TLS_TYPE)
    };
    // A certificate that is ready is one whose Secret holds it.
    let by_certificate = |(namespace, name): (&str, &str)| {
        let mut all = objects.certificates.iter();
        all.any(|one| {
            one.namespace == namespace
                && one.secret_name.as_deref() == Some(name)
                && one.ready == Some(true)
        })
    };
    let listed_live = scene.objects(&["Secret"]).is_ok();
    let told = |(namespace, name): &(&str, &str)| format!("{namespace}/{name}");
    let show = |(namespace, name): &(&str, &str)| {
        let line = kubectl(&["get", "secret", "--namespace"], &[namespace, name])?;
        Some(format!("{line} --output 'jsonpath={{.type}}'"))
    };
    let (mut missing, mut unknown) = (Vec::new(), Vec::new());
    for secret in &wanted {
        match of_type(*secret) {
            Some(true) => {}
            Some(false) => missing.push(*secret),
            None if by_certificate(*secret) => {}
            None if listed_live => missing.push(*secret),
            None => unknown.push(*secret),
        }
    }
    if !missing.is_empty() {
        let all: Vec<String> = missing.iter().map(told).collect();
        return SECRET.not_ready(
            format!("no Secret of type {TLS_TYPE}: {}", listed(&all)),
            "make the Secret, or the Certificate that writes it; until then the controller serves a certificate of its own",
            missing.iter().map(show),
        );
    }
    if !unknown.is_empty() {
        let all: Vec<String> = unknown.iter().map(told).collect();
        return SECRET.not_known(
            format!("Secrets were not looked at: {}", listed(&all)),
            "ask for the type of each, which shows no content; --secret-types does in a live read, if the role may list Secrets",
            unknown.iter().map(show),
        );
    }
    let all: Vec<String> = wanted.iter().map(told).collect();
    SECRET.ready(listed(&all))
}

fn expiry(scene: &Scene) -> Item {
    let state = match scene.objects(&["Certificate"]) {
        Ok(state) => state,
        Err(unread) => return unread.item(&EXPIRY),
    };
    let all = &state.platform.certificates;
    if all.is_empty() {
        return without_cert_manager(state);
    }
    let told = |one: &Certificate| format!("{}/{}", one.namespace, one.name);
    let unissued: Vec<String> = (all.iter())
        .filter(|one| one.not_after.is_none() || one.ready == Some(false))
        .map(|one| match one.not_after {
            None => format!("{} was never issued", told(one)),
            Some(end) => format!("{} is not ready and ends {}", told(one), day(end)),
        })
        .collect();
    let describe = |one: &Certificate| {
        kubectl(
            &["describe", "certificate", "--namespace"],
            &[&one.namespace, &one.name],
        )
    };
    let dates: Vec<(Timestamp, &Certificate)> = all
        .iter()
        .filter_map(|one| Some((one.not_after?, one)))
        .collect();
    let Some(now) = scene.now else {
        let ends: Vec<String> = dates
            .iter()
            .map(|(end, one)| format!("{} ends {}", told(one), day(*end)))
            .collect();
        return EXPIRY.not_known(
            format!(
                "when this was read is not known, and so not what is left: {}",
                listed(&ends)
            ),
            "compare with today, or read live or from a snapshot, which know when",
            [],
        );
    };
    let mut soon: Vec<(Timestamp, &Certificate)> = dates
        .iter()
        .copied()
        .filter(|(end, _)| end.duration_since(now) < SOON)
        .collect();
    soon.sort_by_key(|(end, one)| (*end, &one.namespace, &one.name));
    if !soon.is_empty() || !unissued.is_empty() {
        let mut evidence: Vec<String> = soon
            .iter()
            .map(|(end, one)| {
                let verb = if *end <= now { "ended" } else { "ends" };
                format!("{} {verb} {}", told(one), day(*end))
            })
            .collect();
        evidence.extend(unissued);
        let not_issued = all
            .iter()
            .filter(|one| one.not_after.is_none() || one.ready == Some(false));
        return EXPIRY.not_ready(
            format!("as of {}: {}", day(now), listed(&evidence)),
            "see why it is not renewed; its events name the challenge that failed",
            soon.iter()
                .map(|(_, one)| *one)
                .chain(not_issued)
                .map(describe),
        );
    }
    let first = dates.iter().min_by_key(|(end, _)| *end);
    EXPIRY.ready(match first {
        Some((end, one)) => format!(
            "{}; the first to end is {} on {}, seen from {}",
            counted(all.len() as u64, "certificate", "certificates"),
            told(one),
            day(*end),
            day(now)
        ),
        None => String::new(),
    })
}

/// The day of an instant, in UTC.
fn day(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d").to_string()
}

fn without_cert_manager(state: &KubernetesState) -> Item {
    let wanted = wanted(state);
    if wanted.is_empty() {
        return EXPIRY.not_applicable("there is no Certificate, and no ingress names a Secret");
    }
    EXPIRY.not_known(
        format!(
            "there is no Certificate of cert-manager, and when {} ends stands in Secrets, which are not read",
            counted(wanted.len() as u64, "certificate", "certificates")
        ),
        "look at the end of each, where you may read Secrets",
        wanted.iter().map(|(namespace, name)| {
            let line = kubectl(&["get", "secret", "--namespace"], &[namespace, name])?;
            Some(format!(
                "{line} --output 'jsonpath={{.data.tls\\.crt}}' | base64 -d | openssl x509 -noout -enddate"
            ))
        }),
    )
}

fn issuer(scene: &Scene) -> Item {
    let state = match scene.objects(&["Issuer", "ClusterIssuer"]) {
        Ok(state) => state,
        Err(unread) => return unread.item(&ISSUER),
    };
    let all = &state.platform.issuers;
    if all.is_empty() {
        return ISSUER.not_applicable("there is no issuer of cert-manager");
    }
    let told = |one: &crate::model::workload::Issuer| match one.namespace.as_str() {
        "" => format!("{} {}", one.kind, one.name),
        namespace => format!("{} {namespace}/{}", one.kind, one.name),
    };
    let not_ready: Vec<_> = all.iter().filter(|one| one.ready != Some(true)).collect();
    if not_ready.is_empty() {
        let names: Vec<String> = all.iter().map(told).collect();
        return ISSUER.ready(listed(&names));
    }
    let names: Vec<String> = not_ready.iter().map(|one| told(one)).collect();
    ISSUER.not_ready(
        format!("not ready: {}", listed(&names)),
        "see what it says: an account that cannot be registered, a CA whose Secret is missing",
        not_ready.iter().map(|one| match one.namespace.as_str() {
            "" => kubectl(&["describe", "clusterissuer"], &[&one.name]),
            namespace => kubectl(
                &["describe", "issuer", "--namespace"],
                &[namespace, &one.name],
            ),
        }),
    )
}

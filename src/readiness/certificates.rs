//! TLS of ingresses and Gateways: whether there is any, whether the Secret is there, whether the certificate is renewed, whether its issuer
//! works. Never looks into a Secret: what cert-manager says of it, and its type, is all.

use super::ingress::{DOORS, NO_DOOR, doors, question, told, told_gateway};
use super::item::{Item, Question, listed};
use super::scene::{Scene, kubectl};
use crate::finding::Severity;
use crate::finding::counted;
use crate::model::KubernetesState;
use crate::model::workload::{Certificate, Issuer};
use crate::rule;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

const TLS_TYPE: &str = "kubernetes.io/tls";

const TLS: Question = Question {
    ..question(
        "ingress-tls",
        "each ingress and each Gateway serves over TLS",
    )
};
const SECRET: Question = Question {
    severity: Severity::Blocker,
    read_from: "kubectl get ingresses,gateways,certificates; types of Secrets",
    ..question(
        "tls-secret",
        "the Secret that an ingress or a Gateway names for TLS is there",
    )
};
const EXPIRY: Question = Question {
    severity: Severity::Blocker,
    read_from: "kubectl get certificates,ingresses,gateways",
    rules: &[&rule::RDY_11],
    ..question(
        "certificate-expiry",
        "each certificate that is served is renewed in time",
    )
};
const ISSUER: Question = Question {
    read_from: "kubectl get issuers,clusterissuers,certificates",
    rules: &[&rule::RDY_11],
    ..question("certificate-issuer", "cert-manager's issuers are ready")
};

/// Where a Certificate does not say when it is renewed: cert-manager does when a third of the time is left, 30 days of the usual 90. With two
/// weeks left renewing has failed for long. Of certificates that live for days only this errs towards a finding.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// An order takes a while: what is due since less than this is being renewed.
const RENEWING: SignedDuration = SignedDuration::from_hours(1);

pub(super) fn check(scene: &Scene, items: &mut Vec<Item>) {
    items.push(tls(scene));
    items.push(secret(scene));
    items.push(expiry(scene));
    items.push(issuer(scene));
}

fn tls(scene: &Scene) -> Item {
    let (state, unread) = match scene.some(DOORS) {
        Ok(read) => read,
        Err(unread) => return unread.item(&TLS),
    };
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
    let mut without: Vec<String> = (state.ingresses.iter())
        .filter(|ingress| ingress.tls.as_ref().is_none_or(Vec::is_empty))
        .map(told)
        .collect();
    let gateways = &state.platform.gateways;
    let plain = (gateways.iter()).filter(|one| one.listeners > 0 && one.tls_listeners == 0);
    without.extend(plain.map(told_gateway));
    if !without.is_empty() {
        return TLS.not_ready(
            format!(
                "{} without, of {}: {}",
                without.len(),
                doors(state),
                listed(&without)
            ),
            "give each ingress spec.tls with its hosts and a Secret, each Gateway a listener of protocol HTTPS; a controller may have a \
             certificate of its own for all",
            [],
        );
    }
    if let Some(unread) = unread {
        return unread.item(&TLS);
    }
    if state.ingresses.is_empty() && gateways.is_empty() {
        return TLS.not_applicable(NO_DOOR);
    }
    TLS.ready(doors(state))
}

/// Secrets that ingresses and Gateways name, each once.
fn wanted(state: &KubernetesState) -> BTreeSet<(&str, &str)> {
    let mut wanted = BTreeSet::new();
    for ingress in &state.ingresses {
        for tls in ingress.tls.iter().flatten() {
            if let Some(name) = &tls.secret_name {
                wanted.insert((ingress.namespace.as_str(), name.as_str()));
            }
        }
    }
    for gateway in &state.platform.gateways {
        let certificates = gateway.certificates.iter();
        wanted.extend(certificates.map(|one| (one.namespace.as_str(), one.name.as_str())));
    }
    wanted
}

fn told_secret((namespace, name): &(&str, &str)) -> String {
    format!("{namespace}/{name}")
}

/// The Certificates that write a Secret.
fn writers<'a>(
    state: &'a KubernetesState,
    (namespace, name): (&'a str, &'a str),
) -> impl Iterator<Item = &'a Certificate> {
    let all = state.platform.certificates.iter();
    all.filter(move |one| one.namespace == namespace && one.secret_name.as_deref() == Some(name))
}

fn secret(scene: &Scene) -> Item {
    let (state, unread) = match scene.some(DOORS) {
        Ok(read) => read,
        Err(unread) => return unread.item(&SECRET),
    };
    let wanted = wanted(state);
    let secrets = &state.platform.secrets;
    let of_type = |(namespace, name): (&str, &str)| {
        let mut all = secrets.iter();
        all.find(|secret| secret.namespace == namespace && secret.name == name)
            .map(|secret| secret.kind.as_str())
    };
    // A live read asks for those of one type: only a list with others in it is one of all.
    let all_types = scene.knows("Secret") && secrets.iter().any(|secret| secret.kind != TLS_TYPE);
    let show = |(namespace, name): &(&str, &str)| {
        let line = kubectl(&["get", "secret", "--namespace"], &[namespace, name])?;
        Some(format!("{line} --output 'jsonpath={{.type}}'"))
    };
    let (mut missing, mut unknown) = (Vec::new(), Vec::new());
    for secret in &wanted {
        // A certificate that is ready is one whose Secret holds it, of whatever type that is. That the Secret is gone shows in a list of all
        // before cert-manager says so, which may not run any more.
        let is_written = || writers(state, *secret).any(|one| one.ready == Some(true));
        match of_type(*secret) {
            Some(TLS_TYPE) => {}
            found if (found.is_some() || !all_types) && is_written() => {}
            // Its keys decide, which are not read.
            Some(kind) => {
                unknown.push((*secret, format!("{} of type {kind}", told_secret(secret))))
            }
            None if all_types => missing.push(*secret),
            None if scene.knows("Secret") => unknown.push((
                *secret,
                format!("{}, which is none of type {TLS_TYPE}", told_secret(secret)),
            )),
            None => unknown.push((*secret, told_secret(secret))),
        }
    }
    if !missing.is_empty() {
        let all: Vec<String> = missing.iter().map(told_secret).collect();
        return SECRET.not_ready(
            format!("not among the Secrets: {}", listed(&all)),
            "make the Secret, or the Certificate that writes it; until then the controller serves a certificate of its own",
            missing.iter().map(show),
        );
    }
    if !unknown.is_empty() {
        let all: Vec<&String> = unknown.iter().map(|(_, told)| told).collect();
        return SECRET.not_known(
            format!(
                "whether they hold tls.crt and tls.key is not known: {}",
                listed(&all)
            ),
            "ask for the type of each, which shows no content: one of type kubernetes.io/tls holds both. --secret-types lists those in a live \
             read, if the role may list Secrets",
            unknown.iter().map(|(secret, _)| show(secret)),
        );
    }
    if let Some(unread) = unread {
        return unread.item(&SECRET);
    }
    if wanted.is_empty() {
        return SECRET.not_applicable("no ingress and no Gateway names a Secret");
    }
    let all: Vec<String> = wanted.iter().map(told_secret).collect();
    SECRET.ready(listed(&all))
}

fn told_certificate(one: &Certificate) -> String {
    format!("{}/{}", one.namespace, one.name)
}

/// What is wrong with a certificate, told once: one that ended is never ready any more, and is not about to end. Without a clock only what
/// needs none.
fn wrong(one: &Certificate, now: Option<Timestamp>) -> Option<String> {
    let told = told_certificate(one);
    let Some(end) = one.not_after else {
        return Some(format!("{told} was never issued"));
    };
    if now.is_some_and(|now| end <= now) {
        return Some(format!("{told} ended {}", day(end)));
    }
    let is_late = |due: &Timestamp| now.is_some_and(|now| now.duration_since(*due) > RENEWING);
    let late = one.renewal_time.filter(is_late);
    let is_soon =
        one.renewal_time.is_none() && now.is_some_and(|now| end.duration_since(now) < SOON);
    let end = day(end);
    match (one.ready == Some(false), late.map(day)) {
        (true, Some(due)) => Some(format!(
            "{told} is not ready, ends {end} and should have been renewed {due}"
        )),
        (true, None) => Some(format!("{told} is not ready and ends {end}")),
        (false, Some(due)) => Some(format!(
            "{told} ends {end} and should have been renewed {due}"
        )),
        (false, None) => is_soon.then(|| format!("{told} ends {end}")),
    }
}

fn expiry(scene: &Scene) -> Item {
    let state = match scene.objects(&["Certificate"]) {
        Ok(state) => state,
        Err(unread) => return unread.item(&EXPIRY),
    };
    let all = &state.platform.certificates;
    let describe = |one: &Certificate| {
        kubectl(
            &["describe", "certificate", "--namespace"],
            &[&one.namespace, &one.name],
        )
    };
    let mut dates: Vec<(Timestamp, &Certificate)> = all
        .iter()
        .filter_map(|one| Some((one.not_after?, one)))
        .collect();
    dates.sort_by_key(|(end, one)| (*end, &one.namespace, &one.name));
    // What ends first stands first, and what never was issued last.
    let never = all.iter().filter(|one| one.not_after.is_none());
    let found: Vec<(String, &Certificate)> = (dates.iter().map(|(_, one)| *one).chain(never))
        .filter_map(|one| Some((wrong(one, scene.now)?, one)))
        .collect();
    if !found.is_empty() {
        let evidence: Vec<&str> = found.iter().map(|(what, _)| what.as_str()).collect();
        let as_of = scene.now.map(|now| format!("as of {}: ", day(now)));
        return EXPIRY.not_ready(
            format!("{}{}", as_of.unwrap_or_default(), listed(&evidence)),
            "see why it is not renewed; its events name the challenge that failed",
            found.iter().map(|(_, one)| describe(one)),
        );
    }
    let alone: Vec<(&str, &str)> = (wanted(state).into_iter())
        .filter(|secret| writers(state, *secret).next().is_none())
        .collect();
    if !alone.is_empty() {
        return without_certificate(&alone);
    }
    if let Err(unread) = scene.objects(DOORS) {
        return unread.item(&EXPIRY);
    }
    let Some((first, one)) = dates.first() else {
        return EXPIRY.not_applicable("there is no Certificate, and nothing names a Secret");
    };
    let Some(now) = scene.now else {
        let ends: Vec<String> = dates
            .iter()
            .map(|(end, one)| format!("{} ends {}", told_certificate(one), day(*end)))
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
    EXPIRY.ready(format!(
        "{}; the first to end is {} on {}, seen from {}",
        counted(all.len() as u64, "certificate", "certificates"),
        told_certificate(one),
        day(*first),
        day(now)
    ))
}

/// The day of an instant, in UTC.
fn day(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d").to_string()
}

/// Of certificates that somebody else keeps, Key Vault for one.
fn without_certificate(secrets: &[(&str, &str)]) -> Item {
    let names: Vec<String> = secrets.iter().map(told_secret).collect();
    EXPIRY.not_known(
        format!(
            "no Certificate of cert-manager writes {}: when what is in them ends stands in Secrets, which are not read",
            listed(&names)
        ),
        "look at the end of each, where you may read Secrets",
        secrets.iter().map(|(namespace, name)| {
            let line = kubectl(&["get", "secret", "--namespace"], &[namespace, name])?;
            Some(format!(
                "{line} --output 'jsonpath={{.data.tls\\.crt}}' | base64 -d | openssl x509 -noout -enddate"
            ))
        }),
    )
}

fn told_issuer(one: &Issuer) -> String {
    match one.namespace.as_str() {
        "" => format!("{} {}", one.kind, one.name),
        namespace => format!("{} {namespace}/{}", one.kind, one.name),
    }
}

/// Certificates whose issuer is none that is there. One of another group is somebody else's.
fn orphans(state: &KubernetesState) -> Vec<String> {
    let is_there = |one: &Certificate, kind: &str, name: &str| {
        let mut issuers = state.platform.issuers.iter();
        issuers.any(|issuer| {
            issuer.kind == kind
                && issuer.name == name
                && (kind == "ClusterIssuer" || issuer.namespace == one.namespace)
        })
    };
    let all = state.platform.certificates.iter();
    all.filter_map(|one| {
        let issuer = one.issuer.as_ref()?;
        let is_own = ["Issuer", "ClusterIssuer"].contains(&issuer.kind.as_str());
        let lost = is_own && !is_there(one, &issuer.kind, &issuer.name);
        lost.then(|| {
            format!(
                "{} {} of Certificate {}, which is not there",
                issuer.kind,
                issuer.name,
                told_certificate(one)
            )
        })
    })
    .collect()
}

fn issuer(scene: &Scene) -> Item {
    let state = match scene.objects(&["Issuer", "ClusterIssuer"]) {
        Ok(state) => state,
        Err(unread) => return unread.item(&ISSUER),
    };
    let all = &state.platform.issuers;
    let describe = |one: &Issuer| match one.namespace.as_str() {
        "" => kubectl(&["describe", "clusterissuer"], &[&one.name]),
        namespace => kubectl(
            &["describe", "issuer", "--namespace"],
            &[namespace, &one.name],
        ),
    };
    let of = |ready: Option<bool>| -> Vec<&Issuer> {
        all.iter().filter(|one| one.ready == ready).collect()
    };
    let (broken, unsaid, lost) = (of(Some(false)), of(None), orphans(state));
    if !broken.is_empty() || !lost.is_empty() {
        let mut names: Vec<String> = broken.iter().map(|one| told_issuer(one)).collect();
        names.extend(lost);
        return ISSUER.not_ready(
            format!("not ready: {}", listed(&names)),
            "see what it says: an account that cannot be registered, a CA whose Secret is missing; or name an issuer that is there",
            broken.iter().map(|one| describe(one)),
        );
    }
    if !unsaid.is_empty() {
        let names: Vec<String> = unsaid.iter().map(|one| told_issuer(one)).collect();
        return ISSUER.not_known(
            format!("they say nothing of themselves yet: {}", listed(&names)),
            "see whether cert-manager runs, and what it says of them",
            unsaid.iter().map(|one| describe(one)),
        );
    }
    if all.is_empty() {
        return ISSUER.not_applicable("there is no issuer of cert-manager");
    }
    let names: Vec<String> = all.iter().map(told_issuer).collect();
    ISSUER.ready(listed(&names))
}

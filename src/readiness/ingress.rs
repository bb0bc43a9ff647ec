//! Ingress: whether what comes from outside reaches a controller, under an address. Never judges the Gateway API, whose objects are not read.

use super::item::{Item, Pillar, Question, listed};
use super::scene::{Scene, kubectl};
use crate::finding::{Severity, counted};
use crate::model::workload::Ingress;
use crate::rule;
use jiff::Timestamp;
use jiff::civil::date;
use jiff::tz::TimeZone;

/// The class that the application routing add-on makes for its NGINX.
const NGINX_CLASS: &str = "webapprouting.kubernetes.azure.com";

const RULES: &[&rule::Rule] = &[&rule::RDY_10];

pub(super) const fn question(code: &'static str, asks: &'static str) -> Question {
    Question {
        code,
        pillar: Pillar::Ingress,
        asks,
        severity: Severity::Warning,
        read_from: "kubectl get ingresses,ingressclasses",
        rules: RULES,
    }
}

const APP_ROUTING: Question = Question {
    read_from: "az aks show: ingressProfile.webAppRouting",
    rules: &[&rule::RDY_9],
    ..question("app-routing", "the application routing add-on is on")
};
const NGINX: Question = Question {
    rules: &[&rule::RDY_9],
    ..question(
        "app-routing-nginx-supported",
        "no ingress is left on the add-on's NGINX after its support",
    )
};
const CLASS: Question = Question {
    severity: Severity::Blocker,
    ..question("ingress-class", "each ingress has a class that exists")
};
const ADDRESS: Question = Question {
    severity: Severity::Blocker,
    ..question("ingress-address", "each ingress has an address")
};

/// `namespace/name`.
pub(super) fn told(ingress: &Ingress) -> String {
    format!("{}/{}", ingress.namespace, ingress.name)
}

pub(super) fn check(scene: &Scene, items: &mut Vec<Item>) {
    items.push(app_routing(scene));
    match scene.objects(&["Ingress"]) {
        Ok(state) => items.push(nginx(scene, &state.ingresses)),
        Err(unread) => items.push(unread.item(&NGINX)),
    }
    items.push(class(scene));
    match scene.objects(&["Ingress"]) {
        Ok(state) => items.push(address(&state.ingresses)),
        Err(unread) => items.push(unread.item(&ADDRESS)),
    }
}

fn app_routing(scene: &Scene) -> Item {
    match scene.cluster.profiles.app_routing {
        Some(true) => APP_ROUTING.ready("on"),
        Some(false) => APP_ROUTING.not_ready(
            "off",
            "turn on its Gateway API implementation, which outlives its NGINX; or leave it off where another controller serves",
            [scene.update(&[
                ("--enable-gateway-api", None),
                ("--enable-app-routing-istio", None),
            ])],
        ),
        None => APP_ROUTING.not_known(
            "not said",
            "add the cluster as Azure shows it",
            [scene.show("ingressProfile.webAppRouting.enabled")],
        ),
    }
}

/// The first instant after the last month of support.
fn end_of_nginx() -> Timestamp {
    date(2026, 12, 1)
        .to_zoned(TimeZone::UTC)
        .expect("a day of the calendar begins in UTC")
        .timestamp()
}

fn nginx(scene: &Scene, ingresses: &[Ingress]) -> Item {
    let of_nginx: Vec<String> = ingresses
        .iter()
        .filter(|ingress| ingress.class.as_deref() == Some(NGINX_CLASS))
        .map(told)
        .collect();
    if of_nginx.is_empty() {
        return NGINX.not_applicable(format!("no ingress has the class {NGINX_CLASS}"));
    }
    let evidence = format!(
        "{} of class {NGINX_CLASS}, supported until the end of November 2026: {}",
        counted(of_nginx.len() as u64, "ingress", "ingresses"),
        listed(&of_nginx)
    );
    let remedy = "move them to Gateway and HTTPRoute of class approuting-istio: both run side by side, clients follow by DNS, and the \
                  addresses are others";
    let commands = [scene.update(&[
        ("--enable-gateway-api", None),
        ("--enable-app-routing-istio", None),
    ])];
    match scene.now {
        None => NGINX.not_known(
            format!("{evidence}; when this was read is not known"),
            remedy,
            commands,
        ),
        Some(now) if now >= end_of_nginx() => NGINX.not_ready(evidence, remedy, commands),
        Some(_) => NGINX.ready(evidence),
    }
}

fn class(scene: &Scene) -> Item {
    let state = match scene.objects(&["Ingress", "IngressClass"]) {
        Ok(state) => state,
        Err(unread) => return unread.item(&CLASS),
    };
    if state.ingresses.is_empty() {
        return CLASS.not_applicable("there is no ingress");
    }
    let classes = &state.platform.ingress_classes;
    let has_default = classes.iter().any(|class| class.default);
    let exists = |name: &str| classes.iter().any(|class| class.name == name);
    let lost: Vec<String> = state
        .ingresses
        .iter()
        .filter_map(|ingress| match &ingress.class {
            Some(name) if exists(name) => None,
            Some(name) => Some(format!("{} of class {name}", told(ingress))),
            None if has_default => None,
            None => Some(format!("{} of no class", told(ingress))),
        })
        .collect();
    let known: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    let known = match known.as_slice() {
        [] => "none".to_string(),
        names => listed(names),
    };
    if lost.is_empty() {
        return CLASS.ready(format!(
            "{}; classes: {known}",
            counted(state.ingresses.len() as u64, "ingress", "ingresses")
        ));
    }
    CLASS.not_ready(
        format!("{}; classes: {known}", listed(&lost)),
        "name a class that exists; controllers that read the old annotation only serve an ingress without its class being there",
        [kubectl(&["get", "ingressclasses"], &[])],
    )
}

fn address(ingresses: &[Ingress]) -> Item {
    if ingresses.is_empty() {
        return ADDRESS.not_applicable("there is no ingress");
    }
    let without: Vec<&Ingress> = ingresses
        .iter()
        .filter(|ingress| ingress.load_balancer_ips.is_empty() && !ingress.load_balancer_named)
        .collect();
    if without.is_empty() {
        let all: Vec<String> = ingresses
            .iter()
            .map(|ingress| match ingress.load_balancer_ips.first() {
                Some(address) => format!("{} at {address}", told(ingress)),
                None => format!("{} at a host's name", told(ingress)),
            })
            .collect();
        return ADDRESS.ready(listed(&all));
    }
    let all: Vec<String> = without.iter().map(|ingress| told(ingress)).collect();
    ADDRESS.not_ready(
        format!(
            "{} of {} without: {}",
            all.len(),
            counted(ingresses.len() as u64, "ingress", "ingresses"),
            listed(&all)
        ),
        "see why the controller has not served them",
        without.iter().map(|ingress| {
            kubectl(
                &["describe", "ingress", "--namespace"],
                &[&ingress.namespace, &ingress.name],
            )
        }),
    )
}

//! Ingress: whether what comes from outside reaches a controller that is supported, under an address; of Ingress objects and of Gateways
//! alike. Never judges what a route matches or where it leads.

use super::item::{Item, Pillar, Question, listed};
use super::scene::{Scene, kubectl};
use crate::finding::{Severity, counted};
use crate::model::KubernetesState;
use crate::model::workload::{Gateway, Ingress, IngressClass};
use crate::rule;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;

/// The class that the application routing add-on makes for its NGINX.
const NGINX_CLASS: &str = "webapprouting.kubernetes.azure.com";
/// The controller of that class; of a class that somebody made by a `NginxIngressController`, `/` and its name follow.
const NGINX_CONTROLLER: &str = "webapprouting.kubernetes.azure.com/nginx";
/// The community's.
const COMMUNITY_CONTROLLER: &str = "k8s.io/ingress-nginx";

/// From here on the add-on's NGINX is to be left: the last half year of its support has begun.
const MOVE: Date = date(2026, 5, 1);
/// The first day after the last month of its support.
const END: Date = date(2026, 12, 1);
/// As END, of the community's.
const COMMUNITY_END: Date = date(2026, 4, 1);

const RULES: &[&rule::Rule] = &[&rule::RDY_10];

pub(super) const fn question(code: &'static str, asks: &'static str) -> Question {
    Question {
        code,
        pillar: Pillar::Ingress,
        asks,
        severity: Severity::Warning,
        read_from: "kubectl get ingresses,gateways",
        rules: RULES,
    }
}

const APP_ROUTING: Question = Question {
    read_from: "az aks show: ingressProfile.webAppRouting",
    rules: &[&rule::RDY_9],
    ..question("app-routing", "the application routing add-on is on")
};
const NGINX: Question = Question {
    read_from: "kubectl get ingresses,ingressclasses",
    rules: &[&rule::RDY_9],
    ..question(
        "app-routing-nginx-supported",
        "no ingress is left on an NGINX whose support ends",
    )
};
const CLASS: Question = Question {
    severity: Severity::Blocker,
    read_from: "kubectl get ingresses,ingressclasses,gateways,httproutes",
    ..question(
        "ingress-class",
        "each ingress has a class that exists, and each Gateway a controller",
    )
};
const ADDRESS: Question = Question {
    severity: Severity::Blocker,
    ..question(
        "ingress-address",
        "each ingress and each Gateway has an address",
    )
};

/// Kinds of what lets traffic in.
pub(super) const DOORS: &[&str] = &["Ingress", "Gateway"];
pub(super) const NO_DOOR: &str = "there is no ingress and no Gateway";

/// `namespace/name`.
pub(super) fn told(ingress: &Ingress) -> String {
    format!("{}/{}", ingress.namespace, ingress.name)
}

pub(super) fn told_gateway(gateway: &Gateway) -> String {
    format!("Gateway {}/{}", gateway.namespace, gateway.name)
}

/// How many there are of both.
pub(super) fn doors(state: &KubernetesState) -> String {
    let ingresses = state.ingresses.len() as u64;
    let gateways = state.platform.gateways.len() as u64;
    let ingresses = counted(ingresses, "ingress", "ingresses");
    match gateways {
        0 => ingresses,
        many => format!("{ingresses} and {}", counted(many, "Gateway", "Gateways")),
    }
}

pub(super) fn check(scene: &Scene, items: &mut Vec<Item>) {
    items.push(app_routing(scene));
    items.push(nginx(scene));
    items.push(class(scene));
    items.push(address(scene));
}

/// The two flags are two updates (RDY-9).
fn turn_on(scene: &Scene) -> [Option<String>; 2] {
    [
        scene.update(&[("--enable-gateway-api", None)]),
        scene.update(&[("--enable-app-routing-istio", None)]),
    ]
}

fn app_routing(scene: &Scene) -> Item {
    let profiles = &scene.cluster.profiles;
    match (profiles.app_routing, profiles.app_routing_gateway) {
        (Some(true), Some(true)) => APP_ROUTING.ready("on: NGINX and the Gateway API"),
        (_, Some(true)) => APP_ROUTING.ready("on: the Gateway API"),
        (Some(true), _) => APP_ROUTING.ready("on: NGINX"),
        (Some(false), Some(false)) => APP_ROUTING.not_ready(
            "off",
            "turn on its Gateway API implementation, which outlives its NGINX: one update after the other, with version 2.86 or later of \
             the Azure CLI, and not beside the Istio service mesh add-on; or leave it off where another controller serves",
            turn_on(scene),
        ),
        (Some(false), None) => APP_ROUTING.not_known(
            "its NGINX is off; of its Gateway API implementation nothing is said, and versions of the API before 2026-02-01 do not know it",
            "read the cluster live, or look with version 2.86 or later of the Azure CLI: gatewayApiImplementations says it",
            [scene.show("ingressProfile.webAppRouting")],
        ),
        (None, _) => APP_ROUTING.not_known(
            "not said",
            "read the cluster live, or add it as version 2.86 or later of the Azure CLI shows it",
            [scene.show("ingressProfile.webAppRouting")],
        ),
    }
}

fn begin(of: Date) -> Timestamp {
    of.to_zoned(TimeZone::UTC)
        .expect("a day of the calendar begins in UTC")
        .timestamp()
}

#[derive(PartialEq)]
enum Nginx {
    AddOn,
    Community,
    Another,
    /// Its class was not read.
    Unknown,
}

/// Who serves an ingress. Of several default classes the first by name counts: admission refuses a new ingress then.
fn served_by(ingress: &Ingress, classes: Option<&[IngressClass]>) -> Nginx {
    if ingress.class.as_deref() == Some(NGINX_CLASS) {
        return Nginx::AddOn;
    }
    let Some(classes) = classes else {
        return Nginx::Unknown;
    };
    let class = match &ingress.class {
        Some(name) => classes.iter().find(|class| class.name == *name),
        None => classes.iter().find(|class| class.default),
    };
    match class.map(|class| class.controller.as_str()) {
        Some(controller)
            if controller
                .strip_prefix(NGINX_CONTROLLER)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) =>
        {
            Nginx::AddOn
        }
        Some(COMMUNITY_CONTROLLER) => Nginx::Community,
        _ => Nginx::Another,
    }
}

fn nginx(scene: &Scene) -> Item {
    let state = match scene.objects(&["Ingress"]) {
        Ok(state) => state,
        Err(unread) => return unread.item(&NGINX),
    };
    let classes = scene.objects(&["IngressClass"]);
    let known = classes.as_ref().ok();
    let known = known.map(|state| state.platform.ingress_classes.as_slice());
    let of = |wanted: &Nginx| -> Vec<String> {
        let all = state.ingresses.iter();
        all.filter(|ingress| served_by(ingress, known) == *wanted)
            .map(told)
            .collect()
    };
    let (own, community, unknown) = (
        of(&Nginx::AddOn),
        of(&Nginx::Community),
        of(&Nginx::Unknown),
    );
    if own.is_empty() && community.is_empty() {
        return match classes {
            Err(unread) if !unknown.is_empty() => unread.item(&NGINX),
            _ => NGINX
                .not_applicable("no ingress is served by the add-on's NGINX or the community's"),
        };
    }
    let mut evidence: Vec<String> = Vec::new();
    if !own.is_empty() {
        evidence.push(format!(
            "{} of the add-on's NGINX, supported until the end of November 2026: {}",
            counted(own.len() as u64, "ingress", "ingresses"),
            listed(&own)
        ));
    }
    if !community.is_empty() {
        evidence.push(format!(
            "{} of the community's NGINX, maintained until March 2026: {}",
            counted(community.len() as u64, "ingress", "ingresses"),
            listed(&community)
        ));
    }
    let evidence = evidence.join("; ");
    let remedy = "move them to Gateway and HTTPRoute of class approuting-istio: both run side by side, clients follow by DNS, and the \
                  addresses are others. These two updates turn that class on, with version 2.86 or later of the Azure CLI, and not beside \
                  the Istio service mesh add-on";
    let Some(now) = scene.now else {
        return NGINX.not_known(
            format!("{evidence}; when this was read is not known"),
            remedy,
            turn_on(scene),
        );
    };
    let severity = if !own.is_empty() && now >= begin(END) {
        Some(Severity::Blocker)
    } else if (!own.is_empty() && now >= begin(MOVE))
        || (!community.is_empty() && now >= begin(COMMUNITY_END))
    {
        Some(Severity::Warning)
    } else {
        None
    };
    match severity {
        Some(severity) => NGINX
            .of(severity)
            .not_ready(evidence, remedy, turn_on(scene)),
        None => NGINX.ready(evidence),
    }
}

fn class(scene: &Scene) -> Item {
    let kinds = &["Ingress", "IngressClass", "Gateway", "HTTPRoute"];
    let (state, unread) = match scene.some(kinds) {
        Ok(read) => read,
        Err(unread) => return unread.item(&CLASS),
    };
    let classes = &state.platform.ingress_classes;
    let (mut lost, mut loose) = (Vec::new(), Vec::new());
    if scene.knows("IngressClass") {
        let has_default = classes.iter().any(|class| class.default);
        let exists = |name: &str| classes.iter().any(|class| class.name == name);
        for ingress in &state.ingresses {
            let ingress_told = told(ingress);
            match &ingress.class {
                Some(name) if exists(name) => {}
                Some(name) if ingress.class_by_annotation => loose.push(format!(
                    "{ingress_told} of class {name} by annotation alone"
                )),
                Some(name) => lost.push(format!("{ingress_told} of class {name}")),
                None if has_default => loose.push(format!(
                    "{ingress_told} of no class, which the default is given to when it is made and not later"
                )),
                None => lost.push(format!("{ingress_told} of no class")),
            }
        }
    }
    let mut unsaid: Vec<String> = Vec::new();
    for gateway in &state.platform.gateways {
        let of = format!("{} of class {}", told_gateway(gateway), gateway.class);
        match gateway.accepted {
            Some(true) => {}
            Some(false) => lost.push(of),
            None => unsaid.push(of),
        }
    }
    if scene.knows("Gateway") {
        for route in &state.platform.http_routes {
            let is_there = |name: &crate::model::workload::GatewayName| {
                let mut gateways = state.platform.gateways.iter();
                gateways.any(|one| one.namespace == name.namespace && one.name == name.name)
            };
            let missing = route.gateways.iter().filter(|name| !is_there(name));
            lost.extend(missing.map(|name| {
                format!(
                    "HTTPRoute {}/{} of Gateway {}/{}, which is not there",
                    route.namespace, route.name, name.namespace, name.name
                )
            }));
        }
    }
    let known: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
    let known = match known.as_slice() {
        [] => "none".to_string(),
        names => listed(names),
    };
    if !lost.is_empty() || !loose.is_empty() {
        let question = if lost.is_empty() {
            CLASS.of(Severity::Warning)
        } else {
            CLASS
        };
        lost.extend(loose);
        return question.not_ready(
            format!("{}; classes of ingresses: {known}", listed(&lost)),
            "name a class that exists; controllers that read the old annotation serve an ingress without its class being there",
            [kubectl(&["get", "ingressclasses,gatewayclasses"], &[])],
        );
    }
    if let Some(unread) = unread {
        return unread.item(&CLASS);
    }
    if !unsaid.is_empty() {
        return CLASS.not_known(
            format!("no controller has said anything of {}", listed(&unsaid)),
            "see whether a controller serves the class: its condition Accepted says so",
            [kubectl(
                &["get", "gatewayclasses,gateways", "--all-namespaces"],
                &[],
            )],
        );
    }
    if state.ingresses.is_empty() && state.platform.gateways.is_empty() {
        return CLASS.not_applicable(NO_DOOR);
    }
    CLASS.ready(format!("{}; classes of ingresses: {known}", doors(state)))
}

fn address(scene: &Scene) -> Item {
    let (state, unread) = match scene.some(DOORS) {
        Ok(read) => read,
        Err(unread) => return unread.item(&ADDRESS),
    };
    let gateways = &state.platform.gateways;
    let without: Vec<&Ingress> = (state.ingresses.iter())
        .filter(|ingress| ingress.load_balancer_ips.is_empty() && !ingress.load_balancer_named)
        .collect();
    let nowhere: Vec<&Gateway> = (gateways.iter())
        .filter(|gateway| gateway.addresses.is_empty())
        .collect();
    if !without.is_empty() || !nowhere.is_empty() {
        let mut all: Vec<String> = without.iter().map(|ingress| told(ingress)).collect();
        all.extend(nowhere.iter().map(|gateway| told_gateway(gateway)));
        let describe = |kind: &'static str, namespace: &str, name: &str| {
            kubectl(&["describe", kind, "--namespace"], &[namespace, name])
        };
        return ADDRESS.not_ready(
            format!(
                "{} without, of {}: {}",
                all.len(),
                doors(state),
                listed(&all)
            ),
            "see why the controller has not served them",
            (without.iter())
                .map(|ingress| describe("ingress", &ingress.namespace, &ingress.name))
                .chain(
                    (nowhere.iter())
                        .map(|gateway| describe("gateway", &gateway.namespace, &gateway.name)),
                ),
        );
    }
    if let Some(unread) = unread {
        return unread.item(&ADDRESS);
    }
    if state.ingresses.is_empty() && gateways.is_empty() {
        return ADDRESS.not_applicable(NO_DOOR);
    }
    let ingresses = state.ingresses.iter();
    let mut all: Vec<String> = ingresses
        .map(|ingress| match ingress.load_balancer_ips.first() {
            Some(address) => format!("{} at {address}", told(ingress)),
            None => format!("{} at a host's name", told(ingress)),
        })
        .collect();
    all.extend(gateways.iter().map(|gateway| {
        let addresses = listed(&gateway.addresses);
        format!("{} at {addresses}", told_gateway(gateway))
    }));
    ADDRESS.ready(listed(&all))
}

//! Identity: whether pods can sign in to Azure without a password, whether those that want to are set up for it, and what is left of service
//! principals. Never sees a token, a password or a Secret.

use super::item::{Item, Pillar, Question, listed};
use super::scene::{Scene, kubectl};
use crate::finding::{Severity, counted};
use crate::model::workload::{Pod, ServiceAccount};
use crate::model::{FederatedCredential, Identity, KubernetesState, ManagedIdentity};
use crate::rule;
use crate::shell::command_line;
use std::collections::{BTreeMap, BTreeSet};

const LABEL: &str = "azure.workload.identity/use";
const AUDIENCE: &str = "api://AzureADTokenExchange";

const RULES: &[&rule::Rule] = &[&rule::RDY_6];

const fn question(code: &'static str, asks: &'static str) -> Question {
    Question {
        code,
        pillar: Pillar::Identity,
        asks,
        severity: Severity::Warning,
        read_from: "kubectl get pods,serviceaccounts",
        rules: RULES,
    }
}

const OIDC: Question = Question {
    read_from: "az aks show: oidcIssuerProfile",
    rules: &[&rule::RDY_5],
    ..question("oidc-issuer", "the OIDC issuer is on")
};
const WORKLOAD_IDENTITY: Question = Question {
    read_from: "az aks show: securityProfile.workloadIdentity",
    rules: &[&rule::RDY_5, &rule::RDY_6],
    ..question("workload-identity", "workload identity is on")
};
const ANNOTATED: Question = question(
    "service-accounts-annotated",
    "pods that ask for an identity run as a service account that names one",
);
const LABELLED: Question = Question {
    severity: Severity::Blocker,
    ..question(
        "pods-labelled",
        "pods of service accounts that name an identity ask for it",
    )
};
const NO_PASSWORD: Question = Question {
    read_from: "az aks show; kubectl get pods,azureidentities",
    rules: &[&rule::RDY_8],
    ..question(
        "no-service-principal",
        "nothing signs in as a service principal",
    )
};
const POD_IDENTITY: Question = Question {
    read_from: "az aks show: podIdentityProfile",
    rules: &[&rule::RDY_8],
    ..question("pod-identity", "the retired pod-managed identity is off")
};
const FEDERATED: Question = Question {
    severity: Severity::Blocker,
    read_from: "az identity federated-credential list; kubectl get serviceaccounts",
    rules: &[&rule::RDY_7],
    ..question(
        "federated-credentials",
        "each identity trusts the cluster's issuer and the service account",
    )
};

pub(super) fn check(scene: &Scene, items: &mut Vec<Item>) {
    items.push(oidc(scene));
    items.push(workload_identity(scene));
    match scene.objects(&["Pod", "ServiceAccount"]) {
        Ok(state) => {
            items.push(annotated(state));
            items.push(labelled(state));
        }
        Err(unread) => items.extend([ANNOTATED, LABELLED].map(|question| unread.item(&question))),
    }
    items.push(no_password(scene));
    items.push(pod_identity(scene));
    items.push(federated(scene));
}

fn pod_identity(scene: &Scene) -> Item {
    match scene.cluster.profiles.pod_identity {
        Some(false) => POD_IDENTITY.ready("off"),
        Some(true) => POD_IDENTITY.not_ready(
            "on: it gets no fixes any more",
            "move its workloads to workload identity, then turn it off; the flag is the extension aks-preview's",
            [scene.update(&[("--disable-pod-identity", None)])],
        ),
        None => POD_IDENTITY.not_known(
            "not said",
            "add the cluster as Azure shows it",
            [scene.show("podIdentityProfile")],
        ),
    }
}

fn oidc(scene: &Scene) -> Item {
    let profiles = &scene.cluster.profiles;
    match profiles.oidc_issuer {
        Some(true) => OIDC.ready(match &profiles.oidc_issuer_url {
            Some(url) => format!("on: {url}"),
            None => "on".to_string(),
        }),
        Some(false) => OIDC.not_ready(
            "off",
            "turn it on in a window of its own: the API server restarts, pods that use a token may have to, and it cannot be turned \
             off again",
            [scene.update(&[("--enable-oidc-issuer", None)])],
        ),
        None => OIDC.not_known(
            "not said",
            "add the cluster as Azure shows it",
            [scene.show("oidcIssuerProfile")],
        ),
    }
}

fn workload_identity(scene: &Scene) -> Item {
    match scene.cluster.profiles.workload_identity {
        Some(true) => WORKLOAD_IDENTITY.ready("on"),
        Some(false) => {
            // Without the add-on a label gets a pod nothing.
            let state = scene.cluster.kubernetes.as_deref();
            let pods = state.into_iter().flat_map(|state| &state.pods);
            let asking = pods.filter(|pod| runs(pod) && asks_for_identity(pod));
            let asking = asking.count() as u64;
            let (question, evidence) = match asking {
                0 => (WORKLOAD_IDENTITY, "off".to_string()),
                many => (
                    WORKLOAD_IDENTITY.of(Severity::Blocker),
                    format!(
                        "off, and {} for an identity",
                        counted(many, "pod asks", "pods ask")
                    ),
                ),
            };
            question.not_ready(
            evidence,
            "turn it on; the OIDC issuer comes with it, and with that a restart of the API server where it is off",
            [scene.update(&[
                ("--enable-oidc-issuer", None),
                ("--enable-workload-identity", None),
            ])],
        )
        }
        None => WORKLOAD_IDENTITY.not_known(
            "not said",
            "add the cluster as Azure shows it",
            [scene.show("securityProfile.workloadIdentity")],
        ),
    }
}

fn asks_for_identity(pod: &Pod) -> bool {
    pod.labels.get(LABEL).is_some_and(|value| value == "true")
}

/// Pods that ended say nothing of what runs.
fn runs(pod: &Pod) -> bool {
    !matches!(pod.phase.as_deref(), Some("Succeeded" | "Failed"))
}

fn accounts(state: &KubernetesState) -> BTreeMap<(&str, &str), &ServiceAccount> {
    let all = state.platform.service_accounts.iter();
    all.map(|account| ((account.namespace.as_str(), account.name.as_str()), account))
        .collect()
}

/// What controls a pod, as `namespace/name`: of a Deployment's pods that Deployment, where its replica set was read.
fn workloads<'a>(state: &'a KubernetesState, pods: impl Iterator<Item = &'a Pod>) -> Vec<String> {
    let mut owners: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for set in state
        .workloads
        .iter()
        .filter(|one| one.kind == "ReplicaSet")
    {
        if let Some(owner) = &set.owner {
            owners.insert((&set.namespace, &set.name), &owner.name);
        }
    }
    let mut found: BTreeSet<String> = BTreeSet::new();
    for pod in pods {
        let name = match &pod.owner {
            Some(owner) => owners
                .get(&(pod.namespace.as_str(), owner.name.as_str()))
                .copied()
                .unwrap_or(&owner.name),
            None => &pod.name,
        };
        found.insert(format!("{}/{name}", pod.namespace));
    }
    found.into_iter().collect()
}

fn annotated(state: &KubernetesState) -> Item {
    let accounts = accounts(state);
    let asking: Vec<&Pod> = (state.pods.iter())
        .filter(|pod| runs(pod) && asks_for_identity(pod))
        .collect();
    if asking.is_empty() {
        return ANNOTATED.not_applicable(format!("no pod that runs is labelled {LABEL}"));
    }
    let names_none: BTreeSet<(&str, &str)> = asking
        .iter()
        .filter_map(|pod| {
            let name = pod.service_account.as_deref()?;
            let account = accounts.get(&(pod.namespace.as_str(), name.as_str()));
            let named = account.is_some_and(|account| account.client_id.is_some());
            (!named).then_some((pod.namespace.as_str(), name.as_str()))
        })
        .collect();
    let unknown = asking
        .iter()
        .filter(|pod| pod.service_account.is_none())
        .count();
    if !names_none.is_empty() {
        let all: Vec<String> = names_none
            .iter()
            .map(|(ns, name)| format!("{ns}/{name}"))
            .collect();
        return ANNOTATED.not_ready(
            format!(
                "{} without azure.workload.identity/client-id: {}",
                counted(all.len() as u64, "service account", "service accounts"),
                listed(&all)
            ),
            "annotate them with the client ID of the identity, put for CLIENT_ID, and start their pods again; it is optional only \
             where the application names the identity itself",
            names_none.iter().map(|(namespace, name)| {
                let line = kubectl(
                    &["annotate", "serviceaccount", "--namespace"],
                    &[namespace, name],
                )?;
                Some(format!("{line} azure.workload.identity/client-id=CLIENT_ID"))
            }),
        );
    }
    if unknown > 0 {
        return ANNOTATED.not_known(
            format!("{unknown} pods do not say which service account they run as"),
            "read the pods again: a snapshot of an earlier version does not hold it",
            [kubectl(
                &["get", "pods", "--all-namespaces", "--output", "json"],
                &[],
            )],
        );
    }
    ANNOTATED.ready(format!(
        "{} by {}",
        counted(asking.len() as u64, "pod", "pods"),
        listed(&workloads(state, asking.iter().copied()))
    ))
}

fn labelled(state: &KubernetesState) -> Item {
    let accounts = accounts(state);
    let named = (accounts.values()).filter(|account| account.client_id.is_some());
    let named: Vec<String> = named
        .map(|account| format!("{}/{}", account.namespace, account.name))
        .collect();
    if named.is_empty() {
        return LABELLED.not_applicable("no service account names an identity");
    }
    let of_named = |pod: &&Pod| {
        let name = pod.service_account.as_deref().map(String::as_str);
        let account = name.and_then(|name| accounts.get(&(pod.namespace.as_str(), name)));
        runs(pod) && account.is_some_and(|account| account.client_id.is_some())
    };
    let all: Vec<&Pod> = state.pods.iter().filter(of_named).collect();
    let without: Vec<&Pod> = (all.iter().copied())
        .filter(|pod| !asks_for_identity(pod))
        .collect();
    if !without.is_empty() {
        return LABELLED.not_ready(
            format!(
                "{} of {} without {LABEL}: \"true\": {}",
                without.len(),
                counted(all.len() as u64, "pod", "pods"),
                listed(&workloads(state, without.iter().copied()))
            ),
            "label the pods in the template of what controls them, for example in the Deployment, and roll it out; a pod that signs in \
             this way without the label fails after its next start",
            [],
        );
    }
    if state.pods.iter().any(|pod| pod.service_account.is_none()) {
        return LABELLED.not_known(
            "some pods do not say which service account they run as",
            "read the pods again: a snapshot of an earlier version does not hold it",
            [kubectl(
                &["get", "pods", "--all-namespaces", "--output", "json"],
                &[],
            )],
        );
    }
    if all.is_empty() {
        return LABELLED.not_applicable(format!("no pod runs as {}", listed(&named)));
    }
    LABELLED.ready(format!(
        "{} of {}",
        counted(all.len() as u64, "pod", "pods"),
        listed(&named)
    ))
}

fn no_password(scene: &Scene) -> Item {
    let mut found: Vec<String> = Vec::new();
    let mut commands: Vec<Option<String>> = Vec::new();
    if scene.cluster.identity == Identity::ServicePrincipal {
        found.push("the cluster itself".to_string());
        commands.push(scene.update(&[("--enable-managed-identity", None)]));
    }
    let state = scene.cluster.kubernetes.as_deref();
    if let Some(state) = state {
        let pods = state
            .pods
            .iter()
            .filter(|pod| runs(pod) && pod.client_secret);
        let of_pods = workloads(state, pods);
        if !of_pods.is_empty() {
            found.push(format!(
                "the variables of a service principal in pods of {}",
                listed(&of_pods)
            ));
        }
        for identity in &state.platform.azure_identities {
            if matches!(identity.kind, Some(1 | 2)) {
                found.push(format!(
                    "AzureIdentity {}/{} of type {}",
                    identity.namespace,
                    identity.name,
                    identity.kind.unwrap_or_default()
                ));
                commands.push(kubectl(
                    &["get", "azureidentity", "--output", "yaml", "--namespace"],
                    &[&identity.namespace, &identity.name],
                ));
            }
        }
    }
    if !found.is_empty() {
        return NO_PASSWORD.not_ready(
            listed(&found),
            "let them sign in by workload identity, and delete the passwords after it; the cluster itself by a managed identity",
            commands,
        );
    }
    match scene.objects(&["Pod", "AzureIdentity"]) {
        Err(unread) => unread.item(&NO_PASSWORD),
        Ok(_) if scene.cluster.identity == Identity::Unknown => NO_PASSWORD.not_known(
            "the identity of the cluster is not said",
            "add the cluster as Azure shows it",
            [scene.show("[identity.type,servicePrincipalProfile.clientId]")],
        ),
        Ok(state) if state.pods.iter().any(|pod| pod.service_account.is_none()) => NO_PASSWORD
            .not_known(
                "some pods do not say what they take from their environment",
                "read the pods again: a snapshot of an earlier version does not hold it",
                [kubectl(&["get", "pods", "--all-namespaces", "--output", "json"], &[])],
            ),
        Ok(state) => NO_PASSWORD.ready(format!(
            "{} without the variables of one (AZURE_CLIENT_SECRET and the like), no AzureIdentity of one, and the cluster has a managed \
             identity",
            counted(state.pods.len() as u64, "pod", "pods")
        )),
    }
}

/// How a service account stands with the identity that it names.
enum Trust {
    Whole,
    /// What is wrong, what to do about it, and the command that mends it.
    Broken(String, &'static str, Option<String>),
    /// What is not known, how to find out, and the commands for it.
    Unknown(String, &'static str, Vec<Option<String>>),
}

const ADD: &str = "add a federated credential for the service account; put a name for NAME";
const CHANGE: &str = "change the federated credential that is there: of one identity no two have the same issuer and subject";
const OF_A_STRANGER: &str = "add the identity of that client ID and its credentials; those of an app registration are not read: compare by hand, \
                             with the issuer that oidc-issuer shows, the subject system:serviceaccount:NAMESPACE:NAME and the audience \
                             api://AzureADTokenExchange";
const NO_CREDENTIALS: &str = "read live, or add what the command prints; an empty list says nothing in a file, and means that the identity trusts nobody";
const BOUND: &str = "see whether the pods have an identity binding, whose credential AKS writes";
const OF_ANOTHER_CLOUD: &str = "see whether the cluster is in the cloud whose audience that is";

/// What is to be done about several, each once.
fn together(mut remedies: Vec<&'static str>) -> String {
    let mut seen = BTreeSet::new();
    remedies.retain(|remedy| seen.insert(*remedy));
    remedies.join("; ")
}

fn federated(scene: &Scene) -> Item {
    let state = match scene.objects(&["ServiceAccount"]) {
        Ok(state) => state,
        Err(unread) => return unread.item(&FEDERATED),
    };
    let accounts = state.platform.service_accounts.iter();
    let named: Vec<&ServiceAccount> = accounts.filter(|one| one.client_id.is_some()).collect();
    if named.is_empty() {
        return FEDERATED.not_applicable("no service account names an identity");
    }
    let names = || -> Vec<String> {
        let all = named.iter();
        all.map(|account| format!("{}/{}", account.namespace, account.name))
            .collect()
    };
    // A URL that is not there yet is none to ask for.
    if scene.cluster.profiles.oidc_issuer == Some(false) {
        return FEDERATED.not_ready(
            format!(
                "the OIDC issuer is off, and so no identity can trust a token of {}",
                listed(&names())
            ),
            "turn the issuer on, as oidc-issuer says, and then add a federated credential with its URL for each",
            [],
        );
    }
    let Some(issuer) = scene.cluster.profiles.oidc_issuer_url.as_deref() else {
        return FEDERATED.not_known(
            "the URL of the cluster's OIDC issuer is not said",
            "add the cluster as Azure shows it",
            [scene.show("oidcIssuerProfile.issuerUrl")],
        );
    };
    let Some(identities) = &scene.inventory.platform.managed_identities else {
        return FEDERATED.not_known(
            format!(
                "{} name an identity, and no identity was read",
                counted(named.len() as u64, "service account", "service accounts")
            ),
            "add the identities and, for each, its credentials: az identity federated-credential list",
            [list_identities()],
        );
    };
    let (mut broken, mut to_mend, mut mending) = (Vec::new(), Vec::new(), Vec::new());
    let (mut unknown, mut to_ask, mut asking) = (Vec::new(), Vec::new(), Vec::new());
    for account in &named {
        match trust(state, account, issuer, identities) {
            Trust::Whole => {}
            Trust::Broken(what, remedy, command) => {
                broken.push(what);
                to_mend.push(remedy);
                mending.push(command);
            }
            Trust::Unknown(what, remedy, commands) => {
                unknown.push(what);
                to_ask.push(remedy);
                asking.extend(commands);
            }
        }
    }
    if !broken.is_empty() {
        FEDERATED.not_ready(listed(&broken), together(to_mend), mending)
    } else if !unknown.is_empty() {
        FEDERATED.not_known(listed(&unknown), together(to_ask), asking)
    } else {
        FEDERATED.ready(format!(
            "trusted with issuer, subject and audience: {}",
            listed(&names())
        ))
    }
}

fn list_identities() -> Option<String> {
    command_line(&["az", "identity", "list"], &[("--output", Some("json"))])
}

/// A command about the federated credentials of an identity.
fn of_credentials(
    verb: &'static str,
    identity: &ManagedIdentity,
    name: Option<&str>,
    rest: &[(&'static str, Option<&str>)],
) -> Option<String> {
    let id = identity.id.as_ref();
    let mut arguments: Vec<(&'static str, Option<&str>)> = Vec::new();
    if let Some(subscription) = id.and_then(|id| id.segment("subscriptions")) {
        arguments.push(("--subscription", Some(subscription)));
    }
    if let Some(name) = name {
        arguments.push(("--name", Some(name)));
    }
    let group = id.and_then(|id| id.resource_group());
    arguments.extend([
        ("--identity-name", Some(identity.name.as_str())),
        ("--resource-group", Some(group.unwrap_or("GROUP"))),
    ]);
    arguments.extend_from_slice(rest);
    command_line(
        &["az", "identity", "federated-credential", verb],
        &arguments,
    )
}

/// What the audience begins with in every cloud.
const ANY_AUDIENCE: &str = "api://AzureADTokenExchange";
/// Issuers of identity bindings, which are not the cluster's (a preview; RDY-7).
const BINDING_ISSUER: &str = "https://ib.oic.";

fn trust(
    state: &KubernetesState,
    account: &ServiceAccount,
    issuer: &str,
    identities: &[ManagedIdentity],
) -> Trust {
    let told = format!("{}/{}", account.namespace, account.name);
    let client = account.client_id.as_deref().unwrap_or_default();
    let found = identities.iter().find(|identity| {
        let id = identity.client_id.as_deref();
        id.is_some_and(|id| id.eq_ignore_ascii_case(client))
    });
    let Some(identity) = found else {
        return Trust::Unknown(
            format!(
                "{told}: client ID {client} is of none of the {} that were read",
                counted(identities.len() as u64, "identity", "identities")
            ),
            OF_A_STRANGER,
            vec![
                list_identities(),
                command_line(
                    &["az", "ad", "app", "federated-credential", "list"],
                    &[("--id", Some(client))],
                ),
            ],
        );
    };
    let Some(credentials) = &identity.federated_credentials else {
        return Trust::Unknown(
            format!(
                "{told}: the credentials of identity {} were not read",
                identity.name
            ),
            NO_CREDENTIALS,
            vec![of_credentials(
                "list",
                identity,
                None,
                &[("--output", Some("json"))],
            )],
        );
    };
    let subject = format!(
        "system:serviceaccount:{}:{}",
        account.namespace, account.name
    );
    let of_subject: Vec<_> = (credentials.iter())
        .filter(|credential| credential.subject == subject)
        .collect();
    let of_issuer: Vec<_> = (of_subject.iter().copied())
        .filter(|credential| credential.issuer == issuer)
        .collect();
    let is_whole =
        (of_issuer.iter()).any(|credential| credential.audiences.iter().any(|one| one == AUDIENCE));
    if is_whole {
        return Trust::Whole;
    }
    let is_bound = state.pods.iter().any(|pod| {
        pod.identity_binding
            && pod.namespace == account.namespace
            && pod.service_account.as_deref() == Some(&account.name)
    });
    if is_bound
        || credentials
            .iter()
            .any(|one| one.issuer.starts_with(BINDING_ISSUER))
    {
        return Trust::Unknown(
            format!(
                "{told} with identity {}: an identity binding may give it its tokens, and bindings are not read",
                identity.name
            ),
            BOUND,
            Vec::new(),
        );
    }
    let of_a_cloud = of_issuer.iter().find(|credential| {
        let mut audiences = credential.audiences.iter();
        audiences.any(|one| one.starts_with(ANY_AUDIENCE))
    });
    if let Some(other) = of_a_cloud {
        return Trust::Unknown(
            format!(
                "{told} with identity {}: the audience is {}, another cloud's than the public one",
                identity.name,
                listed(&other.audiences)
            ),
            OF_ANOTHER_CLOUD,
            Vec::new(),
        );
    }
    let differs_by_case = |credential: &&FederatedCredential| {
        credential.subject.eq_ignore_ascii_case(&subject)
            && credential.issuer.eq_ignore_ascii_case(issuer)
    };
    let differs_by_slash = |credential: &&FederatedCredential| {
        credential.issuer.trim_end_matches('/') == issuer.trim_end_matches('/')
    };
    // A credential that is right but for a slip is changed. That one of the same issuer and subject cannot be added beside it is certain;
    // a second one that differs by a slip would do no more than be in the way.
    let (what, slip) = if let Some(credential) = of_issuer.first() {
        (format!("the audience is not {AUDIENCE}"), Some(*credential))
    } else if let Some(credential) = credentials.iter().find(differs_by_case) {
        let what = "issuer or subject differ in capital letters, which Entra ID compares as well";
        (what.to_string(), Some(credential))
    } else if of_subject.is_empty() {
        let many = counted(credentials.len() as u64, "credential", "credentials");
        (format!("none of {many} has the subject {subject}"), None)
    } else if let Some(credential) = of_subject.iter().copied().find(differs_by_slash) {
        let what = "the issuer differs by the slash at its end";
        (what.to_string(), Some(credential))
    } else {
        ("the issuer is another cluster's".to_string(), None)
    };
    let (verb, remedy) = match slip {
        Some(_) => ("update", CHANGE),
        None => ("create", ADD),
    };
    Trust::Broken(
        format!("{told} with identity {}: {what}", identity.name),
        remedy,
        of_credentials(
            verb,
            identity,
            Some(slip.map_or("NAME", |credential| credential.name.as_str())),
            &[
                ("--issuer", Some(issuer)),
                ("--subject", Some(&subject)),
                ("--audiences", Some(AUDIENCE)),
            ],
        ),
    )
}

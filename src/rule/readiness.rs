//! The entries of the rule book about a platform's readiness: networking, identity, ingress, network policy, observability.
//!
//! Documents were read in 2026-11; dates are those that the documents carry.

use super::{Confidence, Rule};

rules! {
    RDY_1 = "RDY-1", Documented, "Azure CNI Powered by Cilium enforces network policy without another engine",
        "Overlay gives pods addresses that cost the network nothing, and the Cilium data plane routes services and enforces \
         network policies itself: no Azure or Calico engine is installed beside it. It is what AKS Automatic comes with. It runs on \
         Linux nodes only. An existing cluster takes it in an update of its own, which reimages every node and takes the place of another \
         engine: with mode node subnet before or after the move to Overlay, with kubenet after it. Until 2024 the documentation left \
         clusters of mode node subnet out.",
        "MicrosoftDocs/azure-aks-docs azure-cni-powered-by-cilium.md (2026-06-26), update-azure-cni.md (copy of 2026-08-21)";
    RDY_2 = "RDY-2", Documented, "System pools are for system pods",
        "A system pool should not run applications: the taint CriticalAddonsOnly=true:NoSchedule keeps them off, and they get user \
         pools of their own. A label alone does not keep them off. A system pool must have two nodes in production; three are \
         recommended where there is one such pool. Where managed system pools are on, AKS runs system pods on nodes of its own, which \
         no list of pools shows. A pool of mode Gateway is for static egress: neither system pods nor applications are meant for it, and \
         the autoscaler does not scale it.",
        "MicrosoftDocs/azure-aks-docs use-system-pools.md (2026-04-30), configure-static-egress-gateway.md";
    RDY_3 = "RDY-3", Documented, "The cluster autoscaler works between a minimum and a maximum a pool",
        "The cluster autoscaler adds nodes for pods that find no room, up to a pool's max_count, and removes nodes that are \
         hardly used, down to its min_count. It is turned on pool by pool. Where both are the same number it can do nothing; a \
         pool without it stays at its count. Node auto-provisioning makes nodes that no pool bounds.",
        "MicrosoftDocs/azure-aks-docs cluster-autoscaler.md (2026-07-30)";
    RDY_4 = "RDY-4", Documented, "Nodes are spread over the zones that their pool names",
        "The control plane is spread over all zones of a region by itself, nodes only over those that their pool names, which is \
         said when the pool is made. A pool in one zone is lost with it, and the autoscaler cannot bring its nodes back in \
         another one.",
        "MicrosoftDocs/azure-aks-docs aks-zone-resiliency.md (2024-06-05)";
    RDY_5 = "RDY-5", Documented, "The OIDC issuer lets Microsoft Entra ID verify a cluster's tokens",
        "Workload identity needs the OIDC issuer of the cluster. New clusters of Kubernetes 1.34 and later have it on; others \
         turn it on by an update that restarts the API server and changes the issuer of service account tokens, so that pods may \
         have to be restarted. It cannot be turned off again. The issuer's URL never changes.",
        "MicrosoftDocs/azure-aks-docs use-oidc-issuer.md (2025-10-16)";
    RDY_6 = "RDY-6", Documented, "Workload identity is a label on pods and an annotation on service accounts",
        "Only pods labelled `azure.workload.identity/use: \"true\"` get a token for Entra ID; the client ID comes from the annotation \
         `azure.workload.identity/client-id` of their service account. Both the add-on of the cluster and the label are needed: \
         without the label a pod that signs in this way fails after its next start.",
        "MicrosoftDocs/azure-aks-docs workload-identity-overview.md (2024-05-28)";
    RDY_7 = "RDY-7", Documented, "A federated credential names the issuer, the service account and the audience",
        "An identity trusts tokens whose issuer, subject and audience are those of one of its federated credentials: the URL of the \
         cluster's OIDC issuer as it stands, slash at its end included, `system:serviceaccount:NAMESPACE:NAME`, and \
         `api://AzureADTokenExchange`, each compared letter by letter, capitals included. An identity has at most 20 of them, no two with the same \
         issuer and subject. Pods with \
         an identity binding (a preview) get tokens of another issuer, https://ib.oic.…, whose credential AKS writes.",
        "MicrosoftDocs/azure-aks-docs workload-identity-deploy-cluster.md, workload-identity-overview.md (2024-05-28); MicrosoftDocs/entra-docs \
         workload-identity-federation-considerations.md";
    RDY_8 = "RDY-8", Inferred, "Service principals leave traces that show without reading a Secret",
        "A service principal's password is a secret that ends and leaks. Its traces are a cluster whose identity is a service \
         principal, an environment variable AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH in a pod, which Azure's libraries sign \
         in with, or ARM_CLIENT_SECRET, which Terraform does, and an AzureIdentity of type 1 or 2 of the retired pod-managed identity, \
         whose add-on is podIdentityProfile. A password under another name, in a file or by \
         `envFrom` leaves none of them.",
        "Azure/aad-pod-identity AzureIdentity resource; Azure.Identity EnvironmentCredential reference";
    RDY_9 = "RDY-9", Documented, "The application routing add-on with NGINX is supported until November 2026",
        "The add-on makes the ingress class `webapprouting.kubernetes.azure.com` and runs NGINX for it; each NginxIngressController makes \
         another class, whose controller begins with webapprouting.kubernetes.azure.com/nginx/. Microsoft supports that NGINX with \
         security patches until November 2026, and whoever uses it has to be gone by then; the community's ended in March 2026. Its \
         successor is the add-on's Gateway API implementation, whose class is `approuting-istio`: \
         ingressProfile.webAppRouting.gatewayAPIImplementations, from API version 2026-02-01 and Azure CLI 2.86 on, turned on by two updates \
         and not together with the Istio service mesh add-on. Both run side by side, and neither takes over the other's address.",
        "MicrosoftDocs/azure-aks-docs app-routing.md (2023-11-21), app-routing-gateway-api.md (2026-07-01), \
         app-routing-nginx-to-gateway-api-migration.md (2026-05-05), concepts-network-ingress.md; Azure/aks-app-routing-operator";
    RDY_10 = "RDY-10", Documented, "An ingress is served by the controller of its class",
        "An Ingress that names no class is given the default class when it is made, if there is one, and not later; one whose class does \
         not exist is served by nobody. The controller writes the address under which it serves into the status. TLS needs a Secret with \
         the keys tls.crt and tls.key in the namespace of the Ingress. A Gateway is served by the controller of its GatewayClass, which \
         says so by the condition Accepted; its listeners name the Secrets, and an HTTPRoute names the Gateway.",
        "kubernetes/website content/en/docs/concepts/services-networking/ingress.md (undated); kubernetes-sigs/gateway-api apis/v1";
    RDY_11 = "RDY-11", Documented, "cert-manager says when a certificate ends and whether an issuer works",
        "status.notAfter of a Certificate is when the certificate in its Secret ends, and its condition Ready says whether that \
         Secret holds a certificate that is valid. status.renewalTime is when it is renewed: by default when a third of its time is left. \
         An Issuer whose condition Ready is false signs nothing, nor does one that is not there.",
        "GitHub cert-manager/website content/docs/usage/certificate.md";
    RDY_12 = "RDY-12", Documented, "A namespace denies by default with a policy that selects every pod and allows nothing",
        "A pod that no NetworkPolicy selects is open to all. A policy with an empty podSelector isolates every pod of its namespace \
         in the directions of its policyTypes; with no rules it lets nothing through, with rules what they name, and everything only by a \
         rule that names neither peers nor ports. Cilium's own policies isolate the pods that they select in each direction that they have \
         rules for, unless enableDefaultDeny says otherwise. Policies need an engine that enforces them. Of pods on the host network \
         Kubernetes leaves open what policies do; AKS with Cilium does not apply them.",
        "kubernetes/website content/en/docs/concepts/services-networking/network-policies.md (undated); docs.cilium.io \
         security/policy/intro; MicrosoftDocs/azure-aks-docs azure-cni-powered-by-cilium.md (2026-06-26)";
    RDY_13 = "RDY-13", Documented, "Under Cilium ipBlock selects no pods and no nodes",
        "With Azure CNI Powered by Cilium an `ipBlock` of a NetworkPolicy matches neither pod nor node addresses, even where its \
         range holds them: 0.0.0.0/0 as well. Traffic to pods that it was meant to let through is blocked; a namespaceSelector \
         and a podSelector beside it in the same rule let it through. Nodes cannot be named by a NetworkPolicy at all: a \
         CiliumNetworkPolicy names them by the entities host and remote-node.",
        "MicrosoftDocs/azure-aks-docs azure-cni-powered-by-cilium.md (2026-06-26)";
    RDY_14 = "RDY-14", Documented, "Managed Prometheus, Container insights and Grafana are three switches",
        "The metrics add-on sends Prometheus metrics to an Azure Monitor workspace; Container insights sends logs to a Log Analytics \
         workspace; a Grafana shows the workspaces that are linked to it. Each is turned on by itself. An update that names no Azure \
         Monitor workspace takes the default one of the region, even where the cluster sends its metrics elsewhere.",
        "MicrosoftDocs/azure-monitor-docs articles/azure-monitor/containers/kubernetes-monitoring-enable.md (2026-08-18)";
    RDY_15 = "RDY-15", Documented, "Managed Prometheus reads the monitors of its own group only",
        "PodMonitor and ServiceMonitor are read by the metrics add-on where their apiVersion is azmonitoring.coreos.com/v1; those of \
         the Prometheus Operator's monitoring.coreos.com/v1 are not. Without any, applications are not scraped unless a ConfigMap \
         says so.",
        "MicrosoftDocs/azure-monitor-docs articles/azure-monitor/containers/prometheus-metrics-scrape-crd.md (2024-03-13)";
    RDY_16 = "RDY-16", Inferred, "Alerts are told apart by the metrics they name",
        "Latency, traffic, errors and saturation are the four signals of a service. Which of them an alert watches is told by the \
         names of its metrics, by the words they are made of, and not by what its expression computes, which errs both ways: a metric \
         that no known word tells apart counts for none, and one with such a word for its signal whatever is done with it. How the \
         platform's own parts answer (kubelet, API server, etcd and the like) tells nothing of an application's latency, traffic and \
         errors. A rule group's cluster name may be an alias. An alert without an action group tells nobody, unless an alert processing \
         rule adds one.",
        "the four signals: Site Reliability Engineering, chapter 6; rule groups: MicrosoftDocs/azure-monitor-docs \
         articles/azure-monitor/metrics/prometheus-rule-groups.md (2026-08-07), containers/kubernetes-metric-alerts.md (2026-07-21)";
    RDY_17 = "RDY-17", Documented, "Azure's own network policy engine ends",
        "Support for Azure Network Policy Manager (networkPolicy azure) ends on Windows nodes on 2026-09-30 and on Linux nodes on \
         2028-09-30. Cilium takes its place on Linux nodes; Calico runs on both, on Windows nodes of new clusters. An engine is turned off by \
         networkPolicy none before Calico takes its place.",
        "MicrosoftDocs/azure-aks-docs, best practices for container networking (read 2026-11), use-network-policies.md (2024-03-28)";
    RDY_18 = "RDY-18", Documented, "Container insights by legacy authentication is not supported after September 2026",
        "The monitoring add-on signs in by a managed identity where addonProfiles.omsagent.config.useAADAuth is true. Clusters that still use \
         the legacy authentication are not supported after 2026-09-30: the add-on is turned off and on again, with the workspace it has.",
        "MicrosoftDocs/azure-monitor-docs articles/azure-monitor/containers, legacy authentication (2026-08-07)";
}

//! The entries of the rule book about a platform's readiness: networking, identity, ingress, network policy, observability.
//!
//! Documents were read in 2026-11; dates are those that the documents carry.

use super::{Confidence, Rule};

rules! {
    RDY_1 = "RDY-1", Documented, "Azure CNI Powered by Cilium enforces network policy without another engine",
        "Overlay gives pods addresses that cost the network nothing, and the Cilium data plane routes services and enforces \
         network policies itself: no Azure or Calico engine is installed beside it. It is what AKS Automatic comes with. It runs on \
         Linux nodes only.",
        "MicrosoftDocs/azure-aks-docs azure-cni-powered-by-cilium.md (2026-06-26)";
    RDY_2 = "RDY-2", Documented, "System pools are for system pods",
        "A system pool should not run applications: the taint CriticalAddonsOnly=true:NoSchedule keeps them off, and they get user \
         pools of their own. A label alone does not keep them off. A system pool must have two nodes in production; three are \
         recommended where there is one such pool.",
        "MicrosoftDocs/azure-aks-docs use-system-pools.md (2026-04-30)";
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
         `api://AzureADTokenExchange`. An identity has at most 20 of them.",
        "MicrosoftDocs/azure-aks-docs workload-identity-deploy-cluster.md, workload-identity-overview.md (2024-05-28)";
    RDY_8 = "RDY-8", Inferred, "Service principals leave traces that show without reading a Secret",
        "A service principal's password is a secret that ends and leaks. Its traces are a cluster whose identity is a service \
         principal, an environment variable AZURE_CLIENT_SECRET in a pod, which Azure's libraries sign in with, and an \
         AzureIdentity of type 1 or 2 of the retired pod-managed identity. A password under another name, in a file or by \
         `envFrom` leaves none of them.",
        "Azure/aad-pod-identity AzureIdentity resource; Azure.Identity EnvironmentCredential reference";
    RDY_9 = "RDY-9", Documented, "The application routing add-on with NGINX is supported until November 2026",
        "The add-on makes the ingress class `webapprouting.kubernetes.azure.com` and runs NGINX for it. Microsoft supports that NGINX \
         with security patches until November 2026; its successor is the add-on's Gateway API implementation, whose class is \
         `approuting-istio`. Both run side by side, and neither takes over the other's address.",
        "MicrosoftDocs/azure-aks-docs app-routing.md (2023-11-21), app-routing-nginx-to-gateway-api-migration.md (2026-05-05)";
    RDY_10 = "RDY-10", Documented, "An ingress is served by the controller of its class",
        "An Ingress that names no class goes to the default class, if there is one; one whose class does not exist is served by \
         nobody. The controller writes the address under which it serves into the status. TLS needs a Secret of type \
         kubernetes.io/tls in the namespace of the Ingress.",
        "kubernetes/website content/en/docs/concepts/services-networking/ingress.md";
    RDY_11 = "RDY-11", Documented, "cert-manager says when a certificate ends and whether an issuer works",
        "status.notAfter of a Certificate is when the certificate in its Secret ends, and its condition Ready says whether that \
         Secret holds a certificate that is valid. By default it is renewed when a third of its time is left. An Issuer whose \
         condition Ready is false signs nothing.",
        "GitHub cert-manager/website content/docs/usage/certificate.md";
    RDY_12 = "RDY-12", Documented, "A namespace denies by default with a policy that selects every pod and allows nothing",
        "A pod that no NetworkPolicy selects is open to all. A policy with an empty podSelector isolates every pod of its namespace \
         in the directions of its policyTypes; with no rules it lets nothing through, and other policies then open what is \
         needed. Policies need an engine that enforces them, and pods on the host network are outside of them.",
        "kubernetes/website content/en/docs/concepts/services-networking/network-policies.md";
    RDY_13 = "RDY-13", Documented, "Under Cilium ipBlock selects no pods and no nodes",
        "With Azure CNI Powered by Cilium an `ipBlock` of a NetworkPolicy matches neither pod nor node addresses, even where its \
         range holds them: 0.0.0.0/0 as well. Traffic to pods that it was meant to let through is blocked; a namespaceSelector \
         and a podSelector beside it in the same rule let it through.",
        "MicrosoftDocs/azure-aks-docs azure-cni-powered-by-cilium.md (2026-06-26)";
    RDY_14 = "RDY-14", Documented, "Managed Prometheus, Container insights and Grafana are three switches",
        "The metrics add-on sends Prometheus metrics to an Azure Monitor workspace; Container insights sends logs to a Log Analytics \
         workspace; a Grafana shows the workspaces that are linked to it. Each is turned on by itself.",
        "MicrosoftDocs/azure-docs azure-monitor/containers/kubernetes-monitoring-enable.md";
    RDY_15 = "RDY-15", Documented, "Managed Prometheus reads the monitors of its own group only",
        "PodMonitor and ServiceMonitor are read by the metrics add-on where their apiVersion is azmonitoring.coreos.com/v1; those of \
         the Prometheus Operator's monitoring.coreos.com/v1 are not. Without any, applications are not scraped unless a ConfigMap \
         says so.",
        "MicrosoftDocs/azure-docs azure-monitor/containers/prometheus-metrics-scrape-crd.md";
    RDY_16 = "RDY-16", Inferred, "Alerts are told apart by the metrics they name",
        "Latency, traffic, errors and saturation are the four signals of a service. Which of them an alert watches is told by the \
         names of its metrics, by the words they are made of, and not by what its expression computes: errs towards telling a \
         signal watched. A metric that no known word tells apart counts for none.",
        "the four signals: Site Reliability Engineering, chapter 6; rule groups: MicrosoftDocs/azure-docs \
         azure-monitor/metrics/prometheus-rule-groups.md, kubernetes-metric-alerts.md (2024-03-05)";
}

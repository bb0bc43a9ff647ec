//! The entries of the rule book, in reading order: subnets, pod counts, the address models, validation, upgrades, the move
//! to Overlay, CIDRs, maintenance, evictions, the REST interface; then the error codes, each under its own name.
//!
//! Documents were read in 2026-11. Where a document carries no date of its own, the date is that of the copy read
//! (`MicrosoftDocs/azure-aks-docs` `articles/aks` at 2026-08-21, `Azure/AKS` `CHANGELOG.md` at 2026-08-07).
//! Messages between backticks are verbatim, with `{placeholders}`.

use super::{Confidence, Rule};

rules! {
    // ── Subnets ──────────────────────────────────────────────────────────────────────────────────────────────────────────
    SUB_1 = "SUB-1", Documented, "Azure reserves five addresses in every IPv4 subnet",
        "Azure keeps five IPv4 addresses of every subnet: the network address, the next three (gateway and DNS) and the \
         last one. A subnet of prefix length p therefore offers 2^(32-p) - 5 addresses: 251 in a /24, 3 in a /29, the \
         smallest subnet allowed. IPv6 subnets must be exactly /64. One AKS page speaks of \"the first three\" addresses \
         and yet computes 251 for a /24; aksplan takes five.",
        "MicrosoftDocs/azure-docs virtual-networks-faq.md; MicrosoftDocs/azure-aks-docs \
         concepts-network-azure-cni-overlay.md (2026-07-31); the other wording: configure-kubenet.md (2026-04-16)";
    SUB_2 = "SUB-2", Documented, "A virtual network carries at most 65,536 private addresses",
        "A virtual network has a limit of 65,536 configured private IP addresses, whatever its address space (/8 at most). \
         Models in which every pod holds an address of the network therefore stop at about 64,000 to 65,000 pods per \
         network. Static-block allocation assigns blocks instead of single addresses and reaches about one million.",
        "MicrosoftDocs/azure-aks-docs concepts-network-ip-address-planning.md (2026-04-16), plan-pod-networking.md (copy \
         of 2026-08-21)";
    SUB_3 = "SUB-3", Documented, "A subnet in use cannot be resized",
        "The address range of a subnet that node pools use cannot be changed; Azure answers `InUseSubnetCannotBeUpdated`. \
         The way out is a new, larger subnet in the same virtual network, a new pool in it, a drain and the deletion of the \
         old pool. Two upgrade pages casually advise to \"expand the subnet\"; aksplan assumes that this is impossible as \
         long as network interfaces exist in it.",
        "MicrosoftDocs/SupportArticles-docs connectivity/insufficientsubnetsize-error-advanced-networking.md; GitHub \
         hashicorp/terraform-provider-azurerm#7687 (2020-07); the other reading: MicrosoftDocs/azure-aks-docs \
         upgrade-options.md (2026-06-22), upgrade-capacity-cost-planning.md (2026-07-07)";
    SUB_4 = "SUB-4", Documented, "All subnets of a cluster lie in one virtual network",
        "Every node-pool subnet and every pod subnet of a cluster must belong to the same virtual network. If the \
         network's address space grew after the cluster was created, a plain `az aks update` is needed before a subnet in \
         the new part can be used. An internal load balancer takes its address from one of the node-pool subnets unless \
         told otherwise.",
        "MicrosoftDocs/azure-aks-docs node-pool-unique-subnet.md, configure-azure-cni-dynamic-ip-allocation.md (copy of \
         2026-08-21)";
    SUB_5 = "SUB-5", Documented, "A node-pool subnet must not be delegated",
        "A node pool is refused in a subnet that is delegated to another service (`SubnetIsDelegated`); only a delegation \
         to Microsoft.ContainerService/managedClusters is tolerated. Pod subnets and API-server subnets are delegated by \
         AKS itself and can hold neither virtual machines nor anything else.",
        "MicrosoftDocs/SupportArticles-docs error-codes/subnetisdelegated-error.md (2025-08); GitHub Azure/AKS#3013 \
         (2022)";

    // ── Pods per node, cluster limits ────────────────────────────────────────────────────────────────────────────────────
    MP_1 = "MP-1", Documented, "A pool needs room for thirty pods",
        "maxPods may be anything from 10 to 250, but every pool must have room for at least 30 pods: its node count times \
         maxPods must be 30 or more. With maxPods 10 each pool needs three nodes.",
        "MicrosoftDocs/azure-aks-docs concepts-network-ip-address-planning.md (2026-04-16)";
    MP_2 = "MP-2", Documented, "maxPods of a pool cannot be changed",
        "maxPods is fixed when a pool is created; another value needs another pool. It follows that a classic cluster \
         moved to Overlay keeps its old maxPods, often 30 (a consequence; no document says that the move changes it). One \
         page shows `az aks nodepool update --max-pods` while the planning page says that existing pools cannot change; \
         aksplan assumes that they cannot.",
        "MicrosoftDocs/azure-aks-docs concepts-network-ip-address-planning.md (2026-04-16); the other reading: \
         upgrade-capacity-cost-planning.md (2026-07-07)";
    MP_3 = "MP-3", Documented, "1,000 nodes per pool, 5,000 per cluster, 100 pools",
        "A pool on a scale set has at most 1,000 nodes, a cluster at most 100 pools and 5,000 nodes. With Overlay a \
         cluster carries about 200,000 pods according to one page and 250,000 according to another. The limits on nodes and \
         on pods per node are independent: their product is not promised.",
        "MicrosoftDocs/azure-aks-docs best-practices-performance-scale-large.md, plan-pod-networking.md (copy of \
         2026-08-21), concepts-network-azure-cni-overlay.md (2026-07-31)";
    MP_4 = "MP-4", Documented, "Network policy engines have limits of their own",
        "Azure Network Policy Manager supports at most 250 nodes or 20,000 pods. The Cilium data plane changes neither the \
         5,000-node limit nor the /24 per node; it is Linux only, has 65,535 identities, and ignores `ipBlock` rules for \
         pod and node addresses.",
        "MicrosoftDocs/azure-aks-docs use-network-policies.md (2026-08-18), azure-cni-powered-by-cilium.md (copy of \
         2026-08-21)";
    MP_5 = "MP-5", Documented, "Without a named plugin the default is Overlay",
        "`az aks create` without `--network-plugin` makes an Azure CNI Overlay cluster; `--network-plugin azure` without a \
         mode makes a node-subnet (classic) cluster. Older API schemas still had kubenet as the default, so the mode must \
         be read from the cluster's networkProfile and never be inferred.",
        "MicrosoftDocs/azure-aks-docs azure-cni-overlay.md (2026-07-31); Azure/azure-rest-api-specs managedClusters \
         2024-05-01";
    MP_6 = "MP-6", Documented, "kubenet and Network Policy Manager retire",
        "kubenet retires on 2028-03-31. Azure Network Policy Manager retires on 2026-09-30 for Windows nodes and on \
         2028-09-30 for Linux nodes.",
        "MicrosoftDocs/azure-aks-docs includes/kubenet-retirement.md, \
         includes/azure-network-policy-manager-linux-retirement.md (copy of 2026-08-21), \
         concepts-network-azure-cni-overlay.md (2026-07-31)";

    // ── Azure CNI node subnet (classic) ──────────────────────────────────────────────────────────────────────────────────
    CLS_1 = "CLS-1", Documented, "Planning formula of the classic model: maxPods + 1 per node",
        "For Azure CNI node subnet the documentation sizes the subnet as (nodes + surge) * (1 + maxPods): one address for \
         the node and one for each pod it may run, reserved when the node is created. aksplan uses this formula for the \
         size it recommends, and CLS-3 for what AKS will really answer.",
        "MicrosoftDocs/azure-aks-docs concepts-network-ip-address-planning.md (2026-04-16), upgrade-options.md \
         (2026-06-22)";
    CLS_2 = "CLS-2", Indirect, "No addresses for host-network daemonset pods",
        "Since the release of 2022-01-07 AKS no longer reserves addresses of the virtual network for daemonset pods that \
         use the host network. This explains why a classic node holds fewer addresses than the planning formula says.",
        "Azure/AKS CHANGELOG 2022-01-07";
    CLS_3 = "CLS-3", Inferred, "A classic Linux node really takes maxPods - 1 addresses",
        "A classic (node subnet) Linux node holds maxPods - 1 addresses: one for itself and maxPods - 2 for pods. Every \
         rejection since 2022 whose configuration is known is an exact multiple of this number, and the primary addresses \
         of consecutive nodes lie 29 apart for maxPods 30 and 109 apart for maxPods 110. Before 2022 it was maxPods + 1, \
         which was also seen once on Windows nodes, so aksplan takes maxPods + 1 for Windows. No document states this, and \
         it was not verified by calls to Azure of our own: comparing with the usage of the live subnet is better.",
        "observed: error messages real services returned with known configuration, 2022-2026; node listings in \
         MicrosoftDocs/azure-aks-docs node-access.md (copy of 2026-08-21) and public listings from Kubernetes 1.25 to 1.36; \
         a real subscription's subnet occupancy (2023-02-07); before 2022: GitHub Azure/AKS#2119 (2021)";
    CLS_4 = "CLS-4", Documented, "Classic addresses are held by nodes, not by running pods",
        "With Azure CNI node subnet a node holds its addresses from its creation to its deletion, whether or not pods run \
         on it. Scaling deployments down frees nothing; only fewer nodes do.",
        "GitHub Azure/AKS#3221 (2022-09)";
    CLS_5 = "CLS-5", Indirect, "At most 256 secondary IP configurations per machine",
        "Azure accepts at most 256 secondary IP configurations on one virtual machine of a scale set and answers \
         `SecondaryIpConfigurationCountPerVMSSVMExceeded` beyond that. This bounds how many pod addresses a classic node \
         can hold.",
        "GitHub Azure/aks-engine#1741 (2019), Azure/AKS#1124 (2019)";

    // ── Azure CNI pod subnet, dynamic ────────────────────────────────────────────────────────────────────────────────────
    DYN_1 = "DYN-1", Documented, "Dynamic pod subnet: addresses come in batches of sixteen",
        "With dynamic allocation a node takes 16 addresses of the pod subnet when it starts, and another 16 whenever fewer \
         than 8 of its addresses are free. Plan at least 16 addresses of the pod subnet per node, besides one address of \
         the node subnet.",
        "MicrosoftDocs/azure-aks-docs configure-azure-cni-dynamic-ip-allocation.md (copy of 2026-08-21), \
         concepts-network-ip-address-planning.md (2026-04-16)";
    DYN_2 = "DYN-2", Documented, "Dynamic pod subnet: how many addresses a node asks for",
        "A node asks for 16 * ceil(0.5 + pods / 16) addresses, where pods counts those that need an address of their own \
         (not host-network ones), and never for more than 250: 16 up to 8 pods, 32 up to 24, 48 up to 40. When the subnet \
         is exhausted the batch shrinks to one and the target becomes pods + 1. The older allocator gives addresses back \
         once 24 or more are free; the newer one returns straight to the target.",
        "Azure/azure-container-networking cns/ipampool/v2/monitor.go, cns/ipampool/monitor.go (2026-08-20)";
    DYN_3 = "DYN-3", Indirect, "Dynamic pod subnet: one more address per node",
        "Each node also owns one primary address of the pod subnet, reserved for DNS and metadata traffic, so its real \
         footprint is probably 16k + 1 and not 16k: a /24 pod subnet carries 14 nodes rather than 15. A design note \
         subtracts that address from the request, but the shipped code does not. aksplan takes 17 per node to say what \
         fits, and 16 to say what AKS will admit.",
        "Azure/azure-container-networking cns/ipampool/metrics/metrics.go, docs/feature/ipammath/1-ipam-math.md \
         (2026-08-20); the count of 15 nodes: GitHub MicrosoftDocs/azure-docs#97370 (2022)";
    DYN_4 = "DYN-4", Inferred, "Pod subnet: admission counts sixteen per node",
        "Before an operation AKS counts 16 addresses of the pod subnet for each node, whatever maxPods is and even when \
         the pool allocates static blocks: ten nodes were counted as 160. The rejection names \
         agentPoolProfile.podSubnetID.",
        "observed: error messages real services returned with known configuration, 2022-2026 (this one 2024-10)";
    DYN_5 = "DYN-5", Documented, "Pod subnets: one per pool, one CNI for the whole cluster",
        "A pool has one pod subnet, which other pools and other clusters of the same virtual network may share. All pools \
         of a cluster use the same kind of CNI. Pod subnets exclude the Static Egress Gateway, and node auto-provisioning \
         does not support them.",
        "MicrosoftDocs/azure-aks-docs concepts-network-azure-cni-pod-subnet.md, \
         configure-azure-cni-dynamic-ip-allocation.md (copy of 2026-08-21)";

    // ── Azure CNI pod subnet, static block ───────────────────────────────────────────────────────────────────────────────
    STB_1 = "STB-1", Documented, "Static blocks: ceil((maxPods + 1) / 16) blocks of sixteen per node",
        "With static allocation a node takes N = ceil((maxPods + 1) / 16) blocks of 16 addresses from the pod subnet, one \
         of which the node keeps, so 16N - 1 pods fit. maxPods 30 takes 2 blocks, 32 takes 3, 110 takes 7, 250 takes 16. \
         Values of the form 16N - 1 waste nothing.",
        "MicrosoftDocs/azure-aks-docs configure-azure-cni-static-block-allocation.md, \
         concepts-network-azure-cni-pod-subnet.md (copy of 2026-08-21)";
    STB_2 = "STB-2", Documented, "Static blocks: Kubernetes 1.28, subnet up to /12, no way to switch",
        "Static block allocation needs Kubernetes 1.28 or later and a pod subnet no larger than /12. A subnet serves \
         either static or dynamic allocation for everyone who uses it. Only new clusters, or new pools with another subnet, \
         can use it; there is no change in place. It has been generally available since 2025-07-20.",
        "MicrosoftDocs/azure-aks-docs configure-azure-cni-static-block-allocation.md (copy of 2026-08-21); Azure/AKS \
         CHANGELOG 2025-07-20, 2026-06-19 (dual-stack)";
    STB_3 = "STB-3", Inferred, "Static blocks: AKS admits more nodes than the subnet can carry",
        "Because admission counts only 16 addresses per node (DYN-4), AKS may accept static-block nodes that do not fit: \
         they are created, never become Ready, and the NodeNetworkConfig reports that the subnet is full. aksplan therefore \
         checks 16N addresses per node itself. Blocks are aligned to /28, so any other address in the pod subnet costs a \
         whole block: keep the subnet exclusive.",
        "observed: error messages real services returned with known configuration, 2022-2026 (this one 2024-10)";

    // ── Azure CNI Overlay ────────────────────────────────────────────────────────────────────────────────────────────────
    OVL_1 = "OVL-1", Documented, "Overlay: every node takes a /24 of the pod CIDR",
        "In Overlay each node, including each surge node, takes one /24 (256 addresses) of the pod CIDR; the size cannot \
         be configured. A pod CIDR of prefix length p carries 2^(24-p) nodes: the default 10.244.0.0/16 carries 256. In the \
         node subnet a node takes only one address.",
        "MicrosoftDocs/azure-aks-docs concepts-network-azure-cni-overlay.md (2026-07-31); GitHub Azure/AKS#4367 (open)";
    OVL_2 = "OVL-2", Inferred, "Overlay, dual-stack: a /120 per node and one more subnet address",
        "The dual-stack defaults are the pod CIDRs 10.244.0.0/16 and fd12:3456:789a::/64 and the service CIDRs 10.0.0.0/16 \
         and fd12:3456:789a:1::/108; an IPv6 service range must not be larger than /108. According to an AKS engineer each \
         Overlay node takes a fixed /120 of the IPv6 pod CIDR, while with kubenet it takes a slice 16 bits longer than the \
         pod CIDR. In the subnet a node takes one IPv4 and one IPv6 address.",
        "MicrosoftDocs/azure-aks-docs concepts-network-azure-cni-overlay.md (2026-07-31); the /120: GitHub Azure/AKS#5120 \
         (2025-07)";
    OVL_3 = "OVL-3", Documented, "Overlay: a pod CIDR may be reused, but must not meet connected networks",
        "Independent clusters may use the same pod CIDR, even in the same virtual network. It must not overlap the \
         cluster's subnets, nor networks that the cluster's network reaches directly by peering, ExpressRoute or VPN.",
        "MicrosoftDocs/azure-aks-docs concepts-network-azure-cni-overlay.md (2026-07-31)";
    OVL_4 = "OVL-4", Documented, "Overlay: what it does not support",
        "Overlay does not support availability-set pools, DCsv2 machines (DCasv5 and DCadsv5 work), virtual nodes, nor \
         subnets, virtual networks or network resource groups whose name is longer than 63 characters. The names are \
         limited because they become node labels.",
        "MicrosoftDocs/azure-aks-docs concepts-network-azure-cni-overlay.md (2026-07-31); Azure/AKS CHANGELOG 2023-11-28";
    OVL_5 = "OVL-5", Documented, "Overlay: security groups see pod addresses",
        "Overlay pod traffic is not encapsulated, so network security groups on the subnet see addresses of the pod CIDR. \
         Where deny rules exist, node to node, node to pod CIDR and pod CIDR to pod CIDR must be allowed on all ports and \
         protocols. A migrated cluster whose rules admit only the subnet's range breaks.",
        "MicrosoftDocs/azure-aks-docs concepts-network-azure-cni-overlay.md (2026-07-31)";

    // ── kubenet, bring your own CNI ──────────────────────────────────────────────────────────────────────────────────────
    KBN_1 = "KBN-1", Documented, "kubenet: one subnet address and a /24 per node, at most 400 nodes",
        "A kubenet node takes one address of the subnet and one /24 of the pod CIDR. A cluster has at most 400 nodes, \
         because each node needs a route; AKS checks this at creation and at upgrade. A subnet serves one kubenet cluster \
         only, and each cluster needs a route table of its own. It has no Windows nodes.",
        "MicrosoftDocs/azure-aks-docs configure-kubenet.md (2026-04-16); Azure/AKS CHANGELOG 2021-01-25, 2023-06-25, \
         2023-09-10";
    KBN_2 = "KBN-2", Indirect, "kubenet: a pod CIDR that is too small may pass",
        "A pod CIDR too small for the nodes used to pass validation and left nodes whose pods could not be reached. \
         aksplan checks that 2^(24-p) is at least nodes plus surge, whatever AKS says.",
        "GitHub MicrosoftDocs/azure-docs#38600 (2019)";
    BYO_1 = "BYO-1", Documented, "Bring your own CNI: AKS plans only the nodes",
        "With networkPlugin none AKS neither hands out pod addresses nor gives each node a range; both are the plugin's \
         business. The node subnet must still hold nodes and surge, and AKS still wants a service CIDR, and a pod CIDR for \
         its control plane's routes, which the API returns from version 2026-01-01 on. No move to Overlay in place is \
         documented.",
        "MicrosoftDocs/azure-aks-docs use-byo-cni.md (copy of 2026-08-21); Azure/AKS CHANGELOG 2026-01-04";

    // ── Admission: InsufficientSubnetSize ────────────────────────────────────────────────────────────────────────────────
    ISS_1 = "ISS-1", Documented, "Admission looks at all pools and all their subnets",
        "Before an operation AKS checks every pool of the cluster and every subnet they use, not only the pool that is \
         touched. Upgrading one pool fails when the subnet of another pool would overflow.",
        "MicrosoftDocs/SupportArticles-docs connectivity/insufficientsubnetsize-error-advanced-networking.md (read \
         2026-11)";
    ISS_2 = "ISS-2", Documented, "Autoscaled pools count with their maximum",
        "Admission counts maxCount for a pool with the cluster autoscaler and count for any other. This is official for \
         the node subnet and the pod CIDR of Overlay. The message says \"each nodepool\" and the support article's \
         workaround is to lower maxCount, though its table notes the maximum for Overlay only; aksplan applies it to every \
         model, which for the classic one is an inference.",
        "Azure/AKS CHANGELOG 2023-05-07; GitHub Azure/AKS#3686 (2023-06, AKS engineer); MicrosoftDocs/SupportArticles-docs \
         connectivity/insufficientsubnetsize-error-advanced-networking.md (read 2026-11)";
    ISS_3 = "ISS-3", Inferred, "What admission counts per node",
        "Admission counts one address per node in the subnet for kubenet and Overlay, maxPods - 1 for the classic model, \
         16 in a pod subnet, and 256 in a pod CIDR. For the classic model the support article's table says maxPods and the \
         planning page maxPods + 1; aksplan takes what the services' own messages show.",
        "observed: error messages real services returned with known configuration, 2022-2026; public among them: GitHub \
         Azure/AKS-Construction#357 (2022-09), Azure/AKS-Construction#701 (2024-06); not explained by it: Azure/AKS#3653 \
         (2023-05)";
    ISS_4 = "ISS-4", Inferred, "What admission calls available",
        "For node and pod subnets \"IPs available\" is the usable size (2^(32-p) - 5) minus addresses held by things that \
         are not nodes of this cluster. For a pod CIDR it is the whole range, with nothing reserved. The support article \
         describes the check as free addresses against new nodes; both agree if nothing else changes: the total that all \
         pools need must not exceed what is usable and not foreign.",
        "observed: error messages real services returned with known configuration, 2022-2026; public among them: GitHub \
         Azure/AKS#3653 (2023-05), Azure/AKS-Construction#701 (2024-06); Azure/AKS CHANGELOG 2024-04-28; \
         MicrosoftDocs/SupportArticles-docs connectivity/insufficientsubnetsize-error-advanced-networking.md";
    ISS_5 = "ISS-5", Inferred, "Surge counts at upgrade, not at creation",
        "No observed rejection of a cluster creation or a pool addition contains surge nodes, so admission does not seem \
         to count them there, nor when maxCount changes; at upgrade it does. The surge of a pool is maxSurge, a percentage \
         being rounded up, and never more than the nodes to upgrade. Which base an autoscaled pool has at upgrade is \
         undocumented; aksplan assumes maxCount plus the surge of maxCount, and reserves surge in the pod CIDR too.",
        "observed: error messages real services returned with known configuration, 2022-2026; \
         MicrosoftDocs/SupportArticles-docs connectivity/insufficientsubnetsize-error-advanced-networking.md; another claim \
         for the pod CIDR: GitHub Azure/AKS#4467 (2024-08)";
    ISS_6 = "ISS-6", Indirect, "Admission has miscounted before",
        "AKS fixed several errors in this check: Windows machines counted twice (2022-10), and wrong free counts for \
         dynamic pools at upgrade and for Private Link Service addresses (2024-04). An old message may therefore show \
         numbers that do not follow the other rules.",
        "Azure/AKS CHANGELOG 2022-10-09, 2024-04-28";
    ISS_7 = "ISS-7", Documented, "Node auto-provisioning bypasses admission",
        "Nodes that node auto-provisioning (Karpenter) creates are not seen by the check of subnet sizes. There is no \
         `InsufficientSubnetSize` for them: the failure comes at run time.",
        "MicrosoftDocs/azure-aks-docs node-auto-provisioning-networking.md (copy of 2026-08-21)";

    // ── Upgrade and reimage ──────────────────────────────────────────────────────────────────────────────────────────────
    UPG_1 = "UPG-1", Contradictory, "The default of maxSurge: 10 % or 1",
        "The API reference, the changelog (all clusters from Kubernetes 1.32, new ones from 1.28) and the large-cluster \
         page say that maxSurge is 10 % when unset; the rolling-upgrade page, the capacity page and older schemas still say \
         1. aksplan reads the value from the cluster, and assumes 10 % rounded up, so at least one node, when it is absent. \
         The portal and the CLI may have stored either value explicitly.",
        "Azure/AKS CHANGELOG 2023-10-01, 2025-03-16; MicrosoftDocs/azure-aks-docs \
         best-practices-performance-scale-large.md; GitHub MicrosoftDocs/SupportArticles-docs#2101 (2026-08-10); the other \
         reading: azure-aks-docs upgrade-aks-node-pools-rolling.md (2026-05-29), upgrade-capacity-cost-planning.md \
         (2026-07-07)";
    UPG_2 = "UPG-2", Documented, "maxSurge: a number or a percentage, rounded up",
        "maxSurge is a number of nodes or a percentage of the pool's size when the upgrade starts. A fraction is rounded \
         up, and the result is never more than the nodes still to upgrade. For production 33 % is recommended.",
        "MicrosoftDocs/azure-aks-docs upgrade-aks-node-pools-rolling.md (2026-05-29)";
    UPG_3 = "UPG-3", Documented, "Surge nodes stay from the start to the end of a pool's upgrade",
        "AKS first creates the surge nodes, then cordons and drains as many old nodes, waits for the soak time, reimages \
         the drained nodes, which become the next buffer, and repeats; at the end the surge nodes are drained and deleted. \
         Their addresses are thus held during the whole upgrade of the pool and not per batch.",
        "MicrosoftDocs/azure-aks-docs upgrade-aks-node-pools-rolling.md (2026-05-29), upgrade-conceptual.md (copy of \
         2026-08-21)";
    UPG_4 = "UPG-4", Documented, "The peak of an upgrade: (nodes + surge) times the cost of a node",
        "A node keeps its addresses while it is drained and reimaged, because it is the same machine of the same scale \
         set. The peak of an upgrade is therefore (nodes + surge) times what one node takes.",
        "MicrosoftDocs/azure-aks-docs upgrade-aks-node-pools-rolling.md (2026-05-29), upgrade-options.md (2026-06-22)";
    UPG_5 = "UPG-5", Documented, "Size plus surge must stay within 1,000 machines",
        "An upgrade for which the pool's size plus its surge exceeds 1,000 machines of the scale set is refused before it \
         starts. At the limit of 5,000 nodes per cluster upgrades are blocked; the advice is to go below 3,000 nodes \
         first.",
        "MicrosoftDocs/azure-aks-docs upgrade-aks-node-pools-rolling.md (2026-05-29), \
         best-practices-performance-scale-large.md (copy of 2026-08-21)";
    UPG_6 = "UPG-6", Documented, "If the full surge cannot be had, AKS may go on with one node",
        "From Kubernetes 1.35 on, AKS retries with a surge of one when the full surge cannot be allocated; in preview, \
         with maxSurge and maxUnavailable both above zero, it finally upgrades in place. The API reference also knows \
         `minSurge` (half of maxSurge unless set) below which an upgrade does not proceed, which contradicts a retry with \
         one; aksplan reserves the full surge and takes neither for granted.",
        "Azure/AKS CHANGELOG 2026-01-04; Azure/azure-cli-extensions aks-preview vendored models (2025-11-21)";
    UPG_7 = "UPG-7", Documented, "maxUnavailable upgrades in place, without extra addresses",
        "With maxSurge 0 and maxUnavailable above 0 a pool is upgraded in place and needs neither extra addresses nor \
         extra cores; this is the usual escape when a subnet is full. maxUnavailable is 0 by default, which requires \
         maxSurge above 0; percentages are rounded up; it is not allowed on system pools.",
        "MicrosoftDocs/azure-aks-docs upgrade-aks-node-pools-rolling.md (2026-05-29), upgrade-options.md (2026-06-22)";
    UPG_8 = "UPG-8", Documented, "Drain timeout 30 minutes, soak 0 by default",
        "drainTimeoutInMinutes is 30 by default; the schema allows 1 to 1,440, but the service enforces at least 5. When \
         it runs out the operation stops, and a later write to the cluster resumes it. nodeSoakDurationInMinutes is 0 to \
         30, 0 by default, and passes between drain and reimage.",
        "Azure/AKS CHANGELOG 2024-08-05; MicrosoftDocs/azure-aks-docs upgrade-aks-node-pools-rolling.md (2026-05-29)";
    UPG_9 = "UPG-9", Contradictory, "What happens to a node that cannot be drained",
        "With undrainableNodeBehavior `Schedule`, the default, the upgrade fails and undrained nodes stay schedulable, \
         says the changelog; one page says that the blocked node is deleted and replaced. aksplan trusts the changelog. \
         With `Cordon` the node is quarantined, the upgrade goes on and a surge node stays as its replacement, so its \
         addresses stay taken until the quarantined node is deleted. maxBlockedNodes defaults to maxSurge and must not be \
         less.",
        "Azure/AKS CHANGELOG 2024-10-25, 2025-06-17; Azure/azure-cli-extensions aks-preview vendored models (2025-11-21); \
         the other reading: MicrosoftDocs/azure-aks-docs upgrade-options.md (2026-06-22)";
    UPG_10 = "UPG-10", Documented, "A forced upgrade passes over disruption budgets",
        "upgradeSettings.overrideSettings with forceUpgrade and a date `until` lets an upgrade pass over disruption \
         budgets; it needs API version 2025-09-01 or CLI 2.79.0. The CLI's window is three days unless told otherwise, the \
         date is only looked at when the operation starts, and since 2026-07-17 it may be any date to come (before, 30 \
         days). It outranks the settings for undrainable nodes.",
        "Azure/AKS CHANGELOG 2025-10-12, 2026-07-17; MicrosoftDocs/azure-aks-docs upgrade-options.md (2026-06-22)";
    UPG_11 = "UPG-11", Documented, "A cluster upgrade takes pools one after the other",
        "An upgrade of the whole cluster does the control plane first and then the pools, one after the other. Changes of \
         Overlay, Cilium or network policy are different: they reimage all pools at the same time (MIG-20).",
        "MicrosoftDocs/azure-aks-docs upgrade-aks-control-plane.md (2026-07-30); MicrosoftDocs/SupportArticles-docs \
         error-codes/aks-upgrade-blocked.md";
    UPG_12 = "UPG-12", Documented, "Spot pools have no surge nodes",
        "When a spot pool is upgraded its nodes are cordoned and their pods get an eviction notice, without a drain. There \
         are no surge nodes, hence no extra addresses.",
        "MicrosoftDocs/azure-aks-docs spot-node-pool.md (copy of 2026-08-21); Azure/AKS CHANGELOG 2022-06-12";
    UPG_13 = "UPG-13", Documented, "What AKS checks before an upgrade",
        "Before an upgrade AKS checks for use of deprecated APIs in the last twelve hours, the version path, disruption \
         budgets, quotas, free subnet addresses, certificates and service principals, and locks on the node resource \
         group.",
        "MicrosoftDocs/azure-aks-docs upgrade-options.md (2026-06-22)";
    UPG_14 = "UPG-14", Documented, "A blue-green upgrade doubles the pool",
        "A blue-green upgrade (preview, API 2025-08-02-preview or later) doubles the nodes of a pool and so needs twice \
         its addresses. By default it drains batches of 10 %, waits 15 minutes after each batch and 60 at the end; only in \
         that final wait can it be rolled back. It serves Kubernetes and node-image upgrades only, so the move to Overlay \
         cannot use it.",
        "Azure SDK reference, AgentPoolBlueGreenUpgradeSettings (read 2026-11); Azure/azure-cli-extensions aks-preview \
         vendored models (2025-11-21)";
    UPG_15 = "UPG-15", Documented, "Upgrades go forward only",
        "An upgrade cannot be rolled back; it is repeated until it succeeds. A running one can be aborted with a POST to \
         `abort` on the cluster or the pool, which is refused with 409 if it has already finished. Blocked pools leave the \
         cluster in state Failed, and any later successful write reconciles it.",
        "MicrosoftDocs/azure-aks-docs upgrade-conceptual.md, upgrade-options.md (copy of 2026-08-21)";
    UPG_16 = "UPG-16", Documented, "Events that tell how far an upgrade is",
        "AKS reports an upgrade as Kubernetes events: reason `Surge` when a surge node is created, `Drain` when a node is \
         drained, also as a warning when an eviction is refused because of a disruption budget, and `Upgrade` when the soak \
         time after a drain begins.",
        "MicrosoftDocs/azure-aks-docs upgrade-aks-node-pools-rolling.md (2026-05-29)";
    UPG_17 = "UPG-17", Indirect, "After a failed drain a node may lack its network pods",
        "A node that is left schedulable after a failed drain may have lost its CNI pods (azure-cns), so that new pods on \
         it get no network. After a failed migration check the daemonsets on nodes that were not reimaged.",
        "GitHub Azure/AKS#3998 (2023-11)";

    // ── The move to Overlay: eligibility ─────────────────────────────────────────────────────────────────────────────────
    MIG_1 = "MIG-1", Documented, "Only node-subnet and kubenet clusters can move to Overlay",
        "A cluster can move to Overlay in place from Azure CNI node subnet and from kubenet. From a pod subnet, dynamic or \
         static, and from a CNI of one's own there is no such path: the cluster has to be created anew. Overlay is also the \
         only mode to move to: for kubenet, node subnet and pod subnets no in-place move is documented, so aksplan counts \
         them as a new cluster.",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21); GitHub Azure/AKS#4591 (2025-06, AKS \
         engineer)";
    MIG_2 = "MIG-2", Documented, "The move needs Kubernetes 1.27",
        "A cluster must run Kubernetes 1.27 or later to move to Overlay. Older texts say 1.22.",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21)";
    MIG_3 = "MIG-3", Documented, "Network Policy Manager and Calico must be removed first",
        "The move is refused while networkPolicy is azure or calico. `az aks update --network-policy none` removes them, \
         and itself reimages all nodes. NetworkPolicy objects stay but are no longer enforced; Calico's resource \
         definitions stay.",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21); Azure/AKS CHANGELOG 2023-11-28";
    MIG_4 = "MIG-4", Indirect, "Cilium on a node subnet may move to Cilium on Overlay",
        "A node-subnet cluster with the Cilium data plane may move to Overlay with Cilium, so network policy cilium does \
         not seem to stand in the way. Only release notes say so, hence a warning and not a silent pass.",
        "Azure/AKS CHANGELOG 2025-03-16, 2025-05-19";
    MIG_5 = "MIG-5", Documented, "Windows pools need containerd and a recent build",
        "The move is not possible with Windows pools that use the Docker runtime. Windows builds before 20348.1668 \
         translate the source address of host-network packets wrongly after the move.",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21)";
    MIG_6 = "MIG-6", Documented, "The limits of Overlay apply to the moving cluster",
        "All pools must be on scale sets, not availability sets; no pool may use DCsv2 machines; and the names of subnet, \
         virtual network and network resource group must not exceed 63 characters.",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21), concepts-network-azure-cni-overlay.md \
         (2026-07-31)";
    MIG_7 = "MIG-7", Indirect, "A custom ip-masq-agent configuration blocks the move",
        "AKS refuses the move when a custom ip-masq-agent configuration exists in kube-system. A left-over ConfigMap \
         azure-ip-masq-agent-config must be deleted; azure-ip-masq-agent-config-reconciled belongs to AKS and does not \
         count. The refusal's code and text are not known.",
        "Azure/AKS CHANGELOG 2025-01-30; MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21)";
    MIG_8 = "MIG-8", Documented, "A kubenet cluster needs a user-assigned identity",
        "To move from kubenet the cluster must use a user-assigned managed identity, because its route table has to be \
         detached; a system-assigned identity is not supported. A route table that AKS manages is deleted; in a route table \
         of one's own the pod routes are removed.",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21)";
    MIG_9 = "MIG-9", Indirect, "No other subnet may use the kubenet route table",
        "A move from kubenet failed because another subnet, of an application gateway, was associated with the cluster's \
         route table. Detach such subnets first.",
        "GitHub MicrosoftDocs/azure-aks-docs#334 (2025-11)";
    MIG_10 = "MIG-10", Documented, "The new pod CIDR must be given and must not overlap",
        "The move from a node subnet needs a pod CIDR that overlaps neither subnets, service CIDR, peered nor on-premises \
         networks. A kubenet cluster keeps its own unless another is given, which works since 2025-08-29. The documentation \
         forbids overlap with the whole space of the virtual network, while the service compares with subnets only since \
         2024-10-25: aksplan reports an overlap with a subnet as an error and one with the rest of the space as a warning. \
         One documented command omits `--pod-cidr`; always send it.",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21); Azure/AKS CHANGELOG 2024-10-25, \
         2025-08-29; GitHub MicrosoftDocs/azure-docs#122467, MicrosoftDocs/azure-aks-docs#172";
    MIG_11 = "MIG-11", Documented, "The pod CIDR must hold all nodes and their surge",
        "The pod CIDR needs 256 addresses for every node: the sum over all pools of count, or maxCount where the \
         autoscaler runs, plus the surge of all pools.",
        "MicrosoftDocs/azure-aks-docs concepts-network-azure-cni-overlay.md (2026-07-31), update-azure-cni.md (copy of \
         2026-08-21)";
    MIG_12 = "MIG-12", Documented, "A node disruption policy can refuse the move",
        "In preview, nodeDisruptionProfile.nodeDisruptionPolicy set to Block, or to AllowDuringMaintenanceWindow outside \
         aksManagedNodeOSUpgradeSchedule, refuses the move to Overlay, changes of network policy, Cilium and dual-stack. \
         With AllowDuringMaintenanceWindow and no such window everything is allowed, and changes bundled with an upgrade \
         are not checked. kubenet to Overlay is not in the document's table; aksplan assumes that it is covered.",
        "MicrosoftDocs/azure-aks-docs node-disruption-policy.md (copy of 2026-08-21)";
    MIG_13 = "MIG-13", Documented, "Address model and data plane change in separate steps",
        "The move to Overlay and the change to the Cilium data plane cannot be one operation. Either may come first, \
         except that kubenet must move to Overlay first. Cilium is impossible with Windows pools, and node \
         auto-provisioning must be disabled meanwhile.",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md, azure-cni-powered-by-cilium.md (copy of 2026-08-21)";
    MIG_14 = "MIG-14", Inferred, "The cluster must be running and at rest",
        "The cluster must be Running with provisioning state Succeeded, and no pool may be in an operation, or AKS answers \
         `OperationNotAllowed`. What happens to stopped pools is undocumented, so aksplan warns of them.",
        "inferred from MicrosoftDocs/SupportArticles-docs create-upgrade-delete/operationnotallowed.md";

    // ── The move to Overlay: how it goes ─────────────────────────────────────────────────────────────────────────────────
    MIG_20 = "MIG-20", Documented, "The move is one-way and reimages all pools at once",
        "The move to Overlay cannot be undone. It is one write to the whole cluster that reimages all pools \
         simultaneously; pools cannot be moved one by one. The disruption is like that of a node-image upgrade: within each \
         pool its surge, drain and soak settings apply.",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21)";
    MIG_21 = "MIG-21", Inferred, "The surge of all pools comes together",
        "Because all pools are reimaged at the same time, the peak of extra addresses and cores is the sum of the surge of \
         all pools. Disruption budgets that span pools meet evictions from several pools at once.",
        "inferred from MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21) and the summed example of \
         upgrade-capacity-cost-planning.md (2026-07-07)";
    MIG_22 = "MIG-22", Inferred, "What a surge node costs during the move is not documented",
        "No source says whether a surge node of a classic cluster that moves takes one address, as in Overlay, or maxPods \
         - 1 as before, nor when a reimaged node gives its pod addresses back. aksplan reckons both: cautiously, (nodes + \
         surge) * (maxPods - 1) must fit; hopefully, surge counts one each. The escape is maxSurge 0 with maxUnavailable on \
         user pools, or a surge of one.",
        "not documented in any source read up to 2026-11; both readings are assumptions built on CLS-3 and OVL-1";
    MIG_23 = "MIG-23", Documented, "Do not combine the move with a control-plane-only upgrade",
        "With a control-plane-only upgrade nodes used to be skipped and left un-reimaged. Since 2024-08-05 such an upgrade \
         reconciles the pools, that is, it reimages them, perhaps unexpectedly.",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21); Azure/AKS CHANGELOG 2024-08-05";
    MIG_24 = "MIG-24", Indirect, "During the move old and new nodes live side by side",
        "A node keeps its old network until it is reimaged. The documentation only says that Overlay pods cannot be \
         reached from outside the cluster's nodes; that old and new nodes could not reach each other is not documented. \
         With kubenet dual-stack, IPv6 breaks in the middle of the move and heals at its end.",
        "Azure/AKS CHANGELOG 2024-02-26, 2025-03-16, 2025-06-17; GitHub Azure/AKS#5120 (2025-07)";
    MIG_25 = "MIG-25", Documented, "After the move pods leave with the node's address",
        "After the move pods reach everything outside the pod CIDR with their node's address, and pods cannot be reached \
         directly from the virtual network, peered networks or on-premises. Allow-lists, firewall rules and routes that \
         name pod addresses must name node addresses, and security groups must admit the pod CIDR (OVL-5).",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21), concepts-network-cni-overview.md \
         (2026-07-10)";
    MIG_26 = "MIG-26", Documented, "Network policy does not come back by itself",
        "The removed network policy engine is not installed again after the move, and installing one reimages all nodes \
         once more. Removing the engine, moving, and installing Cilium takes three rounds; going to Cilium first and then \
         to Overlay takes two, which rests on release notes only (MIG-4).",
        "MicrosoftDocs/azure-aks-docs update-azure-cni.md (copy of 2026-08-21); two rounds: Azure/AKS CHANGELOG \
         2025-05-19";
    EXP_1 = "EXP-1", Documented, "An Overlay pod CIDR can only grow to a superset",
        "The pod CIDR of an Overlay cluster with Linux nodes only can be replaced by a larger range that contains it. It \
         cannot shrink, move or get a second range, IPv6 cannot grow, and CLI 2.48.0 or later is needed. The update may \
         report success early, and used to report success and do nothing: read the value back. It was announced as preview \
         while the page carries no preview notice, and the larger range must be checked for overlaps again.",
        "MicrosoftDocs/azure-aks-docs azure-cni-overlay-pod-expand.md (copy of 2026-08-21); Azure/AKS CHANGELOG \
         2026-01-04; GitHub Azure/AKS#4368, Azure/azure-cli#28403";

    // ── The move to Overlay: add-ons ─────────────────────────────────────────────────────────────────────────────────────
    ADD_1 = "ADD-1", Contradictory, "Application Gateway for Containers needs a /24 before the move",
        "The subnet of Application Gateway for Containers must be exactly a /24 before the cluster moves to Overlay; else there \
         is an outage and the subnet has to be made anew. Its pods are found again a few minutes after the move. The \
         documentation asks for ALB controller 1.5.0, a later article for 1.7.9; aksplan asks for the later one. It does not \
         run on kubenet.",
        "MicrosoftDocs/azure-docs application-gateway/for-containers container-networking (2025-03); techcommunity 4449941; \
         GitHub Azure/AKS#5123 (2025-07)";
    ADD_2 = "ADD-2", Indirect, "Application Gateway Ingress Controller follows into Overlay from 1.8.0 on",
        "The Application Gateway Ingress Controller supports Overlay from version 1.8.0 on (AKS release 2025-03-16); before, \
         AKS refused the add-on with Overlay. Release 2025-06-17 fixed a loss of connectivity during the move. Two controllers \
         in one namespace collide over one configuration object.",
        "Azure/AKS CHANGELOG 2025-03-16, 2025-06-17";
    ADD_3 = "ADD-3", Indirect, "API Server VNet Integration with Overlay runs konnectivity",
        "With API Server VNet Integration the API server reaches pods directly; under Overlay it cannot, and konnectivity runs \
         again.",
        "Azure/AKS CHANGELOG 2023-06-04";

    // ── CIDRs ────────────────────────────────────────────────────────────────────────────────────────────────────────────
    CID_1 = "CID-1", Documented, "Four ranges that AKS keeps for itself",
        "Service CIDR, pod CIDR and virtual network must not overlap 169.254.0.0/16, 192.0.2.0/24, 172.30.0.0/16 or \
         172.31.0.0/16; a range that contains one of them, such as 172.16.0.0/12, overlaps it too. Since 2026-05-29 a pod \
         CIDR that meets the 172.x ranges is refused at creation and update; existing clusters are left alone, perhaps \
         until an update carries the pod CIDR.",
        "MicrosoftDocs/azure-aks-docs concepts-network-ip-address-planning.md (2026-04-16); Azure/AKS CHANGELOG \
         2026-05-29";
    CID_2 = "CID-2", Documented, "The service CIDR: smaller than /12, fixed, apart from everything",
        "The service CIDR must be smaller than a /12; whether a /12 itself passes is unclear, because Kubernetes allows \
         it, and aksplan takes the documentation at its word. It must not overlap the pod CIDR or any subnet of the virtual \
         network, which is enforced, nor the network's space, peered or on-premises networks, which is documented. Clusters \
         may share it. It cannot be changed later, but from Kubernetes 1.33 on a ServiceCIDR object can add ranges that ARM \
         does not show. The default is 10.0.0.0/16.",
        "MicrosoftDocs/azure-aks-docs concepts-network-ip-address-planning.md (2026-04-16); \
         MicrosoftDocs/SupportArticles-docs error-codes/servicecidroverlapexistingsubnetscidr-error.md";
    CID_3 = "CID-3", Documented, "The DNS service address lies in the service CIDR and is not its first",
        "dnsServiceIP must lie in the service CIDR, must not be its first address, which belongs to the API server's \
         service, and must not lie on the range's boundary. By convention it ends in .10; the default is 10.0.0.10.",
        "MicrosoftDocs/azure-aks-docs concepts-network-ip-address-planning.md (2026-04-16); Azure/AKS CHANGELOG \
         2021-10-08";
    CID_4 = "CID-4", Documented, "The pod CIDR meets nothing that the cluster talks to",
        "The pod CIDR of Overlay and kubenet must not overlap the cluster's subnets, the service CIDR or connected \
         networks; other clusters may use the same one. Packets to an outside host whose address lies in the pod CIDR never \
         leave the cluster.",
        "MicrosoftDocs/azure-aks-docs concepts-network-azure-cni-overlay.md (2026-07-31), \
         concepts-network-ip-address-planning.md (2026-04-16)";
    CID_5 = "CID-5", Contradictory, "The virtual network that AKS makes itself",
        "The changelog announces a network 10.240.0.0/16 with node subnet 10.224.0.0/16, which cannot both be right; \
         listings show 10.224.0.0/12 with node subnet 10.224.0.0/16, and aksplan takes that where it must assume anything. \
         Clusters from before 2022 may have 10.0.0.0/8, which contains the default service CIDR and the default pod CIDR: \
         expect overlaps with the network's space there, though not with a subnet. Always read the real network.",
        "Azure/AKS CHANGELOG 2022-02-24; GitHub Azure/AKS#2727 (2022); observed: public listings of AKS-made networks";
    CID_6 = "CID-6", Indirect, "dockerBridgeCidr is gone",
        "dockerBridgeCidr no longer exists in current API models. aksplan ignores it; it can still appear in output of old \
         API versions.",
        "Azure/azure-cli-extensions aks-preview vendored models (2025-11-21)";

    // ── Planned maintenance ──────────────────────────────────────────────────────────────────────────────────────────────
    MNT_1 = "MNT-1", Documented, "Maintenance windows gate automatic upgrades only",
        "Planned maintenance decides when automatic upgrades run; a manual update or upgrade is not held back by it. The \
         only gate for manual operations that reimage nodes is the node disruption policy AllowDuringMaintenanceWindow, and \
         that looks only at aksManagedNodeOSUpgradeSchedule.",
        "MicrosoftDocs/azure-aks-docs planned-maintenance.md, node-disruption-policy.md (copy of 2026-08-21)";
    MNT_2 = "MNT-2", Inferred, "An automatic upgrade can run into a manual one",
        "An automatic upgrade that starts during a manual migration leads to `OperationNotAllowed` or preemption. A long \
         operation should not be started when a maintenance window opens within its estimated duration.",
        "inferred from MicrosoftDocs/SupportArticles-docs create-upgrade-delete/operationnotallowed.md and \
         error-codes/aksoperationpreempted-error.md (2024-10-28)";

    // ── Evictions and disruption budgets ─────────────────────────────────────────────────────────────────────────────────
    EV_1 = "EV-1", Documented, "Pods that do not run are evicted without asking a budget",
        "The eviction API deletes pods that are Pending, Succeeded or Failed, or that are being deleted already, without \
         looking at disruption budgets.",
        "kubernetes/kubernetes pkg/registry/core/pod/storage/eviction.go (read 2026-11)";
    EV_2 = "EV-2", Documented, "A pod with two budgets cannot be evicted",
        "When more than one disruption budget matches a pod, its eviction is answered with status 500: `This pod has more \
         than one PodDisruptionBudget, which the eviction subresource does not support.` kubectl does not retry that, so \
         the drain fails.",
        "kubernetes/kubernetes pkg/registry/core/pod/storage/eviction.go (read 2026-11); kubernetes/kubectl pkg/drain \
         (2026-07-22)";
    EV_3 = "EV-3", Documented, "An empty selector matches every pod of the namespace",
        "In policy/v1 a disruption budget with an empty selector matches every pod of its namespace, one without a \
         selector matches none, and one with an invalid selector is ignored. In v1beta1 an empty selector matched \
         nothing.",
        "kubernetes/kubernetes pkg/registry/core/pod/storage/eviction.go (read 2026-11)";
    EV_4 = "EV-4", Documented, "Eviction of running pods that are not ready",
        "With unhealthyPodEvictionPolicy AlwaysAllow a running pod that is not ready is evicted without using up the \
         budget. With IfHealthyBudget, or nothing, that happens only if currentHealthy is at least desiredHealthy and \
         desiredHealthy is above zero; otherwise the ordinary check applies.",
        "kubernetes/kubernetes pkg/registry/core/pod/storage/eviction.go (read 2026-11)";
    EV_5 = "EV-5", Documented, "A used-up budget answers 429",
        "With no disruption left the eviction is answered with status 429 and the cause that the budget needs so many \
         healthy pods and has so many; as the retry time is zero there is normally no Retry-After header, so the caller \
         must wait on its own. A budget that its controller has not processed yet also answers 429, with 10 seconds. A \
         negative number of disruptions, or more than 2,000 pods under way, answers 403.",
        "kubernetes/kubernetes pkg/registry/core/pod/storage/eviction.go (read 2026-11)";
    EV_6 = "EV-6", Documented, "A granted eviction occupies the budget for two minutes",
        "A granted eviction lowers disruptionsAllowed by one and notes the pod in the budget's status; the note expires \
         after two minutes if the pod is not deleted. Write conflicts are retried 20 times at 500 ms and then time out. As \
         departing pods no longer count as healthy, the next eviction waits until a replacement is ready.",
        "kubernetes/kubernetes pkg/registry/core/pod/storage/eviction.go, pkg/controller/disruption/disruption.go (read \
         2026-11)";
    PDB_1 = "PDB-1", Documented, "maxUnavailable: percentages round up",
        "With maxUnavailable the expected count is the sum of the scales of the pods' controllers, and desiredHealthy is \
         that count minus maxUnavailable, at least zero. A percentage rounds up: one replica with maxUnavailable 1 % allows \
         one disruption.",
        "kubernetes/kubernetes pkg/controller/disruption/disruption.go (read 2026-11)";
    PDB_2 = "PDB-2", Documented, "minAvailable: a number counts pods, a percentage counts scale",
        "With minAvailable as a number desiredHealthy is that number, and the expected count is the number of matching \
         pods, not a scale. As a percentage desiredHealthy is that share of the controllers' scale, rounded up.",
        "kubernetes/kubernetes pkg/controller/disruption/disruption.go (read 2026-11)";
    PDB_3 = "PDB-3", Documented, "disruptionsAllowed is healthy minus desired",
        "disruptionsAllowed is currentHealthy minus desiredHealthy, never below zero, and zero when no pods are \
         expected.",
        "kubernetes/kubernetes pkg/controller/disruption/disruption.go (read 2026-11)";
    PDB_4 = "PDB-4", Documented, "A controller without scale makes the budget allow nothing",
        "For maxUnavailable and for percentages the scale is asked of a ReplicationController, Deployment, ReplicaSet, \
         StatefulSet, or any controller with a scale subresource. If a matching pod has a controller without one, such as a \
         DaemonSet or Job, the budget fails safe and allows no disruption. Pods without a controller are not in the \
         expected count.",
        "kubernetes/kubernetes pkg/controller/disruption/disruption.go (read 2026-11)";
    PDB_5 = "PDB-5", Documented, "Budgets that never let a node drain",
        "maxUnavailable 0 or 0 %, minAvailable 100 % or as many as there are replicas, and minAvailable 1 for a single \
         replica never allow an eviction. AKS refuses an upgrade beforehand only for maxUnavailable 0; the others fail at \
         the drain. `predict` tells of the refusal only; `drain`, `upgrade` and `migrate` name every such budget.",
        "kubernetes/kubernetes pkg/controller/disruption/disruption.go (read 2026-11); MicrosoftDocs/SupportArticles-docs \
         error-codes/unsatisfiablepdb-error.md";

    DRN_1 = "DRN-1", Documented, "The order of kubectl's drain filters",
        "kubectl drain asks five filters of every pod on the node, and the first that does not let it pass decides: pods that \
         are being deleted for longer than --skip-wait-for-delete-timeout are left out; pods of a DaemonSet stop the drain \
         unless --ignore-daemonsets leaves them where they are, and those whose DaemonSet does not exist go only with --force; \
         static pods are left out; pods with an emptyDir stop it without --delete-emptydir-data, and pods without a controller \
         without --force. Finished pods stop no drain. One pod that does keeps the whole node from \
         being drained. The evictions of a node then run side by side; 429 is asked again after 5 seconds until --timeout, 404 \
         counts as done, and any other answer ends the attempt for that pod.",
        "kubernetes/kubernetes staging/src/k8s.io/kubectl/pkg/drain/filters.go and drain.go (1.34, read 2026-11)";
    DRN_2 = "DRN-2", Inferred, "AKS drains with all that kubectl would ask for",
        "Before AKS reimages or deletes a node it evicts pods with emptyDir volumes and pods without a controller, and leaves those \
         of DaemonSets where they are: upgrades do not stop at them. No document names its filters; aksplan takes kubectl's with \
         --ignore-daemonsets, --delete-emptydir-data and --force, and the pool's drain timeout.",
        "inferred from MicrosoftDocs/azure-aks-docs upgrade-aks-node-pools-rolling.md (2026-05-29) and \
         MicrosoftDocs/SupportArticles-docs create-upgrade-delete/error-code-poddrainfailure.md";

    // ── The REST interface ───────────────────────────────────────────────────────────────────────────────────────────────
    NET_1 = "NET-1", Documented, "The network's usage list counts used and usable addresses",
        "`virtualNetworks/{name}/usages` gives for each subnet currentValue, the addresses used by anything at all, and \
         limit, the usable size with the five reserved addresses already taken off. Special subnets such as GatewaySubnet \
         answer -1, which aksplan reads as unknown. It does not name the users; the subnet's ipConfigurations do.",
        "Azure/azure-rest-api-specs Microsoft.Network virtualNetwork.json (2025-05-01)";
    NET_2 = "NET-2", Documented, "A subnet may have several prefixes",
        "A subnet has either addressPrefix or, when it has several ranges, addressPrefixes and no addressPrefix. aksplan \
         reads both.",
        "Azure/azure-rest-api-specs Microsoft.Network virtualNetwork.json (2025-05-01)";
    NET_3 = "NET-3", Indirect, "Subnets of a network do not overlap",
        "Azure refuses a subnet whose range overlaps that of another subnet of the same network: `Subnet '{name}' is not \
         valid in virtual network '{vnet}'.` The message does not say why. What was read from Azure cannot overlap; what is \
         planned or written by hand can.",
        "GitHub Azure/azure-cli#10917 (2019-10)";
    NET_4 = "NET-4", Indirect, "A subnet lies inside of its network's address space",
        "Azure refuses a subnet whose range is not contained in the address space of its network: `The subnet address range \
         '{cidr}' is not contained in this virtual network's address spaces`. Each prefix of a subnet must lie in one of the \
         network's prefixes.",
        "GitHub MicrosoftDocs/azure-docs#91214 (2022-04)";
    NET_5 = "NET-5", Indirect, "Networks that are peered, or share a hub, do not overlap",
        "Azure does not peer two networks whose address spaces overlap. Nor does it peer a network with a hub that is already \
         peered with a third network that overlaps the first: `VnetAddressSpaceOverlapsWithAlreadyPeeredVnet`. aksplan \
         reports networks behind one hub where traffic flows through it.",
        "GitHub Azure/ResourceModules#731 (2021-12), microsoft/AzureTRE#1927 (2022-05), Azure/acs-engine#3139 (2018-06)";

    // ── Error codes: addresses and networks ──────────────────────────────────────────────────────────────────────────────
    INSUFFICIENT_SUBNET_SIZE = "InsufficientSubnetSize", Documented, "A subnet or pod CIDR is too small for what is asked",
        "AKS answers this at admission (status 400), before anything is created, when the addresses that all pools need \
         exceed a node subnet, a pod subnet or the pod CIDR. Message: `Pre-allocated IPs {n} exceeds IPs available {m} in \
         Subnet Cidr {cidr}, Subnet Name {name}.` For the pod CIDR the subnet name is `networkProfile.podCIDR`. Newer \
         messages add that autoscaled pools count with max-count (2023) and advise a smaller maxSurge or maxUnavailable \
         (2025). Where several pools share the range the number may be a part of the sum: read it as a lower bound.",
        "MicrosoftDocs/SupportArticles-docs connectivity/insufficientsubnetsize-error-advanced-networking.md; Azure/AKS \
         CHANGELOG 2023-05-07; pod CIDR: GitHub Azure/AKS-Construction#701 (2024-06)";
    INSUFFICIENT_POD_CIDR = "InsufficientPodCidr", Inferred, "kubenet's pod CIDR is too small",
        "AKS answers this at admission (status 400) when the pod CIDR of a kubenet cluster has no /24 for every node. It \
         counts 256 per node against the whole range and no surge: 3 nodes need 768 and a /24 has 256. Message: \
         `Pre-allocated IPs {n} exceeds IPs available {m} in Pod Cidr {cidr}`, target `agentPoolProfile.count`.",
        "GitHub Azure/AKS-Construction#357 (2022-09)";
    SUBNET_IS_FULL = "SubnetIsFull", Documented, "The subnet ran out of addresses at run time",
        "Azure's network service answers this at run time, when machines are being created in a subnet without enough free \
         addresses although admission had passed. Message: `Subnet {name} with address prefix {prefix} does not have enough \
         capacity for {n} IP addresses.`, wrapped in `Failed to scale node pool '{pool}' …`. The cluster autoscaler reports \
         the same as `Failed to increase capacity for scale set \"{vmss}\" to {n}`; nothing of the scale-up happens then, \
         not even a part.",
        "MicrosoftDocs/SupportArticles-docs error-codes/subnetisfull-error.md; GitHub Azure/AKS#2119 (2021), \
         Azure/AKS#2531";
    SERVICE_CIDR_OVERLAP_EXISTING_SUBNETS_CIDR = "ServiceCidrOverlapExistingSubnetsCidr", Documented,
        "The service CIDR overlaps a subnet of the network",
        "AKS answers this at admission, at creation and at any later upgrade or update, when the service CIDR overlaps any \
         subnet of the cluster's virtual network, also one that was added later or has nothing to do with the cluster. \
         Message: `The specified service CIDR {cidr} is conflicted with an existing subnet CIDR {cidr}`, target \
         `networkProfile.serviceCIDR`.",
        "MicrosoftDocs/SupportArticles-docs error-codes/servicecidroverlapexistingsubnetscidr-error.md; GitHub \
         Azure/azure-cli#20810";
    NETWORK_PROFILE_CIDR_OVERLAP_VNET = "NetworkProfileCIDROverlapVNET", Inferred,
        "The pod CIDR overlaps the virtual network",
        "AKS answers this at admission when the pod CIDR of an Overlay cluster overlaps the virtual network. Message: \
         `NetworkProfile CIDR {cidr} overlaps with reserved VNET CIDR {vnet}`, target `networkProfile.podCIDR`. Since \
         2024-10-25 the comparison is with subnets and no longer with the whole network.",
        "GitHub Azure/AKS-Construction#403 (2022-10); Azure/AKS CHANGELOG 2024-10-25";
    DNS_SERVICE_IP_OUT_OF_SERVICE_CIDR = "DnsServiceIpOutOfServiceCidr", Documented,
        "The DNS service address lies outside the service CIDR",
        "AKS answers this at admission when dnsServiceIP is not inside the service CIDR. Message: `The DNS service IP {ip} \
         is out of the range defined by service CIDR {cidr}.`, target `networkProfile.dnsServiceIP`.",
        "MicrosoftDocs/SupportArticles-docs error-codes/dnsserviceipoutofservicecidr-error.md";
    EXISTING_ROUTE_TABLE_NOT_ASSOCIATED_WITH_SUBNET = "ExistingRouteTableNotAssociatedWithSubnet", Inferred,
        "outboundType userDefinedRouting, and the subnet has no route table",
        "AKS answers this at admission (status 400) when a cluster with outboundType userDefinedRouting uses a subnet that \
         has no route table associated with it. Message: `An existing route table has not been associated with subnet {id}. \
         Please update the route table association`.",
        "observed: error messages real services returned with known configuration, 2022-2026 (this one 2025-05)";
    SUBNET_IS_DELEGATED = "SubnetIsDelegated", Documented, "A node-pool subnet is delegated to a service",
        "AKS answers this at admission when a pool is to be created in a delegated subnet. Message: `AgentPoolProfile \
         subnet with id {id} cannot be used as it's a delegated subnet. Please check https://aka.ms/adv-network-prerequest \
         for more details.` Use another subnet or remove the delegation.",
        "MicrosoftDocs/SupportArticles-docs error-codes/subnetisdelegated-error.md (2025-08)";
    SUBNET_WITH_EXTERNAL_RESOURCES_CANNOT_BE_USED_BY_OTHER_RESOURCES =
        "SubnetWithExternalResourcesCannotBeUsedByOtherResources", Documented, "The subnet belongs to another service",
        "Azure answers this at creation, update or scaling when the subnet carries resources of another service, such as a \
         delegation or a service association link. Message: `Subnet {uri} referenced by {uri} cannot be used because it \
         contains external resources. The external resources in this subnet are {uri}. You need to delete these external \
         resources before deploying into this subnet.` Use another subnet or remove the link.",
        "MicrosoftDocs/SupportArticles-docs error-codes/subnetwithexternalresourcescannotbeusedbyotherresources-error.md \
         (2024-11-18)";
    VIRTUAL_NETWORK_NOT_IN_SUCCEEDED_STATE = "VirtualNetworkNotInSucceededState", Documented,
        "The virtual network is being changed by somebody else",
        "Azure answers this (status 400) while a pool is being created and another write to the virtual network is under \
         way, for instance when several pools are added in parallel. Message: `Set virtual network ownership failed. … \
         Virtual network {id} is in Updating state. It needs to be in Succeeded state in order to set resource ownership.` \
         Wait and repeat.",
        "MicrosoftDocs/SupportArticles-docs error-codes/virtualnetworknotinsucceededstate-error.md; GitHub Azure/AKS#4522 \
         (2024-09)";
    IN_USE_SUBNET_CANNOT_BE_UPDATED = "InUseSubnetCannotBeUpdated", Inferred,
        "The address range of a subnet in use cannot change",
        "Azure's network service answers this at once when the address range of a subnet is to be changed while network \
         interfaces or load balancers hold addresses in it. The message names the subnet and what uses it. See SUB-3 for \
         the way out.",
        "GitHub hashicorp/terraform-provider-azurerm#7687 (2020-07)";
    IN_USE_ROUTE_TABLE_CANNOT_BE_DELETED = "InUseRouteTableCannotBeDeleted", Documented,
        "A route table is still attached to a subnet",
        "Azure's network service answers this at run time when a cluster is deleted whose route table a subnet still uses. \
         Message: `Route table {name} is in use and cannot be deleted.` Detach it from the subnet and repeat.",
        "MicrosoftDocs/SupportArticles-docs error-codes/inuseroutetablecannotbedeleted-error.md (2025-03-28)";
    SECONDARY_IP_CONFIGURATION_COUNT_PER_VMSS_VM_EXCEEDED = "SecondaryIpConfigurationCountPerVMSSVMExceeded", Inferred,
        "Too many addresses on one machine",
        "Azure's compute service answers this at run time when a machine of a scale set would get more than 256 secondary \
         IP configurations, that is, when maxPods of a classic pool is too large. Message: `The total number of secondary \
         ipconfigurations {n} in network profile for scale set {id} exceeds the maximum allowed value of 256.` Choose a \
         smaller maxPods.",
        "GitHub Azure/aks-engine#1741 (2019), Azure/AKS#1124 (2019)";
    INVALID_LOAD_BALANCER_PROFILE_ALLOCATED_OUTBOUND_PORTS = "InvalidLoadBalancerProfileAllocatedOutboundPorts", Documented,
        "Too few outbound ports for the nodes",
        "AKS answers this at admission when the outbound ports allocated per node, times the nodes, exceed what the \
         outbound addresses offer. It counts maxCount for autoscaled pools and count for others, plus surge: 8 nodes and 10 \
         % count as 9. Message: `Load balancer profile allocated ports {p} is not in an allowable range given the number of \
         nodes and IPs provisioned. Total node count {n} requires {r} ports but only {a} ports are available given {k} \
         outbound public IPs.` Allocate fewer ports or add outbound addresses.",
        "MicrosoftDocs/SupportArticles-docs \
         create-upgrade-delete/error-code-invalidloadbalancerprofileallocatedoutboundports.md; GitHub \
         MicrosoftDocs/SupportArticles-docs#2101 (2026-08-10)";

    // ── Error codes: the network mode ────────────────────────────────────────────────────────────────────────────────────
    UNSUPPORTED_NETWORK_PLUGIN_MODE_WITH_NETWORK_PLUGIN = "UnsupportedNetworkPluginModeWithNetworkPlugin", Inferred,
        "Mode overlay was sent while the plugin stays kubenet",
        "AKS answers this at admission when networkPluginMode overlay is sent for a kubenet cluster, presumably because \
         networkPlugin azure was not sent with it; both are needed. It was also reported for the documented command in \
         2026-03. Message: `NetworkPluginMode overlay is not supported with NetworkPlugin kubenet.`, target \
         `networkProfile.networkPluginMode`.",
        "GitHub Azure/AKS#5662 (2026-03, open)";
    VALIDATION_ERROR = "ValidationError", Inferred, "Overlay while Network Policy Manager or Calico is set",
        "AKS answers this at admission when a cluster is to move to Overlay while its network policy is still azure or \
         calico. Message: `Cannot update cluster to Azure CNI Overlay while using network policies with Azure CNI v1.` Set \
         the network policy to none first, which reimages all nodes (MIG-3). The code itself is general and may carry other \
         messages.",
        "GitHub Azure/AKS#4006 (2023-11), MicrosoftDocs/azure-aks-docs#264 (2025-06)";
    BAD_REQUEST = "BadRequest", Inferred, "The Cilium data plane needs network policy cilium",
        "AKS answers this at admission when the Cilium data plane is asked for without network policy cilium. Message: \
         `Cilium dataplane requires network policy cilium.`, target `networkProfile.networkPolicy`. The code itself is \
         general and may carry other messages.",
        "GitHub MicrosoftDocs/azure-aks-docs#264 (2025-06)";
    PROPERTY_CHANGE_NOT_ALLOWED = "PropertyChangeNotAllowed", Inferred, "A property that is fixed at creation was changed",
        "AKS answers this at admission when an update changes a property that is fixed at creation, such as maxPods of a \
         pool. Message: `Changing property '{property}' is not allowed.`, for instance with `properties.maxPods`. Create a \
         new pool instead (MP-2).",
        "GitHub pulumi/pulumi-azure-native#959 (2021), hashicorp/terraform-provider-azurerm#26730 (2024)";
    AKS_AUTOMATIC_SKU_FEATURE_VALIDATION_ERROR = "AKSAutomaticSKUFeatureValidationError", Inferred,
        "The feature does not fit AKS Automatic",
        "AKS answers this at admission when a setting contradicts what an AKS Automatic cluster prescribes. The message's \
         text was not found in public sources.",
        "GitHub pull request 261 of an Azure Verified Module (2026-07)";

    // ── Error codes: quota and capacity ──────────────────────────────────────────────────────────────────────────────────
    MANAGED_CLUSTER_COUNT_EXCEEDS_QUOTA_LIMIT = "ManagedClusterCountExceedsQuotaLimit", Documented,
        "Too many clusters in the subscription",
        "AKS answers this at admission when another cluster would exceed the subscription's quota for clusters in the \
         region. Message: `Operation results in exceeding quota limits for managed clusters. Maximum allowed: {n}, Current \
         usage: {n}, Additional requested: {n}.` Raise the quota or use another region.",
        "MicrosoftDocs/azure-aks-docs quotas-skus-regions.md (2026-08-03)";
    ERR_CODE_INSUFFICIENT_VCPU_QUOTA = "ErrCode_InsufficientVCPUQuota", Inferred, "Not enough cores left in the quota",
        "AKS answers this at admission (status 400) when the subscription's quota of cores for the region or the machine \
         family does not suffice for the nodes, surge nodes included. Message: `Insufficient regional vcpu quota left for \
         location {region}. left regional vcpu quota {n}, requested quota {n}.` A maxUnavailable upgrade needs no extra \
         cores (UPG-7).",
        "observed: error messages real services returned, found in public logs of Terraform runs";
    QUOTA_EXCEEDED = "QuotaExceeded", Documented, "A quota of the subscription is used up",
        "Azure answers this at run time when the surge nodes of an upgrade, or new nodes, exceed a quota, mostly that of \
         cores. Message: `Operation results in exceeding quota limits of Core. Maximum allowed: {n}, Current in use: {n}, \
         Additional requested: {n}`.",
        "MicrosoftDocs/SupportArticles-docs error-codes/quota-exceeded-error.md (2024-09-16)";
    SKU_NOT_AVAILABLE = "SKUNotAvailable", Indirect, "The machine size is not offered there",
        "Azure answers this when the machine size of a pool is not offered in the region or zone, or not to this \
         subscription. Another size, zone or region is needed; the message's text varies.",
        "MicrosoftDocs/azure-docs, Azure Resource Manager troubleshooting: errors for SKU not available";
    ALLOCATION_FAILED = "AllocationFailed", Documented, "Azure has no machine to give",
        "Azure's compute service answers this at run time when machines cannot be allocated, surge nodes included. \
         Message: `The VM allocation failed due to an internal error. Please retry later or try deploying to a different \
         location.` An upgrade with maxUnavailable instead of maxSurge needs no new machines.",
        "MicrosoftDocs/SupportArticles-docs error-codes/zonalallocation-allocationfailed-error.md (2024-09-05)";
    ZONAL_ALLOCATION_FAILED = "ZonalAllocationFailed", Documented, "Azure has no machine to give in this zone",
        "Azure's compute service answers this at run time when a zone has no capacity for the machine size. Message: \
         `Allocation failed. We do not have sufficient capacity for the requested VM size in this zone.` An upgrade with \
         maxUnavailable instead of maxSurge needs no new machines.",
        "MicrosoftDocs/SupportArticles-docs error-codes/zonalallocation-allocationfailed-error.md (2024-09-05)";
    OVERCONSTRAINED_ALLOCATION_REQUEST = "OverconstrainedAllocationRequest", Documented, "No machine meets all constraints",
        "Azure's compute service answers this at run time when no machine meets all constraints of the pool, such as size, \
         ephemeral disk, accelerated networking or placement group. Message: `Allocation failed. VM(s) with the following \
         constraints cannot be allocated, because the condition is too restrictive. Please remove some constraints and try \
         again.` Drop a constraint or the placement group.",
        "MicrosoftDocs/SupportArticles-docs error-codes/zonalallocation-allocationfailed-error.md (2024-09-05)";
    PUBLIC_IP_COUNT_LIMIT_REACHED = "PublicIPCountLimitReached", Documented, "No public address left in the quota",
        "Azure answers this when an operation needs another public IP address, also for a Service of type LoadBalancer, \
         and the subscription's limit in the region is reached. Raise the quota or release addresses.",
        "MicrosoftDocs/SupportArticles-docs error-codes/publicipcountlimitreached-error.md (2024-10-06)";
    AKS_CAPACITY_HEAVY_USAGE = "AksCapacityHeavyUsage", Documented, "The region takes no more clusters for now",
        "AKS answers this when a cluster is created or started in a region short of capacity. Message: `AKS is \
         experiencing heavy usage in region {region}. We are working on adding new capacity.` Repeat later or take another \
         region.",
        "MicrosoftDocs/SupportArticles-docs error-codes/akscapacityheavyusage-error.md (2024-05-29)";

    // ── Error codes: upgrades and operations ─────────────────────────────────────────────────────────────────────────────
    UNSATISFIABLE_PDB = "UnsatisfiablePDB", Documented, "A disruption budget with maxUnavailable 0 blocks the upgrade",
        "AKS answers this at admission of an upgrade when a disruption budget has maxUnavailable 0; it looks for no other \
         kind (PDB-5). Message: `Upgrade is blocked due to invalid Pod Disruption Budgets (PDBs). Please review the PDB \
         spec to allow disruptions during upgrades. To bypass this error, set forceUpgrade in \
         upgradeSettings.overrideSettings. …`, followed, as in older versions alone, by `PDB {namespace}/{name} has \
         maxunavailble == 0 can't proceed with put operation` (so spelled).",
        "MicrosoftDocs/SupportArticles-docs error-codes/unsatisfiablepdb-error.md; GitHub Azure/AKS#5125 (2025-07)";
    UPGRADE_FAILED = "UpgradeFailed", Documented, "A node could not be drained",
        "AKS answers this at run time when a drain does not succeed before its timeout, mostly because of a disruption \
         budget. Message: `Drain node {node} failed when evicting pod {pod} failed with Too Many Requests error. This is \
         often caused by a restrictive Pod Disruption Budget (PDB) policy. See https://aka.ms/aks/debugdrainfailures. …` \
         PodDrainFailure is only the name of the support article, not a code that is returned.",
        "MicrosoftDocs/SupportArticles-docs create-upgrade-delete/error-code-poddrainfailure.md";
    OPERATION_NOT_ALLOWED = "OperationNotAllowed", Documented, "Another operation is running, or the cluster is stopped",
        "AKS answers this at admission while another operation runs on the cluster or the pool, or when the cluster's \
         state does not allow the operation. Messages: `Operation is not allowed: Another operation ({op}) is in progress, \
         please wait for it to finish before starting a new operation.`, and `managed cluster is in Provisioning \
         State({state}) and Power State({state}), … cannot be performed`. Wait, then repeat.",
        "MicrosoftDocs/SupportArticles-docs create-upgrade-delete/operationnotallowed.md";
    AKS_OPERATION_PREEMPTED = "AKSOperationPreempted", Documented, "A later operation took over",
        "AKS answers this at run time to an operation that a later one has displaced. Message: `This operation has been \
         preempted by another operation with ID {id}`. What the displaced operation had begun is not undone.",
        "MicrosoftDocs/SupportArticles-docs error-codes/aksoperationpreempted-error.md (2024-10-28)";
    AKS_OPERATION_PREEMPTED_BY_DELETE = "AKSOperationPreemptedByDelete", Documented, "A deletion took over",
        "AKS answers this at run time to an operation that a deletion of the cluster or the pool has displaced. Message: \
         `This operation has been preempted by Deleting operation.` There is nothing left to repeat it on.",
        "MicrosoftDocs/SupportArticles-docs error-codes/aksoperationpreempted-error.md (2024-10-28)";
    NODE_POOL_MC_VERSION_INCOMPATIBLE = "NodePoolMcVersionIncompatible", Contradictory,
        "Pool and control plane versions do not fit",
        "AKS answers this at admission when a pool would be newer than the control plane or too many minor versions older. \
         Kubernetes 1.28 and later allow three minor versions; the support article and its message still say two; aksplan \
         takes three. Message: `Node pool version {v} and control plane version {v} are incompatible. Minor version of node \
         pool version {m} is bigger than control plane version {m}.` Upgrade the control plane, or the older pools, \
         first.",
        "MicrosoftDocs/SupportArticles-docs error-codes/aks-upgrade-blocked.md; two: \
         error-codes/nodepoolmcversionincompatible-error.md (2024-10-23); GitHub rancher/rancher#33426 (2021-06)";
    K8S_VERSION_NOT_SUPPORTED = "K8sVersionNotSupported", Documented, "The Kubernetes version is not offered",
        "AKS answers this at admission when the cluster's or the requested Kubernetes version is not, or no longer, \
         supported in the region, or only with long-term support. Message: `{name} is on version {version} which is not \
         supported in this region.` `az aks get-versions` lists what is offered.",
        "MicrosoftDocs/SupportArticles-docs error-codes/aks-upgrade-blocked.md";

    // ── Error codes: the REST interface ──────────────────────────────────────────────────────────────────────────────────
    THROTTLED = "Throttled", Documented, "AKS was asked too often",
        "AKS answers this with status 429 and Retry-After when its own limits are exceeded: for writing a cluster or a \
         pool, a burst of 20 and then one a minute. Message: `The PutManagedClusterHandler.PUT request limit has been \
         exceeded for SubID='{id}', please retry again in X seconds.` Wait that long.",
        "MicrosoftDocs/SupportArticles-docs error-codes/throttled-error.md (2025-03-05); MicrosoftDocs/azure-aks-docs \
         quotas-skus-regions.md (2026-08-03)";
    TOO_MANY_REQUESTS_RECEIVED = "TooManyRequestsReceived", Documented, "Azure Resource Manager was asked too often",
        "Azure answers this with status 429 when too many requests reach it for the subscription. Message: `Number of read \
         requests for subscription '{id}' exceeded the limit of '{n}' for time interval '{t}'. Please try again after '{n}' \
         seconds.` Wait that long; a fleet is better read through Resource Graph.",
        "MicrosoftDocs/SupportArticles-docs error-codes/toomanyrequestsreceived-error.md";
    SUBSCRIPTION_REQUESTS_THROTTLED = "SubscriptionRequestsThrottled", Documented,
        "Azure Resource Manager throttles the subscription",
        "Azure Resource Manager answers this with status 429 when the subscription's limit of reads or writes is exceeded. \
         Message: `Number of read requests for subscription '{id}' exceeded the limit of '{n}' for time interval '{t}'. \
         Please try again after '{n}' seconds.` Wait that long; a fleet is better read through Resource Graph.",
        "MicrosoftDocs/SupportArticles-docs error-codes/subscriptionrequeststhrottled.md";
    RETRYABLE_ERROR_DUE_TO_ANOTHER_OPERATION = "RetryableErrorDueToAnotherOperation", Documented,
        "A network resource is locked for a moment",
        "Azure's network service answers this with status 429 when another operation holds the resource. It is a lock and \
         not a quota: repeat a little later.",
        "MicrosoftDocs/azure-docs request-limits-and-throttling.md";
    PRE_CONDITION_FAILED = "PreConditionFailed", Documented, "Somebody changed the cluster meanwhile",
        "AKS answers this with status 412 at admission when the ETag sent in If-Match is not the current one, so the \
         cluster or pool has changed since it was read; also when If-Match is `*` and it does not exist. A write to the \
         cluster changes the ETags of the cluster and its pools, a write to a pool only that pool's. Read again and decide \
         again.",
        "MicrosoftDocs/azure-aks-docs use-etags.md (copy of 2026-08-21)";
}

//! What is refused, through the real binary: the exact words on standard error, nothing on standard output, exit code 2.

use super::{Folder, problem, run};

/// Files are written into an empty folder, the command runs in it.
fn refused(files: &[(&str, &[u8])], args: &[&str], expected: &str) {
    let folder = Folder::new();
    for (name, content) in files {
        folder.write(name, content);
    }
    let answer = run(&folder, args, b"");
    let told = String::from_utf8_lossy(&answer.stderr);
    assert_eq!(told.trim_end(), format!("error: {expected}"), "{args:?}");
    assert_eq!(answer.stdout, b"", "{args:?}");
    assert_eq!(answer.status.code(), Some(2), "{args:?}");
}

/// One file, `capacity`.
fn file(name: &str, content: impl AsRef<[u8]>, expected: &str) {
    refused(
        &[(name, content.as_ref())],
        &["capacity", "--from", name],
        expected,
    );
}

const SCENARIO: &str = "\
apiVersion: aksplan/v1
name: quay
virtual_networks:
  - name: v
    address_space: [10.0.0.0/16]
    subnets:
      - { name: nodes, cidr: 10.0.0.0/24 }
clusters:
  - name: c
    network_plugin: azure
    pools:
      - { name: p, count: 3, subnet: nodes }
";

const VNET: &str = r#"[
  {
    "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v",
    "name": "v",
    "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
    "subnets": [
      {"name": "a", "addressPrefix": "10.0.0.0/24"},
      {"name": "b", "addressPrefix": "10.0.1.0/24"}
    ]
  }
]
"#;

const NOT_RECOGNISED: &str = "not recognised; expected a managed cluster, an agent pool, a maintenance configuration, a VNet, a subnet, \
     a peering, a route table, a NAT gateway, a network interface, a load balancer, a private endpoint, a network security group, an \
     application gateway, a private DNS zone, an A record of one, a managed identity, a federated credential of one, an Azure Managed \
     Grafana, a Prometheus rule group, a metric alert, a log alert or a usage as `az … -o json` or Azure Resource Manager prints it";

fn cluster(pools: &str) -> String {
    format!(
        r#"{{"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c", "name": "c",
 "networkProfile": {{"networkPlugin": "azure"}}, "agentPoolProfiles": [{pools}]}}"#
    )
}

#[test]
fn files_that_cannot_be_read() {
    refused(
        &[],
        &["capacity", "--from", "estate.json"],
        "estate.json: cannot be read: No such file or directory (os error 2)",
    );
    refused(
        &[("estate/notes.txt", b"x")],
        &["capacity", "--from", "estate"],
        "estate: no .json, .yaml, .yml or .json.zst file in this folder",
    );
    file("e.json", "", "e.json: is empty");
    file("e.json", " \n\t\n", "e.json: is empty");
    refused(
        &[],
        &["capacity", "--from", "-"],
        "-: nothing came on standard input; did the command before it fail?",
    );
    refused(
        &[],
        &["capacity", "--from", "-", "--also-reserved", "-"],
        "-: nothing came on standard input; did the command before it fail?",
    );
    refused(
        &[("s.yaml", SCENARIO.as_bytes())],
        &[
            "capacity",
            "--from",
            "s.yaml",
            "--also-reserved",
            "-",
            "--also-reserved",
            "-",
        ],
        "-: standard input is named twice; expected it once, it is gone when read",
    );
}

#[test]
fn files_that_are_something_else() {
    file(
        "e.json",
        "Please run 'az login'.",
        "e.json: not recognised; expected a scenario (apiVersion: aksplan/v1), or JSON as \
          printed by `az`, `kubectl` or `terraform show -json`",
    );
    file(
        "e.json",
        format!("WARNING: this command is in preview\n{VNET}"),
        "e.json: begins with a message of the command that \
          wrote it; save its standard output only (`>`, not `2>&1`)",
    );
    file(
        "e.json",
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A],
        "e.json: is not text: invalid UTF-8 at byte 0; expected JSON or YAML",
    );
    file(
        "e.json",
        [0x7F, b'E', b'L', b'F', 2, 1, 1, 0],
        "e.json: is not text: it has NUL bytes; expected JSON or YAML in UTF-8",
    );
    file(
        "tfplan",
        b"PK\x03\x04\x14\x00\x08\x00tfplan",
        "tfplan: is a zip archive; if it is a Terraform plan, give the output of \
          `terraform show -json PLAN`",
    );
    file(
        "e.json.gz",
        [0x1F, 0x8B, 8, 0, 0, 0],
        "e.json.gz: is compressed with gzip; expected JSON or YAML, plain or compressed with zstd",
    );
    file(
        "e.json",
        [0xFF, 0xFE, b'{', 0, b'}'],
        "e.json: is not text: broken UTF-16",
    );
    file(
        "e.json",
        r#"{"error":{"code":"AuthorizationFailed","message":"The client has no access."}}"#,
        "e.json:1:1: is an error that Azure answered, no resource: AuthorizationFailed: The client has no access.",
    );
    file(
        "e.json",
        r#"{"hello":"world"}"#,
        &format!("e.json:1:1: {NOT_RECOGNISED}"),
    );
    file(
        "e.json",
        "[\n {\"type\":\"Microsoft.Compute/disks\"},\n {\"hello\":1}\n]",
        &format!("e.json:3:2: at [1]: {NOT_RECOGNISED}"),
    );
    file(
        "e.json",
        "{\"value\":[\n 7]}",
        "e.json:2:2: at value[0]: expected a resource (a JSON object)",
    );
}

#[test]
fn json_that_is_damaged() {
    let cut = &VNET[..VNET.find("10.0.1.0").expect("it is there")];
    file(
        "e.json",
        cut,
        "e.json:8:39: ends in the middle of the JSON; is the file complete?",
    );
    file(
        "e.json",
        VNET.replace("\"name\": \"v\",", "\"name\": \"v\""),
        "e.json:5:5: is not valid JSON: expected `,` or `}`",
    );
    file(
        "e.json",
        format!("{VNET}\n}}"),
        "e.json:13:1: is not valid JSON: expected value",
    );
}

/// What is broken inside a list is found where it is broken.
#[test]
fn lists_that_are_damaged() {
    for (content, expected) in [
        (
            "[{\"type\":\"a/b\"},]",
            "e.json:1:17: at [1]: expected a resource (a JSON object)",
        ),
        (
            "[\n {\"type\":\"a/b\"} {\"type\":\"a/b\"}]",
            "e.json:2:17: is not valid JSON: trailing characters",
        ),
        (
            "[{\"type\":\"a/b\"}",
            "e.json:1:16: ends in the middle of the JSON; is the file complete?",
        ),
        (
            "[\n {\"type\":'a/b'}]",
            "e.json:2:10: is not valid JSON: expected value",
        ),
        (
            "[{\"type\":\"a/b\"}]]",
            "e.json:1:17: is not valid JSON: expected value",
        ),
        (
            "[{\"type\":\"a/b\"}] x",
            "e.json:1:18: is not valid JSON: expected value",
        ),
    ] {
        file("e.json", content, expected);
    }
}

#[test]
fn values_of_the_wrong_shape() {
    file(
        "vnets.json",
        VNET.replace("\"10.0.1.0/24\"", "7"),
        "vnets.json:2:3: at [0].subnets[1].addressPrefix: invalid type: \
          integer `7`, expected a string",
    );
    file(
        "vnets.json",
        VNET.replace("10.0.1.0/24", "10.0.1.7/24"),
        "vnets.json:2:3: at [0].subnets[1].addressPrefix: \
          `10.0.1.7/24` has host bits set; the prefix is 10.0.1.0/24",
    );
    file(
        "vnets.json",
        VNET.replace("10.0.1.0/24", "10.0.1.0"),
        "vnets.json:2:3: at [0].subnets[1].addressPrefix: `10.0.1.0` \
          has no prefix length; expected one behind the address, as in 10.240.0.0/22",
    );
    file(
        "vnets.json",
        VNET.replace("\"10.0.0.0/16\"", "\"10.0/16\""),
        "vnets.json:2:3: at [0].addressSpace.addressPrefixes[0]: \
          `10.0/16` is not a CIDR; expected an address and a prefix length, as in 10.240.0.0/22",
    );
    file(
        "vnets.json",
        VNET.replace("\"name\": \"b\"", "\"name\": \"A\""),
        "vnets.json: at [0].subnets[1]: VNet `v` has two \
          subnets named `A` (the other is subnets[0]); expected each name once",
    );
    file(
        "vnets.json",
        VNET.replace("\"name\": \"v\",", "\"name\": \"v\", \"name\": \"w\","),
        "vnets.json:2:3: at [0]: \
          duplicate field `name`",
    );
    file(
        "c.json",
        cluster(r#"{"name": "p", "count": -3}"#),
        "c.json:1:1: at agentPoolProfiles[0].count: pool `p`: -3 is not a \
          number of nodes",
    );
    file(
        "c.json",
        cluster(r#"{"name": "p"}"#),
        "c.json:1:1: at agentPoolProfiles[0].count: pool `p`: missing; expected the \
          number of nodes",
    );
    file(
        "c.json",
        cluster(
            r#"{"name": "p", "count": 3, "enableAutoScaling": true, "minCount": 5, "maxCount": 3}"#,
        ),
        "c.json:1:1: at agentPoolProfiles[0].maxCount: pool `p`: min_count 5 is greater than max_count 3",
    );
    file(
        "c.json",
        cluster(r#"{"name": "p", "count": 3, "upgradeSettings": {"maxSurge": "some"}}"#),
        "c.json:1:1: at \
          agentPoolProfiles[0].upgradeSettings.maxSurge: pool `p`: `some` is neither a number nor a percentage",
    );
    file(
        "c.json",
        cluster(
            r#"{"name": "p", "type": "VirtualMachines", "virtualMachinesProfile": {"scale": {"manual": [{"count": 9223372036854775807}]}}}"#,
        ),
        "c.json:1:1: at agentPoolProfiles[0].virtualMachinesProfile.scale.manual[0].count: pool `p`: 9223372036854775807 is not a \
          number of nodes",
    );
    file(
        "u.json",
        r#"[{"currentValue": 9223372036854775807, "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/a"}]"#,
        "u.json:1:2: at [0].currentValue: 9223372036854775807 is not a number of addresses; there are 4294967296 in all",
    );
    file(
        "s.json",
        r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"s","annotations":{
            "service.beta.kubernetes.io/azure-pls-create":"true",
            "service.beta.kubernetes.io/azure-pls-ip-configuration-ip-address-count":"18446744073709551615"}}}"#,
        "s.json:1:1: at metadata.annotations.service.beta.kubernetes.io/azure-pls-ip-configuration-ip-address-count: \
          18446744073709551615 is not a number of addresses; there are 4294967296 in all",
    );
    for field in ["used", "foreign", "private_endpoints"] {
        file(
            "s.yaml",
            format!(
                "apiVersion: aksplan/v1\nname: x\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/8]\n    subnets:\n      \
                 - {{ name: a, cidr: 10.0.0.0/24, {field}: 18446744073709551615 }}\n"
            ),
            &format!(
                "s.yaml: at virtual_networks[0].subnets[0].{field}: 18446744073709551615 is not a number of addresses; there are \
                 4294967296 in all"
            ),
        );
    }
    for change in ["scale", "max_count"] {
        file(
            "s.yaml",
            format!(
                "apiVersion: aksplan/v1\nname: x\noperations:\n  - {change}: {{ pool: p, count: 18446744073709551615 }}\n"
            ),
            &format!(
                "s.yaml: at operations[0].{change}.count: pool `p`: 18446744073709551615 is not a number of nodes"
            ),
        );
    }
    file(
        "k.json",
        "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n {\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"containers\":7}}]}",
        "k.json:2:2: at items[0].spec.containers: invalid type: integer `7`, expected a sequence",
    );
}

#[test]
fn references_that_point_nowhere() {
    let subnet = |name: &str| {
        format!(
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/{name}"
        )
    };
    let pool = |name: &str| {
        cluster(&format!(
            r#"{{"name": "p", "count": 3, "vnetSubnetID": "{}"}}"#,
            subnet(name)
        ))
    };
    let both = |cluster: String, expected: &str| {
        refused(
            &[
                ("vnets.json", VNET.as_bytes()),
                ("c.json", cluster.as_bytes()),
            ],
            &["capacity", "--from", "vnets.json", "--from", "c.json"],
            expected,
        );
    };
    both(
        pool("w/subnets/a"),
        "c.json: cluster `c`, pool `p` names subnet `a` of VNet `w`, which was not read; add the output of \
          `az network vnet list`",
    );
    let with_ids = VNET.replace(
        "{\"name\": \"a\"",
        &format!("{{\"id\": \"{}\", \"name\": \"a\"", subnet("v/subnets/a")),
    );
    refused(
        &[
            ("vnets.json", with_ids.as_bytes()),
            ("c.json", pool("v/subnets/z").as_bytes()),
        ],
        &["capacity", "--from", "vnets.json", "--from", "c.json"],
        "c.json: cluster `c`, pool `p` names subnet `z` of VNet `v`, which has none of that name; it has: v/a, v/b",
    );
    let sizeless = VNET.replace(
        "\"addressPrefix\": \"10.0.0.0/24\"",
        &format!("\"id\": \"{}\"", subnet("v/subnets/a")),
    );
    refused(
        &[
            ("vnets.json", sizeless.as_bytes()),
            ("c.json", pool("v/subnets/a").as_bytes()),
        ],
        &["capacity", "--from", "vnets.json", "--from", "c.json"],
        "c.json: cluster `c`, pool `p` names subnet `v/a`, which was read without its addressPrefix; its size is not known",
    );
    both(
        cluster(r#"{"name": "p", "count": 3}, {"name": "P", "count": 1}"#),
        "c.json: cluster `c` has two pools named `P`; \
          expected each name once",
    );
    file(
        "pools.json",
        r#"[{"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/c/agentPools/p", "name": "p", "count": 3}]"#,
        "pools.json: at [0].id: agent pool of cluster `c`, which was not read; add the output of `az aks show` or `az aks list`",
    );
}

#[test]
fn scenarios() {
    let with = |from: &str, to: &str| {
        assert!(SCENARIO.contains(from), "{from}");
        SCENARIO.replace(from, to)
    };
    const POOL_FIELDS: &str = "name, mode, os_type, count, min_count, max_count, max_pods, max_surge, max_unavailable, \
         drain_timeout_minutes, subnet, pod_subnet, pod_ip_allocation_mode, spot, type, vm_size, kubernetes_version";
    file(
        "s.yaml",
        with("count: 3,", "max_cuont: 3,"),
        &format!("s.yaml:12:20: unknown field `max_cuont`, expected one of {POOL_FIELDS}"),
    );
    file(
        "s.json",
        "{\"apiVersion\": \"aksplan/v1\", \"name\": \"x\",\n  \"clusterz\": []}",
        "s.json:2:12: unknown field `clusterz`, \
          expected one of `apiVersion`, `kind`, `name`, `description`, `virtual_networks`, `route_tables`, `clusters`, `reserved`, \
          `operations`, `timeline`",
    );
    file(
        "s.yaml",
        with("count: 3,", ""),
        "s.yaml:12:21: missing field `count`",
    );
    file(
        "s.yaml",
        with("count: 3", "count: three"),
        "s.yaml:12:27: expected a whole number",
    );
    file(
        "s.yaml",
        with("aksplan/v1", "aksplan/v9"),
        "s.yaml: at apiVersion: `aksplan/v9` is not read by this version; expected aksplan/v1",
    );
    file(
        "s.yaml",
        with("aksplan/v1", "aksplan.io/v1"),
        "s.yaml: at apiVersion: `aksplan.io/v1`, and no `kind` beside it; expected \
          aksplan/v1 of a scenario, or a Kubernetes object",
    );
    file(
        "s.yaml",
        with("aksplan/v1", "v1\nkind: Scenario"),
        "s.yaml: at apiVersion: `v1`; expected aksplan/v1",
    );
    file(
        "s.yaml",
        with("apiVersion: aksplan/v1\n", ""),
        "s.yaml: at apiVersion: missing; expected aksplan/v1",
    );
    file(
        "s.yaml",
        with("name: quay\n", "name: quay\nname: jetty\n"),
        "s.yaml:3:1: `name` is given twice; expected each key once",
    );
    file(
        "s.yaml",
        with("    subnets:", "   subnets:"),
        "s.yaml:6:4: while parsing a block collection, did not find expected '-' indicator",
    );
    file(
        "s.yaml",
        with("subnet: nodes", "subnet: node"),
        "s.yaml: at clusters[0]: cluster `c`, pool `p` names subnet `node`, which is \
          not there; known: v/nodes",
    );
    file(
        "s.yaml",
        with("count: 3", "count: 3, min_count: 5, max_count: 4"),
        "s.yaml: at clusters[0].pools[0].max_count: pool `p`: \
          min_count 5 is greater than max_count 4",
    );
    file(
        "s.yaml",
        with("count: 3", "count: 3, min_count: 5"),
        "s.yaml: at clusters[0].pools[0].max_count: pool `p`: missing; \
          expected beside min_count",
    );
    file(
        "s.yaml",
        with("10.0.0.0/24", "10.0.0.1/24"),
        "s.yaml: at virtual_networks[0].subnets[0].cidr: `10.0.0.1/24` has host bits \
          set; the prefix is 10.0.0.0/24",
    );
    file(
        "s.yaml",
        with("network_plugin: azure", "network_plugin: flannel"),
        "s.yaml: at clusters[0].network_plugin: `flannel`; \
          expected one of azure, kubenet, none",
    );
    let id =
        "/subscriptions/1/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters";
    for (said, problem) in [
        (
            "id: /subscriptions/1/resourceGroups/rg".to_string(),
            "`/subscriptions/1/resourceGroups/rg` is no id of a managed cluster; expected /subscriptions/…/resourceGroups/…/\
             providers/Microsoft.ContainerService/managedClusters/c",
        ),
        (format!("id: {id}/d"), "it names d, and the cluster is c"),
        (
            format!("id: {id}/c\n    resource_group: other"),
            "it names resource group rg, and resource_group is other",
        ),
    ] {
        file(
            "s.yaml",
            with(
                "network_plugin: azure",
                &format!("network_plugin: azure\n    {said}"),
            ),
            &format!("s.yaml: at clusters[0].id: {problem}"),
        );
    }
    file(
        "s.yaml",
        with(
            "      - { name: nodes",
            "      - { name: Nodes, cidr: 10.0.9.0/24 }\n      - { name: nodes",
        ),
        "s.yaml: at \
          virtual_networks[0].subnets[1]: VNet `v` has two subnets named `nodes` (the other is subnets[0]); expected each name once",
    );
    let two = with(
        "clusters:",
        "  - name: w\n    address_space: [10.1.0.0/16]\n    subnets: [{ name: nodes, cidr: 10.1.0.0/24 }]\nclusters:",
    );
    file(
        "s.yaml",
        two,
        "s.yaml: at clusters[0]: cluster `c`, pool `p` names subnet `nodes`, which could be any of v/nodes, w/nodes; \
          write vnet/subnet",
    );
    refused(
        &[
            ("a.yaml", SCENARIO.as_bytes()),
            ("b.yaml", SCENARIO.as_bytes()),
        ],
        &["capacity", "--from", "a.yaml", "--from", "b.yaml"],
        "b.yaml: at virtual_networks[0].name: a second VNet named `v`; expected each name once",
    );
}

#[test]
fn flags_that_name_nothing_or_too_much() {
    let two = SCENARIO.to_string()
        + "  - name: d
    resource_group: rg
    network_plugin: azure
    pools: [{ name: p, count: 1, subnet: nodes }]
  - name: d
    resource_group: rg2
    network_plugin: azure
    pools: [{ name: p, count: 1, subnet: nodes }]
";
    let with = |args: &[&str], expected: &str| {
        let files: [(&str, &[u8]); 3] = [
            ("one.yaml", SCENARIO.as_bytes()),
            ("two.yaml", two.as_bytes()),
            ("wanted.json", br#"{"networkProfile":{"networkPlugin":"azure"},"agentPoolProfiles":[{"name":"p","count":4}]}"#),
        ];
        refused(&files, args, expected);
    };
    with(
        &["capacity", "-f", "two.yaml", "--cluster", "x"],
        "no cluster `x`; known: c, rg/d, rg2/d",
    );
    with(
        &["capacity", "-f", "two.yaml", "--cluster", "D"],
        "several clusters are named `D`; name one of them by resource-group/name: rg/d, rg2/d",
    );
    with(
        &["compare", "-f", "two.yaml"],
        "several clusters were read; say which with --cluster: c, rg/d, rg2/d",
    );
    with(
        &["capacity", "-f", "one.yaml", "--vnet", "hub"],
        "no VNet `hub`; known: v",
    );
    with(
        &["capacity", "-f", "one.yaml", "--planned"],
        "--planned needs a Terraform plan: nothing else that was read says what will be",
    );
    let predict = |args: &[&str], expected: &str| {
        let all: Vec<&str> = ["predict", "-f", "one.yaml"]
            .iter()
            .chain(args)
            .copied()
            .collect();
        with(&all, expected);
    };
    predict(
        &[],
        "nothing to predict: give --desired FILE, a flag such as --add-pool or --upgrade, a scenario with `operations`, or \
             a Terraform plan",
    );
    predict(
        &["--scale", "p"],
        "--scale `p`; expected POOL=N, as in apps=10",
    );
    predict(
        &["--scale", "p=-1"],
        "--scale `p=-1`; expected POOL=N, as in apps=10",
    );
    predict(
        &["--max-count", "p=many"],
        "--max-count `p=many`; expected POOL=N, as in apps=10",
    );
    predict(
        &["--add-pool", "name=q"],
        "--add-pool `name=q`: no count; expected count=N",
    );
    predict(
        &["--add-pool", "count=3"],
        "--add-pool `count=3`: no name; expected name=…",
    );
    predict(
        &["--add-pool", "name=q,count=3,colour=red"],
        "--add-pool `name=q,count=3,colour=red`: unknown key `colour`; expected one \
             of name, count, min-count, max-count, max-pods, max-surge, max-unavailable, mode, os, subnet, pod-subnet, \
             pod-ip-allocation-mode, priority, type, vm-size, kubernetes-version",
    );
    predict(
        &["--add-pool", "name=q,count=3,subnet=z"],
        "command line: at subnet: pool `q` names subnet `z`, which is not there; known: v/nodes",
    );
    predict(
        &["--migrate", "overlay", "--pod-cidr", "10.0.0.1/8"],
        "--pod-cidr: `10.0.0.1/8` has host bits set; the prefix is 10.0.0.0/8",
    );
    with(
        &["predict", "-f", "two.yaml", "--desired", "wanted.json"],
        "wanted.json: the wanted cluster has neither id nor name; say \
          which one it is with --cluster",
    );
    with(
        &["explain", "CLS-99"],
        "no rule `CLS-99`; did you mean CLS-1 or CLS-2 or CLS-3?",
    );
}

#[test]
fn prefix_lists() {
    refused(
        &[
            ("list.txt", b"10.0.0.0/8\n\n10.1.0.7/24 # office\n"),
            ("s.yaml", SCENARIO.as_bytes()),
        ],
        &[
            "cidr",
            "check",
            "-f",
            "s.yaml",
            "--also-reserved",
            "list.txt",
        ],
        "list.txt:3:1: `10.1.0.7/24` has host bits set; expected the prefix 10.1.0.0/24, or the address alone",
    );
}

/// What comes after the first document says which one it was.
#[test]
fn later_documents_say_which_they_are() {
    let stream = format!("{VNET}{}", VNET.replace("\"10.0.0.0/24\"", "true"));
    assert_eq!(
        problem(stream),
        "input:13:3: at document 2[0].subnets[0].addressPrefix: invalid type: boolean `true`, expected a string"
    );
}

/// A name from a file is shown, not obeyed.
#[test]
fn escape_sequences_in_a_message_are_not_obeyed() {
    let folder = Folder::new();
    folder.write(
        "s.yaml",
        SCENARIO
            .replace("subnet: nodes", "subnet: \"\\e[31mred\"")
            .as_bytes(),
    );
    let answer = run(&folder, &["capacity", "-f", "s.yaml"], b"");
    assert!(
        !answer.stderr.contains(&0x1B),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    assert_eq!(answer.status.code(), Some(2));
}

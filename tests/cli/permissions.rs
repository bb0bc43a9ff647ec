//! `permissions` without a subcommand: both roles at once, and the same text as each alone.

use super::{run, stdout};

#[test]
fn both_roles_at_once_are_the_two_of_them() {
    const SCOPE: [&str; 2] = [
        "--scope",
        "/subscriptions/11111111-2222-3333-4444-555555555555",
    ];
    for execute in [&[][..], &["--execute"]] {
        let both = stdout(&[&["permissions"], &SCOPE[..], execute].concat());
        let azure = stdout(&[&["permissions", "azure"], &SCOPE[..], execute].concat());
        let kubernetes = stdout(&[&["permissions", "kubernetes"], execute].concat());
        assert_eq!(both, format!("{azure}---\n{kubernetes}"));
        let role: serde_json::Value = serde_json::from_str(&azure).expect("JSON");
        let writes = role.to_string().contains("managedClusters/write");
        assert_eq!(writes, !execute.is_empty());
        assert_eq!(kubernetes.contains("leases"), !execute.is_empty());
    }
}

#[test]
fn a_role_that_can_be_assigned_nowhere_says_so() {
    for arguments in [&["permissions", "--execute"][..], &["permissions", "azure"]] {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).to_string();
        assert!(said.contains("--scope"), "{said}");
    }
}

#[test]
fn the_rule_for_secrets_is_asked_for_and_says_what_it_gives_away() {
    let plain = stdout(&["permissions", "kubernetes"]);
    assert!(!plain.to_lowercase().contains("secret"), "{plain}");
    let with = stdout(&["permissions", "kubernetes", "--secret-types"]);
    let more = with.strip_prefix(&plain).expect("the same role and more");
    assert!(more.contains("can read the data of every Secret"), "{more}");
    let role: serde_json::Value = serde_saphyr::from_str(&with).expect("YAML");
    let rules = role["rules"].as_array().expect("it has rules");
    assert_eq!(
        rules.last(),
        Some(&serde_json::json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}))
    );
    let both = run(&["permissions", "kubernetes", "--secret-types", "--execute"]);
    assert_eq!(both.status.code(), Some(2));
}

#[test]
fn the_flag_for_secrets_needs_an_api_server() {
    for command in ["readiness", "report", "snapshot"] {
        let answer = run(&[command, "--secret-types", "--from", "scenarios"]);
        let said = String::from_utf8_lossy(&answer.stderr).to_string();
        assert_eq!(answer.status.code(), Some(2), "{command}: {said}");
        for way in ["--kubernetes", "--kubeconfig", "--context", "--in-cluster"] {
            assert!(said.contains(way), "{command}: {said}");
        }
    }
}

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

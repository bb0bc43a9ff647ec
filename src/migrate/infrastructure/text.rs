//! The snippets, as text that Terraform and Bicep read. Names are data: whatever a name holds, it stays one string.

use super::{API_VERSION, Field, Profile};

/// What keeps an apply from touching the cluster while it is being moved.
pub(super) fn terraform_meanwhile(cluster: &str, has_settings: bool) -> String {
    let ignored = if has_settings {
        "[network_profile, default_node_pool[0].upgrade_settings]"
    } else {
        "[network_profile]"
    };
    format!(
        "resource \"azurerm_kubernetes_cluster\" \"{}\" {{
  # Everything else as it is. Take ignore_changes out again with the edit below.
  lifecycle {{
    ignore_changes  = {ignored}
    prevent_destroy = true
  }}
}}
",
        label(cluster)
    )
}

/// The cluster's resource, as far as the move touches it.
pub(super) fn terraform(cluster: &str, profile: &Profile) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    for (name, field) in [
        ("network_plugin", Field::Plugin),
        ("network_plugin_mode", Field::Mode),
        ("pod_cidr", Field::PodCidr),
        ("network_policy", Field::Policy),
        ("network_data_plane", Field::DataPlane),
    ] {
        if let Some(value) = profile.of(field) {
            rows.push((name, hcl(value)));
        }
    }
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: String = rows
        .iter()
        .map(|(name, value)| format!("    {name:<width$} = {value}\n"))
        .collect();
    format!(
        "resource \"azurerm_kubernetes_cluster\" \"{}\" {{
  # Everything else as it is: cluster {}.
  network_profile {{
    # What else is in it stays.
{lines}  }}

  lifecycle {{
    prevent_destroy = true
  }}
}}
",
        label(cluster),
        comment(cluster)
    )
}

/// The same for Bicep.
pub(super) fn bicep(cluster: &str, profile: &Profile, kept: &[String]) -> String {
    let mut lines = String::new();
    for (name, field) in [
        ("networkPlugin", Field::Plugin),
        ("networkPluginMode", Field::Mode),
        ("podCidr", Field::PodCidr),
        ("networkPolicy", Field::Policy),
        ("networkDataplane", Field::DataPlane),
    ] {
        if let Some(value) = profile.of(field) {
            lines.push_str(&format!("      {name}: {}\n", quoted(value)));
        }
    }
    if let Some(pod_cidr) = profile.of(Field::PodCidr).filter(|_| !kept.is_empty()) {
        lines.push_str("      podCidrs: [\n");
        for range in std::iter::once(pod_cidr).chain(kept.iter().map(String::as_str)) {
            lines.push_str(&format!("        {}\n", quoted(range)));
        }
        lines.push_str("      ]\n");
    }
    format!(
        "resource aks 'Microsoft.ContainerService/managedClusters@{API_VERSION}' = {{
  name: {}
  // Everything else as it is.
  properties: {{
    networkProfile: {{
      // What else is in it stays.
{lines}    }}
  }}
}}
",
        quoted(cluster)
    )
}

/// A name of Terraform's: letters, digits, `_` and `-`, with no digit first. Only a guess at what the code calls it.
fn label(name: &str) -> String {
    let mut label: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if !label.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        label.insert(0, '_');
    }
    label
}

/// A string of HCL: no template in it is carried out.
fn hcl(text: &str) -> String {
    let mut out = String::from('"');
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                out.push(c);
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A string of Bicep: no interpolation in it is carried out.
fn quoted(text: &str) -> String {
    let mut out = String::from('\'');
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' if rest.peek() == Some(&'{') => out.push_str("\\$"),
            c if c.is_control() => out.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

/// What ends a comment is not among it.
fn comment(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_strings() {
        for (name, as_hcl, as_bicep, as_label) in [
            ("prod", "\"prod\"", "'prod'", "prod"),
            ("1 a", "\"1 a\"", "'1 a'", "_1_a"),
            ("a\"b'c\\", "\"a\\\"b'c\\\\\"", "'a\"b\\'c\\\\'", "a_b_c_"),
            (
                "${file(\"/x\")}",
                "\"$${file(\\\"/x\\\")}\"",
                "'\\${file(\"/x\")}'",
                "__file___x___",
            ),
            ("%{if}$5", "\"%%{if}$5\"", "'%{if}$5'", "__if__5"),
            ("a\n}\u{1}", "\"a\\n}\\u0001\"", "'a\\n}\\u{1}'", "a___"),
        ] {
            assert_eq!(hcl(name), as_hcl);
            assert_eq!(quoted(name), as_bicep);
            assert_eq!(label(name), as_label);
        }
        assert_eq!(label(""), "_");
        assert!(!comment("a\nresource {}").contains('\n'));
    }
}

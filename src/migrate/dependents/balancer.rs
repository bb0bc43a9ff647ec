//! The internal load balancer that takes the place of pods' own addresses, as a manifest. Writes YAML only, and every text in it
//! is quoted: names come from outside.

use crate::model::workload::{Service, ServicePort};
use std::fmt::Write;

/// Longest name of a service.
const LONGEST_NAME: usize = 63;
const SUFFIX: &str = "-internal";

/// Whether a service can be put behind a load balancer: it selects pods and has ports.
pub fn can_stand(service: &Service) -> bool {
    !service.selector.is_empty() && !service.ports.is_empty() && service.external_name.is_none()
}

/// Whether a service is behind an internal load balancer already.
pub fn is_internal(service: &Service) -> bool {
    service.kind == "LoadBalancer" && service.internal_load_balancer
}

/// A second service beside this one, of type LoadBalancer with an address of the VNet, for the same pods. `None` where it
/// selects no pods or has no port.
pub fn manifest(service: &Service) -> Option<String> {
    if !can_stand(service) {
        return None;
    }
    let mut yaml = String::new();
    let mut line = |text: String| writeln!(yaml, "{text}").expect("a String takes everything");
    line("apiVersion: v1".to_string());
    line("kind: Service".to_string());
    line("metadata:".to_string());
    line(format!("  name: {}", quoted(&name(&service.name))));
    line(format!("  namespace: {}", quoted(&service.namespace)));
    line("  annotations:".to_string());
    line("    service.beta.kubernetes.io/azure-load-balancer-internal: \"true\"".to_string());
    line("spec:".to_string());
    line("  type: LoadBalancer".to_string());
    line("  selector:".to_string());
    for (key, value) in &service.selector {
        line(format!("    {}: {}", quoted(key), quoted(value)));
    }
    line("  ports:".to_string());
    let several = service.ports.len() > 1;
    for (position, port) in service.ports.iter().enumerate() {
        let mut fields = port_fields(port, several, position);
        let first = fields.remove(0);
        line(format!("    - {first}"));
        for field in fields {
            line(format!("      {field}"));
        }
    }
    Some(yaml)
}

/// Manifests of all of them, as one stream of documents.
pub fn manifests(services: &[&Service]) -> Option<String> {
    let documents: Vec<String> = services
        .iter()
        .filter(|service| !is_internal(service))
        .filter_map(|service| manifest(service))
        .collect();
    (!documents.is_empty()).then(|| documents.join("---\n"))
}

/// Several ports must have names that differ.
fn port_fields(port: &ServicePort, several: bool, position: usize) -> Vec<String> {
    let mut fields = Vec::new();
    match &port.name {
        Some(name) => fields.push(format!("name: {}", quoted(name))),
        None if several => fields.push(format!("name: {}", quoted(&format!("port-{position}")))),
        None => {}
    }
    fields.push(format!("port: {}", port.port));
    if let Some(target) = &port.target_port {
        // A number is a port, a text the name of one.
        match target.parse::<u16>() {
            Ok(number) => fields.push(format!("targetPort: {number}")),
            Err(_) => fields.push(format!("targetPort: {}", quoted(target))),
        }
    }
    let protocol = port.protocol.as_deref().unwrap_or("TCP");
    fields.push(format!("protocol: {}", quoted(protocol)));
    fields
}

fn name(of: &str) -> String {
    let kept: String = of.chars().take(LONGEST_NAME - SUFFIX.len()).collect();
    format!("{}{SUFFIX}", kept.trim_end_matches('-'))
}

/// A text of JSON is one of YAML.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

//! Host ports: which of them exclude each other on one node.

use crate::model::workload::HostPort;
use crate::population::Shape;
use std::collections::HashMap;

const EVERYWHERE: &str = "0.0.0.0";

/// Every protocol, port and address that some pod takes, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Ports {
    /// For each of them those it excludes, itself among them.
    pub excludes: Vec<Vec<u32>>,
}

type Key<'a> = (&'a str, u16, &'a str);

fn key(port: &HostPort) -> Option<Key<'_>> {
    fn said<'a>(word: Option<&'a String>, default: &'a str) -> &'a str {
        word.map(String::as_str)
            .filter(|word| !word.is_empty())
            .unwrap_or(default)
    }
    (port.port > 0).then(|| {
        (
            said(port.protocol.as_ref(), "TCP"),
            port.port,
            said(port.host_ip.as_ref(), EVERYWHERE),
        )
    })
}

/// Of each shape, the numbers of its ports.
pub(super) fn ports(shapes: &[Shape]) -> (Ports, Vec<Vec<u32>>) {
    let mut known: HashMap<Key, u32> = HashMap::new();
    let mut keys: Vec<Key> = Vec::new();
    let of_shape = shapes
        .iter()
        .map(|shape| {
            let mut numbers: Vec<u32> = Vec::new();
            for key in shape.host_ports.iter().filter_map(key) {
                numbers.push(*known.entry(key).or_insert_with(|| {
                    keys.push(key);
                    keys.len() as u32 - 1
                }));
            }
            numbers.sort_unstable();
            numbers.dedup();
            numbers
        })
        .collect();
    let mut same: HashMap<(&str, u16), Vec<u32>> = HashMap::new();
    for (number, (protocol, port, _)) in keys.iter().enumerate() {
        same.entry((protocol, *port))
            .or_default()
            .push(number as u32);
    }
    let excludes = keys
        .iter()
        .map(|(protocol, port, address)| {
            let meets = |other: &&u32| {
                let other = keys[**other as usize].2;
                other == *address || other == EVERYWHERE || *address == EVERYWHERE
            };
            let same = &same[&(*protocol, *port)];
            same.iter().filter(meets).copied().collect()
        })
        .collect();
    (Ports { excludes }, of_shape)
}

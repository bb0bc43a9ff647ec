//! What holds of every inventory: it is read back as it was written, damage is an error, and redaction keeps numbers and no names.

use super::arbitrary::inventory;
use aksplan::capacity::{Assessment, Scope, assess};
use aksplan::model::{Inventory, IpNet};
use aksplan::source::snapshot::redact::redact;
use aksplan::source::snapshot::{AddressesAre, Document, Encoding, encode};
use aksplan::source::{SourceError, read_document};
use proptest::prelude::*;
use serde_json::Value;
use std::net::IpAddr;

fn written(inventory: &Inventory, encoding: Encoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&Document::of(inventory, None), encoding, &mut bytes).expect("memory takes everything");
    bytes
}

fn read(bytes: &[u8]) -> Result<Inventory, SourceError> {
    Ok(read_document("estate.json", bytes)?.assemble()?.current)
}

/// Numbers of an assessment, in the order of the inventory: names, and so the order of rows, differ.
fn numbers(inventory: &Inventory) -> Vec<String> {
    let Assessment {
        subnets,
        pod_cidrs,
        pools,
        overlaps,
        refused_upgrades,
        findings,
        not_checked: _,
    } = assess(inventory, &Scope::default());
    let mut numbers = Vec::new();
    for row in subnets {
        let first = row.first_failure.map(|first| {
            (
                first.cluster,
                first.nodes,
                first.answer.code,
                first.answer.preallocated,
                first.answer.available,
            )
        });
        numbers.push(format!(
            "subnet {:05} {} {} {} {:?} {:?} {:?} {:?} {:?} {} {:?} {first:?}",
            row.index.get(),
            row.usable,
            row.foreign,
            row.used,
            row.basis,
            row.demand,
            row.counted,
            row.planned,
            row.headroom,
            row.largest_surge,
            row.verdict
        ));
    }
    for row in pod_cidrs {
        let first = row.first_failure.map(|first| (first.cluster, first.nodes));
        numbers.push(format!(
            "pod cidr {:05} {} {} {:?} {:?} {} {:?} {first:?}",
            row.cluster.get(),
            row.addresses,
            row.nodes,
            row.demand,
            row.headroom,
            row.largest_surge,
            row.verdict
        ));
    }
    for refused in refused_upgrades {
        numbers.push(format!("refused {:05}", refused.cluster.get()));
    }
    for row in pools {
        numbers.push(format!(
            "pool {:05} {:05} {:?} {:?} {:?} {:?} {:?} {}",
            row.cluster.get(),
            row.position,
            row.mode,
            row.cost,
            row.surge,
            row.more_nodes,
            row.largest_step,
            row.limits.len()
        ));
    }
    for overlap in overlaps {
        let (a, b) = (overlap.a, overlap.b);
        numbers.push(format!(
            "overlap {:?} {:?}/{} {:?}/{}",
            overlap.severity,
            a.kind,
            a.cidr.prefix_len(),
            b.kind,
            b.cidr.prefix_len()
        ));
    }
    for finding in findings {
        numbers.push(format!("finding {} {:?}", finding.code, finding.severity));
    }
    numbers.sort();
    numbers
}

/// Every prefix and address that stands anywhere in it, in the order of its fields; but the DNS address, which keeps its place
/// in the service CIDR instead, and lists that are sorted by what becomes of what is in them.
fn prefixes(inventory: &Inventory) -> Vec<IpNet> {
    fn collect(value: &Value, into: &mut Vec<IpNet>) {
        match value {
            Value::String(text) => {
                let net = text.parse().ok().or_else(|| {
                    let address: Option<IpAddr> = text.parse().ok();
                    address.map(IpNet::from)
                });
                into.extend(net.map(|net: IpNet| net.trunc()));
            }
            Value::Array(all) => all.iter().for_each(|value| collect(value, into)),
            Value::Object(fields) => fields.values().for_each(|value| collect(value, into)),
            _ => (),
        }
    }
    let mut inventory = inventory.clone();
    for subnet in &mut inventory.subnets {
        subnet.addresses.clear();
    }
    for cluster in &mut inventory.clusters {
        let dns = cluster.network.dns_service_ip.take();
        for service in cluster
            .kubernetes
            .iter_mut()
            .flat_map(|state| &mut std::sync::Arc::make_mut(state).services)
        {
            service.cluster_ips.retain(|address| Some(*address) != dns);
        }
    }
    let mut into = Vec::new();
    collect(&serde_json::to_value(&inventory).unwrap(), &mut into);
    into
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_is_read_is_what_was_written(seed: u64) {
        let (inventory, _) = inventory(seed);
        for encoding in [Encoding::Json, Encoding::Zstd] {
            let bytes = written(&inventory, encoding);
            let back = read(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(&back, &inventory);
            prop_assert_eq!(written(&back, encoding), bytes);
        }
    }

    #[test]
    fn a_part_of_it_is_an_error(seed: u64, part in 0.0..1.0) {
        let (inventory, _) = inventory(seed);
        for encoding in [Encoding::Json, Encoding::Zstd] {
            let bytes = written(&inventory, encoding);
            // The line break at the end may be missing.
            let cut = ((bytes.len() - 2) as f64 * part) as usize;
            prop_assert!(read(&bytes[..cut]).is_err());
        }
    }

    #[test]
    fn other_bytes_are_no_panic(seed: u64, places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let (inventory, _) = inventory(seed);
        for encoding in [Encoding::Json, Encoding::Zstd] {
            let mut bytes = written(&inventory, encoding);
            for (place, byte) in &places {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            if let Ok(inventory) = read(&bytes) {
                assess(&inventory, &Scope::default());
            }
        }
    }

    #[test]
    fn other_numbers_are_no_panic(seed: u64, nth: prop::sample::Index, number in prop::sample::select(vec!["0", "4294967295", "18446744073709551615", "-1", "1e9"])) {
        let (inventory, _) = inventory(seed);
        let text = String::from_utf8(written(&inventory, Encoding::Json)).unwrap();
        // Where a number stands as a value.
        let places: Vec<usize> = text.match_indices(':').map(|(place, _)| place + 1).filter(|place| text.as_bytes()[*place].is_ascii_digit()).collect();
        prop_assume!(!places.is_empty());
        let place = *nth.get(&places);
        let end = place + text[place..].find([',', '}']).unwrap();
        let text = format!("{}{number}{}", &text[..place], &text[end..]);
        if let Ok(inventory) = read(text.as_bytes()) {
            assess(&inventory, &Scope::default());
        }
    }

    #[test]
    fn redaction_keeps_numbers_and_no_names(seed: u64, key: [u8; 16]) {
        let (inventory, words) = inventory(seed);
        for addresses in [AddressesAre::Kept, AddressesAre::Shifted] {
            let (redacted, how) = redact(inventory.clone(), &key, addresses);
            let mut bytes = Vec::new();
            encode(&Document::of(&redacted, Some(how)), Encoding::Json, &mut bytes).unwrap();
            let text = String::from_utf8(bytes.clone()).unwrap().to_ascii_lowercase();
            for word in words.iter().map(|word| word.to_ascii_lowercase()).chain(["acmewidget".to_string()]) {
                prop_assert!(!text.contains(&word), "{} is in {}", word, text);
            }
            prop_assert_eq!(numbers(&redacted), numbers(&inventory));
            let (before, after) = (prefixes(&inventory), prefixes(&redacted));
            prop_assert_eq!(before.len(), after.len());
            for (a, x) in before.iter().zip(&after) {
                prop_assert_eq!(a.prefix_len(), x.prefix_len());
                prop_assert!(addresses == AddressesAre::Shifted || a == x, "{} became {}", a, x);
                for (b, y) in before.iter().zip(&after) {
                    prop_assert_eq!(a.contains(b), x.contains(y), "{} and {} became {} and {}", a, b, x, y);
                }
            }
            let back = read(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(back, redacted);
        }
    }
}

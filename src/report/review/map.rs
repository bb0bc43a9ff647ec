//! Who holds which address: a map a subnet, and one of what lies between a network's subnets.

use super::{Review, SPELLED_OUT};
use crate::capacity::address_map::{AddressMap, Occupant, SpaceMap, address_maps, space_maps};
use crate::capacity::assess::SubnetRow;
use crate::finding::{counted, grouped};
use crate::model::HolderKind;
use crate::report::chart::{Blocks, Chart, Ink, Run};
use crate::report::document::{Cell, Document, Figure, Table, Tone};
use std::net::Ipv4Addr;

/// Cells of a map at the most.
const MOST_CELLS: u64 = 1_024;
/// Cells side by side.
const ACROSS: u64 = 64;

pub(super) fn section(review: &Review, document: &mut Document) {
    // Subnets of pools, in their order; then those of which somebody's addresses are known.
    let rows = &review.assessment.subnets;
    let has_pools = |row: &&SubnetRow| !review.books.users(row.index).is_empty();
    let named = |row: &&SubnetRow| {
        !has_pools(row) && !review.inventory.subnet(row.index).addresses.is_empty()
    };
    let chosen: Vec<&SubnetRow> = rows
        .iter()
        .filter(has_pools)
        .chain(rows.iter().filter(named))
        .collect();
    if chosen.is_empty() {
        return;
    }
    document.heading("Who holds which address");
    for row in chosen.iter().take(SPELLED_OUT) {
        for map in address_maps(review.books, row.index) {
            let name = review.inventory.subnet_name(row.index);
            document.part(format!("{name} {}", map.prefix));
            document.figure(figure(&name, row, &map));
        }
    }
    let more = chosen.len().saturating_sub(SPELLED_OUT);
    if more > 0 {
        document.paragraph(format!(
            "{} are not drawn; the table of subnets has their numbers.",
            counted(more as u64, "more subnet", "more subnets")
        ));
    }
    spaces(review, &chosen, document);
}

fn words(of: Occupant) -> (Ink, &'static str) {
    match of {
        Occupant::Reserved => (Ink::Quiet, "kept by Azure (SUB-1)"),
        Occupant::Node => (Ink::Kind(0), "nodes"),
        Occupant::Pod => (Ink::Kind(1), "pods"),
        Occupant::Foreign(HolderKind::ScaleSet) => (Ink::Kind(2), "scale sets of others"),
        Occupant::Foreign(HolderKind::NetworkInterface) => (Ink::Kind(2), "network interfaces"),
        Occupant::Foreign(HolderKind::LoadBalancer) => (Ink::Kind(3), "load balancers"),
        Occupant::Foreign(HolderKind::PrivateEndpoint) => (Ink::Kind(4), "private endpoints"),
        Occupant::Foreign(HolderKind::Other) => (Ink::Kind(5), "other resources"),
        Occupant::Nodes => (Ink::Kind(0), "nodes and what they keep for pods"),
        Occupant::Others => (Ink::Kind(3), "others"),
        Occupant::Free => (Ink::Free, "free"),
    }
}

fn figure(name: &str, row: &SubnetRow, map: &AddressMap) -> Figure {
    let mut kinds: Vec<Occupant> = map.stretches.iter().map(|stretch| stretch.held).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let parts: Vec<(usize, u64)> = map
        .stretches
        .iter()
        .map(|stretch| {
            let kind = kinds.binary_search(&stretch.held);
            (
                kind.expect("every kind was taken from here"),
                stretch.addresses,
            )
        })
        .collect();
    let hidden = match map.by_size {
        true => 0,
        false => map.unplaced(),
    };
    let mut table = Table::new(&["who", "#addresses"]);
    let mut legend = Vec::new();
    for (position, kind) in kinds.iter().enumerate() {
        let sum: u64 = parts
            .iter()
            .filter(|(of, _)| *of == position)
            .map(|(_, addresses)| addresses)
            .sum();
        let (ink, word) = words(*kind);
        // What is drawn free is more than what is free, and must not be read as it.
        if *kind == Occupant::Free && hidden > 0 {
            legend.push((
                ink,
                format!(
                    "free ({}), or held and nobody says where ({})",
                    grouped(sum.saturating_sub(hidden)),
                    grouped(hidden)
                ),
            ));
            table.rows.push(vec![
                Cell::toned("held, and nobody says where", Tone::Warning),
                Cell::from(grouped(hidden)),
            ]);
            table.rows.push(vec![
                Cell::from(word),
                Cell::from(grouped(sum.saturating_sub(hidden))),
            ]);
            continue;
        }
        legend.push((ink, format!("{word} ({})", grouped(sum))));
        table
            .rows
            .push(vec![Cell::from(word), Cell::from(grouped(sum))]);
    }
    let free = kinds.iter().position(|kind| *kind == Occupant::Free);
    let cells = Cells::of(&parts, free);
    let first = u32::from(map.prefix.network());
    Figure {
        title: format!("Addresses of {name}"),
        says: says(name, row, map, cells.each),
        chart: Chart::Blocks(cells.blocks(first, legend)),
        table,
    }
}

fn says(name: &str, row: &SubnetRow, map: &AddressMap, each: u64) -> String {
    let cell = match each {
        1 => "A cell is one address".to_string(),
        each => format!("A cell stands for {} addresses", grouped(each)),
    };
    let held = map.held.map_or_else(String::new, |held| {
        format!(
            "{} of {} addresses of {name} are held ({}). ",
            grouped(held),
            grouped(row.usable),
            row.basis.word()
        )
    });
    if map.by_size {
        return format!(
            "{held}Where they lie was not read, so the map is drawn by size: how fragmented the subnet is, is not known. {cell}."
        );
    }
    let fragments = &map.fragments;
    let at_most = if map.unplaced() > 0 { "at most " } else { "" };
    let unplaced = match map.unplaced() {
        0 => String::new(),
        unplaced => format!(
            "{} of them are held at places that nobody names (a node keeps addresses for pods that do not run yet): they lie among what is \
             drawn light, and are not free. ",
            grouped(unplaced)
        ),
    };
    format!(
        "{held}{unplaced}What is drawn light lies in {}, the longest of {}; {at_most}{} of 16 are free, which static blocks need (STB-1). {cell}.",
        counted(fragments.runs, "stretch", "stretches"),
        counted(fragments.longest, "address", "addresses"),
        counted(fragments.blocks, "aligned block", "aligned blocks"),
    )
}

/// Addresses side by side, as many to a cell as make it fit.
struct Cells {
    each: u64,
    runs: Vec<Run>,
    count: u64,
}

impl Cells {
    /// Of stretches in order, each of a position in a legend; `free`: the position that means nobody.
    fn of(parts: &[(usize, u64)], free: Option<usize>) -> Self {
        let all: u64 = parts.iter().map(|(_, addresses)| addresses).sum();
        let each = all.div_ceil(MOST_CELLS).next_power_of_two().max(1);
        let mut runs: Vec<Run> = Vec::new();
        let mut push = |of: usize, eighths: u8, cells: u64| {
            let cells = usize::try_from(cells).unwrap_or(usize::MAX);
            match runs.last_mut() {
                Some(last) if last.of == of && last.eighths == eighths => last.cells += cells,
                _ => runs.push(Run { of, cells, eighths }),
            }
        };
        // What the open cell holds so far.
        let mut open: Vec<(usize, u64)> = Vec::new();
        let mut filled = 0;
        let close = |open: &mut Vec<(usize, u64)>| {
            let held: u64 = open
                .iter()
                .filter(|(of, _)| Some(*of) != free)
                .map(|(_, addresses)| addresses)
                .sum();
            let most = open
                .iter()
                .filter(|(of, _)| Some(*of) != free)
                .max_by_key(|(of, addresses)| (*addresses, std::cmp::Reverse(*of)));
            let look = match most {
                None => (free.unwrap_or(0), 8),
                Some((of, _)) => (
                    *of,
                    u8::try_from((held * 8).div_ceil(each))
                        .unwrap_or(8)
                        .clamp(1, 8),
                ),
            };
            open.clear();
            look
        };
        for (of, addresses) in parts {
            let mut left = *addresses;
            while left > 0 {
                if filled == 0 && left >= each {
                    let whole = left / each;
                    push(*of, 8, whole);
                    left -= whole * each;
                    continue;
                }
                let takes = left.min(each - filled);
                match open.iter_mut().find(|(known, _)| known == of) {
                    Some((_, known)) => *known += takes,
                    None => open.push((*of, takes)),
                }
                filled += takes;
                left -= takes;
                if filled == each {
                    let (of, eighths) = close(&mut open);
                    push(of, eighths, 1);
                    filled = 0;
                }
            }
        }
        if filled > 0 {
            let (of, eighths) = close(&mut open);
            push(of, eighths, 1);
        }
        Cells {
            each,
            count: all.div_ceil(each),
            runs,
        }
    }

    fn blocks(self, first: u32, legend: Vec<(Ink, String)>) -> Blocks {
        let across = ACROSS.min(self.count.next_power_of_two());
        let rows = (0..self.count.div_ceil(across)).map(|row| {
            let offset = u32::try_from(row * across * self.each).unwrap_or(u32::MAX);
            Ipv4Addr::from(first.saturating_add(offset)).to_string()
        });
        Blocks {
            rows: rows.collect(),
            across: usize::try_from(across).unwrap_or(1),
            runs: self.runs,
            legend,
        }
    }
}

/// Networks of the subnets that were drawn.
fn spaces(review: &Review, rows: &[&SubnetRow], document: &mut Document) {
    let mut vnets: Vec<_> = rows
        .iter()
        .map(|row| review.inventory.subnet(row.index).vnet)
        .collect();
    vnets.sort_unstable();
    vnets.dedup();
    for vnet in vnets.into_iter().take(SPELLED_OUT) {
        for map in space_maps(review.books, vnet) {
            let name = &review.inventory.vnet(vnet).name;
            document.part(format!("{name}: what is left of {}", map.space));
            document.figure(space_figure(review, name, &map));
        }
    }
}

fn space_figure(review: &Review, name: &str, map: &SpaceMap) -> Figure {
    let mut legend = vec![(Ink::Free, "no subnet".to_string())];
    let mut table = Table::new(&["from", "#addresses", "what"]);
    let mut parts = Vec::new();
    let mut at = u32::from(map.space.network());
    for (subnet, addresses) in &map.parts {
        let what = match subnet {
            None => Cell::toned("no subnet", Tone::Dim),
            Some(index) => Cell::from(review.inventory.subnet(*index).name.as_str()),
        };
        let of = match subnet {
            None => 0,
            Some(_) => {
                legend.push((Ink::Kind(legend.len() - 1), what.text.clone()));
                legend.len() - 1
            }
        };
        parts.push((of, *addresses));
        table.rows.push(vec![
            Cell::from(Ipv4Addr::from(at).to_string()),
            Cell::from(grouped(*addresses)),
            what,
        ]);
        at = at.saturating_add(u32::try_from(*addresses).unwrap_or(u32::MAX));
    }
    let cells = Cells::of(&parts, Some(0));
    let first = u32::from(map.space.network());
    let prefix = map.longest_free.checked_ilog2().map_or_else(
        || "none is free".to_string(),
        |bits| format!("no subnet larger than a /{} fits into it", 32 - bits),
    );
    Figure {
        title: format!("Address space {} of {name}", map.space),
        says: format!(
            "{} of {} addresses of {} are in no subnet, the longest stretch has {}: {prefix}.",
            grouped(map.free),
            grouped(u64::from(u32::from(map.space.broadcast()) - first) + 1),
            map.space,
            grouped(map.longest_free),
        ),
        chart: Chart::Blocks(cells.blocks(first, legend)),
        table,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of each cell, who holds most of it and how many eighths.
    fn drawn(parts: &[(usize, u64)]) -> (u64, Vec<(usize, u8)>) {
        let cells = Cells::of(parts, Some(0));
        let runs = cells.runs.iter();
        let each = runs.flat_map(|run| vec![(run.of, run.eighths); run.cells]);
        (cells.each, each.collect())
    }

    #[test]
    fn small_ranges_are_drawn_address_by_address() {
        assert_eq!(
            drawn(&[(1, 2), (0, 1), (2, 1)]),
            (1, vec![(1, 8), (1, 8), (0, 8), (2, 8)])
        );
    }

    #[test]
    fn cells_of_several_addresses_say_how_much_is_held() {
        // 4,096 addresses: four to a cell.
        let (each, cells) = drawn(&[(1, 1), (0, 3), (1, 1), (2, 2), (0, 1), (0, 4), (2, 4_084)]);
        assert_eq!((each, cells.len()), (4, 1_024));
        assert_eq!(cells[..4], [(1, 2), (2, 6), (0, 8), (2, 8)]);
    }
}

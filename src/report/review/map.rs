//! Who holds which address: a map a subnet, and one of what lies between a network's subnets.

use super::{Review, SPELLED_OUT};
use crate::capacity::address_map::{
    AddressMap, FreeBlocks, Occupant, SpaceMap, address_maps, free_blocks, space_maps,
};
use crate::capacity::assess::SubnetRow;
use crate::capacity::growth::Books;
use crate::finding::{counted, grouped};
use crate::model::{ClusterIndex, HolderKind, SubnetIndex};
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
            let name = review.inventory.subnet_label(row.index);
            document.part(format!("{name} {}", map.prefix));
            document.figure(figure(review.books, &name, row, &map));
        }
    }
    let more = chosen.len().saturating_sub(SPELLED_OUT);
    if more > 0 {
        document.paragraph(format!(
            "{} are not drawn; the table of subnets has their numbers.",
            counted(more as u64, "more subnet", "more subnets")
        ));
    }
    let empty = rows.iter().filter(|row| !has_pools(row) && !named(row));
    let empty: Vec<String> = empty
        .map(|row| review.inventory.subnet_label(row.index))
        .collect();
    if !empty.is_empty() {
        document.paragraph(format!(
            "Not drawn, for no pool of AKS is in them and no address of them was read: {}. The table of subnets has their numbers.",
            listed(&empty)
        ));
    }
    spaces(review, &chosen, document);
}

/// The first of some names, and how many more.
pub(super) fn listed(names: &[String]) -> String {
    let mut listed: Vec<String> = names.iter().take(SPELLED_OUT).cloned().collect();
    if names.len() > SPELLED_OUT {
        listed.push(format!("and {} more", names.len() - SPELLED_OUT));
    }
    listed.join(", ")
}

fn words(of: Occupant) -> (Ink, &'static str) {
    match of {
        Occupant::Reserved => (Ink::Quiet, "kept by Azure (SUB-1)"),
        Occupant::Node => (Ink::Kind(0), "nodes"),
        Occupant::Pod => (Ink::Kind(1), "pods"),
        Occupant::Cluster(_) => (Ink::Kind(0), "a cluster"),
        Occupant::Foreign(HolderKind::ScaleSet) => (Ink::Kind(2), "scale sets of others"),
        Occupant::Foreign(HolderKind::NetworkInterface) => (Ink::Kind(2), "network interfaces"),
        Occupant::Foreign(HolderKind::LoadBalancer) => (Ink::Kind(3), "load balancers"),
        Occupant::Foreign(HolderKind::PrivateEndpoint) => (Ink::Kind(4), "private endpoints"),
        Occupant::Foreign(HolderKind::Other) => (Ink::Kind(5), "other resources"),
        Occupant::Nodes => (Ink::Kind(0), "nodes and what they keep for pods"),
        Occupant::Others => (Ink::Kind(3), "others"),
        Occupant::Unknown => (Ink::Unknown, "held or free"),
        Occupant::Free => (Ink::Free, "free"),
    }
}

/// What a legend tells apart: occupants that look the same to a reader are one.
struct Legend {
    kinds: Vec<Occupant>,
    inks: Vec<(Ink, String)>,
}

/// Clusters of a shared subnet that have an ink of their own; the others share one, and everything foreign has the last.
const INKED: usize = 4;

impl Legend {
    fn of(books: &Books, map: &AddressMap) -> Self {
        let mut kinds: Vec<Occupant> = map.stretches.iter().map(|stretch| stretch.held).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let clusters: Vec<ClusterIndex> = kinds
            .iter()
            .filter_map(|kind| match kind {
                Occupant::Cluster(cluster) => Some(*cluster),
                _ => None,
            })
            .collect();
        let inks = kinds.iter().map(|kind| {
            let (ink, word) = words(*kind);
            match kind {
                Occupant::Cluster(cluster) => {
                    let position = clusters.iter().position(|known| known == cluster);
                    let ink = Ink::Kind(position.unwrap_or(INKED).min(INKED));
                    (ink, of_cluster(books, map.subnet, *cluster))
                }
                Occupant::Foreign(_) | Occupant::Others if !clusters.is_empty() => {
                    (Ink::Kind(INKED + 1), word.to_string())
                }
                _ => (ink, word.to_string()),
            }
        });
        Legend {
            inks: inks.collect(),
            kinds,
        }
    }

    fn position(&self, of: Occupant) -> usize {
        let position = self.kinds.binary_search(&of);
        position.expect("every kind was taken from the stretches")
    }
}

/// `web (pools apps, system)`
fn of_cluster(books: &Books, subnet: SubnetIndex, cluster: ClusterIndex) -> String {
    let pools: Vec<String> = books
        .pools(subnet)
        .filter(|user| user.index == cluster)
        .map(|user| user.pool.name.clone())
        .collect();
    format!(
        "{} ({} {})",
        books.inventory.cluster(cluster).label(),
        if pools.len() == 1 { "pool" } else { "pools" },
        listed(&pools)
    )
}

fn figure(books: &Books, name: &str, row: &SubnetRow, map: &AddressMap) -> Figure {
    let Legend { kinds, mut inks } = Legend::of(books, map);
    let known = Legend {
        kinds,
        inks: Vec::new(),
    };
    let parts: Vec<(usize, u64)> = map
        .stretches
        .iter()
        .map(|stretch| (known.position(stretch.held), stretch.addresses))
        .collect();
    let mut table = Table::new(&["who", "#addresses"]);
    for (position, kind) in known.kinds.iter().enumerate() {
        let here = parts.iter().filter(|(of, _)| *of == position);
        let sum: u64 = here.map(|(_, addresses)| addresses).sum();
        let word = &mut inks[position].1;
        match kind {
            Occupant::Unknown => {
                table.rows.extend(unknown_rows(map, sum));
                *word = unknown_words(map, sum);
            }
            _ => {
                table
                    .rows
                    .push(vec![Cell::from(word.as_str()), Cell::from(grouped(sum))]);
                *word = format!("{word} ({})", grouped(sum));
            }
        }
    }
    let of = |kind: Occupant| known.kinds.iter().position(|known| *known == kind);
    let cells = Cells::of(&parts, of(Occupant::Free), of(Occupant::Unknown))
        .filled(of(Occupant::Unknown), share_held(map));
    let first = u32::from(map.prefix.network());
    // Of several prefixes the sums do not say which has how many.
    let blocks = (map.is_only && books.has_blocks(map.subnet))
        .then(|| free_blocks(std::slice::from_ref(map)))
        .flatten();
    Figure {
        title: format!("Addresses of {name}"),
        says: says(name, row, map, blocks, cells.each),
        chart: Chart::Blocks(cells.blocks(first, inks)),
        table,
    }
}

/// Of what is held or free, the part that is held, in eighths; all of them only where all is held.
fn share_held(map: &AddressMap) -> u8 {
    let (held, among) = (map.unplaced.all(), map.among.max(1));
    match held >= among {
        true => 8,
        false => u8::try_from((held * 8).div_ceil(among))
            .unwrap_or(7)
            .clamp(1, 7),
    }
}

fn unknown_words(map: &AddressMap, here: u64) -> String {
    let held = map.unplaced.all();
    if !map.is_only {
        return format!(
            "held or free ({}): of {} such addresses in all prefixes {} are held",
            grouped(here),
            grouped(map.among),
            grouped(held)
        );
    }
    match here.saturating_sub(held) {
        0 => format!("held, nobody says by whom which ({})", grouped(here)),
        free => format!(
            "held, and nobody says where ({}), or free ({})",
            grouped(held),
            grouped(free)
        ),
    }
}

/// What is drawn as held or free is more than what is free, and must not be read as it.
fn unknown_rows(map: &AddressMap, here: u64) -> Vec<Vec<Cell>> {
    let place = match map.is_only {
        true => "nobody says where",
        false => "nobody says in which prefix (of all prefixes)",
    };
    let parts = [
        ("by nodes and for pods", map.unplaced.nodes),
        ("by others", map.unplaced.others),
    ];
    let held = parts.iter().filter(|(_, held)| *held > 0);
    let mut rows: Vec<Vec<Cell>> = held
        .map(|(whom, held)| {
            vec![
                Cell::toned(format!("held {whom}, {place}"), Tone::Warning),
                Cell::from(grouped(*held)),
            ]
        })
        .collect();
    rows.push(match map.is_only {
        true => vec![
            Cell::from("free"),
            Cell::from(grouped(here.saturating_sub(map.unplaced.all()))),
        ],
        false => vec![
            Cell::toned("held or free, in this prefix", Tone::Warning),
            Cell::from(grouped(here)),
        ],
    });
    rows
}

fn says(
    name: &str,
    row: &SubnetRow,
    map: &AddressMap,
    blocks: Option<FreeBlocks>,
    each: u64,
) -> String {
    let cell = match each {
        1 => "A cell is one address".to_string(),
        each => format!("A cell stands for {} addresses", grouped(each)),
    };
    let held = format!(
        "{} of {} addresses of {name} are held{} ({}). ",
        grouped(map.used),
        grouped(row.usable),
        match map.is_only {
            true => "",
            false => ", all its prefixes together",
        },
        row.basis.word()
    );
    if map.by_size {
        return format!(
            "{held}Where they lie was not read, so the map is drawn by size: how fragmented the subnet is, is not known. {cell}."
        );
    }
    let hidden = map.unplaced.all();
    let unplaced = match hidden {
        0 => String::new(),
        _ => {
            let whom = match (map.unplaced.nodes, map.unplaced.others) {
                (nodes, 0) => format!(
                    "all {} by nodes, which keep addresses for pods that do not run yet",
                    grouped(nodes)
                ),
                (0, others) => format!("all {} by others", grouped(others)),
                (nodes, others) => format!(
                    "{} by nodes, which keep addresses for pods that do not run yet, and {} by others",
                    grouped(nodes),
                    grouped(others)
                ),
            };
            format!(
                "{} of them are held at places that nobody names{}: {whom}. They lie among the {} that are striped, filled as far as \
                 such addresses are held: {} of those {} free. ",
                grouped(hidden),
                match map.is_only {
                    true => "",
                    false => ", nor in which prefix",
                },
                grouped(map.among),
                grouped(map.among.saturating_sub(hidden)),
                if map.among.saturating_sub(hidden) == 1 {
                    "is"
                } else {
                    "are"
                },
            )
        }
    };
    let fragments = &map.fragments;
    let (drawn, at_most) = match hidden {
        0 => ("light", ""),
        _ => ("in stripes", "at most "),
    };
    let blocks = match blocks.filter(FreeBlocks::differ) {
        Some(blocks) => blocks.says(),
        None => format!(
            "{at_most}{} of 16 {} free, which static blocks need (STB-1)",
            counted(map.most_free_blocks(), "aligned block", "aligned blocks"),
            match map.most_free_blocks() {
                1 => "is",
                _ => "are",
            },
        ),
    };
    format!(
        "{held}{unplaced}What is drawn {drawn} lies in {}, the longest of {}; {blocks}. {cell}.",
        counted(fragments.runs, "stretch", "stretches"),
        counted(fragments.longest, "address", "addresses"),
    )
}

/// Addresses side by side, as many to a cell as make it fit.
struct Cells {
    each: u64,
    runs: Vec<Run>,
    count: u64,
}

impl Cells {
    /// Of stretches in order, each of a position in a legend; `free`: the position that means nobody, `unknown`: that of which nobody
    /// says whether it is held. A cell is drawn as what holds most of it, and as one of these two only where nothing else is in it.
    fn of(parts: &[(usize, u64)], free: Option<usize>, unknown: Option<usize>) -> Self {
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
            let is_held = |of: usize| ![free, unknown].contains(&Some(of));
            let held = || open.iter().filter(|(of, _)| is_held(*of));
            let most = held().max_by_key(|(of, addresses)| (*addresses, std::cmp::Reverse(*of)));
            let held: u64 = held().map(|(_, addresses)| addresses).sum();
            let look = match most {
                None => (unknown.or(free).unwrap_or(0), 8),
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

    /// The same with cells of one position filled so far.
    fn filled(mut self, of: Option<usize>, eighths: u8) -> Self {
        let runs = self.runs.iter_mut().filter(|run| Some(run.of) == of);
        runs.for_each(|run| run.eighths = eighths);
        self
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
            let name = review.inventory.vnet(vnet).label();
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
    let cells = Cells::of(&parts, Some(0), None);
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
        let cells = Cells::of(parts, Some(0), None);
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

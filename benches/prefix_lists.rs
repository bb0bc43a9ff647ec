//! Prefix lists in memory: what a merge of a million prefixes costs, and how counting overlaps grows with the list.
//! Whole processes, and other programs on the same files: `benches/peers.sh`.
//!
//! `cargo bench --bench prefix_lists`; as a test (`cargo test --benches`) it runs once over short lists.

use aksplan::capacity::prefix_set::text::push_prefix;
use aksplan::model::cidr::Ipv4Net;
use aksplan::source::prefix_list;
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() {
    let measured = std::env::args().any(|argument| argument == "--bench");
    let (repetitions, shrink) = if measured { (9, 1) } else { (1, 1000) };

    println!(
        "{:<26}{:>10}{:>12}{:>14}",
        "merge", "prefixes", "best", "ns/prefix"
    );
    let lists: [(&str, Shape); 2] = [
        ("/16 to /32 anywhere", anywhere),
        ("/16 to /28 in 10.0.0.0/8", in_ten),
    ];
    for (name, shape) in lists {
        let prefixes = 1_000_000 / shrink;
        let text = list(prefixes, shape);
        let best = best_of(repetitions, || black_box(merge(&text)));
        println!(
            "{name:<26}{prefixes:>10}{:>12}{:>14.1}",
            shown(best),
            per(best, prefixes)
        );
    }

    println!(
        "\n{:<26}{:>10}{:>12}{:>14}{:>16}",
        "overlaps --count", "prefixes", "best", "ns/prefix", "ns/(n log2 n)"
    );
    for prefixes in [12_500, 100_000, 800_000, 6_400_000].map(|n| n / shrink) {
        let text = list(prefixes, anywhere);
        let best = best_of(repetitions, || black_box(count_overlaps(&text)));
        let each = per(best, prefixes);
        let growth = each / (prefixes as f64).log2();
        println!(
            "{:<26}{prefixes:>10}{:>12}{each:>14.1}{growth:>16.3}",
            "/16 to /32 anywhere",
            shown(best)
        );
    }
}

fn merge(text: &[u8]) -> Vec<u8> {
    let list = prefix_list::parse("bench", text).expect("the generator writes prefixes");
    let mut out = Vec::new();
    for net in list.sorted().merge().iter() {
        push_prefix(net, &mut out);
        out.push(b'\n');
    }
    out
}

fn count_overlaps(text: &[u8]) -> u128 {
    let list = prefix_list::parse("bench", text).expect("the generator writes prefixes");
    list.sorted().count_overlaps()
}

/// A prefix from 64 random bits.
type Shape = fn(u64) -> Ipv4Net;

fn anywhere(random: u64) -> Ipv4Net {
    prefix((random >> 32) as u32, 16 + (random % 17) as u8)
}

fn in_ten(random: u64) -> Ipv4Net {
    prefix(10 << 24 | (random >> 40) as u32, 16 + (random % 13) as u8)
}

fn prefix(address: u32, length: u8) -> Ipv4Net {
    Ipv4Net::new(address.into(), length)
        .expect("lengths end at 32")
        .trunc()
}

fn list(prefixes: usize, shape: Shape) -> Vec<u8> {
    let mut seed = 20_240_229;
    let mut text = Vec::new();
    for _ in 0..prefixes {
        push_prefix(shape(split_mix(&mut seed)).into(), &mut text);
        text.push(b'\n');
    }
    text
}

/// SplitMix64: the same lists on every machine and in every year.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ *state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

fn best_of<T>(repetitions: u32, mut run: impl FnMut() -> T) -> Duration {
    let time = |_| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..repetitions).map(time).min().unwrap_or_default()
}

fn shown(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

fn per(time: Duration, prefixes: usize) -> f64 {
    time.as_secs_f64() * 1e9 / prefixes.max(1) as f64
}

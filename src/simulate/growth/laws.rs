//! Laws of growth over time, on small estates made of random choices. [`naive`] plays hour by hour on an inventory that it edits,
//! and puts every question to `predict`: the player must tell the same failures, at the same hours, in the same words.

mod estate;
mod naive;

use super::draw::{Draw, Medians, Random};
use super::futures::{Futures, futures, so_far};
use super::play::Stage;
use super::run::run;
use super::spread::Spread;
use super::state::State;
use super::told;
use super::watch::{Failure, Kind, Outcome, Watch};
use super::world::{Place, Starts, World};
use super::{Growth, Timeline, Unit, When};
use crate::capacity::answer::Answer;
use crate::model::{Inventory, cidr};
use estate::Choices;
use proptest::prelude::*;

/// A failure as it is told: when, why, in which words, and how many nodes would have fitted.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    hour: u32,
    doubtful: bool,
    event: Option<usize>,
    answer: String,
    largest: Option<u64>,
}

/// All that an answer says, rules by their names.
fn words(answer: &Answer) -> String {
    let rules: Vec<&str> = answer.rules.iter().map(|rule| rule.id).collect();
    format!(
        "{} {} {:?} {:?} of {:?} in {:?} {:?}: {} ({}; {})",
        answer.code,
        answer.stage.word(),
        answer.target,
        answer.preallocated,
        answer.available,
        answer.subnet,
        answer.cidr,
        answer.message,
        answer.certainty.word(),
        rules.join(", ")
    )
}

/// Everything that fails, in order.
struct Log<'a> {
    inventory: &'a Inventory,
    entries: Vec<Entry>,
    kinds: Vec<Kind>,
}

impl Watch for Log<'_> {
    fn instant(&mut self, world: &World, state: &State) {
        for (range, used) in state.used.iter().enumerate() {
            let (capacity, start) = (world.ranges[range].capacity, world.ranges[range].used);
            assert!(
                *used <= capacity.max(start),
                "{}: {used} of {capacity}",
                world.ranges[range].name
            );
        }
    }

    fn failed(&mut self, world: &World, state: &State, failure: Failure) {
        self.kinds.push(failure.kind);
        self.entries.push(Entry {
            hour: failure.hour,
            doubtful: failure.doubtful,
            event: failure.event,
            answer: words(&told::answer(self.inventory, world, state, &failure)),
            largest: failure.largest,
        });
    }

    fn answered(&mut self, _world: &World, _state: &State, _event: usize, _outcome: Outcome) {}
}

/// What is drawn, written down: weekly amounts of each growth, starts and amounts of each spike.
#[derive(Debug, Clone)]
struct Script {
    growth: Vec<Vec<u64>>,
    spikes: Vec<Vec<(u32, u64)>>,
}

impl Script {
    fn of<D: Draw>(world: &World, draw: &mut D) -> Self {
        let growth = (0..world.growth.len())
            .map(|source| {
                (0..world.weeks)
                    .map(|_| draw.growth(world, source))
                    .collect()
            })
            .collect();
        let spikes = (0..world.spikes.len())
            .map(|source| match &world.spikes[source].starts {
                Starts::Parts(parts) => parts
                    .iter()
                    .map(|part| (draw.start(source, *part), draw.spike(world, source)))
                    .collect(),
                Starts::Fixed(hours) => hours
                    .iter()
                    .map(|hour| (*hour, draw.spike(world, source)))
                    .collect(),
            })
            .collect();
        Script { growth, spikes }
    }
}

fn played<D: Draw>(inventory: &Inventory, world: &World, draw: &mut D) -> (Vec<Entry>, Vec<Kind>) {
    let mut log = Log {
        inventory,
        entries: Vec::new(),
        kinds: Vec::new(),
    };
    Stage::of(world).play(world, draw, &mut log);
    (log.entries, log.kinds)
}

/// Both ways, and what kinds of failure there were.
fn compare(choices: &[u64]) -> Vec<Kind> {
    let (inventory, timeline) = Choices::of(choices).estate();
    let world = World::of(&inventory, &timeline).expect("the choices make sense");
    let mut random = Random::of(&world);
    let future = choices.len() as u64 + choices[0];
    random.start_future(3, future);
    let mut kinds = Vec::new();
    let by_median = Script::of(&world, &mut Medians);
    let by_chance = Script::of(&world, &mut random.clone());
    for (script, (found, of_kinds)) in [
        (by_median, played(&inventory, &world, &mut Medians)),
        (by_chance, played(&inventory, &world, &mut random)),
    ] {
        let naive = naive::play(&inventory, &timeline, &script);
        for (one, other) in found.iter().zip(&naive) {
            assert_eq!(one, other, "{timeline:?}");
        }
        assert_eq!(found, naive, "{timeline:?}");
        kinds.extend(of_kinds);
    }
    kinds
}

fn enlarged(inventory: &Inventory, range: &Place) -> Inventory {
    let mut larger = inventory.clone();
    match range {
        Place::Subnet(index) => {
            let prefixes = &mut larger.subnets[index.get()].prefixes;
            prefixes[0] = prefixes[0]
                .supernet()
                .expect("no estate is the whole world");
        }
        Place::PodCidr(cluster, _) => {
            let ranges = &mut larger.clusters[cluster.get()].network.pod_cidrs;
            ranges[0] = ranges[0].supernet().expect("no estate is the whole world");
        }
    }
    larger
}

fn first_days(futures: &Futures) -> Vec<Vec<u64>> {
    let by_range = futures.ranges.iter();
    by_range
        .map(|range| {
            (0..range.failed.len())
                .map(|day| so_far(&range.failed, day))
                .collect()
        })
        .collect()
}

/// Hundreds of estates between them show every kind of failure: else the law above says little.
#[test]
fn the_estates_fail_in_every_way() {
    let mut seed = crate::simulate::seed::Seed::of(11, 4);
    let mut seen: Vec<Kind> = Vec::new();
    for _ in 0..300 {
        let choices: Vec<u64> = (0..estate::CHOICES).map(|_| seed.below(1_000)).collect();
        let (inventory, timeline) = Choices::of(&choices).estate();
        let world = World::of(&inventory, &timeline).expect("the choices make sense");
        seen.extend(played(&inventory, &world, &mut Medians).1);
    }
    for kind in [
        Kind::Admission,
        Kind::Step,
        Kind::NewNodes,
        Kind::Surge,
        Kind::Move,
    ] {
        assert!(
            seen.contains(&kind),
            "{kind:?} never happens in {}",
            seen.len()
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, rng_seed: proptest::test_runner::RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn the_clock_agrees_with_every_hour_asked_of_predict(
        choices in prop::collection::vec(0u64..1_000, estate::CHOICES),
    ) {
        compare(&choices);
    }

    /// Until the range fails for the first time both worlds are the same one.
    #[test]
    fn more_addresses_never_fail_earlier(
        choices in prop::collection::vec(0u64..1_000, estate::CHOICES),
    ) {
        let (inventory, timeline) = Choices::of(&choices).estate();
        let world = World::of(&inventory, &timeline).expect("the choices make sense");
        let few = futures(&world, 40, 5);
        for (position, range) in world.ranges.iter().enumerate() {
            // The pod CIDR of a move is in the timeline.
            let of_a_move = matches!(range.place, Place::PodCidr(cluster, range)
                if inventory.cluster(cluster).network.pod_cidr_v4() != Some(&range));
            if of_a_move {
                continue;
            }
            let larger = enlarged(&inventory, &range.place);
            let larger = World::of(&larger, &timeline).expect("nothing else changed");
            prop_assert!(larger.ranges[position].capacity > range.capacity);
            let more = futures(&larger, 40, 5);
            let (few, more) = (first_days(&few), first_days(&more));
            for (day, futures) in more[position].iter().enumerate() {
                prop_assert!(*futures <= few[position][day], "{} on day {day}", range.name);
            }
        }
    }

    #[test]
    fn probability_only_grows_and_counts_add_up(
        choices in prop::collection::vec(0u64..1_000, estate::CHOICES), seed in any::<u64>(),
    ) {
        let (inventory, timeline) = Choices::of(&choices).estate();
        let world = World::of(&inventory, &timeline).expect("the choices make sense");
        let counted = futures(&world, 100, seed);
        for range in &counted.ranges {
            let dry: u64 = range.ran_dry.iter().sum();
            prop_assert!(dry <= range.failed.iter().sum());
            for day in 0..range.failed.len() {
                prop_assert!(so_far(&range.ran_dry, day) <= so_far(&range.failed, day));
                prop_assert!(so_far(&range.failed, day) <= 100);
            }
        }
        let firsts: u64 = counted.firsts.iter().map(|(_, futures)| futures).sum();
        prop_assert_eq!(firsts + counted.without_failure, 100);
        for (_, futures) in &counted.firsts {
            prop_assert!(*futures > 0);
        }
    }

    #[test]
    fn threads_do_not_matter(
        choices in prop::collection::vec(0u64..1_000, estate::CHOICES), seed in any::<u64>(),
    ) {
        let (inventory, timeline) = Choices::of(&choices).estate();
        let world = World::of(&inventory, &timeline).expect("the choices make sense");
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| futures(&world, 1_300, seed))
        };
        let one = on(1);
        prop_assert_eq!(&one, &on(3));
        prop_assert_eq!(&one, &futures(&world, 1_300, seed));
    }

    /// Without spread, and with spikes on known days, there is one future: the run of medians.
    #[test]
    fn certain_futures_are_the_run_of_medians(
        choices in prop::collection::vec(0u64..1_000, estate::CHOICES),
    ) {
        let (inventory, mut timeline) = Choices::of(&choices).estate();
        certain(&mut timeline);
        let world = World::of(&inventory, &timeline).expect("the choices make sense");
        let run = run(&inventory, &world);
        let counted = futures(&world, 5, 9);
        let first = run.first_failure().map(|told| told.failure);
        prop_assert_eq!(counted.firsts.len(), usize::from(first.is_some()));
        if let (Some(failure), Some((first, futures))) = (first, counted.firsts.first()) {
            prop_assert_eq!(*futures, 5);
            prop_assert_eq!((failure.range, failure.kind), (first.range, first.kind));
            let day = counted.ranges[failure.range].failed.iter().position(|futures| *futures > 0);
            prop_assert_eq!(day, Some((failure.hour / 24) as usize));
        }
    }
}

fn certain(timeline: &mut Timeline) {
    use super::spread::{MILLION, Spread};
    let at_median = |spread: Spread| {
        Spread::new(spread.median() as f64 / MILLION as f64, None).expect("it was one before")
    };
    for growth in &mut timeline.growth {
        growth.a_week = at_median(growth.a_week);
    }
    for spike in &mut timeline.spikes {
        spike.nodes = at_median(spike.nodes);
        spike.when = When::Days(vec![1, 10, 20]);
    }
}

/// A pod CIDR of 16 blocks, and a subnet that is sized by hand: what the estates are made of is what they say.
#[test]
fn estates_are_small() {
    let (inventory, _) = Choices::of(&[0; estate::CHOICES]).estate();
    assert!(
        inventory
            .subnets
            .iter()
            .all(|subnet| subnet.usable() <= 507)
    );
    let pods = inventory
        .clusters
        .iter()
        .filter_map(|cluster| cluster.network.pod_cidr_v4());
    assert!(pods.into_iter().all(|range| cidr::size(range) <= 8_192));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What [`crate::capacity::runway`] says a growing pool lasts, it lasts when the same growth is played: no node is refused before. It is
    /// refused when the next one is wanted, which is a node later at most, and told at the end of a week.
    #[test]
    fn a_runway_is_no_longer_than_what_is_played(
        count in 1u64..5, max_pods in 10u32..60, nodes in prop::option::of(0.1f64..4.0), percent in 1.0f64..30.0, overlay in any::<bool>(),
    ) {
        use crate::capacity::growth::Books;
        use crate::capacity::runway::{Pace, Paces, runway};
        use crate::model::ClusterIndex;
        let network = match overlay {
            true => "network_plugin: azure\n    network_plugin_mode: overlay\n    pod_cidr: 192.168.0.0/21",
            false => "network_plugin: azure",
        };
        let text = format!(
            "apiVersion: aksplan/v1\nname: t\nvirtual_networks:\n  - name: v\n    address_space: [10.0.0.0/16]\n    subnets: [{{ name: s, cidr: \
             10.0.0.0/24 }}]\nclusters:\n  - name: c\n    {network}\n    pools: [{{ name: a, mode: System, count: {count}, max_pods: \
             {max_pods}, max_surge: 1, subnet: v/s }}]\n"
        );
        let inventory = crate::source::read_document("scenario", text.as_bytes())
            .and_then(crate::source::Found::assemble)
            .unwrap_or_else(|error| panic!("{error}"))
            .current;
        let (amount, unit) = match nodes {
            Some(nodes) => (nodes, Unit::Nodes),
            None => (percent, Unit::Percent),
        };
        let index = ClusterIndex::new(0);
        let timeline = Timeline {
            starts: jiff::civil::date(2027, 1, 1),
            weeks: 520,
            growth: vec![Growth {
                cluster: index,
                pool: "a".to_string(),
                unit,
                a_week: Spread::new(amount, None).unwrap(),
            }],
            spikes: Vec::new(),
            events: Vec::new(),
        };
        let world = World::of(&inventory, &timeline).unwrap();
        let played = run(&inventory, &world);
        let fails = played.first_failure().map(|request| f64::from(request.failure.hour) / 168.0);
        let pace = match unit {
            Unit::Nodes => Pace::steady(amount),
            Unit::Percent => Pace { nodes: 0.0, percent: amount },
        };
        let books = Books::of(&inventory);
        let lasts = runway(&books, index, &Paces::of(index, vec![pace])).unwrap();
        let next = pace.adds(count as f64 + lasts.nodes as f64);
        match fails {
            Some(fails) => {
                prop_assert!(lasts.weeks <= fails, "{lasts:?} {fails}");
                prop_assert!(fails <= lasts.weeks + 1.0 / next.min(pace.adds(count as f64)) + 1.0, "{lasts:?} {fails}");
            }
            None => prop_assert!(lasts.weeks > 500.0, "{lasts:?}"),
        }
    }
}

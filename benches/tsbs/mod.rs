//! Line protocol in the shape of the TSBS `cpu-only` workload.
//!
//! Comes in: a seed, a number of hosts, a number of lines. Goes out: a body of lines with 10 tags,
//! 10 fields and a timestamp in nanoseconds, hosts in turn. Stays true: equal arguments give equal
//! bytes. Refuses nothing.

use std::fmt::Write;

/// How the ten fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fields {
    /// `58i`
    Integers,
    /// `58.1317132304976`: 15 digits.
    Floats,
}

const START_NS: u64 = 1_451_606_400_000_000_000;
const STEP_NS: u64 = 10_000_000_000;

const KEYS: [&str; 10] = [
    "usage_user",
    "usage_system",
    "usage_idle",
    "usage_nice",
    "usage_iowait",
    "usage_irq",
    "usage_softirq",
    "usage_steal",
    "usage_guest",
    "usage_guest_nice",
];

const PLACES: [(&str, &[&str]); 4] = [
    ("us-east-1", &["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1e"]),
    ("us-west-2", &["us-west-2a", "us-west-2b", "us-west-2c"]),
    ("eu-central-1", &["eu-central-1a", "eu-central-1b"]),
    ("ap-southeast-2", &["ap-southeast-2a", "ap-southeast-2b"]),
];
const SYSTEMS: [&str; 3] = ["Ubuntu15.10", "Ubuntu16.10", "Ubuntu16.04LTS"];
const TEAMS: [&str; 4] = ["SF", "NYC", "LON", "CHI"];
const ENVIRONMENTS: [&str; 3] = ["production", "staging", "test"];

/// A body of `lines` lines over `hosts` hosts.
#[must_use]
pub(crate) fn body(seed: u64, hosts: usize, lines: usize, fields: Fields) -> String {
    let mut random = Random(seed);
    let series: Vec<String> = (0..hosts).map(|host| series(&mut random, host)).collect();
    let mut body = String::new();
    for line in 0..lines {
        body.push_str(&series[line % hosts]);
        push_fields(&mut body, &mut random, fields);
        let time_ns = START_NS + STEP_NS * (line / hosts) as u64;
        writeln!(body, " {time_ns}").expect("a string takes everything");
    }
    body
}

/// The series of a host: the table and its ten tags.
fn series(random: &mut Random, host: usize) -> String {
    let (region, datacenters) = random.choose(&PLACES);
    let datacenter = random.choose(datacenters);
    let rack = random.below(100);
    let system = random.choose(&SYSTEMS);
    let architecture = random.choose(&["x64", "x86"]);
    let team = random.choose(&TEAMS);
    let (service, version) = (random.below(20), random.below(2));
    let environment = random.choose(&ENVIRONMENTS);
    format!(
        "cpu,hostname=host_{host},region={region},datacenter={datacenter},rack={rack},os={system},\
         arch={architecture},team={team},service={service},service_version={version},\
         service_environment={environment}"
    )
}

fn push_fields(body: &mut String, random: &mut Random, fields: Fields) {
    for (at, key) in KEYS.iter().enumerate() {
        let separator = if at == 0 { ' ' } else { ',' };
        let written = match fields {
            Fields::Integers => write!(body, "{separator}{key}={}i", random.below(101)),
            Fields::Floats => {
                let (whole, fraction) = (10 + random.below(90), random.below(10_000_000_000_000));
                write!(body, "{separator}{key}={whole}.{fraction:013}")
            }
        };
        written.expect("a string takes everything");
    }
}

/// `SplitMix64`: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let at = usize::try_from(self.below(from.len() as u64)).expect("an index of the slice");
        &from[at]
    }
}

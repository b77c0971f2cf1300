//! A whole organization on the tests' scripted endpoint. `cargo bench --bench organization -- [ACCOUNTS [LATENCY_MS]]`
//!
//! 200 accounts, each with 17 regions, 5 trails and 100 buckets, and 50 ms for every answer. It prints how long `collect` takes beside
//! the bound that the calls and their latency give, its memory, and then how long `check` of that snapshot takes.

#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on should stop")]

#[path = "../tests/scripted/mod.rs"]
mod scripted;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use trailcheck::aws::regions::ENABLED_BY_DEFAULT as REGIONS;

use scripted::world::{Account, Trail, World};
use scripted::{Played, Script, Server};

const TRAILS: usize = 5;
const BUCKETS: usize = 100;
/// Of each account, the buckets that the config declares.
const DECLARED: usize = 10;
/// The calls that the bound takes to be under way at a time.
const IN_FLIGHT: u32 = 128;

fn id(number: usize) -> String {
    format!("{:012}", 100_000_000_000 + number)
}

fn bucket(account: usize, number: usize) -> (String, &'static str) {
    (format!("bucket-{account}-{number}"), REGIONS[number % REGIONS.len()])
}

/// Each trail of an account records a part of its buckets, in every region.
fn account(number: usize) -> Account {
    let mut account = Account::in_regions(&REGIONS);
    for place in 0..BUCKETS {
        let (name, region) = bucket(number, place);
        account = account.with_bucket(&name, region);
    }
    for (trail, home) in REGIONS.iter().enumerate().take(TRAILS) {
        let names: Vec<String> = (trail..BUCKETS).step_by(TRAILS).map(|place| bucket(number, place).0).collect();
        let recorded: Vec<&str> = names.iter().map(String::as_str).collect();
        account = account.with_trail(Trail::of(&format!("trail-{trail}"), home, "logs", &recorded).multi_region());
    }
    account
}

fn config(accounts: usize) -> String {
    let mut config = "[scan.organization]\nrole = \"audit\"\n".to_owned();
    for (account, place) in (0..accounts).flat_map(|account| (0..DECLARED).map(move |place| (account, place))) {
        config.push_str(&format!("[[redshift.unload]]\nlocation = \"s3://{}/\"\n", bucket(account, place).0));
    }
    config
}

fn trailcheck(folder: &Path, played: &Played, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trailcheck"));
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("AWS_ENDPOINT_URL", &played.url).env("AWS_ACCESS_KEY_ID", &played.access_key);
    command.env("AWS_SECRET_ACCESS_KEY", "secret").env("AWS_REGION", "us-east-1");
    command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null()).spawn().unwrap()
}

/// How long it took, and the most memory that it had, in MB.
fn measure(mut child: Child) -> (Duration, u64) {
    let began = Instant::now();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse().ok());
        most = most.max(peak.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(20));
    }
    (began.elapsed(), most / 1024)
}

fn main() {
    let numbers: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let accounts = numbers.first().copied().unwrap_or(200);
    let latency = Duration::from_millis(numbers.get(1).copied().unwrap_or(50) as u64);
    let world = (0..accounts).fold(World::of(&id(0)), |world, number| world.with(&id(number), account(number)));
    let world = Arc::new(world.with_organization(&id(0), &[]));
    let played = Server::shared().play(Script::of(&world).with_latency(latency));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trailcheck.toml"), config(accounts)).unwrap();

    let (took, memory) = measure(trailcheck(folder.path(), &played, &["collect", "--output", "snapshot.json"]));
    let calls = played.calls();
    let mut by_operation: BTreeMap<&str, usize> = BTreeMap::new();
    let mut different = BTreeSet::new();
    for call in &calls {
        *by_operation.entry(&call.operation).or_default() += 1;
        different.insert((&call.account, &call.operation, &call.region, &call.about));
    }
    let bound = latency * calls.len() as u32 / IN_FLIGHT;
    println!(
        "{accounts} accounts, {latency:?} an answer: {} calls, {} of them twice",
        calls.len(),
        calls.len() - different.len()
    );
    println!("{by_operation:?}");
    println!(
        "collect: {took:.1?}, {memory} MB; bound {bound:.1?} ({IN_FLIGHT} calls at a time): {:.2} of it",
        took.as_secs_f64() / bound.as_secs_f64()
    );

    let bytes = std::fs::metadata(folder.path().join("snapshot.json")).unwrap().len();
    let check =
        ["check", "--snapshot", "snapshot.json", "--report", "json=report.json", "--report", "junit=report.xml"];
    let (took, memory) = measure(trailcheck(folder.path(), &played, &check));
    println!("check of its snapshot ({} MB): {took:.1?}, {memory} MB", bytes >> 20);
}

//! A tree of CloudTrail log files to measure on, and the floor under every reader of it.
//!
//! - `cargo bench --bench logs -- generate DIR SIZE_MB [SEED]` writes SIZE_MB of records, inflated, in files of about
//!   1 MB; the same seed and size give the same tree.
//! - `cargo bench --bench logs -- inflate DIR` inflates all of it into one buffer, and no more.

use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor};
use time::OffsetDateTime;
use time::macros::datetime;

#[path = "logs/actor.rs"]
mod actor;
#[path = "logs/random.rs"]
mod random;
#[path = "logs/record.rs"]
mod record;
#[path = "logs/work.rs"]
mod work;

use actor::Place;
use random::{BASE64, Random};
use work::Session;

const USAGE: &str = "cargo bench --bench logs -- generate DIR SIZE_MB [SEED]\ncargo bench --bench logs -- inflate DIR";

/// Account, region, and their share of the tree in percent; the largest first, so that two threads end together.
const PLACES: [(&str, &str, usize); 6] = [
    ("111111111111", "us-east-1", 30),
    ("111111111111", "ap-northeast-1", 25),
    ("111111111111", "eu-west-1", 15),
    ("222222222222", "us-east-1", 15),
    ("222222222222", "ap-northeast-1", 10),
    ("222222222222", "eu-west-1", 5),
];
const THREADS: usize = 2;
/// Sessions of one place that are at work at a time.
const LIVE: usize = 60;
const START: OffsetDateTime = datetime!(2026-11-02 00:00 UTC);
/// CloudTrail delivers about every five minutes.
const DELIVERY: i64 = 300;

fn main() -> ExitCode {
    // cargo adds `--bench` to what it is given.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["generate", folder, size] => generate(Path::new(folder), size, "1"),
        ["generate", folder, size, seed] => generate(Path::new(folder), size, seed),
        ["inflate", folder] => inflate(Path::new(folder)),
        // A plain `cargo bench` runs every bench.
        [] => Ok(USAGE.to_owned()),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Written {
    files: usize,
    records: usize,
    inflated: usize,
    compressed: usize,
}

fn generate(folder: &Path, size: &str, seed: &str) -> Result<String, Box<dyn Error>> {
    let (size, seed): (usize, u64) = (size.parse()?, seed.parse()?);
    if folder.join("AWSLogs").exists() {
        return Err(format!("{}: there is a tree already", folder.display()).into());
    }
    let next = AtomicUsize::new(0);
    // The records of a place depend on the seed alone, whichever thread writes them.
    let write_places = || {
        let mut sum = Written::default();
        while let Some((account, region, share)) = PLACES.get(next.fetch_add(1, Ordering::Relaxed)) {
            let bytes = size * 1_000_000 * share / 100;
            let written = write_place(folder, Place::new(account, region, seed), bytes, seed)?;
            sum = add(sum, &written);
        }
        Ok(sum)
    };
    let parts: Vec<Result<Written, std::io::Error>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(write_places)).collect();
        threads.into_iter().map(|thread| thread.join().expect("the generator does not panic")).collect()
    });
    let mut sum = Written::default();
    for part in parts {
        sum = add(sum, &part?);
    }
    let Written { files, records, inflated, compressed } = sum;
    Ok(format!("{files} files, {records} records, {inflated} bytes inflated, {compressed} bytes compressed"))
}

fn add(sum: Written, other: &Written) -> Written {
    Written {
        files: sum.files + other.files,
        records: sum.records + other.records,
        inflated: sum.inflated + other.inflated,
        compressed: sum.compressed + other.compressed,
    }
}

/// One account's files of one region; no more than one file is in memory.
fn write_place(folder: &Path, place: Place, bytes: usize, seed: u64) -> Result<Written, std::io::Error> {
    let mut random = Random::of(seed, &format!("{} {}", place.account, place.region));
    let mut compressor = Compressor::new(CompressionLvl::default());
    let (mut text, mut packed) = (String::new(), Vec::new());
    let mut sessions: Vec<Session> =
        (0..LIVE).map(|_| Session::new(place.actor(&mut random, &instant(START.unix_timestamp())))).collect();
    let mut again: Vec<String> = Vec::new();
    let mut written = Written::default();
    while written.inflated < bytes {
        let from = START.unix_timestamp() + DELIVERY * i64::try_from(written.files).expect("fewer files than that");
        let full = random.between(600_000, 1_400_000).min(bytes - written.inflated);
        text.clear();
        text.push_str("{\"Records\":[");
        // CloudTrail may deliver an event twice.
        for record in again.drain(..) {
            text.push_str(&record);
            text.push(',');
            written.records += 1;
        }
        let mut at = 0;
        loop {
            // A program calls S3 in bursts; and a file is in no order.
            if !random.chance(600) {
                at = random.below(sessions.len());
            }
            let time = instant(from + random.below(300) as i64);
            if sessions[at].actor.left == 0 {
                sessions[at] = Session::new(place.actor(&mut random, &time));
            }
            let start = text.len();
            record::write(&mut text, &mut random, &place, &mut sessions[at], &time);
            written.records += 1;
            if random.chance(1) {
                again.push(text[start..].to_owned());
            }
            if text.len() >= full {
                break;
            }
            text.push(',');
        }
        text.push_str("]}");
        packed.resize(compressor.gzip_compress_bound(text.len()), 0);
        let length = compressor.gzip_compress(text.as_bytes(), &mut packed).expect("the bound is large enough");
        let path = folder.join(key(&place, from + DELIVERY, &random.token(&BASE64[..62], 16)));
        fs::create_dir_all(path.parent().expect("the key has folders"))?;
        fs::write(path, &packed[..length])?;
        written.files += 1;
        written.inflated += text.len();
        written.compressed += length;
    }
    Ok(written)
}

fn key(place: &Place, delivered: i64, unique: &str) -> String {
    let Place { account, region, .. } = place;
    let at = instant(delivered);
    let (day, time) = (&at[..10], &at[11..16]);
    format!(
        "AWSLogs/{account}/CloudTrail/{region}/{}/{account}_CloudTrail_{region}_{}T{}Z_{unique}.json.gz",
        day.replace('-', "/"),
        day.replace('-', ""),
        time.replace(':', ""),
    )
}

fn instant(seconds: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(seconds).expect("a year with four digits");
    let (date, time) = (at.date(), at.time());
    format!("{date}T{:02}:{:02}:{:02}Z", time.hour(), time.minute(), time.second())
}

fn inflate(folder: &Path) -> Result<String, Box<dyn Error>> {
    let mut decompressor = Decompressor::new();
    let (mut packed, mut text) = (Vec::new(), vec![0; 2 << 20]);
    let (mut files, mut bytes) = (0, 0);
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "gz") {
                packed.clear();
                File::open(path)?.read_to_end(&mut packed)?;
                bytes += loop {
                    match decompressor.gzip_decompress(&packed, &mut text) {
                        Ok(length) => break length,
                        Err(DecompressionError::InsufficientSpace) => text.resize(text.len() * 2, 0),
                        Err(error) => return Err(error.into()),
                    }
                };
                files += 1;
            }
        }
    }
    Ok(format!("{files} files, {bytes} bytes inflated"))
}

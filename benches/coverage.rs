//! The engine on accounts of a size that no one should have. `cargo bench --bench coverage`
//!
//! - `10,000 buckets`: 20 trails with 25 advanced selectors each, three fields beside category and type, at AWS's limit of
//!   500 values a trail. The time is for all buckets, and for making the trails ready.
//! - `1,000 buckets`: the same with a tenth of the buckets, to see that the cost grows with their number.
//! - `exclusions`: 20 trails of 25 selectors that name no bucket but exclude some, so that all 500 matter to each; 100
//!   buckets.
//! - `worst case`: one bucket, 500 values of mixed prefixes and suffixes on one field, several fields.

use std::collections::BTreeMap;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use trailcheck::aws::location::Location;
use trailcheck::aws::s3_events::Access;
use trailcheck::aws::timestamp::Timestamp;
use trailcheck::coverage::event::{Place, Requirement};
use trailcheck::coverage::prove::{RecorderSet, Verdict};
use trailcheck::coverage::recorder::{Recorder, Scene};
use trailcheck::snapshot::{AdvancedEventSelector, FieldSelector, Trail, TrailStatus};

const REGION: &str = "eu-west-1";
const TRAILS: usize = 20;
const SELECTORS: usize = 25;

fn field(name: &str) -> FieldSelector {
    FieldSelector { field: name.to_owned(), ..FieldSelector::default() }
}

fn equals(name: &str, value: &str) -> FieldSelector {
    FieldSelector { equals: vec![value.to_owned()], ..field(name) }
}

fn selector(fields: Vec<FieldSelector>) -> AdvancedEventSelector {
    let objects = [equals("eventCategory", "Data"), equals("resources.type", "AWS::S3::Object")];
    AdvancedEventSelector { name: None, field_selectors: objects.into_iter().chain(fields).collect() }
}

fn trail(number: usize, selectors: Vec<AdvancedEventSelector>) -> Trail {
    let status = TrailStatus { is_logging: Some(true), ..TrailStatus::default() };
    Trail {
        trail_arn: format!("arn:aws:cloudtrail:{REGION}:111111111111:trail/t{number}"),
        name: format!("t{number}"),
        home_region: REGION.to_owned(),
        is_multi_region_trail: Some(false),
        is_organization_trail: Some(false),
        event_selectors: Some(vec![]),
        advanced_event_selectors: Some(selectors),
        status: BTreeMap::from([(REGION.to_owned(), status)]),
        ..Trail::default()
    }
}

/// Each selector has 16 buckets, reads or writes; those of every fifth trail leave out some names, which is a gap.
fn naming(number: usize) -> Trail {
    let selectors = (0..SELECTORS).map(|place| {
        let first = (number * SELECTORS + place) / 2 * 16;
        let buckets = (first..first + 16).map(|bucket| format!("arn:aws:s3:::unload-{bucket}/")).collect();
        selector(vec![
            FieldSelector { starts_with: buckets, ..field("resources.ARN") },
            equals("readOnly", if place % 2 == 0 { "true" } else { "false" }),
            if number.is_multiple_of(5) {
                FieldSelector { not_starts_with: vec!["Test".to_owned()], ..field("eventName") }
            } else {
                equals("eventSource", "s3.amazonaws.com")
            },
        ])
    });
    trail(number, selectors.collect())
}

/// Each selector takes every bucket but some, reads or writes, and leaves out one session.
fn excluding(number: usize) -> Trail {
    let selectors = (0..SELECTORS).map(|place| {
        let at = number * SELECTORS + place;
        let excluded = vec![format!("arn:aws:s3:::unload-{}/tmp/", at % 100)];
        selector(vec![
            FieldSelector { not_starts_with: excluded, ..field("resources.ARN") },
            equals("readOnly", if place % 2 == 0 { "true" } else { "false" }),
            FieldSelector { not_ends_with: vec![format!("/session-{at}")], ..field("userIdentity.arn") },
        ])
    });
    trail(number, selectors.collect())
}

fn worst_case() -> Trail {
    let values = |count: usize, value: &dyn Fn(usize) -> String| (0..count).map(value).collect::<Vec<_>>();
    let arn = FieldSelector {
        starts_with: values(125, &|n| format!("arn:aws:s3:::unload-0/{n:b}")),
        ends_with: values(125, &|n| format!("{n:b}.csv")),
        not_starts_with: values(115, &|n| format!("arn:aws:s3:::unload-0/{n:b}0")),
        not_ends_with: values(115, &|n| format!("0{n:b}.csv")),
        ..field("resources.ARN")
    };
    let name = FieldSelector {
        not_starts_with: vec!["Test".to_owned(), "Get".to_owned()],
        not_ends_with: vec!["Acl".to_owned(), "Part".to_owned()],
        ..field("eventName")
    };
    let identity = FieldSelector {
        starts_with: vec!["arn:aws:sts::".to_owned()],
        not_ends_with: vec!["/a".to_owned(), "/b".to_owned()],
        ..field("userIdentity.arn")
    };
    trail(0, vec![selector(vec![arn, name]), selector(vec![identity])])
}

/// Proves every bucket; how many are recorded.
fn prove(trails: &[Trail], buckets: usize) -> usize {
    let at = Timestamp::parse("2026-11-22T07:00:00Z").expect("an instant");
    let scene = Scene { partition: "aws", region: REGION, account: "111111111111", at };
    let set = RecorderSet::new(trails.iter().map(|trail| Recorder::of_trail(trail, scene)).collect());
    let recorded = (0..buckets).filter(|bucket| {
        let requirement = Requirement {
            partition: "aws".to_owned(),
            region: REGION.to_owned(),
            location: Location { bucket: format!("unload-{bucket}"), prefix: String::new() },
            place: Place::Within,
            access: Access::All,
            role: None,
        };
        matches!(set.prove(black_box(&requirement)), Verdict::Recorded(_))
    });
    recorded.count()
}

fn coverage(c: &mut Criterion) {
    let named: Vec<Trail> = (0..TRAILS).map(naming).collect();
    let exclusions: Vec<Trail> = (0..TRAILS).map(excluding).collect();
    let worst = [worst_case()];
    let mut group = c.benchmark_group("coverage");
    group.sample_size(10);
    group.bench_function("10,000 buckets", |b| b.iter(|| prove(&named, 10_000)));
    group.bench_function("1,000 buckets", |b| b.iter(|| prove(&named, 1_000)));
    group.bench_function("exclusions", |b| b.iter(|| prove(&exclusions, 100)));
    group.bench_function("worst case", |b| b.iter(|| prove(&worst, 1)));
    group.finish();
}

criterion_group!(benches, coverage);
criterion_main!(benches);

//! The engine against the naive matcher, on random trails and requirements.
//!
//! `PROPTEST_CASES=100000 cargo test --release --test integration engine` runs a hundred times as many; a failing case is shrunk,
//! printed with its seed, and kept in `proptest-regressions`.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;
use trailcheck::aws::arn::RoleArn;
use trailcheck::aws::location::Location;
use trailcheck::aws::s3_events::Access;
use trailcheck::aws::timestamp::Timestamp;
use trailcheck::coverage::event::{Event, Place, Requirement};
use trailcheck::coverage::fix::{self, Fix};
use trailcheck::coverage::prove::{RecorderSet, Verdict};
use trailcheck::coverage::recorder::{Effect, Recorder, Scene};
use trailcheck::snapshot::{AdvancedEventSelector, DataResource, EventSelector, FieldSelector, Trail, TrailStatus};

use crate::naive;

pub const REGION: &str = "eu-west-1";
pub const SESSIONS: &str = "arn:aws:sts::111111111111:assumed-role/R/";

pub fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1000)
}

/// Values that meet: prefixes of each other, suffixes that overlap them, whole strings between.
const ARNS: &[&str] = &[
    "arn:aws:s3:::",
    "arn:aws:s3:::b",
    "arn:aws:s3:::b/",
    "arn:aws:s3:::b/a",
    "arn:aws:s3:::b/a/",
    "arn:aws:s3:::b/a/a",
    "arn:aws:s3:::b/ab",
    "arn:aws:s3:::b/x.csv",
    "arn:aws:s3:::c/",
    "arn:aws:s3:::b2/",
    "/",
    "a",
    "/a",
    ".csv",
    "b/a",
    "x.csv",
];
const NAMES: &[&str] = &[
    "GetObject",
    "PutObject",
    "ListObjects",
    "DeleteObject",
    "UploadPart",
    "Get",
    "Put",
    "List",
    "Object",
    "Objects",
    "Part",
    "P",
    "GetNewThing",
    "SelectObjectContent",
    "t",
];
pub const IDENTITIES: &[&str] = &[
    "arn:aws:sts::111111111111:assumed-role/R/",
    "arn:aws:sts::111111111111:assumed-role/R",
    "arn:aws:sts::111111111111:assumed-role/",
    "arn:aws:sts::111111111111:assumed-role/R/s",
    "arn:aws:iam::111111111111:role/R",
    "arn:aws:iam::111111111111:user/u",
    "/s",
    "s",
    "arn:",
];
const SOURCES: &[&str] =
    &["s3.amazonaws.com", "s3lifecycle.amazonaws.com", "s3-authn-errors.amazonaws.com", "s3", "redshift.amazonaws.com"];
const TYPES: &[&str] = &["AwsApiCall", "AwsServiceEvent", "Aws", "Call"];

fn values(of: &'static [&'static str]) -> BoxedStrategy<Vec<String>> {
    prop::collection::vec(select(of).prop_map(str::to_owned), 0..3).boxed()
}

/// One field with all six operators.
pub fn free_field(name: &'static str, of: &'static [&'static str]) -> BoxedStrategy<FieldSelector> {
    (values(of), values(of), values(of), values(of), values(of), values(of))
        .prop_map(move |(equals, starts_with, ends_with, not_equals, not_starts_with, not_ends_with)| FieldSelector {
            field: name.to_owned(),
            equals,
            starts_with,
            ends_with,
            not_equals,
            not_starts_with,
            not_ends_with,
            other: BTreeMap::new(),
        })
        .prop_filter("a field has an operator", |field| {
            *field != FieldSelector { field: field.field.clone(), ..Default::default() }
        })
        .boxed()
}

/// One field with positive operators, one at least.
fn positive_field(name: &'static str, of: &'static [&'static str]) -> BoxedStrategy<FieldSelector> {
    (select(of), 0..3usize, values(of), values(of), values(of))
        .prop_map(move |(one, operator, mut equals, mut starts_with, mut ends_with)| {
            [&mut equals, &mut starts_with, &mut ends_with][operator].push(one.to_owned());
            FieldSelector { field: name.to_owned(), equals, starts_with, ends_with, ..FieldSelector::default() }
        })
        .boxed()
}

pub fn equals(name: &str, values: &[&str]) -> FieldSelector {
    let equals = values.iter().map(|value| (*value).to_owned()).collect();
    FieldSelector { field: name.to_owned(), equals, ..FieldSelector::default() }
}

fn advanced() -> impl Strategy<Value = AdvancedEventSelector> {
    let maybe = |field: BoxedStrategy<FieldSelector>, weight: f64| prop::option::weighted(weight, field);
    (
        maybe(free_field("resources.ARN", ARNS), 0.8),
        maybe(free_field("eventName", NAMES), 0.4),
        maybe(free_field("userIdentity.arn", IDENTITIES), 0.3),
        maybe(free_field("eventType", TYPES), 0.2),
        maybe(free_field("eventSource", SOURCES), 0.2),
        prop::option::weighted(0.4, select(&["true", "false"][..])),
        prop::option::weighted(0.2, any::<bool>()),
    )
        .prop_map(|(arn, name, identity, kind, source, read_only, console)| {
            let mut fields = vec![equals("eventCategory", &["Data"]), equals("resources.type", &["AWS::S3::Object"])];
            fields.extend([arn, name, identity, kind, source].into_iter().flatten());
            fields.extend(read_only.map(|value| equals("readOnly", &[value])));
            fields.extend(console.map(|positive| {
                let mut field = equals("sessionCredentialFromConsole", &["true"]);
                if !positive {
                    field.not_equals = std::mem::take(&mut field.equals);
                }
                field
            }));
            AdvancedEventSelector { name: None, field_selectors: fields }
        })
}

fn basic() -> impl Strategy<Value = EventSelector> {
    let value = select(
        &[
            "arn:aws:s3",
            "arn:aws:s3:::",
            "arn:aws:s3:::b",
            "arn:aws:s3:::b/",
            "arn:aws:s3:::b/a",
            "arn:aws:s3:::c/",
            "arn:aws:s3:::*",
            "arn:aws:s3:::b/*",
        ][..],
    );
    (select(&["All", "ReadOnly", "WriteOnly"][..]), prop::collection::vec(value.prop_map(str::to_owned), 0..3))
        .prop_map(|(read_write_type, values)| EventSelector {
            read_write_type: Some(read_write_type.to_owned()),
            data_resources: vec![DataResource { kind: "AWS::S3::Object".to_owned(), values }],
            ..EventSelector::default()
        })
}

fn trail() -> impl Strategy<Value = Trail> {
    let selectors = prop_oneof![
        3 => prop::collection::vec(advanced(), 0..4).prop_map(|advanced| (vec![], advanced)),
        1 => prop::collection::vec(basic(), 0..3).prop_map(|basic| (basic, vec![])),
    ];
    (selectors, prop::bool::weighted(0.9), prop::bool::weighted(0.8), any::<bool>()).prop_map(
        |((basic, advanced), logging, here, multi_region)| {
            let home = if here { REGION } else { "us-east-1" };
            let status = TrailStatus { is_logging: Some(logging), ..TrailStatus::default() };
            Trail {
                trail_arn: format!("arn:aws:cloudtrail:{home}:111111111111:trail/t"),
                name: "t".to_owned(),
                home_region: home.to_owned(),
                is_multi_region_trail: Some(multi_region),
                is_organization_trail: Some(false),
                event_selectors: Some(basic),
                advanced_event_selectors: Some(advanced),
                status: BTreeMap::from([(REGION.to_owned(), status)]),
                ..Trail::default()
            }
        },
    )
}

pub fn requirement() -> impl Strategy<Value = Requirement> {
    let places = select(&[Place::Within, Place::Within, Place::Above][..]);
    (select(&["", "a", "a/", "x"][..]), select(&[Access::Read, Access::Write, Access::All][..]), any::<bool>(), places)
        .prop_map(|(prefix, access, role, place)| Requirement {
            partition: "aws".to_owned(),
            region: REGION.to_owned(),
            location: Location { bucket: "b".to_owned(), prefix: prefix.to_owned() },
            // There is nothing above a bucket; and what is above is read.
            place: if prefix.is_empty() { Place::Within } else { place },
            access: if place == Place::Above { Access::Read } else { access },
            role: role.then(|| RoleArn::parse("arn:aws:iam::111111111111:role/R").unwrap()),
        })
}

pub fn scene() -> Scene<'static> {
    let at = Timestamp::parse("2026-11-22T07:00:00Z").unwrap();
    Scene { partition: "aws", region: REGION, account: "111111111111", at }
}

fn verdict(trails: &[Trail], requirement: &Requirement) -> Verdict {
    RecorderSet::new(trails.iter().map(|trail| Recorder::of_trail(trail, scene())).collect()).prove(requirement)
}

fn is_recorded(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Recorded(_))
}

/// Strings around the tested ones: each by itself, longer at both ends, and joined to another.
fn around(tested: &[&str], one: &Index, other: &Index, shape: usize) -> String {
    let (one, other) = (one.get(tested), other.get(tested));
    match shape % 6 {
        0 => (*one).to_owned(),
        1 => format!("{one}a"),
        2 => format!("{one}{other}"),
        3 => format!("{one}q{other}"),
        4 => format!("{one}/{other}"),
        _ => format!("{one}q"),
    }
}

type Draw = (Index, Index, usize);

fn draw() -> impl Strategy<Value = Draw> {
    (any::<Index>(), any::<Index>(), 0..6usize)
}

/// Events in and around every requirement.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (draw(), draw(), draw(), draw(), any::<bool>(), any::<bool>(), 0..8usize, 0..9usize).prop_map(
        |(name, arn, identity, kind, read_only, console, corner, source)| {
            let real = [
                "GetObject",
                "PutObject",
                "ListObjects",
                "UploadPart",
                "DeleteObject",
                "DeleteObjects",
                "CopyObject",
                "SelectObjectContent",
            ];
            let names = if corner % 2 == 0 { &real[..] } else { NAMES };
            let shape = if corner % 2 == 0 { 0 } else { name.2 };
            let event_name = around(names, &name.0, &name.1, shape);
            let arn = around(ARNS, &arn.0, &arn.1, arn.2);
            let resource_arn =
                if corner < 5 { format!("arn:aws:s3:::b/{}", arn.trim_start_matches("arn:aws:s3:::b/")) } else { arn };
            let identity = around(IDENTITIES, &identity.0, &identity.1, identity.2);
            let user_identity_arn = match corner {
                0 => None,
                1..=4 => Some(format!("{SESSIONS}{}", identity.trim_start_matches(SESSIONS))),
                _ => Some(identity),
            };
            let event_type = match corner {
                0..4 => "AwsApiCall".to_owned(),
                4 => "AwsServiceEvent".to_owned(),
                _ => around(TYPES, &kind.0, &kind.1, kind.2),
            };
            let read_only = naive::documented(&event_name).flatten().unwrap_or(read_only);
            Event {
                event_name,
                read_only,
                resource_arn,
                user_identity_arn,
                region: REGION.to_owned(),
                event_source: SOURCES[if source < 3 { source } else { 0 }].to_owned(),
                event_type,
                session_credential_from_console: console && corner > 4,
                hypothetical: false,
            }
        },
    );
    prop::collection::vec(event, 60)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// A pass loses no event, and a gap's witness is lost: both by the naive matcher.
    #[test]
    fn the_engine_agrees_with_the_formula(
        trails in prop::collection::vec(trail(), 0..4),
        requirement in requirement(),
        events in events(),
    ) {
        let recorded = |event: &Event| trails.iter().any(|trail| naive::records(trail, event));
        match verdict(&trails, &requirement) {
            Verdict::Gap(gap) => {
                // What is above a location is nobody's to add: it is asked for by way of the location.
                if requirement.place == Place::Within {
                    check_fix(&trails, &requirement, &events)?;
                }
                prop_assert!(naive::requires(&requirement, &gap.witness), "outside: {:?}", gap.witness);
                prop_assert!(!recorded(&gap.witness), "recorded: {:?}", gap.witness);
            }
            Verdict::Recorded(parts) => {
                prop_assert!(!parts.is_empty());
                for event in events.iter().filter(|event| naive::requires(&requirement, event)) {
                    prop_assert!(recorded(event), "lost: {event:?}");
                }
            }
            Verdict::Unknown(reasons) => prop_assert!(false, "nothing is unknown here: {reasons:?}"),
        }
    }

    /// Trails that cover the requirement by construction: split into what a test accepts and what it does not.
    #[test]
    fn a_selector_and_its_complement_cover(
        positive in prop_oneof![
            positive_field("resources.ARN", ARNS), positive_field("eventName", NAMES),
            positive_field("userIdentity.arn", IDENTITIES),
        ],
        requirement in requirement(),
        trail in trail(),
    ) {
        // Only one kind of operator: its negation is then a selector too.
        let negative = FieldSelector {
            field: positive.field.clone(),
            not_equals: positive.equals.clone(),
            not_starts_with: positive.starts_with.clone(),
            not_ends_with: positive.ends_with.clone(),
            ..FieldSelector::default()
        };
        let selector = |field: FieldSelector| AdvancedEventSelector {
            name: None,
            field_selectors: vec![equals("eventCategory", &["Data"]), equals("resources.type", &["AWS::S3::Object"]), field],
        };
        let status = TrailStatus { is_logging: Some(true), ..TrailStatus::default() };
        let mut trail = trail;
        trail.home_region = REGION.to_owned();
        trail.status = BTreeMap::from([(REGION.to_owned(), status)]);
        trail.event_selectors = Some(vec![]);
        trail.advanced_event_selectors = Some(vec![selector(positive), selector(negative)]);
        prop_assert!(is_recorded(&verdict(&[trail], &requirement)));
    }

    /// More trails or selectors never record less; order, repetition and splitting change nothing.
    #[test]
    fn more_is_never_less_and_spelling_does_not_matter(
        trails in prop::collection::vec(trail(), 1..4),
        requirement in requirement(),
        more in trail(),
        selector in advanced(),
    ) {
        let before = is_recorded(&verdict(&trails, &requirement));
        let mut added = trails.clone();
        added.push(more);
        prop_assert!(!before || is_recorded(&verdict(&added, &requirement)), "a trail more");
        let mut wider = trails.clone();
        if let Some(trail) = wider.iter_mut().find(|trail| trail.event_selectors.as_ref().unwrap().is_empty()) {
            trail.advanced_event_selectors.as_mut().unwrap().push(selector);
            prop_assert!(!before || is_recorded(&verdict(&wider, &requirement)), "a selector more");
        }
        let mut respelled: Vec<Trail> = trails.iter().rev().chain(&trails).cloned().collect();
        for trail in &mut respelled {
            for selector in trail.advanced_event_selectors.as_mut().unwrap() {
                selector.field_selectors.reverse();
                for field in &mut selector.field_selectors {
                    let repeated = field.starts_with.clone();
                    field.starts_with.extend(repeated);
                    field.not_equals.reverse();
                }
            }
            let basic = trail.event_selectors.as_mut().unwrap();
            *basic = basic.iter().flat_map(split).collect();
        }
        prop_assert_eq!(before, is_recorded(&verdict(&respelled, &requirement)));
    }
}

/// A proposed call closes the gap, and what was recorded before still is.
fn check_fix(trails: &[Trail], requirement: &Requirement, events: &[Event]) -> Result<(), TestCaseError> {
    // As AWS has them: each trail with an ARN of its own.
    let mut trails = trails.to_vec();
    for (at, trail) in trails.iter_mut().enumerate() {
        trail.trail_arn = format!("arn:aws:cloudtrail:{}:111111111111:trail/t{at}", trail.home_region);
    }
    let recorders: Vec<Recorder> = trails.iter().map(|trail| Recorder::of_trail(trail, scene())).collect();
    let Fix::PutEventSelectors { trail_arn, input, .. } = fix::propose(requirement, &recorders, trails.iter(), scene())
    else {
        let in_effect = recorders.iter().any(|recorder| recorder.effect == Effect::InEffect);
        prop_assert!(!in_effect, "a trail in effect could have taken it");
        return Ok(());
    };
    let before = trails.clone();
    let amended = trails.iter_mut().find(|trail| trail.trail_arn == trail_arn).unwrap();
    let list = |name: &str| input.get(name).cloned().map_or(Value::Array(vec![]), api_names);
    amended.event_selectors = Some(serde_json::from_value(list("EventSelectors")).unwrap());
    amended.advanced_event_selectors = Some(serde_json::from_value(list("AdvancedEventSelectors")).unwrap());
    prop_assert!(is_recorded(&verdict(&trails, requirement)), "not closed by {input:#}");
    let recorded = |trails: &[Trail], event: &Event| trails.iter().any(|trail| naive::records(trail, event));
    for event in events.iter().filter(|event| recorded(&before, event)) {
        prop_assert!(recorded(&trails, event), "lost by {input:#}: {event:?}");
    }
    Ok(())
}

/// The API's names in snake_case.
fn api_names(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| {
                    let mut snake = String::new();
                    for (at, letter) in name.char_indices() {
                        if letter.is_uppercase() && at > 0 {
                            snake.push('_');
                        }
                        snake.extend(letter.to_lowercase());
                    }
                    (snake, api_names(value))
                })
                .collect(),
        ),
        Value::Array(list) => Value::Array(list.into_iter().map(api_names).collect()),
        other => other,
    }
}

/// A basic selector with a list of values is as many selectors with one each.
fn split(selector: &EventSelector) -> Vec<EventSelector> {
    let values = selector.data_resources.iter().flat_map(|resource| &resource.values);
    values
        .map(|value| EventSelector {
            data_resources: vec![DataResource { kind: "AWS::S3::Object".to_owned(), values: vec![value.clone()] }],
            ..selector.clone()
        })
        .collect()
}

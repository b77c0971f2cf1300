//! The work that the engine saves and the work that it refuses: neither changes an answer.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::select;
use trailcheck::aws::arn::RoleArn;
use trailcheck::aws::location::Location;
use trailcheck::aws::s3_events::Access;
use trailcheck::coverage::event::{Place, Requirement};
use trailcheck::coverage::prove::{RecorderSet, Verdict};
use trailcheck::coverage::recorder::Recorder;
use trailcheck::snapshot::{AdvancedEventSelector, FieldSelector, Trail, TrailStatus};

use crate::engine::{IDENTITIES, REGION, SESSIONS, cases, equals, free_field, requirement, scene};

proptest! {
    // Each asks some ten times.
    #![proptest_config(ProptestConfig { cases: cases() / 2, ..ProptestConfig::default() })]

    /// What was answered for one place is given for another only where it is the answer there too.
    #[test]
    fn a_set_that_was_asked_before_answers_as_a_new_one(
        selectors in prop::collection::vec(of_two_buckets(), 1..4),
        requirements in prop::collection::vec((requirement(), select(&["b", "c"][..])), 2..12),
    ) {
        // Each of the two trails has some of the selectors.
        let trails = [1, 2].map(|share| Trail {
            trail_arn: format!("arn:aws:cloudtrail:{REGION}:111111111111:trail/t{share}"),
            home_region: REGION.to_owned(),
            event_selectors: Some(vec![]),
            advanced_event_selectors: Some(selectors.iter().step_by(share).cloned().collect()),
            status: BTreeMap::from([(REGION.to_owned(), TrailStatus { is_logging: Some(true), ..TrailStatus::default() })]),
            ..Trail::default()
        });
        let set = || RecorderSet::new(trails.iter().map(|trail| Recorder::of_trail(trail, scene())).collect());
        let asked = set();
        for (mut requirement, bucket) in requirements {
            requirement.location.bucket = bucket.to_owned();
            prop_assert_eq!(asked.prove(&requirement), set().prove(&requirement));
            prop_assert_eq!(asked.recorded_twice(&requirement, |_| true), set().recorded_twice(&requirement, |_| true));
        }
    }
}

/// A selector that watches b and c in much the same way.
fn of_two_buckets() -> impl Strategy<Value = AdvancedEventSelector> {
    let places = |keys: &'static [&'static str], most: usize| {
        let place =
            (select(&["b", "c"][..]), select(keys)).prop_map(|(bucket, key)| format!("arn:aws:s3:::{bucket}/{key}"));
        prop::collection::vec(place, 0..most)
    };
    (
        places(&["", "", "a", "a/", "x"], 4),
        places(&["a/t/", "t/", "x"], 3),
        prop::option::weighted(0.2, select(&["", "a"][..])),
        prop::option::weighted(0.2, select(&[".csv", "b/a", "/"][..])),
        prop::option::weighted(0.3, select(&["true", "false"][..])),
        prop::option::weighted(0.2, free_field("userIdentity.arn", IDENTITIES)),
    )
        .prop_map(|(starts_with, not_starts_with, equals_key, not_ends_with, read_only, identity)| {
            let mut arn =
                FieldSelector { field: "resources.ARN".to_owned(), starts_with, not_starts_with, ..Default::default() };
            arn.equals.extend(equals_key.map(|key| format!("arn:aws:s3:::b/{key}")));
            arn.not_ends_with.extend(not_ends_with.map(str::to_owned));
            let mut fields = vec![equals("eventCategory", &["Data"]), equals("resources.type", &["AWS::S3::Object"])];
            if arn != (FieldSelector { field: arn.field.clone(), ..Default::default() }) {
                fields.push(arn);
            }
            fields.extend(read_only.map(|value| equals("readOnly", &[value])));
            fields.extend(identity);
            AdvancedEventSelector { name: None, field_selectors: fields }
        })
}

/// Two hundred and fifty-six selectors, each with about half of three hundred values in each of three fields: no choice of three
/// values escapes them all, and to show it takes more than is worked through.
#[test]
fn past_the_work_budget_the_answer_is_unknown() {
    let half = |field: usize, selector: usize, value: usize| {
        // SplitMix64: the bits of neighbours have nothing in common.
        let mixed = ((field * 256 + selector) * 300 + value + 1) as u64;
        let mixed = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) & 1 == 1
    };
    let values = |field: usize, selector: usize, name: &dyn Fn(usize) -> String| {
        (0..300).filter(|value| half(field, selector, *value)).map(name).collect::<Vec<String>>()
    };
    let starting = |field: &str, starts_with: Vec<String>| FieldSelector {
        field: field.to_owned(),
        starts_with,
        ..FieldSelector::default()
    };
    let equal = |field: &str, value: &str| FieldSelector {
        field: field.to_owned(),
        equals: vec![value.to_owned()],
        ..FieldSelector::default()
    };
    let selectors = (0..256).map(|selector| AdvancedEventSelector {
        name: None,
        field_selectors: vec![
            equal("eventCategory", "Data"),
            equal("resources.type", "AWS::S3::Object"),
            starting("resources.ARN", values(0, selector, &|value| format!("arn:aws:s3:::b/{value:03}"))),
            starting("userIdentity.arn", values(1, selector, &|value| format!("{SESSIONS}{value:03}"))),
            starting("eventName", values(2, selector, &|value| format!("Put{value:03}"))),
        ],
    });
    // What lies outside all of these values is recorded by three more.
    let rest = [("resources.ARN", "arn:aws:s3:::b/"), ("userIdentity.arn", SESSIONS), ("eventName", "Put")].map(
        |(field, start)| {
            let not_starts_with = (0..300).map(|value| format!("{start}{value:03}")).collect();
            AdvancedEventSelector {
                name: None,
                field_selectors: vec![
                    equal("eventCategory", "Data"),
                    equal("resources.type", "AWS::S3::Object"),
                    FieldSelector { field: field.to_owned(), not_starts_with, ..FieldSelector::default() },
                ],
            }
        },
    );
    let trail = Trail {
        trail_arn: format!("arn:aws:cloudtrail:{REGION}:111111111111:trail/t"),
        name: "t".to_owned(),
        home_region: REGION.to_owned(),
        is_multi_region_trail: Some(false),
        is_organization_trail: Some(false),
        event_selectors: Some(vec![]),
        advanced_event_selectors: Some(selectors.chain(rest).collect()),
        status: BTreeMap::from([(REGION.to_owned(), TrailStatus { is_logging: Some(true), ..TrailStatus::default() })]),
        ..Trail::default()
    };
    let requirement = Requirement {
        partition: "aws".to_owned(),
        region: REGION.to_owned(),
        location: Location::parse("s3://b/").unwrap(),
        place: Place::Within,
        access: Access::All,
        role: RoleArn::parse("arn:aws:iam::111111111111:role/R"),
    };
    match RecorderSet::new(vec![Recorder::of_trail(&trail, scene())]).prove(&requirement) {
        Verdict::Unknown(reasons) => assert!(reasons[0].to_string().contains("past the work budget"), "{reasons:?}"),
        other => panic!("{other:?}"),
    }
}

//! Trails, their selectors and their status.
//!
//! `DescribeTrails` in every region shows a multi-region trail in each (its shadows): one trail by its ARN. Selectors are
//! asked at the trail's home region, the status in every region where the trail should be in effect, because one answer
//! speaks of one region.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudtrail::Client;

use super::call_error::CallError;
use super::client::Aws;
use super::failures::Failures;
use super::whole::Whole;
use super::{ask_each, ask_regions, selectors};
use crate::aws::timestamp::Timestamp;
use crate::snapshot::{FactKind, Trail, TrailStatus};

/// The selectors are those of the account's own trails; others' are asked for in `shared_trails`.
pub(super) async fn collect(
    aws: &Aws,
    account: &str,
    regions: &BTreeSet<String>,
    failures: &mut Failures,
) -> Vec<Trail> {
    // To make a client takes longer than to use it.
    let clients: BTreeMap<&String, Client> = regions.iter().map(|region| (region, aws.cloudtrail(region))).collect();
    let mut trails = describe(&clients, regions, failures).await;
    let asked = trails.values().filter(|trail| trail.account() == account);
    let arns: Vec<(String, String)> = asked.map(|trail| (trail.trail_arn.clone(), trail.home_region.clone())).collect();
    let selectors = ask_each(arns, async |(arn, home)| selectors::of_trail(aws, home, arn).await).await;
    for ((arn, home), answer) in selectors {
        match answer {
            Ok(found) => {
                if let Some(trail) = trails.get_mut(&arn) {
                    (trail.event_selectors, trail.advanced_event_selectors) = (found.basic, found.advanced);
                }
            }
            Err(failure) => {
                failures.add("cloudtrail:GetEventSelectors", &home, Some(&arn), failure, &[FactKind::Selectors]);
            }
        }
    }
    let asked: Vec<(String, String)> = trails.values().flat_map(|trail| status_regions(trail, regions)).collect();
    let ask = async |(arn, region): &(String, String)| match clients.get(region) {
        Some(client) => status(client, arn).await,
        None => status(&aws.cloudtrail(region), arn).await,
    };
    for ((arn, region), answer) in ask_each(asked, ask).await {
        match answer {
            Ok(status) => {
                if let Some(trail) = trails.get_mut(&arn) {
                    trail.status.insert(region, status);
                }
            }
            Err(failure) => {
                failures.add("cloudtrail:GetTrailStatus", &region, Some(&arn), failure, &[FactKind::Status])
            }
        }
    }
    trails.into_values().collect()
}

async fn describe(
    clients: &BTreeMap<&String, Client>,
    regions: &BTreeSet<String>,
    failures: &mut Failures,
) -> BTreeMap<String, Trail> {
    let ask = async |region: &&String| {
        let call = clients[*region].describe_trails().include_shadow_trails(true).customize();
        let answer = call.interceptor(Whole::Json(&["trailList"])).send().await;
        answer.map_err(|error| CallError::of(&error))
    };
    let mut trails = BTreeMap::new();
    let call = "cloudtrail:DescribeTrails";
    for (region, answer) in ask_regions(regions, (call, FactKind::Trails), failures, ask).await {
        for trail in answer.trail_list() {
            if let Some(trail) = read(trail) {
                trails.entry(trail.trail_arn.clone()).or_insert(trail);
            } else {
                let failure = CallError::unreadable("a trail came without its ARN or home region");
                failures.add(call, region, None, failure, &[FactKind::Trails]);
            }
        }
    }
    trails
}

fn read(trail: &aws_sdk_cloudtrail::types::Trail) -> Option<Trail> {
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Some(Trail {
        trail_arn: text(trail.trail_arn())?,
        name: text(trail.name())?,
        home_region: text(trail.home_region())?,
        is_multi_region_trail: trail.is_multi_region_trail(),
        is_organization_trail: trail.is_organization_trail(),
        s3_bucket_name: text(trail.s3_bucket_name()),
        s3_key_prefix: text(trail.s3_key_prefix()),
        log_file_validation_enabled: trail.log_file_validation_enabled(),
        include_global_service_events: trail.include_global_service_events(),
        kms_key_id: text(trail.kms_key_id()),
        recursive_logging: trail.recursive_logging(),
        ..Trail::default()
    })
}

/// A single-region trail is asked at home, a multi-region one in every region that is scanned.
fn status_regions(trail: &Trail, regions: &BTreeSet<String>) -> Vec<(String, String)> {
    let asked: Vec<&String> = match trail.is_multi_region_trail {
        Some(false) => vec![&trail.home_region],
        _ => regions.iter().collect(),
    };
    asked.into_iter().map(|region| (trail.trail_arn.clone(), region.clone())).collect()
}

async fn status(client: &Client, arn: &str) -> Result<TrailStatus, CallError> {
    let call = client.get_trail_status().name(arn).customize();
    let answer = call.interceptor(Whole::Json(&["IsLogging"])).send().await;
    let status = answer.map_err(|error| CallError::of(&error))?;
    let text = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    Ok(TrailStatus {
        is_logging: status.is_logging(),
        latest_delivery_error: text(status.latest_delivery_error()),
        latest_delivery_time: status.latest_delivery_time().and_then(timestamp),
        latest_digest_delivery_error: text(status.latest_digest_delivery_error()),
        latest_digest_delivery_time: status.latest_digest_delivery_time().and_then(timestamp),
        start_logging_time: status.start_logging_time().and_then(timestamp),
        stop_logging_time: status.stop_logging_time().and_then(timestamp),
    })
}

fn timestamp(instant: &aws_sdk_cloudtrail::primitives::DateTime) -> Option<Timestamp> {
    let instant = time::UtcDateTime::from_unix_timestamp(instant.secs()).ok()?;
    Timestamp::parse(&Timestamp(instant).to_string())
}

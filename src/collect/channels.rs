//! CloudTrail channels: `ListChannels` in every region, `GetChannel` for each.
//!
//! A service-linked one takes what its selectors match to an AWS service; the others bring events of partners into event data
//! stores (CloudTrail User Guide, "Viewing service-linked channels").

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudtrail::operation::get_channel::GetChannelOutput;
use aws_sdk_cloudtrail::types::IngestionStatus;

use super::call_error::CallError;
use super::client::Aws;
use super::failures::Failures;
use super::pages::all_pages;
use super::selectors::{Answer, list};
use super::whole::Whole;
use super::{ask_each, ask_regions};
use crate::snapshot::{Channel, FactKind};

pub(super) async fn collect(aws: &Aws, regions: &BTreeSet<String>, failures: &mut Failures) -> Vec<Channel> {
    let ask = async |region: &&String| {
        let call = aws.cloudtrail(region).list_channels();
        let ask = async |token| {
            call.clone().set_next_token(token).customize().interceptor(Whole::Json(&["Channels"])).send().await
        };
        all_pages(ask, |page| page.next_token()).await
    };
    let mut arns: BTreeMap<String, String> = BTreeMap::new();
    let call = ("cloudtrail:ListChannels", FactKind::Channels);
    for (region, pages) in ask_regions(regions, call, failures, ask).await {
        for channel in pages.iter().flat_map(|page| page.channels()) {
            if let Some(arn) = channel.channel_arn() {
                arns.insert(arn.to_owned(), region.clone());
            } else {
                failures.add(call.0, region, None, CallError::unreadable("a channel came without its ARN"), &[call.1]);
            }
        }
    }
    let channels = ask_each(arns, async |(arn, region)| get(aws, region, arn).await).await;
    let mut found = Vec::new();
    for ((arn, region), channel) in channels {
        found.push(channel.unwrap_or_else(|failure| {
            failures.add("cloudtrail:GetChannel", &region, Some(&arn), failure, &[FactKind::Channels]);
            Channel { channel_arn: arn, ..Channel::default() }
        }));
    }
    found
}

async fn get(aws: &Aws, region: &str, arn: &str) -> Result<Channel, CallError> {
    let answer = Answer::default();
    let call = aws.cloudtrail(region).get_channel().channel(arn).customize().interceptor(answer.clone());
    let call = call.interceptor(Whole::Json(&["ChannelArn", "Source"]));
    let channel: GetChannelOutput = call.send().await.map_err(|error| CallError::of(&error))?;
    let members = answer.members()?;
    // A partner's has none; and what is left out here is not known.
    let config = members.get("source_config").and_then(|config| config.as_object());
    let config = config.filter(|config| config.contains_key("advanced_event_selectors"));
    let selectors = config.map(|config| list(config, "advanced_event_selectors")).transpose()?;
    // The code is that of the last failure, which a later success has overcome (API Reference, `IngestionStatus`).
    let is_failing = |status: &&IngestionStatus| {
        let times = status.latest_ingestion_success_time().zip(status.latest_ingestion_attempt_time());
        times.is_none_or(|(success, attempt)| success < attempt)
    };
    let ingestion = channel.ingestion_status().filter(is_failing);
    Ok(Channel {
        channel_arn: arn.to_owned(),
        name: channel.name().map(str::to_owned),
        source: channel.source().map(str::to_owned),
        apply_to_all_regions: channel.source_config().and_then(|config| config.apply_to_all_regions()),
        advanced_event_selectors: selectors,
        destinations: channel
            .destinations
            .as_ref()
            .map(|all| all.iter().map(|destination| destination.location().to_owned()).collect()),
        latest_ingestion_error_code: ingestion
            .and_then(|ingestion| ingestion.latest_ingestion_error_code())
            .map(str::to_owned),
    })
}

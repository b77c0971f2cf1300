//! Event data stores of CloudTrail Lake: `ListEventDataStores` in every region, `GetEventDataStore` for each.

use std::collections::{BTreeMap, BTreeSet};

use super::call_error::CallError;
use super::client::Aws;
use super::failures::Failures;
use super::pages::all_pages;
use super::selectors::{Answer, list};
use super::whole::Whole;
use super::{ask_each, ask_regions};
use crate::snapshot::{EventDataStore, FactKind};

pub(super) async fn collect(aws: &Aws, regions: &BTreeSet<String>, failures: &mut Failures) -> Vec<EventDataStore> {
    let ask = async |region: &&String| {
        let call = aws.cloudtrail(region).list_event_data_stores();
        let ask = async |token| {
            call.clone().set_next_token(token).customize().interceptor(Whole::Json(&["EventDataStores"])).send().await
        };
        all_pages(ask, |page| page.next_token()).await
    };
    // A multi-region store may be listed in more than one region.
    let mut arns: BTreeMap<String, String> = BTreeMap::new();
    let call = ("cloudtrail:ListEventDataStores", FactKind::EventDataStores);
    for (region, pages) in ask_regions(regions, call, failures, ask).await {
        for store in pages.iter().flat_map(|page| page.event_data_stores()) {
            if let Some(arn) = store.event_data_store_arn() {
                arns.insert(arn.to_owned(), region.clone());
            } else {
                let failure = CallError::unreadable("an event data store came without its ARN");
                failures.add(call.0, region, None, failure, &[call.1]);
            }
        }
    }
    let stores = ask_each(arns, async |(arn, region)| get(aws, region, arn).await).await;
    let mut found = Vec::new();
    for ((arn, region), store) in stores {
        found.push(store.unwrap_or_else(|failure| {
            failures.add("cloudtrail:GetEventDataStore", &region, Some(&arn), failure, &[FactKind::EventDataStores]);
            EventDataStore { event_data_store_arn: arn, ..EventDataStore::default() }
        }));
    }
    found
}

async fn get(aws: &Aws, region: &str, arn: &str) -> Result<EventDataStore, CallError> {
    let answer = Answer::default();
    let call =
        aws.cloudtrail(region).get_event_data_store().event_data_store(arn).customize().interceptor(answer.clone());
    let call = call.interceptor(Whole::Json(&["EventDataStoreArn", "Status", "AdvancedEventSelectors"]));
    let store = call.send().await.map_err(|error| CallError::of(&error))?;
    Ok(EventDataStore {
        event_data_store_arn: arn.to_owned(),
        name: store.name().map(str::to_owned),
        status: store.status().map(|status| status.as_str().to_owned()),
        multi_region_enabled: store.multi_region_enabled(),
        organization_enabled: store.organization_enabled(),
        advanced_event_selectors: Some(list(&answer.members()?, "advanced_event_selectors")?),
    })
}

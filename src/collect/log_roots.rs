//! What the place that a trail delivers to holds, before its days are listed.

use std::collections::BTreeSet;

use super::call_error::CallError;
use super::objects;
use crate::logs::layout;
use crate::snapshot::Trail;

/// The folders above a trail's days.
#[derive(Clone, Default)]
pub(super) struct Roots {
    /// The organization's folders that the trail delivers to, or did: `o-…`.
    pub organizations: Vec<String>,
    /// The regions that it has folders of: wherever it ever delivered. Not looked for where a trail has one region alone.
    pub regions: BTreeSet<String>,
    /// Why not all of it is known.
    pub error: Option<CallError>,
}

/// Asks S3 for the folders of the account, in the organization's folders and beside them.
pub(super) async fn look(client: &aws_sdk_s3::Client, account: &str, trail: &Trail, bucket: &str) -> Roots {
    let root = layout::root(trail.s3_key_prefix.as_deref());
    let mut roots = Roots::default();
    if trail.is_organization_trail != Some(false) {
        match folders(client, bucket, &root).await {
            Ok(found) => roots.organizations.extend(found.into_iter().filter(|folder| folder.starts_with("o-"))),
            Err(error) => roots.error = Some(error),
        }
        // For such a trail, that the account's own folder is empty does not show that nothing happened.
        if roots.error.is_none() && roots.organizations.is_empty() && trail.is_organization_trail == Some(true) {
            let why = "there is no organization's folder beside the account's".to_owned();
            roots.error = Some(CallError::unreadable(why));
        }
    }
    if trail.is_multi_region_trail != Some(false) {
        let organizations = roots.organizations.iter().map(|id| format!("{id}/"));
        for organization in organizations.chain([String::new()]) {
            match folders(client, bucket, &format!("{root}{organization}{account}/CloudTrail/")).await {
                Ok(regions) => roots.regions.extend(regions),
                Err(error) => roots.error = Some(error),
            }
        }
    }
    roots
}

/// The names of the folders right below a prefix.
async fn folders(client: &aws_sdk_s3::Client, bucket: &str, prefix: &str) -> Result<Vec<String>, CallError> {
    let mut found = Vec::new();
    let call = client.list_objects_v2().bucket(bucket).prefix(prefix).delimiter("/");
    objects::listing(call, |page| {
        let folders = page.common_prefixes().iter().filter_map(|folder| folder.prefix()?.strip_prefix(prefix));
        found.extend(folders.map(|name| name.trim_end_matches('/').to_owned()));
        Ok(())
    })
    .await?;
    Ok(found)
}

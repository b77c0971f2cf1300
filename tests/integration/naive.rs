//! A second opinion: CloudTrail's documented formula, one function for each kind of selector, on one event at a time.
//! Shares no code with the engine.

use trailcheck::aws::s3_events::Access;
use trailcheck::coverage::event::{Event, Place, Requirement};
use trailcheck::snapshot::{AdvancedEventSelector, EventSelector, FieldSelector, Trail};

/// An event is recorded by a trail in effect if it matches any of its selectors.
pub fn records(trail: &Trail, event: &Event) -> bool {
    let in_region = trail.home_region == event.region || trail.is_multi_region_trail == Some(true);
    let is_logging = trail.status.get(&event.region).is_some_and(|status| status.is_logging == Some(true));
    in_region && is_logging && selects(trail, event)
}

fn selects(trail: &Trail, event: &Event) -> bool {
    let basic = trail.event_selectors.as_deref().unwrap_or_default();
    let advanced = trail.advanced_event_selectors.as_deref().unwrap_or_default();
    basic.iter().any(|selector| basic_matches(selector, event))
        || advanced.iter().any(|selector| advanced_matches(selector, event))
}

pub fn basic_matches(selector: &EventSelector, event: &Event) -> bool {
    let direction = match selector.read_write_type.as_deref() {
        Some("ReadOnly") => event.read_only,
        Some("WriteOnly") => !event.read_only,
        _ => true,
    };
    let values = selector.data_resources.iter().filter(|r| r.kind == "AWS::S3::Object").flat_map(|r| &r.values);
    direction
        && values.into_iter().any(|value| match value.as_str() {
            "arn:aws:s3" | "arn:aws:s3:::" => true,
            value => {
                let names_a_bucket = value.strip_prefix("arn:aws:s3:::").is_some_and(|path| path.find('/') > Some(0));
                names_a_bucket && event.resource_arn.starts_with(value)
            }
        })
}

pub fn advanced_matches(selector: &AdvancedEventSelector, event: &Event) -> bool {
    selector.field_selectors.iter().all(|field| {
        let value = match field.field.as_str() {
            "eventCategory" => Some("Data"),
            "resources.type" => Some("AWS::S3::Object"),
            "readOnly" => Some(if event.read_only { "true" } else { "false" }),
            "eventName" => Some(event.event_name.as_str()),
            "resources.ARN" => Some(event.resource_arn.as_str()),
            "eventSource" => Some(event.event_source.as_str()),
            "eventType" => Some(event.event_type.as_str()),
            "userIdentity.arn" => event.user_identity_arn.as_deref(),
            "sessionCredentialFromConsole" => event.session_credential_from_console.then_some("true"),
            other => panic!("no such field: {other}"),
        };
        field_matches(field, value)
    })
}

fn field_matches(field: &FieldSelector, value: Option<&str>) -> bool {
    let has = |values: &[String], test: fn(&str, &str) -> bool| {
        value.is_some_and(|value| values.iter().any(|wanted| test(value, wanted)))
    };
    let equals = |value: &str, wanted: &str| value == wanted;
    let starts = |value: &str, wanted: &str| value.starts_with(wanted);
    let ends = |value: &str, wanted: &str| value.ends_with(wanted);
    let no_select = field.equals.is_empty() && field.starts_with.is_empty() && field.ends_with.is_empty();
    let selected = has(&field.equals, equals) || has(&field.starts_with, starts) || has(&field.ends_with, ends);
    let deselected =
        has(&field.not_equals, equals) || has(&field.not_starts_with, starts) || has(&field.not_ends_with, ends);
    (no_select || selected) && !deselected
}

/// Event names as AWS documents them, with their `readOnly`; `None`: either.
pub fn documented(name: &str) -> Option<Option<bool>> {
    match name {
        "GetObject" | "ListObjects" | "HeadObject" | "ListObjectVersions" | "ListParts" | "GetObjectAcl"
        | "GetObjectTagging" | "HeadBucket" => Some(Some(true)),
        "PutObject"
        | "CreateMultipartUpload"
        | "UploadPart"
        | "CompleteMultipartUpload"
        | "DeleteObject"
        | "DeleteObjects"
        | "CopyObject"
        | "UploadPartCopy"
        | "PutObjectAcl" => Some(Some(false)),
        "SelectObjectContent" => Some(None),
        _ => None,
    }
}

/// Whether the event is one that the requirement speaks of.
pub fn requires(requirement: &Requirement, event: &Event) -> bool {
    let name = event.event_name.as_str();
    // A copy reads its source, and its record is not readOnly; SelectObjectContent reads, whatever its record says.
    let reads = event.read_only || ["CopyObject", "UploadPartCopy", "SelectObjectContent"].contains(&name);
    let writes = !event.read_only && name != "SelectObjectContent";
    let direction = match requirement.access {
        Access::Read => reads,
        Access::Write => writes,
        Access::All => true,
    };
    let path = format!("arn:aws:s3:::{}/", requirement.location.bucket);
    let is_listing = ["ListObjects", "ListObjectVersions"].contains(&name);
    let is_of_bucket = ["HeadBucket", "DeleteObjects"].contains(&name);
    let prefix = &requirement.location.prefix;
    let placed = event.resource_arn.strip_prefix(&path).is_some_and(|key| match requirement.place {
        Place::Above => is_listing && prefix.starts_with(key) && key != prefix,
        Place::Within if is_of_bucket => prefix.is_empty(),
        Place::Within => key.starts_with(prefix) && (is_listing || !key.is_empty()),
    });
    let who = match &requirement.role {
        None => event.user_identity_arn.as_deref() != Some(""),
        Some(role) => {
            let sessions = format!("arn:aws:sts::{}:assumed-role/{}/", role.account, role.name);
            let session = event.user_identity_arn.as_deref().and_then(|arn| arn.strip_prefix(sessions.as_str()));
            // Each key of a DeleteObjects has a record of its own, made by the service.
            let is_type = event.event_type == "AwsApiCall"
                || (event.event_type == "AwsServiceEvent" && event.event_name == "DeleteObject");
            session.is_some_and(|session| !session.is_empty()) && is_type && !event.session_credential_from_console
        }
    };
    let known = documented(name);
    let is_named = match known {
        Some(Some(read_only)) => read_only == event.read_only,
        Some(None) | None => !name.is_empty(),
    };
    let source = match event.event_source.as_str() {
        "s3.amazonaws.com" => true,
        // By a lifecycle rule objects are written, expired or moved; a request that was refused has a name of its own.
        "s3lifecycle.amazonaws.com" => {
            let is_other =
                is_listing || is_of_bucket || ["CopyObject", "UploadPartCopy", "SelectObjectContent"].contains(&name);
            requirement.role.is_none() && !event.read_only && !is_other
        }
        "s3-authn-errors.amazonaws.com" => requirement.role.is_none() && known.is_none(),
        _ => false,
    };
    direction
        && placed
        && who
        && is_named
        && source
        && event.region == requirement.region
        && !event.event_type.is_empty()
}

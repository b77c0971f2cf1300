//! What a record says of its own kind.

use super::super::changes;
use super::super::json::Member;
use super::resource_list::ResourceList;
use crate::aws::s3_events::EVENT_SOURCES;

/// What a record is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A data event of a general purpose bucket.
    S3Data,
    /// A call of CloudTrail's own API, which may change what is recorded.
    CloudTrail,
    /// An event notification of S3, which is no record of CloudTrail.
    Notification,
    /// Something else for certain.
    Other,
    /// It does not say, and may be an access.
    Unclear,
}

/// The members that tell the kind, by what they mean.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Traits {
    pub version: Member<Structure>,
    pub source: Member<Source>,
    pub event_type: Member<EventType>,
    pub category: Member<Category>,
    /// `managementEvent`, as it is.
    pub management: Member<bool>,
}

/// `eventVersion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Structure {
    Known,
    Unknown,
}

/// `eventSource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    S3,
    CloudTrail,
    Notification,
    Other,
}

/// `eventType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventType {
    /// No single call: aggregated events, Insights, network activity.
    Derived,
    Other,
}

/// `eventCategory`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    Data,
    Other,
    Unknown,
}

impl Structure {
    /// "The major version is incremented if a change is made to the event structure that is not backward-compatible."
    pub(super) fn of(version: &str) -> Structure {
        if version == "1" || version.starts_with("1.") { Structure::Known } else { Structure::Unknown }
    }
}

impl Source {
    pub(super) fn of(source: &str) -> Source {
        match source {
            changes::EVENT_SOURCE => Source::CloudTrail,
            "aws:s3" => Source::Notification,
            source if EVENT_SOURCES.contains(&source) => Source::S3,
            _ => Source::Other,
        }
    }
}

impl EventType {
    pub(super) fn of(event_type: &str) -> EventType {
        match event_type {
            "AwsAggregatedEvent" | "AwsCloudTrailInsight" | "AwsVpceEvent" => EventType::Derived,
            _ => EventType::Other,
        }
    }
}

impl Category {
    pub(super) fn of(category: &str) -> Category {
        match category {
            "Data" => Category::Data,
            "Management" | "Insight" | "NetworkActivity" | "Aggregated" => Category::Other,
            _ => Category::Unknown,
        }
    }
}

impl Traits {
    /// As almost every data event of S3 has them.
    const USUAL: Traits = Traits {
        version: Member::Is(Structure::Known),
        source: Member::Is(Source::S3),
        event_type: Member::Is(EventType::Other),
        category: Member::Is(Category::Data),
        management: Member::Is(false),
    };

    /// Before eventVersion 1.07 there is no `eventCategory`, and before 1.06 no `managementEvent`: then what the rest of
    /// the record looks like decides (`None`: that is not as it should be).
    pub(super) fn kind(&self, looks_like_data: impl FnOnce() -> Option<bool>, resources: &ResourceList) -> Kind {
        if *self == Traits::USUAL {
            return Kind::S3Data;
        }
        match self.source.get() {
            Some(Some(Source::S3)) => {}
            Some(Some(Source::Notification)) => return Kind::Notification,
            // A data event about an S3 object is an access, whoever tells of it.
            Some(Some(Source::Other | Source::CloudTrail)) if self.may_be_of(resources) => return Kind::Unclear,
            Some(Some(Source::CloudTrail)) => return Kind::CloudTrail,
            Some(Some(Source::Other)) => return Kind::Other,
            // Insights have none; any other record without one is none that is documented.
            Some(None) if self.event_type == Member::Is(EventType::Derived) => return Kind::Other,
            Some(None) | None => return Kind::Unclear,
        }
        let (Some(version), Some(event_type), Some(category), Some(management)) =
            (self.version.get(), self.event_type.get(), self.category.get(), self.management.get())
        else {
            return Kind::Unclear;
        };
        if event_type == Some(EventType::Derived) {
            return Kind::Other;
        }
        if version == Some(Structure::Unknown) {
            return Kind::Unclear;
        }
        let is_data = match (category, management) {
            (Some(Category::Data), _) => Some(true),
            (Some(Category::Other), _) => Some(false),
            (Some(Category::Unknown), _) => None,
            (None, Some(management)) => Some(!management),
            (None, None) => looks_like_data(),
        };
        match is_data {
            Some(true) => Kind::S3Data,
            Some(false) => Kind::Other,
            None => Kind::Unclear,
        }
    }

    /// Whether it may be a data event about S3, by what it names and whatever its source.
    fn may_be_of(&self, resources: &ResourceList) -> bool {
        match self.category.get() {
            Some(Some(Category::Data)) => resources.has_objects() || !resources.buckets.is_empty(),
            Some(Some(Category::Other)) => false,
            Some(None) => resources.has_objects() && self.management.get() != Some(Some(true)),
            Some(Some(Category::Unknown)) | None => resources.has_objects(),
        }
    }
}

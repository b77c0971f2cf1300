//! What there is in AWS: accounts, their organization, and what it holds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::redshift_data::History;

#[derive(Debug, Clone, Default)]
pub struct World {
    /// The account of the credentials that the program starts with.
    pub caller: String,
    pub accounts: BTreeMap<String, Account>,
    pub organization: Option<Organization>,
    /// Objects by `bucket/key`.
    pub objects: BTreeMap<String, Object>,
    /// What ListPublicKeys answers.
    pub public_keys: Option<Value>,
}

#[derive(Debug, Clone)]
pub struct Organization {
    pub management: String,
    /// Delegated administrators of CloudTrail.
    pub administrators: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Account {
    pub state: &'static str,
    /// It is in the organization, where there is one.
    pub is_member: bool,
    /// The audit role trusts the caller.
    pub is_open: bool,
    pub regions: BTreeSet<String>,
    /// Name and region.
    pub buckets: Vec<(String, String)>,
    pub trails: Vec<Trail>,
    pub stores: Vec<Store>,
    pub channels: Vec<Channel>,
    /// Name, region, and roles.
    pub clusters: Vec<(String, String, Vec<String>)>,
    pub namespaces: Vec<Namespace>,
    /// Clusters that are paused.
    pub paused: BTreeSet<String>,
    /// What clusters say that they ran.
    pub histories: Vec<History>,
    /// What DescribeLoggingStatus answers of a cluster, as XML; of one that is not here logging is off.
    pub logging: BTreeMap<String, String>,
    /// By cluster, the value of `enable_user_activity_logging`; left out: true.
    pub user_activity: BTreeMap<String, &'static str>,
    /// By cluster or namespace, the entries of its user activity log in CloudWatch Logs.
    pub activity_events: BTreeMap<String, Vec<String>>,
    /// Source and target of integrations, and their region.
    pub integrations: Vec<(String, String, String)>,
}

#[derive(Debug, Clone)]
pub struct Trail {
    pub name: String,
    pub home: String,
    pub is_multi_region: bool,
    pub is_organizations: bool,
    pub bucket: String,
    pub validation: bool,
    /// What GetEventSelectors answers.
    pub selectors: Value,
    /// Where it does not log.
    pub stopped: BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct Store {
    pub name: String,
    pub home: String,
    pub is_organizations: bool,
    pub selectors: Value,
}

/// Of Redshift Serverless, with its workgroup.
#[derive(Debug, Clone)]
pub struct Namespace {
    pub name: &'static str,
    pub workgroup: &'static str,
    pub region: &'static str,
    pub roles: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct Channel {
    /// The last part of its ARN.
    pub id: &'static str,
    pub home: &'static str,
    /// What GetChannel answers besides its ARN.
    pub answer: Value,
}

impl Channel {
    /// A service-linked channel for all events of a bucket.
    pub fn of(id: &'static str, home: &'static str, bucket: &str) -> Channel {
        let fields = json!([
            {"Field": "eventCategory", "Equals": ["Data"]},
            {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
            {"Field": "resources.ARN", "StartsWith": [format!("arn:aws:s3:::{bucket}/")]},
        ]);
        let answer = json!({
            "Name": format!("aws-service-channel/cloudwatch/{id}"), "Source": "CloudTrail",
            "SourceConfig": {"ApplyToAllRegions": true, "AdvancedEventSelectors": [{"FieldSelectors": fields}]},
            "Destinations": [{"Type": "AWS_SERVICE", "Location": "cloudwatch"}],
        });
        Channel { id, home, answer }
    }

    pub fn with(mut self, member: &str, value: Value) -> Channel {
        self.answer[member] = value;
        self
    }

    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:cloudtrail:{}:{account}:channel/{}", self.home, self.id)
    }
}

#[derive(Debug, Clone, Default)]
pub struct Object {
    pub bytes: Vec<u8>,
    pub metadata: BTreeMap<String, String>,
}

impl Account {
    pub fn in_regions(regions: &[&str]) -> Account {
        Account {
            state: "ACTIVE",
            is_member: true,
            is_open: true,
            regions: regions.iter().map(|region| (*region).to_owned()).collect(),
            buckets: vec![],
            trails: vec![],
            stores: vec![],
            channels: vec![],
            clusters: vec![],
            namespaces: vec![],
            paused: BTreeSet::new(),
            histories: vec![],
            logging: BTreeMap::new(),
            user_activity: BTreeMap::new(),
            activity_events: BTreeMap::new(),
            integrations: vec![],
        }
    }

    pub fn with_bucket(mut self, name: &str, region: &str) -> Account {
        self.buckets.push((name.to_owned(), region.to_owned()));
        self
    }

    pub fn with_trail(mut self, trail: Trail) -> Account {
        self.trails.push(trail);
        self
    }

    pub fn with_channel(mut self, channel: Channel) -> Account {
        self.channels.push(channel);
        self
    }

    pub fn with_cluster(mut self, name: &str, region: &str, role: &str) -> Account {
        self.clusters.push((name.to_owned(), region.to_owned(), vec![role.to_owned()]));
        self
    }
}

impl Trail {
    /// A trail of one region that records all events of these buckets.
    pub fn of(name: &str, home: &str, bucket: &str, recorded: &[&str]) -> Trail {
        let values: Vec<String> = recorded.iter().map(|name| format!("arn:aws:s3:::{name}/")).collect();
        Trail {
            name: name.to_owned(),
            home: home.to_owned(),
            is_multi_region: false,
            is_organizations: false,
            bucket: bucket.to_owned(),
            validation: false,
            selectors: json!({"EventSelectors": [{
                "ReadWriteType": "All", "IncludeManagementEvents": true,
                "DataResources": [{"Type": "AWS::S3::Object", "Values": values}],
            }]}),
            stopped: BTreeSet::new(),
        }
    }

    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:cloudtrail:{}:{account}:trail/{}", self.home, self.name)
    }

    pub fn multi_region(self) -> Trail {
        Trail { is_multi_region: true, ..self }
    }

    pub fn of_organization(self) -> Trail {
        Trail { is_organizations: true, ..self }
    }

    pub fn validated(self) -> Trail {
        Trail { validation: true, ..self }
    }

    pub fn stopped_in(mut self, region: &str) -> Trail {
        self.stopped.insert(region.to_owned());
        self
    }
}

impl World {
    pub fn of(caller: &str) -> World {
        World { caller: caller.to_owned(), ..World::default() }
    }

    pub fn with(mut self, id: &str, account: Account) -> World {
        self.accounts.insert(id.to_owned(), account);
        self
    }

    pub fn with_stranger(self, id: &str, account: Account) -> World {
        self.with(id, Account { is_member: false, ..account })
    }

    pub fn with_organization(self, management: &str, administrators: &[&str]) -> World {
        let administrators = administrators.iter().map(|id| (*id).to_owned()).collect();
        World { organization: Some(Organization { management: management.to_owned(), administrators }), ..self }
    }

    /// The trails that the account sees, each with the account that owns it: an organization's shows in all of its members.
    pub fn seen_by<'a>(&'a self, account: &'a str) -> impl Iterator<Item = (&'a str, &'a Trail)> {
        let all =
            self.accounts.iter().flat_map(|(owner, of)| of.trails.iter().map(move |trail| (owner.as_str(), trail)));
        let is_member =
            self.organization.is_some() && self.accounts.get(account).is_some_and(|account| account.is_member);
        all.filter(move |(owner, trail)| *owner == account || (trail.is_organizations && is_member))
    }

    /// Whether the account may read the selectors of a trail of this owner.
    pub fn may_read(&self, account: &str, owner: &str) -> bool {
        let administers = |organization: &Organization| {
            organization.management == account || organization.administrators.iter().any(|id| id == account)
        };
        account == owner || self.organization.as_ref().is_some_and(administers)
    }

    /// The bucket's owner and region.
    pub fn bucket(&self, name: &str) -> Option<(&str, &str)> {
        self.accounts.iter().find_map(|(owner, account)| {
            let (_, region) = account.buckets.iter().find(|(bucket, _)| bucket == name)?;
            Some((owner.as_str(), region.as_str()))
        })
    }
}

//! What AWS answers where nothing fails, in the shapes of its API references.

use serde_json::{Value, json};

use super::Call;
use super::http::{Answer, Request, form};
use super::objects;
use super::world::{Account, Store, Trail, World};
use super::{redshift, redshift_data};

/// Where the shape of refusals is not told apart here, a fault makes it.
pub fn answer(world: &World, call: &Call, request: &Request) -> Answer {
    let Some(account) = world.accounts.get(&call.account) else {
        return refused("UnrecognizedClientException", "no such account");
    };
    let body = || serde_json::from_str(&request.body).unwrap_or(Value::Null);
    match (&*call.service, &*call.operation) {
        ("sts", "GetCallerIdentity") => caller_identity(world, call),
        ("sts", "AssumeRole") => assume_role(world, call, request),
        ("organizations", operation) => of_organization(world, call, operation),
        ("account", "ListRegions") => Answer::json(&regions(account)),
        ("cloudtrail", operation) => cloudtrail(world, call, operation, &body()),
        ("redshift", "DescribeClusters") => Answer::xml(&clusters(account, &call.region)),
        ("redshift", "DescribeIntegrations") => Answer::xml(&redshift::integrations(account, &call.region)),
        ("redshift", "DescribeLoggingStatus") => redshift::logging_status(account, request),
        ("redshift", "DescribeClusterParameters") => redshift::parameters(account, request),
        ("logs", "FilterLogEvents") => redshift::log_events(account, &body()),
        ("redshift-data", operation) => redshift_data::answer(account, operation, &body()),
        ("redshift-serverless", "ListNamespaces") => Answer::json(&namespaces(account, &call.region)),
        ("redshift-serverless", "ListWorkgroups") => Answer::json(&workgroups(account, &call.region)),
        ("s3", "ListBuckets") => Answer::xml(&buckets(account)),
        ("s3", "HeadBucket") => head_bucket(world, call, request),
        ("s3", "ListObjectsV2") => objects::list(world, request),
        ("s3", "GetObject") => objects::get(world, request),
        (service, operation) => refused("NotScripted", &format!("{service}:{operation}")),
    }
}

/// A refusal of a JSON service.
pub fn refused(code: &str, message: &str) -> Answer {
    Answer { status: 400, ..Answer::json(&json!({"__type": code, "message": message})) }
}

fn refused_in_xml(status: u16, code: &str, message: &str) -> Answer {
    let body = format!("<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>");
    Answer { status, ..Answer::xml(&body) }
}

fn caller_identity(world: &World, call: &Call) -> Answer {
    let account = &call.account;
    let arn = match *account == world.caller {
        true => format!("arn:aws:iam::{account}:user/auditor"),
        false => format!("arn:aws:sts::{account}:assumed-role/audit/trailcheck"),
    };
    Answer::xml(&format!(
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>A</UserId>\
         <Account>{account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    ))
}

fn assume_role(world: &World, call: &Call, request: &Request) -> Answer {
    let role = form(&request.body).remove("RoleArn").unwrap_or_default();
    let id = role.split(':').nth(4).unwrap_or_default();
    match world.accounts.get(id) {
        Some(account) if account.is_open && account.state == "ACTIVE" => {}
        _ => {
            let message =
                format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {role}", call.account);
            return refused_in_xml(403, "AccessDenied", &message);
        }
    }
    let key = request.header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest);
    let script = key.split('-').nth(1).unwrap_or_default();
    let end = time::OffsetDateTime::now_utc() + time::Duration::HOUR;
    let end = end.format(&time::format_description::well_known::Rfc3339).unwrap();
    Answer::xml(&format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>script-{script}-{id}</AccessKeyId>\
         <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>{end}</Expiration></Credentials>\
         <AssumedRoleUser><AssumedRoleId>A:t</AssumedRoleId><Arn>{role}</Arn></AssumedRoleUser>\
         </AssumeRoleResult></AssumeRoleResponse>"
    ))
}

fn of_organization(world: &World, call: &Call, operation: &str) -> Answer {
    let Some(organization) = &world.organization else {
        return refused("AWSOrganizationsNotInUseException", "Your account is not a member of an organization.");
    };
    let may_ask = organization.management == call.account || organization.administrators.contains(&call.account);
    let member = |(id, account): (&String, &Account)| {
        let path = format!("o-script/r-root/ou-all/{id}/");
        json!({"Id": id, "Name": format!("account {id}"), "State": account.state, "Status": account.state, "Paths": [path]})
    };
    match operation {
        "DescribeOrganization" => Answer::json(&json!({"Organization": {
            "Id": "o-script", "MasterAccountId": organization.management,
        }})),
        _ if !may_ask => refused("AccessDeniedException", "You don't have permissions to access this resource."),
        "ListAccounts" => Answer::json(
            &json!({"Accounts": world.accounts.iter().filter(|(_, account)| account.is_member).map(member).collect::<Vec<_>>()}),
        ),
        "ListDelegatedAdministrators" => {
            let each = organization.administrators.iter().map(|id| json!({"Id": id}));
            Answer::json(&json!({"DelegatedAdministrators": each.collect::<Vec<_>>()}))
        }
        other => refused("NotScripted", other),
    }
}

fn regions(account: &Account) -> Value {
    let each = account.regions.iter().map(|name| json!({"RegionName": name, "RegionOptStatus": "ENABLED_BY_DEFAULT"}));
    json!({"Regions": each.collect::<Vec<_>>()})
}

fn cloudtrail(world: &World, call: &Call, operation: &str, body: &Value) -> Answer {
    let (account, region) = (&*call.account, &*call.region);
    let stores = || world.accounts.iter().flat_map(|(owner, of)| of.stores.iter().map(move |store| (owner, store)));
    match operation {
        "DescribeTrails" => {
            let here = world.seen_by(account).filter(|(_, trail)| trail.is_multi_region || trail.home == region);
            Answer::json(&json!({"trailList": here.map(|(owner, trail)| described(trail, owner)).collect::<Vec<_>>()}))
        }
        "GetEventSelectors" | "GetTrailStatus" => {
            let arn = [&body["TrailName"], &body["Name"]].into_iter().find_map(Value::as_str).unwrap_or_default();
            let found = world.seen_by(account).find(|(owner, trail)| trail.arn(owner) == arn);
            let Some((owner, trail)) = found else {
                return refused("TrailNotFoundException", &format!("Unknown trail: {arn}"));
            };
            match operation {
                "GetTrailStatus" => Answer::json(&status(trail, region)),
                _ if world.may_read(account, owner) => Answer::json(&with_arn(&trail.selectors, arn)),
                _ => refused("AccessDeniedException", "the trail is another account's"),
            }
        }
        "ListEventDataStores" => {
            let here = stores().filter(|(owner, store)| *owner == account && store.home == region);
            let each =
                here.map(|(owner, store)| json!({"EventDataStoreArn": store_arn(store, owner), "Name": store.name}));
            Answer::json(&json!({"EventDataStores": each.collect::<Vec<_>>()}))
        }
        "GetEventDataStore" => {
            let arn = body["EventDataStore"].as_str().unwrap_or_default();
            match stores().find(|(owner, store)| store_arn(store, owner) == arn) {
                Some((_, store)) => Answer::json(&json!({
                    "EventDataStoreArn": arn, "Name": store.name, "Status": "ENABLED", "MultiRegionEnabled": true,
                    "OrganizationEnabled": store.is_organizations, "AdvancedEventSelectors": store.selectors,
                })),
                None => refused("EventDataStoreNotFoundException", arn),
            }
        }
        "ListChannels" => {
            let here = world.accounts[account].channels.iter().filter(|channel| channel.home == region);
            let each = here.map(|channel| json!({"ChannelArn": channel.arn(account), "Name": channel.answer["Name"]}));
            Answer::json(&json!({"Channels": each.collect::<Vec<_>>()}))
        }
        "GetChannel" => {
            let arn = body["Channel"].as_str().unwrap_or_default();
            match world.accounts[account].channels.iter().find(|channel| channel.arn(account) == arn) {
                Some(channel) => {
                    let mut answer = channel.answer.clone();
                    answer["ChannelArn"] = json!(arn);
                    Answer::json(&answer)
                }
                None => refused("ChannelNotFoundException", arn),
            }
        }
        "ListPublicKeys" => Answer::json(world.public_keys.as_ref().unwrap_or(&json!({"PublicKeyList": []}))),
        other => refused("NotScripted", other),
    }
}

fn described(trail: &Trail, owner: &str) -> Value {
    json!({
        "Name": trail.name, "S3BucketName": trail.bucket, "IncludeGlobalServiceEvents": true,
        "IsMultiRegionTrail": trail.is_multi_region, "HomeRegion": trail.home, "TrailARN": trail.arn(owner),
        "LogFileValidationEnabled": trail.validation, "HasCustomEventSelectors": true, "HasInsightSelectors": false,
        "IsOrganizationTrail": trail.is_organizations,
    })
}

fn status(trail: &Trail, region: &str) -> Value {
    let now = time::OffsetDateTime::now_utc().unix_timestamp();
    match trail.stopped.contains(region) {
        true => json!({"IsLogging": false, "StopLoggingTime": now - 86_400}),
        false => json!({"IsLogging": true, "StartLoggingTime": now - 9_000_000, "LatestDeliveryTime": now - 300}),
    }
}

fn with_arn(selectors: &Value, arn: &str) -> Value {
    let mut answer = selectors.clone();
    answer["TrailARN"] = json!(arn);
    answer
}

fn store_arn(store: &Store, owner: &str) -> String {
    format!("arn:aws:cloudtrail:{}:{owner}:eventdatastore/{}", store.home, store.name)
}

fn clusters(account: &Account, region: &str) -> String {
    let role = |arn: &String| {
        format!("<ClusterIamRole><IamRoleArn>{arn}</IamRoleArn><ApplyStatus>in-sync</ApplyStatus></ClusterIamRole>")
    };
    let here = account.clusters.iter().filter(|(_, of, _)| of == region);
    let each: String = here
        .map(|(name, _, roles)| {
            let arn = redshift::namespace_arn(name, region);
            let status = if account.paused.contains(name) { "paused" } else { "available" };
            let roles: String = roles.iter().map(role).collect();
            format!("<Cluster><ClusterIdentifier>{name}</ClusterIdentifier><ClusterStatus>{status}</ClusterStatus><DBName>dev</DBName>\
                 <ClusterNamespaceArn>{arn}</ClusterNamespaceArn><ClusterParameterGroups><ClusterParameterGroup>\
                 <ParameterGroupName>{name}-group</ParameterGroupName><ParameterApplyStatus>in-sync</ParameterApplyStatus>\
                 </ClusterParameterGroup></ClusterParameterGroups><IamRoles>{roles}</IamRoles></Cluster>")
        })
        .collect();
    format!(
        "<DescribeClustersResponse><DescribeClustersResult><Clusters>{each}</Clusters></DescribeClustersResult>\
         </DescribeClustersResponse>"
    )
}

fn namespaces(account: &Account, region: &str) -> Value {
    let here = account.namespaces.iter().filter(|namespace| namespace.region == region);
    let each = here.map(|namespace| {
        json!({
            "namespaceName": namespace.name, "iamRoles": namespace.roles, "dbName": "dev",
            "logExports": account.activity_events.get(namespace.name).map_or(json!([]), |_| json!(["useractivitylog"])),
        })
    });
    json!({"namespaces": each.collect::<Vec<_>>()})
}

fn workgroups(account: &Account, region: &str) -> Value {
    let here = account.namespaces.iter().filter(|namespace| namespace.region == region);
    let each = here.map(|namespace| {
        json!({
            "workgroupName": namespace.workgroup, "namespaceName": namespace.name,
            "configParameters": [{"parameterKey": "enable_user_activity_logging", "parameterValue": "true"}],
        })
    });
    json!({"workgroups": each.collect::<Vec<_>>()})
}

fn buckets(account: &Account) -> String {
    let bucket = |(name, region): &(String, String)| {
        format!("<Bucket><Name>{name}</Name><BucketRegion>{region}</BucketRegion></Bucket>")
    };
    let each: String = account.buckets.iter().map(bucket).collect();
    format!("<ListAllMyBucketsResult><Buckets>{each}</Buckets></ListAllMyBucketsResult>")
}

/// Its region comes with whatever it answers; that the caller owns it only in its own region.
fn head_bucket(world: &World, call: &Call, request: &Request) -> Answer {
    let name = request.path.trim_matches('/');
    let Some((owner, region)) = world.bucket(name) else { return Answer::new(404, "application/xml", "") };
    let expected = request.header("x-amz-expected-bucket-owner");
    let status = match () {
        _ if region != call.region => 301,
        _ if !expected.is_empty() && expected != owner => 403,
        _ => 200,
    };
    Answer::new(status, "application/xml", "").with("x-amz-bucket-region", region)
}

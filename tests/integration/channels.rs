//! Service-linked channels: recorders where the config says so, and nothing of what they are not.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::program::{Workplace, finding};
use crate::scripted::fault::Fault;
use crate::scripted::world::{Account, Channel, Trail, World};
use crate::scripted::{Rule, Script};

const ACCOUNT: &str = "111111111111";
const CHANNELS: &str = "[scan]\nrecorders = [\"trail\", \"channel\"]\n";
const UNLOAD: &str = "[[redshift.unload]]\nlocation = \"s3://b/\"\n";

fn script(channel: Channel) -> Script {
    let account = Account::in_regions(&["eu-west-1", "us-east-1"]).with_bucket("b", "eu-west-1").with_channel(channel);
    of(account)
}

fn of(account: Account) -> Script {
    Script::of(&Arc::new(World::of(ACCOUNT).with(ACCOUNT, account)))
}

fn check(script: Script, config: &str) -> Value {
    let (workplace, _) = Workplace::playing(script, &format!("{config}{UNLOAD}"));
    workplace.check(&[]).0
}

/// The outcome for the bucket `b`, and why.
fn recorded(script: Script, config: &str) -> (String, String) {
    let report = check(script, config);
    let found = finding(&report, "coverage/unload_recorded", "s3://b/");
    (found["outcome"].as_str().unwrap().to_owned(), found["message"].as_str().unwrap().to_owned())
}

fn linked() -> Channel {
    Channel::of("c", "us-east-1", "b")
}

#[test]
fn a_service_linked_channel_counts_where_the_config_says_so() {
    let (outcome, message) = recorded(script(linked()), CHANNELS);
    assert_eq!(outcome, "pass", "{message}");
    assert!(message.contains("aws-service-channel/cloudwatch/c"), "{message}");
    let (outcome, message) = recorded(script(linked()), "");
    assert_eq!(outcome, "fail", "{message}");
}

#[test]
fn what_a_channel_does_not_take_is_a_gap() {
    let of_one_region = json!({"ApplyToAllRegions": false, "AdvancedEventSelectors": linked().answer["SourceConfig"]["AdvancedEventSelectors"]});
    for (channel, why) in [
        (linked().with("Source", json!("Custom")), "events of Custom"),
        (linked().with("SourceConfig", of_one_region), "single-region channel of us-east-1"),
        (Channel::of("c", "us-east-1", "other"), "resources.ARN"),
    ] {
        let (outcome, message) = recorded(script(channel), CHANNELS);
        assert_eq!(outcome, "fail", "{message}");
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn what_is_not_known_of_a_channel_is_no_gap_and_no_pass() {
    let failing = linked().with("IngestionStatus", json!({"LatestIngestionErrorCode": "AccessDenied"}));
    let untold = linked().with("SourceConfig", json!({"AdvancedEventSelectors": null}));
    let overcome = json!({"LatestIngestionErrorCode": "AccessDenied",
        "LatestIngestionAttemptTime": 1_795_330_800, "LatestIngestionSuccessTime": 1_795_330_800});
    let (outcome, message) = recorded(script(linked().with("IngestionStatus", overcome)), CHANNELS);
    assert_eq!(outcome, "pass", "{message}");
    for (script, why) in [
        (script(failing), "its last try to take events in failed: AccessDenied"),
        (script(untold), "its event selectors could not be read"),
        (script(linked()).with(Rule::on("GetChannel", Fault::Denied)), "cloudtrail:GetChannel"),
        (script(linked()).with(Rule::on("ListChannels", Fault::Denied)), "cloudtrail:ListChannels"),
    ] {
        let (outcome, message) = recorded(script, CHANNELS);
        assert_eq!(outcome, "unknown", "{message}");
        assert!(message.contains(why), "{message}");
    }
}

/// A channel is no second copy that is paid for.
#[test]
fn a_trail_beside_a_channel_records_once() {
    let account = Account::in_regions(&["eu-west-1", "us-east-1"])
        .with_bucket("b", "eu-west-1")
        .with_trail(Trail::of("t", "eu-west-1", "logs", &["b"]))
        .with_channel(linked());
    let report = check(of(account), CHANNELS);
    assert_eq!(finding(&report, "coverage/recorded_once", "s3://b/")["outcome"], "pass");
}

/// What is not known of channels, and partners' channels, stand in the way of no other answer.
#[test]
fn channels_that_do_not_matter_leave_other_answers_alone() {
    let account = |channel: Channel| {
        Account::in_regions(&["eu-west-1", "us-east-1"])
            .with_bucket("b", "eu-west-1")
            .with_cluster("warehouse", "eu-west-1", "arn:aws:iam::111111111111:role/loader")
            .with_trail(Trail::of("t", "eu-west-1", "logs", &["b"]))
            .with_channel(channel)
    };
    let partners = linked().with("Source", json!("Custom")).with("SourceConfig", json!(null));
    let denied = Rule::on("ListChannels", Fault::Denied);
    for (channel, rule) in [(partners, None), (linked(), Some(denied))] {
        let report = check(rule.into_iter().fold(of(account(channel)), Script::with), CHANNELS);
        for policy in ["coverage/unload_recorded", "coverage/recorded_once", "placement/same_region"] {
            assert_eq!(finding(&report, policy, "s3://b/")["outcome"], "pass", "{policy}: {report:#}");
        }
    }
}

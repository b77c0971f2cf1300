//! Is a location recorded? The snapshot's part of the question; `coverage` answers it.

use std::rc::Rc;

use serde_json::{Value, json};

use super::{Judgement, View};
use crate::arn::RoleArn;
use crate::config::RecorderKind;
use crate::coverage::event::{Access, Event, Requirement};
use crate::coverage::fix::{self, Fix};
use crate::coverage::prove::{Gap, Part, RecorderSet, Share, Verdict};
use crate::coverage::recorder::{Effect, Recorder, Scene};
use crate::location::Location;
use crate::snapshot::{FactKind, Trail};

impl View<'_> {
    /// The bucket's region, or why it is not known.
    pub fn bucket_region(&self, bucket: &str) -> Result<String, String> {
        let found = self.snapshot.bucket(bucket).and_then(|found| found.region.clone());
        let region =
            found.ok_or_else(|| self.why(FactKind::Buckets, Some(bucket), "the bucket's region is not known"))?;
        if self.snapshot.scope.regions.contains(&region) {
            return Ok(region);
        }
        Err(format!("the bucket is in {region}, which was not scanned; add it to scan.regions"))
    }

    /// Every trail, and event data store where they count, as a recorder of events at this bucket; and stand-ins for those
    /// that may exist but could not be seen. `Err`: why it cannot be told whose trails record there.
    pub fn recorders_at(&self, bucket: &str, region: &str, role: Option<&RoleArn>) -> Result<Rc<RecorderSet>, String> {
        let key = (region.to_owned(), self.recording_accounts(bucket, role)?);
        if let Some(set) = self.sets.borrow().get(&key) {
            return Ok(Rc::clone(set));
        }
        let set = Rc::new(RecorderSet::new(self.recorders_of(region, &key.1)));
        self.sets.borrow_mut().insert(key, Rc::clone(&set));
        Ok(set)
    }

    fn recorders_of(&self, region: &str, accounts: &[String]) -> Vec<Recorder> {
        let mut recorders = Vec::new();
        for account in accounts {
            let partition = &self.snapshot.scope.partition;
            let scene = Scene { partition, region, account, at: self.snapshot.collected_at };
            if self.recorders.contains(&RecorderKind::Trail) {
                recorders.extend(self.snapshot.trails.iter().map(|trail| self.trail_recorder(trail, scene)));
                recorders.extend(self.unseen(FactKind::Trails, region, "trails"));
            }
            if self.recorders.contains(&RecorderKind::EventDataStore) {
                match &self.snapshot.event_data_stores {
                    Some(stores) => {
                        recorders.extend(stores.iter().map(|store| Recorder::of_event_data_store(store, scene)));
                    }
                    None => recorders.push(Recorder::unseen(
                        "event data stores".to_owned(),
                        "they were not collected; list event_data_store in scan.recorders when collecting".to_owned(),
                    )),
                }
                recorders.extend(self.unseen(FactKind::EventDataStores, region, "event data stores"));
                recorders.extend(self.store_of_organization(account));
            }
        }
        recorders
    }

    /// `recorded`, `gap` or `unknown`, with the proof.
    pub fn coverage(&self, location: &Location, access: Access, role: Option<&RoleArn>) -> Judgement {
        let partition = &self.snapshot.scope.partition;
        if let Some(role) = role.filter(|role| &role.partition != partition) {
            return unknown(&[format!("the role {role} is of another partition than the scan ({partition})")]);
        }
        let recorders = self
            .bucket_region(&location.bucket)
            .and_then(|region| Ok((self.recorders_at(&location.bucket, &region, role)?, region)));
        let (recorders, region) = match recorders {
            Ok(found) => found,
            Err(reason) => return unknown(&[reason]),
        };
        let requirement = |access: Access| Requirement {
            partition: self.snapshot.scope.partition.clone(),
            region: region.clone(),
            location: location.clone(),
            access,
            role: role.cloned(),
        };
        match recorders.prove(&requirement(access)) {
            Verdict::Unknown(reasons) => unknown(&reasons),
            Verdict::Recorded(parts) => recorded(access, &region, &parts),
            Verdict::Gap(gap) => {
                let mut evidence = json!({
                    "region": region,
                    "witness": gap.witness,
                    "missed_by": missed_by(&gap),
                    "fix": self.fix(&requirement(access), &recorders),
                });
                for (name, part) in [("reads", Access::Read), ("writes", Access::Write)] {
                    if access == part {
                        evidence[name] = "gap".into();
                    } else if access == Access::All {
                        evidence[name] = word(&recorders.prove(&requirement(part))).into();
                    }
                }
                Judgement { status: "gap", message: gap_message(&gap), evidence }
            }
        }
    }

    fn fix(&self, requirement: &Requirement, recorders: &RecorderSet) -> Fix {
        let accounts = self.recording_accounts(&requirement.location.bucket, requirement.role.as_ref());
        let account = accounts.ok().and_then(|accounts| accounts.into_iter().next()).unwrap_or_default();
        let scene = Scene {
            partition: &requirement.partition,
            region: &requirement.region,
            account: &account,
            at: self.snapshot.collected_at,
        };
        fix::propose(requirement, &recorders.recorders, &self.snapshot.trails, scene)
    }

    /// The accounts whose trails record events at the bucket: its owner's record everyone's, the caller's its own
    /// (CloudTrail User Guide, "Logging data events", on other accounts' resources).
    fn recording_accounts(&self, bucket: &str, role: Option<&RoleArn>) -> Result<Vec<String>, String> {
        let scanned = |account: &str| self.snapshot.scope.accounts.iter().any(|known| known == account);
        let owner = self.snapshot.bucket(bucket).and_then(|bucket| bucket.account.clone());
        let caller = role.map(|role| role.account.clone());
        let mut accounts: Vec<String> = owner.into_iter().chain(caller).filter(|account| scanned(account)).collect();
        accounts.dedup();
        if accounts.is_empty() {
            let reason = "the bucket is not among those of the scanned account: whether its owner's trails record it is not known";
            return Err(self.why(FactKind::Buckets, Some(bucket), reason));
        }
        Ok(accounts)
    }

    /// The trail, with the failed call named where something of it is unknown.
    fn trail_recorder(&self, trail: &Trail, scene: Scene) -> Recorder {
        let mut recorder = Recorder::of_trail(trail, scene);
        recorder.selectors =
            recorder.selectors.map_err(|reason| self.why(FactKind::Selectors, Some(&trail.trail_arn), &reason));
        if let Effect::Unknown(reason) = &recorder.effect {
            let gaps = self.snapshot.gaps_in(FactKind::Status);
            let mut here = gaps.filter(|gap| gap.region == scene.region);
            if let Some(gap) = here.find(|gap| gap.resource.as_deref() == Some(&trail.trail_arn)) {
                recorder.effect = Effect::Unknown(format!("{reason}: {}", gap.reason()));
            }
        }
        recorder
    }

    /// Stand-ins for recorders of the region that a failed call may have hidden.
    fn unseen(&self, facts: FactKind, region: &str, what: &str) -> Vec<Recorder> {
        self.snapshot
            .gaps_in(facts)
            .filter(|gap| gap.region == region)
            .map(|gap| Recorder::unseen(format!("unseen {what}"), gap.reason()))
            .collect()
    }

    /// A member account cannot see its organization's event data store (CloudTrail User Guide, "Organization event data
    /// stores"). That it is a member shows in the organization's trail, which it does see.
    fn store_of_organization(&self, account: &str) -> Option<Recorder> {
        let mut trails = self.snapshot.trails.iter();
        let is_member = trails.any(|trail| trail.is_organization_trail == Some(true) && trail.account() != account);
        is_member.then(|| {
            let reason = "a member account cannot see it: scan the management account";
            Recorder::unseen("an event data store of the organization".to_owned(), reason.to_owned())
        })
    }

    /// The reason, with the failed call that is behind it where there is one.
    pub fn why(&self, facts: FactKind, resource: Option<&str>, reason: &str) -> String {
        let mut gaps = self.snapshot.gaps_in(facts);
        let gap = gaps.find(|gap| gap.resource.is_none() || gap.resource.as_deref() == resource);
        gap.map_or_else(|| reason.to_owned(), |gap| format!("{reason}: {}", gap.reason()))
    }
}

pub fn unknown(reasons: &[String]) -> Judgement {
    Judgement { status: "unknown", message: reasons.join("; "), evidence: json!({"unknown_because": reasons}) }
}

/// How many selectors a message names; the evidence has all.
const SHOWN: usize = 4;

fn recorded(access: Access, region: &str, parts: &[Part]) -> Judgement {
    let by =
        |part: &Part| json!({"recorder": part.recorder, "selector": part.selector, "records": part.share.as_str()});
    // One that records all of it is enough to name; else all that record some.
    let told = parts.iter().filter(|part| part.share == Share::All || parts[0].share != Share::All);
    let mut told: Vec<String> = told.map(|part| format!("{}, {}", part.recorder, part.selector)).collect();
    if told.len() > SHOWN {
        let more = told.len() - SHOWN;
        told.truncate(SHOWN);
        told.push(format!("{more} more"));
    }
    Judgement {
        status: "recorded",
        message: format!("{} recorded by {}", accesses(access), told.join(" and ")),
        evidence: json!({"region": region, "recorded_by": parts.iter().map(by).collect::<Vec<_>>()}),
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Recorded(_) => "recorded",
        Verdict::Gap(_) => "gap",
        Verdict::Unknown(_) => "unknown",
    }
}

fn accesses(access: Access) -> &'static str {
    match access {
        Access::Read => "every read is",
        Access::Write => "every write is",
        Access::All => "every read and write is",
    }
}

fn missed_by(gap: &Gap) -> Vec<Value> {
    gap.missed_by.iter().map(|(recorder, because)| json!({"recorder": recorder, "because": because})).collect()
}

/// Which event is lost, and what comes nearest to recording it.
fn gap_message(gap: &Gap) -> String {
    let reasons: Vec<String> =
        gap.missed_by.iter().map(|(recorder, because)| format!("{recorder}: {because}")).collect();
    let reasons = if reasons.is_empty() { "there is no trail".to_owned() } else { reasons.join("; ") };
    format!("{} is not recorded: {reasons}", describe(&gap.witness))
}

fn describe(event: &Event) -> String {
    let path = event.resource_arn.splitn(6, ':').nth(5).unwrap_or(&event.resource_arn);
    let who = match &event.user_identity_arn {
        Some(arn) => format!(" by {arn}"),
        None => " by a principal without an ARN".to_owned(),
    };
    let hypothetical = if event.hypothetical { " (a name that no documented event has yet)" } else { "" };
    format!("{}{hypothetical} on s3://{path}{who}", event.event_name)
}

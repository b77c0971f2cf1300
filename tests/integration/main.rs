//! The program as a whole, and its parts against what AWS does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

/// Nobody else touched it: what that needs.
mod absence;
/// Who touched what, straight from log files.
mod accesses;
/// Accounts for tests of verdicts.
mod account;
/// Several accounts in one snapshot.
mod accounts;
/// The GitHub Action.
mod action;
/// Live runs against the local AWS endpoint.
/// Only approved principals: what passes, and what keeps it from passing.
mod approval;
/// What stands around a check: waivers, baselines, what changed, schemas.
mod around;
/// What authors of policies have.
mod audit_logs;
mod authors;
mod aws;
/// The same: log records in the trails' own buckets.
mod aws_logs;
/// The HTML report in a real browser.
mod browser;
/// Evidence that is kept, and performed again.
mod bundles;
/// Who a record says acted.
mod callers;
/// What is checked beside the main question.
mod catalogue;
/// Chains of digests, signed by a key of the tests' own.
mod chains;
/// Service-linked channels as recorders.
mod channels;
/// Usage, files, errors and exit codes.
mod cli;
/// Clusters and the roles they carry.
mod clusters;
/// What is declared, held against what is there.
mod declared;
/// The form of digests, and what `verify` may be asked.
mod digest_form;
/// Verifying a folder that was copied from a bucket.
mod digests;
/// The same, live.
mod digests_live;
/// The documentation says what is so.
mod docs;
/// moto, installed and started by the tests themselves.
mod endpoint;
/// The engine against the naive matcher.
mod engine;
/// The work that it saves, and the work that it refuses.
mod engine_work;
/// Policies on log records, and what keeps them from passing.
mod evidence;
/// Every operation of a scan, failing in every way.
mod faults;
/// The calls that close all gaps.
mod fix;
/// The folders of a live trail's log bucket.
mod folders;
/// Programs written in Go.
mod go;
/// Roles that are written as Redshift takes them.
mod hints;
/// Two hundred policies that mean harm.
mod hostile_policies;
/// The page of what policies read.
mod input_page;
/// Files without end, at odds with themselves, and not written over.
mod inputs;
/// The order of the folders of `src`.
mod layers;
/// What the machine itself does not give.
#[cfg(target_os = "linux")]
mod learned;
mod machine;
/// What people get wrong, and what they are told.
mod mistakes;
/// A live trail that delivered to another bucket before.
mod moved;
/// One fact less, in accounts in which something is wrong.
mod mutants;
/// The documented formula, for one event at a time.
mod naive;
/// The shipped policies in OPA.
mod opa;
/// Whole organizations, as they are built.
mod organizations;
/// What others wrote commands nobody.
mod output;
/// Files that hold records.
mod packings;
/// Rows of known pitfalls, each with the right verdict: trails, accounts and identities.
mod pitfalls_scope;
/// The same: selectors.
mod pitfalls_selectors;
/// The policies' own tests, run as they stand.
mod policies;
/// The built program, in an environment of its own.
mod program;
/// What a verdict brings along.
mod proofs;
/// What a trail or a store records and shows.
mod reconciliation;
mod recorders;
/// Log records of every shape.
mod records;
mod redshift;
mod redshift_day;
mod redshift_views;
/// What is printed and written, read back by other readers.
mod reports;
/// Records as rows of a table.
mod rows;
/// AWS as a script: worlds and failures that moto does not have.
#[path = "../scripted/mod.rs"]
mod scripted;
/// Which policies run, and how their answers count.
mod selection;
/// UNLOADs as the records show them.
mod sessions;
/// Before a first check: permissions, doctor, a config that is filled in.
mod setup;
/// Several accounts, each entered by a role.
mod several;
/// How severe a policy's answers are together.
mod severity;
/// Silence is not success.
mod silence;
/// Wrong verdicts that were found from outside.
mod soundness;
/// What people read on a terminal.
mod terminal;
/// From a record to a verdict.
mod touched;
/// The same: what was done, to what, by whom.
mod touches;
/// One event, every recorder.
mod trace;
/// What a live run did not read is in its exit code.
mod unread;
/// The user's own policies.
mod user_policies;
/// Answers that are no answers.
mod whole;

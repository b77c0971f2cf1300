# METADATA
# title: Every statement that Redshift ran is in the records
# description: >-
#   Every file that Redshift says a COPY read or an UNLOAD wrote (redshift.learn = ["system_tables"]) left its record: a GetObject, or a
#   PutObject or CompleteMultipartUpload, at that key, by the role of the statement, in its time. This is the test of operating
#   effectiveness that is done by hand on a sample, done on all.
#   A file without a record fails. Where nothing records such an event, it is lost. Where a trail should have recorded it, either its
#   selectors were others at that time, or records are missing.
# custom:
#   not_applicable: Redshift told of no statement with files in the time whose log records were read
#   severity: medium
#   remediation: >-
#     Where nothing records it: trailcheck fix prints the selectors that do. Where it should have been recorded: compare the trail's
#     selectors with what they were at the time (CloudTrail's PutEventSelectors, StopLogging and DeleteTrail events), and verify the
#     log files: trailcheck verify.
#   controls:
#     nist-800-53-r5: ["AU-12", "CA-7"]
#     pci-dss-4.0.1: ["10.2.1.1"]
#     soc2-2017: ["CC7.2"]
#     iso-27001-2022: ["A.8.15"]
#     hipaa: ["164.312(b)"]
package trailcheck.coverage.statement_recorded

import data.trailcheck.lib.judged

compared := judged.without(input.statements, "record", {"not_compared"})

subjects := judged.names(compared)

severities := {"lost": "medium", "contradicted": "high"}

fail contains {"subject": statement.subject, "judgement": statement.record, "severity": severity} if {
	some statement in compared
	severity := severities[statement.record.status]
}

unknown := judged.outside(compared, "record", {"recorded", "lost", "contradicted"})

pass := judged.having(compared, "record", {"recorded"})

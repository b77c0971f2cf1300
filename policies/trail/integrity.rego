# METADATA
# title: Log files are those that CloudTrail delivered
# description: >-
#   Where a trail writes digests, the log files that were read are what the digests say, none that they list is missing,
#   and the digests themselves form an unbroken chain that CloudTrail signed. They do not show that every event was
#   recorded.
# custom:
#   not_applicable: no log files were compared with a trail's digests
#   severity: high
#   remediation: >-
#     A file that was changed or deleted is lost as evidence: find out by the S3 access of the log bucket who did it,
#     and restore it from a copy or an older version. `trailcheck verify s3://BUCKET/PREFIX` names every file.
#   controls:
#     nist-800-53-r5: ["AU-9", "AU-10"]
#     pci-dss-4.0.1: ["10.3.2", "10.3.4"]
#     soc2-2017: ["CC7.3"]
#     iso-27001-2022: ["A.5.28", "A.8.15"]
#     hipaa: ["164.312(c)(1)", "164.312(c)(2)"]
package trailcheck.trail.integrity

import data.trailcheck.lib.judged

validated := judged.without(input.trails, "validation", {"not_validated"})

subjects := judged.names(validated)

fail := judged.having(validated, "validation", {"violated"})

unknown := judged.outside(validated, "validation", {"intact", "violated"})

pass := judged.having(validated, "validation", {"intact"})

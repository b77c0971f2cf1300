# METADATA
# title: Trails write digests of their log files
# description: >-
#   Log file validation is on: each hour CloudTrail signs a digest of the log files that it delivered. Without digests a log
#   file that was changed or deleted leaves no trace, and a stretch without files cannot be told from one in which nothing
#   happened. Whether the files are those of the digests, trail/integrity says.
# custom:
#   not_applicable: there is no trail
#   severity: low
#   remediation: >-
#     Switch it on: aws cloudtrail update-trail --name TRAIL --enable-log-file-validation. Digests are written from then on;
#     of files before that none is made.
#   controls:
#     cis-aws-7.0: ["4.2"]
#     cis-aws-3.0: ["3.2"]
#     nist-800-53-r5: ["AU-9"]
#     pci-dss-4.0.1: ["10.3.4"]
package trailcheck.trail.log_file_validation

import data.trailcheck.lib.judged

subjects := judged.names(input.trails)

fail := judged.having(input.trails, "log_file_validation", {"off"})

unknown := judged.outside(input.trails, "log_file_validation", {"on", "off"})

pass := judged.having(input.trails, "log_file_validation", {"on"})

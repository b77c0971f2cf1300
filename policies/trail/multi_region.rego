# METADATA
# title: A trail records every management event in every region
# description: >-
#   One trail of the account is multi-region, in effect, and takes every management event, reads and writes: who changed a
#   trail, a role, or a bucket's policy is told wherever it was done. A trail that leaves out the events of KMS or of the RDS
#   Data API does not take every one. Each scanned account is judged; an organization's trail counts for its members.
# custom:
#   not_applicable: no account was scanned
#   severity: info
#   unknown: warn
#   remediation: >-
#     Make one trail multi-region (aws cloudtrail update-trail --name TRAIL --is-multi-region-trail) and let a selector of it
#     take management events with ReadWriteType All and no excluded sources; a trail for management events alone costs
#     nothing for its first copy.
#   controls:
#     cis-aws-7.0: ["4.1"]
#     cis-aws-3.0: ["3.1"]
#     nist-800-53-r5: ["AU-2", "AU-12"]
#     pci-dss-4.0.1: ["10.2.1", "10.2.1.2"]
package trailcheck.trail.multi_region

import data.trailcheck.lib.judged

subjects := judged.names(input.accounts)

fail := judged.having(input.accounts, "management_coverage", {"gap"})

unknown := judged.outside(input.accounts, "management_coverage", {"gap", "recorded"})

pass := judged.having(input.accounts, "management_coverage", {"recorded"})

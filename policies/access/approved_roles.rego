# METADATA
# title: Only approved principals touch the location
# description: >-
#   By the log records, everyone who touched the location is approved: a role, a user or an AWS service that its [[access]]
#   table names. One access by anybody else is a failure. That there was none can only be shown where every access is
#   recorded and every log file of the time was read; a sample shows what happened, never that nothing else did.
# custom:
#   not_applicable: no [[access]] table is configured
#   severity: high
#   remediation: >-
#     Take the permission from the principal, or approve it: add its ARN to roles, users or services of the [[access]]
#     table. Where the answer is unknown, the message says which evidence is missing: coverage, or records.
#   controls:
#     nist-800-53-r5: ["AC-6(9)", "AU-6"]
#     pci-dss-4.0.1: ["10.2.1.1", "10.4.1.1"]
#     soc2-2017: ["CC6.1", "CC7.2"]
#     iso-27001-2022: ["A.8.3", "A.8.16"]
#     hipaa: ["164.308(a)(1)(ii)(D)"]
package trailcheck.access.approved_roles

import data.trailcheck.lib.judged

subjects := judged.names(input.access_rules)

fail := judged.having(input.access_rules, "approval", {"violated"})

unknown := judged.outside(input.access_rules, "approval", {"approved", "violated"})

pass := judged.having(input.access_rules, "approval", {"approved"})

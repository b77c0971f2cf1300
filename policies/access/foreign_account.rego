# METADATA
# title: No other account touches the location
# description: >-
#   By the log records, every principal that touched a declared location is of the bucket's own account, or is one that
#   an [[access]] table of the location approves; an anonymous request is nobody's. One access from elsewhere is a
#   failure; that there was none can only be shown where every access is recorded and every log file of the time was
#   read.
# custom:
#   not_applicable: no log records were asked for
#   severity: high
#   remediation: >-
#     Remove the other account from the bucket's policy, or approve its role: add the ARN to roles of the location's
#     [[access]] table.
#   controls:
#     nist-800-53-r5: ["AC-3", "AC-21"]
#     pci-dss-4.0.1: ["7.2.1"]
#     soc2-2017: ["CC6.1"]
#     iso-27001-2022: ["A.8.3"]
#     hipaa: ["164.308(a)(4)(ii)(B)"]
package trailcheck.access.foreign_account

import data.trailcheck.lib.judged

subjects := judged.names(input.declared)

fail := judged.having(input.declared, "foreign_accounts", {"seen"})

unknown := judged.outside(input.declared, "foreign_accounts", {"none", "seen"})

pass := judged.having(input.declared, "foreign_accounts", {"none"})

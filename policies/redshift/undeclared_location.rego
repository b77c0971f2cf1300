# METADATA
# title: What Redshift uses is declared
# description: >-
#   Every location that Redshift itself told of (redshift.learn) is in one that a [[redshift.copy]] or [[redshift.unload]] table declares
#   for the same kind of statement. One that is not was used by somebody without the knowledge of whoever keeps the config, and
#   [[access]] rules say nothing of it.
# custom:
#   not_applicable: Redshift was not asked what it uses (redshift.learn), or told of nothing
#   severity: medium
#   remediation: >-
#     Find out who ran the statement (the evidence names the cluster and the role). If it belongs there, declare the location; if not,
#     take the permission on the bucket from the role.
#   controls:
#     nist-800-53-r5: ["CM-8", "AU-6"]
#     soc2-2017: ["CC6.1", "CC7.2"]
#     iso-27001-2022: ["A.5.9"]
package trailcheck.redshift.undeclared_location

import data.trailcheck.lib.judged

subjects := judged.names(input.learned)

fail := judged.having(input.learned, "declaration", {"undeclared"})

unknown := judged.outside(input.learned, "declaration", {"declared", "undeclared"})

pass := judged.having(input.learned, "declaration", {"declared"})

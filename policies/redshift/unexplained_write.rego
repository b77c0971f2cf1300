# METADATA
# title: Redshift ran a statement for what its roles wrote
# description: >-
#   Every write by a role of a cluster at an UNLOAD location is of a statement that Redshift says it ran
#   (redshift.learn = ["system_tables"]), by its key, its role and its time. One that is not was made by somebody else who may assume
#   the role, or by a statement that the views do not tell of, such as an INSERT into an external table.
# custom:
#   not_applicable: Redshift was not asked what it ran, or no role of a cluster wrote to an UNLOAD location
#   severity: low
#   remediation: >-
#     Look the event up, and find out who assumed the role (CloudTrail's AssumeRole events name the caller); narrow its trust policy to
#     redshift.amazonaws.com.
#   controls:
#     nist-800-53-r5: ["AC-6", "AU-6"]
#     soc2-2017: ["CC7.2"]
#     iso-27001-2022: ["A.8.16"]
package trailcheck.redshift.unexplained_write

import data.trailcheck.lib.judged

asked := judged.without(input.unload_writes, "explanation", {"not_asked"})

subjects := judged.names(asked)

fail := judged.having(asked, "explanation", {"unexplained"})

unknown := judged.outside(asked, "explanation", {"explained", "unexplained"})

pass := judged.having(asked, "explanation", {"explained"})

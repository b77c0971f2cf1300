# METADATA
# title: Statements run under the role that is declared
# description: >-
#   Every COPY and UNLOAD that Redshift says it ran (redshift.learn) ran under the role that the table of its location names. Coverage
#   was proved for that role; what another one does there may not be recorded.
# custom:
#   not_applicable: Redshift told of no statement at a location that declares its role
#   severity: medium
#   remediation: >-
#     Find out who ran the statement under the other role. If it belongs there, write a table for it; if not, take the permission on the
#     bucket from the role.
#   controls:
#     nist-800-53-r5: ["AC-6", "AU-6"]
#     pci-dss-4.0.1: ["7.2.5"]
#     soc2-2017: ["CC6.3"]
#     iso-27001-2022: ["A.5.18"]
package trailcheck.redshift.role_of_statement

import data.trailcheck.lib.judged

held := judged.without(input.statements, "acting_role", {"not_declared"})

subjects := judged.names(held)

fail := judged.having(held, "acting_role", {"other"})

unknown := judged.outside(held, "acting_role", {"as_declared", "other"})

pass := judged.having(held, "acting_role", {"as_declared"})

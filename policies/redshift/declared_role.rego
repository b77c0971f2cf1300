# METADATA
# title: Every declared role is associated with a cluster or namespace
# description: >-
#   The role of each [[redshift.copy]] and [[redshift.unload]] table is associated with a cluster or a namespace of its account. One
#   that is associated with none is a misspelt name, or one that is gone: coverage is then shown for sessions that never come,
#   and says nothing of those that do.
# custom:
#   not_applicable: no location declares a role of a scanned account
#   severity: low
#   remediation: >-
#     Correct the role's ARN in the table, or associate the role with the cluster. For COPY and UNLOAD with a chain of roles, write the
#     chain as IAM_ROLE has it: its first role is the one that a cluster has.
#   controls: {}
package trailcheck.redshift.declared_role

import data.trailcheck.lib.judged

subjects := judged.names(input.declared_roles)

fail := judged.having(input.declared_roles, "association", {"not_associated"})

unknown := judged.outside(input.declared_roles, "association", {"associated", "not_associated"})

pass := judged.having(input.declared_roles, "association", {"associated"})

# METADATA
# title: Redshift's sessions use roles that are associated with its clusters
# description: >-
#   Every role that acted in a session of Redshift's name (RedshiftIamRoleSession) is associated with a cluster or namespace.
#   A role that is associated with none was assumed by somebody who calls himself Redshift, or by a cluster that is not in this
#   account. The name is a hint: anyone who may assume a role may choose it.
# custom:
#   not_applicable: no log records show a session of Redshift
#   severity: medium
#   remediation: >-
#     Find out who assumes the role (CloudTrail's AssumeRole events name the caller), and narrow its trust policy to
#     redshift.amazonaws.com. If a cluster of another account uses it, check that account.
#   controls:
#     nist-800-53-r5: ["AC-6", "AU-6"]
#     pci-dss-4.0.1: ["7.2.5"]
#     soc2-2017: ["CC6.3"]
#     iso-27001-2022: ["A.5.18"]
package trailcheck.redshift.known_role

import data.trailcheck.lib.judged

subjects := judged.names(input.redshift_roles)

fail := judged.having(input.redshift_roles, "association", {"not_associated"})

unknown := judged.outside(input.redshift_roles, "association", {"associated", "not_associated"})

pass := judged.having(input.redshift_roles, "association", {"associated"})

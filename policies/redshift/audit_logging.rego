# METADATA
# title: Clusters log what their users run
# description: >-
#   Where redshift.learn asks for audit logs, every cluster and namespace writes them, with the activity of users: audit logging is on, the
#   parameter enable_user_activity_logging is true and in force, and the last delivery did not fail. Without that, what the cluster runs is
#   not learned, and nothing in its log says so.
# custom:
#   not_applicable: audit logs are not asked for (redshift.learn), or there is no cluster
#   severity: medium
#   remediation: >-
#     Turn it on: aws redshift enable-logging, and enable_user_activity_logging = true in the cluster's parameter group or the workgroup's
#     configuration. A cluster must be rebooted for the parameter.
#   controls:
#     nist-800-53-r5: ["AU-12"]
#     pci-dss-4.0.1: ["10.2.1.1"]
#     soc2-2017: ["CC7.2"]
#     iso-27001-2022: ["A.8.15"]
package trailcheck.redshift.audit_logging

import data.trailcheck.lib.judged

asked := judged.without(input.clusters, "audit_logging", {"not_asked"})

subjects := judged.names(asked)

fail := judged.having(asked, "audit_logging", {"off", "delivery_failing"})

unknown := judged.outside(asked, "audit_logging", {"on", "off", "delivery_failing"})

pass := judged.having(asked, "audit_logging", {"on"})

# METADATA
# title: The records show what is known to have happened
# description: >-
#   An UNLOAD that is known to have run (unloaded_at of the location's [[redshift.unload]] table) is in the log records, as
#   a write by the declared role; where none is declared, by a role's session of Redshift's name. A write of another role,
#   or one that was denied, leaves it unknown.
#   Where the selectors say that it must be recorded and all log files of the time hold nothing, one of the two is wrong:
#   the configuration was another at that time, or records are missing.
# custom:
#   not_applicable: no UNLOAD is known to have run
#   severity: high
#   remediation: >-
#     Compare the trail's selectors with what they were at the time (CloudTrail's PutEventSelectors, StopLogging and
#     DeleteTrail events), and verify the log files: trailcheck verify.
#   controls:
#     nist-800-53-r5: ["AU-12", "CA-7"]
#     pci-dss-4.0.1: ["10.2.1.1"]
#     soc2-2017: ["CC7.2"]
#     iso-27001-2022: ["A.8.15"]
#     hipaa: ["164.312(b)"]
package trailcheck.coverage.confirmed_by_records

import data.trailcheck.lib.judged

known := judged.without(input.known_unloads, "confirmation", {"not_known"})

subjects := judged.names(known)

fail := judged.having(known, "confirmation", {"contradicted"})

unknown := judged.outside(known, "confirmation", {"confirmed", "contradicted"})

pass := judged.having(known, "confirmation", {"confirmed"})

# METADATA
# title: No IAM user and no root touches the location
# description: >-
#   By the log records, no IAM user and not the root user touched a declared location: their access keys and passwords
#   live until somebody removes them, and nobody notices who else has them. A role's session ends by itself. One such
#   access is a failure; that there was none can only be shown where every access is recorded and every log file of the
#   time was read.
# custom:
#   not_applicable: no log records were asked for
#   severity: medium
#   remediation: >-
#     Give the work to a role, and delete the access key. Where the answer is unknown, the message says which evidence
#     is missing: coverage, or records.
#   controls:
#     cis-aws-3.0: ["1.4", "1.14"]
#     nist-800-53-r5: ["AC-2", "IA-5(1)"]
#     pci-dss-4.0.1: ["8.6.1"]
#     soc2-2017: ["CC6.1"]
#     iso-27001-2022: ["A.8.2"]
#     hipaa: ["164.312(a)(2)(i)"]
package trailcheck.access.no_long_lived_keys

import data.trailcheck.lib.judged

subjects := judged.names(input.declared)

fail := judged.having(input.declared, "long_lived_keys", {"seen"})

unknown := judged.outside(input.declared, "long_lived_keys", {"none", "seen"})

pass := judged.having(input.declared, "long_lived_keys", {"none"})

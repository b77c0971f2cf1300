# METADATA
# title: Log files are encrypted with a key of KMS
# description: >-
#   The trail names a KMS key. With S3's own key, whoever may read the log bucket reads the records; with a key of KMS they
#   need the key as well, and each use of it is recorded. Whether the key is enabled is not asked: where it is not, no log
#   file is delivered, which trail/logging tells.
# custom:
#   not_applicable: there is no trail
#   severity: info
#   unknown: warn
#   remediation: >-
#     Let a key's policy allow cloudtrail.amazonaws.com to use it, and name it: aws cloudtrail update-trail --name TRAIL
#     --kms-key-id KEY. Log files of before stay as they are.
#   controls:
#     cis-aws-7.0: ["4.5"]
#     cis-aws-3.0: ["3.5"]
#     nist-800-53-r5: ["AU-9"]
#     pci-dss-4.0.1: ["10.3.2"]
package trailcheck.trail.encrypted

import data.trailcheck.lib.judged

subjects := judged.names(input.trails)

fail := judged.having(input.trails, "encryption", {"s3_key"})

unknown := judged.outside(input.trails, "encryption", {"kms_key", "s3_key"})

pass := judged.having(input.trails, "encryption", {"kms_key"})

# METADATA
# title: Trails are logging and deliver
# description: >-
#   Every trail is logging, and its latest delivery to S3 did not fail, in every region where it is in effect. A stopped
#   trail records nothing. A delivery that fails is tried again for 30 days; then the records are lost.
# custom:
#   not_applicable: there is no trail
#   severity: medium
#   remediation: >-
#     Start the trail (`aws cloudtrail start-logging --name ARN` in its home region), or delete it if it is not needed.
#     Where deliveries fail, fix the bucket policy, the key policy or the bucket that the error names.
#   controls:
#     nist-800-53-r5: ["AU-5", "AU-12"]
#     pci-dss-4.0.1: ["10.2.1", "10.7.2"]
#     soc2-2017: ["CC7.2"]
#     iso-27001-2022: ["A.8.15"]
#     hipaa: ["164.312(b)"]
package trailcheck.trail.logging

import data.trailcheck.lib.judged

subjects := judged.names(input.trails)

fail := judged.having(input.trails, "logging", {"stopped", "delivery_failing"})

unknown := judged.outside(input.trails, "logging", {"logging", "stopped", "delivery_failing"})

pass := judged.having(input.trails, "logging", {"logging"})

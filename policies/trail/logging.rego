# METADATA
# title: Trails are logging and deliver
# description: >-
#   Every trail is logging, and its latest delivery to S3 did not fail, in every region where it is in effect. A stopped
#   trail records nothing. A delivery that fails is tried again for 30 days; then the records are lost.
# custom:
#   about: [trails]
#   severity: medium
#   remediation: >-
#     Start the trail (`aws cloudtrail start-logging --name ARN` in its home region), or delete it if it is not needed.
#     Where deliveries fail, mend the bucket policy, the key policy or the bucket that the error names.
#   controls:
#     nist-800-53-r5: [AU-5, AU-12]
#     pci-dss-4.0.1: ["10.7.2"]
package trailcheck.trail.logging

subjects contains trail.trail_arn if some trail in input.trails

fail contains {"subject": trail.trail_arn, "message": trail.logging.message, "evidence": trail.logging.evidence} if {
	some trail in input.trails
	trail.logging.status in {"stopped", "delivery_failing"}
}

unknown contains {"subject": trail.trail_arn, "message": trail.logging.message, "evidence": trail.logging.evidence} if {
	some trail in input.trails
	not trail.logging.status in {"logging", "stopped", "delivery_failing"}
}

evidence contains {"subject": trail.trail_arn, "message": trail.logging.message, "evidence": trail.logging.evidence} if {
	some trail in input.trails
	trail.logging.status == "logging"
}

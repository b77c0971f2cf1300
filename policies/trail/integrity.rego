# METADATA
# title: Log files are those that CloudTrail delivered
# description: >-
#   Where a trail writes digests, the log files that were read are what the digests say, none that they list is missing,
#   and the digests themselves form an unbroken chain that CloudTrail signed. They do not show that every event was
#   recorded.
# custom:
#   about: [validated_trails]
#   severity: high
#   remediation: >-
#     A file that was changed or deleted is lost as evidence: find out by the S3 access of the log bucket who did it,
#     and restore it from a copy or an older version. `trailcheck verify s3://BUCKET/PREFIX` names every file.
#   controls:
#     nist-800-53-r5: [AU-9, AU-10]
#     pci-dss-4.0.1: ["10.3.2", "10.3.4"]
#     cis-aws-3.0.0: ["3.2"]
package trailcheck.trail.integrity

subjects contains trail.trail_arn if {
	some trail in input.trails
	trail.integrity.status != "not_validated"
}

fail contains {"subject": trail.trail_arn, "message": trail.integrity.message, "evidence": trail.integrity.evidence} if {
	some trail in input.trails
	trail.integrity.status == "violated"
}

unknown contains {"subject": trail.trail_arn, "message": trail.integrity.message, "evidence": trail.integrity.evidence} if {
	some trail in input.trails
	not trail.integrity.status in {"intact", "violated", "not_validated"}
}

evidence contains {"subject": trail.trail_arn, "message": trail.integrity.message, "evidence": trail.integrity.evidence} if {
	some trail in input.trails
	trail.integrity.status == "intact"
}

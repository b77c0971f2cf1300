# METADATA
# title: No selector is dead
# description: >-
#   Every event selector for S3 objects can match some event. A dead one looks like coverage and is none: it names a bucket of
#   another region in a single-region trail, or a bucket's ARN without the slash, or its clauses contradict each other.
#   CloudTrail takes most of these without a word.
# custom:
#   about: [trails]
#   severity: low
#   remediation: >-
#     Take the selector out, or mend it: end a bucket's ARN with a slash (StartsWith arn:aws:s3:::BUCKET/), and record a bucket
#     by a multi-region trail or one of its own region. `put-event-selectors` replaces what is there: send the other
#     selectors along.
#   controls:
#     nist-800-53-r5: [AU-12]
package trailcheck.coverage.dead_selector

subjects contains trail.trail_arn if some trail in input.trails

fail contains {"subject": trail.trail_arn, "message": trail.selectors.message, "evidence": trail.selectors.evidence} if {
	some trail in input.trails
	trail.selectors.status == "dead"
}

unknown contains {"subject": trail.trail_arn, "message": trail.selectors.message, "evidence": trail.selectors.evidence} if {
	some trail in input.trails
	not trail.selectors.status in {"live", "dead"}
}

evidence contains {"subject": trail.trail_arn, "message": trail.selectors.message, "evidence": trail.selectors.evidence} if {
	some trail in input.trails
	trail.selectors.status == "live"
}

package trailcheck.trail.integrity_test

import data.trailcheck.trail.integrity

facts(status) := {"trails": [{"trail_arn": "it", "integrity": {"status": status, "message": "why", "evidence": {}}}]}

test_violated_fails if {
	some failed in integrity.fail with input as facts("violated")
	failed.subject == "it"
	failed.message == "why"
}

test_intact_is_shown if {
	integrity.subjects == {"it"} with input as facts("intact")
	count(integrity.fail) == 0 with input as facts("intact")
	count(integrity.unknown) == 0 with input as facts("intact")
	count(integrity.evidence) == 1 with input as facts("intact")
}

test_unknown_is_unknown if {
	count(integrity.fail) == 0 with input as facts("unknown")
	count(integrity.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(integrity.unknown) == 1 with input as facts("something_new")
}

test_not_validated_is_no_subject if {
	count(integrity.subjects) == 0 with input as facts("not_validated")
	count(integrity.unknown) == 0 with input as facts("not_validated")
}

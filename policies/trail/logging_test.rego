package trailcheck.trail.logging_test

import data.trailcheck.trail.logging

facts(status) := {"trails": [{"trail_arn": "it", "logging": {"status": status, "message": "why", "evidence": {}}}]}

test_stopped_fails if {
	some failed in logging.fail with input as facts("stopped")
	failed.subject == "it"
	failed.message == "why"
}

test_delivery_failing_fails if {
	some failed in logging.fail with input as facts("delivery_failing")
	failed.subject == "it"
	failed.message == "why"
}

test_logging_is_shown if {
	logging.subjects == {"it"} with input as facts("logging")
	count(logging.fail) == 0 with input as facts("logging")
	count(logging.unknown) == 0 with input as facts("logging")
	count(logging.evidence) == 1 with input as facts("logging")
}

test_unknown_is_unknown if {
	count(logging.fail) == 0 with input as facts("unknown")
	count(logging.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(logging.unknown) == 1 with input as facts("something_new")
}

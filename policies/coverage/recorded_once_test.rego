package trailcheck.coverage.recorded_once_test

import data.trailcheck.coverage.recorded_once

facts(status) := {"unloads": [{"location": "it", "duplicates": {"status": status, "message": "why", "evidence": {}}}], "copies": []}

test_twice_fails if {
	some failed in recorded_once.fail with input as facts("twice")
	failed.subject == "it"
	failed.message == "why"
}

test_once_is_shown if {
	recorded_once.subjects == {"it"} with input as facts("once")
	count(recorded_once.fail) == 0 with input as facts("once")
	count(recorded_once.unknown) == 0 with input as facts("once")
	count(recorded_once.evidence) == 1 with input as facts("once")
}

test_unknown_is_unknown if {
	count(recorded_once.fail) == 0 with input as facts("unknown")
	count(recorded_once.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(recorded_once.unknown) == 1 with input as facts("something_new")
}

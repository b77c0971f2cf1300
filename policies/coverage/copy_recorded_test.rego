package trailcheck.coverage.copy_recorded_test

import data.trailcheck.coverage.copy_recorded

facts(status) := {"copies": [{"location": "it", "coverage": {"status": status, "message": "why", "evidence": {}}}]}

test_gap_fails if {
	some failed in copy_recorded.fail with input as facts("gap")
	failed.subject == "it"
	failed.message == "why"
}

test_recorded_is_shown if {
	copy_recorded.subjects == {"it"} with input as facts("recorded")
	count(copy_recorded.fail) == 0 with input as facts("recorded")
	count(copy_recorded.unknown) == 0 with input as facts("recorded")
	count(copy_recorded.evidence) == 1 with input as facts("recorded")
}

test_unknown_is_unknown if {
	count(copy_recorded.fail) == 0 with input as facts("unknown")
	count(copy_recorded.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(copy_recorded.unknown) == 1 with input as facts("something_new")
}

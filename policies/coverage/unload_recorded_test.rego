package trailcheck.coverage.unload_recorded_test

import data.trailcheck.coverage.unload_recorded

facts(status) := {"unloads": [{"location": "it", "coverage": {"status": status, "message": "why", "evidence": {}}}]}

test_gap_fails if {
	some failed in unload_recorded.fail with input as facts("gap")
	failed.subject == "it"
	failed.message == "why"
}

test_recorded_is_shown if {
	unload_recorded.subjects == {"it"} with input as facts("recorded")
	count(unload_recorded.fail) == 0 with input as facts("recorded")
	count(unload_recorded.unknown) == 0 with input as facts("recorded")
	count(unload_recorded.evidence) == 1 with input as facts("recorded")
}

test_unknown_is_unknown if {
	count(unload_recorded.fail) == 0 with input as facts("unknown")
	count(unload_recorded.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(unload_recorded.unknown) == 1 with input as facts("something_new")
}

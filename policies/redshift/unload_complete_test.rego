package trailcheck.redshift.unload_complete_test

import data.trailcheck.redshift.unload_complete

facts(status) := {"seen_unloads": [{"location": "it", "completion": {"status": status, "message": "why", "evidence": {}}}]}

test_unfinished_fails if {
	some failed in unload_complete.fail with input as facts("unfinished")
	failed.subject == "it"
	failed.message == "why"
}

test_complete_is_shown if {
	unload_complete.subjects == {"it"} with input as facts("complete")
	count(unload_complete.fail) == 0 with input as facts("complete")
	count(unload_complete.unknown) == 0 with input as facts("complete")
	count(unload_complete.evidence) == 1 with input as facts("complete")
}

test_unknown_is_unknown if {
	count(unload_complete.fail) == 0 with input as facts("unknown")
	count(unload_complete.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(unload_complete.unknown) == 1 with input as facts("something_new")
}

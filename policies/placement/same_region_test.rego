package trailcheck.placement.same_region_test

import data.trailcheck.placement.same_region

facts(status) := {"unloads": [{"location": "it", "placement": {"status": status, "message": "why", "evidence": {}}}], "copies": []}

test_no_trail_fails if {
	some failed in same_region.fail with input as facts("no_trail")
	failed.subject == "it"
	failed.message == "why"
}

test_other_region_fails if {
	some failed in same_region.fail with input as facts("other_region")
	failed.subject == "it"
	failed.message == "why"
}

test_dead_selector_fails if {
	some failed in same_region.fail with input as facts("dead_selector")
	failed.subject == "it"
	failed.message == "why"
}

test_aligned_is_shown if {
	same_region.subjects == {"it"} with input as facts("aligned")
	count(same_region.fail) == 0 with input as facts("aligned")
	count(same_region.unknown) == 0 with input as facts("aligned")
	count(same_region.evidence) == 1 with input as facts("aligned")
}

test_unknown_is_unknown if {
	count(same_region.fail) == 0 with input as facts("unknown")
	count(same_region.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(same_region.unknown) == 1 with input as facts("something_new")
}

package trailcheck.coverage.dead_selector_test

import data.trailcheck.coverage.dead_selector

facts(status) := {"trails": [{"trail_arn": "it", "selectors": {"status": status, "message": "why", "evidence": {}}}]}

test_dead_fails if {
	some failed in dead_selector.fail with input as facts("dead")
	failed.subject == "it"
	failed.message == "why"
}

test_live_is_shown if {
	dead_selector.subjects == {"it"} with input as facts("live")
	count(dead_selector.fail) == 0 with input as facts("live")
	count(dead_selector.unknown) == 0 with input as facts("live")
	count(dead_selector.evidence) == 1 with input as facts("live")
}

test_unknown_is_unknown if {
	count(dead_selector.fail) == 0 with input as facts("unknown")
	count(dead_selector.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(dead_selector.unknown) == 1 with input as facts("something_new")
}

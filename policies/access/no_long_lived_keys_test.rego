package trailcheck.access.no_long_lived_keys_test

import data.trailcheck.access.no_long_lived_keys

facts(status) := {"declared": [{"location": "it", "long_lived_keys": {"status": status, "message": "why", "evidence": {}}}]}

test_seen_fails if {
	some failed in no_long_lived_keys.fail with input as facts("seen")
	failed.subject == "it"
	failed.message == "why"
}

test_none_is_shown if {
	no_long_lived_keys.subjects == {"it"} with input as facts("none")
	count(no_long_lived_keys.fail) == 0 with input as facts("none")
	count(no_long_lived_keys.unknown) == 0 with input as facts("none")
	count(no_long_lived_keys.evidence) == 1 with input as facts("none")
}

test_unknown_is_unknown if {
	count(no_long_lived_keys.fail) == 0 with input as facts("unknown")
	count(no_long_lived_keys.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(no_long_lived_keys.unknown) == 1 with input as facts("something_new")
}

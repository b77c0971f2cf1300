package trailcheck.coverage.confirmed_by_records_test

import data.trailcheck.coverage.confirmed_by_records

facts(status) := {"unloads": [{"location": "it", "confirmation": {"status": status, "message": "why", "evidence": {}}}]}

test_contradicted_fails if {
	some failed in confirmed_by_records.fail with input as facts("contradicted")
	failed.subject == "it"
	failed.message == "why"
}

test_confirmed_is_shown if {
	confirmed_by_records.subjects == {"it"} with input as facts("confirmed")
	count(confirmed_by_records.fail) == 0 with input as facts("confirmed")
	count(confirmed_by_records.unknown) == 0 with input as facts("confirmed")
	count(confirmed_by_records.evidence) == 1 with input as facts("confirmed")
}

test_unknown_is_unknown if {
	count(confirmed_by_records.fail) == 0 with input as facts("unknown")
	count(confirmed_by_records.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(confirmed_by_records.unknown) == 1 with input as facts("something_new")
}

test_not_known_is_no_subject if {
	count(confirmed_by_records.subjects) == 0 with input as facts("not_known")
	count(confirmed_by_records.unknown) == 0 with input as facts("not_known")
}

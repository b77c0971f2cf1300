package trailcheck.access.foreign_account_test

import data.trailcheck.access.foreign_account

facts(status) := {"declared": [{"location": "it", "foreign_accounts": {"status": status, "message": "why", "evidence": {}}}]}

test_seen_fails if {
	some failed in foreign_account.fail with input as facts("seen")
	failed.subject == "it"
	failed.message == "why"
}

test_none_is_shown if {
	foreign_account.subjects == {"it"} with input as facts("none")
	count(foreign_account.fail) == 0 with input as facts("none")
	count(foreign_account.unknown) == 0 with input as facts("none")
	count(foreign_account.evidence) == 1 with input as facts("none")
}

test_unknown_is_unknown if {
	count(foreign_account.fail) == 0 with input as facts("unknown")
	count(foreign_account.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(foreign_account.unknown) == 1 with input as facts("something_new")
}

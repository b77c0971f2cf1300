package trailcheck.access.approved_roles_test

import data.trailcheck.access.approved_roles

facts(status) := {"access_rules": [{"location": "it", "approval": {"status": status, "message": "why", "evidence": {}}}]}

test_violated_fails if {
	some failed in approved_roles.fail with input as facts("violated")
	failed.subject == "it"
	failed.message == "why"
}

test_approved_is_shown if {
	approved_roles.subjects == {"it"} with input as facts("approved")
	count(approved_roles.fail) == 0 with input as facts("approved")
	count(approved_roles.unknown) == 0 with input as facts("approved")
	count(approved_roles.evidence) == 1 with input as facts("approved")
}

test_unknown_is_unknown if {
	count(approved_roles.fail) == 0 with input as facts("unknown")
	count(approved_roles.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(approved_roles.unknown) == 1 with input as facts("something_new")
}

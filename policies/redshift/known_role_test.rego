package trailcheck.redshift.known_role_test

import data.trailcheck.redshift.known_role

facts(status) := {"redshift_roles": [{"role": "it", "carried": {"status": status, "message": "why", "evidence": {}}}]}

test_not_carried_fails if {
	some failed in known_role.fail with input as facts("not_carried")
	failed.subject == "it"
	failed.message == "why"
}

test_carried_is_shown if {
	known_role.subjects == {"it"} with input as facts("carried")
	count(known_role.fail) == 0 with input as facts("carried")
	count(known_role.unknown) == 0 with input as facts("carried")
	count(known_role.evidence) == 1 with input as facts("carried")
}

test_unknown_is_unknown if {
	count(known_role.fail) == 0 with input as facts("unknown")
	count(known_role.unknown) == 1 with input as facts("unknown")
}

# A status that this policy has never heard of must not become a pass.
test_a_new_status_is_unknown if {
	count(known_role.unknown) == 1 with input as facts("something_new")
}

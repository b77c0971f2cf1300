package trailcheck.redshift.known_role_test

import data.trailcheck.lib.verdict
import data.trailcheck.redshift.known_role

verdicts := {
	"not_associated": "fail",
	"associated": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(known_role) == expected with input as verdict.facts("redshift_roles", "association", status)
	}
}

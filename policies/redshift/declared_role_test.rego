package trailcheck.redshift.declared_role_test

import data.trailcheck.lib.verdict
import data.trailcheck.redshift.declared_role

verdicts := {
	"not_associated": "fail",
	"associated": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(declared_role) == expected with input as verdict.facts("declared_roles", "association", status)
	}
}

package trailcheck.redshift.role_of_statement_test

import data.trailcheck.lib.verdict
import data.trailcheck.redshift.role_of_statement

verdicts := {
	"other": "fail",
	"as_declared": "pass",
	"not_declared": "no subject",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(role_of_statement) == expected with input as verdict.facts("statements", "acting_role", status)
	}
}

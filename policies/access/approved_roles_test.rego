package trailcheck.access.approved_roles_test

import data.trailcheck.access.approved_roles
import data.trailcheck.lib.verdict

verdicts := {
	"violated": "fail",
	"approved": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(approved_roles) == expected with input as verdict.facts("access_rules", "approval", status)
	}
}

package trailcheck.access.foreign_account_test

import data.trailcheck.access.foreign_account
import data.trailcheck.lib.verdict

verdicts := {
	"seen": "fail",
	"none": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(foreign_account) == expected with input as verdict.facts("declared", "foreign_accounts", status)
	}
}

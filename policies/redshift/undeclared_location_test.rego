package trailcheck.redshift.undeclared_location_test

import data.trailcheck.lib.verdict
import data.trailcheck.redshift.undeclared_location

verdicts := {
	"undeclared": "fail",
	"declared": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(undeclared_location) == expected with input as verdict.facts("learned", "declaration", status)
	}
}

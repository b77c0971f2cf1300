package trailcheck.trail.multi_region_test

import data.trailcheck.lib.verdict
import data.trailcheck.trail.multi_region

verdicts := {
	"gap": "fail",
	"recorded": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(multi_region) == expected with input as verdict.facts("accounts", "management_coverage", status)
	}
}

package trailcheck.coverage.copy_recorded_test

import data.trailcheck.coverage.copy_recorded
import data.trailcheck.lib.verdict

verdicts := {
	"gap": "fail",
	"recorded": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(copy_recorded) == expected with input as verdict.facts("copies", "coverage", status)
	}
}

package trailcheck.coverage.unload_recorded_test

import data.trailcheck.coverage.unload_recorded
import data.trailcheck.lib.verdict

verdicts := {
	"gap": "fail",
	"recorded": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(unload_recorded) == expected with input as verdict.facts("unloads", "coverage", status)
	}
}

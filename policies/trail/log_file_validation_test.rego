package trailcheck.trail.log_file_validation_test

import data.trailcheck.lib.verdict
import data.trailcheck.trail.log_file_validation

verdicts := {
	"off": "fail",
	"on": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(log_file_validation) == expected with input as verdict.facts("trails", "log_file_validation", status)
	}
}

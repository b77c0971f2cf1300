package trailcheck.trail.logging_test

import data.trailcheck.lib.verdict
import data.trailcheck.trail.logging

verdicts := {
	"stopped": "fail",
	"delivery_failing": "fail",
	"logging": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(logging) == expected with input as verdict.facts("trails", "logging", status)
	}
}

package trailcheck.trail.integrity_test

import data.trailcheck.lib.verdict
import data.trailcheck.trail.integrity

verdicts := {
	"violated": "fail",
	"intact": "pass",
	"not_validated": "no subject",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(integrity) == expected with input as verdict.facts("trails", "validation", status)
	}
}

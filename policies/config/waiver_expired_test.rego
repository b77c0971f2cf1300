package trailcheck.config.waiver_expired_test

import data.trailcheck.config.waiver_expired
import data.trailcheck.lib.verdict

verdicts := {
	"current": "pass",
	"expired": "fail",
	"renewed": "pass",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(waiver_expired) == expected with input as verdict.facts("waivers", "term", status)
	}
}

package trailcheck.trail.encrypted_test

import data.trailcheck.lib.verdict
import data.trailcheck.trail.encrypted

verdicts := {
	"kms_key": "pass",
	"s3_key": "fail",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(encrypted) == expected with input as verdict.facts("trails", "encryption", status)
	}
}

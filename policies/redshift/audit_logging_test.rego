package trailcheck.redshift.audit_logging_test

import data.trailcheck.lib.verdict
import data.trailcheck.redshift.audit_logging

verdicts := {
	"off": "fail",
	"delivery_failing": "fail",
	"on": "pass",
	"not_asked": "no subject",
	"unknown": "unknown",
}

test_every_status_has_its_verdict if {
	every status, expected in verdicts {
		verdict.of(audit_logging) == expected with input as verdict.facts("clusters", "audit_logging", status)
	}
}

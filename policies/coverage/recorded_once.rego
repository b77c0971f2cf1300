# METADATA
# title: Events are recorded once
# description: >-
#   No event of a location is recorded by two trails or event data stores. Every copy of a data event is billed, and two copies
#   in an analysis are two accesses where there was one. A second recorder may be wanted, as an organization's beside an
#   account's own; then waive this with the reason.
# custom:
#   about: [unloads, copies]
#   severity: low
#   remediation: >-
#     Take the location out of all but one of the recorders that the evidence names, after `coverage/unload_recorded` or
#     `coverage/copy_recorded` has shown that the one that stays records all of it.
#   controls: {}
package trailcheck.coverage.recorded_once

locations contains location if some location in input.unloads

locations contains location if some location in input.copies

subjects contains location.location if some location in locations

fail contains {
	"subject": location.location,
	"message": location.duplicates.message,
	"evidence": location.duplicates.evidence,
} if {
	some location in locations
	location.duplicates.status == "twice"
}

unknown contains {
	"subject": location.location,
	"message": location.duplicates.message,
	"evidence": location.duplicates.evidence,
} if {
	some location in locations
	not location.duplicates.status in {"once", "twice"}
}

evidence contains {
	"subject": location.location,
	"message": location.duplicates.message,
	"evidence": location.duplicates.evidence,
} if {
	some location in locations
	location.duplicates.status == "once"
}

# METADATA
# title: Events are recorded once
# description: >-
#   No event of a location is recorded by two trails or event data stores. Every copy of a data event is billed, and two copies
#   in an analysis are two accesses where there was one. A second recorder may be wanted, as an organization's beside an
#   account's own; then waive this with the reason.
# custom:
#   not_applicable: no location is declared
#   severity: low
#   remediation: >-
#     Remove the location from all but one of the recorders that the evidence names, after `coverage/unload_recorded` or
#     `coverage/copy_recorded` has shown that the one that stays records all of it.
#   controls: {}
package trailcheck.coverage.recorded_once

import data.trailcheck.lib.judged

locations := array.concat(input.unloads, input.copies)

subjects := judged.names(locations)

fail := judged.having(locations, "duplicates", {"twice"})

unknown := judged.outside(locations, "duplicates", {"once", "twice"})

pass := judged.having(locations, "duplicates", {"once"})

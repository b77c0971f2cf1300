# METADATA
# title: The buckets that the config names exist
# description: >-
#   S3 knows a bucket of the name of each declared location, in whatever account. What is said of a location whose bucket does
#   not exist is said of nothing: mostly its name is misspelt, or the bucket was deleted and the config was not told.
# custom:
#   not_applicable: no location is declared
#   severity: low
#   remediation: >-
#     Correct the bucket's name in the line that is named, or remove the table. A name that nobody has can be taken by anybody:
#     if COPY or UNLOAD still use it, mend them first.
#   controls: {}
package trailcheck.config.location_not_found

import data.trailcheck.lib.judged

subjects := judged.names(input.buckets)

fail := judged.having(input.buckets, "existence", {"missing"})

unknown := judged.outside(input.buckets, "existence", {"exists", "missing"})

pass := judged.having(input.buckets, "existence", {"exists"})

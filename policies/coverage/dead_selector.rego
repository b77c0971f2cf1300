# METADATA
# title: No selector is dead
# description: >-
#   Every event selector for S3 objects can match some event. A dead one looks like coverage and is none: it names a bucket of
#   another region in a single-region trail, or a bucket's ARN without the slash, or its clauses contradict each other.
#   CloudTrail takes most of these without a word.
# custom:
#   not_applicable: there is no trail
#   severity: low
#   remediation: >-
#     Remove the selector, or fix it: end a bucket's ARN with a slash (StartsWith arn:aws:s3:::BUCKET/), and record a bucket
#     by a multi-region trail or one of its own region. `put-event-selectors` replaces what is there: send the other
#     selectors along.
#   controls:
#     nist-800-53-r5: ["AU-12"]
package trailcheck.coverage.dead_selector

import data.trailcheck.lib.judged

shown := judged.without(input.trails, "selectors", {"not_shown"})

subjects := judged.names(shown)

fail := judged.having(shown, "selectors", {"dead"})

unknown := judged.outside(shown, "selectors", {"live", "dead"})

pass := judged.having(shown, "selectors", {"live"})

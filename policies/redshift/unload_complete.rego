# METADATA
# title: Every UNLOAD that began has ended
# description: >-
#   By the log records, every multipart upload of an UNLOAD was completed or aborted. One that was not is an UNLOAD that
#   broke off: what it should have written is not there, and its parts are stored and paid for.
# custom:
#   not_applicable: no log records show an UNLOAD
#   severity: low
#   remediation: >-
#     Run the UNLOAD again, abort what it left (`aws s3api list-multipart-uploads`, `abort-multipart-upload`), and give
#     the bucket a lifecycle rule with AbortIncompleteMultipartUpload.
#   controls:
#     nist-800-53-r5: ["SI-12"]
#     soc2-2017: ["PI1.3"]
package trailcheck.redshift.unload_complete

import data.trailcheck.lib.judged

subjects := judged.names(input.seen_unloads)

fail := judged.having(input.seen_unloads, "completion", {"unfinished"})

unknown := judged.outside(input.seen_unloads, "completion", {"complete", "unfinished"})

pass := judged.having(input.seen_unloads, "completion", {"complete"})

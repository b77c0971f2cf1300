# METADATA
# title: Every UNLOAD that began has ended
# description: >-
#   By the log records, every multipart upload of an UNLOAD was completed or aborted. One that was not is an UNLOAD that
#   broke off: what it should have written is not there, and its parts are stored and paid for.
# custom:
#   about: [seen_unloads]
#   severity: low
#   remediation: >-
#     Run the UNLOAD again, abort what it left (`aws s3api list-multipart-uploads`, `abort-multipart-upload`), and give
#     the bucket a lifecycle rule with AbortIncompleteMultipartUpload.
#   controls:
#     nist-800-53-r5: [SI-12]
package trailcheck.redshift.unload_complete

subjects contains place.location if some place in input.seen_unloads

fail contains {"subject": place.location, "message": place.completion.message, "evidence": place.completion.evidence} if {
	some place in input.seen_unloads
	place.completion.status == "unfinished"
}

unknown contains {"subject": place.location, "message": place.completion.message, "evidence": place.completion.evidence} if {
	some place in input.seen_unloads
	not place.completion.status in {"complete", "unfinished"}
}

evidence contains {"subject": place.location, "message": place.completion.message, "evidence": place.completion.evidence} if {
	some place in input.seen_unloads
	place.completion.status == "complete"
}

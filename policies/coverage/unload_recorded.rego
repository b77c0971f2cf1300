# METADATA
# title: UNLOAD locations are recorded
# description: >-
#   Every read and write of a location that Redshift UNLOADs to is recorded by CloudTrail: by a trail that is logging and in
#   effect in the bucket's own region (a multi-region trail counts), whose event selectors together match every S3 data
#   event there, whatever its name, key or principal. A trail of another region may name the bucket; no event ever comes.
# custom:
#   not_applicable: no UNLOAD location is declared
#   severity: high
#   remediation: >-
#     Give a logging trail that is in effect in the bucket's region a selector for all of the location, reads and writes:
#     ReadWriteType=All with the value arn:aws:s3:::BUCKET/ (the slash matters), or an advanced selector with
#     resources.ARN StartsWith arn:aws:s3:::BUCKET/. `put-event-selectors` replaces what is there: send the selectors
#     that the trail has today along with it.
#   controls:
#     cis-aws-7.0: ["4.8", "4.9"]
#     cis-aws-3.0: ["3.8", "3.9"]
#     nist-800-53-r5: ["AU-2", "AU-3", "AU-12"]
#     pci-dss-4.0.1: ["10.2.1", "10.2.1.1"]
#     soc2-2017: ["CC7.2"]
#     iso-27001-2022: ["A.8.15"]
#     hipaa: ["164.312(b)"]
package trailcheck.coverage.unload_recorded

import data.trailcheck.lib.judged

subjects := judged.names(input.unloads)

fail := judged.having(input.unloads, "coverage", {"gap"})

unknown := judged.outside(input.unloads, "coverage", {"recorded", "gap"})

pass := judged.having(input.unloads, "coverage", {"recorded"})

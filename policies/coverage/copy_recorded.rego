# METADATA
# title: COPY locations are recorded
# description: >-
#   Every access that a COPY location asks to have recorded (reads, unless its `access` says otherwise) is recorded by
#   CloudTrail: by a trail that is logging and in effect in the bucket's own region, which for COPY is often another one
#   than the cluster's. A trail of the cluster's region may name the bucket; no event ever comes.
# custom:
#   not_applicable: no COPY location is declared
#   severity: high
#   remediation: >-
#     Give a logging trail that is in effect in the bucket's region a selector for all of the location, for reads at least:
#     ReadWriteType=All (ReadOnly leaves out copies) with the value arn:aws:s3:::BUCKET/ (the slash matters), or an advanced selector with
#     resources.ARN StartsWith arn:aws:s3:::BUCKET/. `put-event-selectors` replaces what is there: send the selectors
#     that the trail has today along with it.
#   controls:
#     cis-aws-7.0: ["4.9"]
#     cis-aws-3.0: ["3.9"]
#     nist-800-53-r5: ["AU-2", "AU-3", "AU-12"]
#     pci-dss-4.0.1: ["10.2.1", "10.2.1.1"]
#     soc2-2017: ["CC7.2"]
#     iso-27001-2022: ["A.8.15"]
#     hipaa: ["164.312(b)"]
package trailcheck.coverage.copy_recorded

import data.trailcheck.lib.judged

subjects := judged.names(input.copies)

fail := judged.having(input.copies, "coverage", {"gap"})

unknown := judged.outside(input.copies, "coverage", {"recorded", "gap"})

pass := judged.having(input.copies, "coverage", {"recorded"})

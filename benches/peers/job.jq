# One line for each S3 data event. Before eventVersion 1.07 its resources tell it from a management event.
.Records[]
| select(.eventSource == "s3.amazonaws.com")
| select(
    .eventCategory == "Data"
    or (.eventCategory == null and (.managementEvent | not) and .resources[0].type == "AWS::S3::Object")
  )
| .userIdentity as $who
| [
    (if $who.accountId == "ANONYMOUS_PRINCIPAL" then "anonymous"
     else $who.sessionContext.sessionIssuer.arn // $who.arn // $who.invokedBy // $who.principalId // $who.accountId end),
    (.requestParameters.bucketName // .resources[-1].ARN[13:]),
    .eventName,
    (if .readOnly == null then "unknown" elif .readOnly then "read" else "write" end),
    .awsRegion,
    (.errorCode // ""),
    .eventTime,
    .eventID
  ]
| @tsv

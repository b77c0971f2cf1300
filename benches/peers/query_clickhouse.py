"""The job in ClickHouse: each file is one row, whose records are read into a typed tuple of the fields it needs."""

import sys

import chdb

RECORDS = """Records Array(Tuple(
    eventSource String, eventName String, eventTime String, awsRegion String, errorCode Nullable(String), eventID UUID,
    readOnly Nullable(Bool), eventCategory Nullable(String), managementEvent Bool,
    requestParameters Tuple(bucketName Nullable(String)),
    resources Array(Tuple(type String, ARN String)),
    userIdentity Tuple(
        arn Nullable(String), accountId Nullable(String), principalId Nullable(String), invokedBy Nullable(String),
        sessionContext Tuple(sessionIssuer Tuple(arn Nullable(String)))
    )
))"""

# Before eventVersion 1.07 the resources tell a data event from a management event.
QUERY = f"""
SELECT
    if(r.userIdentity.accountId = 'ANONYMOUS_PRINCIPAL', 'anonymous', coalesce(
        r.userIdentity.sessionContext.sessionIssuer.arn, r.userIdentity.arn, r.userIdentity.invokedBy,
        r.userIdentity.principalId, r.userIdentity.accountId
    )) AS principal,
    coalesce(r.requestParameters.bucketName, substring(r.resources[-1].ARN, 14)) AS bucket,
    r.eventName AS event_name,
    multiIf(r.readOnly IS NULL, 'unknown', r.readOnly, 'read', 'write') AS access,
    r.awsRegion AS region,
    coalesce(r.errorCode, '') AS error_code,
    uniqExact(r.eventID), min(r.eventTime), max(r.eventTime), any(r.eventID)
FROM file('{sys.argv[1]}/**/*.json.gz', 'JSONEachRow', '{RECORDS}') ARRAY JOIN Records AS r
WHERE r.eventSource = 's3.amazonaws.com' AND (
    r.eventCategory = 'Data'
    OR r.eventCategory IS NULL AND NOT r.managementEvent AND r.resources[1].type = 'AWS::S3::Object'
)
GROUP BY principal, bucket, event_name, access, region, error_code
SETTINGS
    input_format_skip_unknown_fields = 1,
    input_format_json_ignore_unknown_keys_in_named_tuple = 1,
    input_format_json_defaults_for_missing_elements_in_named_tuple = 1,
    input_format_null_as_default = 1
"""

sys.stdout.write(str(chdb.query(QUERY, "TSV")))

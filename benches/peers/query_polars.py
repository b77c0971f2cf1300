"""The job in polars: a lazy scan with the fields that the job needs as its schema, on the streaming engine."""

import sys

import polars as pl

TEXT = pl.String
RECORD = pl.Struct({
    "eventSource": TEXT, "eventName": TEXT, "eventTime": TEXT, "awsRegion": TEXT, "errorCode": TEXT, "eventID": TEXT,
    "readOnly": pl.Boolean, "eventCategory": TEXT, "managementEvent": pl.Boolean,
    "requestParameters": pl.Struct({"bucketName": TEXT}),
    "resources": pl.List(pl.Struct({"type": TEXT, "ARN": TEXT})),
    "userIdentity": pl.Struct({
        "arn": TEXT, "accountId": TEXT, "principalId": TEXT, "invokedBy": TEXT,
        "sessionContext": pl.Struct({"sessionIssuer": pl.Struct({"arn": TEXT})}),
    }),
})  # fmt: skip

who = pl.col("userIdentity").struct
issuer = who.field("sessionContext").struct.field("sessionIssuer").struct.field("arn")
principal = (
    pl.when(who.field("accountId") == "ANONYMOUS_PRINCIPAL")
    .then(pl.lit("anonymous"))
    .otherwise(
        pl.coalesce(issuer, who.field("arn"), who.field("invokedBy"), who.field("principalId"), who.field("accountId"))
    )
)
resources = pl.col("resources").list
bucket = pl.coalesce(
    pl.col("requestParameters").struct.field("bucketName"), resources.last().struct.field("ARN").str.slice(13)
)
access = (
    pl.when(pl.col("readOnly").is_null())
    .then(pl.lit("unknown"))
    .when("readOnly")
    .then(pl.lit("read"))
    .otherwise(pl.lit("write"))
)
# Before eventVersion 1.07 the resources tell a data event from a management event.
is_object = resources.first().struct.field("type") == "AWS::S3::Object"
is_old_data = pl.col("eventCategory").is_null() & ~pl.col("managementEvent").fill_null(False) & is_object
is_data = (pl.col("eventCategory") == "Data").fill_null(False) | is_old_data.fill_null(False)

records = pl.scan_ndjson(f"{sys.argv[1]}/**/*.json.gz", schema={"Records": pl.List(RECORD)})
groups = (
    records.explode("Records")
    .unnest("Records")
    .filter((pl.col("eventSource") == "s3.amazonaws.com") & is_data)
    .group_by(
        principal.alias("principal"), bucket.alias("bucket"), "eventName", access.alias("access"), "awsRegion",
        pl.col("errorCode").fill_null(""),
    )  # fmt: skip
    .agg(
        pl.col("eventID").n_unique().alias("count"),
        pl.col("eventTime").min().alias("first"),
        pl.col("eventTime").max().alias("last"),
        pl.col("eventID").first().alias("example"),
    )
)
for row in groups.collect(engine="streaming").iter_rows():
    print(*row, sep="\t")

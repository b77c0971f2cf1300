//! The text of a record, field by field in CloudTrail's order.
//!
//! Source: CloudTrail User Guide, "CloudTrail record contents", for the version that each field came with.

use std::fmt::Write;

use super::actor::{Habit, Place};
use super::random::{BASE32, BASE64, HEX, Random, UPPER_HEX};
use super::work::{Call, Kind, Session};

macro_rules! put {
    ($out:expr, $($text:tt)*) => { write!($out, $($text)*).expect("a String takes any text") };
}

const ERRORS: [(&str, &str); 3] = [
    ("AccessDenied", "Access Denied"),
    ("NoSuchKey", "The specified key does not exist."),
    ("SlowDown", "Please reduce your request rate."),
];

/// One record of the session, at the end of `out`: an S3 data event, or now and then something else.
pub fn write(out: &mut String, random: &mut Random, place: &Place, session: &mut Session, time: &str) {
    let is_role = matches!(session.actor.habit, Habit::Redshift | Habit::Other) && session.actor.version > 7;
    match random.below(100) {
        0..=2 if is_role => key_service(out, random, place, session, time),
        3..=5 if is_role => management(out, random, place, session, time),
        _ => data_event(out, random, place, session, time),
    }
}

fn data_event(out: &mut String, random: &mut Random, place: &Place, session: &mut Session, time: &str) {
    let call = session.next_call(random);
    let actor = &session.actor;
    let denied = if actor.habit == Habit::Anonymous { 600 } else { 12 };
    let error = random.chance(denied).then(|| match actor.habit {
        Habit::Anonymous => &ERRORS[0],
        _ => &ERRORS[random.below(if call.name == "GetObject" { 3 } else { 1 })],
    });
    head(out, session, time, "s3.amazonaws.com", call.name, place.region);
    if let Some((code, message)) = error {
        put!(out, ",\"errorCode\":\"{code}\",\"errorMessage\":\"{message}\"");
    }
    // A request without parameters, or without resources, still names its bucket in the other.
    let modern = actor.version > 7;
    let (no_request, no_resources) = (modern && random.chance(3), modern && random.chance(5));
    let escaped = random.chance(5);
    let bucket = if escaped { call.bucket.replace('-', "\\u002d") } else { call.bucket.clone() };
    if no_request && !no_resources {
        out.push_str(",\"requestParameters\":null");
    } else {
        request(out, random, place, &call, &bucket);
    }
    let written = !call.read_only && error.is_none();
    response(out, random, place, &call, written);
    let size = random.between(100, 64 << 20);
    additional(out, random, session, &call, size, written);
    put!(out, ",\"requestID\":\"{}\",\"eventID\":\"{}\"", random.token(UPPER_HEX, 16), random.uuid());
    if !random.chance(4) {
        put!(out, ",\"readOnly\":{}", call.read_only);
    }
    if !no_resources {
        resources(out, place, &call, &bucket);
    }
    tail(out, random, place, session, "Data");
}

/// Up to the user agent.
fn head(out: &mut String, session: &Session, time: &str, source: &str, name: &str, region: &str) {
    let actor = &session.actor;
    put!(out, "{{\"eventVersion\":\"1.{:02}\",\"userIdentity\":{}", actor.version, actor.identity);
    put!(out, ",\"eventTime\":\"{time}\",\"eventSource\":\"{source}\",\"eventName\":\"{name}\"");
    put!(out, ",\"awsRegion\":\"{region}\",\"sourceIPAddress\":\"{}\"", actor.address);
    put!(out, ",\"userAgent\":\"{}\"", actor.agent);
}

fn request(out: &mut String, random: &mut Random, place: &Place, call: &Call, bucket: &str) {
    out.push_str(",\"requestParameters\":{");
    if call.name == "PutObjectTagging" {
        // A tag may have any name, that of a field too; and it stands before the fields themselves.
        out.push_str("\"Tagging\":{\"TagSet\":{\"Tag\":[{\"Key\":\"eventName\",\"Value\":\"GetObject\"},");
        out.push_str("{\"bucketName\":\"decoy\",\"key\":\"decoy\"}]}},\"tagging\":\"\",");
    }
    if call.name == "SelectObjectContent" {
        out.push_str("\"SelectObjectContentRequest\":{\"Expression\":\"SELECT s.\\\"bucketName\\\" FROM S3Object s\",");
        out.push_str("\"eventName\":\"PutObject\"},\"select\":\"\",\"select-type\":\"2\",");
    }
    put!(out, "\"bucketName\":\"{bucket}\",\"Host\":\"{}.s3.{}.amazonaws.com\"", call.bucket, place.region);
    match call.name {
        "CreateMultipartUpload" => {
            out.push_str(",\"uploads\":\"\"");
            encryption(out, place);
        }
        "UploadPart" => put!(out, ",\"partNumber\":\"{}\",\"x-id\":\"UploadPart\"", call.part),
        "CompleteMultipartUpload" => {
            let tag = random.token(HEX, 32);
            put!(out, ",\"CompleteMultipartUpload\":{{\"Part\":{{\"PartNumber\":1.0,\"ETag\":\"{tag}\"}}}}");
        }
        "ListObjects" => {
            out.push_str(",\"list-type\":\"2\",\"max-keys\":\"1000\",\"encoding-type\":\"url\",\"delimiter\":\"/\"")
        }
        "PutObject" => {
            out.push_str(",\"x-amz-acl\":\"bucket-owner-full-control\",\"x-id\":\"PutObject\"");
            encryption(out, place);
        }
        "GetObject" => out.push_str(",\"x-id\":\"GetObject\""),
        _ => {}
    }
    if let Some(upload) = &call.upload {
        put!(out, ",\"uploadId\":\"{upload}\"");
    }
    match call.kind {
        Kind::Object => {
            out.push_str(",\"key\":\"");
            escape(out, &call.key);
            out.push('"');
        }
        Kind::Listing => put!(out, ",\"prefix\":\"{}\"", call.key),
        Kind::Bucket => {}
    }
    out.push('}');
}

fn encryption(out: &mut String, place: &Place) {
    out.push_str(",\"x-amz-server-side-encryption\":\"aws:kms\"");
    put!(out, ",\"x-amz-server-side-encryption-aws-kms-key-id\":\"{}\"", kms_key(place));
}

fn kms_key(place: &Place) -> String {
    format!("arn:aws:kms:{}:{}:key/7f1e5c9a-3b52-4c1d-9e0f-5a6b7c8d9e0f", place.region, place.account)
}

fn response(out: &mut String, random: &mut Random, place: &Place, call: &Call, written: bool) {
    if !written {
        return out.push_str(",\"responseElements\":null");
    }
    out.push_str(",\"responseElements\":{\"x-amz-server-side-encryption\":\"aws:kms\"");
    if call.name != "UploadPart" {
        put!(out, ",\"x-amz-server-side-encryption-aws-kms-key-id\":\"{}\"", kms_key(place));
        put!(out, ",\"x-amz-version-id\":\"{}\"", random.token(&BASE64[..62], 32));
    }
    if call.name == "CompleteMultipartUpload" {
        put!(out, ",\"location\":\"https://{}.s3.{}.amazonaws.com/\"", call.bucket, place.region);
    }
    out.push('}');
}

fn additional(out: &mut String, random: &mut Random, session: &Session, call: &Call, size: usize, written: bool) {
    let id = random.token(BASE64, 75);
    if session.actor.version < 7 {
        return put!(out, ",\"additionalEventData\":{{\"x-amz-id-2\":\"{id}=\"}}");
    }
    let received = if written && call.kind == Kind::Object { size } else { 0 };
    let sent = if call.name == "GetObject" { size } else { 0 };
    let method = if random.chance(30) { "QueryString" } else { "AuthHeader" };
    out.push_str(",\"additionalEventData\":{\"SignatureVersion\":\"SigV4\",\"CipherSuite\":\"TLS_AES_128_GCM_SHA256\"");
    put!(out, ",\"bytesTransferredIn\":{received},\"AuthenticationMethod\":\"{method}\",\"x-amz-id-2\":\"{id}=\"");
    put!(out, ",\"bytesTransferredOut\":{sent}}}");
}

fn resources(out: &mut String, place: &Place, call: &Call, bucket: &str) {
    out.push_str(",\"resources\":[");
    if call.kind != Kind::Bucket {
        let name = if call.kind == Kind::Object { "ARN" } else { "ARNPrefix" };
        put!(out, "{{\"type\":\"AWS::S3::Object\",\"{name}\":\"arn:aws:s3:::{bucket}/");
        escape(out, &call.key);
        out.push_str("\"},");
    }
    let account = place.account;
    put!(out, "{{\"accountId\":\"{account}\",\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::{bucket}\"}}]");
}

/// From `eventType` to the end of the record.
fn tail(out: &mut String, random: &mut Random, place: &Place, session: &Session, category: &str) {
    let actor = &session.actor;
    out.push_str(",\"eventType\":\"AwsApiCall\"");
    if actor.version > 5 {
        put!(out, ",\"managementEvent\":{}", category == "Management");
    }
    put!(out, ",\"recipientAccountId\":\"{}\"", place.account);
    if actor.account != place.account {
        put!(out, ",\"sharedEventID\":\"{}\"", random.uuid());
    }
    if let Some(endpoint) = actor.endpoint.as_deref().filter(|_| category == "Data") {
        put!(out, ",\"vpcEndpointId\":\"{endpoint}\"");
        if actor.version > 8 {
            put!(out, ",\"vpcEndpointAccountId\":\"{}\"", place.account);
        }
    }
    if actor.version < 7 {
        return out.push('}');
    }
    if random.chance(5) {
        out.push_str(",\"addendum\":{\"reason\":\"DELIVERY_DELAY\",\"updatedFields\":\"\",");
        put!(out, "\"originalRequestID\":\"\",\"originalEventID\":\"{}\"}}", random.uuid());
    }
    put!(out, ",\"eventCategory\":\"{category}\"");
    if !actor.address.ends_with(".com") {
        out.push_str(",\"tlsDetails\":{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",");
        put!(out, "\"clientProvidedHostHeader\":\"s3.{}.amazonaws.com\"}}", place.region);
    }
    out.push('}');
}

/// S3 asks KMS for a key in the caller's name.
fn key_service(out: &mut String, random: &mut Random, place: &Place, session: &Session, time: &str) {
    let (name, read_only) = if random.chance(500) { ("Decrypt", true) } else { ("GenerateDataKey", true) };
    let bucket = &session.actor.buckets[0];
    head(out, session, time, "kms.amazonaws.com", name, place.region);
    put!(out, ",\"requestParameters\":{{\"encryptionContext\":{{\"aws:s3:arn\":\"arn:aws:s3:::{bucket}\"}}");
    put!(out, ",\"encryptionAlgorithm\":\"SYMMETRIC_DEFAULT\"}},\"responseElements\":null");
    out.push_str(",\"additionalEventData\":{\"keyMaterialId\":\"");
    put!(out, "{}\"}},\"requestID\":\"{}\"", random.token(HEX, 64), random.uuid());
    put!(out, ",\"eventID\":\"{}\",\"readOnly\":{read_only},\"resources\":[{{", random.uuid());
    put!(out, "\"accountId\":\"{}\",\"type\":\"AWS::KMS::Key\"", place.account);
    put!(out, ",\"ARN\":\"{}\"}}]", kms_key(place));
    tail(out, random, place, session, "Management");
}

/// A policy is a document inside the record, with fields named as the record's own; as text or as nested objects.
fn management(out: &mut String, random: &mut Random, place: &Place, session: &Session, time: &str) {
    let bucket = &session.actor.buckets[0];
    let id = random.token(BASE32, 8);
    let (source, name, read_only, request) = match random.below(5) {
        0 => (
            "s3.amazonaws.com",
            "PutBucketPolicy",
            false,
            format!(
                "{{\"bucketPolicy\":{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Sid\":\"{id}\",\
             \"eventName\":\"GetObject\",\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:GetObject\",\
             \"Condition\":{{\"StringNotEquals\":{{\"bucketName\":\"decoy\",\"readOnly\":true}}}},\
             \"Resource\":\"arn:aws:s3:::{bucket}/*\"}}]}},\"bucketName\":\"{bucket}\",\"policy\":\"\"}}"
            ),
        ),
        1 => (
            "iam.amazonaws.com",
            "PutRolePolicy",
            false,
            format!(
                "{{\"roleName\":\"redshift-{id}\",\"policyName\":\"unload\",\
             \"policyDocument\":\"{{\\\"Version\\\": \\\"2012-10-17\\\",\\n \\\"Statement\\\": [{{\
             \\\"eventName\\\": \\\"GetObject\\\", \\\"bucketName\\\": \\\"decoy\\\", \
             \\\"eventSource\\\": \\\"s3.amazonaws.com\\\", \\\"Resource\\\": \\\"arn:aws:s3:::{bucket}/*\\\"}}]}}\"}}"
            ),
        ),
        2 => ("s3.amazonaws.com", "GetBucketAcl", true, format!("{{\"bucketName\":\"{bucket}\",\"acl\":\"\"}}")),
        3 => (
            "sts.amazonaws.com",
            "AssumeRole",
            true,
            format!(
                "{{\"roleArn\":\"arn:aws:iam::{0}:role/redshift-{id}\",\"roleSessionName\":\"RedshiftIamRoleSession\",\
             \"externalId\":\"arn:aws:redshift:{1}:{0}:dbuser:analytics/loader\"}}",
                place.account, place.region
            ),
        ),
        _ => ("redshift.amazonaws.com", "DescribeClusters", true, "null".to_owned()),
    };
    head(out, session, time, source, name, place.region);
    put!(out, ",\"requestParameters\":{request},\"responseElements\":null,\"requestID\":\"{}\"", random.uuid());
    put!(out, ",\"eventID\":\"{}\",\"readOnly\":{read_only}", random.uuid());
    tail(out, random, place, session, "Management");
}

/// As JSON must have it; every other control character does not occur.
fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            plain => out.push(plain),
        }
    }
}

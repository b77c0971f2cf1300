//! Records are read as serde_json reads them: the same events, and the same records not understood, however the text is
//! written.

mod reference;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::super::event::{Period, read};
use super::super::identity::Identities;
use super::super::json::Cursor;
use super::super::structural_index::StructuralIndex;
use reference::{Json, Plain, Unclear, event_of, plain};

/// A record as CloudTrail writes it, as members in its order.
const RECORD: &str = r#"{"eventVersion":"1.11","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/loader",
"accountId":"111122223333"},"eventTime":"2026-11-02T00:47:44Z","eventSource":"s3.amazonaws.com","eventName":"GetObject",
"awsRegion":"eu-west-1","sourceIPAddress":"10.0.0.1","userAgent":"[]","errorCode":"AccessDenied","errorMessage":"no",
"requestParameters":{"bucketName":"lake","Host":"lake.s3","key":"a/b","x-amz-copy-source":"from/c"},"responseElements":null,
"additionalEventData":{"bytesTransferredOut":5,"x":true},"requestID":"R1","eventID":"id-1","readOnly":true,
"resources":[{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::lake/a/b"},
{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::lake"}],"eventType":"AwsApiCall",
"managementEvent":false,"recipientAccountId":"111122223333","sharedEventID":"shared-1","vpcEndpointId":"v",
"vpcEndpointAccountId":"111122223333","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3"}}"#;

/// What may stand in a member's place, or in one that nobody knows.
fn oddities() -> Vec<Json> {
    let texts = [
        "",
        "x",
        "a\"b\\c",
        "\u{1}é日",
        "Data",
        "Management",
        "1.05",
        "2.0",
        "CopyObject",
        "HeadBucket",
        "DeleteObjects",
        "lake",
        "lake/a/b",
        "ap-x-s3alias",
        "arn:aws:s3:::ap-x-s3alias/k",
        "s3lifecycle.amazonaws.com",
        "S3.amazonaws.com",
        "PutObject",
        "NewEvent",
        "arn:aws:s3:::b/",
        "arn:aws:s3:::b",
        "arn:aws:s3:::b/k",
        "AWS::S3::Object",
        "s3.amazonaws.com",
        "AwsVpceEvent",
        "2026-11-02T00:47:44.5+01:00",
    ];
    let decoys = [
        r#"{"eventName":"Decoy","Records":[{"eventID":"decoy"}]}"#,
        r#"[{"type":"AWS::S3::Object","ARNPrefix":"arn:aws:s3:::b/p"},5]"#,
        r#"{"a":[{"b":null}],"key":"k","key":"k","bucketName":"b"}"#,
        "{}",
        "[]",
        "1.5",
        "null",
        "true",
        "false",
    ];
    let decoys = decoys.iter().map(|text| serde_json::from_str(text).unwrap());
    texts.iter().map(|text| Json::Text((*text).to_owned())).chain(decoys).collect()
}

/// One change to an object that may be anywhere in a record.
#[derive(Debug, Clone)]
enum Change {
    Drop(Index),
    Put(Index, Json),
    Twice(Index, Index, Json),
    Unknown(Index, Json),
    Swap(Index, Index),
    Within(Index, Box<Change>),
}

fn change() -> impl Strategy<Value = Change> {
    let odd = || select(oddities());
    let one = prop_oneof![
        any::<Index>().prop_map(Change::Drop),
        (any::<Index>(), odd()).prop_map(|(at, value)| Change::Put(at, value)),
        (any::<Index>(), any::<Index>(), odd()).prop_map(|(at, to, value)| Change::Twice(at, to, value)),
        (any::<Index>(), odd()).prop_map(|(at, value)| Change::Unknown(at, value)),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| Change::Swap(a, b)),
    ];
    one.prop_recursive(2, 4, 1, |inner| {
        (any::<Index>(), inner).prop_map(|(at, change)| Change::Within(at, change.into()))
    })
}

impl Change {
    fn make(&self, value: &mut Json) {
        match (self, value) {
            (_, Json::List(items)) if !items.is_empty() => match self {
                Change::Within(at, change) => change.make(at.get_mut(items)),
                other => other.make(&mut items[0]),
            },
            (change, Json::Object(members)) if !members.is_empty() => change.make_among(members),
            _ => {}
        }
    }

    fn make_among(&self, members: &mut Vec<(String, Json)>) {
        let count = members.len();
        match self {
            Change::Drop(at) => drop(members.remove(at.index(count))),
            Change::Put(at, value) => at.get_mut(members).1 = value.clone(),
            Change::Twice(at, to, value) => members.insert(to.index(count), (at.get(members).0.clone(), value.clone())),
            Change::Unknown(at, value) => members.insert(at.index(count), ("unknown".to_owned(), value.clone())),
            Change::Swap(a, b) => members.swap(a.index(count), b.index(count)),
            Change::Within(at, change) => change.make(&mut at.get_mut(members).1),
        }
    }
}

/// Another text for the same value: white space after what may be followed by it, and letters of strings escaped.
fn restyled(text: &str, space: bool, escape: Option<char>) -> String {
    let (mut out, mut in_string, mut after_backslash) = (String::new(), false, false);
    for letter in text.chars() {
        if in_string && !after_backslash && Some(letter) == escape {
            out.push_str(&format!("\\u{:04x}", letter as u32));
        } else {
            out.push(letter);
        }
        in_string ^= letter == '"' && !after_backslash;
        after_backslash = letter == '\\' && !after_backslash;
        if space && !in_string && ",:{}[]\"".contains(letter) {
            out.push_str(" \n");
        }
    }
    out
}

fn agree(texts: &[String]) -> Result<(), TestCaseError> {
    let file = format!("{{\"Records\":[{}]}}", texts.join(","));
    let index = StructuralIndex::of(&file);
    let mut identities = Identities::default();
    // The second time all identities are known.
    for _ in 0..2 {
        let mut found: Vec<Plain> = vec![];
        let note = |event, identities: &Identities| found.push(plain(&event, identities));
        let beside = read(&file, &index, &mut identities, Period::default(), note).unwrap();
        let (mut expected, mut malformed) = (vec![], 0);
        for text in texts {
            match event_of(&serde_json::from_str(text).unwrap()) {
                Ok(event) => expected.extend(event),
                Err(Unclear) => malformed += 1,
            }
        }
        prop_assert_eq!(&found, &expected, "{}", file);
        prop_assert_eq!(beside.unclear, malformed, "{}", file);
    }
    Ok(())
}

#[test]
fn a_record_as_cloudtrail_writes_it_needs_no_second_reading() {
    let whole: Json = serde_json::from_str(RECORD).unwrap();
    let text = whole.written();
    let index = StructuralIndex::of(&text);
    let mut compact = Cursor::new(&text, &index).compact();
    let mut members = super::Members::default();
    assert_eq!(members.guess(&mut compact, &mut Identities::default()), Some(()));
    agree(&[text.clone(), RECORD.to_owned(), restyled(RECORD, true, Some('a'))]).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn records_are_read_as_serde_reads_them(
        records in proptest::collection::vec(proptest::collection::vec(change(), 0..5), 1..4),
        space in any::<bool>(),
        escape in proptest::option::of(select(vec!['e', 'a', 'A', 's', 'w'])),
    ) {
        let one = |changes: &Vec<Change>| {
            let mut record: Json = serde_json::from_str(RECORD).unwrap();
            changes.iter().for_each(|change| change.make(&mut record));
            record.written()
        };
        let compact: Vec<String> = records.iter().map(one).collect();
        agree(&compact)?;
        agree(&compact.iter().map(|text| restyled(text, space, escape)).collect::<Vec<_>>())?;
    }
}

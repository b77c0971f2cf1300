//! Files that hold records: which are read, and what is said of the others.

use serde_json::{Value, json};

use crate::program::{Workplace, fixture};
use crate::touches::record;

/// In whatever they come, records are read as strictly as in a log file, and what is none says what it looks like.
#[test]
fn containers_are_told_by_their_form() {
    let read = |bytes: &[u8], name: &str| {
        let workplace = Workplace::offline();
        std::fs::create_dir(workplace.path("logs")).unwrap();
        std::fs::write(workplace.path(&format!("logs/{name}")), bytes).unwrap();
        let ran = workplace.run(&["accesses", "logs", "--format", "json"]);
        let rows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap();
        (rows.iter().map(|row| row["count"].as_u64().unwrap()).sum::<u64>(), ran.exit, ran.stderr)
    };
    let (one, two) = (record(&[("eventID", "a".into())]), record(&[("eventID", "b".into())]));
    let lines = format!("{one}\n{two}\n");
    let message = |record: &Value| Value::String(record.to_string());
    let file = json!({"Records": [one, two]}).to_string();
    let zstd = ruzstd::encoding::compress_to_vec(file.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    for (name, bytes) in [
        ("array.json", json!([one, two]).to_string().into_bytes()),
        ("lines.ndjson", lines.clone().into_bytes()),
        ("lines.gz", trailcheck::gzip::compress(lines.as_bytes())),
        ("bom.json", [b"\xef\xbb\xbf", file.as_bytes()].concat()),
        ("file.json.zst", zstd.clone()),
        ("export", format!("2026-11-22T05:00:00.000Z {one}\n2026-11-22T05:00:01.000Z {two}\n").into_bytes()),
        ("subscription.json", json!({"messageType": "DATA_MESSAGE", "logEvents": [{"message": message(&one)}, {"message": message(&two)}]}).to_string().into_bytes()),
        ("lookup.json", json!({"Events": [{"CloudTrailEvent": message(&one)}, {"CloudTrailEvent": message(&two)}]}).to_string().into_bytes()),
    ] {
        assert_eq!((read(&bytes, name).0, read(&bytes, name).1), (2, 0), "{name}: {}", read(&bytes, name).2);
    }
    assert_eq!(read(one.to_string().as_bytes(), "one.json").0, 1);
    let mut cut = zstd.clone();
    cut.truncate(zstd.len() - 3);
    for (name, bytes, what) in [
        ("cut.json.zst", cut, "zstd data is damaged"),
        ("more.json.zst", [&zstd[..], b"x"].concat(), "after the end"),
        (
            "notification.json",
            json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventVersion": "2.1"}]})
                .to_string()
                .into_bytes(),
            "S3 event notifications",
        ),
        ("other.json", b"{\"hello\": 1}".to_vec(), "it looks like JSON with hello"),
        (
            "rows.json",
            json!({"QueryResultRows": [[{"eventID": "a"}]]}).to_string().into_bytes(),
            "its rows have no eventversion",
        ),
    ] {
        let (count, exit, stderr) = read(&bytes, name);
        assert!(count == 0 && exit == 3 && stderr.contains(what), "{name}: {exit} {stderr}");
    }
}

/// What is packed in a form that is not read may hold records: it is named with what to do, and no silence.
#[test]
fn a_file_in_another_packing_is_not_passed_over() {
    let file = json!({"Records": [record(&[])]}).to_string();
    let mut tar = vec![0; 512];
    tar[..6].copy_from_slice(b"x.json");
    tar[257..262].copy_from_slice(b"ustar");
    let utf_16: Vec<u8> = [0xfeff].into_iter().chain(file.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let gzip = trailcheck::gzip::compress;
    for (name, bytes, form) in [
        ("old.zip", b"PK\x03\x04rest".to_vec(), "a ZIP archive"),
        ("old.bz2", b"BZh91AY".to_vec(), "bzip2 data"),
        ("old.xz", b"\xfd7zXZ\0\0".to_vec(), "xz data"),
        ("old", b"PAR1\x15".to_vec(), "a Parquet file"),
        ("old.tar", tar.clone(), "a tar archive"),
        ("old.tgz", gzip(&tar), "a tar archive"),
        ("old.json.gz", gzip(&gzip(file.as_bytes())), "gzip within gzip"),
        ("old.json", utf_16, "UTF-16 text"),
    ] {
        let workplace = Workplace::offline();
        workplace.write("logs/good.json", &file);
        std::fs::write(workplace.path(&format!("logs/{name}")), bytes).unwrap();
        let ran = workplace.run(&["accesses", "logs"]);
        assert_eq!(ran.exit, 3, "{name}: {ran:?}");
        assert!(ran.stderr.contains(&format!("logs/{name}: it is {form}; write")), "{name}: {}", ran.stderr);
    }
}

/// A download that failed leaves the page of its error.
#[test]
fn a_page_in_place_of_a_file_is_named_as_one() {
    let workplace = Workplace::offline();
    workplace.write("logs/good.json", &json!({"Records": [record(&[])]}).to_string());
    for page in ["<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "\n<!DOCTYPE html><html></html>"] {
        workplace.write("logs/error.json", page);
        let ran = workplace.run(&["accesses", "logs"]);
        assert_eq!(ran.exit, 3, "{ran:?}");
        assert!(ran.stderr.contains("logs/error.json: it looks like HTML or XML"), "{page}: {}", ran.stderr);
    }
}

/// The first ten of many, or all: whoever mends them needs each by its name.
#[test]
fn what_was_not_read_is_named_whole_on_request() {
    let workplace = Workplace::offline();
    (0..12).for_each(|number| drop(workplace.write(&format!("logs/{number:02}.json"), "{\"Rec")));
    let short = workplace.run(&["accesses", "logs"]).stderr;
    assert!(short.contains("logs/09.json: ") && !short.contains("logs/10.json: "), "{short}");
    assert!(short.contains("not read: 2 more objects, which -v names"), "{short}");
    let whole = workplace.run(&["accesses", "logs", "-v"]).stderr;
    assert!(whole.contains("logs/11.json: ") && !whole.contains("more object"), "{whole}");
    let config = "[[access]]\nlocation = \"s3://acme-loads/\"\nservices = [\"logging.s3.amazonaws.com\"]\n";
    workplace.write("trailcheck.toml", config);
    let snapshot = fixture("article/snapshot.json");
    let (report, _) = workplace.check(&["--snapshot", &snapshot, "--logs", "logs"]);
    let not_read = report["run"]["records"]["not_read"].as_array().unwrap();
    assert_eq!((not_read.len(), &not_read[11]["object"]), (12, &json!("logs/11.json")), "{report}");
}

//! Records that come back from Athena or CloudTrail Lake as rows of a table.

use serde_json::{Value, json};

use crate::program::{Workplace, fixture};

/// Athena's documented table ("Create a table for CloudTrail logs"), as far as S3 data events fill it.
const COLUMNS: [&str; 20] = [
    "eventversion",
    "useridentity",
    "eventtime",
    "eventsource",
    "eventname",
    "awsregion",
    "sourceipaddress",
    "useragent",
    "errorcode",
    "errormessage",
    "requestparameters",
    "responseelements",
    "additionaleventdata",
    "requestid",
    "eventid",
    "resources",
    "eventtype",
    "readonly",
    "recipientaccountid",
    "sharedeventid",
];
const ISSUER: [&str; 5] = ["type", "principalId", "arn", "accountId", "userName"];

fn member<'a>(value: &'a Value, column: &str) -> &'a Value {
    let found = value.as_object().and_then(|members| members.iter().find(|(name, _)| name.to_lowercase() == column));
    found.map_or(&Value::Null, |(_, value)| value)
}

/// `{name=value, …}` of these members, null where there is none.
fn printed(value: &Value, names: &[&str]) -> String {
    if value.is_null() {
        return "null".to_owned();
    }
    let text = |name: &&str| {
        let low = name.to_lowercase();
        let told = match (low.as_str(), member(value, &low)) {
            (_, Value::Null) => "null".to_owned(),
            ("sessioncontext", context) => printed(context, &["attributes", "sessionIssuer"]),
            ("attributes", attributes) => printed(attributes, &["mfaAuthenticated", "creationDate"]),
            ("sessionissuer", issuer) => printed(issuer, &ISSUER),
            (_, value) => value.as_str().unwrap().to_owned(),
        };
        format!("{low}={told}")
    };
    format!("{{{}}}", names.iter().map(text).collect::<Vec<_>>().join(", "))
}

fn cell(record: &Value, column: &str) -> String {
    match (column, member(record, column)) {
        ("useridentity", who) => printed(
            who,
            &["type", "principalId", "arn", "accountId", "invokedBy", "accessKeyId", "userName", "sessionContext"],
        ),
        ("resources", Value::Array(resources)) => {
            let each = resources.iter().map(|resource| printed(resource, &["arn", "accountId", "type"]));
            format!("[{}]", each.collect::<Vec<_>>().join(", "))
        }
        (_, Value::Null) => String::new(),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

fn csv(records: &[Value], columns: &[&str]) -> String {
    let mut out = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(vec![]);
    out.write_record(columns).unwrap();
    for record in records {
        out.write_record(columns.iter().map(|column| cell(record, column))).unwrap();
    }
    String::from_utf8(out.into_inner().unwrap()).unwrap()
}

/// What `accesses` counts in a file, without the object's name; its exit code and what it said.
fn read(name: &str, text: &str) -> (Vec<Value>, i32, String) {
    let workplace = Workplace::offline();
    workplace.write(&format!("logs/{name}"), text);
    let ran = workplace.run(&["accesses", "logs", "--format", "json"]);
    let mut rows: Vec<Value> = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    for row in &mut rows {
        row["example"].as_object_mut().unwrap().remove("object");
    }
    (rows, ran.exit, ran.stderr)
}

fn records_of_the_article() -> Vec<Value> {
    let file: Value =
        serde_json::from_str(&std::fs::read_to_string(fixture("article/logs/records.json")).unwrap()).unwrap();
    file["Records"].as_array().unwrap().clone()
}

#[test]
fn rows_of_athena_and_lake_say_what_the_log_file_says() {
    let records = records_of_the_article();
    let expected = read("file.json", &json!({"Records": records}).to_string());
    assert!(expected.0.len() == 5 && expected.1 == 0, "{expected:?}");
    let cells = |record: &Value| COLUMNS.map(|column| (column, cell(record, column)));
    let results: Vec<Value> = records
        .iter()
        .map(|record| {
            let data =
                cells(record).map(|(_, cell)| if cell.is_empty() { json!({}) } else { json!({"VarCharValue": cell}) });
            json!({"Data": data})
        })
        .collect();
    let head = json!({"Data": COLUMNS.map(|column| json!({"VarCharValue": column}))});
    let rows = [vec![head], results].concat();
    let result_set = json!({"ResultSet": {
        "Rows": rows,
        "ResultSetMetadata": {"ColumnInfo": COLUMNS.map(|column| json!({"Name": column, "Type": "varchar"}))},
    }});
    // What UNLOAD writes in Athena: structures and flags are JSON.
    let unloaded: Vec<String> = records
        .iter()
        .map(|record| {
            let low = |value: &Value| -> Value { serde_json::from_str(&lowered(&value.to_string())).unwrap() };
            let row = COLUMNS.map(|column| match column {
                "useridentity" | "resources" => (column.to_owned(), low(member(record, column))),
                _ => (column.to_owned(), Value::from(cell(record, column))),
            });
            Value::Object(row.into_iter().collect()).to_string()
        })
        .collect();
    let whole = |record: &Value| format!("\"{}\"\n", record.to_string().replace('"', "\"\""));
    for (name, text) in [
        ("athena.csv", csv(&records, &COLUMNS)),
        ("results.json", result_set.to_string()),
        ("unloaded.json", unloaded.join("\n")),
        ("lake.csv", format!("eventJson\n{}", records.iter().map(whole).collect::<String>())),
    ] {
        let (rows, exit, stderr) = read(name, &text);
        assert_eq!((rows, exit), (expected.0.clone(), 0), "{name}: {stderr}");
    }
}

/// The names of members in small letters, as Hive has them.
fn lowered(json: &str) -> String {
    let pieces: Vec<String> = json
        .split("\":")
        .map(|piece| match piece.rsplit_once('"') {
            Some((before, name)) => format!("{before}\"{}", name.to_lowercase()),
            None => piece.to_owned(),
        })
        .collect();
    pieces.join("\":")
}

/// A row that could be read in two ways, or a query that left something out, is not read.
#[test]
fn rows_that_lack_something_or_can_be_read_in_two_ways_are_refused() {
    let refused = |name: &str, text: &str, why: &str| {
        let (rows, exit, stderr) = read(name, text);
        assert!(rows.is_empty() && exit == 3 && stderr.contains(why), "{name}: {exit} {stderr}");
    };
    let records = records_of_the_article();
    for column in ["useridentity", "errorcode", "sharedeventid", "resources", "eventtype"] {
        let columns: Vec<&str> = COLUMNS.into_iter().filter(|other| *other != column).collect();
        refused("rows.csv", &csv(&records, &columns), &format!("its rows have no {column}"));
    }
    let with = |pointer: &str, text: &str| {
        let mut record = records[0].clone();
        *record.pointer_mut(pointer).unwrap() = text.into();
        record
    };
    for (pointer, text) in [
        // Another one acts, if the value is taken for two members.
        ("/userIdentity/principalId", "x, arn=arn:aws:sts::123456789012:assumed-role/approved/x"),
        ("/userIdentity/principalId", "x}, y={"),
        ("/userIdentity/principalId", "a, b"),
    ] {
        refused("who.csv", &csv(&[with(pointer, text)], &COLUMNS), "in more than one way");
    }
    let key = "/requestParameters/key";
    let hostile = "x, accountid=null, type=AWS::S3::Object}, {arn=arn:aws:s3:::elsewhere/y";
    let mut record = with(key, hostile);
    record["resources"] = json!([{"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::cm-kajiwara-redshift-load/{hostile}"), "accountId": null}]);
    refused("key.csv", &csv(&[record], &COLUMNS), "cannot be told");
    let lake_map = csv(&records, &COLUMNS).replace("\"{\"\"bucketName\"\":", "\"{bucketName=");
    refused("map.csv", &lake_map, "select eventJson");
    refused("twice.csv", "eventJson,eventjson\na,b\n", "two columns `eventjson`");
    refused("history.csv", "Event name,Event time,User name\nGetObject,x,y\n", "download it as JSON");
}

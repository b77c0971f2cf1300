//! The ways in which a call fails, on the wire.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Call;
use super::http::Answer;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// 403, in the form of the service.
    Denied,
    /// 403 without a body, as from a proxy.
    DeniedEmpty,
    /// A refusal in the other services' form.
    DeniedElsewise,
    Throttled,
    TooManyRequests,
    ServerError,
    Unavailable,
    /// 502, a page for people.
    BadGateway,
    ExpiredToken,
    /// An answer that never begins.
    Stall,
    /// Half of one, and no more.
    StallInBody,
    /// A byte now and then.
    Drip,
    /// The connection ends before the body does.
    Cut,
    /// The connection is reset.
    Reset,
    /// Half of the text, with the length that it has.
    Malformed,
    /// 200 and nothing.
    EmptyOk,
    /// 200 and `{}`, or an empty root.
    BareOk,
    /// A captive portal.
    Html,
    /// Another place than the one that was asked.
    Redirect,
    /// A page that leads to itself.
    TokenLoop,
    /// Pages without end.
    TokenEndless,
    /// The last page comes a second time.
    PageTwice,
    /// Members that this version does not know.
    UnknownMembers,
    /// What another account would be answered.
    OtherAccount,
    /// Each list is `null`, or is not there.
    NullLists,
    /// Each yes, no and number is `null`, or is not there.
    NullScalars,
}

/// Whether the connection can go on.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    Whole,
    Broken,
}

/// Longer than any client here waits.
const NEVER: Duration = Duration::from_secs(300);

impl Fault {
    pub fn perform(self, stream: &mut TcpStream, call: &Call, honest: Answer, is_head: bool) -> Sent {
        let length = honest.body.len();
        match self {
            Fault::Stall => thread::sleep(NEVER),
            Fault::StallInBody => {
                let _ = stream.write_all(&honest.head(length.max(2)));
                let _ = stream.write_all(&honest.body[..length / 2]);
                thread::sleep(NEVER);
            }
            Fault::Drip => {
                let _ = stream.write_all(&honest.head(length + 1000));
                for byte in honest.body.iter().chain([&b' '; 1000]) {
                    thread::sleep(Duration::from_millis(500));
                    if stream.write_all(&[*byte]).is_err() {
                        break;
                    }
                }
            }
            Fault::Cut => {
                let _ = stream.write_all(&honest.head(length.max(2)));
                let _ = stream.write_all(&honest.body[..length / 2]);
            }
            // What was not read yet makes the end a reset; where all was, the end comes before any answer.
            Fault::Reset => drop(stream.shutdown(Shutdown::Both)),
            _ => {
                let answer = self.answer(call, honest);
                return match stream.write_all(&answer.bytes(is_head)) {
                    Ok(()) => Sent::Whole,
                    Err(_) => Sent::Broken,
                };
            }
        }
        Sent::Broken
    }

    /// What comes in place of the honest answer.
    fn answer(self, call: &Call, honest: Answer) -> Answer {
        let error = |status: u16, code: &str| error(call, status, code);
        match self {
            Fault::Denied => error(if is_xml(call) { 403 } else { 400 }, "AccessDeniedException"),
            Fault::DeniedEmpty => Answer::new(403, "text/plain", ""),
            Fault::DeniedElsewise => Answer::new(403, "application/octet-stream", "denied by policy"),
            Fault::Throttled => error(if is_xml(call) { 503 } else { 400 }, throttled(call)),
            Fault::TooManyRequests => Answer::new(429, "text/plain", "slow down"),
            Fault::ServerError => error(500, "InternalFailure"),
            Fault::Unavailable => Answer::new(503, "text/plain", ""),
            Fault::BadGateway => Answer::new(502, "text/html", "<html><h1>502 Bad Gateway</h1></html>"),
            Fault::ExpiredToken => error(if is_xml(call) { 403 } else { 400 }, "ExpiredTokenException"),
            Fault::Malformed => Answer { body: honest.body[..honest.body.len() / 2].to_vec(), ..honest },
            Fault::EmptyOk => Answer::new(200, "text/plain", ""),
            Fault::BareOk => bare(&honest),
            Fault::Html => Answer::new(200, "text/html", "<html><body>Sign in to continue</body></html>"),
            Fault::Redirect => Answer::new(301, "application/xml", "<Error><Code>PermanentRedirect</Code></Error>")
                .with("x-amz-bucket-region", "us-west-2")
                .with("Location", "http://127.0.0.1:9/elsewhere"),
            Fault::TokenLoop => with_token(call, honest, "again"),
            Fault::TokenEndless => {
                let count: u64 = call.about.split("page-").nth(1).map_or(0, leading_number);
                with_token(call, honest, &format!("page-{}", count + 1))
            }
            Fault::PageTwice if call.about.contains("second-page") => honest,
            Fault::PageTwice => with_token(call, honest, "second-page"),
            Fault::UnknownMembers => changed(honest, &|value| unknown_members(value), &|text| {
                with_last(text, "<Zebra><Stripes>1</Stripes></Zebra>")
            }),
            Fault::OtherAccount => changed(honest, &|value| value, &|text| text.replace(&call.account, "000000000000")),
            Fault::NullLists => changed(honest, &|value| nulled(value, &Value::is_array), &without_lists),
            Fault::NullScalars => {
                let is_scalar = |value: &Value| value.is_boolean() || value.is_number();
                changed(honest, &|value| nulled(value, &is_scalar), &without_scalars)
            }
            Fault::Stall | Fault::StallInBody | Fault::Drip | Fault::Cut | Fault::Reset => honest,
        }
    }
}

fn leading_number(text: &str) -> u64 {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

fn is_xml(call: &Call) -> bool {
    ["s3", "sts", "redshift"].contains(&&*call.service)
}

fn throttled(call: &Call) -> &'static str {
    match &*call.service {
        "s3" => "SlowDown",
        "organizations" | "account" => "TooManyRequestsException",
        _ => "ThrottlingException",
    }
}

fn error(call: &Call, status: u16, code: &str) -> Answer {
    let xml = match &*call.service {
        "s3" => format!("<Error><Code>{code}</Code><Message>scripted</Message></Error>"),
        _ => format!("<ErrorResponse><Error><Code>{code}</Code><Message>scripted</Message></Error></ErrorResponse>"),
    };
    match is_xml(call) {
        true => Answer { status, ..Answer::xml(&xml) },
        false => Answer { status, ..Answer::json(&json!({"__type": code, "message": "scripted"})) }
            .with("x-amzn-errortype", code),
    }
}

fn root_of(xml: &str) -> &str {
    let start = xml.find('<').map_or(0, |at| at + 1);
    xml[start..].split(['>', ' ', '/']).next().unwrap_or_default()
}

fn bare(honest: &Answer) -> Answer {
    if honest.is_json() {
        return Answer::json(&json!({}));
    }
    let text = String::from_utf8_lossy(&honest.body);
    match root_of(&text) {
        "" => Answer::xml(""),
        root => Answer::xml(&format!("<{root}></{root}>")),
    }
}

/// The honest answer with one change, by its form.
fn changed(honest: Answer, json: &dyn Fn(Value) -> Value, xml: &dyn Fn(&str) -> String) -> Answer {
    let body = match serde_json::from_slice(&honest.body) {
        Ok(value) if honest.is_json() => json(value).to_string().into_bytes(),
        _ => match std::str::from_utf8(&honest.body) {
            Ok(text) if text.starts_with('<') => xml(text).into_bytes(),
            _ => honest.body.clone(),
        },
    };
    Answer { body, ..honest }
}

/// With something more before its last tag.
fn with_last(xml: &str, more: &str) -> String {
    let at = xml.rfind("</").unwrap_or(xml.len());
    format!("{}{more}{}", &xml[..at], &xml[at..])
}

/// Leads on to a further page, where the operation has pages.
fn with_token(call: &Call, honest: Answer, token: &str) -> Answer {
    let xml = |text: &str| match &*call.operation {
        "ListBuckets" => with_last(text, &format!("<ContinuationToken>{token}</ContinuationToken>")),
        "ListObjectsV2" => with_last(
            &text.replace("<IsTruncated>false</IsTruncated>", ""),
            &format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>"),
        ),
        _ => text.replace("</DescribeClustersResult>", &format!("<Marker>{token}</Marker></DescribeClustersResult>")),
    };
    let json = |mut value: Value| {
        value["NextToken"] = json!(token);
        value["nextToken"] = json!(token);
        value
    };
    changed(honest, &json, &xml)
}

fn unknown_members(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let known = members.into_iter().map(|(name, value)| (name, unknown_in_lists(value)));
            let zebra = ("Zebra".to_owned(), json!({"Stripes": [1, null, {"a": true}]}));
            Value::Object(known.chain([zebra]).collect())
        }
        other => other,
    }
}

/// A member of a selector that is not known may change what it means; so those stay as they are.
fn unknown_in_lists(value: Value) -> Value {
    match value {
        Value::Array(list)
            if list.iter().all(|item| item.get("Name").is_some() && item.get("FieldSelectors").is_none()) =>
        {
            Value::Array(list.into_iter().map(unknown_members).collect())
        }
        other => other,
    }
}

fn nulled(value: Value, is_lost: &dyn Fn(&Value) -> bool) -> Value {
    match value {
        lost if is_lost(&lost) => Value::Null,
        Value::Object(members) => {
            let kept = members.into_iter().map(|(name, value)| (name, nulled(value, is_lost)));
            Value::Object(kept.collect::<Map<_, _>>())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(|value| nulled(value, is_lost)).collect()),
        other => other,
    }
}

/// Without the elements that hold others of one name: the lists of these services.
fn without_lists(xml: &str) -> String {
    ["Clusters", "Buckets", "IamRoles"].iter().fold(xml.to_owned(), |text, name| without_element(&text, name))
}

fn without_scalars(xml: &str) -> String {
    ["IsTruncated", "Size", "BucketRegion", "ApplyStatus", "LoggingEnabled", "ParameterValue", "SourceArn"]
        .iter()
        .fold(xml.to_owned(), |text, name| without_element(&text, name))
}

fn without_element(xml: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut text = xml.to_owned();
    while let (Some(from), Some(to)) = (text.find(&open), text.find(&close)) {
        text.replace_range(from..to + close.len(), "");
    }
    text
}

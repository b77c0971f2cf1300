//! As much of HTTP/1.1 as the SDK speaks: a length, a body, and the next request on the same connection. Written out here,
//! because the faults need the connection itself.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::sync::Arc;

use super::{Call, Script, Scripts};

pub struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: BTreeMap<String, String>,
    pub body: String,
    headers: HashMap<String, String>,
}

impl Request {
    /// `None`: the client has gone.
    pub fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let mut parts = line.split(' ');
        let (method, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let body = String::from_utf8_lossy(&body).into_owned();
        Some(Request { method, path: decoded(path), query: form(query), body, headers })
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The script that its access key names, and what it asks there. Without a signature it is nobody's.
    pub fn scope(&self, scripts: &Scripts) -> Option<(Arc<Script>, Call)> {
        let credential = self.header("authorization").split_once("Credential=")?.1;
        let scope: Vec<&str> = credential.split(['/', ',']).collect();
        let [access_key, _, region, service, ..] = scope[..] else { return None };
        let (number, account) = access_key.strip_prefix("script-")?.split_once('-')?;
        let script = scripts.read().unwrap().get(&number.parse().ok()?)?.clone();
        let call = Call {
            service: service.to_owned(),
            operation: self.operation(),
            region: region.to_owned(),
            account: account.to_owned(),
            about: format!("{}?{:?} {}", self.path, self.query, self.body),
        };
        Some((script, call))
    }

    /// By the service's protocol: JSON target, form action, or REST path.
    fn operation(&self) -> String {
        if let Some((_, operation)) = self.header("x-amz-target").rsplit_once('.') {
            return operation.to_owned();
        }
        if let Some(action) = form(&self.body).remove("Action") {
            return action;
        }
        let parts: Vec<&str> = self.path.split('/').filter(|part| !part.is_empty()).collect();
        let operation = match parts[..] {
            ["listRegions"] => "ListRegions",
            [] => "ListBuckets",
            [_] if self.method == "HEAD" => "HeadBucket",
            [_] => "ListObjectsV2",
            _ => "GetObject",
        };
        operation.to_owned()
    }
}

/// `a=b&c=d`, decoded.
pub fn form(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| char::from(byte.unwrap_or(b'0')).to_digit(16).unwrap_or(0) as u8;
        match byte {
            b'%' => bytes.push(digit(rest.next()) * 16 + digit(rest.next())),
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer { status, headers: vec![("Content-Type".to_owned(), content_type.to_owned())], body: body.into() }
    }

    pub fn json(body: &serde_json::Value) -> Answer {
        Answer::new(200, "application/x-amz-json-1.1", body.to_string())
    }

    pub fn xml(body: &str) -> Answer {
        Answer::new(200, "text/xml", body)
    }

    pub fn with(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn is_json(&self) -> bool {
        self.headers.iter().any(|(_, value)| value.contains("json"))
    }

    /// What goes over the wire before the body.
    pub fn head(&self, length: usize) -> Vec<u8> {
        let now = time::OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc2822).unwrap();
        let mut head = format!("HTTP/1.1 {} Scripted\r\nDate: {now}\r\nContent-Length: {length}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        (head + "\r\n").into_bytes()
    }

    pub fn bytes(&self, is_head: bool) -> Vec<u8> {
        let body: &[u8] = if is_head { &[] } else { &self.body };
        [&self.head(self.body.len()), body].concat()
    }
}

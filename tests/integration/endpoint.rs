//! The local AWS endpoint: moto, installed into `target/` on the first run and started for the tests.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock};

use serde_json::{Value, json};

const HELPERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/endpoint");

/// The interpreter of a virtual environment that holds `requirements.txt`.
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let target = Path::new(env!("CARGO_BIN_EXE_trailcheck")).parent().unwrap().parent().unwrap();
        let environment = target.join("test-python");
        let python = environment.join("bin/python");
        let requirements = Path::new(HELPERS).join("requirements.txt");
        let wanted = std::fs::read_to_string(&requirements).unwrap();
        // Written last: an environment that was cut short is made anew.
        let installed = environment.join("installed-requirements.txt");
        if std::fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
            return python;
        }
        let _ = std::fs::remove_dir_all(&environment);
        let need =
            "the tests need Python 3.10 or newer with venv and pip (Debian: apt-get install python3 python3-venv)";
        run(Command::new("python3").args(["-m", "venv"]).arg(&environment), need);
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run(
            Command::new(&python).args(install).arg(&requirements),
            "the tests need PyPI, or a mirror that pip knows, once",
        );
        std::fs::write(&installed, wanted).unwrap();
        python
    })
}

fn run(command: &mut Command, need: &str) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{need}\n{command:?}: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{need}\n{command:?}: {error}"),
    }
}

/// Runs `validate.py`; its output, or a panic with what it found wrong.
pub fn validate(arguments: &[&str]) -> String {
    let output = Command::new(python()).arg(format!("{HELPERS}/validate.py")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Checks an action.yml against the schema that GitHub's editor uses.
pub fn validate_action(path: &str) {
    let output = Command::new(python().with_file_name("check-jsonschema"))
        .args(["--builtin-schema", "vendor.github-actions", path])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// The most servers there are: no test has two, so no more are started than tests run at a time.
const SERVERS: usize = 4;

/// Servers that no test has, and how many were started.
struct Pool {
    free: Vec<u16>,
    started: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: vec![], started: 0 });
static RETURNED: Condvar = Condvar::new();

/// A server for one test at a time: it holds one AWS world.
pub struct Endpoint {
    port: u16,
}

thread_local! {
    static HELD: Cell<bool> = const { Cell::new(false) };
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        HELD.set(false);
        pool().free.push(self.port);
        RETURNED.notify_one();
    }
}

/// A test that failed has left a world behind, not a broken pool.
fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A free server; the first tests start one, which ends with this process.
fn take() -> u16 {
    assert!(!HELD.replace(true), "a test that waits for a second server may wait for ever");
    let mut pool = pool();
    loop {
        if let Some(port) = pool.free.pop() {
            return port;
        }
        if pool.started < SERVERS {
            pool.started += 1;
            drop(pool);
            return start();
        }
        pool = RETURNED.wait(pool).unwrap_or_else(|poisoned| poisoned.into_inner());
    }
}

impl Endpoint {
    /// An empty world.
    pub fn empty() -> Endpoint {
        let endpoint = Endpoint { port: take() };
        endpoint.control("POST", "reset", &Value::Null);
        endpoint
    }

    pub fn with(world: &Value) -> Endpoint {
        let endpoint = Endpoint::empty();
        endpoint.add(world);
        endpoint
    }

    /// Adds to the world: see `world.py`.
    pub fn add(&self, world: &Value) {
        self.control("POST", "world", world);
    }

    /// Answers calls in AWS's place: see `serve.py`.
    pub fn rule(&self, rule: Value) {
        self.control("POST", "rules", &json!([rule]));
    }

    /// Forgets the rules, and keeps the world.
    pub fn forget_rules(&self) {
        self.control("POST", "forget", &Value::Null);
    }

    /// `service:Operation region path body` for every call since the world was made.
    pub fn calls(&self) -> Vec<String> {
        let calls = self.control("GET", "calls", &Value::Null);
        let text = |call: &Value, key: &str| call[key].as_str().unwrap().to_owned();
        let line = |call: &Value| {
            let parts = ["service", "operation", "region", "path", "body"].map(|key| text(call, key));
            format!("{}:{} {} {} {}", parts[0], parts[1], parts[2], parts[3], parts[4])
        };
        calls.as_array().unwrap().iter().map(line).collect()
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn control(&self, method: &str, what: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let body = body.to_string();
        write!(
            stream,
            "{method} /_control/{what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{what}: {answer}");
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

fn start() -> u16 {
    let mut child = Command::new(python())
        .arg(format!("{HELPERS}/serve.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    // Its standard input stays open as long as this process lives, and ends with it: then the server stops.
    std::mem::forget(child.stdin.take());
    line.trim().parse().unwrap_or_else(|_| panic!("the endpoint did not start: {:?}", child.wait()))
}

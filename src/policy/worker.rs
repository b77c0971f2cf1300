//! The user's policies run in a child process of the same program: without environment, files or credentials, with limits on time,
//! memory and output. A policy that hangs, crashes or fills the machine costs its own answers and nobody else's.
//!
//! The parent writes one request, a line, to the child's input and reads its answers line by line. Whose turn it is stands in a line of
//! its own before, so that the parent knows whom to blame for an end that came early. The input stays open as long as answers are
//! waited for: where it ends, the parent is gone, however it ended, and so is the child.

mod child;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use regorus::Value;
use serde::{Deserialize, Serialize};

use super::bundle::{Bundle, PolicyError};
use super::files::PolicyFile;
use super::input::Input;

pub use child::serve;

/// The command that a child is started with.
pub const COMMAND: &str = "policy-worker";

/// What all policies of a bundle have together, where nobody says; each may take half of what is left, and the last all of it.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);
/// With less than this left, nothing is begun.
const LEAST: Duration = Duration::from_millis(250);
/// What a policy may answer, in bytes of JSON.
const MAX_ANSWER: u64 = 256 << 20;
/// Memory beside what the input takes.
const MEMORY: u64 = 2 << 30;
/// An input takes so many times the bytes of its JSON.
const INFLATION: u64 = 40;

/// The values of a policy's rules, in their order; `Err`: why the policy broke.
pub(super) type Answered = Result<Vec<Result<Value, String>>, String>;

/// What a child is asked.
#[derive(Serialize, Deserialize)]
struct Request {
    files: Vec<PolicyFile>,
    /// Packages with the rules that are asked, in this order; empty: only whether the files can be loaded.
    asked: Vec<(String, Vec<String>)>,
    /// The input document; empty where nothing is asked.
    input: String,
    memory: u64,
    /// Files are loaded as they are, tests among them.
    loose: bool,
    /// A question of one's own, in place of rules.
    #[serde(default)]
    query: Option<String>,
    /// At the end it is told which lines were evaluated.
    coverage: bool,
    /// Seconds of CPU, after which the child ends whatever its parent does.
    cpu: u64,
}

/// A line of the child's answer.
#[derive(Debug, Serialize, Deserialize)]
enum Line {
    Loaded,
    /// The policy at this place of `asked` is next.
    Begin(usize),
    /// One rule of it, in order: its value, or why there is none.
    Rule(Result<serde_json::Value, String>),
    /// Nothing can be asked; why.
    Broken(String),
    /// What all of it evaluated.
    Covered(Vec<Covered>),
    End,
}

/// Which lines of a file were evaluated.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Covered {
    pub file: String,
    /// From 1.
    pub lines: BTreeSet<u32>,
    pub left_out: BTreeSet<u32>,
}

/// Whether loading these files comes to an end, whatever it says.
pub(super) fn survive_loading(files: &[PolicyFile], time_limit: Duration) -> Result<(), String> {
    let request = Request {
        files: files.to_vec(),
        asked: vec![],
        input: String::new(),
        memory: MEMORY,
        loose: false,
        query: None,
        coverage: false,
        cpu: cpu(time_limit),
    };
    let mut running = Running::start(&request)?;
    match running.next(time_limit) {
        Next::Line(_) => Ok(()),
        Next::Late => Err(format!("loading takes longer than {} s", time_limit.as_secs_f32())),
        Next::Over(why) => Err(format!("loading it {why}")),
    }
}

/// The values of every rule of every policy, in their order; `Err` where a policy broke: why.
pub(super) fn run(bundle: &Bundle, input: &Input, time_limit: Duration) -> Vec<Answered> {
    let input = serde_json::to_string(&input.value).unwrap_or_default();
    let asked = bundle.policies.iter();
    let asked =
        asked.map(|policy| (policy.package.clone(), policy.rules.iter().map(|rule| (*rule).to_owned()).collect()));
    let request = Request {
        files: bundle.files.clone(),
        asked: asked.collect(),
        memory: MEMORY + INFLATION * input.len() as u64,
        input,
        loose: false,
        query: None,
        coverage: false,
        cpu: cpu(time_limit),
    };
    ask_all(request, Instant::now(), time_limit).0
}

/// An answer to everything that is asked, and the process that gave all of them, where one did: what breaks is left out, and a new
/// process goes on after it.
fn ask_all(mut request: Request, began: Instant, time_limit: Duration) -> (Vec<Answered>, Option<Running>) {
    let asked = std::mem::take(&mut request.asked);
    let (mut answers, mut whole): (Vec<Answered>, _) = (vec![], None);
    while answers.len() < asked.len() {
        if time_limit.saturating_sub(began.elapsed()) < LEAST {
            answers.push(Err(format!("those before it took all of the {} s", time_limit.as_secs_f32())));
            continue;
        }
        let is_first = answers.is_empty();
        request.asked = asked[answers.len()..].to_vec();
        let running = Running::start(&request).and_then(|mut running| {
            ask(&mut running, &request, began, time_limit, &mut answers)?;
            Ok(running)
        });
        match running {
            Ok(running) => whole = is_first.then_some(running),
            // Of the one whose turn it was.
            Err(why) => answers.push(Err(why)),
        }
    }
    (answers, whole)
}

/// Asks until all have answered, or one has not: `Err`, why. What was answered before stands.
fn ask(
    running: &mut Running,
    request: &Request,
    began: Instant,
    time_limit: Duration,
    answers: &mut Vec<Answered>,
) -> Result<(), String> {
    match running.next(time_limit.saturating_sub(began.elapsed())) {
        Next::Line(Line::Loaded) => {}
        Next::Line(_) => return Err("its process answered out of turn".to_owned()),
        Next::Late => return Err("its bundle took too long to load".to_owned()),
        Next::Over(why) => return Err(format!("loading it {why}")),
    }
    for (number, (_, rules)) in request.asked.iter().enumerate() {
        let left = time_limit.saturating_sub(began.elapsed());
        let is_last = number + 1 == request.asked.len();
        let (turn, share) = (Instant::now(), if is_last { left } else { left / 2 });
        let mut line = || match running.next(share.saturating_sub(turn.elapsed())) {
            Next::Line(Line::Broken(why)) => Err(why),
            Next::Line(line) => Ok(line),
            Next::Late => Err(format!("it took longer than {:.1} s", share.as_secs_f32())),
            Next::Over(why) => Err(format!("it {why}")),
        };
        // A value more or less would be taken for another rule's.
        let out_of_turn = || Err("its process answered out of turn".to_owned());
        match line()? {
            Line::Begin(begun) if begun == number => {}
            _ => return out_of_turn(),
        }
        let mut values = vec![];
        for _ in rules {
            match line()? {
                Line::Rule(value) => values.push(value.map(Value::from)),
                _ => return out_of_turn(),
            }
        }
        answers.push(Ok(values));
    }
    Ok(())
}

/// What tests say.
pub(super) struct TestsRan {
    /// For each test: `None`, it is true; else what it is, or why it is nothing.
    pub results: Vec<Option<String>>,
    /// What was evaluated; `None`: not all came to an end.
    pub covered: Option<Vec<Covered>>,
}

/// Tests by package and rule. Each is asked alone, so that one without an end takes no other with it.
pub(super) fn run_tests(files: &[PolicyFile], tests: &[(String, String)], time_limit: Duration) -> TestsRan {
    let request = Request {
        files: files.to_vec(),
        asked: tests.iter().map(|(package, rule)| (package.clone(), vec![rule.clone()])).collect(),
        input: "{}".to_owned(),
        memory: MEMORY,
        loose: true,
        query: None,
        coverage: true,
        cpu: cpu(time_limit),
    };
    let began = Instant::now();
    let (answers, whole) = ask_all(request, began, time_limit);
    let told = |answer: Answered| match answer.and_then(|values| values.into_iter().collect::<Result<Vec<_>, _>>()) {
        Ok(values) if values == [Value::Bool(true)] => None,
        Ok(values) => Some(format!("it is {}, not true", values.into_iter().next().unwrap_or(Value::Undefined))),
        Err(why) => Some(why),
    };
    let covered = whole.and_then(|mut running| match running.next(time_limit.saturating_sub(began.elapsed())) {
        Next::Line(Line::Covered(covered)) => Some(covered),
        _ => None,
    });
    TestsRan { results: answers.into_iter().map(told).collect(), covered }
}

/// The answers to a question in Rego, each the value of its last expression, or its variables; none: it is undefined. Shipped files and
/// the user's can all be asked.
pub fn eval(
    bundles: &[Bundle],
    query: &str,
    input: &Input,
    time_limit: Duration,
) -> Result<Vec<serde_json::Value>, PolicyError> {
    let refused = |message: String| PolicyError::Query(message);
    let input = serde_json::to_string(&input.value).unwrap_or_default();
    let request = Request {
        files: bundles.iter().flat_map(|bundle| bundle.files.clone()).collect(),
        asked: vec![],
        memory: MEMORY + INFLATION * input.len() as u64,
        input,
        loose: true,
        query: Some(query.to_owned()),
        coverage: false,
        cpu: cpu(time_limit),
    };
    let mut running = Running::start(&request).map_err(refused)?;
    let began = Instant::now();
    loop {
        match running.next(time_limit.saturating_sub(began.elapsed())) {
            Next::Line(Line::Loaded) => {}
            Next::Line(Line::Rule(Ok(serde_json::Value::Array(answers)))) => return Ok(answers),
            Next::Line(Line::Rule(Err(why)) | Line::Broken(why)) => return Err(refused(why)),
            Next::Line(_) => return Err(refused("its process answered out of turn".to_owned())),
            Next::Late => return Err(refused(format!("it took longer than {} s", time_limit.as_secs_f32()))),
            Next::Over(why) => return Err(refused(format!("it {why}"))),
        }
    }
}

/// Seconds of CPU for so much time on the clock.
fn cpu(time_limit: Duration) -> u64 {
    2 * time_limit.as_secs() + 1
}

/// One of the parent's, which ends with the child.
fn thread(work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().spawn(work).map(drop)
}

/// A child at work.
struct Running {
    process: Child,
    lines: Receiver<Result<Line, String>>,
    /// The child's input is open until this is dropped.
    _input: Sender<()>,
}

enum Next {
    Line(Line),
    Late,
    /// The child is gone, or answers what it should not: the rest of the sentence.
    Over(String),
}

impl Running {
    fn start(request: &Request) -> Result<Running, String> {
        let failed = |error: std::io::Error| format!("cannot be run in a process of its own: {error}");
        let program = std::env::current_exe().map_err(failed)?;
        let mut process = Command::new(program)
            .arg(COMMAND)
            .env_clear()
            .current_dir(std::env::temp_dir())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut json = serde_json::to_vec(request).map_err(|error| error.to_string())?;
        json.push(b'\n');
        let (open, closed) = mpsc::channel();
        if let Some(mut input) = process.stdin.take() {
            let write_and_hold = move || {
                // A child that ends early closes its input; what it says, or does not, tells more.
                let _ = input.write_all(&json);
                drop(json);
                let _ = closed.recv();
            };
            thread(write_and_hold).map_err(failed)?;
        }
        let (sender, lines) = mpsc::channel();
        if let Some(output) = process.stdout.take() {
            thread(move || read_lines(output, |line| sender.send(line).is_ok())).map_err(failed)?;
        }
        Ok(Running { process, lines, _input: open })
    }

    fn next(&mut self, within: Duration) -> Next {
        match self.lines.recv_timeout(within) {
            Ok(Ok(line)) => Next::Line(line),
            Ok(Err(why)) => Next::Over(why),
            Err(RecvTimeoutError::Timeout) => Next::Late,
            Err(RecvTimeoutError::Disconnected) => Next::Over(self.death()),
        }
    }

    /// Why the child ended without a word.
    fn death(&mut self) -> String {
        let mut said = String::new();
        if let Some(stderr) = self.process.stderr.take() {
            let _ = stderr.take(2000).read_to_string(&mut said);
        }
        let status = self.process.wait().map_or(String::new(), |status| format!(" ({status})"));
        if said.contains("memory allocation") {
            format!("needs more memory than it may have{status}")
        } else if said.contains("overflowed its stack") {
            format!("nests or recurses deeper than its stack; split long chains and deep expressions{status}")
        } else {
            format!("ended its process{status}")
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Hands on each line, until the output ends, is too large, or nobody takes it.
fn read_lines(output: ChildStdout, mut hand_on: impl FnMut(Result<Line, String>) -> bool) {
    let mut output = BufReader::new(output);
    let mut text = Vec::new();
    loop {
        text.clear();
        match output.by_ref().take(MAX_ANSWER).read_until(b'\n', &mut text) {
            Ok(0) | Err(_) => return,
            Ok(read) if read as u64 == MAX_ANSWER => {
                hand_on(Err(format!("answers with more than {} MiB", MAX_ANSWER >> 20)));
                return;
            }
            Ok(_) => {}
        }
        let line = serde_json::from_slice(&text).map_err(|_| "ended its process in the middle of an answer".to_owned());
        if !hand_on(line) {
            return;
        }
    }
}

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

use super::bundle::{Bundle, Policy, PolicyError};
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
    let policies: &[Policy] = &bundle.policies;
    let input = serde_json::to_string(&input.value).unwrap_or_default();
    let memory = MEMORY + INFLATION * input.len() as u64;
    let mut answers: Vec<Answered> = vec![];
    let began = Instant::now();
    while answers.len() < policies.len() {
        let asked = policies[answers.len()..].iter();
        let asked =
            asked.map(|policy| (policy.package.clone(), policy.rules.iter().map(|rule| (*rule).to_owned()).collect()));
        let request = Request {
            files: bundle.files.clone(),
            asked: asked.collect(),
            input: input.clone(),
            memory,
            loose: false,
            query: None,
            coverage: false,
            cpu: cpu(time_limit),
        };
        if time_limit.saturating_sub(began.elapsed()) < LEAST {
            let why = format!("the policies before it took the {} s that a bundle has", time_limit.as_secs_f32());
            answers.push(Err(why));
            continue;
        }
        if let Err(why) = ask(&request, began, time_limit, &mut answers) {
            // The one whose turn it was.
            answers.push(Err(why));
        }
    }
    answers
}

/// Asks until all have answered, or one has not: `Err`, why. What was answered before stands.
fn ask(request: &Request, began: Instant, time_limit: Duration, answers: &mut Vec<Answered>) -> Result<(), String> {
    ask_of(&mut Running::start(request)?, request, began, time_limit, answers)
}

fn ask_of(
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
    /// For each rule of each package: `None`, it is true; else what it is, or why it is nothing.
    pub results: Vec<Option<String>>,
    /// What was evaluated; `None`: not all came to an end.
    pub covered: Option<Vec<Covered>>,
}

/// Every rule of every package is a test.
pub(super) fn run_tests(
    files: &[PolicyFile],
    asked: &[(String, Vec<String>)],
    time_limit: Duration,
) -> Result<TestsRan, String> {
    let (files, asked) = (files.to_vec(), asked.to_vec());
    let rules: usize = asked.iter().map(|(_, rules)| rules.len()).sum();
    let request = Request {
        files,
        asked,
        input: "{}".to_owned(),
        memory: MEMORY,
        loose: true,
        query: None,
        coverage: true,
        cpu: cpu(time_limit),
    };
    let (mut answers, began) = (vec![], Instant::now());
    let mut running = Running::start(&request)?;
    let broken = ask_of(&mut running, &request, began, time_limit, &mut answers).err();
    let told = |value: Result<Value, String>| match value {
        Ok(Value::Bool(true)) => None,
        Ok(value) => Some(format!("it is {value}, not true")),
        Err(why) => Some(why),
    };
    let mut results: Vec<Option<String>> = answers.into_iter().flatten().flatten().map(told).collect();
    let covered = match broken {
        Some(why) if results.is_empty() => return Err(why),
        Some(why) => {
            // Those that came after one that broke.
            results.resize(rules, Some(why));
            None
        }
        None => match running.next(time_limit.saturating_sub(began.elapsed())) {
            Next::Line(Line::Covered(covered)) => Some(covered),
            _ => None,
        },
    };
    Ok(TestsRan { results, covered })
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

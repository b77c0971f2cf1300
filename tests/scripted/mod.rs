//! AWS as a script: a local endpoint that answers as AWS documents it for worlds that moto cannot hold (roles that refuse,
//! organizations whose members see its trails, hundreds of accounts), and that fails in every way in which a service or a
//! network does.
//!
//! One server holds many scripts. The access key of a request says which one it plays, and in which account.

#![allow(dead_code, reason = "tests and benches share it, and each uses a part")]

mod answers;
pub mod fault;
mod http;
mod objects;
mod redshift;
pub mod redshift_data;
pub mod world;

use std::collections::HashMap;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::thread;
use std::time::Duration;

use fault::{Fault, Sent};
use http::Request;
use world::World;

/// A request, as the script sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub service: String,
    pub operation: String,
    pub region: String,
    /// Whose credentials signed it.
    pub account: String,
    /// Path, query and body: what it asks about.
    pub about: String,
}

/// Calls that fail; `account`: whose, or anybody's.
#[derive(Debug, Clone)]
pub struct Rule {
    pub operation: &'static str,
    pub account: Option<String>,
    /// Calls that do not fail, before those that do.
    pub skip: usize,
    /// Calls that fail, before those that do not.
    pub times: usize,
    pub fault: Fault,
}

impl Rule {
    /// Every call of the operation.
    pub fn on(operation: &'static str, fault: Fault) -> Rule {
        Rule { operation, account: None, skip: 0, times: usize::MAX, fault }
    }

    pub fn in_account(self, account: &str) -> Rule {
        Rule { account: Some(account.to_owned()), ..self }
    }

    fn fits(&self, call: &Call) -> bool {
        self.operation == call.operation
            && self.account.as_ref().is_none_or(|account| *account == call.account)
            && self.times > 0
    }
}

/// A world, and what goes wrong in it.
pub struct Script {
    world: Arc<World>,
    rules: Mutex<Vec<Rule>>,
    /// How long every answer takes.
    latency: Duration,
    calls: Mutex<Vec<Call>>,
}

impl Script {
    pub fn of(world: &Arc<World>) -> Script {
        Script { world: world.clone(), rules: Mutex::default(), latency: Duration::ZERO, calls: Mutex::default() }
    }

    pub fn with(self, rule: Rule) -> Script {
        self.rules.lock().unwrap().push(rule);
        self
    }

    pub fn with_latency(self, latency: Duration) -> Script {
        Script { latency, ..self }
    }

    fn fault_of(&self, call: &Call) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules.iter_mut().find(|rule| rule.fits(call))?;
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        rule.times = rule.times.saturating_sub(1);
        Some(rule.fault)
    }
}

/// A script that is being played: what a client needs, and what it asked.
pub struct Played {
    pub url: String,
    /// `AWS_ACCESS_KEY_ID` of the caller.
    pub access_key: String,
    script: Arc<Script>,
}

impl Played {
    pub fn calls(&self) -> Vec<Call> {
        self.script.calls.lock().unwrap().clone()
    }
}

type Scripts = RwLock<HashMap<usize, Arc<Script>>>;

/// Ends with the process.
pub struct Server {
    url: String,
    scripts: Arc<Scripts>,
    played: AtomicUsize,
}

/// A thread for each connection: most of them wait.
const STACK: usize = 256 << 10;

impl Server {
    fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let scripts: Arc<Scripts> = Arc::default();
        let of_server = Arc::clone(&scripts);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let scripts = Arc::clone(&of_server);
                thread::Builder::new().stack_size(STACK).spawn(move || serve(stream, &scripts)).unwrap();
            }
        });
        Server { url, scripts, played: AtomicUsize::new(0) }
    }

    /// The one of this process.
    pub fn shared() -> &'static Server {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Server::start)
    }

    pub fn play(&self, script: Script) -> Played {
        let number = self.played.fetch_add(1, Ordering::Relaxed);
        let access_key = format!("script-{number}-{}", script.world.caller);
        let script = Arc::new(script);
        self.scripts.write().unwrap().insert(number, Arc::clone(&script));
        Played { url: self.url.clone(), access_key, script }
    }
}

/// Answers one connection until it ends, or a fault ends it.
fn serve(stream: TcpStream, scripts: &Scripts) {
    stream.set_nodelay(true).unwrap();
    let Ok(mut writer) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader) {
        let Some((script, call)) = request.scope(scripts) else { return };
        script.calls.lock().unwrap().push(call.clone());
        thread::sleep(script.latency);
        let answer = answers::answer(&script.world, &call, &request);
        let is_head = request.method == "HEAD";
        let sent = match script.fault_of(&call) {
            Some(fault) => fault.perform(&mut writer, &call, answer, is_head),
            None => match writer.write_all(&answer.bytes(is_head)) {
                Ok(()) => Sent::Whole,
                Err(_) => Sent::Broken,
            },
        };
        if sent == Sent::Broken {
            return;
        }
    }
}

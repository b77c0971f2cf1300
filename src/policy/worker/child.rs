//! What the child process does: limits first, then what it is asked.

use std::io::BufRead;

use regorus::Value;

use super::{Covered, Line, Request};
use crate::output;
use crate::policy::{bundle, evaluate};

/// Half of what a process begins with.
const STACK: usize = 4 << 20;

/// Answers the one request on standard input.
pub fn serve() -> std::io::Result<()> {
    let mut json = Vec::new();
    std::io::stdin().lock().read_until(b'\n', &mut json)?;
    let request: Request = serde_json::from_slice(&json)?;
    drop(json);
    std::thread::Builder::new().spawn(end_with_parent)?;
    limit(&request);
    // With less stack than the parent has: what loads here loads there too.
    let answering = move || {
        output::print_with(|output| {
            answer(&request, |line| {
                serde_json::to_writer(&mut *output, line)?;
                output.write_all(b"\n")?;
                output.flush()
            })
        })
    };
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(answering)?;
    thread.join().unwrap_or_else(|_| Err(std::io::Error::other("the engine panicked")))
}

/// Nobody waits for the answers of a child whose parent is gone: not one that was killed, nor one that left with a policy in an endless
/// loop.
fn end_with_parent() {
    // Nothing follows the request but the end of the input.
    let _ = std::io::stdin().lock().skip_until(b'\n');
    std::process::exit(1);
}

fn answer(request: &Request, mut say: impl FnMut(&Line) -> std::io::Result<()>) -> std::io::Result<()> {
    let loaded = match request.loose {
        true => bundle::engine_of(&request.files),
        false => bundle::checked(&request.files).map(|bundle| bundle.engine),
    };
    say(&Line::Loaded)?;
    let mut engine = match loaded {
        Ok(engine) => engine,
        Err(error) if request.loose => return say(&Line::Broken(error.to_string())),
        // The parent finds the same mistake, and tells it.
        Err(_) => return Ok(()),
    };
    engine.set_strict_builtin_errors(true);
    engine.set_enable_coverage(request.coverage);
    if !request.asked.is_empty() || request.query.is_some() {
        engine.set_input(Value::from_json_str(&request.input).map_err(std::io::Error::other)?);
    }
    if let Some(query) = &request.query {
        say(&Line::Rule(evaluate::query(&mut engine, query)))?;
    }
    for (number, (package, rules)) in request.asked.iter().enumerate() {
        say(&Line::Begin(number))?;
        for rule in rules {
            let value = evaluate::ask(&mut engine, package, rule);
            say(&Line::Rule(value.and_then(|value| serde_json::to_value(value).map_err(|error| error.to_string()))))?;
        }
    }
    if request.coverage {
        let report = engine.get_coverage_report().map_err(std::io::Error::other)?;
        let of_file = |file: regorus::coverage::File| Covered {
            file: file.path,
            lines: file.covered,
            left_out: file.not_covered,
        };
        say(&Line::Covered(report.files.into_iter().map(of_file).collect()))?;
    }
    say(&Line::End)
}

/// No file can be opened or written from here on, and memory and CPU have an end. Where the system has no such limits, the parent's
/// watch over time remains.
#[cfg(unix)]
fn limit(request: &Request) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limits = [
        (Resource::As, request.memory),
        (Resource::Cpu, request.cpu),
        (Resource::Nofile, 3),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
    ];
    for (resource, most) in limits {
        // A machine may have a lower limit already, which is as good.
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

#[cfg(not(unix))]
fn limit(_: &Request) {}

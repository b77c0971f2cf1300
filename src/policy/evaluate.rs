//! Asking the policies' rules.

use std::num::NonZeroU32;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use super::answers::Answers;
use super::bundle::{Bundle, Policy};
use super::input::Input;
use super::worker::{self, Answered};
use crate::parallel;

/// For one rule of a shipped policy. Facts of ten thousand subjects take a fraction of a second.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How many steps of the engine come between two looks at the clock.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(64).expect("it is not zero");

/// What `finish` makes of each policy's answers, in the policies' order; `Err`: why it broke.
pub(super) fn run<T: Send>(
    bundles: &[Bundle],
    input: &Input,
    finish: impl Fn(&Policy, Result<Answers, String>) -> T + Sync,
) -> Vec<T> {
    let asked: Vec<Asked> = bundles
        .iter()
        .flat_map(|bundle| match bundle.time_limit {
            Some(time_limit) => in_process_of_its_own(bundle, input, time_limit),
            None => here(bundle, input),
        })
        .collect();
    parallel::each(
        &asked,
        || (),
        |(), (policy, values)| {
            let answers = values.as_ref().map_err(String::clone).and_then(|values| answers(policy, values, input));
            finish(policy, answers)
        },
    )
}

type Asked<'b> = (&'b Policy, Answered);

fn in_process_of_its_own<'b>(bundle: &'b Bundle, input: &Input, time_limit: Duration) -> Vec<Asked<'b>> {
    bundle.policies.iter().zip(worker::run(bundle, input, time_limit)).collect()
}

/// The shipped policies, by as many threads as there are.
fn here<'b>(bundle: &'b Bundle, input: &Input) -> Vec<Asked<'b>> {
    let of_policy = |policy: &'b Policy| policy.rules.iter().map(move |rule| (policy, *rule));
    let questions: Vec<(&Policy, &str)> = bundle.policies.iter().flat_map(of_policy).collect();
    let engine = || engine(bundle, input);
    let asked = parallel::each(&questions, engine, |engine, (policy, rule)| ask(engine, &policy.package, rule));
    let mut asked = asked.into_iter();
    bundle.policies.iter().map(|policy| (policy, Ok(asked.by_ref().take(policy.rules.len()).collect()))).collect()
}

fn engine(bundle: &Bundle, input: &Input) -> Engine {
    let mut engine = bundle.engine.clone();
    let (limit, check_interval) = (TIME_LIMIT, CHECK_INTERVAL);
    engine.set_execution_timer_config(ExecutionTimerConfig { limit, check_interval });
    engine.set_strict_builtin_errors(true);
    engine.set_input(input.value.clone());
    engine
}

/// One rule of a package.
pub(super) fn ask(engine: &mut Engine, package: &str, rule: &str) -> Result<Value, String> {
    match engine.eval_rule(format!("{package}.{rule}")) {
        // Printed, an undefined rule would look like a text.
        Ok(Value::Undefined) if rule.starts_with("test_") => {
            Err("it is undefined: one of its lines does not hold".to_owned())
        }
        Ok(Value::Undefined) => Err(format!("`{rule}` is undefined; define it as a set: `{rule} contains …`")),
        Ok(value) => Ok(value),
        Err(error) => Err(in_one_line(&error.to_string())),
    }
}

/// The answers to a question: of each, the value of its last expression, or its variables.
pub(super) fn query(engine: &mut Engine, text: &str) -> Result<serde_json::Value, String> {
    let results = engine.eval_query(text.to_owned(), false).map_err(|error| in_one_line(&error.to_string()))?;
    let answers = results.result.into_iter().filter_map(|result| {
        let has_variables = result.bindings.as_object().is_ok_and(|variables| !variables.is_empty());
        let last = result.expressions.into_iter().next_back()?.value;
        Some(if has_variables { result.bindings } else { last }).filter(|answer| *answer != Value::Undefined)
    });
    answers.map(|answer| serde_json::to_value(answer).map_err(|error| error.to_string())).collect()
}

/// The engine draws an error over several lines, with the source below its place; a finding's message is one line.
fn in_one_line(error: &str) -> String {
    if error.contains("execution exceeded time limit") {
        return format!("it took longer than {} s", TIME_LIMIT.as_secs());
    }
    match place_and_cause(error) {
        Some((place, cause)) => format!("{place}: {cause}"),
        None => error.to_owned(),
    }
}

/// `FILE:LINE:COLUMN` and what is wrong there, out of an error that the engine draws.
pub(super) fn place_and_cause(error: &str) -> Option<(&str, &str)> {
    let (_, drawn) = error.split_once("--> ")?;
    let (place, drawn) = drawn.split_once('\n')?;
    // A line of the policy has its number before it.
    let line = drawn.lines().find(|line| line.trim_start().starts_with("error: "))?;
    let cause = line.trim_start().strip_prefix("error: ")?;
    Some((place, cause.trim_end()))
}

/// `values`: one for each rule of the policy.
fn answers(policy: &Policy, values: &[Result<Value, String>], input: &Input) -> Result<Answers, String> {
    let mut answers = Answers::default();
    // `subjects` comes first: the others name them.
    for (rule, value) in policy.rules.iter().zip(values) {
        let value = value.as_ref().map_err(String::clone)?;
        match *rule {
            "subjects" => answers.add_subjects(value, input)?,
            "deny" | "warn" => answers.add_messages(rule, value, &input.account)?,
            rule => answers.add(rule, value)?,
        }
    }
    Ok(answers)
}

//! Asking the policies' rules.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

use super::answers::Answers;
use super::bundle::{Bundle, Policy};
use super::input::Input;
use super::selection::hint;
use crate::parallel;

/// Facts of ten thousand subjects take a fraction of a second a rule.
const TIME_LIMIT: Duration = Duration::from_secs(10);
/// How many steps of the engine come between two looks at the clock.
const CHECK_INTERVAL: NonZeroU32 = NonZeroU32::new(64).expect("it is not zero");

/// What `finish` makes of each policy's answers, in the policies' order; `Err`: why it broke.
pub(super) fn run<T: Send>(
    bundles: &[Bundle],
    input: &Input,
    finish: impl Fn(&Policy, Result<Answers, String>) -> T + Sync,
) -> Vec<T> {
    let policies = || bundles.iter().flat_map(|bundle| bundle.policies.iter().map(move |policy| (bundle, policy)));
    let questions: Vec<(&Bundle, &Policy, &str)> =
        policies().flat_map(|(bundle, policy)| policy.rules.iter().map(move |rule| (bundle, policy, *rule))).collect();
    let engines = || Engines { input, ready: BTreeMap::new() };
    let asked =
        parallel::each(&questions, engines, |engines, (bundle, policy, rule)| ask(engines.of(bundle), policy, rule));
    let mut asked = asked.into_iter();
    let asked: Vec<(&Policy, Vec<Result<Value, String>>)> =
        policies().map(|(_, policy)| (policy, asked.by_ref().take(policy.rules.len()).collect())).collect();
    parallel::each(&asked, || (), |(), (policy, values)| finish(policy, answers(policy, values, input)))
}

/// The engines of one thread, one a bundle, each handed the input once.
struct Engines<'a> {
    input: &'a Input,
    /// By the bundle's address.
    ready: BTreeMap<*const Bundle, Engine>,
}

impl Engines<'_> {
    fn of(&mut self, bundle: &Bundle) -> &mut Engine {
        self.ready.entry(bundle).or_insert_with(|| {
            let mut engine = bundle.engine.clone();
            let (limit, check_interval) = (TIME_LIMIT, CHECK_INTERVAL);
            engine.set_execution_timer_config(ExecutionTimerConfig { limit, check_interval });
            engine.set_strict_builtin_errors(true);
            engine.set_input(self.input.value.clone());
            engine
        })
    }
}

fn ask(engine: &mut Engine, policy: &Policy, rule: &str) -> Result<Value, String> {
    match engine.eval_rule(format!("{}.{rule}", policy.package)) {
        // Printed, an undefined rule would look like a text.
        Ok(Value::Undefined) => Err(format!("`{rule}` is undefined; define it as a set: `{rule} contains …`")),
        Ok(value) => Ok(value),
        Err(error) => Err(in_one_line(&error.to_string())),
    }
}

/// The engine draws an error over several lines, with the source below its place; a finding's message is one line.
fn in_one_line(error: &str) -> String {
    if error.contains("execution exceeded time limit") {
        return format!("it took longer than {} s", TIME_LIMIT.as_secs());
    }
    match (error.split_once("--> "), error.rsplit_once("\nerror: ")) {
        (Some((_, place)), Some((_, what))) => {
            format!("{}: {}", place.lines().next().unwrap_or_default(), what.trim_end())
        }
        _ => error.to_owned(),
    }
}

/// `values`: one for each rule of the policy.
fn answers(policy: &Policy, values: &[Result<Value, String>], input: &Input) -> Result<Answers, String> {
    if let Some(name) = policy.misspelt(&input.members) {
        return Err(format!("the input has no `{name}`{}", hint(name, &input.members)));
    }
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

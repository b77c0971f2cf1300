//! Running one policy of a bundle.

use regorus::{Engine, Value};

use super::answers::Answers;
use super::bundle::{Policy, RULES};
use super::input::Input;

/// Asks each rule of the policy once. `engine`: the bundle's, which has the input already.
pub fn run(engine: &mut Engine, policy: &Policy, input: &Input) -> Result<Answers, String> {
    let mut answers = Answers::default();
    // `subjects` comes first: the others name them.
    for rule in RULES.into_iter().filter(|rule| policy.rules.contains(rule)) {
        let value = match engine.eval_rule(format!("{}.{rule}", policy.package)) {
            // Printed, an undefined rule would look like a text.
            Ok(Value::Undefined) => {
                return Err(format!("`{rule}` is undefined; define it as a set: `{rule} contains …`"));
            }
            Ok(value) => value,
            Err(error) => return Err(error.to_string()),
        };
        match rule {
            "subjects" => answers.add_subjects(&value, input)?,
            "deny" | "warn" => answers.add_messages(rule, &value, &input.account)?,
            _ => answers.add(rule, &value)?,
        }
    }
    Ok(answers)
}

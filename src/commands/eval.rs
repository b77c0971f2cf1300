//! `eval`: one question, answered by the engine that runs the policies.

use super::{CommandError, evidence, told};
use crate::cli::Eval as Args;
use crate::config::Config;
use crate::exit::Exit;
use crate::facts;
use crate::output::{self, harmless};
use crate::policy::{self, Input};

pub(super) fn run(args: &Args) -> Result<Exit, CommandError> {
    let config = Config::find(args.config.config.as_deref())?;
    let bundles = policy::with_user_policies(&args.policies.policies, args.policy_time)?;
    let snapshot = evidence::snapshot(&args.evidence, &config)?;
    let input = Input::of(&facts::derive(&snapshot, &config))?;
    let answers = policy::eval(&bundles, &args.query, &input, args.policy_time)?;
    told(output::print(&harmless::json(&answers)))?;
    Ok(if answers.is_empty() { Exit::Failed } else { Exit::Ok })
}

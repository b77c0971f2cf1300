//! The built program, run in an environment of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::scripted::{Played, Script, Server};

/// A working directory that goes away with the test.
pub struct Workplace {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Workplace {
    /// No AWS at all.
    pub fn offline() -> Workplace {
        Workplace { folder: tempfile::tempdir().unwrap(), environment: vec![] }
    }

    /// Credentials, region and endpoint as a user would set them.
    pub fn at(endpoint: &Endpoint) -> Workplace {
        Workplace::with_credentials(&endpoint.url(), "testing")
    }

    /// The same where a script is played, with a config.
    pub fn playing(script: Script, config: &str) -> (Workplace, Played) {
        let played = Server::shared().play(script);
        let workplace = Workplace::with_credentials(&played.url, &played.access_key);
        workplace.write("trailcheck.toml", config);
        (workplace, played)
    }

    fn with_credentials(url: &str, access_key: &str) -> Workplace {
        Workplace::offline()
            .set("AWS_ENDPOINT_URL", url)
            .set("AWS_ACCESS_KEY_ID", access_key)
            .set("AWS_SECRET_ACCESS_KEY", "testing")
            .set("AWS_REGION", "us-east-1")
            // Nothing here speaks TLS, and reading the machine's root certificates takes a tenth of a scan.
            .set("SSL_CERT_FILE", "/dev/null")
    }

    pub fn set(mut self, name: &str, value: &str) -> Workplace {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Runs `trailcheck` with nothing in its environment but what was set here.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_in("", arguments)
    }

    /// The same from a folder of the workplace.
    pub fn run_in(&self, folder: &str, arguments: &[&str]) -> Ran {
        self.run_from(Stdio::null(), folder, arguments)
    }

    /// With a file of the workplace on standard input.
    pub fn run_with_input(&self, file: &str, arguments: &[&str]) -> Ran {
        self.run_from(std::fs::File::open(self.path(file)).unwrap().into(), "", arguments)
    }

    fn run_from(&self, input: Stdio, folder: &str, arguments: &[&str]) -> Ran {
        Ran::of(self.command(folder, arguments).stdin(input).output().unwrap())
    }

    fn command(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailcheck"));
        command
            .args(arguments)
            .current_dir(self.path(folder))
            .env_clear()
            .env("HOME", self.folder.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Started, and not waited for.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command("", arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Runs it, and sends these signals once the first call to `until` was made at the endpoint.
    pub fn run_and_signal(&self, endpoint: &Endpoint, until: &str, signals: &[&str], arguments: &[&str]) -> Ran {
        let child = self.start(arguments);
        while !endpoint.calls().iter().any(|call| call.contains(until)) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        for signal in signals {
            let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
            assert!(sent.success());
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        Ran::of(child.wait_with_output().unwrap())
    }

    /// `check --report json` with more arguments: the report, and how it ended.
    pub fn check(&self, arguments: &[&str]) -> (Value, Ran) {
        let ran = self.run(&[&["check", "--report", "json"], arguments].concat());
        let report = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        (report, ran)
    }
}

impl Ran {
    fn of(output: Output) -> Ran {
        Ran {
            exit: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The finding of a policy on a subject.
pub fn finding<'a>(report: &'a Value, policy: &str, subject: &str) -> &'a Value {
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["policy"] == policy && finding["subject"] == subject);
    found.unwrap_or_else(|| panic!("no {policy} on {subject} in {report:#}"))
}

pub fn outcome<'a>(report: &'a Value, policy: &str, subject: &str) -> &'a str {
    finding(report, policy, subject)["outcome"].as_str().unwrap()
}

pub fn fixture(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name).display().to_string()
}

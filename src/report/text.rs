//! For people: counts and scope first; then what failed and why, by subject; what is not known, by cause; and how many hold.
//!
//! Colours are written always; the stream that prints them takes them out where it is not a terminal.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{Result, Write};

use anstyle::{AnsiColor, Style};
use textwrap::{Options, WordSplitter};

use super::causes::{Cause, causes};
use super::words::{Prepared, Told, ToldSession};
use super::{Look, Report, Run, scan};
use crate::counted::counted;
use crate::finding::baseline::Standing;
use crate::finding::{Outcome, SubjectKind};
use crate::output::harmless;

/// So many subjects of one cause are named; the count of the rest is beside them.
const SHOWN: usize = 5;

/// So many of what is settled are listed.
const LISTED: usize = 20;

/// So many statements are told one by one, of each policy.
const STATEMENTS: u64 = 5;

const BOLD: Style = Style::new().bold();
const INDENT: &str = "          ";
/// Behind the name of a statement.
const BESIDE: &str = "         ";

pub(super) fn render(report: &Report, look: Look) -> String {
    let mut text = Text { out: String::new(), look };
    // Writing to a String cannot fail.
    let _ = text.report(&Prepared::of(report));
    text.out
}

struct Text {
    out: String,
    look: Look,
}

impl Text {
    fn report(&mut self, prepared: &Prepared) -> Result {
        self.scope(prepared)?;
        let is_told = |told: &&Told| {
            let is_bad = matches!(told.finding.outcome, Outcome::Fail | Outcome::Error | Outcome::Waived);
            self.look.verbose || (is_bad && !told.finding.is_remark())
        };
        let (told, folded) = self.without_many_statements(prepared.findings.iter().filter(is_told));
        for (subject, findings) in by_subject(told.into_iter()) {
            self.subject(subject, &findings)?;
        }
        for ((policy, outcome), more) in folded {
            let style = style_of(outcome);
            let line = format!("of {policy} for {}: -v shows them", counted(more, "further statement"));
            writeln!(self.out)?;
            self.paragraph(&format!("{style}{:<7}{style:#} ", outcome.as_str()), INDENT, &line)?;
        }
        if !self.look.verbose {
            self.unknowns(&causes(&prepared.report.findings))?;
        }
        self.remarks(prepared)?;
        self.settled(&prepared.settled)?;
        self.sessions(prepared)?;
        if self.look.verbose {
            self.scan(&prepared.report.run)?;
        }
        if !prepared.report.run.notes.is_empty() {
            writeln!(self.out)?;
        }
        for note in &prepared.report.run.notes {
            self.paragraph("note: ", "      ", note)?;
        }
        self.folded(prepared)
    }

    /// Of each policy the first of its statements, and of how many more each outcome is.
    fn without_many_statements<'t, 'a>(
        &self,
        findings: impl Iterator<Item = &'t Told<'a>>,
    ) -> (Vec<&'t Told<'a>>, BTreeMap<(&'t str, Outcome), u64>) {
        let mut counts: BTreeMap<(&str, Outcome), u64> = BTreeMap::new();
        let told = findings.filter(|told| {
            let count = counts.entry((&told.finding.policy, told.finding.outcome)).or_default();
            *count += u64::from(told.finding.resource.kind == SubjectKind::Statement);
            self.look.verbose || *count <= STATEMENTS || told.finding.resource.kind != SubjectKind::Statement
        });
        let told = told.collect();
        let more = |count: u64| count.saturating_sub(STATEMENTS);
        let folded = counts.into_iter().map(|(of, count)| (of, more(count)));
        (told, folded.filter(|(_, more)| *more > 0 && !self.look.verbose).collect())
    }

    fn scope(&mut self, prepared: &Prepared) -> Result {
        let (accounts, regions) = (harmless::text(&prepared.accounts), harmless::text(&prepared.regions));
        writeln!(self.out, "{BOLD}{}{BOLD:#}", prepared.summary)?;
        let records = prepared.records.as_ref().map_or(String::new(), |records| format!("; {records}"));
        let scope = format!("{accounts}, {regions}, as of {}{records}", prepared.report.run.collected_at);
        self.paragraph("", "", &scope)?;
        prepared.baseline.iter().try_for_each(|baseline| self.paragraph("", "", baseline))
    }

    /// What fails no run, by policy.
    fn remarks(&mut self, prepared: &Prepared) -> Result {
        let mut of: BTreeMap<&str, u64> = BTreeMap::new();
        for told in prepared.findings.iter().filter(|told| told.finding.is_remark()) {
            *of.entry(&told.finding.policy).or_default() += 1;
        }
        if self.look.verbose || of.is_empty() {
            return Ok(());
        }
        let times = |(policy, count): (&str, u64)| match count {
            1 => harmless::text(policy).to_string(),
            _ => format!("{} ({count})", harmless::text(policy)),
        };
        let policies: Vec<String> = of.into_iter().map(times).collect();
        let style = style_of(Outcome::NotApplicable);
        writeln!(self.out)?;
        self.paragraph(&format!("{style}remarks{style:#} "), INDENT, &format!("{}: -v shows them", policies.join(", ")))
    }

    fn settled(&mut self, settled: &[String]) -> Result {
        if settled.is_empty() {
            return Ok(());
        }
        let style = style_of(Outcome::Pass);
        writeln!(self.out, "\n{style}settled{style:#} since the baseline")?;
        for line in settled.iter().take(LISTED) {
            self.paragraph("        - ", INDENT, line)?;
        }
        let more = settled.len().saturating_sub(LISTED);
        if more > 0 { writeln!(self.out, "        and {more} more") } else { Ok(()) }
    }

    /// All that is told of one subject.
    fn subject(&mut self, subject: &str, findings: &[&Told]) -> Result {
        let declared_at = findings.iter().find_map(|told| told.declared_at.as_ref());
        let place = declared_at.map_or(String::new(), |place| format!("  {}", harmless::text(place)));
        writeln!(self.out, "\n{BOLD}{}{BOLD:#}{place}", harmless::text(subject))?;
        findings.iter().try_for_each(|told| self.finding(told))
    }

    fn finding(&mut self, told: &Told) -> Result {
        let finding = told.finding;
        let style = style_of(finding.outcome);
        let outcome = match finding.outcome {
            Outcome::NotApplicable => "n/a",
            other => other.as_str(),
        };
        let severity = match finding.outcome {
            Outcome::Fail | Outcome::Waived => format!(" ({})", finding.severity.as_str()),
            _ => String::new(),
        };
        let known = if finding.standing == Some(Standing::Known) { ", known from the baseline" } else { "" };
        writeln!(self.out, "  {style}{outcome:<7}{style:#} {}{severity}{known}", harmless::text(&finding.policy))?;
        if !finding.message.is_empty() {
            self.paragraph(INDENT, INDENT, &finding.message)?;
        }
        if let Some(waiver) = &told.waiver {
            self.paragraph(INDENT, INDENT, waiver)?;
        }
        match (&told.fix, finding.outcome) {
            (Some(fix), Outcome::Fail) => self.paragraph("          fix: ", "               ", fix),
            (None, Outcome::Fail) => {
                writeln!(self.out, "{INDENT}how to fix: trailcheck explain {}", finding.policy)
            }
            _ => Ok(()),
        }
    }

    /// One cause once, with the answers that wait for it.
    fn unknowns(&mut self, causes: &[Cause]) -> Result {
        let style = style_of(Outcome::Unknown);
        for cause in causes {
            writeln!(self.out, "\n{style}unknown{style:#} {} because", counted(cause.answers as u64, "answer"))?;
            for text in &cause.texts {
                self.paragraph("        - ", INDENT, text)?;
            }
            for (policies, subjects) in &cause.waiting {
                let shown = &subjects[..subjects.len().min(SHOWN)];
                let more = subjects.len() - shown.len();
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let text = format!("{} of {}{more}", policies.join(", "), shown.join(", "));
                self.paragraph("        ", INDENT, &text)?;
            }
        }
        Ok(())
    }

    /// COPY and UNLOAD: a line for each place and role, or for each one.
    fn sessions(&mut self, prepared: &Prepared) -> Result {
        let each = self.look.verbose;
        self.told_sessions("COPY and UNLOAD as Redshift ran them", &prepared.statements(each))?;
        self.told_sessions("COPY and UNLOAD by the records", &prepared.sessions(each))
    }

    fn told_sessions(&mut self, heading: &str, sessions: &[ToldSession]) -> Result {
        if sessions.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "\n{BOLD}{heading}{BOLD:#}")?;
        for told in sessions {
            let ToldSession { statement, preposition, place, region, principal, times, start, end, what } = told;
            let first = format!("{preposition} {place} ({region}) by {principal}");
            self.paragraph(&format!("  {statement:<6} "), BESIDE, &first)?;
            self.paragraph(BESIDE, BESIDE, &format!("{times}{start} to {end}, {what}"))?;
        }
        Ok(())
    }

    /// What is not told one by one.
    fn folded(&mut self, prepared: &Prepared) -> Result {
        let summary = &prepared.report.summary;
        let counts = [(summary.pass, "pass"), (summary.not_applicable, "not applicable")];
        let counts: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        if self.look.verbose || counts.is_empty() {
            return Ok(());
        }
        writeln!(self.out, "\n{}: -v shows them", counts.join(", "))
    }

    /// Where trails are in effect, and how AWS was asked.
    fn scan(&mut self, run: &Run) -> Result {
        writeln!(self.out, "\n{BOLD}trails in effect{BOLD:#}")?;
        for account in &run.accounts {
            let line = format!("{}: {}", account.account, scan::recording_of(account));
            self.paragraph("        ", INDENT, &line)?;
        }
        let Some(calls) = scan::calls(run) else { return Ok(()) };
        writeln!(self.out, "\n{BOLD}{calls}{BOLD:#}")?;
        for (operation, calls) in &run.calls {
            let more = [(calls.retries, "tried again"), (calls.throttles, "throttled")];
            let more: String =
                more.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!(", {count} {how}")).collect();
            writeln!(self.out, "        {}: {}{more}", harmless::text(operation), calls.made)?;
        }
        Ok(())
    }

    /// Wrapped to the width of the terminal; a line of its own where there is none.
    fn paragraph(&mut self, first: &str, rest: &str, text: &str) -> Result {
        let text = harmless::text(text);
        let Some(width) = self.look.width else { return writeln!(self.out, "{first}{text}") };
        let options = Options::new(width).initial_indent(first).subsequent_indent(rest);
        let options = options.break_words(false).word_splitter(WordSplitter::NoHyphenation);
        writeln!(self.out, "{}", textwrap::fill(&text, options))
    }
}

/// By subject, in the order in which subjects come first.
fn by_subject<'t, 'a>(findings: impl Iterator<Item = &'t Told<'a>>) -> Vec<(&'t str, Vec<&'t Told<'a>>)> {
    let mut groups: Vec<(&str, Vec<&Told>)> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for told in findings {
        let (subject, account) = (&*told.finding.subject, &*told.finding.resource.account);
        let place = *places.entry((subject, account)).or_insert(groups.len());
        if place == groups.len() {
            groups.push((subject, vec![]));
        }
        groups[place].1.push(told);
    }
    groups
}

fn style_of(outcome: Outcome) -> Style {
    let color = match outcome {
        Outcome::Fail | Outcome::Error => AnsiColor::Red,
        Outcome::Unknown | Outcome::Waived => AnsiColor::Yellow,
        Outcome::Pass => AnsiColor::Green,
        Outcome::NotApplicable => AnsiColor::BrightBlack,
    };
    Style::new().fg_color(Some(color.into())).bold()
}

//! Which lists of the input a policy may read: where something may be missing from one of them, its answers are unknown.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::bundle::{engine_of, tree_of};
use super::files::PolicyFile;
use super::graph;
use super::tree::Tree;

/// The files of a bundle, each looked at when it is first asked for: most runs miss nothing, or judge few policies.
#[derive(Debug)]
pub(super) struct Lists {
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    file: PolicyFile,
    /// `acme`, `named`
    package: Vec<String>,
    /// `None`: it cannot be looked at, so it may read anything.
    asks: OnceLock<Option<Asks>>,
}

/// What the rules of one file ask.
#[derive(Debug, Default)]
pub(super) struct Asks {
    /// Lists of the input.
    pub lists: BTreeSet<String>,
    /// The input as a whole.
    pub whole_input: bool,
    /// Paths below `data`, as far as their names are known.
    pub data: BTreeSet<Vec<String>>,
}

/// The names of a package, without `data`; none, which every path leads through, where one is written in quotes: it may hold a dot.
fn names_of(package: &str) -> Vec<String> {
    match package.contains('"') {
        true => vec![],
        false => package.split('.').skip(1).map(str::to_owned).collect(),
    }
}

impl Lists {
    /// Of files with their packages (`data.acme.named`).
    pub(super) fn of(files: impl Iterator<Item = (PolicyFile, String)>) -> Lists {
        let files = files.map(|(file, package)| File { file, package: names_of(&package), asks: OnceLock::new() });
        Lists { files: files.collect() }
    }

    /// What a package reads, itself or through the files that it asks; `None`: it may read any list.
    pub(super) fn read_by(&self, package: &str) -> Option<BTreeSet<String>> {
        let (mut next, mut seen, mut lists) = (self.below(&names_of(package)), BTreeSet::new(), BTreeSet::new());
        while let Some(number) = next.pop() {
            if !seen.insert(number) {
                continue;
            }
            let asks = self.files[number].asks()?;
            if asks.whole_input {
                return None;
            }
            lists.extend(asks.lists.iter().cloned());
            next.extend(asks.data.iter().flat_map(|path| self.below(path)));
        }
        Some(lists)
    }

    /// The files that a path leads to or through.
    fn below(&self, path: &[String]) -> Vec<usize> {
        let leads_to = |file: &File| file.package.starts_with(path) || path.starts_with(&file.package);
        self.files.iter().enumerate().filter(|(_, file)| leads_to(file)).map(|(number, _)| number).collect()
    }
}

impl File {
    fn asks(&self) -> Option<&Asks> {
        let look = || {
            let file = std::slice::from_ref(&self.file);
            let json = tree_of(&engine_of(file).ok()?, file).ok()?;
            Some(graph::asks(Tree::of(&json).modules.first()?))
        };
        self.asks.get_or_init(look).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Option<Vec<String>> {
        let file = |(package, rules): &(&str, &str)| {
            let text = format!("package {package}\n\n{rules}\n");
            (PolicyFile { name: (*package).to_owned(), text }, format!("data.{package}"))
        };
        Lists::of(files.iter().map(file)).read_by("data.acme.x").map(|lists| lists.into_iter().collect())
    }

    #[test]
    fn lists_are_told_from_what_looks_like_them() {
        let alone = |rules: &str| read(&[("acme.x", rules)]);
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            alone("# input.copies\nx if some t in input.trails\ny := input.unloads[0].z"),
            names(&["trails", "unloads"])
        );
        assert_eq!(alone("import input.trails as t\nx := t\ny := `input.copies`"), names(&["trails"]));
        assert_eq!(alone("import input as i\nx := i[\"trails\"]"), names(&["trails"]));
        assert_eq!(alone("input_of := 1\nx := input_of"), names(&[]));
        for all in ["x := f(input)\nf(y) := y", "x := input", "x := input[_]", "import input as i\nx := i"] {
            assert_eq!(alone(all), None, "{all}");
        }
    }

    #[test]
    fn what_is_asked_through_another_file_is_read_too() {
        let lib = ("acme.lib.rules", "stopped contains t if some t in input.trails");
        let idle = ("acme.idle", "x := input");
        for asks in [
            "x := data.acme.lib.rules.stopped",
            "x := data.acme.lib[_].stopped",
            "import data.acme.lib.rules\nx := rules.stopped",
            "x := data.acme.lib",
        ] {
            assert_eq!(read(&[("acme.x", asks), lib, idle]), Some(vec!["trails".to_owned()]), "{asks}");
        }
        assert_eq!(read(&[("acme.x", "x := data[_][_].x"), lib, idle]), None);
        let quoted = ("acme[\"li.b\"]", "x := input.copies");
        let asks = "x := data.acme[\"li.b\"].x";
        assert_eq!(read(&[("acme.x", asks), quoted]), Some(vec!["copies".to_owned()]));
    }
}

//! Where an object of a digest is found: in its bucket, or in a folder that was copied from it.

use std::collections::{BTreeMap, BTreeSet};

/// How the bucket and key that a digest states become the name of something found.
#[derive(Debug, Clone)]
pub enum Places {
    /// Live: the name is `s3://bucket/key`.
    Bucket,
    /// A copy: the name is a path.
    Copy(Copied),
}

/// What a folder holds of which bucket, learned from digests that lie where they say.
#[derive(Debug, Clone, Default)]
pub struct Copied {
    /// Every file of the copy, `/` between the parts.
    files: BTreeSet<String>,
    roots: BTreeMap<String, BTreeSet<Root>>,
}

/// A key is the file `folder` + the key without `stripped`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Root {
    folder: String,
    stripped: String,
}

impl Places {
    /// The name by which an object would be found.
    pub fn name_of(&self, bucket: &str, key: &str) -> String {
        let object = format!("s3://{bucket}/{key}");
        match self {
            Places::Bucket => object,
            // A key may climb out of the copy; then it is no file of it.
            Places::Copy(_) if key.split('/').any(|part| part == "..") => object,
            Places::Copy(copied) => copied.file_of(bucket, key).unwrap_or(object),
        }
    }

    /// Whether what was found as `name` can be the object that states this bucket and key of itself.
    pub fn is_at(&self, name: &str, bucket: &str, key: &str) -> bool {
        match self {
            Places::Bucket => name == self.name_of(bucket, key),
            Places::Copy(_) => Root::of(name, key).is_some(),
        }
    }
}

impl Copied {
    pub fn new(files: impl IntoIterator<Item = String>) -> Copied {
        Copied { files: files.into_iter().collect(), roots: BTreeMap::new() }
    }

    /// Learns from a digest which folder stands for its bucket.
    pub fn learn(&mut self, name: &str, bucket: &str, key: &str) {
        if let Some(root) = Root::of(name, key) {
            self.roots.entry(bucket.to_owned()).or_default().insert(root);
        }
    }

    /// The file of an object: the first that is there, or where it should be. `None`: nothing of its bucket is here.
    fn file_of(&self, bucket: &str, key: &str) -> Option<String> {
        let roots = self.roots.get(bucket)?;
        let files =
            roots.iter().filter_map(|root| Some(format!("{}{}", root.folder, key.strip_prefix(&root.stripped)?)));
        files.clone().find(|file| self.files.contains(file)).or_else(|| files.clone().next())
    }
}

impl Root {
    /// A copy may begin anywhere above the digests' folder (`aws s3 sync s3://bucket/prefix copy`); from that folder on the
    /// path must be the key.
    fn of(path: &str, key: &str) -> Option<Root> {
        let from_folder = key.rfind("CloudTrail-Digest/").filter(|at| *at == 0 || key[..*at].ends_with('/'))?;
        let mut common = None;
        for at in (0..=from_folder).rev().filter(|at| *at == 0 || key.as_bytes()[at - 1] == b'/') {
            let Some(folder) = path.strip_suffix(&key[at..]).filter(|f| f.is_empty() || f.ends_with('/')) else {
                break;
            };
            common = Some(Root { folder: folder.to_owned(), stripped: key[..at].to_owned() });
        }
        common
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "audit/AWSLogs/1/CloudTrail-Digest/eu-west-1/2026/11/22/1_CloudTrail-Digest_d.json.gz";

    #[test]
    fn a_copy_may_begin_anywhere_above_the_digests() {
        let log = "audit/AWSLogs/1/CloudTrail/eu-west-1/l.json.gz";
        for (cut, expected) in [("", "copy/audit/AWSLogs/1/CloudTrail/"), ("audit/AWSLogs/1/", "copy/CloudTrail/")] {
            let path = format!("copy/{}", KEY.strip_prefix(cut).unwrap());
            let mut copied = Copied::new([path.clone()]);
            copied.learn(&path, "logs", KEY);
            let places = Places::Copy(copied);
            assert!(places.is_at(&path, "logs", KEY));
            assert_eq!(places.name_of("logs", log), format!("{expected}eu-west-1/l.json.gz"));
            assert_eq!(places.name_of("other", log), format!("s3://other/{log}"));
            assert_eq!(places.name_of("logs", "audit/AWSLogs/1/../../x"), "s3://logs/audit/AWSLogs/1/../../x");
        }
    }

    #[test]
    fn a_path_that_is_not_the_key_is_another_place() {
        let places = Places::Copy(Copied::default());
        for path in [
            "copy/audit/AWSLogs/1/CloudTrail-Digest/eu-west-1/2026/11/21/1_CloudTrail-Digest_d.json.gz",
            "copy/1_CloudTrail-Digest_d.json.gz",
            "copy/myCloudTrail-Digest/eu-west-1/2026/11/22/1_CloudTrail-Digest_d.json.gz",
        ] {
            assert!(!places.is_at(path, "logs", KEY), "{path}");
        }
        assert!(Places::Bucket.is_at(&format!("s3://logs/{KEY}"), "logs", KEY));
        assert!(!Places::Bucket.is_at(&format!("s3://logs/x/{KEY}"), "logs", KEY));
    }
}

//! What an actor does next: the calls of a COPY, of an UNLOAD, or of anything else.

use super::actor::{Actor, Habit};
use super::random::{BASE64, Random};

const TABLES: [&str; 8] =
    ["orders", "order_items", "sessions", "page_views", "payments", "refunds", "shipments", "stock_levels"];

/// Texts that end a careless scan too early, or that look like a record.
const TRAPS: [&str; 8] = [
    r#"say "hello"/part"#,
    r"C:\exports\daily\",
    "売上データ/2026年/第四半期",
    r#"{"eventName":"DeleteObject","bucketName":"decoy"}/"#,
    r#""},{"eventName":"PutObject","readOnly":false,"requestParameters":{"bucketName":"decoy"#,
    "emoji/😀/part",
    "tab\tand\nline/",
    r#"ends with a backslash\"#,
];

const OTHER_CALLS: [(&str, bool, Kind); 16] = [
    ("GetObject", true, Kind::Object),
    ("PutObject", false, Kind::Object),
    ("HeadObject", true, Kind::Object),
    ("ListObjects", true, Kind::Listing),
    ("DeleteObject", false, Kind::Object),
    ("GetObject", true, Kind::Object),
    ("GetObjectTagging", true, Kind::Object),
    ("PutObjectTagging", false, Kind::Object),
    ("PutObject", false, Kind::Object),
    ("ListObjectVersions", true, Kind::Listing),
    ("GetObjectAcl", true, Kind::Object),
    ("GetObject", true, Kind::Object),
    ("DeleteObjects", false, Kind::Bucket),
    ("GetObjectAttributes", true, Kind::Object),
    ("HeadBucket", true, Kind::Bucket),
    ("SelectObjectContent", true, Kind::Object),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Object,
    Listing,
    Bucket,
}

/// One S3 data event to be.
pub struct Call {
    pub name: &'static str,
    pub read_only: bool,
    pub kind: Kind,
    pub bucket: String,
    /// An object's key, or a listing's prefix.
    pub key: String,
    pub upload: Option<String>,
    pub part: usize,
}

/// A COPY reads the files of a prefix; an UNLOAD writes them in parts; each file is one more step.
struct Job {
    unload: bool,
    bucket: String,
    prefix: String,
    file: usize,
    files: usize,
    upload: String,
    /// Of this file: 0 is its start, past the last is its end.
    part: usize,
    parts: usize,
}

pub struct Session {
    pub actor: Actor,
    job: Option<Job>,
}

impl Session {
    pub fn new(actor: Actor) -> Self {
        Session { actor, job: None }
    }

    pub fn next_call(&mut self, random: &mut Random) -> Call {
        self.actor.left = self.actor.left.saturating_sub(1);
        match self.actor.habit {
            Habit::Redshift => self.redshift(random),
            _ => self.other(random),
        }
    }

    fn other(&self, random: &mut Random) -> Call {
        let place = match self.actor.habit {
            Habit::Service => 1,
            Habit::Anonymous => 0,
            _ => (self.actor.taste + random.below(5)) % OTHER_CALLS.len(),
        };
        let (name, read_only, mut kind) = OTHER_CALLS[place];
        let mut name = name;
        // Older records tell a data event by the object that they name.
        if self.actor.version < 7 && kind != Kind::Object {
            (name, kind) = (if read_only { "GetObject" } else { "PutObject" }, Kind::Object);
        }
        let prefix = prefix(random);
        let key = match kind {
            Kind::Object => key(random, &prefix),
            Kind::Listing => prefix,
            Kind::Bucket => String::new(),
        };
        Call { name, read_only, kind, bucket: self.bucket(random), key, upload: None, part: 0 }
    }

    fn redshift(&mut self, random: &mut Random) -> Call {
        let mut job = self.job.take().unwrap_or_else(|| self.start(random));
        let call = if job.unload { job.unload(random) } else { job.copy() };
        self.job = (job.file <= job.files).then_some(job);
        call
    }

    fn start(&self, random: &mut Random) -> Job {
        Job {
            unload: (self.actor.taste + usize::from(random.chance(250))).is_multiple_of(2),
            bucket: self.bucket(random),
            prefix: prefix(random),
            file: 0,
            files: random.between(2, 16),
            upload: String::new(),
            part: 0,
            parts: 0,
        }
    }

    fn bucket(&self, random: &mut Random) -> String {
        self.actor.buckets[random.below(self.actor.buckets.len())].clone()
    }
}

impl Job {
    fn copy(&mut self) -> Call {
        self.file += 1;
        if self.file == 1 {
            return self.call("ListObjects", true, Kind::Listing, self.prefix.clone());
        }
        let key = format!("{}{:04}_part_{:02}.gz", self.prefix, (self.file - 2) / 4, (self.file - 2) % 4);
        self.call("GetObject", true, Kind::Object, key)
    }

    fn unload(&mut self, random: &mut Random) -> Call {
        if self.file == self.files {
            self.file += 1;
            return self.call("PutObject", false, Kind::Object, format!("{}manifest", self.prefix));
        }
        let key = format!("{}{:04}_part_00.parquet", self.prefix, self.file);
        if self.part == 0 {
            // S3 writes its upload ids in 128 characters, and without the two that a URL would change.
            self.upload = random.token(&BASE64[..62], 128);
            (self.part, self.parts) = (1, random.between(1, 4));
            return self.call("CreateMultipartUpload", false, Kind::Object, key);
        }
        if self.part <= self.parts {
            let call = self.call("UploadPart", false, Kind::Object, key);
            self.part += 1;
            return call;
        }
        let call = self.call("CompleteMultipartUpload", false, Kind::Object, key);
        (self.part, self.file) = (0, self.file + 1);
        call
    }

    fn call(&self, name: &'static str, read_only: bool, kind: Kind, key: String) -> Call {
        let upload = (!self.upload.is_empty() && self.part > 0).then(|| self.upload.clone());
        Call { name, read_only, kind, bucket: self.bucket.clone(), key, upload, part: self.part }
    }
}

fn prefix(random: &mut Random) -> String {
    let (table, day, hour) = (random.pick(&TABLES), random.between(1, 28), random.below(24));
    let run = random.token(b"0123456789abcdef", 8);
    format!("warehouse/{table}/dt=2026-11-{day:02}/hour={hour:02}/run-{run}/{table}_")
}

fn key(random: &mut Random, prefix: &str) -> String {
    let number = random.below(10_000);
    if random.chance(30) {
        return format!("{}{number:05}", random.pick(&TRAPS));
    }
    format!("{prefix}{}.c000.snappy.parquet", random.uuid())
}

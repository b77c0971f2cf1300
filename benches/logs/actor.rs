//! Who acts, where, and on which buckets: the sessions whose records stand interleaved in a log file.

use super::random::{BASE32, DIGITS, HEX, Random};

const TEAMS: [&str; 10] = [
    "sales",
    "billing",
    "marketing",
    "logistics",
    "fraud",
    "search",
    "ads",
    "clickstream",
    "inventory",
    "customer-care",
];
const PURPOSES: [&str; 4] = ["redshift-unload", "redshift-load", "data-lake-curated", "raw-events"];
const ROLES: usize = 112;
/// The first of them are those that Redshift takes.
const REDSHIFT_ROLES: usize = 54;

const CONSOLE: &str = "[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.750 Linux/5.10.223-190.873.amzn2int.x86_64 \
    OpenJDK_64-Bit_Server_VM/25.412-b09 java/1.8.0_412 vendor/Oracle_Corporation \
    cfg/retry-mode/standard]";
const GLUE: &str = "[ElasticMapReduce/1.0.0 emrfs/s3n, aws-sdk-java/2.20.160 Linux/5.10.0 \
    OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS Java/17.0.10 kotlin/1.8 exec-env/AWS_Glue io/sync http/Apache \
    cfg/retry-mode/legacy]";
const WORKER: &str = "[Boto3/1.35.36 md/Botocore#1.35.36 ua/2.0 os/linux#5.10.226-214.880.amzn2.x86_64 md/arch#x86_64 \
    lang/python#3.11.10 md/pyimpl#CPython cfg/retry-mode#legacy Botocore/1.35.36 Resource]";
const LAMBDA: &str = "[aws-sdk-nodejs/3.632.0 os/linux/5.10 lang/js md/nodejs/20.16.0 api/s3#3.632.0 \
    exec-env/AWS_Lambda_nodejs20.x]";
const SCRIPT: &str = "[Boto3/1.34.11 md/Botocore#1.34.11 ua/2.0 os/linux#6.1.79 md/arch#x86_64 lang/python#3.12.1 \
    md/pyimpl#CPython cfg/retry-mode#standard Botocore/1.34.11]";

/// One account in one region: where a trail's files of that account come from.
pub struct Place {
    pub account: &'static str,
    pub region: &'static str,
    seed: u64,
    buckets: Vec<String>,
}

/// What an actor does with its buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    Redshift,
    Other,
    Service,
    Foreign,
    Anonymous,
}

/// One session, or one user, while it is at work.
pub struct Actor {
    pub habit: Habit,
    /// The `userIdentity` object as it stands in each of the session's records.
    pub identity: String,
    /// The account that calls; none for the anonymous.
    pub account: String,
    /// `eventVersion`: 1.NN
    pub version: u8,
    pub address: String,
    pub agent: String,
    pub endpoint: Option<String>,
    pub buckets: Vec<String>,
    /// Which of all event names this one calls.
    pub taste: usize,
    /// Records until the session ends.
    pub left: usize,
}

impl Place {
    pub fn new(account: &'static str, region: &'static str, seed: u64) -> Self {
        let buckets = TEAMS.iter().flat_map(|team| {
            PURPOSES.iter().map(move |purpose| format!("{team}-{purpose}-{}-{region}", &account[..6]))
        });
        Place { account, region, seed, buckets: buckets.collect() }
    }

    pub fn actor(&self, random: &mut Random, now: &str) -> Actor {
        match random.below(1000) {
            0..=859 => self.role_session(random, now),
            860..=909 => self.user(random),
            910..=919 => self.federated(random, now),
            920..=924 => self.root(random, now),
            925..=954 => self.service(random),
            955..=984 => self.foreign(random),
            _ => self.anonymous(random),
        }
    }

    /// The session of a role: half of them those of a COPY or an UNLOAD.
    fn role_session(&self, random: &mut Random, now: &str) -> Actor {
        let number =
            if random.chance(650) { random.below(REDSHIFT_ROLES) } else { random.between(REDSHIFT_ROLES, ROLES - 1) };
        // What belongs to the role is the same in all its sessions, in every region.
        let mut own = Random::of(self.seed, &format!("{} role {number}", self.account));
        let id = format!("AROA{}", own.token(BASE32, 17));
        let team = own.pick(&TEAMS);
        let (path, name) = match (number < REDSHIFT_ROLES, number % 4) {
            (true, 0) => {
                ("/service-role/", format!("AmazonRedshift-CommandsAccessRole-20240611T{}", own.token(DIGITS, 6)))
            }
            (true, _) => ("/", format!("redshift-{team}-unload-role-{number}")),
            (false, 0) => {
                ("/aws-reserved/sso.amazonaws.com/", format!("AWSReservedSSO_Analyst_{}", own.token(HEX, 16)))
            }
            (false, 1) => ("/", format!("glue-{team}-etl-role-{number}")),
            (false, 2) => ("/data-platform/", format!("airflow-{team}-worker-{number}")),
            (false, _) => ("/service-role/", format!("lambda-{team}-compactor-{number}")),
        };
        let (session, agent) = match (number < REDSHIFT_ROLES, number % 4) {
            (true, _) => ("RedshiftIamRoleSession".to_owned(), "[]".to_owned()),
            (false, 0) => (format!("{team}.analyst@example.com"), CONSOLE.to_owned()),
            (false, 1) => ("GlueJobRunnerSession".to_owned(), GLUE.to_owned()),
            (false, 2) => (format!("i-0{}", random.token(HEX, 16)), WORKER.to_owned()),
            (false, _) => (format!("{team}-compactor"), LAMBDA.to_owned()),
        };
        let version = [11, 11, 11, 10, 9, 8, 8, 5][own.below(8)];
        let key = random.token(BASE32, 16);
        let invoked_by =
            if number >= REDSHIFT_ROLES && random.chance(60) { ",\"invokedBy\":\"athena.amazonaws.com\"" } else { "" };
        let delivery = if session.starts_with("i-") { ",\"ec2RoleDelivery\":\"2.0\"" } else { "" };
        let web = if version < 10 { "\"webIdFederationData\":{}," } else { "" };
        let identity = format!(
            "{{\"type\":\"AssumedRole\",\"principalId\":\"{id}:{session}\",\
             \"arn\":\"arn:aws:sts::{account}:assumed-role/{name}/{session}\",\"accountId\":\"{account}\",\
             \"accessKeyId\":\"ASIA{key}\",\"sessionContext\":{{\
             \"sessionIssuer\":{{\"type\":\"Role\",\"principalId\":\"{id}\",\
             \"arn\":\"arn:aws:iam::{account}:role{path}{name}\",\"accountId\":\"{account}\",\"userName\":\"{name}\"}},\
             {web}\"attributes\":{{\"creationDate\":\"{now}\",\"mfaAuthenticated\":\"false\"}}\
             {delivery}}}{invoked_by}}}",
            account = self.account,
        );
        let habit = if number < REDSHIFT_ROLES { Habit::Redshift } else { Habit::Other };
        let address = if invoked_by.is_empty() { random.address() } else { "athena.amazonaws.com".to_owned() };
        let left = random.between(20, 260);
        let name = format!("role {number}");
        Actor { version, agent, ..self.at_work(random, &name, habit, identity, address, left) }
    }

    fn user(&self, random: &mut Random) -> Actor {
        let number = random.below(12);
        let mut own = Random::of(self.seed, &format!("{} user {number}", self.account));
        let (id, key) = (own.token(BASE32, 17), own.token(BASE32, 16));
        let name = format!("{}-loader-{number}", own.pick(&TEAMS));
        let identity = format!(
            "{{\"type\":\"IAMUser\",\"principalId\":\"AIDA{id}\",\"arn\":\"arn:aws:iam::{account}:user/batch/{name}\",\
             \"accountId\":\"{account}\",\"accessKeyId\":\"AKIA{key}\",\"userName\":\"{name}\"}}",
            account = self.account,
        );
        let (address, left) = (random.address(), random.between(10, 150));
        self.at_work(random, &format!("user {number}"), Habit::Other, identity, address, left)
    }

    fn federated(&self, random: &mut Random, now: &str) -> Actor {
        let key = random.token(BASE32, 16);
        let identity = format!(
            "{{\"type\":\"FederatedUser\",\"principalId\":\"{account}:partner\",\
             \"arn\":\"arn:aws:sts::{account}:federated-user/partner\",\"accountId\":\"{account}\",\
             \"accessKeyId\":\"ASIA{key}\",\"sessionContext\":{{\"sessionIssuer\":{{\"type\":\"IAMUser\",\
             \"principalId\":\"AIDAIJJXKWBCDEXAMPLE7\",\"arn\":\"arn:aws:iam::{account}:user/token-vendor\",\
             \"accountId\":\"{account}\",\"userName\":\"token-vendor\"}},\
             \"attributes\":{{\"creationDate\":\"{now}\",\"mfaAuthenticated\":\"false\"}}}}}}",
            account = self.account,
        );
        let (address, left) = (random.address(), random.between(5, 60));
        self.at_work(random, "federated", Habit::Other, identity, address, left)
    }

    fn root(&self, random: &mut Random, now: &str) -> Actor {
        let key = random.token(BASE32, 16);
        let identity = format!(
            "{{\"type\":\"Root\",\"principalId\":\"{account}\",\"arn\":\"arn:aws:iam::{account}:root\",\
             \"accountId\":\"{account}\",\"accessKeyId\":\"ASIA{key}\",\"sessionContext\":{{\
             \"attributes\":{{\"creationDate\":\"{now}\",\"mfaAuthenticated\":\"true\"}}}}}}",
            account = self.account,
        );
        let (address, left) = (random.address(), random.between(2, 12));
        self.at_work(random, "root", Habit::Other, identity, address, left)
    }

    fn service(&self, random: &mut Random) -> Actor {
        let services = [
            "cloudtrail.amazonaws.com",
            "delivery.logs.amazonaws.com",
            "firehose.amazonaws.com",
            "inventory.s3.amazonaws.com",
        ];
        let name = random.pick(&services);
        let identity = format!("{{\"type\":\"AWSService\",\"invokedBy\":\"{name}\"}}");
        let left = random.between(10, 80);
        let actor = self.at_work(random, name, Habit::Service, identity, name.to_owned(), left);
        Actor { agent: name.to_owned(), endpoint: None, account: String::new(), ..actor }
    }

    /// The bucket owner's copy of another account's call: which of its roles acted is not in it.
    fn foreign(&self, random: &mut Random) -> Actor {
        let number = random.below(8);
        let account = format!("4444{number}5555666");
        let id = Random::of(self.seed, &account).token(BASE32, 17);
        let identity = if number < 6 {
            format!("{{\"type\":\"AWSAccount\",\"principalId\":\"AROA{id}:etl\",\"accountId\":\"{account}\"}}")
        } else {
            format!("{{\"type\":\"AWSAccount\",\"accountId\":\"{account}\"}}")
        };
        let (address, left) = (random.address(), random.between(10, 90));
        let actor = self.at_work(random, &account, Habit::Foreign, identity, address, left);
        Actor { account, ..actor }
    }

    fn anonymous(&self, random: &mut Random) -> Actor {
        let identity = r#"{"type":"AWSAccount","principalId":"","accountId":"ANONYMOUS_PRINCIPAL"}"#.to_owned();
        let (address, left) = (random.address(), random.between(2, 20));
        let actor = self.at_work(random, "anonymous", Habit::Anonymous, identity, address, left);
        Actor { account: String::new(), agent: "[curl/8.5.0]".to_owned(), ..actor }
    }

    fn at_work(
        &self,
        random: &mut Random,
        name: &str,
        habit: Habit,
        identity: String,
        address: String,
        left: usize,
    ) -> Actor {
        let mut own = Random::of(self.seed, &format!("{} {} {name}", self.account, self.region));
        let buckets = (0..own.between(1, 3)).map(|_| self.buckets[own.below(self.buckets.len())].clone()).collect();
        let taste = own.below(1000);
        let endpoint = own.chance(500).then(|| format!("vpce-{}", own.token(HEX, 17)));
        let agent = SCRIPT.to_owned();
        let account = self.account.to_owned();
        let version = if random.chance(500) { 11 } else { 9 };
        Actor { habit, identity, account, version, address, agent, endpoint, buckets, taste, left }
    }
}

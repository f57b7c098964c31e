//! The stack of sources: what was given, and by whom. [`reader`] makes checked settings of it.

mod reader;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use toml::Value;
use url::Url;

pub use self::reader::EXCHANGE;
use self::reader::Reader;
use super::{Config, Database, Log, Maintenance, Server, Telemetry, collector};

const DEFAULTS: &str = include_str!("../../config.default.toml");
const PREFIX: &str = "DIALOGPORTEN_";

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Default,
    File(PathBuf),
    /// Name of the variable.
    Environment(String),
    /// The flag as it is typed.
    Flag(&'static str),
    /// Composed by `dev` and by the tests.
    Sandbox,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Sandbox => f.write_str("sandbox"),
        }
    }
}

/// Everything that is wrong with the settings, one line each: key, fault, source.
#[derive(Debug)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings cannot be used:")?;
        self.0.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for Faults {}

/// One line of `config explain`.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: String,
    /// As TOML; stars in place of secrets.
    pub shown: String,
    pub source: String,
}

/// Settings as given, later sources over earlier ones.
#[derive(Clone, Debug)]
pub struct Settings {
    values: BTreeMap<String, (Value, Source)>,
    faults: Vec<String>,
}

impl Settings {
    /// The embedded defaults alone.
    pub fn defaults() -> Self {
        let table: toml::Table = DEFAULTS.parse().expect("the embedded defaults are TOML, a test reads them");
        let mut settings = Self { values: BTreeMap::new(), faults: Vec::new() };
        settings.put_table("", table, &Source::Default);
        settings
    }

    /// Defaults, then `file` (or the file that `DIALOGPORTEN_CONFIG` names), then the environment of the process.
    pub fn of_process(file: Option<&Path>) -> Self {
        let environment: BTreeMap<String, String> =
            // A variable that is not UTF-8 is none of ours.
            std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
        let mut settings = Self::defaults();
        let named = environment.get("DIALOGPORTEN_CONFIG").filter(|path| !path.is_empty());
        if let Some(path) = file.map(Path::to_owned).or(named.map(PathBuf::from)) {
            settings.put_file(&path);
        }
        settings.put_environment(&environment);
        settings
    }

    /// Puts the keys of a TOML file on top. A file that cannot be read is a fault like any other.
    pub fn put_file(&mut self, path: &Path) {
        let table = std::fs::read_to_string(path)
            .map_err(|error| error.to_string())
            .and_then(|text| text.parse::<toml::Table>().map_err(|error| error.to_string()));
        match table {
            Ok(table) => self.put_table("", table, &Source::File(path.to_owned())),
            Err(error) => self.faults.push(format!("file {}: {}", path.display(), error.trim_end())),
        }
    }

    /// Puts `DIALOGPORTEN_<SECTION>__<KEY>` on top, OpenTelemetry's `OTEL_…` under them, and `DATABASE_URL` where no other
    /// source names the database.
    ///
    /// Names without `__` are left alone: container platforms put some of their own in when a service is called
    /// `dialogporten`. An empty value counts as not given.
    pub fn put_environment(&mut self, environment: &BTreeMap<String, String>) {
        let common = environment.get("DATABASE_URL").filter(|url| !url.is_empty());
        if let (Some(url), false) = (common, self.values.contains_key("database.url")) {
            self.put("database.url", url.as_str(), Source::Environment("DATABASE_URL".into()));
        }
        for (name, text) in environment.iter().filter(|(_, text)| !text.trim().is_empty()) {
            if let Some((key, text)) = collector::setting_of(name, text) {
                self.put(key, text, Source::Environment(name.clone()));
            }
        }
        for (name, text) in environment {
            let Some(key) = name.strip_prefix(PREFIX).filter(|key| key.contains("__")) else { continue };
            if !text.is_empty() {
                let key = key.split("__").map(str::to_ascii_lowercase).collect::<Vec<_>>().join(".");
                self.put(&key, text.as_str(), Source::Environment(name.clone()));
            }
        }
    }

    /// Puts one value on top.
    pub fn put(&mut self, key: &str, value: impl Into<Value>, source: Source) {
        // The last one wins: sources are put in the order of their rank.
        self.values.insert(key.to_owned(), (value.into(), source));
    }

    /// Whether `key` has a value from any source.
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// Whether somebody replaced the default of `key`.
    pub fn is_changed(&self, key: &str) -> bool {
        self.values.get(key).is_some_and(|(_, source)| *source != Source::Default)
    }

    /// What somebody set, in a file or the environment, that only a service on a real platform reads; with the source.
    pub fn of_a_service(&self) -> Vec<String> {
        const READ_BY_SERVE: [&str; 5] = ["server.", "dialogporten.", "authentication.", "altinn.", "maskinporten."];
        let by_somebody = |source: &Source| matches!(source, Source::File(_) | Source::Environment(_));
        let given = self.values.iter().filter(|(key, (_, source))| {
            by_somebody(source) && READ_BY_SERVE.iter().any(|section| key.starts_with(section))
        });
        given.map(|(key, (_, source))| format!("{key} ({source})")).collect()
    }

    /// How to log; commands need it before the other settings are complete.
    ///
    /// # Errors
    /// Faults of the section `log`.
    pub fn log(&self) -> Result<Log, Faults> {
        let mut reader = Reader::of(self, Vec::new());
        let log = reader.log();
        if reader.faults.is_empty() { Ok(log) } else { Err(Faults(reader.faults)) }
    }

    /// What is told of the process, and to whom; before anything happens that could be told of.
    ///
    /// # Errors
    /// Faults of the section `telemetry`.
    pub fn telemetry(&self) -> Result<Telemetry, Faults> {
        let mut reader = Reader::of(self, Vec::new());
        let telemetry = reader.telemetry();
        if reader.faults.is_empty() { Ok(telemetry) } else { Err(Faults(reader.faults)) }
    }

    /// How to listen, for commands that need no other settings.
    ///
    /// # Errors
    /// Faults of the section `server`.
    pub fn server(&self) -> Result<Server, Faults> {
        let mut reader = Reader::of(self, Vec::new());
        let server = reader.server();
        if reader.faults.is_empty() { Ok(server) } else { Err(Faults(reader.faults)) }
    }

    /// Whether everything is to be refused; read anew while the service runs.
    ///
    /// # Errors
    /// Faults of the section `maintenance`, and a file that cannot be read.
    pub fn maintenance(&self) -> Result<Maintenance, Faults> {
        let mut reader = Reader::of(self, self.faults.clone());
        let maintenance = reader.maintenance();
        if reader.faults.is_empty() { Ok(maintenance) } else { Err(Faults(reader.faults)) }
    }

    /// The text of `key` from any source, unchecked.
    pub fn text(&self, key: &str) -> Option<String> {
        self.values.get(key)?.0.as_str().map(str::to_owned)
    }

    fn put_table(&mut self, prefix: &str, table: toml::Table, source: &Source) {
        for (key, value) in table {
            let key = if prefix.is_empty() { key } else { format!("{prefix}.{key}") };
            match value {
                Value::Table(inner) => self.put_table(&key, inner, source),
                leaf => self.put(&key, leaf, source.clone()),
            }
        }
    }

    /// The checked settings.
    ///
    /// # Errors
    /// Everything that is missing, malformed, out of bounds or unknown, all at once.
    pub fn config(&self) -> Result<Config, Faults> {
        let mut reader = Reader::of(self, self.faults.clone());
        let config = reader.config();
        // After all was read, as the addresses follow from each other.
        reader.refuse_plain_http(&config);
        reader.name_unknown();
        if reader.faults.is_empty() { Ok(config) } else { Err(Faults(reader.faults)) }
    }

    /// What commands need that only touch the database.
    ///
    /// # Errors
    /// Faults of the sections `database` and `log`.
    pub fn database(&self) -> Result<(Database, Log), Faults> {
        let mut reader = Reader::of(self, self.faults.clone());
        let sections = (reader.database(), reader.log());
        if reader.faults.is_empty() { Ok(sections) } else { Err(Faults(reader.faults)) }
    }

    /// Every value with its source, in the order of keys, and every key that could have one.
    pub fn explain(&self) -> Vec<Entry> {
        let mut reader = Reader::of(self, Vec::new());
        // For what it notes: which keys there are. Its faults are told by `config`.
        reader.config();
        let keys: BTreeSet<&str> =
            reader.known.iter().map(String::as_str).chain(self.values.keys().map(String::as_str)).collect();
        keys.into_iter()
            .map(|key| {
                let (shown, source) = match self.values.get(key) {
                    Some((value, source)) => (shown(key, value), source.to_string()),
                    None => ("-".to_owned(), "not given".to_owned()),
                };
                let unknown = if reader.known.contains(key) { "" } else { " (unknown key)" };
                Entry { key: key.to_owned(), shown, source: source + unknown }
            })
            .collect()
    }
}

/// A value for people, without what they must not see.
fn shown(key: &str, value: &Value) -> String {
    let last = key.rsplit('.').next().unwrap_or(key);
    match (last, value) {
        ("url" | "read_url", Value::String(text)) => match Url::parse(text) {
            Ok(mut url) => {
                if url.password().is_some() {
                    // Only addresses without a host refuse a password, and those have none to hide.
                    let _ = url.set_password(Some("***"));
                }
                // Drivers also take the password as a parameter.
                if url.query().is_some() {
                    url.set_query(Some("***"));
                }
                format!("\"{url}\"")
            }
            Err(_) => "***".into(),
        },
        ("private" | "masking_secret" | "encoded_jwk" | "subscription_key" | "headers", _) => "***".into(),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests;

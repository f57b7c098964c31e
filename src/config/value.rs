//! From the text or TOML value of one setting to its type.

use std::{net::SocketAddr, time::Duration};

use secrecy::SecretString;
use toml::Value;
use url::Url;

use super::{Issuer, LogFormat};
use crate::domain::Instant;

/// A type that a setting can have.
///
/// Values of the environment and of flags arrive as text whatever their type, so every implementation takes text too.
pub(super) trait Setting: Sized {
    /// The value, or what is wrong with it in words that follow "{key}: ".
    fn read(value: &Value) -> Result<Self, String>;
    /// Stands in after a fault, so that reading goes on and finds the other faults. Never leaves `config`.
    fn stand_in() -> Self;
}

/// Text as it is.
impl Setting for String {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) if text.trim().is_empty() => Err("is empty".into()),
            Value::String(text) => Ok(text.clone()),
            other => Err(format!("is {}, expected text", kind(other))),
        }
    }

    fn stand_in() -> Self {
        Self::new()
    }
}

impl Setting for SecretString {
    fn read(value: &Value) -> Result<Self, String> {
        String::read(value).map(Self::from)
    }

    fn stand_in() -> Self {
        Self::from("")
    }
}

impl Setting for bool {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::Boolean(on) => Ok(*on),
            // The environment knows no types.
            Value::String(text) if text.eq_ignore_ascii_case("true") || text == "1" => Ok(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") || text == "0" => Ok(false),
            other => Err(format!("is {}, expected true or false", shown(other))),
        }
    }

    fn stand_in() -> Self {
        false
    }
}

impl Setting for u32 {
    fn read(value: &Value) -> Result<Self, String> {
        let number = match value {
            Value::Integer(number) => Self::try_from(*number).ok(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| format!("is {}, expected a whole number from 0", shown(value)))
    }

    fn stand_in() -> Self {
        1
    }
}

impl Setting for SocketAddr {
    fn read(value: &Value) -> Result<Self, String> {
        let text = String::read(value)?;
        // `localhost` is spelled out, because looking names up would make the check depend on the network.
        let text = text.replace("localhost:", "127.0.0.1:");
        text.parse().map_err(|_| format!("is `{text}`, expected an address and port such as 127.0.0.1:8080"))
    }

    fn stand_in() -> Self {
        Self::from(([127, 0, 0, 1], 0))
    }
}

impl Setting for Url {
    fn read(value: &Value) -> Result<Self, String> {
        let text = String::read(value)?;
        let url = Self::parse(&text).map_err(|error| format!("is `{text}`, expected an address: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("is `{text}`, expected an address that begins with https:// or http://"));
        }
        // Paths are appended to it, which would end up behind the question mark.
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("is `{text}`, expected an address without ? and #"));
        }
        Ok(url)
    }

    fn stand_in() -> Self {
        Self::parse("http://localhost/").expect("a well-formed address")
    }
}

/// A number and its unit: `250ms`, `20s`, `15m`, `6h`, `1d`.
impl Setting for Duration {
    fn read(value: &Value) -> Result<Self, String> {
        let fault = || format!("is {}, expected a time such as 250ms, 20s, 15m, 6h or 1d", shown(value));
        let Value::String(text) = value else { return Err(fault()) };
        let text = text.trim();
        let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(fault)?;
        let number: u64 = text[..split].parse().map_err(|_| fault())?;
        let millis: u64 = match text[split..].trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(fault()),
        };
        number.checked_mul(millis).map(Self::from_millis).ok_or_else(fault)
    }

    fn stand_in() -> Self {
        Self::ZERO
    }
}

impl Setting for f64 {
    fn read(value: &Value) -> Result<Self, String> {
        let number = match value {
            Value::Float(number) => Some(*number),
            Value::Integer(number) => i32::try_from(*number).ok().map(Self::from),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| format!("is {}, expected a number", shown(value)))
    }

    fn stand_in() -> Self {
        0.0
    }
}

/// With an offset, so that it is the same instant everywhere.
impl Setting for Instant {
    fn read(value: &Value) -> Result<Self, String> {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Datetime(time) => time.to_string(),
            other => return Err(format!("is {}, expected a time such as 2031-04-05T06:07:08Z", kind(other))),
        };
        text.parse().map_err(|_| format!("is `{text}`, expected a time such as 2031-04-05T06:07:08Z"))
    }

    fn stand_in() -> Self {
        Self::UNIX_EPOCH
    }
}

impl Setting for LogFormat {
    fn read(value: &Value) -> Result<Self, String> {
        match String::read(value)?.to_ascii_lowercase().as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("is `{other}`, expected text or json")),
        }
    }

    fn stand_in() -> Self {
        Self::Text
    }
}

impl Setting for Vec<Issuer> {
    fn read(value: &Value) -> Result<Self, String> {
        const EXPECTED: &str = r#"expected a list such as [{ name = "Altinn", well_known = "https://…" }]"#;
        let list = match value {
            Value::String(text) => list(text).ok_or_else(|| format!("is no list, {EXPECTED}"))?,
            Value::Array(list) => list.clone(),
            other => return Err(format!("is {}, {EXPECTED}", kind(other))),
        };
        let mut issuers = Self::new();
        let mut faults = Vec::new();
        for (i, item) in list.iter().enumerate() {
            let Value::Table(item) = item else {
                faults.push(format!("[{i}] is {}, {EXPECTED}", kind(item)));
                continue;
            };
            for key in item.keys().filter(|key| !matches!(key.as_str(), "name" | "well_known")) {
                faults.push(format!("[{i}] has an unknown member `{key}`"));
            }
            let name = item.get("name").ok_or("is missing".to_owned()).and_then(String::read);
            let well_known = item.get("well_known").ok_or("is missing".to_owned()).and_then(Url::read);
            match (name, well_known) {
                (Ok(name), Ok(well_known)) => {
                    if issuers.iter().any(|known: &Issuer| known.name.eq_ignore_ascii_case(&name)) {
                        faults.push(format!("[{i}] repeats the name `{name}`"));
                    }
                    issuers.push(Issuer { name, well_known });
                }
                (name, well_known) => {
                    faults.extend(name.err().map(|fault| format!("[{i}].name {fault}")));
                    faults.extend(well_known.err().map(|fault| format!("[{i}].well_known {fault}")));
                }
            }
        }
        if list.is_empty() {
            faults.push("is empty, at least one issuer is needed".into());
        }
        if faults.is_empty() { Ok(issuers) } else { Err(faults.join("; ")) }
    }

    fn stand_in() -> Self {
        Self::new()
    }
}

impl Setting for Vec<String> {
    fn read(value: &Value) -> Result<Self, String> {
        const EXPECTED: &str = r#"expected a list of texts such as ["https://af.altinn.no"]"#;
        let list = match value {
            Value::String(text) => list(text).ok_or_else(|| format!("is no list, {EXPECTED}"))?,
            Value::Array(list) => list.clone(),
            other => return Err(format!("is {}, {EXPECTED}", kind(other))),
        };
        list.iter().map(String::read).collect::<Result<_, _>>().map_err(|_| format!("holds something else, {EXPECTED}"))
    }

    fn stand_in() -> Self {
        Self::new()
    }
}

/// A list written as TOML or as JSON, which is what fits into one variable of the environment.
fn list(text: &str) -> Option<Vec<Value>> {
    if let Ok(list) = serde_json::from_str(text) {
        return Some(list);
    }
    let mut table: toml::Table = format!("list = {text}").parse().ok()?;
    match table.remove("list") {
        Some(Value::Array(list)) => Some(list),
        _ => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

/// The value in a message. Only used for types that are never secret.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        Value::Integer(number) => format!("`{number}`"),
        other => kind(other).to_owned(),
    }
}

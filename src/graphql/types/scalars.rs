//! Scalars of the contract: how ids, instants and addresses are written and read (chapter 02 §9.7).

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use crate::{
    domain::Instant,
    http::{Timestamp, lenient_uuid, timestamp::parse_strict},
};

/// A UUID: written in lower case with hyphens, read in any notation that REST takes too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uuid(pub uuid::Uuid);

/// An instant, written in UTC with as many fraction digits as it needs; read with a mandatory offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Instant);

/// An address. One that is absolute is written in its normal form; what is no address at all is written as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(pub String);

impl From<uuid::Uuid> for Uuid {
    fn from(id: uuid::Uuid) -> Self {
        Self(id)
    }
}

impl From<Timestamp> for DateTime {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.0)
    }
}

impl From<String> for Url {
    fn from(url: String) -> Self {
        Self(url)
    }
}

/// A UUID: written in lower case with hyphens.
#[Scalar(name = "UUID", specified_by_url = "https://scalars.graphql.org/chillicream/uuid.html")]
impl ScalarType for Uuid {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        lenient_uuid(text).map(Self).ok_or_else(|| InputValueError::custom("is not a UUID"))
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An instant: RFC 3339, with a mandatory offset on input and without trailing zeros on output.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/chillicream/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        // RFC 3339 lets `t` and `z` stand in either case (§9.7); REST's reader takes them in upper case only.
        let upper = text.trim().to_ascii_uppercase();
        parse_strict(&upper).map(Self).map_err(|_| InputValueError::custom("is not an instant with an offset"))
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        // Six digits are all that is stored. The reference's GraphQL trims zeros where its REST has seven digits
        // (GQ-022).
        let text = self.0.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
        let text = text.trim_end_matches('0').trim_end_matches('.');
        Value::String(format!("{text}Z"))
    }
}

/// An absolute address (a URN is one too), in its normal form; a relative one as it is stored.
#[Scalar(name = "URL", specified_by_url = "https://scalars.graphql.org/chillicream/url.html")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        match url::Url::parse(text) {
            Ok(_) => Ok(Self(text.clone())),
            Err(_) => Err(InputValueError::custom("is not an absolute address")),
        }
    }

    fn is_valid(value: &Value) -> bool {
        Self::parse(value.clone()).is_ok()
    }

    fn to_value(&self) -> Value {
        // .NET prints an absolute address in its normal form; the crate's is the same for hosts, ports and paths
        // (§9.7).
        Value::String(url::Url::parse(&self.0).map_or_else(|_| self.0.clone(), String::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GQ-022
    #[test]
    fn instants_have_no_digits_they_do_not_need() {
        for (text, written) in [
            ("2025-01-31T10:20:30Z", Some("2025-01-31T10:20:30Z")),
            ("2025-01-31t10:20:30z", Some("2025-01-31T10:20:30Z")),
            ("2025-01-31T10:20:30.1200000Z", Some("2025-01-31T10:20:30.12Z")),
            ("2025-01-31T10:20:00.000001+01:00", Some("2025-01-31T09:20:00.000001Z")),
            ("2025-01-31T10:20:30.123456789Z", Some("2025-01-31T10:20:30.123456Z")),
            ("2025-01-31T24:00:00Z", None),
            ("2025-01-31T10:20:30", None),
            ("2025-01-31", None),
            ("soon", None),
        ] {
            let read = DateTime::parse(Value::from(text)).ok().map(|read| read.to_value());
            assert_eq!(read, written.map(Value::from), "{text}");
            assert_eq!(DateTime::is_valid(&Value::from(text)), written.is_some());
        }
    }

    #[test]
    fn addresses_are_written_in_their_normal_form() {
        for (stored, written) in [
            ("HTTPS://Example.COM:443", "https://example.com/"),
            ("https://example.com/a b/æ?q=ø", "https://example.com/a%20b/%C3%A6?q=%C3%B8"),
            ("urn:dialogporten:unauthorized", "urn:dialogporten:unauthorized"),
            ("some/where", "some/where"),
        ] {
            assert_eq!(Url(stored.to_owned()).to_value(), Value::from(written));
        }
        assert!(!Url::is_valid(&Value::from("some/where")) && Url::is_valid(&Value::from("urn:a:b")));
    }

    #[test]
    fn ids_are_read_in_any_notation_and_written_in_one() {
        const ID: &str = "0196c0de-0000-7000-8000-00000000abcd";
        for text in [ID.to_owned(), ID.to_uppercase(), ID.replace('-', ""), format!("{{{ID}}}")] {
            assert_eq!(Uuid::parse(Value::from(text)).expect("an id").to_value(), Value::from(ID));
        }
        assert!(!Uuid::is_valid(&Value::from(7)) && !Uuid::is_valid(&Value::from("7")));
    }
}

//! Query strings: names in any letter case, lists in three notations, permissive scalars.

use std::{borrow::Cow, convert::Infallible};

use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};
use indexmap::IndexMap;
use percent_encoding::percent_decode;
use uuid::Uuid;

use super::{context, ledger::Ignored, lenient_uuid, nearest, not_valid, timestamp};
use crate::domain::{
    Instant,
    refusal::Refusal,
    rules::{self, code::Code},
    violations::Violations,
    wire_enum::{Given, WireEnum},
};

/// The parameters of a request. Getters collect what cannot be read, under the name as the client spelled it;
/// [`Query::finish`] tells.
#[derive(Debug, Default)]
pub struct Query {
    /// By lower-case name.
    parameters: IndexMap<String, Parameter>,
    /// The names that the operation knows, as far as it asked for them.
    known: Vec<String>,
    found: Violations,
}

#[derive(Debug)]
struct Parameter {
    /// The first spelling.
    name: String,
    values: Vec<String>,
}

impl Parameter {
    /// Of a scalar given several times, the values joined: a text with commas, and no number at all.
    fn joined(&self) -> String {
        self.values.join(",")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.uri))
    }
}

impl Query {
    /// The parameters of a request's address.
    pub fn of(uri: &Uri) -> Self {
        let mut query = Self::parse(uri.query().unwrap_or_default());
        if uri.path().starts_with("/api/v1/serviceowner/") {
            // Looked at before the operation is: whom a service owner acts for.
            query.ask("endUserId");
        }
        query
    }

    /// Reads `name=value&…`; a plus is a blank.
    pub fn parse(query: &str) -> Self {
        let mut parameters: IndexMap<String, Parameter> = IndexMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name);
            parameters
                .entry(name.to_lowercase())
                .or_insert_with(|| Parameter { name, values: Vec::new() })
                .values
                .push(decoded(value));
        }
        Self { parameters, known: Vec::new(), found: Violations::new() }
    }

    fn parameter(&self, name: &str) -> Option<&Parameter> {
        // Names of ours are ASCII, so lower case by letters is enough.
        debug_assert!(name.is_ascii());
        self.parameters.get(&name.to_ascii_lowercase())
    }

    /// Remembers that the operation knows the parameter.
    fn ask(&mut self, name: &str) {
        self.known.push(name.to_owned());
    }

    /// Whether the parameter is there, with or without a value.
    pub fn contains(&mut self, name: &str) -> bool {
        self.ask(name);
        self.parameter(name).is_some()
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        self.ask(name);
        let text = self.parameter(name)?.joined();
        if is_storable(&text) {
            return Some(text);
        }
        self.refuse(name, "String", []);
        None
    }

    /// Empty if the parameter is absent.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        self.list(name, [], |text| is_storable(&text).then_some(text))
    }

    /// `true` or `false` in any letter case; nothing between `=` and `&` is `false`.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        self.scalar(name, "Boolean", |text| match text {
            // The reference's binder takes an empty value for the type's default, here and below.
            "" => Some(false),
            _ if text.eq_ignore_ascii_case("true") => Some(true),
            _ if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }

    /// An empty value is 0.
    pub fn integer(&mut self, name: &str) -> Option<i32> {
        self.scalar(name, "Int32", |text| if text.is_empty() { Some(0) } else { text.parse().ok() })
    }

    /// The offset may be missing: UTC. An empty value is the beginning of time.
    pub fn instant(&mut self, name: &str) -> Option<Instant> {
        self.scalar(name, "DateTimeOffset", |text| {
            timestamp::parse_lenient(if text.is_empty() { "0001-01-01" } else { text })
        })
    }

    /// An empty value is the all-zero id.
    pub fn uuid(&mut self, name: &str) -> Option<Uuid> {
        self.scalar(name, "Guid", |text| if text.is_empty() { Some(Uuid::nil()) } else { lenient_uuid(text) })
    }

    /// A name in any letter case, or the number of a known value. A blank one is as good as none (chapter 04 §11).
    pub fn enumeration<E: WireEnum>(&mut self, name: &str) -> Option<E> {
        let read = |text: &str| if text.is_empty() { Some(None) } else { given(text).and_then(Given::known).map(Some) };
        self.one(name, type_name::<E>(), rules::names::<E>(), read).flatten()
    }

    /// A name in any letter case, or a number, which the rules judge.
    pub fn given<E: WireEnum>(&mut self, name: &str) -> Option<Given<E>> {
        self.one(name, type_name::<E>(), rules::names::<E>(), given)
    }

    /// Names in any letter case, or numbers, which the rules judge.
    pub fn enumerations<E: WireEnum>(&mut self, name: &str) -> Vec<Given<E>> {
        self.list(name, rules::names::<E>(), |text| given(&text))
    }

    /// A scalar of any other type. `wanted` is what the refusal calls it.
    pub fn scalar<T>(&mut self, name: &str, wanted: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.one(name, wanted, [], read)
    }

    fn one<T>(
        &mut self,
        name: &str,
        wanted: &str,
        allowed: impl IntoIterator<Item = &'static str>,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        self.ask(name);
        let value = read(self.parameter(name)?.joined().trim());
        if value.is_none() {
            self.refuse(name, wanted, allowed);
        }
        value
    }

    /// Remembers that the parameter is there but cannot be read.
    fn refuse(&mut self, name: &str, wanted: &str, allowed: impl IntoIterator<Item = &'static str>) {
        let Some(parameter) = self.parameter(name) else { return };
        let (spelled, text) = (parameter.name.clone(), parameter.joined());
        let fault = Code::ParameterMalformed.says(not_valid(&text, wanted)).allowed(allowed);
        let hint = hint(wanted, parameter, &fault.allowed);
        self.found.add(spelled, fault.hint(hint));
    }

    /// By repetition, in one value with commas, or in one value that is a JSON array.
    fn list<T>(
        &mut self,
        name: &str,
        allowed: impl IntoIterator<Item = &'static str>,
        read: impl Fn(String) -> Option<T>,
    ) -> Vec<T> {
        self.ask(name);
        let Some(parameter) = self.parameter(name) else { return Vec::new() };
        let items = match parameter.values.as_slice() {
            // Only a single value may hold several: repeated ones are taken as they are.
            [single] => split(single),
            several => Some(several.to_vec()),
        };
        let values = items.and_then(|items| items.into_iter().map(read).collect::<Option<Vec<_>>>());
        if values.is_none() {
            self.refuse(name, "List`1", allowed);
        }
        values.unwrap_or_default()
    }

    /// Everything that could not be read, as one refusal; to be called when all parameters were asked for. Those that
    /// nobody asked for are ignored, which the answer says, unless the client wants them refused.
    pub fn finish(&mut self) -> Result<(), Refusal> {
        let known = |name: &str| self.known.iter().any(|known| known.eq_ignore_ascii_case(name));
        let unknown: Vec<String> = self
            .parameters
            .values()
            .map(|parameter| &parameter.name)
            .filter(|name| !name.is_empty() && !known(name))
            .take(MOST_UNKNOWN)
            .cloned()
            .collect();
        // After everything else was read: what the operation asked for is what it knows.
        if context::preferences().strict {
            for name in unknown {
                let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
                let fault = Code::UnknownParameter.says(format!("'{name}' is no parameter of this operation."));
                let fault = fault.hint(nearest::hint(&name, &known)).allowed(self.known.iter().cloned());
                self.found.add(name, fault);
            }
        } else if !unknown.is_empty() {
            let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
            let ignored = unknown.into_iter().map(|name| {
                let meant = nearest::meant(&name, &known).map(str::to_owned);
                Ignored { name, meant }
            });
            context::note(|noted| noted.ignored.extend(ignored));
        }
        std::mem::take(&mut self.found).into_result().map_err(Refusal::from)
    }
}

/// How many unknown names are told.
// Each of them is compared with the known names, and a query string can hold thousands.
const MOST_UNKNOWN: usize = 100;

/// What mends a value that cannot be read.
fn hint(wanted: &str, parameter: &Parameter, allowed: &[Cow<'static, str>]) -> &'static str {
    let value = parameter.joined();
    match wanted {
        _ if !allowed.is_empty() => {
            "Write one of the names in `allowed`; several by repeating the parameter or by comma."
        }
        "Boolean" => "Write true or false.",
        "DateTimeOffset" if value.contains(' ') => {
            "A plus sign in a query string means a blank: write %2B for +, or an instant that ends with Z."
        }
        "DateTimeOffset" => "Write an instant such as 2031-04-05T06:07:08Z.",
        _ if parameter.values.len() > 1 => "The parameter is given several times; give it once.",
        "Int32" => "Write a whole number.",
        "Guid" => "Write a UUID, such as 0196c0de-0000-7000-8000-000000000001.",
        "OrderSet`2" => {
            "Write a comma list of contentUpdatedAt, updatedAt, createdAt, dueAt and id, each once, with _asc or _desc."
        }
        "ContinuationTokenSet`2" => {
            "Send the `continuationToken` of the page before, percent-encoded and otherwise as it came."
        }
        "List`1" if value.starts_with('[') => "Repeat the parameter for several values, or send a JSON array of texts.",
        _ => "Leave the NUL character out.",
    }
}

/// Having one proves that the query string of an operation without parameters was looked at.
#[derive(Clone, Copy, Debug)]
pub struct NoParameters;

impl<S: Send + Sync> FromRequestParts<S> for NoParameters {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Query::of(&parts.uri).finish()?;
        Ok(Self)
    }
}

/// No database takes a NUL character in a text.
fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

/// One value of a list parameter. A comma at either end, or two together, mean that it is no list.
fn split(value: &str) -> Option<Vec<String>> {
    if value.starts_with('[') && value.ends_with(']') {
        return serde_json::from_str::<Vec<serde_json::Value>>(value).ok()?.into_iter().map(plain).collect();
    }
    let items: Vec<_> = value.split(',').collect();
    let is_list = items.iter().all(|item| !item.is_empty());
    Some(if is_list { items.into_iter().map(str::to_owned).collect() } else { vec![value.to_owned()] })
}

/// An item of a JSON array as text.
fn plain(item: serde_json::Value) -> Option<String> {
    match item {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(value) => Some(value.to_string()),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
    }
}

fn given<E: WireEnum>(text: &str) -> Option<Given<E>> {
    let text = text.trim();
    match text.parse() {
        // By number first, as names of enums begin with letters.
        Ok(number) => Some(E::from_id(number).map_or(Given::Undefined(number), Given::Known)),
        Err(_) => E::from_name(text).map(Given::Known),
    }
}

fn type_name<E>() -> &'static str {
    let path = std::any::type_name::<E>();
    path.rsplit("::").next().unwrap_or(path)
}

fn decoded(text: &str) -> String {
    // Blanks first: an escaped plus (%2B) must stay a plus.
    let blanks: Vec<u8> = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    // Lossily: half a letter is a wrong value at most, and never a 500.
    percent_decode(&blanks).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::system_label::SystemLabel;

    fn refused(query: &mut Query) -> serde_json::Value {
        match query.finish() {
            Ok(()) => serde_json::Value::Null,
            Err(Refusal::Invalid(found)) => serde_json::to_value(found).expect("texts"),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_come_in_any_case_and_values_decoded() {
        let mut query = Query::parse("Party=a%20b&PARTY=c+d&other=%2B%c3%a6&flag&=x&&");
        assert_eq!(query.texts("party"), ["a b", "c d"]);
        assert_eq!(query.text("Other").as_deref(), Some("+æ"));
        assert_eq!(query.text("flag").as_deref(), Some(""));
        assert!(query.contains("FLAG") && !query.contains("missing"));
        assert_eq!(refused(&mut query), serde_json::Value::Null);
    }

    #[test]
    fn lists_have_three_notations() {
        for (text, items) in [
            ("status=New&status=Draft", &["New", "Draft"][..]),
            ("status=New,Draft", &["New", "Draft"]),
            ("status=%5B%22New%22,%22Draft%22%5D", &["New", "Draft"]),
            ("status=New,Draft&status=x", &["New,Draft", "x"]),
            ("status=,New", &[",New"]),
            ("status=New,", &["New,"]),
            ("status=New,,Draft", &["New,,Draft"]),
            ("status=", &[""]),
            ("status=%5B%5D", &[]),
            ("", &[]),
        ] {
            assert_eq!(Query::parse(text).texts("status"), items, "{text}");
        }
        let mut query = Query::parse("Status=[nonsense]");
        assert!(query.texts("status").is_empty());
        assert_eq!(
            refused(&mut query),
            serde_json::json!({"Status": ["Value [[nonsense]] is not valid for a [List`1] property!"]})
        );
    }

    #[test]
    fn enums_come_by_name_or_number() {
        let mut query = Query::parse("label=archive,BIN&number=2&number=77");
        assert_eq!(query.enumerations("label"), [Given::Known(SystemLabel::Archive), Given::Known(SystemLabel::Bin)]);
        assert_eq!(query.enumerations::<SystemLabel>("number"), [Given::Known(SystemLabel::Bin), Given::Undefined(77)]);
        let mut query = Query::parse("a=bin&b=4&C=77&D=attic");
        assert_eq!(query.enumeration("a"), Some(SystemLabel::Bin));
        assert_eq!(query.enumeration("b"), Some(SystemLabel::MarkedAsUnopened));
        assert_eq!(query.enumeration::<SystemLabel>("c"), None);
        assert!(query.enumerations::<SystemLabel>("d").is_empty());
        assert_eq!(
            refused(&mut query),
            serde_json::json!({
                "C": ["Value [77] is not valid for a [SystemLabel] property!"],
                "D": ["Value [attic] is not valid for a [List`1] property!"],
            })
        );
    }

    #[test]
    fn empty_scalars_are_the_types_defaults() {
        let mut query = Query::parse("limit=&after=&id=&deep=");
        assert_eq!(query.integer("limit"), Some(0));
        assert_eq!(
            query.instant("after").map(|instant| instant.to_rfc3339()).as_deref(),
            Some("0001-01-01T00:00:00+00:00")
        );
        assert_eq!(query.uuid("id"), Some(Uuid::nil()));
        assert_eq!(query.boolean("deep"), Some(false));
        assert_eq!(refused(&mut query), serde_json::Value::Null);
    }

    #[test]
    fn what_cannot_be_read_is_collected_under_the_clients_spelling() {
        let mut query = Query::parse("LIMIT=1&limit=2&Deep=yes&createdAfter=soon&ID=1&ok=TRUE");
        assert_eq!(query.integer("limit"), None);
        assert_eq!(query.boolean("deep"), None);
        assert_eq!(query.instant("createdAfter"), None);
        assert_eq!(query.uuid("id"), None);
        assert_eq!(query.boolean("ok"), Some(true));
        assert_eq!(
            refused(&mut query),
            serde_json::json!({
                "LIMIT": ["Value [1,2] is not valid for a [Int32] property!"],
                "Deep": ["Value [yes] is not valid for a [Boolean] property!"],
                "createdAfter": ["Value [soon] is not valid for a [DateTimeOffset] property!"],
                "ID": ["Value [1] is not valid for a [Guid] property!"],
            })
        );
    }

    #[test]
    fn texts_have_no_nul_character() {
        let mut query = Query::parse("Text=a%00b&list=%00&other=%00&good=a");
        assert_eq!((query.text("text"), query.texts("list"), query.text("good")), (None, vec![], Some("a".into())));
        assert_eq!(
            refused(&mut query),
            serde_json::json!({
                "Text": ["Value [a\u{0}b] is not valid for a [String] property!"],
                "list": ["Value [\u{0}] is not valid for a [List`1] property!"],
            })
        );
    }

    #[test]
    fn thousands_of_parameters_do_not_hurt() {
        let text = (0..200_000).map(|n| format!("p{n}={n}")).collect::<Vec<_>>().join("&");
        let mut query = Query::parse(&text);
        assert_eq!(query.integer("P199999"), Some(199_999));
    }

    proptest! {
        #[test]
        fn no_query_breaks_the_reader(text in any::<String>()) {
            let mut query = Query::parse(&text);
            let _ = (query.texts("a"), query.instant("b"), query.finish());
        }

        /// Whatever is encoded comes back.
        #[test]
        fn encoded_values_come_back(value in any::<String>()) {
            let encoded = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            prop_assert_eq!(Query::parse(&format!("v={encoded}")).text("V"), Some(value).filter(|text| is_storable(text)));
        }
    }
}

//! How far a replica must have come for a client that has just written: handed to it with the answer, for whichever instance it
//! asks next (see [`db::replica`](crate::db::replica)).
//!
//! The same text goes out as a header and as a cookie. Clients that keep cookies need to do nothing, others may send the header
//! back. It is signed, because it costs the primary a read, and it is worth nothing after half a minute.

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use secrecy::ExposeSecret;

use crate::{
    config::Dialogporten,
    db::replica::{Position, REMEMBERED},
    domain::Instant,
};

const HEADER: HeaderName = HeaderName::from_static("dialogporten-written");
const COOKIE: &str = "dialogporten_written";

/// Signs positions and proves them.
pub struct Written {
    key: hmac::Key,
    attributes: String,
}

impl Written {
    /// Instances with the same settings understand each other.
    pub fn new(settings: &Dialogporten) -> Self {
        // Of its own, so that it says nothing of what else the secret is for.
        let secret = hmac::Key::new(hmac::HMAC_SHA256, settings.masking_secret().expose_secret().as_bytes());
        let key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&secret, HEADER.as_str().as_bytes()).as_ref());
        let secure = if settings.base_uri.scheme() == "https" { "; Secure" } else { "" };
        let attributes = format!("; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}", REMEMBERED.as_secs());
        Self { key, attributes }
    }

    /// The furthest position that the client brings along and that is still worth something.
    pub fn brought(&self, headers: &HeaderMap, now: Instant) -> Option<Position> {
        let texts = |name: &HeaderName| headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        let cookies = texts(&header::COOKIE).flat_map(|line| line.split(';'));
        let cookies = cookies.filter_map(|cookie| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('='));
        // As many as a client has reason to send; each costs a signature.
        texts(&HEADER).chain(cookies).take(2).filter_map(|text| self.proven(text, now)).max()
    }

    /// Adds both to an answer.
    pub fn hand_out(&self, headers: &mut HeaderMap, position: Position, now: Instant) {
        let said = format!("{:x}.{:x}", position.0, now.timestamp() + seconds());
        let text = format!("{said}.{}", hex(&hmac::sign(&self.key, said.as_bytes()).as_ref()[..SIGNED]));
        if let Ok(cookie) = HeaderValue::try_from(format!("{COOKIE}={text}{}", self.attributes)) {
            headers.append(header::SET_COOKIE, cookie);
        }
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(HEADER, value);
        }
    }

    fn proven(&self, text: &str, now: Instant) -> Option<Position> {
        let (said, signature) = text.rsplit_once('.')?;
        let (position, until) = said.split_once('.')?;
        let until = i64::from_str_radix(until, 16).ok()?;
        let signed = hex(&hmac::sign(&self.key, said.as_bytes()).as_ref()[..SIGNED]);
        let is_ours =
            aws_lc_rs::constant_time::verify_slices_are_equal(signed.as_bytes(), signature.as_bytes()).is_ok();
        let position = u64::from_str_radix(position, 16).ok()?;
        (is_ours && now.timestamp() < until).then_some(Position(position))
    }
}

/// Bytes of the signature: nobody gains by guessing more.
const SIGNED: usize = 16;

fn seconds() -> i64 {
    i64::try_from(REMEMBERED.as_secs()).unwrap_or(i64::MAX)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{dev::addresses, domain::sample::at};

    fn written(base: &str) -> Written {
        let base = base.parse().expect("an address");
        Written::new(&addresses::config(&base, "postgres://localhost/x").dialogporten)
    }

    #[test]
    fn what_is_handed_out_is_understood_as_header_and_as_cookie() {
        let (written, now) = (written("https://dp.example/"), at(0));
        let mut answer = HeaderMap::new();
        written.hand_out(&mut answer, Position(0x16_b374_d848), now);
        let cookie = answer[header::SET_COOKIE].to_str().expect("ASCII").to_owned();
        assert!(cookie.ends_with("; Path=/; Max-Age=30; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
        let mut by_header = HeaderMap::new();
        by_header.insert(HEADER, answer[HEADER].clone());
        let mut by_cookie = HeaderMap::new();
        let pair = cookie.split(';').next().expect("the pair");
        by_cookie.insert(header::COOKIE, format!("a=b; {pair}").parse().expect("a value"));
        for request in [by_header, by_cookie] {
            assert_eq!(written.brought(&request, now), Some(Position(0x16_b374_d848)));
            assert_eq!(written.brought(&request, now + TimeDelta::seconds(seconds())), None, "it is too old");
        }
    }

    #[test]
    fn what_was_not_handed_out_says_nothing() {
        let (written, now) = (written("http://localhost/"), at(0));
        let mut answer = HeaderMap::new();
        written.hand_out(&mut answer, Position(77), now);
        let text = answer[HEADER].to_str().expect("ASCII").to_owned();
        let further = text.replacen("4d.", "4e.", 1);
        for forged in [further.as_str(), "4d.7fffffff.", "4d.7fffffff.00", "4d", "", "..", &format!("{text}0")] {
            let mut request = HeaderMap::new();
            request.insert(HEADER, forged.parse().expect("a value"));
            assert_eq!(written.brought(&request, now), None, "{forged}");
        }
    }
}

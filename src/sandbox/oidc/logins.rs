//! Who has logged in where: codes that wait to be redeemed, and sessions with their refresh tokens. Pure: instants come in.
//!
//! Anybody may log in any number of times, so both are bounded: the oldest make room.

use chrono::Duration;
use indexmap::IndexMap;
use uuid::Uuid;

use crate::domain::Instant;

/// So many codes wait, and so many sessions are known.
const MOST: usize = 2_000;
/// How long a code can be redeemed.
const CODE_SECONDS: i64 = 60;
/// How long a session can be refreshed: a working day.
pub const REFRESH_SECONDS: i64 = 8 * 3600;

/// What a client asked for, and who said yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub client_id: String,
    pub redirect_uri: String,
    /// Base64url of the SHA-256 of the verifier (RFC 7636).
    pub challenge: String,
    pub nonce: Option<String>,
    pub scope: String,
    /// 3 or 4; nobody without a national number has either.
    pub level: u8,
    /// URN of the user.
    pub who: String,
}

/// A login that was redeemed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub sid: String,
    pub login: Login,
    pub since: Instant,
    secret: String,
    ends: Instant,
}

impl Session {
    /// What is good for new tokens, once.
    pub fn refresh_token(&self) -> String {
        format!("{}.{}", self.sid, self.secret)
    }
}

#[derive(Default)]
pub struct Logins {
    codes: IndexMap<String, Code>,
    sessions: IndexMap<String, Session>,
}

struct Code {
    login: Login,
    ends: Instant,
    /// The session that it was redeemed for.
    redeemed: Option<String>,
}

impl Logins {
    /// A code for the client to redeem.
    pub fn note(&mut self, login: Login, now: Instant) -> String {
        let code = secret();
        let ends = now + Duration::seconds(CODE_SECONDS);
        keep(&mut self.codes, code.clone(), Code { login, ends, redeemed: None });
        code
    }

    /// Begins a session, if the code is a fresh one of this client and address, and `verifier` is the one it was asked for
    /// with. A code that comes a second time was stolen once: its session ends (RFC 6749 §4.1.2).
    ///
    /// # Errors
    /// What is wrong, in words for developers.
    pub fn redeem(
        &mut self,
        code: &str,
        (client_id, redirect_uri, challenge): (&str, &str, &str),
        now: Instant,
    ) -> Result<Session, &'static str> {
        let known = self.codes.get_mut(code).ok_or("the code is not known")?;
        if let Some(sid) = &known.redeemed {
            self.sessions.shift_remove(sid);
            return Err("the code was redeemed before; its session has ended");
        }
        if now >= known.ends {
            return Err("the code is too old");
        }
        if known.login.client_id != client_id {
            return Err("the code was made for another client");
        }
        if known.login.redirect_uri != redirect_uri {
            return Err("redirect_uri is not the one that the code was sent to");
        }
        if known.login.challenge != challenge {
            return Err("code_verifier does not fit the code_challenge");
        }
        let session = Session {
            sid: Uuid::new_v4().to_string(),
            login: known.login.clone(),
            since: now,
            secret: secret(),
            ends: now + Duration::seconds(REFRESH_SECONDS),
        };
        known.redeemed = Some(session.sid.clone());
        keep(&mut self.sessions, session.sid.clone(), session.clone());
        Ok(session)
    }

    /// The session goes on with another refresh token.
    ///
    /// # Errors
    /// What is wrong, in words for developers.
    pub fn refresh(&mut self, token: &str, client_id: &str, now: Instant) -> Result<Session, &'static str> {
        let (sid, secret_given) = token.split_once('.').ok_or("refresh_token is none of ours")?;
        let session = self.sessions.get_mut(sid).ok_or("the session has ended")?;
        if session.login.client_id != client_id {
            return Err("refresh_token belongs to another client");
        }
        if session.secret != secret_given {
            return Err("refresh_token was used before");
        }
        if now >= session.ends {
            return Err("refresh_token is too old");
        }
        session.secret = secret();
        session.ends = now + Duration::seconds(REFRESH_SECONDS);
        Ok(session.clone())
    }

    /// Ends a session; the session, if there was one.
    pub fn end(&mut self, sid: &str) -> Option<Session> {
        self.sessions.shift_remove(sid)
    }
}

fn keep<T>(items: &mut IndexMap<String, T>, key: String, item: T) {
    while items.len() >= MOST {
        items.shift_remove_index(0);
    }
    items.insert(key, item);
}

/// 244 bits that nobody guesses.
fn secret() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(client: &str) -> Login {
        Login {
            client_id: client.to_owned(),
            redirect_uri: "https://app.localhost/api/cb".to_owned(),
            challenge: "c".to_owned(),
            nonce: None,
            scope: "openid".to_owned(),
            level: 3,
            who: "urn:altinn:person:identifier-no:08844397713".to_owned(),
        }
    }

    fn now() -> Instant {
        "2030-01-01T00:00:00Z".parse().expect("an instant")
    }

    const RIGHT: (&str, &str, &str) = ("inbox", "https://app.localhost/api/cb", "c");

    #[test]
    fn a_code_is_good_once_and_for_whom_it_was_made() {
        let mut logins = Logins::default();
        let code = logins.note(login("inbox"), now());
        for wrong in [("other", RIGHT.1, RIGHT.2), (RIGHT.0, "https://x/", RIGHT.2), (RIGHT.0, RIGHT.1, "d")] {
            assert!(logins.redeem(&code, wrong, now()).is_err(), "{wrong:?}");
        }
        let session = logins.redeem(&code, RIGHT, now()).expect("a session");
        assert!(logins.sessions.contains_key(&session.sid));
        assert!(logins.redeem(&code, RIGHT, now()).is_err());
        assert!(!logins.sessions.contains_key(&session.sid), "whoever had the code twice has lost the session");
        let late = logins.note(login("inbox"), now());
        assert!(logins.redeem(&late, RIGHT, now() + Duration::seconds(CODE_SECONDS)).is_err());
    }

    #[test]
    fn a_refresh_token_is_good_once_and_until_the_session_ends() {
        let mut logins = Logins::default();
        let code = logins.note(login("inbox"), now());
        let first = logins.redeem(&code, RIGHT, now()).expect("a session");
        assert!(logins.refresh(&first.refresh_token(), "other", now()).is_err());
        let second = logins.refresh(&first.refresh_token(), "inbox", now()).expect("another token");
        assert_eq!(second.sid, first.sid);
        assert!(logins.refresh(&first.refresh_token(), "inbox", now()).is_err());
        let end = now() + Duration::seconds(REFRESH_SECONDS);
        assert!(logins.refresh(&second.refresh_token(), "inbox", end).is_err());
        assert!(logins.end(&first.sid).is_some() && logins.end(&first.sid).is_none());
        assert!(logins.refresh(&second.refresh_token(), "inbox", now()).is_err());
    }

    #[test]
    fn the_oldest_make_room() {
        let mut logins = Logins::default();
        let first = logins.note(login("inbox"), now());
        for _ in 0..MOST {
            let code = logins.note(login("inbox"), now());
            logins.redeem(&code, RIGHT, now()).expect("a session");
        }
        assert_eq!((logins.codes.len(), logins.sessions.len()), (MOST, MOST));
        assert!(logins.redeem(&first, RIGHT, now()).is_err());
    }
}

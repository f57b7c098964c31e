//! Why a token does not hold.

use chrono::SecondsFormat;

use crate::domain::{Instant, refusal::Refusal, rules::code::Code, violations::Fault};

/// What is wrong with a token. Nothing here tells whom it speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// No three parts, no JSON, no issuer, or times that are no numbers.
    Malformed,
    UntrustedIssuer,
    Algorithm,
    UnknownKey,
    Signature,
    Expired(Instant),
    NotYetValid(Instant),
}

impl TokenFault {
    /// As `WWW-Authenticate` and the log tell it.
    pub fn fault(self) -> Fault {
        let at = |time: Instant| time.to_rfc3339_opts(SecondsFormat::Secs, true);
        match self {
            Self::Malformed => Code::TokenMalformed.says("the token is malformed").hint(
                "Send a JSON Web Token with `iss` and `exp`, as the issuer gave it: `Authorization: Bearer eyJ…`.",
            ),
            Self::UntrustedIssuer => Code::TokenIssuerUntrusted.says("the issuer of the token is not trusted").hint(
                "Ask Maskinporten, ID-porten or Altinn of this environment for the token; test and production differ.",
            ),
            Self::Algorithm => Code::TokenAlgorithmRefused
                .says("the algorithm of the token is not accepted")
                .hint("Send the token as its issuer signed it."),
            Self::UnknownKey => Code::TokenKeyUnknown
                .says("the token is signed with an unknown key")
                .hint("Get a new token: its issuer no longer publishes the key."),
            Self::Signature => Code::TokenSignatureWrong
                .says("the signature of the token does not fit its content")
                .hint("Send the token as its issuer signed it, whole and unchanged."),
            Self::Expired(time) => {
                Code::TokenExpired.says(format!("the token expired at {}", at(time))).hint("Get a new token.")
            }
            Self::NotYetValid(time) => Code::TokenNotYetValid
                .says(format!("the token is not valid before {}", at(time)))
                .hint("Wait until then, or set the clock of whoever makes the token."),
        }
    }
}

impl From<TokenFault> for Refusal {
    fn from(fault: TokenFault) -> Self {
        Self::Unauthorized(Some(fault.fault()))
    }
}

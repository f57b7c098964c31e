//! Whoever asks by GraphQL (chapter 03 §1.5): the tokens of all issuers, and dialog tokens. What they may ask is decided per
//! field, not at the door.

use std::sync::Arc;

use axum::http::HeaderMap;

use super::{
    Authenticator, Claims, DialogTokens, EndUser,
    authenticator::bearer,
    caller::{denied_as_end_user, reads_as, who},
    dialog_token::DialogGrant,
};
use crate::{
    domain::{Instant, identity::UserType, refusal::Refusal},
    http::context,
};

/// Somebody whose token was verified.
#[derive(Clone, Debug)]
pub enum Asker {
    /// With a token of one of the issuers.
    User(Arc<Claims>),
    /// With a dialog token: it opens the live updates of its dialog and nothing else.
    Dialog(DialogGrant),
}

impl Asker {
    /// Who sends these headers.
    ///
    /// # Errors
    /// 401 without a token, or with one that does not hold; 502 if its issuer does not answer.
    pub async fn of(
        headers: &HeaderMap,
        auth: &Authenticator,
        tokens: &DialogTokens,
        now: Instant,
    ) -> Result<Self, Refusal> {
        let token = bearer(headers).ok_or(Refusal::Unauthorized(None))?;
        // Our own tokens first: whether one is ours shows in its `iss`, without asking anybody.
        if let Some(grant) = tokens.proven(token, now)? {
            context::note(|ledger| ledger.caller = Some("holder of a dialog token".to_owned()));
            return Ok(Self::Dialog(grant));
        }
        let claims = auth.authenticate(headers).await?;
        context::note(|ledger| ledger.caller = Some(who(&claims)));
        reads_as(&claims);
        Ok(Self::User(claims))
    }

    /// Whether it is somebody at all: a token may say nothing of a user.
    pub fn is_known(&self) -> bool {
        match self {
            Self::User(claims) => claims.user_type() != UserType::Unknown,
            Self::Dialog(_) => true,
        }
    }

    /// The claims, if the token has an end user's scope. A dialog token has none.
    pub fn admitted(&self) -> Option<&Arc<Claims>> {
        match self {
            Self::User(claims) if denied_as_end_user(claims).is_none() => Some(claims),
            Self::User(_) | Self::Dialog(_) => None,
        }
    }

    /// What a dialog token grants.
    pub fn grant(&self) -> Option<DialogGrant> {
        match self {
            Self::Dialog(grant) => Some(*grant),
            Self::User(_) => None,
        }
    }

    /// The end user, if the token is for one: any kind of user will do that the platform can be asked about.
    pub fn end_user(&self) -> Option<EndUser> {
        EndUser::of(self.admitted()?)
    }
}

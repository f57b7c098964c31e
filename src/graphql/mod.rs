//! GraphQL for end users: the same answers as `enduser` and `metadata` give, asked for field by field, and live updates.
//!
//! No rule, no SQL, no masking and no choice of language is here: resolvers call what REST's handlers call, and types dress
//! REST's views.
//!
//! | Module | Owns |
//! |---|---|
//! | [`schema`] | the schema, and how it is printed |
//! | [`query`], [`search`], [`mutation`], [`subscription`] | what can be asked |
//! | [`types`] | what is answered |
//! | [`errors`] | what is said at the top level |
//! | [`limits`], [`variables`] | documents, weighed and completed before the library sees them |
//! | [`live`] | who is told of what happens |
//! | [`execute`], [`question`] | from a document to its answer; who asks |
//! | [`http`] | the wire |

pub mod errors;
pub mod execute;
pub mod http;
pub mod limits;
pub mod live;
pub mod mutation;
pub mod query;
pub mod question;
pub mod schema;
pub mod search;
pub mod subscription;
pub mod types;
pub mod variables;

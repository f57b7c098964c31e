//! What an unmodified checkout of the inbox needs to know to use this machine as its platform: `docs/arbeidsflate.md`.

use super::https::Place;
use crate::sandbox::Sandbox;

/// Its variables, as a file for a shell or `dotenv`. It holds the key by which the sandbox knows its Maskinporten client.
pub fn variables(sandbox: &Sandbox, https: &Place) -> String {
    let base = sandbox.base();
    let secure = https.url.trim_start_matches("https://");
    let lines = [
        "# The inbox (Altinn/dialogporten-frontend) on this machine; what each line does: docs/arbeidsflate.md"
            .to_owned(),
        https.line_for_node(),
        format!("OIDC_PLATFORM_URL={secure}/authentication/api/v1/openid"),
        "OIDC_CLIENT_ID=arbeidsflate".to_owned(),
        "OIDC_CLIENT_SECRET=anything".to_owned(),
        format!("PLATFORM_BASEURL={base}"),
        format!("DIALOGPORTEN_URL={base}"),
        format!("MASKINPORTEN_ISSUER={base}/"),
        "MASKINPORTEN_CLIENT_ID=arbeidsflate".to_owned(),
        format!("MASKINPORTEN_JWK={}", sandbox.maskinporten_jwk()),
        "ENABLE_INIT_SESSION_ENDPOINT=true".to_owned(),
        "ENVIRONMENT=dev".to_owned(),
        "# of the front's container".to_owned(),
        format!("DIALOGPORTEN_STREAM_URL={}/graphql/stream", https.url),
    ];
    lines.join("\n") + "\n"
}

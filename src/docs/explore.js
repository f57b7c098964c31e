// Starts Swagger UI, and where a sandbox answers, a menu of its identities that fills in their tokens.
"use strict";

const prefix = location.pathname.replace(/\/swagger\/?$/, "");
let token = "";

const ui = SwaggerUIBundle({
  dom_id: "#ui",
  urls: [
    { name: "Service owners", url: `${prefix}/swagger/v1.serviceowner/swagger.json` },
    { name: "End users", url: `${prefix}/swagger/v1.enduser/swagger.json` },
    { name: "Combined", url: `${prefix}/swagger/v1/swagger.json` },
  ],
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    // The menu's identity counts for every call to this service, whatever scheme an operation names.
    if (token && !request.loadSpec) request.headers.Authorization = `Bearer ${token}`;
    const languages = request.headers["accept-Language"];
    if (languages !== undefined) request.headers["accept-Language"] = asHeader(languages);
    return request;
  },
});

// The contract describes Accept-Language as an object; Swagger UI writes it out as `acceptedLanguage,[{…}]`.
function asHeader(written) {
  const list = written.match(/\[.*\]/s);
  if (!list) return written.replace(/^acceptedLanguage,?/, "");
  const languages = JSON.parse(list[0]).filter(({ languageCode }) => languageCode && languageCode !== "string");
  return languages.map(({ languageCode, weight }) => (weight ? `${languageCode};q=${weight / 100}` : languageCode)).join(",");
}

async function offerIdentities() {
  const answer = await fetch(`${prefix}/sandbox`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer || !answer.ok) return;
  const { identities = [] } = await answer.json();
  const menu = document.getElementById("identity");
  for (const { label, token, high_token, admin_token } of identities) {
    if (token) menu.add(new Option(label, token));
    if (high_token) menu.add(new Option(`${label}, level 4`, high_token));
    if (admin_token) menu.add(new Option(`${label}, as administrator`, admin_token));
  }
  menu.addEventListener("change", () => {
    token = menu.value;
    document.getElementById("said").textContent = token ? "“Try it out” sends this identity's token." : "";
    if (token) ui.preauthorizeApiKey("maskinporten", token);
  });
  document.getElementById("who").classList.add("shown");
}

offerIdentities();
window.ui = ui;

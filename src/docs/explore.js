// Starts Swagger UI, and where a sandbox answers, a menu of its identities that fills in their tokens.
"use strict";

const prefix = document.body.dataset.prefix;
const menu = document.getElementById("identity");
// By surface, whom the sandbox proposes; their tokens go along until somebody else is chosen.
const proposed = { serviceowner: null, enduser: null };

const ui = SwaggerUIBundle({
  dom_id: "#ui",
  urls: ["v1", "v1.enduser", "v1.serviceowner"].map((name) => ({ name, url: `${prefix}/swagger/${name}/swagger.json` })),
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  persistAuthorization: true,
  validatorUrl: null,
  onComplete: () => propose(),
  requestInterceptor: (request) => {
    if (request.loadSpec) return request;
    // The identity counts for every call to this service, whatever scheme an operation names.
    const token = tokenFor(request.url);
    if (token) request.headers.Authorization = `Bearer ${token}`;
    const languages = request.headers["accept-Language"];
    if (languages !== undefined) {
      const wanted = asHeader(languages);
      if (wanted) request.headers["accept-Language"] = wanted;
      else delete request.headers["accept-Language"];
    }
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

// The surface that an address or a document belongs to, if it is one of the two.
function surfaceOf(address) {
  return Object.keys(proposed).find((surface) => new RegExp(`/api/v1/${surface}/|/v1\\.${surface}/`, "i").test(address));
}

function tokenFor(address) {
  const { value } = menu;
  return value === "fitting" ? proposed[surfaceOf(address)]?.value : value;
}

// The document's own side; where a document has both, whoever fits the operation.
function propose() {
  if (!menu.options.length) return;
  const surface = surfaceOf(ui.specSelectors.url());
  menu.value = proposed[surface]?.value ?? "fitting";
  say();
}

function say() {
  document.getElementById("said").textContent = menu.value ? "“Execute” sends this identity's token." : "";
}

async function offerIdentities() {
  const answer = await fetch(`${prefix}/sandbox`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer || !answer.ok) return;
  const { identities = [], proposed: { service_owner, end_user } = {} } = await answer.json();
  const whoever = menu.appendChild(new Option("", "fitting"));
  menu.add(new Option("nobody (no token)", ""));
  for (const { label, reference, token, high_token, admin_token } of identities) {
    if (!token) continue;
    menu.add(new Option(label, token));
    if (reference === service_owner) proposed.serviceowner = menu.lastChild;
    if (high_token) menu.add(new Option(`${label}, level 4`, high_token));
    if (reference === end_user) proposed.enduser = menu.lastChild;
    if (admin_token) menu.add(new Option(`${label}, as administrator`, admin_token));
  }
  const names = Object.values(proposed).filter(Boolean).map((option) => option.text);
  whoever.text = `whoever fits: ${names.join(" or ")}`;
  menu.addEventListener("change", say);
  document.getElementById("who").hidden = false;
  if (ui.specSelectors.url()) propose();
}

offerIdentities();
window.ui = ui;

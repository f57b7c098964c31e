// Starts GraphiQL: with a menu of identities where a sandbox answers, and with subscriptions over Server-Sent Events.
"use strict";

const prefix = document.body.dataset.prefix;
const menu = document.getElementById("identity");

const INTRODUCTION = `# The documentation is behind the book on the left.
# "Ask as" names who asks; without it, write under Headers
# {"Authorization": "Bearer …"}
query whom {
  parties {
    name
    party
  }
}

# With one of these parties:
# query list {
#   searchDialogs(input: {party: "urn:altinn:…", limit: 10}) {
#     items { id content { title { value { value } } } }
#   }
# }

# With the id of a dialog, whose token is fetched first:
# subscription live {
#   dialogEvents(dialogId: "…") { id type }
# }
`;

function authorization(token, headers) {
  const given = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === "authorization");
  return token && !given ? { Authorization: `Bearer ${token}` } : {};
}

function post(path, body, headers) {
  const init = { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
  return fetch(prefix + path, init);
}

// What the service says; a refusal without a body says its status.
async function told(answer) {
  const text = await answer.text();
  if (text) return JSON.parse(text);
  const why = answer.headers.get("www-authenticate") ?? "";
  return { errors: [{ message: `${answer.status} ${answer.statusText} ${why}`.trim() }] };
}

async function ask(params, headers) {
  return told(await post("/graphql", params, { Accept: "application/json", ...authorization(menu.value, headers), ...headers }));
}

// The dialog that a subscription is about: a literal or a variable.
function dialogOf(operation, variables) {
  const field = operation.selectionSet.selections.find(({ name }) => name?.value === "dialogEvents");
  const value = field?.arguments?.find(({ name }) => name.value === "dialogId")?.value;
  return value?.kind === "Variable" ? variables?.[value.name.value] : value?.value;
}

async function dialogToken(dialogId, headers) {
  const query = "query token($id: UUID!) { dialogById(dialogId: $id) { dialog { dialogToken } errors { message } } }";
  const answer = await ask({ query, variables: { id: dialogId }, operationName: "token" }, headers);
  const token = answer.data?.dialogById?.dialog?.dialogToken;
  if (token) return token;
  const reason = answer.data?.dialogById?.errors?.[0]?.message ?? answer.errors?.[0]?.message;
  throw new Error(`There is no dialog token for ${dialogId}: ${reason}`);
}

async function* updates(params, operation, headers) {
  const token = await dialogToken(dialogOf(operation, params.variables), headers);
  const answer = await post("/graphql/stream", params, { Accept: "text/event-stream", Authorization: `Bearer ${token}` });
  if (!answer.ok || !answer.body) {
    yield await told(answer);
    return;
  }
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let read = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      read += value;
      for (let end = read.indexOf("\n\n"); end >= 0; end = read.indexOf("\n\n")) {
        const frame = read.slice(0, end);
        read = read.slice(end + 2);
        const data = frame.startsWith("event: next\n") && frame.split("\n").find((line) => line.startsWith("data: "));
        if (data) yield JSON.parse(data.slice("data: ".length));
      }
    }
  } finally {
    // Whoever stops listening closes the stream.
    reader.cancel().catch(() => {});
  }
}

function fetcher(params, { headers, documentAST } = {}) {
  const operations = documentAST?.definitions?.filter(({ kind }) => kind === "OperationDefinition") ?? [];
  const operation = operations.find(({ name }) => !params.operationName || name?.value === params.operationName);
  return operation?.operation === "subscription" ? updates(params, operation, headers) : ask(params, headers);
}

async function offerIdentities() {
  const answer = await fetch(`${prefix}/sandbox`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const { identities = [], proposed = {} } = await answer.json();
  for (const { label, reference, token, high_token } of identities) {
    if (!token) continue;
    menu.add(new Option(label, token));
    if (reference === proposed.end_user) menu.value = token;
    if (high_token) menu.add(new Option(`${label}, level 4`, high_token));
  }
  menu.add(new Option("nobody (no token)", ""));
  document.getElementById("said").textContent = "Service owners have no side of their own here.";
  document.getElementById("who").hidden = false;
}

// The schema is asked for at once, and asking takes a token.
offerIdentities().finally(() => {
  const editor = React.createElement(GraphiQL, { fetcher, defaultQuery: INTRODUCTION, shouldPersistHeaders: false });
  ReactDOM.createRoot(document.getElementById("ui")).render(editor);
});

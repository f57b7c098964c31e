// Shows what answers here, and whether the service is ready.
"use strict";

const prefix = document.body.dataset.prefix;
const asked = (path, headers) => fetch(prefix + path, { headers }).catch(() => null);

asked("/health/readiness").then((answer) => {
  const state = document.getElementById("state");
  state.textContent = answer?.ok ? "yes" : "no";
  state.classList.add(answer?.ok ? "good" : "bad");
});

asked("/sandbox", { Accept: "application/json" }).then((answer) => {
  document.getElementById("sandbox").hidden = !answer?.ok;
});

// Whatever it says to a bare GET, it is there unless it is missing.
asked("/graphql").then((answer) => {
  document.getElementById("graphql").hidden = !answer || answer.status === 404;
});

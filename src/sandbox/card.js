// What the sandbox's page does.
"use strict";
const at = (id) => document.getElementById(id);

document.addEventListener("click", async ({ target }) => {
  const { token, clock } = target.dataset ?? {};
  if (token) {
    const label = target.textContent;
    const copied = await navigator.clipboard.writeText(token).then(() => true, () => false);
    if (!copied) prompt("The token", token);
    target.textContent = "copied";
    setTimeout(() => { target.textContent = label; }, 1200);
  }
  if (clock) await fetch("sandbox/clock", { method: "PUT", body: clock });
  if (target.id === "reset") await fetch("sandbox/reset", { method: "POST" });
  if (clock || target.id === "reset") location.reload();
});

at("filter").addEventListener("input", () => {
  const wanted = at("filter").value.toLowerCase();
  for (const row of document.querySelectorAll("#everybody tr")) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});

at("question").addEventListener("submit", (event) => {
  event.preventDefault();
  history.replaceState(null, "", "?" + new URLSearchParams(new FormData(event.target)));
  ask();
});

// A question can be passed on as a link.
const given = new URLSearchParams(location.search);
for (const [name, value] of given) {
  const field = at("question").elements[name];
  if (field) field.value = value;
}
if (given.has("who")) ask();

async function ask() {
  const asked = await fetch("sandbox/explain?" + new URLSearchParams(new FormData(at("question"))));
  const said = await asked.json();
  at("answer").replaceChildren();
  if (!asked.ok) return at("answer").append(said.faults.map((fault) => fault.text).join("\n"));
  const decision = document.createElement("strong");
  decision.textContent = said.answer;
  const { roles, packages, delegations } = said.grants;
  const given = [...roles.map((role) => `role ${role}`), ...packages.map((it) => `package ${it}`)];
  const lines = [
    said.listed ? "Lists of dialogs show it." : "Lists of dialogs do not show it.",
    `There is ${given.join(", ") || "no role and no package"}; ${delegations.length} delegations. (${said.decision})`,
  ];
  for (const rule of said.rules) {
    const fails = ["subject", "resource", "action"].filter((part) => rule[part].result !== "matches");
    lines.push(`${fails.length ? "–" : "✓"} ${rule.effect} ${rule.id}${fails.length ? `: ${fails.join(" and ")} differ` : ""}`);
  }
  at("answer").append(decision, "\n" + lines.join("\n"));
}

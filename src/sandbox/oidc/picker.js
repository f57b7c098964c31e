// What the page of persons does.
"use strict";
const filter = document.getElementById("filter");

filter.addEventListener("input", () => {
  const wanted = filter.value.toLowerCase();
  for (const row of document.querySelectorAll("#everybody tr")) row.hidden = !row.textContent.toLowerCase().includes(wanted);
});

filter.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const first = [...document.querySelectorAll("#everybody tr")].find((row) => !row.hidden);
  first?.querySelector("a.pick")?.click();
});

// What falls due: the list stays true while one watches; an unchanged one costs an answer without a body.
"use strict";
(() => {
  const EVERY_MS = 30000;
  const holder = document.getElementById("due-rows");
  const filters = document.getElementById("filters");
  if (filters) filters.addEventListener("change", (e) => { if (e.target.matches("select")) filters.submit(); });
  if (!holder) return;
  let tag = null;
  async function refresh() {
    if (document.hidden || holder.contains(document.activeElement)) return;
    const headers = desk.asking();
    if (tag) headers["If-None-Match"] = tag;
    try {
      const answer = await fetch(holder.dataset.url, { headers, redirect: "error", cache: "no-store" });
      if (answer.status === 401) { location.reload(); return; }  // signed out: the sign-in says why
      if (answer.status === 304 || !answer.ok) return;
      tag = answer.headers.get("ETag");
      holder.innerHTML = await answer.text();
    } catch { /* the next try says the same */ }
  }
  setInterval(refresh, EVERY_MS);
})();

// Queue: j/k/Enter, and new cases appear while one watches. The chosen row stays chosen by its id.
"use strict";
(() => {
  const holder = document.getElementById("rows");
  const live = document.getElementById("live");
  let current = sessionStorage.getItem("queue-row");
  const rows = () => [...document.querySelectorAll("tr.row")];

  function choose(row, scroll) {
    rows().forEach((r) => r.classList.toggle("current", r === row));
    if (!row) return;
    current = row.dataset.id;
    sessionStorage.setItem("queue-row", current);
    if (scroll) { row.scrollIntoView({ block: "nearest" }); row.querySelector("a.open").focus({ preventScroll: true }); }
  }
  const chosen = () => rows().find((r) => r.dataset.id === current);
  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(chosen());
    choose(all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))], true);
  }
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr.row");
    if (row && !event.target.closest("a")) location.href = row.dataset.href;
  });
  desk.keys({
    j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
    Enter: (event) => { if (event.target.closest("a, button")) return false; const row = chosen() || rows()[0]; if (row) location.href = row.dataset.href; },
    f: () => { const first = document.querySelector("#filters select"); if (first) first.focus(); },
  });
  choose(chosen() || rows()[0], false);

  const filters = document.getElementById("filters");
  if (filters) filters.addEventListener("change", (e) => { if (e.target.matches("select")) filters.submit(); });
  if (!holder) return;
  let tag = null;
  function told() {
    const said = document.getElementById("told");
    if (!said) return 0;
    document.querySelectorAll("[data-count]").forEach((badge) => {
      const n = Number(said.dataset[badge.dataset.count] || 0);
      badge.textContent = n.toLocaleString(document.documentElement.lang === "vi" ? "vi-VN" : "en-GB");
      badge.hidden = n === 0;
    });
    return Number(said.dataset.fresh || 0);
  }
  async function refresh() {
    if (document.hidden || desk.openDialog()) return;
    try {
      const headers = desk.asking();
      if (tag) headers["If-None-Match"] = tag;
      const answer = await fetch(holder.dataset.url, { headers, redirect: "error", cache: "no-store" });
      if (answer.status !== 304) {
        if (answer.status === 401) { location.reload(); return; }  // signed out: the sign-in says why
        if (!answer.ok) throw new Error(answer.status);
        const text = await answer.text();
        tag = answer.headers.get("ETag");
        const focused = document.activeElement && document.activeElement.closest("tr.row");
        holder.innerHTML = text;
        choose(chosen() || rows()[0], false);
        if (focused && chosen()) chosen().querySelector("a.open").focus({ preventScroll: true });
      }
      const fresh = told();
      const time = new Date().toLocaleTimeString("vi-VN", { timeZone: live.dataset.zone });
      live.classList.remove("stale");
      live.textContent = (fresh ? live.dataset.new.replace("{n}", fresh) + " · " : "") + live.dataset.updated.replace("{time}", time);
    } catch {
      live.classList.add("stale");
      live.textContent = live.dataset.stale;
    }
  }
  setInterval(refresh, 4000);
})();

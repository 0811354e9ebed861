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
  async function refresh() {
    if (document.hidden || desk.openDialog()) return;
    try {
      const answer = await fetch(holder.dataset.url, { headers: { "X-Requested-With": "fetch" }, redirect: "error" });
      if (!answer.ok) throw new Error(answer.status);
      const before = new Set(rows().map((r) => r.dataset.id));
      const text = await answer.text();
      const focused = document.activeElement && document.activeElement.closest("tr.row");
      if (text !== holder.dataset.last) {
        holder.innerHTML = text;
        holder.dataset.last = text;
        choose(chosen() || rows()[0], false);
        if (focused && chosen()) chosen().querySelector("a.open").focus({ preventScroll: true });
      }
      const fresh = rows().filter((r) => !before.has(r.dataset.id)).length;
      const time = new Date().toLocaleTimeString("vi-VN", { timeZone: "Asia/Ho_Chi_Minh" });
      live.classList.remove("stale");
      live.textContent = (fresh ? live.dataset.new.replace("{n}", fresh) + " · " : "") + live.dataset.updated.replace("{time}", time);
    } catch {
      live.classList.add("stale");
      live.textContent = live.dataset.stale;
    }
  }
  setInterval(refresh, 4000);
})();

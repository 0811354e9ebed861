// One case: decisions by key, and the lease kept alive. Pictures, lamps and clip: evidence.js.
"use strict";
(() => {
  const root = document.getElementById("case");
  const mine = root.dataset.mine === "yes";
  // plate: the grammar of the centre, asked while typing
  const input = document.getElementById("p-plate");
  if (input) {
    const said = document.getElementById("p-grammar");
    const kind = document.getElementById("p-kind"), colour = document.getElementById("p-colour");
    let asked = 0;
    const check = async () => {
      const turn = ++asked;
      const query = new URLSearchParams({ text: input.value, kind: kind.value, colour: colour.value });
      try {
        const answer = await fetch("/desk/plate?" + query, { redirect: "error" });
        if (!answer.ok || turn !== asked) return;
        const found = await answer.json();
        said.textContent = found.text;
        said.className = "grammar " + (found.ok ? "ok" : "no");
      } catch { said.textContent = root.dataset.offline; said.className = "grammar no"; }
    };
    let timer;
    [input, kind, colour].forEach((el) => el.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(check, 120); }));
    document.getElementById("correct").addEventListener("focusin", () => { if (!asked) check(); });
  }

  const button = (id) => () => { const el = document.getElementById(id); if (!el) return false; el.click(); };
  const decide = (id) => () => (mine ? Boolean(desk.open(id)) : false);
  desk.keys({
    c: decide("confirm"), p: decide("correct"), r: decide("reject"), l: button("release"), q: button("back"),
    b: () => { const s = document.getElementById("siblings"); if (!s) return false; s.focus(); s.scrollIntoView(); },
    ...evidence.keys,
    inDialog: (event, dialog, typing) => {
      if (evidence.inDialog(event, dialog)) return;
      if (dialog.id === "reject" && !typing) {
        const choice = dialog.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
        if (choice) { choice.checked = true; choice.focus(); if (choice.value === "other") document.getElementById("r-note").focus(); event.preventDefault(); }
        else if (event.key === "Enter") { event.preventDefault(); dialog.querySelector("form").requestSubmit(); }
      } else if (dialog.id === "confirm" && event.key === "Enter" && event.target.matches("select")) {
        event.preventDefault(); dialog.querySelector("form").requestSubmit();
      }
    },
  });

  // a decision that was refused or interrupted: its form stands open again with what was typed
  if (mine && root.dataset.dialog) desk.open(root.dataset.dialog);

  // lease: said loudly when lost, before somebody decides for nothing
  if (mine) {
    const hold = document.getElementById("hold").firstElementChild;
    setInterval(async () => {
      try {
        const answer = await fetch(`/desk/cases/${root.dataset.id}/lease`, { method: "POST", headers: { ...desk.asking(), "X-CSRF-Token": root.dataset.csrf, Accept: "application/json" }, redirect: "error" });
        if (answer.ok) { hold.textContent = (await answer.json()).text; hold.className = "tag good"; }
        else { hold.textContent = answer.status === 401 ? (await answer.json()).error.what : root.dataset.lost; hold.className = "tag bad"; }
      } catch { hold.textContent = root.dataset.offline; hold.className = "tag bad"; }
    }, 60000);
  }
})();

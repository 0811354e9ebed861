// One case: overlays, enlarging, the clip frame by frame, decisions by key, and the lease kept alive.
"use strict";
(() => {
  const root = document.getElementById("case");
  const mine = root.dataset.mine === "yes";
  const number = (value, digits) => {
    const text = Math.abs(value).toFixed(digits);
    return (value < 0 ? "−" : "+") + (root.dataset.locale === "vi" ? text.replace(".", ",") : text);
  };

  // overlays
  const toggle = document.getElementById("toggle-overlay");
  function overlays() {
    const off = document.body.classList.toggle("no-overlay");
    toggle.setAttribute("aria-pressed", String(!off));
  }
  toggle.addEventListener("click", overlays);

  // on a phone the lamps' timeline is wider than the screen: the moment of the act is what is shown first
  const strip = document.querySelector(".timeline .strip"), moment = strip && strip.querySelector(".mark.on");
  if (moment) strip.scrollLeft += moment.getBoundingClientRect().left - strip.getBoundingClientRect().left - strip.clientWidth / 2;

  // enlarging shows a copy of the same drawing, over the same original
  const big = document.getElementById("enlarged");
  function enlarge(button) {
    if (!button) return false;
    const body = document.getElementById("enlarged-body");
    body.replaceChildren(button.firstElementChild.cloneNode(true));
    document.getElementById("enlarged-original").href = button.dataset.original;
    if (!big.open) big.showModal();
    return true;
  }
  document.addEventListener("click", (event) => { if (!event.ctrlKey && !event.metaKey && enlarge(event.target.closest("[data-enlarge]"))) event.preventDefault(); });
  const enlargeNo = (n) => () => enlarge(document.querySelector(`[data-enlarge="${n}"]`));

  // clip
  const clip = document.getElementById("clip");
  let stepTo = () => false, slow = () => false, jump = () => false, play = () => false;
  if (clip) {
    const frames = JSON.parse(clip.dataset.frames || "[]");
    const act = clip.dataset.act === "" ? null : Number(clip.dataset.act);
    const at = document.getElementById("clip-at");
    const slowButton = document.querySelector('[data-clip="slow"]');
    // The middle of a frame, so that rounding of its start never shows the neighbour.
    const middle = (i) => frames[i] + ((frames[i + 1] ?? frames[i] + 0.04) - frames[i]) / 2;
    const index = () => { let i = 0; while (i + 1 < frames.length && frames[i + 1] <= clip.currentTime + 1e-4) i++; return i; };
    const show = () => { if (act !== null) at.textContent = clip.dataset.position.replace("{seconds}", number(clip.currentTime - act, 2)); };
    stepTo = (step) => { clip.pause(); if (frames.length) clip.currentTime = middle(Math.min(frames.length - 1, Math.max(0, index() + step))); };
    slow = () => { const on = clip.playbackRate === 1; clip.playbackRate = on ? 0.25 : 1; slowButton.setAttribute("aria-pressed", String(on)); };
    jump = () => { if (act !== null) { clip.pause(); clip.currentTime = act + 0.001; } };
    play = () => { if (clip.paused) clip.play(); else clip.pause(); };
    clip.addEventListener("timeupdate", show);
    clip.addEventListener("seeked", show);
    clip.addEventListener("error", () => { document.getElementById("clip-broken").hidden = false; });
    if (clip.readyState >= 1) jump(); else clip.addEventListener("loadedmetadata", jump, { once: true });
    document.querySelectorAll("[data-clip]").forEach((b) => b.addEventListener("click", () => ({ act: jump, slow, back: () => stepTo(-1), on: () => stepTo(1) })[b.dataset.clip]()));
  }

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
    c: decide("confirm"), p: decide("correct"), r: decide("reject"), l: button("release"), q: button("back"), o: overlays,
    b: () => { const s = document.getElementById("siblings"); if (!s) return false; s.focus(); s.scrollIntoView(); },
    1: enlargeNo(1), 2: enlargeNo(2), 3: enlargeNo(3), 4: enlargeNo(4),
    a: () => jump(), s: () => slow(), ",": () => stepTo(-1), ".": () => stepTo(1),
    " ": (event) => { if (event.target.closest("button, a, summary, video")) return false; play(); },
    inDialog: (event, dialog, typing) => {
      if (dialog.id === "enlarged") {
        if (event.key.toLowerCase() === "o") overlays();
        else if (/^[1-4]$/.test(event.key)) enlarge(document.querySelector(`[data-enlarge="${event.key}"]`));
      } else if (dialog.id === "reject" && !typing) {
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

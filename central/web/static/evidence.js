// Pictures, lamps and clip of a case, alike for whoever reviews and whoever signs: overlays, enlarging, frame by frame.
// Pages add `evidence.keys` to theirs, and ask `evidence.inDialog` first.
"use strict";
const evidence = (() => {
  const number = (value, digits) => {
    const text = Math.abs(value).toFixed(digits);
    return (value < 0 ? "−" : "+") + (document.documentElement.lang === "vi" ? text.replace(".", ",") : text);
  };

  // overlays
  const toggle = document.getElementById("toggle-overlay");
  function overlays() {
    const off = document.body.classList.toggle("no-overlay");
    toggle.setAttribute("aria-pressed", String(!off));
  }
  toggle.addEventListener("click", overlays);

  // on a phone the lamps' timeline is wider than the screen: the moment of the act is what is shown first, in the
  // middle of what the names of the heads leave free
  const strip = document.querySelector(".timeline .strip"), moment = strip && strip.querySelector(".mark.on");
  if (moment) {
    const names = strip.querySelector(".names").getBoundingClientRect().width;
    strip.scrollLeft += moment.getBoundingClientRect().left - strip.getBoundingClientRect().left - (strip.clientWidth + names) / 2;
  }

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

  const keys = {
    1: enlargeNo(1), 2: enlargeNo(2), 3: enlargeNo(3), 4: enlargeNo(4),
    o: overlays, a: () => jump(), s: () => slow(), ",": () => stepTo(-1), ".": () => stepTo(1),
    " ": (event) => { if (event.target.closest("button, a, summary, video")) return false; play(); },
  };
  function inDialog(event, dialog) {
    if (dialog.id !== "enlarged") return false;
    if (event.key.toLowerCase() === "o") overlays();
    else if (/^[1-4]$/.test(event.key)) enlarge(document.querySelector(`[data-enlarge="${event.key}"]`));
    return true;
  }
  return { keys, inDialog };
})();

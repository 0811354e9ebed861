// Shared by all desk pages: dialogs and the key handler. Pages register their keys with desk.keys({...}).
"use strict";
const desk = (() => {
  const handlers = {};
  const typing = (el) => el.closest("input:not([type=radio]), textarea, select, [contenteditable]");
  const openDialog = () => document.querySelector("dialog[open]");

  function open(id) {
    const dialog = document.getElementById(id);
    if (dialog && !openDialog()) {
      const before = document.activeElement;
      dialog.showModal();
      // Back to where one was, not onto the button that stands for the key: Enter must mean the row again.
      dialog.addEventListener("close", () => { if (before && before !== document.body) before.focus(); else document.activeElement.blur(); }, { once: true });
      const first = dialog.querySelector("[autofocus]");
      if (first) { first.focus(); if (first.select) first.select(); }
    }
    return dialog;
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) open(opener.dataset.open);
    const closer = event.target.closest("[data-close]");
    if (closer) closer.closest("dialog").close();
    if (event.target.matches("dialog")) event.target.close();
  });
  // A decision is sent once, however often the key is hit.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post") form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const dialog = openDialog();
    if (dialog) {
      if (handlers.inDialog) handlers.inDialog(event, dialog, typing(event.target));
      return;
    }
    if (typing(event.target)) { if (event.key === "Escape") event.target.blur(); return; }
    if (event.key === "?") { open("help"); event.preventDefault(); return; }
    const handler = handlers[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (handler) { if (handler(event) !== false) event.preventDefault(); }
  });
  // The mark says that keys are heard from now on; what is hit before it is the browser's.
  const keys = (more) => { Object.assign(handlers, more); document.documentElement.dataset.keys = "on"; };
  // On a phone the menu is wider than the screen: where one is stands in its middle.
  const menu = document.querySelector(".bar nav"), here = menu && menu.querySelector("[aria-current]");
  if (here) menu.scrollLeft = here.offsetLeft + here.offsetWidth / 2 - menu.clientWidth / 2;
  // What a page asks by itself says so, and whether somebody used it since: an idle page keeps nobody signed in.
  let used = false;
  ["keydown", "input", "pointerdown", "wheel"].forEach((kind) => document.addEventListener(kind, () => { used = true; }, { capture: true, passive: true }));
  function asking() {
    const headers = { "X-Requested-With": "fetch" };
    if (used) headers["X-In-Use"] = "1";
    used = false;
    return headers;
  }
  return { keys, open, openDialog, asking };
})();

// What the page knows, the steps back and forth, the live check, saving. The scene is plain data, as in its file.
import { KINDS } from "./shapes.js";
import { t } from "./words.js";

export const $ = (id) => document.getElementById(id);
const key = new URLSearchParams(location.search).get("key") || "";

export const at = {
  scene: null, schema: null, base: "", draft: "", stills: [], shown: 0, faults: [], acts: null, status: ["saved"], plates: null, trial: null,
  selected: null, // {kind, index}
  handle: null, // {shape, index} among the handles of what is selected
  drawing: null, // {kind, how, points, put}
  view: { zoom: 1, x: 0, y: 0 },
};

export async function call(path, body) {
  const answer = await fetch(path, { method: body ? "POST" : "GET", headers: { "X-Key": key, "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  const data = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(data.what || data.detail), { data });
  return data;
}
export const withKey = (path) => `${path}${path.includes("?") ? "&" : "?"}key=${encodeURIComponent(key)}`;

// The parts of the page that show something, each by its name: `refresh("list", "paint")`.
const parts = {};
export const wire = (more) => Object.assign(parts, more);
export const refresh = (...names) => (names.length ? names : Object.keys(parts)).forEach((name) => parts[name]());

// ---- the things of the scene ----
export const all = (kind) => (KINDS[kind].single ? (at.scene[kind] ? [at.scene[kind]] : []) : at.scene[kind] || []);
export const item = () => at.selected && all(at.selected.kind)[at.selected.index];
export const isSelected = (kind, index) => !!at.selected && at.selected.kind === kind && at.selected.index === index;
export const pathOf = (kind, index) => (KINDS[kind].single ? kind : `${kind}[${index}]`);

export function select(what) {
  Object.assign(at, { selected: what, handle: null, drawing: null });
  refresh("list", "form", "next", "paint");
  $("right").scrollTop = 0; // what was chosen stands at its top
}

export function showStill(number) {
  if (!at.stills[number]) return;
  at.shown = number;
  refresh("bar", "paint");
}

export function removeSelected() {
  if (!item()) return;
  const { kind, index } = at.selected;
  if (KINDS[kind].single) delete at.scene[kind];
  else at.scene[kind].splice(index, 1);
  select(null);
  changed();
}

// ---- steps back and forth: the scene as text, without its version, which only saving changes ----
const MOST_STEPS = 300, ONE_STEP_MS = 1500;
const steps = { kept: [], now: -1, saved: "", what: null, when: 0 };
const asText = () => JSON.stringify({ ...at.scene, version: undefined });
const withVersion = (scene) => (at.scene.version ? { ...scene, version: at.scene.version } : scene);
export const dirty = () => asText() !== steps.saved;
export const canUndo = () => steps.now > 0;
export const canRedo = () => steps.now < steps.kept.length - 1;

export function begun() {
  steps.kept = [asText()];
  steps.now = 0;
  steps.saved = at.base ? steps.kept[0] : "";
}

// After every change. `what`: keys pressed one after the other in one field, or one way of arrow keys, are one step.
export function changed(what = null) {
  const text = asText();
  if (text !== steps.kept[steps.now]) {
    const goesOn = what !== null && what === steps.what && Date.now() - steps.when < ONE_STEP_MS && steps.now > 0 && !canRedo();
    steps.kept.splice(goesOn ? steps.now : steps.now + 1, Infinity, text);
    if (steps.kept.length > MOST_STEPS) steps.kept.shift();
    steps.now = steps.kept.length - 1;
    Object.assign(steps, { what, when: Date.now() });
  }
  check();
  refresh("list", "bar", "ground_table", "trial", "next", "paint");
}

export function step(by) {
  if (by < 0 ? !canUndo() : !canRedo()) return;
  steps.now += by;
  steps.what = null;
  at.scene = withVersion(JSON.parse(steps.kept[steps.now]));
  at.drawing = null;
  if (!item()) Object.assign(at, { selected: null, handle: null });
  check();
  refresh();
}

// ---- what was not saved outlives the page ----
const draftName = () => `giaolo.draft.${at.draft}`;
function keepDraft() {
  if (dirty()) localStorage.setItem(draftName(), JSON.stringify({ base: at.base, scene: at.scene }));
  else localStorage.removeItem(draftName());
}
export const dropDraft = () => localStorage.removeItem(draftName());
export function draft() {
  const kept = JSON.parse(localStorage.getItem(draftName()) || "null");
  return kept && kept.base === at.base && JSON.stringify({ ...kept.scene, version: undefined }) !== asText() ? withVersion(kept.scene) : null;
}

// ---- check and save ----
let timer, asked = 0;
export function check() {
  const mine = ++asked;
  $("save").disabled = true;
  at.status = ["checking"];
  keepDraft();
  clearTimeout(timer);
  timer = setTimeout(async () => {
    try {
      const answer = await call("api/check", at.scene);
      if (mine === asked) shown(answer);
    } catch (error) {
      if (mine === asked) { at.status = error.data ? ["not_saved", { why: error.message }] : ["offline"]; refresh("bar"); }
    }
  }, 250);
}

export function shown({ faults, acts }) {
  at.faults = faults;
  at.acts = acts;
  const errors = faults.filter((fault) => fault.severity === "error").length;
  at.status = errors ? ["errors", { n: errors }] : [dirty() ? "can_save" : "saved"];
  $("save").disabled = !dirty() || errors > 0;
  refresh("list", "bar", "faults", "acts", "trial", "next", "paint");
}

export async function save() {
  if ($("save").disabled) return;
  $("save").disabled = true;
  const sent = asText();
  try {
    const done = await call("api/save", { scene: at.scene, base: at.base });
    at.base = done.base;
    at.scene.version = done.version;
    steps.saved = sent;
    keepDraft();
    at.status = ["saved_as", { n: done.version }];
    refresh("form");
  } catch (error) {
    const { data } = error;
    if (data && data.faults && data.faults.length) at.faults = data.faults;
    at.status = data ? ["not_saved", { why: `${error.message}${data.remedy ? ` → ${data.remedy}` : ""}` }] : ["offline"];
    $("save").disabled = false;
  }
  refresh("bar", "faults", "next");
}

export const statusText = () => t(...at.status);

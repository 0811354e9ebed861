// The editor's page: opens the scene, wires its parts, the bar above the picture.
import { fit, paint } from "./canvas.js";
import { form } from "./form.js";
import { ground, ground_table, toggleGrid } from "./ground.js";
import "./input.js";
import { acts, faults, list } from "./lists.js";
import { next } from "./next.js";
import { $, at, begun, call, canRedo, canUndo, changed, draft, dropDraft, refresh, save, select, showStill, shown, statusText, step, withKey, wire } from "./state.js";
import { trial } from "./trial.js";
import { lang, learn, switchLanguage, t } from "./words.js";

// Texts that stand in the page itself, by `data-t`, and those that only a pointer shows, by `data-title`.
function texts() {
  document.documentElement.lang = lang;
  document.title = t("title");
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll("[data-title]")) one.title = t(one.dataset.title);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", t(one.dataset.label));
}

function bar() {
  $("state").textContent = statusText();
  $("undo").disabled = !canUndo();
  $("redo").disabled = !canRedo();
  $("grid").setAttribute("aria-pressed", ground.grid);
  $("grid").disabled = !at.scene || !at.scene.ground;
  $("stills").hidden = at.stills.length < 2;
  if (at.stills.length) $("still_name").textContent = $("still_name").title = t("still_count", { n: at.shown + 1, of: at.stills.length, name: at.stills[at.shown].name });
}

wire({ texts, list, form, ground_table, bar, faults, acts, trial, next, paint });

async function open() {
  const got = await call("api/scene");
  Object.assign(at, { scene: got.scene, schema: got.schema, base: got.base, draft: got.draft, plates: got.plates, trial: got.trial, survey: got.survey });
  learn(got.words, got.signs);
  $("file").textContent = got.file;
  at.stills = await Promise.all(got.stills.map(load));
  const { image } = at.stills[0];
  at.scene.picture = at.scene.picture || { width: image.naturalWidth, height: image.naturalHeight };
  begun();
  fit();
  shown(got);
  select(null);
  $("draft").hidden = !draft();
}

async function load(name, index) {
  const image = new Image();
  image.src = withKey(`api/still?n=${index}`);
  await image.decode();
  return { name, image };
}

$("save").onclick = save;
$("undo").onclick = () => step(-1);
$("redo").onclick = () => step(1);
$("fit").onclick = () => { fit(); paint(); };
$("grid").onclick = toggleGrid;
for (const [id, by] of [["still_back", -1], ["still_on", 1]]) $(id).onclick = () => showStill((at.shown + by + at.stills.length) % at.stills.length);
$("language").onclick = () => { switchLanguage(); refresh(); };
$("acts_count").onclick = () => $("acts").scrollIntoView({ block: "end" });
$("take").onclick = () => { at.scene = draft(); $("draft").hidden = true; changed(); select(null); };
$("drop").onclick = () => { dropDraft(); $("draft").hidden = true; };

texts();
open().catch((error) => { $("state").textContent = error.message; $("hint").textContent = error.message; });

// The box's page: asks for state, picture and reasons, one call at a time of each, and draws what was seen over the picture.
import { lang, switchLanguage, t } from "./words.js";

const $ = (id) => document.getElementById(id);
const token = decodeURIComponent(location.hash.slice(1));
const STATE_MS = 2000, WHY_MS = 5000, LIVE_MS = 300, SVG = "http://www.w3.org/2000/svg";
let camera = "", scene = null, state = null, why = null, live = null;

async function ask(path, options = {}) {
  const answer = await fetch(path, { ...options, headers: { "X-Giaolo": token || "-" } });
  if (answer.status === 403) throw new Error("refused");
  if (!answer.ok) throw Object.assign(new Error("answer"), { told: await answer.json().catch(() => ({})) });
  return answer;
}
const json = async (path, options) => (await ask(path, options)).json();

function element(name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}
function drawn(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
const item = (line) => element("li", { class: line.level }, line[lang]);
const points = (list) => list.map(([x, y]) => `${x},${y}`).join(" ");

function texts() {
  document.documentElement.lang = lang;
  document.title = t("title", { node: state ? state.node : "" });
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = t(one.dataset.t);
  for (const one of document.querySelectorAll("[data-label]")) one.setAttribute("aria-label", t(one.dataset.label));
  $("picture").alt = t("live");
}

function show() {
  texts();
  if (!state) return;
  const here = state.cameras.find((one) => one.id === camera);
  $("node").textContent = state.node;
  $("cameras").replaceChildren(...state.cameras.map((one) => {
    const tab = element("button", { type: "button", "aria-current": one.id === camera }, one.id);
    tab.onclick = () => choose(one.id);
    return tab;
  }));
  $("box").replaceChildren(...state.box.map(item));
  $("camera").replaceChildren(...(here ? here.lines.map(item) : []));
  $("details").hidden = !state.details.length;
  $("all").replaceChildren(...state.details.map((line) => element("li", { class: "warning" }, line)));
  $("place").textContent = here ? here.place : "";
  $("acts").replaceChildren(...(here && here.acts.length ? here.acts.map(actItem) : [element("li", {}, t("no_acts"))]));
  recording(state.recording);
  legend();
  reasons();
}

function actItem(act) {
  const said = [act.at, act[lang], scene ? scene.classes[act.cls][lang] : act.cls, t(act.plate_read === null ? "plate_reading" : act.plate_read ? "plate_read" : "plate_unread")];
  if (act.flags) said.push(t("flags", { n: act.flags }));
  return element("li", { class: act.flags ? "warning" : "good" }, said.join(" · "));
}

function reasons() {
  if (!why) return;
  $("why_total").textContent = why.total ? t("why_total", { n: why.total, shown: why.vehicles.length }) : t("no_why");
  const groups = new Map();
  for (const one of why.vehicles) {
    const name = one.group[lang];
    groups.set(name, [...(groups.get(name) || []), one[lang]]);
  }
  const sorted = [...groups].sort((a, b) => b[1].length - a[1].length);
  $("why_list").replaceChildren(...sorted.map(([name, sentences]) => {
    const one = element("li");
    const head = element("b", {}, ` ${name}`);
    head.prepend(element("span", { class: "count" }, sentences.length));
    one.append(head, sentences[0]);
    if (sentences.length > 1) {
      const more = element("details");
      more.append(element("summary", {}, `+ ${sentences.length - 1}`), ...sentences.slice(1).map((text) => element("div", {}, text)));
      one.append(more);
    }
    return one;
  }));
}

function legend() {
  const kinds = { stop_line: "#ff5a5a", marking: "#fff000", lane: "#3caaff", area: "#c080ff", vehicle: "#00e6b4", small: "#ffb020" };
  $("legend").replaceChildren(...Object.entries(kinds).map(([kind, colour]) => {
    const one = element("span");
    const dash = element("i");
    dash.style.setProperty("--c", colour);
    one.append(dash, t(`legend_${kind}`, { least: scene ? scene.least_plate_px : "" }));
    return one;
  }));
}

function paint() {
  const over = $("over");
  over.replaceChildren();
  if (!live || !scene) return;
  over.setAttribute("viewBox", `0 0 ${scene.width} ${scene.height}`);
  const px = scene.width / Math.max($("stage").clientWidth, 1), size = 13 * px;
  const taken = [];
  // A label takes the first of its places in which it lies in the picture and over no other; without one it is left out.
  const label = (places, text) => {
    const made = drawn("text", { "font-size": size, "stroke-width": 3 * px }, text);
    over.append(made);
    const wide = made.getComputedTextLength(), high = size * 1.1;
    for (const [left, bottom] of places) {
      const x = Math.max(0, Math.min(left, scene.width - wide)), y = Math.max(high, Math.min(bottom, scene.height - 2 * px));
      if (taken.some((one) => x < one.x + one.wide && one.x < x + wide && y - high < one.y && one.y - one.high < y)) continue;
      made.setAttribute("x", x);
      made.setAttribute("y", y);
      return taken.push({ x, y, wide, high });
    }
    made.remove();
  };
  const add = (name, attributes) => over.append(drawn(name, { ...attributes, "vector-effect": "non-scaling-stroke" }));
  if ($("scene").getAttribute("aria-pressed") === "true") for (const shape of scene.shapes) {
    if (shape.line) add("polyline", { points: points(shape.line), class: shape.kind });
    else if (shape.area) add("polygon", { points: points(shape.area), class: shape.kind });
    else {
      const [x1, y1, x2, y2] = shape.box, shown = live.lamps[shape.id] || "unknown";
      add("rect", { x: x1, y: y1, width: x2 - x1, height: y2 - y1, class: `head ${shown}` });
      label([1.1, 2.3, 3.5, 4.7].map((line) => [x1, y2 + size * line]), `${shape.id}: ${scene.lamps[shown][lang]}`);
    }
    if (shape.kind === "stop_line") label(shape.line.map(([x, y]) => [x, y + size * 1.3]), shape.id);
  }
  if ($("vehicles").getAttribute("aria-pressed") === "true") for (const one of [...live.vehicles].sort((a, b) => b.box[3] - a.box[3])) {
    const [x1, y1, x2, y2] = one.box, small = one.plate_px !== null && one.plate_px < scene.least_plate_px;
    add("polyline", { points: points(one.way), class: "way" });
    add("rect", { x: x1, y: y1, width: x2 - x1, height: y2 - y1, class: small ? "vehicle small" : "vehicle" });
    const plate = one.plate_px === null ? "" : ` · ${t("plate")} ${Math.round(one.plate_px)} px`;
    label([[x1, y1 - 3 * px], [x1, y2 + size], [x1 + 2 * px, y1 + size]], `${one.track} ${scene.classes[one.cls][lang]}${plate}`);
  }
}

const seconds = (s) => s.toLocaleString(lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
function recording(now) {
  $("record").disabled = now.state === "running";
  const said = $("recording");
  if (now.state === "none") return said.replaceChildren();
  if (now.state === "running") return said.replaceChildren(t("recording_running", { camera: now.camera, s: seconds(now.seconds) }));
  if (now.state === "failed") return said.replaceChildren(t("recording_failed", { why: now.why[lang] }));
  const link = element("a", { href: "#" }, now.file);
  link.onclick = (event) => { event.preventDefault(); save(`api/recording/${encodeURIComponent(now.file)}`, now.file); };
  said.replaceChildren(`${t("recording_done", { s: seconds(now.seconds) })} `, link, now.why[lang] ? ` (${now.why[lang]})` : "");
}

async function save(path, name) {
  try {
    const answer = await ask(path), told = /filename="(.+)"/.exec(answer.headers.get("Content-Disposition") || "");
    const link = element("a", { href: URL.createObjectURL(await answer.blob()), download: told ? told[1] : name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  } catch (error) {
    $("recording").textContent = t("no_picture");
  }
}

async function choose(id) {
  camera = id;
  scene = live = why = null;
  $("picture").hidden = true;
  $("waiting").hidden = false;
  scene = await json(`api/scene/${encodeURIComponent(id)}`);
  show();
}

async function askState() {
  state = await json("api/state");
  if (!state.cameras.some((one) => one.id === camera)) { camera = ""; if (state.cameras.length) await choose(state.cameras[0].id); }
  show();
}
async function askWhy() {
  if (!camera) return;
  const asked = camera, got = await json(`api/why/${encodeURIComponent(asked)}`);
  if (asked !== camera) return;
  why = got;
  reasons();
}
async function askLive() {
  if (!camera || !scene) return;
  const asked = camera, got = await json(`api/live/${encodeURIComponent(asked)}`);
  if (asked !== camera || got.frame === null || (live && live.frame === got.frame)) return;
  live = got;
  $("picture").src = `data:image/jpeg;base64,${got.image}`;
  await $("picture").decode().catch(() => {});
  $("picture").hidden = false;
  $("waiting").hidden = true;
  $("at").textContent = t("at", { at: got.at });
  paint();
}

// One call at a time: the next is asked for when the last was answered, and nothing while nobody sees the page.
async function again(what, ms) {
  if (!document.hidden) {
    try {
      await what();
      $("offline").hidden = true;
    } catch (error) {
      $("offline").textContent = t(error.message === "refused" ? "refused" : "offline");
      $("offline").hidden = error.message === "answer";
    }
  }
  setTimeout(() => again(what, ms), ms);
}

for (const id of ["scene", "vehicles"]) $(id).onclick = () => { $(id).setAttribute("aria-pressed", $(id).getAttribute("aria-pressed") !== "true"); paint(); };
$("language").onclick = () => { switchLanguage(); show(); paint(); };
$("snapshot").onclick = () => save(`api/snapshot/${encodeURIComponent(camera)}`, `${camera}.png`);
$("record").onclick = async () => {
  try { recording(await json(`api/record/${encodeURIComponent(camera)}`, { method: "POST" })); }
  catch (error) { $("recording").textContent = t("recording_failed", { why: error.told && error.told.why ? error.told.why[lang] : t("offline") }); }
};
addEventListener("resize", paint);
texts();
again(askState, STATE_MS);
again(askLive, LIVE_MS);
again(askWhy, WHY_MS);

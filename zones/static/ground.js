// The ground: metre grid and sample vehicles on the picture, what is measured on it, a proposal from known distances.
import { begin } from "./drawing.js";
import { button, element } from "./lists.js";
import { distance, grid, pixelsAcross, plane, rectangle } from "./plane.js";
import { $, all, at, call, changed, refresh, select } from "./state.js";
import { chosen, option, t } from "./words.js";

// Width and length in metres, and whose plate it bears.
const SAMPLES = { motorcycle: [0.75, 1.9, "motorcycle"], car: [1.8, 4.5, "car"], bus: [2.5, 11, "car"] };
// Lanes of city roads are 2.75 to 3.75 m wide, shared ones up to 4.5; outside of that the metres are doubtful.
const LANE_M = [2.5, 4.5];
const LEAST_STEP_PX = 5, EDGE_PX = 4, LINE = "#00e6b4";

export const ground = { grid: localStorage.getItem("giaolo.grid") !== "off", samples: null, tapes: [], gaps: [], told: "" };
export const map = () => plane(at.scene.ground);

export function toggleGrid() {
  ground.grid = !ground.grid;
  localStorage.setItem("giaolo.grid", ground.grid ? "on" : "off");
  refresh("bar", "paint");
}

// ---- sample vehicles: `place` is the middle of the rear, in metres ----
const unit = ([x, y]) => { const length = Math.hypot(x, y) || 1; return [x / length, y / length]; };

// The way of travel at a place: that of the lane drawn there, else away from the first stop line, else away from the camera.
function wayAt(road, place) {
  const pixel = road.pixels(place);
  for (const lane of all("lanes")) {
    if (!lane.direction || !pixel || !within(pixel, lane.polygon)) continue;
    const [from, to] = lane.direction.map(road.metres);
    if (from && to) return unit([to[0] - from[0], to[1] - from[1]]);
  }
  const line = all("stop_lines")[0], [a, b] = line ? [line.points[0], line.points[line.points.length - 1]].map(road.metres) : [];
  if (!a || !b) return [0, 1];
  const across = unit([b[0] - a[0], b[1] - a[1]]), way = [-across[1], across[0]];
  return way[1] < 0 ? [-way[0], -way[1]] : way;
}

function within([x, y], polygon) {
  return polygon.reduce((inside, [x1, y1], i) => {
    const [x2, y2] = polygon[(i + 1) % polygon.length];
    return y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1 ? !inside : inside;
  }, false);
}

const middle = (points) => [0, 1].map((k) => points.reduce((sum, p) => sum + p[k], 0) / points.length);

function samples(road) {
  if (!ground.samples) {
    const line = all("stop_lines")[0], place = road.metres(line ? middle([line.points[0], line.points[line.points.length - 1]]) : middle(at.scene.ground.pixels));
    if (!place) return [];
    ground.samples = Object.keys(SAMPLES).map((kind, i) => ({ kind, place: [place[0] + [-2, 0, 3][i], place[1]] }));
  }
  return ground.samples.map((sample) => {
    const [width, length, plate] = SAMPLES[sample.kind], way = wayAt(road, sample.place), right = [way[1], -way[0]], [x, y] = sample.place;
    const corner = (across, along) => road.pixels([x + right[0] * across + way[0] * along, y + right[1] * across + way[1] * along]);
    const outline = [corner(-width / 2, 0), corner(width / 2, 0), corner(width / 2, length), corner(-width / 2, length)];
    return { sample, outline, plate_px: pixelsAcross(road, sample.place, way) * at.plates.width_m[plate] };
  }).filter((one) => one.outline.every(Boolean));
}

const usual = (metres) => metres >= LANE_M[0] && metres <= LANE_M[1];
const readable = (px) => px >= at.plates.least_px;
const verdict = (px) => `${Math.round(px)} px ${readable(px) ? "✓" : "✗"}`;

// Takes a sample up by the mouse: what moves it, or null.
export function grabSample(point) {
  const road = ground.grid && map();
  const hit = road && samples(road).find((one) => within(point, one.outline));
  if (!hit) return null;
  const start = road.metres(point), was = hit.sample.place;
  if (!start) return null;
  return (to) => { const now = road.metres(to); if (now) hit.sample.place = [was[0] + now[0] - start[0], was[1] + now[1] - start[1]]; };
}

// ---- on the picture ----
export function paintGrid(pen, zoom) {
  const road = ground.grid && map();
  if (!road) return;
  pen.save();
  pen.beginPath();
  pen.rect(0, 0, at.scene.picture.width, at.scene.picture.height);
  pen.clip();
  pen.setLineDash([]);
  pen.strokeStyle = LINE;
  for (const line of grid(road, at.scene.picture, LEAST_STEP_PX / zoom)) {
    pen.globalAlpha = line.strong ? 0.75 : 0.3;
    pen.lineWidth = (line.strong ? 1.5 : 0.8) / zoom;
    pen.beginPath();
    line.points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
  }
  pen.restore();
}

// Sample vehicles, tapes and marks; gives the labels that belong to them.
export function paintMeasures(pen, zoom) {
  const labels = [], road = map();
  const chain = (points, colour, closed = false) => {
    pen.setLineDash([]);
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = 2 / zoom;
    pen.beginPath();
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    if (closed) { pen.closePath(); pen.globalAlpha = 0.35; pen.fill(); pen.globalAlpha = 1; }
    pen.stroke();
  };
  if (ground.grid && road) {
    for (const { sample, outline, plate_px } of samples(road)) {
      const colour = readable(plate_px) ? "#7dff9a" : "#ff8a70";
      chain(outline, colour, true);
      labels.push({ text: `${option(sample.kind)}: ${t("plate")} ${verdict(plate_px)}`, at: middle(outline), colour });
    }
    for (const tape of ground.tapes) {
      chain(tape, "#ffffff");
      labels.push({ text: tapeText(road, tape), at: middle(tape), colour: "#ffffff" });
    }
  }
  for (const gap of at.selected && at.selected.kind === "ground" ? ground.gaps : []) {
    chain(gap.points.slice(0, 2), "#ffd0ff");
    chain(gap.points.slice(2), "#ffd0ff");
    labels.push({ text: `${gap.metres} m`, at: middle(gap.points), colour: "#ffd0ff" });
  }
  return labels;
}

function tapeText(road, [a, b]) {
  const [from, to] = [a, b].map(road.metres);
  return from && to ? `${distance(from, to).toFixed(2)} m` : "–";
}

// Width of a lane in its middle, athwart its direction; null where it cannot be told.
function laneWidth(road, lane) {
  const polygon = lane.polygon.map(road.metres), ends = (lane.direction || []).map(road.metres);
  if (ends.length < 2 || ![...polygon, ...ends].every(Boolean)) return null;
  const way = unit([ends[1][0] - ends[0][0], ends[1][1] - ends[0][1]]), from = middle(ends), hits = [];
  let cut = false; // by the edge of the picture: it goes on outside
  polygon.forEach((p, i) => {
    const q = polygon[(i + 1) % polygon.length], along = (r) => (r[0] - from[0]) * way[0] + (r[1] - from[1]) * way[1], a = along(p), b = along(q);
    if (a > 0 === b > 0) return;
    const share = a / (a - b), place = [0, 1].map((k) => p[k] + (q[k] - p[k]) * share), pixel = road.pixels(place);
    hits.push((place[0] - from[0]) * way[1] - (place[1] - from[1]) * way[0]);
    cut = cut || !pixel || pixel[0] < EDGE_PX || pixel[0] > at.scene.picture.width - EDGE_PX;
  });
  return cut || hits.length < 2 ? null : Math.max(...hits) - Math.min(...hits);
}

// ---- its part of the form ----
export function groundForm() {
  const rows = [], scene = at.scene;
  if (!scene.ground) rows.push(element("p", "note", t("ground_none")));
  else rows.push(...corner_rows(), ...measures());
  rows.push(...proposal());
  return rows;
}

function number(value, name, put, step = 0.1) {
  const input = Object.assign(document.createElement("input"), { type: "number", step, name, value });
  input.setAttribute("aria-label", name);
  input.oninput = () => { if (input.value !== "") put(Number(input.value)); };
  return input;
}

// Four corners in metres; as a rectangle by width and length, which is how people measure.
function corner_rows() {
  const { metres } = at.scene.ground;
  const [width, length] = [distance(metres[0], metres[1]), distance(metres[1], metres[2])].map((one) => Math.round(one * 100) / 100);
  const put = (w, l) => { at.scene.ground.metres = rectangle(w, l); changed("ground metres"); refresh("ground_table"); };
  const wide = number(width, "ground.width", (value) => put(value, Number(long.value)));
  const long = number(length, "ground.length", (value) => put(Number(wide.value), value));
  const each = element("details", "", element("summary", "", t("ground_corners")));
  metres.forEach((place, i) => each.append(element("label", "pair", element("span", "", `${i + 1}`), ...[0, 1].map((k) => number(place[k], `metres.${i}.${"xy"[k]}`, (value) => { at.scene.ground.metres[i] = [0, 1].map((j) => (j === k ? value : at.scene.ground.metres[i][j])); changed("ground metres"); refresh("ground_table"); })))));
  return [element("label", "pair", element("span", "", t("ground_size")), wide, long), each];
}

function measures() {
  return [element("div", "", element("table", "measures")), button("", t("tape"), () => begin("ground", "arrow", (tape) => ground.tapes.push(tape), "tape"))];
}

// What the ground says of the scene, as rows: text, figure, verdict.
export function ground_table() {
  const table = $("form").querySelector("table.measures"), road = table && map();
  if (!table) return;
  const rows = [], row = (name, figure, good, why = "") => rows.push(Object.assign(element("tr", good === null ? "" : good ? "good" : "bad", element("td", "", name), element("td", "", figure)), { title: why }));
  if (!road) row(t("ground_broken"), "", false);
  else {
    for (const line of all("stop_lines")) {
      const place = road.metres(middle([line.points[0], line.points[line.points.length - 1]]));
      if (!place) continue;
      const scale = pixelsAcross(road, place, wayAt(road, place)), { width_m } = at.plates;
      row(t("plate_at", { kind: option("motorcycle"), line: line.id }), verdict(scale * width_m.motorcycle), readable(scale * width_m.motorcycle), t("plate_why", { least: at.plates.least_px }));
      row(t("plate_at", { kind: option("car"), line: line.id }), verdict(scale * width_m.car), readable(scale * width_m.car), t("plate_why", { least: at.plates.least_px }));
    }
    for (const lane of all("lanes")) {
      const width = laneWidth(road, lane);
      if (width) row(t("lane_width", { lane: lane.id }), `${width.toFixed(1)} m ${usual(width) ? "✓" : "?"}`, usual(width), t("lane_why"));
    }
    ground.tapes.forEach((tape) => row(t("tape_row"), tapeText(road, tape), null));
  }
  table.replaceChildren(...rows);
}

function proposal() {
  const box = element("fieldset", "", element("legend", "", t("propose")), element("p", "note", t("propose_note")));
  for (const way of ["along", "across"]) {
    const metres = way === "along" ? 3.5 : 3;
    box.append(button("", t(`gap_${way}`), () => begin("ground", "pair", (points) => { ground.gaps.push({ way, points, metres }); select({ kind: "ground", index: 0 }); }, `gap_${way}`)));
  }
  ground.gaps.forEach((gap, i) => box.append(element("label", "pair", element("span", "", t(`gap_${gap.way}_row`)),
    number(gap.metres, `gap.${i}`, (value) => { gap.metres = value; refresh("paint"); }),
    button("", t("remove"), () => { ground.gaps.splice(i, 1); refresh("form", "paint"); }))));
  const go = button("", t("propose_go"), propose);
  go.disabled = !ground.gaps.length && !seenVehicles();
  if (at.survey) box.append(element("p", "note", t("survey_note")), button("survey", surveying(), survey));
  box.append(go, element("p", "note told", ground.told));
  return [box];
}

// ---- vehicles of the video, by whose sizes the ground is laid too ----
const ASK_MS = 1000;
let surveyed = null;

const surveying = () => t(surveyed && surveyed.state === "running" ? "survey_stop" : "survey_go");
const seenVehicles = () => !!surveyed && surveyed.state === "done" && surveyed.vehicles > 0;

function tellSurvey() {
  if (surveyed.state === "running") ground.told = t("survey_running", { n: Math.round(surveyed.seen_s), of: Math.round(surveyed.of_s) });
  else if (surveyed.state === "failed") ground.told = surveyed.why.split(" -> ").map(chosen).join(" → ");
  else ground.told = t("survey_done", { n: surveyed.vehicles });
  tell();
}

// The looking goes on while other things are drawn and typed: nothing but its own words is touched.
function tell(text = ground.told) {
  ground.told = text;
  const note = $("form").querySelector(".told"), go = $("form").querySelector("button.survey");
  if (!note) return;
  note.textContent = text;
  if (go) go.textContent = surveying();
}

async function survey() {
  try {
    surveyed = await call(surveyed && surveyed.state === "running" ? "api/survey/stop" : "api/survey", {});
    tellSurvey();
    while (surveyed.state === "running") {
      await new Promise((done) => setTimeout(done, ASK_MS));
      surveyed = await call("api/survey");
      tellSurvey();
    }
    if (seenVehicles()) await propose();
  } catch (error) {
    tell(error.data && error.data.what ? chosen(error.data.what) : t("offline"));
  }
}

async function propose() {
  const gaps = ground.gaps.map(({ way, points, metres }) => ({ way, first: points.slice(0, 2), second: points.slice(2), metres }));
  tell(t("proposing"));
  try {
    const found = await call("api/ground", { picture: at.scene.picture, gaps, vehicles: seenVehicles() });
    at.scene.ground = found.ground;
    ground.samples = null; // its metres begin elsewhere
    const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
    ground.told = t(found.unsure ? "proposed_unsure" : "proposed", { across: percent(found.across), along: percent(found.along), height: found.height_m.toFixed(1), px: found.rms_px.toFixed(1) });
    changed();
  } catch (error) {
    ground.told = error.data && error.data.what ? `${chosen(error.data.what)} → ${chosen(error.data.remedy)}` : t("offline");
  }
  if (!at.drawing && (!at.selected || at.selected.kind === "ground")) select({ kind: "ground", index: 0 });
  else tell();
}

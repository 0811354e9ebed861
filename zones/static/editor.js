// The editor's page: canvas, list, form, live check, save. The scene lives in `scene`, plain as in its file.
import { KINDS, corners, edges, fresh, handles, shapes } from "./shapes.js";

const $ = (id) => document.getElementById(id);
const key = new URLSearchParams(location.search).get("key") || "";
const VI = {
  id: "Tên", begin: "Từ", end: "Đến (trước)", days: "Các ngày", active: "Có dùng", place: "Địa điểm", movement: "Hướng đi", movements: "Các hướng đi", classes: "Loại xe", kind: "Kiểu vạch (QCVN 41)",
  approach: "Đường vào", road: "Thuộc đường", by: "Một chiều theo", centre: "Vạch tim đường", edge: "Vạch mép làn", arrows: "Mũi tên trên mặt đường",
  number: "Số hiệu biển (QCVN 41)", hours: "Giờ có hiệu lực", order: "Số quyết định", dated: "Ngày quyết định", picture: "Tệp ảnh biển", orientation: "Chiều đặt đèn", governs: "Điều khiển vạch dừng",
  lanes: "Điều khiển làn", arrow: "Đèn mũi tên", source: "Căn cứ", acts: "Hành vi cần tìm", version: "Bản",
  red_margin_s: "Đèn đỏ trước đó (giây)", line_margin_px: "Quá vạch (px)", stopped_s: "Dừng quá vạch (giây)", min_track_points: "Số điểm theo dõi",
  solid_overlap: "Phần xe lấn vạch", wrong_way_s: "Ngược chiều (giây)", wrong_way_px: "Ngược chiều (px)", width: "Rộng (px)", height: "Cao (px)",
};
const HINT = "Kéo điểm để sửa · nhấp đúp lên cạnh: thêm điểm · Delete: xóa điểm · cuộn: phóng to · kéo chuột phải: dời hình";
const OPTIONS = { "P.102": "biển P.102 (cấm đi ngược chiều)", one_way_road: "đường một chiều (biển I.407)", one_way_carriageway: "phần đường một chiều (đường đôi)", one_way: "đường một chiều",
  divided: "có dải phân cách giữa", two_way: "đường hai chiều", closed_road: "đường cấm (sau biển)", pavement: "vỉa hè", emergency_lane: "làn dừng khẩn cấp", kerbside: "chỗ cấm dừng, đỗ",
  keep_clear: "vạch 4.4 (cấm dừng trong ô)", crosswalk: "vạch sang đường", lane_change: "đoạn được chuyển làn trước nút",
  mon: "thứ hai", tue: "thứ ba", wed: "thứ tư", thu: "thứ năm", fri: "thứ sáu", sat: "thứ bảy", sun: "chủ nhật" };
// Written in old scenes only, or by nothing that runs here: not offered, but shown where a file has it.
const OLD = { source: "pixels" };
const PARENTS = { governs: ["stop_lines"], lanes: ["lanes"], approach: ["approaches"], road: ["roads"], centre: ["markings"], edge: ["markings"] };
// A sign holds for stop lines, lanes or areas, by what it says; the check says which.
const parentsOf = (name) => (name === "governs" && selected && selected.kind === "signs" ? ["stop_lines", "lanes", "areas"] : PARENTS[name]);
const named = (kinds) => kinds.flatMap((kind) => all(kind).map((one) => one.id));

let scene, schema, base, still, faults = [], dirty = false;
let selected = null; // {kind, index}
let drawing = null; // {kind, points, put}
let grip = null; // {handle | pan}
let lastHandle = null; // {points, index}: what Delete removes
let view = { zoom: 1, x: 0, y: 0 };
const canvas = $("canvas"), pen = canvas.getContext("2d");

async function call(path, body) {
  const answer = await fetch(path, { method: body ? "POST" : "GET", headers: { "X-Key": key, "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  const data = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(data.what || data.detail), { data });
  return data;
}

async function open() {
  const got = await call("api/scene");
  ({ scene, schema, base } = got);
  $("file").textContent = got.file;
  still = new Image();
  still.src = `api/still?key=${encodeURIComponent(key)}`;
  await still.decode();
  scene.picture = scene.picture || { width: still.naturalWidth, height: still.naturalHeight };
  fit();
  showFaults(got.faults);
  select(null);
}

// ---- the things of the scene ----
const all = (kind) => (KINDS[kind].single ? (scene[kind] ? [scene[kind]] : []) : scene[kind] || []);
const item = () => selected && (KINDS[selected.kind].single ? scene[selected.kind] : scene[selected.kind][selected.index]);
const pathOf = (kind, index) => (KINDS[kind].single ? kind : `${kind}[${index}]`);

let timer;
function changed() {
  dirty = true;
  $("save").disabled = true;
  $("state").textContent = "đang kiểm tra…";
  clearTimeout(timer);
  timer = setTimeout(async () => showFaults((await call("api/check", scene)).faults), 250);
  list();
  paint();
}

function showFaults(found) {
  faults = found;
  const errors = faults.filter((fault) => fault.severity === "error").length;
  $("save").disabled = !dirty || errors > 0;
  $("state").textContent = errors ? `${errors} lỗi, chưa lưu được` : dirty ? "có thể lưu" : "đã lưu";
  $("faults").replaceChildren(...faults.map((fault) => {
    const row = document.createElement("li");
    row.className = fault.severity;
    const where = document.createElement("code");
    where.textContent = fault.path || "scene";
    row.append(where, `: ${fault.what} → ${fault.remedy}`);
    row.onclick = () => {
      const [, kind, index] = /^(\w+)(?:\[(\d+)\])?/.exec(fault.path) || [];
      if (KINDS[kind]) select({ kind, index: Number(index || 0) });
    };
    return row;
  }));
  if (!faults.length) {
    const row = document.createElement("li");
    row.className = "fine";
    row.textContent = "Không có lỗi (no faults)";
    $("faults").append(row);
  }
  list();
  paint();
}

function list() {
  const rows = [button("item", "Camera", () => select(null), selected === null)];
  for (const [kind, about] of Object.entries(KINDS)) {
    const head = document.createElement("div");
    head.className = "kind";
    head.append(`${about.vi} · ${about.en}`);
    const plus = document.createElement("button");
    plus.textContent = "+";
    plus.title = `Vẽ ${about.vi.toLowerCase()} (draw)`;
    plus.dataset.add = kind;
    plus.disabled = about.single && !!scene[kind];
    const put = (points) => {
      if (about.single) scene[kind] = fresh(kind, points, scene);
      else (scene[kind] = scene[kind] || []).push(fresh(kind, points, scene));
      select({ kind, index: all(kind).length - 1 });
    };
    plus.onclick = () => { if (about.draw === "none") { put(null); changed(); } else begin(kind, about.draw, put); };
    head.append(plus);
    rows.push(head);
    all(kind).forEach((thing, index) => {
      const on = selected && selected.kind === kind && selected.index === index;
      const row = button("item", about.single ? about.vi : thing.id, () => select({ kind, index }), on);
      row.style.setProperty("--c", about.colour);
      row.classList.toggle("bad", faults.some((fault) => fault.path.startsWith(pathOf(kind, index))));
      rows.push(row);
    });
  }
  $("items").replaceChildren(...rows);
}

function button(name, text, act, on) {
  const made = document.createElement("button");
  made.className = name + (on ? " on" : "");
  made.textContent = text;
  made.onclick = act;
  return made;
}

function select(what) {
  selected = what;
  lastHandle = null;
  list();
  form();
  paint();
}

// ---- the form, from the JSON schema ----
const GEOMETRY = new Set(["points", "polygon", "forward", "direction", "second", "crossable_from", "box", "countdown", "lamps", "schema_version",
  "stop_lines", "approaches", "junction", "exits", "roads", "lanes", "signs", "areas", "markings", "signals", "exclude", "ground", "rules", "at"]);
const NAMED = { stop_lines: "StopLine", approaches: "Area", exits: "Exit", lanes: "Lane", markings: "Marking", signals: "SignalHead", exclude: "Area", roads: "Road", signs: "Sign", areas: "RoadArea" };

function resolve(field) {
  if (field.$ref) return { ...schema.$defs[field.$ref.split("/").pop()], ...field };
  const option = (field.anyOf || []).find((one) => one.type !== "null");
  return option ? { ...resolve(option), ...field, optional: true } : field;
}

function form() {
  const rows = [];
  if (!selected) {
    fields(rows, scene, schema.properties, (name) => !GEOMETRY.has(name) && name !== "picture");
    fields(rows, scene.picture, schema.$defs.Picture.properties, () => true);
    fields(rows, (scene.rules = scene.rules || {}), schema.$defs.RuleSettings.properties, () => true);
  } else {
    const thing = item();
    if (selected.kind !== "junction") fields(rows, thing, schema.$defs[NAMED[selected.kind]].properties, (name) => !GEOMETRY.has(name) || (selected.kind === "signals" && name === "lanes"));
    extras(rows, thing);
    rows.push(button("", "Xóa mục này (delete)", () => {
      if (KINDS[selected.kind].single) delete scene[selected.kind];
      else scene[selected.kind].splice(selected.index, 1);
      select(null);
      changed();
    }));
  }
  $("form").replaceChildren(...rows);
}

function extras(rows, thing) {
  const add = (text, how, put) => rows.push(button("", text, () => begin(selected.kind, how, put)));
  if (selected.kind === "stop_lines") add("Đặt lại phía nút giao (junction side)", "point", (p) => { thing.forward = p; });
  if (selected.kind === "lanes") add("Vẽ chiều đi (direction)", "arrow", (p) => { thing.direction = p; });
  if (selected.kind === "markings") {
    add("Vẽ vạch thứ hai (second stripe)", "line", (p) => { thing.second = p; });
    add("Phía vạch đứt (crossable from)", "point", (p) => { thing.crossable_from = p; });
    for (const name of ["second", "crossable_from"]) if (thing[name]) rows.push(button("", `Bỏ ${name}`, () => { delete thing[name]; form(); changed(); }));
  }
  if (selected.kind === "signals") {
    for (const [colour, vi] of Object.entries({ red: "đỏ", yellow: "vàng", green: "xanh" })) {
      add(`Vẽ đèn ${vi} (${colour})`, "box", (box) => { thing.lamps = [...(thing.lamps || []).filter((lamp) => lamp.colour !== colour), { colour, box }]; });
    }
    add("Vẽ ô đếm ngược (countdown)", "box", (box) => { thing.countdown = box; });
  }
}

function fields(rows, owner, properties, wanted) {
  for (const [name, raw] of Object.entries(properties)) {
    if (!wanted(name)) continue;
    const field = resolve(raw);
    const set = (value) => {
      if (value === undefined || value === null) delete owner[name];
      else owner[name] = value;
      changed();
    };
    const current = owner[name] ?? field.default;
    const title = `${VI[name] || field.title || name}`;
    const note = field.description || "";
    const parent = parentsOf(name);
    if (field.properties) {
      rows.push(part(owner, name, field, title));
      continue;
    }
    if (field.type === "array") {
      const inner = resolve(field.items || {});
      const choices = parent ? named(parent) : inner.enum;
      if (inner.properties && !GEOMETRY.has(name)) { rows.push(several(owner, name, inner, title)); continue; }
      if (!choices) continue;
      // a list left out means all of them, except where the schema says an empty list
      const chosen = new Set(current ?? (parent ? [] : choices));
      const box = document.createElement("fieldset");
      const legend = document.createElement("legend");
      legend.textContent = title;
      box.append(legend);
      for (const choice of new Set([...choices, ...chosen])) {
        const label = document.createElement("label");
        const tick = Object.assign(document.createElement("input"), { type: "checkbox", checked: chosen.has(choice), name: `${name}.${choice}` });
        tick.onchange = () => { tick.checked ? chosen.add(choice) : chosen.delete(choice); set([...chosen]); };
        label.append(tick, ` ${choice}`);
        box.append(label);
      }
      rows.push(box);
      continue;
    }
    if (name in OLD && (owner[name] ?? OLD[name]) === OLD[name]) continue;
    const choices = parent ? named(parent) : field.enum && name in OLD ? [OLD[name]] : field.enum;
    const label = document.createElement("label");
    label.title = note;
    let input;
    if (choices) {
      input = document.createElement("select");
      const values = field.optional ? ["", ...choices] : [...choices];
      if (current && !values.includes(current)) values.push(current);
      input.append(...values.map((value) => new Option(OPTIONS[value] || value || "–", value, false, value === (current ?? ""))));
      input.onchange = () => set(input.value || undefined);
    } else {
      const type = field.format === "date" ? "date" : { boolean: "checkbox", integer: "number", number: "number" }[field.type] || "text";
      input = Object.assign(document.createElement("input"), { type, step: field.type === "integer" ? 1 : "any" });
      if (type === "checkbox") input.checked = !!current;
      else input.value = current ?? "";
      input.onchange = () => set(type === "checkbox" ? input.checked : type === "number" ? (input.value === "" ? undefined : Number(input.value)) : input.value || undefined);
    }
    input.name = name;
    if (name === "version") input.disabled = true;
    const text = document.createElement("span");
    text.textContent = title;
    label.append(text, input);
    rows.push(label);
  }
}

// A part of a thing with fields of its own, as a sign's source; one that may be missing has a tick.
function part(owner, name, field, title) {
  const box = document.createElement("fieldset"), legend = document.createElement("legend"), inside = [];
  box.name = name;
  legend.textContent = title;
  if (field.optional) {
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", checked: !!owner[name], name: `${name}.there` });
    tick.onchange = () => { if (tick.checked) owner[name] = {}; else delete owner[name]; form(); changed(); };
    legend.append(" ", tick);
    if (!owner[name]) { box.append(legend); return box; }
  }
  fields(inside, (owner[name] = owner[name] || {}), field.properties, () => true);
  box.append(legend, ...inside);
  return box;
}

// A list of such parts, as the hours of a sign.
function several(owner, name, inner, title) {
  const box = document.createElement("fieldset"), legend = document.createElement("legend");
  legend.textContent = title;
  box.append(legend);
  (owner[name] || []).forEach((one, index) => {
    const inside = [];
    fields(inside, one, inner.properties, () => true);
    box.append(...inside, button("", "Bỏ (remove)", () => { owner[name].splice(index, 1); form(); changed(); }));
  });
  const plus = button("", "+", () => { owner[name] = [...(owner[name] || []), fill(inner)]; form(); changed(); });
  plus.dataset.more = name;
  box.append(plus);
  return box;
}

const fill = (inner) => (inner.properties.begin ? { begin: "06:00", end: "09:00" } : {});

// ---- the canvas ----
const toScene = (event) => {
  const frame = canvas.getBoundingClientRect();
  const clamp = (value, most) => Math.min(most, Math.max(0, Math.round(value * 2) / 2));
  return [clamp((event.clientX - frame.left - view.x) / view.zoom, scene.picture.width), clamp((event.clientY - frame.top - view.y) / view.zoom, scene.picture.height)];
};

function fit() {
  const room = canvas.parentElement.getBoundingClientRect();
  canvas.width = room.width;
  canvas.height = room.height;
  view.zoom = Math.min(room.width / scene.picture.width, room.height / scene.picture.height);
  view.x = (room.width - scene.picture.width * view.zoom) / 2;
  view.y = (room.height - scene.picture.height * view.zoom) / 2;
}

function paint() {
  if (!still) return;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.setTransform(view.zoom, 0, 0, view.zoom, view.x, view.y);
  pen.drawImage(still, 0, 0, scene.picture.width, scene.picture.height);
  for (const kind of ["exclude", "junction", "approaches", "exits", "lanes", "areas", "markings", "stop_lines", "signals", "signs"]) {
    all(kind).forEach((thing, index) => {
      const on = selected && selected.kind === kind && selected.index === index;
      for (const shape of shapes(kind, thing)) outline(shape, on);
    });
  }
  if (selected && item()) for (const shape of shapes(selected.kind, item())) for (const one of handles(shape)) dot(one.x(), one.y(), shape.colour);
  if (drawing) {
    if (drawing.points.length > 1) outline({ type: "line", points: drawing.points, colour: "#00ffff" }, true);
    for (const point of drawing.points) dot(point[0], point[1], "#00ffff");
  }
  $("hint").textContent = drawing ? { line: "Nhấp từng điểm, Enter để xong, Esc để bỏ", area: "Nhấp từng góc, Enter để xong, Esc để bỏ", box: "Nhấp hai góc đối diện", arrow: "Nhấp điểm đầu rồi điểm cuối", point: "Nhấp một điểm" }[drawing.how] : HINT;
}

function outline(shape, on) {
  const width = (on ? 3 : 1.5) / view.zoom;
  pen.lineWidth = width;
  pen.strokeStyle = pen.fillStyle = shape.colour;
  pen.setLineDash(shape.dash ? [4 / view.zoom, 3 / view.zoom] : []);
  pen.beginPath();
  if (shape.type === "point") {
    const from = shape.from[Math.floor((shape.from.length - 1) / 2)], to = shape.from[Math.floor((shape.from.length - 1) / 2) + 1];
    arrow([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], shape.points);
    return;
  }
  if (shape.type === "arrow") { arrow(...shape.points); return; }
  const points = shape.type === "box" ? corners(shape.points) : shape.points;
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  if (shape.type !== "line") pen.closePath();
  if (shape.type === "area") { pen.globalAlpha = on ? 0.3 : 0.15; pen.fill(); pen.globalAlpha = 1; }
  pen.stroke();
}

function arrow([x1, y1], [x2, y2]) {
  const angle = Math.atan2(y2 - y1, x2 - x1), tip = 12 / view.zoom;
  pen.moveTo(x1, y1); pen.lineTo(x2, y2);
  for (const turn of [-0.4, 0.4]) { pen.moveTo(x2, y2); pen.lineTo(x2 - tip * Math.cos(angle + turn), y2 - tip * Math.sin(angle + turn)); }
  pen.stroke();
}

function dot(x, y, colour) {
  pen.setLineDash([]);
  pen.beginPath();
  pen.arc(x, y, 5 / view.zoom, 0, 7);
  pen.fillStyle = colour;
  pen.fill();
  pen.strokeStyle = "#000";
  pen.lineWidth = 1.5 / view.zoom;
  pen.stroke();
}

function begin(kind, how, put) {
  drawing = { kind, how, points: [], put };
  canvas.focus();
  paint();
}

function finish() {
  const { how, points, put } = drawing;
  if (points.length < { line: 2, area: 3, box: 2, arrow: 2, point: 1 }[how]) return;
  drawing = null;
  const [a, b] = points;
  if (how === "point") put(a);
  else if (how === "box") put([Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])]);
  else put(points);
  form();
  changed();
}

const reach = () => 9 / view.zoom;
const far = ([x, y], [px, py]) => Math.hypot(x - px, y - py);

function nearEdge(shape, at) {
  for (const [a, b, index] of edges(shape)) {
    const length = far(a, b) || 1;
    const t = Math.min(1, Math.max(0, ((at[0] - a[0]) * (b[0] - a[0]) + (at[1] - a[1]) * (b[1] - a[1])) / length ** 2));
    if (far(at, [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]) < reach()) return index;
  }
  return 0;
}

canvas.onpointerdown = (event) => {
  canvas.setPointerCapture(event.pointerId);
  if (event.button === 2 || event.button === 1) { grip = { pan: [event.clientX - view.x, event.clientY - view.y] }; return; }
  const at = toScene(event);
  if (drawing) {
    const last = drawing.points[drawing.points.length - 1];
    if (!last || far(last, at) > 0) drawing.points.push(at);
    if ({ box: 2, arrow: 2, point: 1 }[drawing.how] === drawing.points.length) finish();
    else paint();
    return;
  }
  if (selected && item()) {
    for (const shape of shapes(selected.kind, item())) {
      const list = handles(shape), index = list.findIndex((one) => far([one.x(), one.y()], at) < reach());
      if (index >= 0) {
        grip = { handle: list[index] };
        lastHandle = shape.type === "line" || shape.type === "area" ? { shape, index } : null;
        return;
      }
    }
  }
  for (const kind of Object.keys(KINDS)) {
    for (const [index, thing] of all(kind).entries()) {
      if (shapes(kind, thing).some((shape) => nearEdge(shape, at))) { select({ kind, index }); return; }
    }
  }
};

canvas.onpointermove = (event) => {
  if (!grip) return;
  if (grip.pan) { view.x = event.clientX - grip.pan[0]; view.y = event.clientY - grip.pan[1]; paint(); return; }
  grip.handle.move(...toScene(event));
  grip.moved = true;
  paint();
};

canvas.onpointerup = () => {
  if (grip && grip.moved) changed();
  grip = null;
};

canvas.ondblclick = (event) => {
  if (drawing) { finish(); return; }
  if (!selected || !item()) return;
  const at = toScene(event);
  for (const shape of shapes(selected.kind, item())) {
    const index = shape.type === "line" || shape.type === "area" ? nearEdge(shape, at) : 0;
    if (index) { shape.points.splice(index, 0, at); changed(); return; }
  }
};

canvas.oncontextmenu = (event) => event.preventDefault();
canvas.onwheel = (event) => {
  event.preventDefault();
  const frame = canvas.getBoundingClientRect(), [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
  const factor = event.deltaY < 0 ? 1.2 : 1 / 1.2;
  view = { zoom: view.zoom * factor, x: x - (x - view.x) * factor, y: y - (y - view.y) * factor };
  paint();
};

onkeydown = (event) => {
  if (event.target.matches("input, select")) return;
  if (drawing && event.key === "Escape") { drawing = null; paint(); }
  if (drawing && event.key === "Enter") { event.preventDefault(); finish(); }
  if (!drawing && (event.key === "Delete" || event.key === "Backspace") && lastHandle) {
    const { shape, index } = lastHandle;
    if (shape.points.length > (shape.type === "line" ? 2 : 3)) { shape.points.splice(index, 1); changed(); }
    lastHandle = null;
  }
};
onresize = () => { fit(); paint(); };
onbeforeunload = (event) => { if (dirty) event.preventDefault(); };

$("save").onclick = async () => {
  $("save").disabled = true;
  try {
    const done = await call("api/save", { scene, base });
    base = done.base;
    scene.version = done.version;
    dirty = false;
    showFaults(faults);
    $("state").textContent = `đã lưu bản ${done.version}`;
  } catch (error) {
    const { data } = error;
    if (data && data.faults && data.faults.length) showFaults(data.faults);
    $("state").textContent = `không lưu được: ${error.message}${data && data.remedy ? ` → ${data.remedy}` : ""}`;
  }
};

open().catch((error) => { $("state").textContent = error.message; $("hint").textContent = error.message; });

// The form of what is selected, made from the JSON schema of a scene.
import { begin } from "./drawing.js";
import { groundForm, ground_table } from "./ground.js";
import { button, element } from "./lists.js";
import { $, all, at, changed, item, refresh, removeSelected } from "./state.js";
import { fieldName, option, t } from "./words.js";

const GEOMETRY = new Set(["points", "polygon", "forward", "direction", "second", "crossable_from", "box", "countdown", "lamps", "schema_version",
  "stop_lines", "approaches", "junction", "exits", "roads", "lanes", "signs", "areas", "markings", "signals", "exclude", "ground", "rules", "at"]);
const NAMED = { stop_lines: "StopLine", approaches: "Area", exits: "Exit", lanes: "Lane", markings: "Marking", signals: "SignalHead", exclude: "Area", roads: "Road", signs: "Sign", areas: "RoadArea" };
const PARENTS = { governs: ["stop_lines"], lanes: ["lanes"], approach: ["approaches"], road: ["roads"], centre: ["markings"], edge: ["markings"] };
const kindNow = () => (at.selected ? at.selected.kind : "camera");
// A sign holds for stop lines, lanes or areas, by what it says; the check says which.
const parentsOf = (name) => (name === "governs" && kindNow() === "signs" ? ["stop_lines", "lanes", "areas"] : PARENTS[name]);
const ids = (kinds) => kinds.flatMap((kind) => all(kind).map((one) => one.id));

function resolve(field) {
  if (field.$ref) return { ...at.schema.$defs[field.$ref.split("/").pop()], ...field };
  const one = (field.anyOf || []).find((choice) => choice.type !== "null");
  return one ? { ...resolve(one), ...field, optional: true } : field;
}

export function form() {
  const rows = [], { $defs, properties } = at.schema;
  if (!at.selected) {
    // what everybody types; acts and numbers, which are right for nearly everybody, folded
    fields(rows, { of: at.scene }, properties, (name) => !GEOMETRY.has(name) && name !== "picture" && name !== "acts");
    const wanted = [], numbers = [];
    fields(wanted, { of: at.scene }, properties, (name) => name === "acts");
    fields(numbers, { of: at.scene.picture, part: "Picture" }, $defs.Picture.properties);
    fields(numbers, below(at.scene, "rules"), $defs.RuleSettings.properties);
    rows.push(folded("acts_wanted", wanted), folded("numbers", numbers));
  } else if (item()) {
    if (NAMED[kindNow()]) fields(rows, { of: item() }, $defs[NAMED[kindNow()]].properties, (name) => !GEOMETRY.has(name) || (kindNow() === "signals" && name === "lanes"));
    extras(rows, item());
    if (kindNow() === "ground") rows.push(...groundForm());
    rows.push(button("remove", t("delete"), removeSelected));
  }
  else if (kindNow() === "ground") rows.push(...groundForm());
  $("form").replaceChildren(...rows);
  ground_table();
}

const folded = (name, rows) => Object.assign(element("details", "", element("summary", "", t(name)), ...rows), { id: name });

// What a form writes to; a part that is not there yet is put there by the first change, not by looking at it.
const below = (owner, name) => ({ of: owner[name] || {}, keep() { owner[name] = this.of; } });

function write(target, name, value, what) {
  if (value === undefined || value === null || value === "") delete target.of[name];
  else target.of[name] = value;
  if (target.keep) target.keep();
  changed(what);
}

function extras(rows, thing) {
  const kind = kindNow();
  const add = (text, how, put) => rows.push(button("", t(text), () => begin(kind, how, put, text)));
  if (kind === "stop_lines") add("forward", "point", (p) => { thing.forward = p; });
  if (kind === "lanes") add("direction", "arrow", (p) => { thing.direction = p; });
  if (kind === "signs" && !thing.at) add("sign_place", "point", (p) => { thing.at = p; });
  if (kind === "markings") {
    add("second", "line", (p) => { thing.second = p; });
    add("crossable", "point", (p) => { thing.crossable_from = p; });
    for (const [name, what] of [["second", "second_stripe"], ["crossable_from", "broken_side"]]) {
      if (thing[name]) rows.push(button("", t("remove_what", { what: t(what) }), () => { delete thing[name]; changed(); refresh("form"); }));
    }
  }
  if (kind === "signals") {
    for (const colour of ["red", "yellow", "green"]) {
      add(`lamp_${colour}`, "box", (box) => { thing.lamps = [...(thing.lamps || []).filter((lamp) => lamp.colour !== colour), { colour, box }]; });
    }
    add("countdown", "box", (box) => { thing.countdown = box; });
  }
}

function fields(rows, target, properties, wanted = () => true) {
  for (const [name, raw] of Object.entries(properties)) {
    if (!wanted(name)) continue;
    const row = one(target, name, resolve(raw));
    if (row) rows.push(row);
  }
}

function one(target, name, field) {
  const title = fieldName(target.part || kindNow(), name, field.title), parent = parentsOf(name);
  if (field.properties) return part(target, name, field, title);
  if (field.type === "array") {
    const inner = resolve(field.items || {});
    if (inner.properties && !GEOMETRY.has(name)) return several(target, name, inner, title);
    const choices = parent ? ids(parent) : inner.enum;
    return choices && ticks(target, name, choices, target.of[name] ?? field.default ?? (parent ? [] : choices), title);
  }
  const choices = parent ? ids(parent) : field.enum;
  const input = choices ? chooser(target, name, field, choices) : typed(target, name, field);
  input.name = name;
  input.disabled = name === "version";
  const label = element("label", "", element("span", "", title), input);
  label.title = field.description || "";
  return label;
}

// A list left out means all of them, except where the schema says an empty list.
function ticks(target, name, choices, current, title) {
  const box = element("fieldset", "", element("legend", "", title)), set = new Set(current);
  for (const choice of new Set([...choices, ...set])) {
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", checked: set.has(choice), name: `${name}.${choice}` });
    tick.onchange = () => { if (tick.checked) set.add(choice); else set.delete(choice); write(target, name, [...set]); };
    box.append(element("label", "", tick, ` ${option(choice)}`));
  }
  return box;
}

function chooser(target, name, field, choices) {
  const input = document.createElement("select"), current = target.of[name] ?? field.default;
  const values = field.optional ? ["", ...choices] : [...choices];
  if (current && !values.includes(current)) values.push(current);
  input.append(...values.map((value) => new Option(value ? option(value) : "–", value, false, value === (current ?? ""))));
  input.onchange = () => write(target, name, input.value);
  return input;
}

// What is typed goes into the scene at each key: nothing waits for the field to be left.
function typed(target, name, field) {
  const type = field.format === "date" ? "date" : { boolean: "checkbox", integer: "number", number: "number" }[field.type] || "text";
  const input = Object.assign(document.createElement("input"), { type, step: field.type === "integer" ? 1 : "any" });
  const current = target.of[name] ?? field.default;
  if (type === "checkbox") {
    input.checked = !!current;
    input.onchange = () => write(target, name, input.checked);
  } else {
    input.value = current ?? "";
    input.oninput = () => write(target, name, type === "number" && input.value !== "" ? Number(input.value) : input.value, `type ${name}`);
  }
  return input;
}

// A part of a thing with fields of its own, as a sign's source; one that may be missing has a tick.
function part(target, name, field, title) {
  const box = element("fieldset", ""), legend = element("legend", "", title), inside = [];
  box.name = name;
  box.append(legend);
  if (field.optional) {
    const tick = Object.assign(document.createElement("input"), { type: "checkbox", checked: !!target.of[name], name: `${name}.there` });
    tick.onchange = () => { write(target, name, tick.checked ? {} : undefined); refresh("form"); };
    legend.append(" ", tick);
    if (!target.of[name]) return box;
  }
  fields(inside, { ...below(target.of, name), part: name }, field.properties);
  box.append(...inside);
  return box;
}

// A list of such parts, as the hours of a sign.
function several(target, name, inner, title) {
  const box = element("fieldset", "", element("legend", "", title)), there = target.of[name] || [];
  const again = (list) => { write(target, name, list); refresh("form"); };
  there.forEach((single, index) => {
    const inside = [];
    fields(inside, { of: single, part: name }, inner.properties);
    box.append(...inside, button("", t("remove"), () => again(there.filter((_, i) => i !== index))));
  });
  const plus = button("", t("hours_more"), () => again([...there, { begin: "06:00", end: "09:00" }]));
  plus.dataset.more = name;
  box.append(plus);
  return box;
}

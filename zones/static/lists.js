// The lists beside the picture: the things of the scene, what the check found, which acts the scene can state.
import { begin } from "./drawing.js";
import { KINDS, fresh } from "./shapes.js";
import { $, all, at, changed, isSelected, pathOf, select } from "./state.js";
import { chosen, fieldName, isAct, kindName, option, t } from "./words.js";

export function button(name, text, act, on) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = name + (on ? " on" : "");
  made.textContent = text;
  made.onclick = act;
  return made;
}

export const element = (tag, name, ...inside) => {
  const made = document.createElement(tag);
  made.className = name;
  made.append(...inside);
  return made;
};

export function list() {
  const rows = [button("item", t("camera"), () => select(null), at.selected === null)];
  for (const [kind, about] of Object.entries(KINDS)) {
    const plus = button("plus", "+", () => add(kind));
    plus.title = t("draw", { what: kindName(about).toLowerCase() });
    plus.setAttribute("aria-label", plus.title);
    plus.dataset.add = kind;
    plus.disabled = !!about.single && !!at.scene[kind];
    rows.push(element("div", at.drawing && at.drawing.kind === kind ? "kind drawing" : "kind", kindName(about), plus));
    // the ground can be proposed too: its row is there before it is
    (kind === "ground" ? [at.scene.ground] : all(kind)).forEach((thing, index) => {
      const row = button("item", about.single ? kindName(about) : thing.id, () => select({ kind, index }), isSelected(kind, index));
      if (thing && thing.number) row.append(element("small", "", ` ${thing.number}`));
      row.style.setProperty("--c", about.colour);
      const place = pathOf(kind, index);
      row.classList.toggle("bad", at.faults.some((fault) => fault.path === place || fault.path.startsWith(`${place}.`)));
      rows.push(row);
    });
  }
  const scrolled = $("items").parentElement.scrollTop;
  $("items").replaceChildren(...rows);
  $("items").parentElement.scrollTop = scrolled;
}

export function add(kind) {
  const about = KINDS[kind];
  const put = (points) => {
    if (about.single) at.scene[kind] = fresh(kind, points, at.scene);
    else (at.scene[kind] = at.scene[kind] || []).push(fresh(kind, points, at.scene));
    if (kind === "approaches") leadsTo(all(kind).at(-1));
    select({ kind, index: all(kind).length - 1 });
  };
  if (about.draw === "none") { put(null); changed(); } else begin(kind, about.draw, put);
}

// A new approach is that of the nearest stop line that has none yet.
function leadsTo(approach) {
  const middle = (points) => [0, 1].map((k) => points.reduce((sum, p) => sum + p[k], 0) / points.length);
  const [x, y] = middle(approach.polygon), away = (line) => { const [mx, my] = middle(line.points); return Math.hypot(mx - x, my - y); };
  const [nearest] = all("stop_lines").filter((line) => !line.approach).sort((a, b) => away(a) - away(b));
  if (nearest) nearest.approach = approach.id;
}

// The check speaks of the file's fields, in backticks, and of acts by their codes: here they have the page's names.
function plain(text) {
  const named = (name) => {
    const last = name.replace(/^\w+: /, "");
    if (name === "giaolo zones acts") return `“${t("acts")}”`;
    return KINDS[last] ? kindName(KINDS[last]) : option(last) !== last ? option(last) : fieldName("", last, name);
  };
  const words = text.replace(/`([^`]+)`/g, (_, name) => named(name)).replace(/\b[a-z]+(_[a-z]+)+\b/g, (code) => (isAct(code) ? `“${option(code)}”` : code));
  // said twice: "mặt đường (Mặt đường)"
  return words.replace(/ \(([^()]+)\)/g, (all_, inner, where) => (words.slice(0, where).toLowerCase().endsWith(inner.toLowerCase()) ? "" : all_));
}

// Where a fault lies, as the technician calls it; the path in the file is its tooltip.
function place(path) {
  const [, kind, index] = /^(\w+)(?:\[(\d+)\])?/.exec(path) || [];
  if (!KINDS[kind]) return { name: kind ? fieldName("camera", kind, path) : t("scene"), to: null };
  const thing = all(kind)[Number(index || 0)];
  return { name: [kindName(KINDS[kind]), thing && thing.id].filter(Boolean).join(" "), to: thing && { kind, index: Number(index || 0) } };
}

export function faults() {
  $("faults").replaceChildren(...at.faults.map((fault) => {
    const { name, to } = place(fault.path);
    const row = element("li", fault.severity, element("b", "", name), `: ${plain(chosen(fault.what))} → ${plain(chosen(fault.remedy))}`);
    row.title = fault.path;
    if (to) row.onclick = () => select(to);
    return row;
  }));
  if (!at.faults.length) $("faults").append(element("li", "fine", t("no_faults")));
}

export function acts() {
  if (!at.acts) { $("acts").replaceChildren(element("li", "aside", t("acts_unknown"))); $("acts_count").hidden = true; return; }
  const can = at.acts.filter((act) => !act.lacks.length);
  $("acts_count").hidden = false;
  $("acts_count").textContent = t("acts_count", { n: can.length, of: at.acts.length });
  // what can be stated first
  $("acts").replaceChildren(...[...can, ...at.acts.filter((act) => act.lacks.length)].map((act) => {
    const mark = act.lacks.length ? "✗" : act.wanted ? "✓" : "–";
    const row = element("li", act.lacks.length ? "lacks" : act.wanted ? "fine" : "aside", element("b", "", mark), ` ${option(act.act)}`);
    row.dataset.act = act.act;
    if (!act.wanted) row.append(element("small", "", ` (${t("not_wanted")})`));
    for (const lack of act.lacks) {
      const why = element("div", "why", plain(chosen(lack.what)));
      why.title = `${chosen(lack.what)} → ${chosen(lack.remedy)}`;
      row.append(why);
    }
    return row;
  }));
}

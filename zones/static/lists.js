// The lists beside the picture: the things of the scene, what the check found, which acts the scene can state.
import { begin } from "./drawing.js";
import { KINDS, fresh } from "./shapes.js";
import { $, all, at, changed, isSelected, pathOf, select } from "./state.js";
import { chosen, kindName, option, t } from "./words.js";

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
    rows.push(element("div", "kind", kindName(about), plus));
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

function add(kind) {
  const about = KINDS[kind];
  const put = (points) => {
    if (about.single) at.scene[kind] = fresh(kind, points, at.scene);
    else (at.scene[kind] = at.scene[kind] || []).push(fresh(kind, points, at.scene));
    select({ kind, index: all(kind).length - 1 });
  };
  if (about.draw === "none") { put(null); changed(); } else begin(kind, about.draw, put);
}

// Where a fault lies, as the technician calls it; the path in the file is its tooltip.
function place(path) {
  const [, kind, index] = /^(\w+)(?:\[(\d+)\])?/.exec(path) || [];
  if (!KINDS[kind]) return { name: kind ? path : t("scene"), to: null };
  const thing = all(kind)[Number(index || 0)];
  return { name: [kindName(KINDS[kind]), thing && thing.id].filter(Boolean).join(" "), to: thing && { kind, index: Number(index || 0) } };
}

export function faults() {
  $("faults").replaceChildren(...at.faults.map((fault) => {
    const { name, to } = place(fault.path);
    const row = element("li", fault.severity, element("b", "", name), `: ${chosen(fault.what)} → ${chosen(fault.remedy)}`);
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
  $("acts").replaceChildren(...at.acts.map((act) => {
    const mark = act.lacks.length ? "✗" : act.wanted ? "✓" : "–";
    const row = element("li", act.lacks.length ? "lacks" : act.wanted ? "fine" : "aside", element("b", "", mark), ` ${option(act.act)}`);
    row.dataset.act = act.act;
    if (!act.wanted) row.append(element("small", "", ` (${t("not_wanted")})`));
    for (const lack of act.lacks) {
      const why = element("div", "why", chosen(lack.what));
      why.title = `${chosen(lack.what)} → ${chosen(lack.remedy)}`;
      row.append(why);
    }
    return row;
  }));
}

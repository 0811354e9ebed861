// Mouse and keyboard.
import { fit, paint, toScene, zoomAt } from "./canvas.js";
import { addPoint, drawTo, drop, far, finish, grips, nearEdge, nudge, reach, removePoint, takeBack } from "./drawing.js";
import { grabSample, toggleGrid } from "./ground.js";
import { KINDS, shapes } from "./shapes.js";
import { $, all, at, changed, dirty, item, refresh, removeSelected, save, select, showStill, step } from "./state.js";

const canvas = $("canvas");
let grip = null; // {handle | pan | sample}

canvas.onpointerdown = (event) => {
  canvas.setPointerCapture(event.pointerId);
  if (event.button === 2 || event.button === 1) { grip = { pan: [event.clientX - at.view.x, event.clientY - at.view.y] }; return; }
  const point = toScene(event);
  if (at.drawing) { drawTo(point); return; }
  const found = grips(), index = found.findIndex((one) => far([one.x(), one.y()], point) < reach());
  if (index >= 0) {
    at.handle = index;
    grip = { handle: found[index] };
    refresh("paint");
    return;
  }
  const sample = grabSample(point);
  if (sample) { grip = { sample }; return; }
  for (const kind of Object.keys(KINDS)) {
    for (const [place, thing] of all(kind).entries()) {
      if (shapes(kind, thing).some((shape) => nearEdge(shape, point))) { select({ kind, index: place }); return; }
    }
  }
};

canvas.onpointermove = (event) => {
  if (!grip) return;
  if (grip.pan) Object.assign(at.view, { x: event.clientX - grip.pan[0], y: event.clientY - grip.pan[1] });
  else if (grip.sample) grip.sample(toScene(event));
  else {
    grip.handle.move(...toScene(event));
    grip.moved = true;
  }
  paint();
};

canvas.onpointerup = canvas.onpointercancel = () => {
  if (grip && grip.moved) changed();
  grip = null;
};

canvas.ondblclick = (event) => {
  if (at.drawing) finish();
  else addPoint(toScene(event));
};
canvas.oncontextmenu = (event) => event.preventDefault();
canvas.onwheel = (event) => {
  event.preventDefault();
  const frame = canvas.getBoundingClientRect();
  zoomAt(event.deltaY < 0 ? 1.2 : 1 / 1.2, event.clientX - frame.left, event.clientY - frame.top);
  paint();
};

// All things in the order of the list: what Tab goes through.
const things = () => Object.keys(KINDS).flatMap((kind) => all(kind).map((_, index) => ({ kind, index })));
function neighbour(by) {
  const found = things(), now = found.findIndex((one) => at.selected && one.kind === at.selected.kind && one.index === at.selected.index);
  return found[now < 0 ? (by > 0 ? 0 : found.length - 1) : now + by];
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const KEYS = {
  Enter: () => { if (at.drawing) finish(); else { const first = $("form").querySelector("input:not(:disabled), select"); if (first) first.focus(); } },
  Escape: () => { if (at.drawing) drop(); else if (at.handle !== null) { at.handle = null; refresh("paint"); } else if (at.selected) select(null); },
  Delete: () => { if (at.drawing) takeBack(); else if (!removePoint()) removeSelected(); },
  Backspace: () => { if (at.drawing) takeBack(); else removePoint(); },
  " ": (event) => {
    const count = grips().length;
    if (!count) return;
    at.handle = at.handle === null ? (event.shiftKey ? count - 1 : 0) : (at.handle + (event.shiftKey ? count - 1 : 1)) % count;
    refresh("paint");
  },
  "+": () => { zoomAt(1.2, canvas.width / 2, canvas.height / 2); paint(); },
  "-": () => { zoomAt(1 / 1.2, canvas.width / 2, canvas.height / 2); paint(); },
  0: () => { fit(); paint(); },
  g: toggleGrid,
};

onkeydown = (event) => {
  const inText = event.target.matches("input:not([type=checkbox])"), inForm = event.target.matches("input, select, summary, button");
  const letter = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (letter === "s") { event.preventDefault(); save(); }
    if (inText || (letter !== "z" && letter !== "y")) return; // in a field Ctrl+Z is the field's own
    event.preventDefault();
    if (letter === "z" && !event.shiftKey && at.drawing) takeBack();
    else step(letter === "z" && !event.shiftKey ? -1 : 1);
    return;
  }
  // after a click on a button the picture's keys go on; what a button, a list or a field takes is theirs
  if (inForm && !(event.target.matches("button, summary, input[type=checkbox]") && /^[0-9g+-]$/i.test(event.key))) {
    if (event.key === "Escape") canvas.focus();
    return;
  }
  if (event.key === "Tab") {
    // past the last thing Tab goes on to the buttons, as everywhere
    const next = neighbour(event.shiftKey ? -1 : 1);
    if (next && !at.drawing) { event.preventDefault(); canvas.focus(); select(next); }
    return;
  }
  if (/^[1-9]$/.test(event.key)) { showStill(Number(event.key) - 1); return; }
  const act = ARROWS[event.key] && item() ? () => nudge(...ARROWS[event.key].map((one) => one * (event.shiftKey ? 10 : 1))) : KEYS[event.key] || KEYS[letter];
  if (act) { event.preventDefault(); act(event); }
};
onresize = () => { fit(); paint(); };
onbeforeunload = (event) => { if (dirty()) event.preventDefault(); };

// The picture with what is drawn on it: the things with their labels, the handles of what is selected, what is being drawn.
import { LEAST, grips } from "./drawing.js";
import { paintGrid, paintMeasures } from "./ground.js";
import { KINDS, corners, shapes } from "./shapes.js";
import { $, all, at, isSelected, item } from "./state.js";
import { t } from "./words.js";

const canvas = $("canvas"), pen = canvas.getContext("2d");
const ORDER = ["ground", "exclude", "junction", "approaches", "exits", "lanes", "areas", "markings", "stop_lines", "signals", "signs"];
const NEW = "#00ffff";

export const toScene = (event) => {
  const frame = canvas.getBoundingClientRect(), { view, scene } = at;
  const clamp = (value, most) => Math.min(most, Math.max(0, Math.round(value * 2) / 2));
  return [clamp((event.clientX - frame.left - view.x) / view.zoom, scene.picture.width), clamp((event.clientY - frame.top - view.y) / view.zoom, scene.picture.height)];
};

export function fit() {
  const room = canvas.parentElement.getBoundingClientRect(), { width, height } = at.scene.picture;
  canvas.width = room.width;
  canvas.height = room.height;
  const zoom = Math.min(room.width / width, room.height / height);
  at.view = { zoom, x: (room.width - width * zoom) / 2, y: (room.height - height * zoom) / 2 };
}

export function zoomAt(factor, x, y) {
  const { view } = at;
  at.view = { zoom: view.zoom * factor, x: x - (x - view.x) * factor, y: y - (y - view.y) * factor };
}

export function paint() {
  const still = at.stills[at.shown];
  if (!still) return;
  const { view, scene, drawing } = at;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.setTransform(view.zoom, 0, 0, view.zoom, view.x, view.y);
  pen.drawImage(still.image, 0, 0, scene.picture.width, scene.picture.height);
  paintGrid(pen, view.zoom);
  const labels = [];
  for (const kind of ORDER.filter((name) => KINDS[name])) {
    all(kind).forEach((thing, index) => {
      const on = isSelected(kind, index), found = shapes(kind, thing);
      for (const shape of found) outline(shape, on);
      if (found.length) labels.push(label(kind, thing, kind === "signals" ? lowest(found) : found[0]));
    });
  }
  labels.push(...paintMeasures(pen, view.zoom));
  write(labels.filter(Boolean));
  if (item()) grips().forEach((one, index) => dot(one.x(), one.y(), one.shape.colour, index === at.handle));
  if (drawing) {
    if (drawing.points.length > 1) outlineNew(drawing);
    for (const point of drawing.points) dot(point[0], point[1], NEW);
  }
  $("hint").textContent = drawing ? told(drawing) : t("hint");
  $("hint").classList.toggle("drawing", !!drawing);
}

// What is being drawn, how it ends, and how many points are lacking to whoever ended it too early.
function told({ what, how, points, short }) {
  const lacking = short ? t("draw_short", { n: LEAST[how] - points.length }) : "";
  return [lacking, t(`draw_${what}`), how === "line" || how === "area" ? t("draw_ends") : t("draw_esc")].filter(Boolean).join(" ");
}

function outlineNew({ how, points }) {
  for (const part of how === "pair" ? [points.slice(0, 2), points.slice(2)] : [points]) {
    if (part.length > 1) outline({ type: how === "quad" ? "area" : "line", points: part, colour: NEW }, true);
  }
}

// Below all lenses of a head, so that none is covered.
const lowest = (found) => found.reduce((best, shape) => (shape.points[3] > best.points[3] ? shape : best));

// What is written at a thing: a sign's number beside its point, a name in the middle of an area, at the end of a line.
function label(kind, thing, shape) {
  const text = kind === "signs" ? `${thing.number}` : thing.id;
  if (!text || kind === "exclude" || kind === "ground") return null;
  if (shape.type === "point") return { text, at: [shape.points[0] + 10 / at.view.zoom, shape.points[1]], left: true, colour: shape.colour };
  if (shape.type === "box") return { text, at: [(shape.points[0] + shape.points[2]) / 2, shape.points[3] + 12 / at.view.zoom], colour: shape.colour };
  const among = shape.type === "line" ? [shape.points[Math.floor(shape.points.length / 2)]] : shape.points;
  const below = shape.type === "line" ? 16 / at.view.zoom : 0; // not under the handle at its end
  return { text, at: [0, 1].map((k) => among.reduce((sum, p) => sum + p[k], 0) / among.length + k * below), colour: shape.colour };
}

// In pixels of the screen, each moved down until it covers no other.
function write(labels) {
  const taken = [], { view } = at;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.font = '12px "Noto Sans", "DejaVu Sans", sans-serif';
  pen.textBaseline = "middle";
  for (const { text, at: [x, y], left, colour } of labels) {
    const width = pen.measureText(text).width + 8, height = 17;
    const edge = Math.max(0, canvas.width - width); // a name at the edge of the picture is read whole
    const box = { x: Math.min(edge, Math.max(0, x * view.zoom + view.x - (left ? 0 : width / 2))), y: y * view.zoom + view.y - height / 2 };
    for (let tries = 0, hit; tries < 30 && (hit = taken.find((one) => Math.abs(one.y - box.y) < height && box.x < one.x + one.width && one.x < box.x + width)); tries++) box.y = hit.y + height;
    taken.push({ ...box, width });
    pen.fillStyle = "#000b";
    pen.fillRect(box.x, box.y, width, height);
    pen.fillStyle = colour;
    pen.fillText(text, box.x + 4, box.y + height / 2);
  }
  pen.setTransform(view.zoom, 0, 0, view.zoom, view.x, view.y);
}

function outline(shape, on) {
  const { zoom } = at.view;
  pen.lineWidth = (on ? 3 : 1.5) / zoom;
  pen.strokeStyle = pen.fillStyle = shape.colour;
  pen.setLineDash(shape.dash ? [4 / zoom, 3 / zoom] : []);
  pen.beginPath();
  if (shape.type === "point") {
    const middle = Math.floor((shape.from.length - 1) / 2), from = shape.from[middle], to = shape.from[middle + 1];
    if (shape.from[0] === shape.points) dot(...shape.points, shape.colour);
    else arrow([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2], shape.points);
    return;
  }
  if (shape.type === "arrow") { arrow(...shape.points); return; }
  const points = shape.type === "box" ? corners(shape.points) : shape.points;
  points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  if (shape.type !== "line") pen.closePath();
  if (shape.type === "area") { pen.globalAlpha = on ? 0.3 : 0.12; pen.fill(); pen.globalAlpha = 1; }
  pen.stroke();
}

function arrow([x1, y1], [x2, y2]) {
  const angle = Math.atan2(y2 - y1, x2 - x1), tip = 12 / at.view.zoom;
  pen.moveTo(x1, y1);
  pen.lineTo(x2, y2);
  for (const turn of [-0.4, 0.4]) {
    pen.moveTo(x2, y2);
    pen.lineTo(x2 - tip * Math.cos(angle + turn), y2 - tip * Math.sin(angle + turn));
  }
  pen.stroke();
}

function dot(x, y, colour, on = false) {
  const { zoom } = at.view;
  pen.setLineDash([]);
  pen.beginPath();
  pen.arc(x, y, (on ? 7 : 5) / zoom, 0, 7);
  pen.fillStyle = on ? "#fff" : colour;
  pen.fill();
  pen.strokeStyle = on ? colour : "#000";
  pen.lineWidth = (on ? 3 : 1.5) / zoom;
  pen.stroke();
}

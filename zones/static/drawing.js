// Drawing a new shape, point by point, and moving what is there.
import { edges, handles, shapes } from "./shapes.js";
import { $, at, changed, item, refresh } from "./state.js";

export const LEAST = { line: 2, area: 3, box: 2, arrow: 2, point: 1, quad: 4, pair: 4 };
const MOST = { box: 2, arrow: 2, point: 1, quad: 4, pair: 4 };

// `what`: what the hint says is being drawn.
export function begin(kind, how, put, what = kind) {
  at.drawing = { kind, how, points: [], put, what, short: false };
  $("canvas").focus();
  refresh("list", "paint");
}

export function drawTo(point) {
  const { points, how } = at.drawing, last = points[points.length - 1];
  if (!last || far(last, point) > 0) points.push(point);
  at.drawing.short = false;
  if (points.length === MOST[how]) finish();
  else refresh("paint");
}

export function finish() {
  const { how, points, put } = at.drawing;
  if (points.length < LEAST[how]) { at.drawing.short = true; refresh("paint"); return; }
  at.drawing = null;
  const [a, b] = points;
  if (how === "point") put(a);
  else if (how === "box") put([Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])]);
  else put(points);
  changed();
  refresh("form");
}

export const takeBack = () => { at.drawing.points.pop(); refresh("paint"); };
export const drop = () => { at.drawing = null; refresh("list", "paint"); };

export const far = ([x, y], [px, py]) => Math.hypot(x - px, y - py);
export const reach = () => 9 / at.view.zoom;

// Which edge of a shape lies near a point: the index at which a new point would go; 0: none.
export function nearEdge(shape, point) {
  if (shape.type === "point") return far(shape.points, point) < reach() ? 1 : 0;
  for (const [a, b, index] of edges(shape)) {
    const length = far(a, b) || 1;
    const share = Math.min(1, Math.max(0, ((point[0] - a[0]) * (b[0] - a[0]) + (point[1] - a[1]) * (b[1] - a[1])) / length ** 2));
    if (far(point, [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])]) < reach()) return index;
  }
  return 0;
}

// Handles of what is selected, all in one row: [{shape, index, x(), y(), move()}].
export const grips = () => (item() ? shapes(at.selected.kind, item()).flatMap((shape) => handles(shape).map((one, index) => ({ ...one, shape, index }))) : []);

const within = (x, y) => [Math.min(at.scene.picture.width, Math.max(0, x)), Math.min(at.scene.picture.height, Math.max(0, y))];

// The chosen handle, or the whole thing, by so many pixels.
export function nudge(dx, dy) {
  const found = grips();
  if (!found.length) return;
  const one = at.handle === null ? null : found[at.handle];
  if (one) {
    one.move(...within(one.x() + dx, one.y() + dy));
  } else {
    // not past the edge of the picture: the thing keeps its shape
    const xs = found.map((one) => one.x()), ys = found.map((one) => one.y());
    const step = [clamp(dx, -Math.min(...xs), at.scene.picture.width - Math.max(...xs)), clamp(dy, -Math.min(...ys), at.scene.picture.height - Math.max(...ys))];
    const arrays = new Set(found.map((one) => one.shape.points));
    for (const points of arrays) shift(points, step);
  }
  changed(`nudge ${at.selected.kind} ${at.selected.index} ${at.handle}`);
}

const clamp = (value, least, most) => Math.min(Math.max(value, Math.min(0, least)), Math.max(0, most));
function shift(points, [dx, dy]) {
  if (Array.isArray(points[0])) points.forEach((point) => shift(point, [dx, dy]));
  else points.forEach((_, i) => { points[i] += i % 2 ? dy : dx; });
}

// Delete: the chosen point where enough others stay. True if one went.
export function removePoint() {
  const one = at.handle === null ? null : grips()[at.handle];
  if (!one || one.shape.fixed || !["line", "area"].includes(one.shape.type) || one.shape.points.length <= LEAST[one.shape.type]) return false;
  one.shape.points.splice(one.index, 1);
  at.handle = null;
  changed();
  return true;
}

export function addPoint(point) {
  for (const shape of item() ? shapes(at.selected.kind, item()) : []) {
    const index = !shape.fixed && (shape.type === "line" || shape.type === "area") ? nearEdge(shape, point) : 0;
    if (index) { shape.points.splice(index, 0, point); changed(); return; }
  }
}


// What can be drawn: the kinds of things in a scene, their shapes, and where these lie in the scene's data.

import { inOrder, rectangle } from "./plane.js";

// What four corners are taken for until the technician writes what was measured: one lane, and twice a car's length.
const LANE_M = 3.5, LENGTH_M = 9;

export const KINDS = {
  stop_lines: { vi: "Vạch dừng", en: "Stop lines", colour: "#ff2828", draw: "line", field: "points" },
  approaches: { vi: "Đường vào nút", en: "Approaches", colour: "#ffaa00", draw: "area", field: "polygon" },
  junction: { vi: "Trong nút giao", en: "Junction", colour: "#be50ff", draw: "area", single: true },
  exits: { vi: "Lối ra", en: "Exits", colour: "#ff6ec8", draw: "area", field: "polygon" },
  roads: { vi: "Đường", en: "Carriageways", colour: "#c8e6ff", draw: "none" },
  lanes: { vi: "Làn đường", en: "Lanes", colour: "#3caaff", draw: "area", field: "polygon" },
  signs: { vi: "Biển báo", en: "Signs", colour: "#ff9a3c", draw: "point", field: "at" },
  areas: { vi: "Vùng trên đường", en: "Areas of the road", colour: "#7ddc6f", draw: "area", field: "polygon" },
  markings: { vi: "Vạch dọc", en: "Markings", colour: "#fff000", draw: "line", field: "points" },
  signals: { vi: "Đèn tín hiệu", en: "Signal heads", colour: "#ffffff", draw: "box", field: "box" },
  ground: { vi: "Mặt đường", en: "Ground", colour: "#00e6b4", draw: "quad", single: true },
  exclude: { vi: "Vùng bỏ qua", en: "Excluded", colour: "#9a9a9a", draw: "area", field: "polygon" },
};
const LAMPS = { red: "#ff3c3c", yellow: "#ffdc00", green: "#28e65a" };

// A new thing from the points drawn; what the check then misses is for the form.
export function fresh(kind, points, scene) {
  const id = freeName(kind, scene);
  const [a, b] = points && Array.isArray(points[0]) ? [points[0], points[points.length - 1]] : [[0, 0], [0, 0]];
  const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  switch (kind) {
    case "stop_lines": return { id, points, forward: [middle[0], Math.max(0, middle[1] - scene.picture.height / 8)] };
    case "markings": return { id, kind: "1.2", points };
    case "signals": return { id, box: points, governs: (scene.stop_lines || []).map((line) => line.id) };
    case "exits": return { id, movement: movementOf(points, (scene.stop_lines || [])[0]), polygon: points };
    case "lanes": return { id, polygon: points, direction: inside(points) };
    case "junction": return points;
    case "ground": return { pixels: inOrder(points), metres: rectangle(LANE_M, LENGTH_M) };
    case "roads": return { id, kind: "two_way", source: {} };
    case "signs": return { id, number: "P.123a", governs: [], source: {}, at: points };
    case "areas": return { id, kind: "keep_clear", polygon: points };
    default: return { id, polygon: points };
  }
}

const TURN = Math.PI / 4;
// Which way out an area is, seen from the stop line in the picture: a first guess, which the form shows.
function movementOf(points, line) {
  if (!line) return "straight";
  const middle = (of) => [0, 1].map((k) => of.reduce((sum, p) => sum + p[k], 0) / of.length);
  const from = middle([line.points[0], line.points.at(-1)]), to = middle(points);
  const [fx, fy] = [line.forward[0] - from[0], line.forward[1] - from[1]], [x, y] = [to[0] - from[0], to[1] - from[1]];
  const turn = Math.atan2(fx * y - fy * x, fx * x + fy * y); // to the right of the way ahead is positive: y grows downwards
  if (Math.abs(turn) > 2 * TURN) return "u_turn";
  return turn > TURN ? "right" : turn < -TURN ? "left" : "straight";
}

function freeName(kind, scene) {
  const stem = { stop_lines: "line", approaches: "approach", exits: "exit", lanes: "lane", markings: "marking", signals: "head", exclude: "area", roads: "road", signs: "sign", areas: "zone" }[kind];
  const taken = new Set((Array.isArray(scene[kind]) ? scene[kind] : []).map((item) => item.id));
  for (let n = 1; ; n++) if (!taken.has(`${stem}${n}`)) return `${stem}${n}`;
}

// A direction inside a convex area: from near its lowest to near its highest corner.
function inside(points) {
  const centre = [0, 1].map((k) => points.reduce((sum, p) => sum + p[k], 0) / points.length);
  const sorted = [...points].sort((p, q) => q[1] - p[1]);
  return [sorted[0], sorted[sorted.length - 1]].map((p) => [0, 1].map((k) => Math.round(centre[k] + (p[k] - centre[k]) * 0.6)));
}

// The shapes of one thing. `points` is the very array in the scene, so that dragging changes the scene.
export function shapes(kind, item) {
  const colour = KINDS[kind].colour;
  const list = [];
  const add = (type, points, extra = {}) => { if (Array.isArray(points)) list.push({ type, points, colour, ...extra }); };
  if (kind === "junction") { add("area", item); return list; }
  if (kind === "ground") { add("area", item.pixels, { fixed: true }); return list; }
  if (KINDS[kind].draw === "area") add("area", item.polygon);
  if (KINDS[kind].draw === "line") add("line", item.points);
  if (kind === "stop_lines" && item.forward) list.push({ type: "point", points: item.forward, colour, from: item.points });
  if (kind === "lanes") add("arrow", item.direction);
  if (kind === "signs" && item.at) list.push({ type: "point", points: item.at, colour, from: [item.at, item.at] });
  if (kind === "markings") {
    add("line", item.second);
    if (item.crossable_from) list.push({ type: "point", points: item.crossable_from, colour, from: item.points });
  }
  if (kind === "signals") {
    add("box", item.box);
    for (const lamp of item.lamps || []) add("box", lamp.box, { colour: LAMPS[lamp.colour] });
    add("box", item.countdown, { dash: true });
  }
  return list;
}

// Handles of a shape: where they stand, and how to move them.
export function handles(shape) {
  if (shape.type === "point") return [handle(shape.points, 0, 1)];
  if (shape.type === "box") return [[0, 1], [2, 1], [2, 3], [0, 3]].map(([x, y]) => handle(shape.points, x, y));
  return shape.points.map((point) => handle(point, 0, 1));
}

function handle(array, x, y) {
  return { x: () => array[x], y: () => array[y], move: (nx, ny) => { array[x] = nx; array[y] = ny; } };
}

// Corners of what is drawn between, for hit tests: [a, b, index of b].
export function edges(shape) {
  if (shape.type === "point") return [];
  const p = shape.type === "box" ? corners(shape.points) : shape.points;
  const list = p.slice(1).map((b, i) => [p[i], b, i + 1]);
  if (shape.type !== "line" && shape.type !== "arrow") list.push([p[p.length - 1], p[0], p.length]);
  return list;
}

export const corners = ([x1, y1, x2, y2]) => [[x1, y1], [x2, y1], [x2, y2], [x1, y2]];

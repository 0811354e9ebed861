// The road plane: pixels to metres and back by four points, as `zones.geometry.GroundMap` has it. Pure.

// Solves a square system, rows with the right side at their end; null where it has no single answer.
function solve(rows) {
  const n = rows.length, m = rows.map((row) => [...row]);
  for (let i = 0; i < n; i++) {
    const pivot = m.slice(i).reduce((best, row, k) => (Math.abs(row[i]) > Math.abs(m[best][i]) ? k + i : best), i);
    if (Math.abs(m[pivot][i]) < 1e-12) return null;
    [m[i], m[pivot]] = [m[pivot], m[i]];
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const share = m[k][i] / m[i][i];
      for (let j = i; j <= n; j++) m[k][j] -= share * m[i][j];
    }
  }
  return m.map((row, i) => row[n] / row[i]);
}

const homography = (from, to) => {
  const found = solve(from.flatMap(([x, y], i) => [
    [x, y, 1, 0, 0, 0, -x * to[i][0], -y * to[i][0], to[i][0]],
    [0, 0, 0, x, y, 1, -x * to[i][1], -y * to[i][1], to[i][1]],
  ]));
  return found && [...found, 1];
};

const apply = (h, [x, y]) => [h[0] * x + h[1] * y + h[2], h[3] * x + h[4] * y + h[5], h[6] * x + h[7] * y + h[8]];

// {metres(pixel), pixels(metre)}, each null for what has no place: beyond the horizon. Null where the four points make no plane.
export function plane(ground) {
  if (!ground || ground.pixels.length !== 4 || ground.metres.length !== 4) return null;
  // shares of the size instead of pixels: the numbers of the system then lie near each other
  const size = Math.max(...ground.pixels.flat(), 1), small = (p) => [p[0] / size, p[1] / size];
  const there = homography(ground.pixels.map(small), ground.metres), back = there && homography(ground.metres, ground.pixels.map(small));
  if (!back) return null;
  const middle = [0, 1].map((k) => ground.pixels.reduce((sum, p) => sum + p[k], 0) / 4);
  const side = Math.sign(apply(there, small(middle))[2]);
  const metres = (p) => { const [u, v, w] = apply(there, small(p)); return w * side > 1e-9 ? [u / w, v / w] : null; };
  const sideBack = Math.sign(apply(back, metres(middle))[2]);
  const pixels = (m) => { const [u, v, w] = apply(back, m); return w * sideBack > 1e-9 ? [(u / w) * size, (v / w) * size] : null; };
  return { metres, pixels };
}

export const distance = ([x, y], [px, py]) => Math.hypot(x - px, y - py);

// How many pixels a metre is across a way (unit vector in metres) at a place in metres.
export function pixelsAcross(map, place, way) {
  const half = [-way[1] / 2, way[0] / 2];
  const a = map.pixels([place[0] - half[0], place[1] - half[1]]), b = map.pixels([place[0] + half[0], place[1] + half[1]]);
  return a && b ? distance(a, b) : 0;
}

// Four clicks in any order become the corners of a rectangle: near left, near right, far right, far left.
export function inOrder(points) {
  const centre = [0, 1].map((k) => points.reduce((sum, p) => sum + p[k], 0) / 4);
  const around = [...points].sort((p, q) => Math.atan2(q[1] - centre[1], q[0] - centre[0]) - Math.atan2(p[1] - centre[1], p[0] - centre[0]));
  const low = [...points].sort((p, q) => q[1] - p[1]).slice(0, 2);
  const first = low[0][0] < low[1][0] ? low[0] : low[1];
  const begin = around.indexOf(first);
  return [...around.slice(begin), ...around.slice(0, begin)];
}

export const rectangle = (width, length) => [[0, 0], [width, 0], [width, length], [0, length]];

// Lines of a grid of metres as chains of pixels within the picture: [{points, value, axis, strong}].
export function grid(map, { width, height }, leastPx) {
  const seen = [];
  for (let i = 0; i <= 32; i++) for (let j = 0; j <= 32; j++) {
    const place = map.metres([(width * i) / 32, (height * j) / 32]);
    if (place && pixelsAcross(map, place, [1, 0]) > leastPx && pixelsAcross(map, place, [0, 1]) > leastPx) seen.push(place);
  }
  if (!seen.length) return [];
  const range = [0, 1].map((k) => [Math.floor(Math.min(...seen.map((p) => p[k]))), Math.ceil(Math.max(...seen.map((p) => p[k])))]);
  const lines = [];
  for (const axis of [0, 1]) {
    const other = 1 - axis;
    for (let value = range[axis][0]; value <= range[axis][1]; value++) {
      const strong = value % 5 === 0;
      let chain = [];
      const end = () => { if (chain.length > 1) lines.push({ points: chain, value, axis, strong }); chain = []; };
      for (let k = 0; k <= 60; k++) {
        const along = range[other][0] + ((range[other][1] - range[other][0]) * k) / 60, place = axis ? [along, value] : [value, along];
        const pixel = map.pixels(place);
        // fine lines end where they would run together
        const open = pixel && pixel[0] > -width && pixel[0] < 2 * width && pixel[1] > -height && pixel[1] < 2 * height && pixelsAcross(map, place, axis ? [1, 0] : [0, 1]) > (strong ? leastPx : 3 * leastPx);
        if (open) chain.push(pixel); else end();
      }
      end();
    }
  }
  return lines;
}

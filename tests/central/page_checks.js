// What a person would see wrong on a page; returns a list of sentences. Run in the page by tests/central/test_pages.py.
() => {
  const faults = [];
  const name = (el) => `${el.tagName.toLowerCase()}.${(el.getAttribute("class") || "")} "${(el.textContent || el.alt || "").trim().slice(0, 30)}"`;
  const dialog = document.querySelector("dialog[open]");
  const root = dialog || document.body;
  const shown = (el) => {
    const box = el.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && el.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !el.closest(".visually-hidden, .skip, noscript, title, option") && (dialog || !el.closest("dialog"));
  };
  // pictures keep their shape
  for (const el of root.querySelectorAll("img")) {
    if (!shown(el) || !el.naturalWidth || getComputedStyle(el).objectFit !== "fill") continue;
    const box = el.getBoundingClientRect(), seen = box.width / box.height, real = el.naturalWidth / el.naturalHeight;
    if (Math.abs(seen / real - 1) > 0.03) faults.push(`picture ${el.getAttribute("src")} is shown ${seen.toFixed(2)}:1 but is ${real.toFixed(2)}:1`);
  }
  // nothing is cut off at the side
  const wide = document.scrollingElement.scrollWidth - innerWidth;
  if (wide > 1) {
    const who = [...root.querySelectorAll("*")].filter((el) => shown(el) && el.getBoundingClientRect().right > innerWidth + 1).slice(0, 4).map(name);
    faults.push(`page is ${wide} px wider than the screen: ${who.join(" | ")}`);
  }
  // nothing in the bar sticks out of it
  const bar = dialog ? null : document.querySelector("header");
  if (bar) for (const el of bar.querySelectorAll("a, button, span, p")) {
    const box = el.getBoundingClientRect(), own = bar.getBoundingClientRect();
    if (shown(el) && (box.top < own.top - 1 || box.bottom > own.bottom + 1)) faults.push(`${name(el)} sticks out of the bar`);
  }
  // words on a ground of nearly their own colour; axe does not look into drawings
  const parse = (text) => { const n = (text.match(/[\d.]+/g) || []).map(Number); return n.length < 3 ? null : { rgb: n.slice(0, 3), a: n[3] ?? 1 }; };
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const over = (under, top, a) => under.map((v, i) => v * (1 - a) + top[i] * a);
  const opacity = (el) => { let o = 1; for (let e = el; e && e !== document.documentElement; e = e.parentElement) o *= Number(getComputedStyle(e).opacity); return o; };
  const ground = (el, x, y) => {
    let rgb = [255, 255, 255], pictures = false;
    for (const under of document.elementsFromPoint(x, y).reverse()) {
      if (under === el || el.contains(under)) continue;
      const style = getComputedStyle(under);
      if (under.tagName === "IMG" || under.tagName === "image" || under.tagName === "VIDEO") pictures = true;
      const drawn = under.ownerSVGElement && ["rect", "polygon", "circle"].includes(under.tagName);
      const colour = parse(drawn ? style.fill : style.backgroundColor);
      if (colour && (under.tagName !== "text")) rgb = over(rgb, colour.rgb, colour.a * (drawn ? opacity(under) : 1));
    }
    const own = parse(getComputedStyle(el).backgroundColor);
    return pictures ? null : own && !el.ownerSVGElement ? over(rgb, own.rgb, own.a) : rgb;
  };
  const words = [...root.querySelectorAll("*")].filter((el) => shown(el) && [...el.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && !["SCRIPT", "STYLE", "METER", "SELECT", "OPTION", "TEXTAREA"].includes(el.tagName));
  for (const el of words) {
    if (el.closest("[disabled]")) continue;
    const box = el.getBoundingClientRect(), x = box.left + box.width / 2, y = box.top + box.height / 2;
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) continue;
    const style = getComputedStyle(el), said = parse(el.ownerSVGElement ? style.fill : style.color), below = ground(el, x, y);
    if (!said || !below) continue;
    const ratio = contrast(over(below, said.rgb, said.a * opacity(el)), below);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.6 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.4)) faults.push(`contrast ${ratio.toFixed(1)}:1 of ${name(el)}`);
  }
  // words over words
  const lines = words.filter((el) => !el.closest(".actions")).map((el) => {
    const range = document.createRange();
    const own = [...el.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
    return { el, boxes: el.ownerSVGElement ? [el.getBoundingClientRect()] : own.flatMap((n) => { range.selectNodeContents(n); return [...range.getClientRects()]; }) };
  });
  for (let i = 0; i < lines.length; i++) for (let j = i + 1; j < lines.length; j++) {
    const a = lines[i], b = lines[j];
    if (a.el.contains(b.el) || b.el.contains(a.el)) continue;
    if (a.boxes.some((p) => b.boxes.some((q) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 4)))
      faults.push(`${name(a.el)} lies over ${name(b.el)}`);
  }
  return [...new Set(faults)].slice(0, 12);
}

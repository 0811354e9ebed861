// One approval: its keys. Pictures, lamps and clip: evidence.js.
"use strict";
desk.keys({
  i: () => { const b = document.querySelector('[data-open="issue"]'); if (!b || b.disabled) return false; desk.open("issue"); },
  // what cannot be undone takes two keys: on the page of a case the same one corrects a plate
  p: () => { const b = document.getElementById("publish"); if (!b) return false; b.focus(); b.scrollIntoView({ block: "center" }); },
  n: () => { const a = document.getElementById("next"); if (!a) return false; location.href = a.href; },
  b: () => { const s = document.getElementById("siblings"); if (!s) return false; s.focus(); s.scrollIntoView(); },
  q: () => { location.href = "/desk/approve"; },
  ...evidence.keys,
  inDialog: evidence.inDialog,
});

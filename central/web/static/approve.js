"use strict";
desk.keys({
  i: () => { const b = document.querySelector('[data-open="issue"]'); if (!b || b.disabled) return false; desk.open("issue"); },
  q: () => { location.href = "/desk/approve"; },
});

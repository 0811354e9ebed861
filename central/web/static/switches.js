// A new switch: of the camera that is chosen only its own stop lines stand to choose; one whose lines the centre does
// not know has a field to type one in. Without this program the lines of all cameras stand there, under their names.
"use strict";
(() => {
  const place = document.getElementById("s-place"), lines = document.getElementById("s-drawn");
  const typed = document.getElementById("typed-line");
  if (!place) return;
  const groups = lines ? [...lines.querySelectorAll("optgroup")] : [];
  function fit() {
    const own = groups.find((group) => group.label === place.value);
    for (const group of groups) if (group !== own) group.remove();
    if (own && !own.isConnected) lines.append(own);
    const types = Boolean(typed) && typed.dataset.places.split(" ").includes(place.value);
    if (lines) {
      lines.disabled = !own;
      lines.closest(".field").hidden = types;
    }
    if (typed) {
      typed.hidden = !types;
      typed.querySelector("input").disabled = !types;
    }
  }
  place.addEventListener("change", () => {
    if (lines) lines.value = "";
    fit();
  });
  fit();
})();

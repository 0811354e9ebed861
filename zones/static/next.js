// What comes next: the steps to a scene that finds who runs a red light, the first that is not done yet with its button.
// None of them must be taken: each can be skipped, and things are drawn from the list in any order.
import { begin } from "./drawing.js";
import { add, button, element } from "./lists.js";
import { $, all, at, dirty, isSelected, refresh, save, select } from "./state.js";
import { runs, tried } from "./trial.js";
import { t } from "./words.js";

const LEAST_LAMPS = 2; // red and green; yellow is dark in many pictures

const withoutLamps = () => all("signals").findIndex((head) => head.source !== "controller" && (head.lamps || []).length < LEAST_LAMPS);
const nextColour = (head) => ["red", "yellow", "green"].find((colour) => !(head.lamps || []).some((lamp) => lamp.colour === colour));

// One lamp after the other, as long as nobody presses Esc.
function drawLamp(index = withoutLamps()) {
  const head = all("signals")[index], colour = nextColour(head);
  if (!isSelected("signals", index)) select({ kind: "signals", index });
  begin("signals", "box", (box) => {
    head.lamps = [...(head.lamps || []), { colour, box }];
    if (nextColour(head)) drawLamp(index);
  }, `lamp_${colour}`);
}

const drawn = (kind) => ({ name: kind, done: () => all(kind).length > 0, go: () => add(kind) });
const STEPS = [
  drawn("stop_lines"),
  { ...drawn("approaches"), done: () => all("stop_lines").every((line) => line.approach) && all("stop_lines").length + all("approaches").length > 0 },
  drawn("junction"),
  drawn("signals"),
  { name: "lamps", done: () => withoutLamps() < 0, go: () => drawLamp() },
  { name: "ground", done: () => !!at.scene.ground, go: () => select({ kind: "ground", index: 0 }) },
  drawn("exits"),
  { name: "try", done: () => !at.trial || tried(), go: () => $("try").click(), ready: () => !$("try").disabled },
  { name: "save", done: () => !dirty(), go: save, ready: () => !$("save").disabled },
];

// Steps skipped in this file, as long as the browser keeps them.
const skippedName = () => `giaolo.skipped.${at.draft}`;
const skipped = () => JSON.parse(localStorage.getItem(skippedName()) || "[]");

export function next() {
  const gone = new Set(skipped()), place = STEPS.findIndex((step) => !gone.has(step.name) && !step.done());
  $("next").hidden = place < 0;
  if (place < 0) return;
  const step = STEPS[place], go = button("go", t("next_go"), step.go), going = step.name === "try" ? runs() : "";
  go.disabled = !!step.ready && !step.ready();
  const skip = button("", t("next_skip"), () => { localStorage.setItem(skippedName(), JSON.stringify([...gone, step.name])); refresh("next"); });
  $("next").dataset.step = step.name;
  $("next").replaceChildren(
    element("b", "", `${t("next_count", { n: place + 1, of: STEPS.length })} ${t(`next_${step.name}`)}`),
    element("p", "note", going || t(`next_${step.name}_why`)),
    ...(going ? [] : [go]), ...(going || step.name === "save" ? [] : [skip]),
  );
}

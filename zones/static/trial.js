// What would be found with the scene as drawn now: asks for a run over recorded video, shows how far it is and what came of it.
import { $, at, call, refresh } from "./state.js";
import { chosen, lang, t } from "./words.js";

const ASK_MS = 1000;
let told = null, triedWith = "";

const running = () => !!told && told.state === "running";
// How far a run is, in words; empty while there is none.
export const runs = () => (running() ? t("try_running", { n: Math.round(told.seen_s), of: Math.round(told.of_s) }) : "");
// Whether the scene was tried as it is drawn now.
export const tried = () => !!told && told.state === "done" && drawn() === triedWith;

const drawn = () => JSON.stringify({ ...at.scene, version: undefined });

export function trial() {
  $("try").hidden = !at.trial;
  $("trial").hidden = !told || told.state === "none";
  if (!at.trial) return;
  $("try").textContent = t(running() ? "try_stop" : "try");
  $("try").title = t("try_why", { n: Math.round(at.trial.seconds), video: at.trial.video });
  $("try").disabled = !running() && at.faults.some((fault) => fault.severity === "error");
  $("trial_told").replaceChildren(...(told ? rows() : []));
}

function row(kind, text) {
  const made = document.createElement("li");
  made.className = kind;
  made.textContent = text;
  return made;
}

function rows() {
  const list = document.createElement("ul");
  if (running()) list.append(row("aside", runs()));
  if (told.state === "failed") list.append(row("error", told.why.split(" -> ").map(chosen).join(" → ")));
  if (told.state === "done" && drawn() !== triedWith) list.append(row("warning", t("try_old")));
  for (const line of told.lines[lang] || []) list.append(row(line.startsWith(" ") ? "aside more" : "aside", line.trim()));
  return [list];
}

async function follow() {
  while (running()) {
    await new Promise((done) => setTimeout(done, ASK_MS));
    told = await call("api/trial");
    refresh("trial", "next");
  }
}

$("try").onclick = async () => {
  try {
    if (running()) { told = await call("api/trial/stop", {}); return; }
    triedWith = drawn();
    told = await call("api/trial", at.scene);
    refresh("trial", "next");
    await follow();
    $("trial").scrollIntoView({ block: "start" });
  } catch (error) {
    told = { state: "failed", why: error.data ? `${error.message} -> ${error.data.remedy || ""}` : t("offline"), lines: {} };
    refresh("trial", "next");
  }
};

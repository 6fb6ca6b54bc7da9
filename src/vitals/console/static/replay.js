// Alarm replay: limits as a form, a question to the server's worker, and what came of it. No alarm depends on this page.

import { post } from "./action.js";
import { LimitForm } from "./limit-form.js";
import { show } from "./replay-result.js";

const $ = (id) => document.getElementById(id);
const question = $("question");
const LOOK_MS = 400;
const limits = new LimitForm($("metrics"), $("another"));

let running = null; // the job that this page waits for
let inForce = null;

question.elements.patient.addEventListener("change", recall);
question.addEventListener("submit", (event) => {
  event.preventDefault();
  replay();
});
for (const radio of question.elements.way) {
  radio.addEventListener("change", () => {
    $("form").hidden = way() !== "form";
    $("paste").hidden = way() !== "paste";
  });
}
$("add-metric").addEventListener("click", () => limits.add($("another").value));
$("reset").addEventListener("click", () => limits.fill(inForce.form, inForce.metrics));
$("cancel").addEventListener("click", async () => {
  if (running) await post(`/api/v1/replays/${running}/cancel`, {});
});

const way = () => question.elements.way.value;

function say(text, wrong = false) {
  $("said").textContent = text;
  $("said").dataset.wrong = String(wrong);
}

/** The limits in force for the chosen patient, and the last day on the clock of the patient's site. */
async function recall() {
  const patient = question.elements.patient.value;
  $("limits").hidden = true;
  $("result").hidden = true;
  if (!patient) return say("");
  say("Looking up the limits in force…");
  const found = await ask({ do: "limits", patient });
  if (!found || question.elements.patient.value !== patient) return;
  inForce = found;
  question.elements.begins.value = found.begins;
  question.elements.ends.value = found.ends;
  $("zone").textContent = `Local time at the site: ${found.zone}`;
  limits.fill(found.form, found.metrics);
  $("limits").hidden = false;
  say(found.notes.join(" "), found.notes.length > 0);
}

async function replay() {
  if (running) return;
  const { patient, begins, ends, profile } = question.elements;
  const asked = { do: "replay", patient: patient.value, begins: begins.value, ends: ends.value };
  if (way() === "paste") asked.profile = profile.value;
  else asked.form = limits.read();
  if (way() === "paste" && !profile.value.trim()) return say("Paste a profile first, or edit the limits in force.", true);
  $("result").hidden = true;
  say("Replaying…");
  const found = await ask(asked);
  if (!found) return;
  say("");
  show($("result"), found, $("result").dataset.job, question.elements.patient.selectedOptions[0].textContent);
  $("result").hidden = false;
  $("result-title").focus();
}

/** Put a question and wait for its answer; null where there is none, which has been said then. */
async function ask(asked) {
  const { outcome, said } = await post("/api/v1/replays", asked);
  if (outcome !== "done") {
    say(said?.message ?? "No answer from the server: is it running?", true);
    return null;
  }
  running = said.id;
  busy(true);
  try {
    return await wait(said.id);
  } finally {
    running = null;
    busy(false);
  }
}

async function wait(job) {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = await look(job);
    if (!now) {
      say("The connection to the server was lost; ask again.", true);
      return null;
    }
    if (now.state === "waiting" || now.state === "running") {
      $("progress").value = now.progress;
      continue;
    }
    if (now.state === "done") {
      $("result").dataset.job = job;
      return now.answer;
    }
    say(now.state === "cancelled" ? "Cancelled." : now.message, now.state !== "cancelled");
    return null;
  }
}

async function look(job) {
  try {
    const response = await fetch(`/api/v1/replays/${job}`);
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

function busy(is) {
  $("cancel").hidden = !is;
  $("progress").hidden = !is;
  $("progress").value = 0;
  question.querySelector("[type=submit]").setAttribute("aria-disabled", String(is));
}

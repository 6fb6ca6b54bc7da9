// What came of a replay, as tables and a picture.

import { element } from "./element.js";

const SYMBOL = { high: "!!!", medium: "!!", low: "!" };

/** Put an answer on the page; who names the patient as the form does (S10). */
export function show(box, { told, rows, picture, name }, job, who) {
  const $ = (id) => box.querySelector(`#${id}`);
  const { baseline, difference } = told;
  $("result-title").textContent = `${who}: ${name} would have made ${count(told.episodes.length)}`;
  fill($("summary"), [
    line(`Proposed: ${name}`, told),
    line(`In force then: ${baseline.profiles.join(", ")}`, baseline),
    line("Recorded then", baseline.recorded),
    ["Proposed less in force", signed(difference.episodes), signed(difference.alarms_per_patient_day), signedTime(difference.seconds_in_alarm)],
  ]);
  const missing = Object.entries(told.missing_seconds).map(([reason, seconds]) => `${reason.replaceAll("_", " ")} ${time(seconds)}`);
  const notes = [`Monitored ${time(told.seconds)}.${missing.length ? ` Missing: ${missing.join(", ")}.` : ""}`, ...told.notes];
  if (baseline.recorded.missed.length) notes.push(`Found late then, and listed as missed: ${baseline.recorded.missed.length}`);
  $("notes").replaceChildren(...notes.map((text) => element("li", {}, text)));
  const { only_recorded: onlyRecorded } = difference.recorded;
  if (onlyRecorded.length) $("notes").append(element("li", {}, `Recorded then and not by the proposed limits: ${onlyRecorded.length}`));
  $("picture").hidden = !picture;
  const image = $("picture").querySelector("img");
  if (picture) {
    image.src = `/api/v1/replays/${job}/picture`;
    image.alt = `Values, limits and alarms over time: ${count(told.episodes.length)} proposed, ${baseline.episodes.length} in force then`;
  }
  const body = $("episodes").querySelector("tbody");
  body.replaceChildren(...rows.map(episode));
  if (!rows.length) body.append(element("tr", {}, element("td", { colspan: "7" }, "No alarm, neither then nor proposed.")));
  fill($("technical"), technical(told.technical));
  $("technical").hidden = !told.technical.episodes.length;
}

function episode({ where, priority, what, worst, alarm, lasts_s: lasts, later }) {
  const mark = element("span", { class: "priority", "data-priority": priority }, `${SYMBOL[priority]} ${priority}`);
  const row = element("tr", { "data-where": where }, element("td", {}, where), element("td", {}, mark));
  for (const text of [what, String(worst), alarm, lasts === null ? "on" : time(lasts), later]) row.append(element("td", {}, text));
  return row;
}

function technical({ episodes, seconds_in_alarm: seconds }) {
  return Object.keys(seconds).map((condition) => [
    condition.replaceAll("_", " "),
    String(episodes.filter((each) => each.condition === condition).length),
    time(seconds[condition]),
  ]);
}

function fill(table, rows) {
  const cells = ([first, ...rest]) => [
    element("th", { scope: "row" }, first),
    ...rest.map((text) => element("td", {}, text)),
  ];
  table.querySelector("tbody").replaceChildren(...rows.map((row) => element("tr", {}, ...cells(row))));
}

const line = (words, { episodes, alarms_per_patient_day: rate, seconds_in_alarm: seconds }) => [
  words,
  String(episodes.length),
  rate === null ? "--" : String(rate),
  time(seconds),
];
const count = (number) => `${number} alarm${number === 1 ? "" : "s"}`;
const signed = (number) => (number === null ? "--" : number > 0 ? `+${number}` : String(number));
const signedTime = (seconds) => `${seconds < 0 ? "−" : "+"}${time(Math.abs(seconds))}`;

function time(seconds) {
  if (seconds < 120) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 3600) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(2)} h`;
}

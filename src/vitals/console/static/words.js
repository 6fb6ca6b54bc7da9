// How the console says things: symbols, units, numbers, times.

export const PRIORITIES = ["high", "medium", "low"];
export const SYMBOL = { high: "!!!", medium: "!!", low: "!" };
export const SHORT = { heart_rate: "HR", pulse_rate: "PR", spo2: "SpO₂" };

const UNITS = { "/min": "/min", "%": "%", Cel: "°C", "mm[Hg]": "mmHg" };
const MISSING = {
  never: "NO DATA",
  sensor_off: "SENSOR OFF",
  no_signal: "NO SIGNAL",
  unavailable: "UNAVAILABLE",
  out_of_range: "OUT OF RANGE",
  failed: "SENSOR FAILED",
  questionable: "QUESTIONABLE",
};

export const unit = (ucum) => UNITS[ucum] ?? ucum;
export const missing = (reason) => MISSING[reason] ?? "NO VALUE";

/** A number as it is said in a message: decimals only where rounding would hide which side of a limit it is on. */
export function exact(value) {
  if (Number.isInteger(value)) return String(value);
  const short = value.toFixed(1);
  return short.endsWith(".0") ? value.toFixed(2).replace(/\.?0+$/, "") : short;
}

/** Seconds as a person says them: 12 s, 4 min, 2 h. */
export function age(seconds) {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

/** How long until an ISO moment, as a countdown: 1:43. */
export function left(moment, now) {
  const seconds = Math.max(0, Math.ceil((Date.parse(moment) - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** Whether nobody took the alarm yet. */
export const untaken = ({ phase }) => phase === "active" || phase === "ended";

/** Whether it makes no sound although nobody took it. */
export const quiet = (alarm) => untaken(alarm) && !alarm.sounding;

/** Whether it is to be heard; a pause ends by itself, also if nobody says that it did (S2). */
export const audible = (alarm, now) =>
  alarm.sounding || (untaken(alarm) && alarm.paused_until !== null && Date.parse(alarm.paused_until) <= now);

/** The time of day of an ISO moment. */
export function clock(moment, seconds = false) {
  const options = { hour: "2-digit", minute: "2-digit", hour12: false };
  if (seconds) options.second = "2-digit";
  return new Intl.DateTimeFormat("en-GB", options).format(new Date(moment));
}

const measured = ({ metric, value, limit }) => metric !== null && value !== null && limit !== null;
const scored = (alarm) => Boolean(alarm.condition?.startsWith("score.")); // a missed event has none
const condition = (alarm) => alarm.condition.replaceAll("_", " ");

const ARROW = { falls: "↓", rises: "↑" }; // a rate of change: how far the value moved, and within how long
const arrow = (alarm) => ARROW[alarm.condition?.split(".")[1]] ?? "";

/** What an alarm says: value against limit where it has them (words without either help nobody), with the unit. */
export function message(alarm) {
  if (!measured(alarm)) return alarm.message || condition(alarm);
  return arrow(alarm) ? moved(alarm, ` ${unit(alarm.unit)}`) : `${brief(alarm)} ${unit(alarm.unit)}`;
}

const against = ({ value, limit }) => (value < limit ? "<" : ">");
const name = ({ metric }) => SHORT[metric] ?? metric;

const moved = (alarm, unit = "") =>
  `${name(alarm)} ${arrow(alarm)}${exact(alarm.value)}${unit}${alarm.over_s ? ` in ${age(alarm.over_s)}` : ""}`;

/** Value, or mean, against limit in few words; how far it moved; a score and what it comes to; or the condition's name. */
export function brief(alarm) {
  if (scored(alarm)) return total(alarm.message.split(":")[0]);
  if (!measured(alarm)) return condition(alarm).toUpperCase();
  if (arrow(alarm)) return moved(alarm);
  return `${name(alarm)}${alarm.over_s ? " mean" : ""} ${exact(alarm.value)} ${against(alarm)} ${exact(alarm.limit)}`;
}

/** The same where even a value is too much: the limit alone. */
export function briefest(alarm) {
  if (!measured(alarm)) return brief(alarm);
  return `${name(alarm)}${arrow(alarm) || against(alarm)}${exact(alarm.limit)}`;
}

/** The headline of a card. */
export const headline = (alarm) => (measured(alarm) || scored(alarm) ? brief(alarm) : message(alarm));

/** What a card says below it: which parts drive a score, and which are unknown. */
export const detail = (alarm) => (scored(alarm) ? alarm.message.split(": ").slice(1).join(": ") : "");

const total = (said) => said.replace(" at least ", " ≥");

/** A score in one line: NEWS2 ≥5 · 3 of 7 parts · 12 min. Nothing known is a question mark, never 0. */
export function score({ name: called, scale, total: sum, at_least: bound, parts, age_s: oldest }) {
  const known = parts.filter(({ lack }) => !lack).length;
  const said = [`${called}${scale === 2 ? " (scale 2)" : ""} ${sum === null ? "?" : `${bound ? "≥" : ""}${sum}`}`];
  if (bound) said.push(`${known} of ${parts.length} parts`);
  if (oldest !== null) said.push(age(oldest));
  return said.join(" · ");
}

/** An alarm of a score in one line: as it was raised, what it is now if that differs, and how much of it is known. */
export function alarmed(alarm, now) {
  const [said, ...rest] = score(now).split(" · ");
  return [brief(alarm), said === brief(alarm) ? "" : `now ${said.split(" ").at(-1)}`, ...rest].filter(Boolean).join(" · ");
}

const LACK = { not_observed: "not observed", expired: "expired", settling: "just begun", ahead_of_time: "ahead of time" };

/** The same part by part: what it asks for, what counts, what is missing and why, what its alarm waits for. */
export function scoreLines({ response, action, parts, waits_for: waits }) {
  const called = (parameter) => parts.find((part) => part.parameter === parameter)?.display ?? parameter;
  const counted = parts.filter(({ lack }) => !lack).map(({ said, points, age_s: old }) => `${said}: ${points} (${age(old)})`);
  const missing = parts.filter(({ lack }) => lack).map(({ display, lack }) => `${display} (${LACK[lack] ?? lack.replaceAll("_", " ")})`);
  const lines = [response === null ? "Not complete: what it asks for is unknown" : `${response.replaceAll("_", "-")}: ${action}`];
  if (counted.length) lines.push(counted.join(" · "));
  if (missing.length) lines.push(`Missing: ${missing.join(", ")}`);
  if (waits.length) lines.push(`Its alarm lasts until this is known again: ${waits.map(called).join(", ")}`);
  return lines;
}

/** An entered observation: what, who, when, how long it counts. */
export function entry({ display, said, by, age_s: old, expires_s: left }) {
  const what = said.startsWith(display) ? said : `${display}: ${said}`;
  return `${what} · ${by} · ${age(old)} ago · ${left > 0 ? `counts ${age(left)} more` : "EXPIRED"}`;
}

/** One alarm limit: < 85 !!!, of a mean < 90 !! ⌀10 s, of a rate of change ↓4/60 s !! */
export function limit({ side, value, priority, within_s: within, average_s: average }) {
  const bound = within ? `${ARROW[side]}${exact(value)}/${age(within)}` : `${side === "low" ? "<" : ">"} ${exact(value)}`;
  return [bound, SYMBOL[priority] ?? "", average ? `⌀${age(average)}` : ""].filter(Boolean).join(" ");
}

const level = ({ within_s: within, value }) => (within ? -Infinity : value);

/** Limits from the highest number to the lowest, as they lie around the value; rates of change below them. */
export const byHeight = (limits) => [...limits].sort((one, other) => (level(one) === level(other) ? 0 : level(other) - level(one)));

/** An alarm that somebody switched off. */
export const off = ({ message: said, priority, reason, owner, until }) => `⊘ ${SYMBOL[priority]} ${said}: off until ${clock(until)} (${reason}), ${owner}`;

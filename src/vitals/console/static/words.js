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

const measured = ({ value, limit }) => value !== null && limit !== null;
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

/** Value, or mean, against limit in few words; or how far it moved; or the condition's name. */
export function brief(alarm) {
  if (!measured(alarm)) return condition(alarm).toUpperCase();
  if (arrow(alarm)) return moved(alarm);
  return `${name(alarm)}${alarm.over_s ? " mean" : ""} ${exact(alarm.value)} ${against(alarm)} ${exact(alarm.limit)}`;
}

/** The same where even a value is too much: the limit alone. */
export function briefest(alarm) {
  if (!measured(alarm)) return condition(alarm).toUpperCase();
  return `${name(alarm)}${arrow(alarm) || against(alarm)}${exact(alarm.limit)}`;
}

/** The headline of a card. */
export const headline = (alarm) => (measured(alarm) ? brief(alarm) : message(alarm));

/** One alarm limit: < 85 !!!, of a mean < 90 !! ⌀10 s, of a rate of change ↓4/60 s !! */
export function limit({ side, value, priority, within_s: within, average_s: average }) {
  const bound = within ? `${ARROW[side]}${exact(value)}/${age(within)}` : `${side === "low" ? "<" : ">"} ${exact(value)}`;
  return [bound, SYMBOL[priority] ?? "", average ? `⌀${age(average)}` : ""].filter(Boolean).join(" ");
}

const level = ({ within_s: within, value }) => (within ? -Infinity : value);

/** Limits from the highest number to the lowest, as they lie around the value; rates of change below them. */
export const byHeight = (limits) => [...limits].sort((one, other) => (level(one) === level(other) ? 0 : level(other) - level(one)));

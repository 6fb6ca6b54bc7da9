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

/** A number as it is said in a message: a decimal only where rounding would hide which side of a limit it is on. */
export const exact = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(1).replace(/\.0$/, ""));

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

/** What an alarm says: value against limit where it has them (words without either help nobody), with the unit. */
export function message(alarm) {
  return measured(alarm) ? `${brief(alarm)} ${unit(alarm.unit)}` : alarm.message || condition(alarm);
}

const against = ({ value, limit }) => (value < limit ? "<" : ">");
const name = ({ metric }) => SHORT[metric] ?? metric;

/** Value against limit in few words, or the condition's name. */
export const brief = (alarm) =>
  measured(alarm) ? `${name(alarm)} ${exact(alarm.value)} ${against(alarm)} ${exact(alarm.limit)}` : condition(alarm).toUpperCase();

/** The same where even a value is too much: the limit alone. */
export const briefest = (alarm) => (measured(alarm) ? `${name(alarm)}${against(alarm)}${exact(alarm.limit)}` : condition(alarm).toUpperCase());

/** The headline of a card. */
export const headline = (alarm) => (measured(alarm) ? brief(alarm) : message(alarm));

/** One alarm limit: < 85 !!! */
export const limit = ({ side, value, priority }) =>
  `${side === "low" ? "<" : ">"} ${exact(value)} ${SYMBOL[priority] ?? ""}`;

/** Limits from the highest number to the lowest, as they lie around the value. */
export const byHeight = (limits) => [...limits].sort((one, other) => other.value - one.value);

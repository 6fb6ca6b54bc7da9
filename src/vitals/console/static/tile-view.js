// What a tile shows, as plain values: no element is touched here. Unknown never looks normal.

import * as words from "./words.js";

const RATES = ["heart_rate", "pulse_rate"];
const WORST = ["suspended", "no_plan", "no_data", "not_monitored", "limits_unusable", "sensor_off", "stale", "monitored"];
const HATCHED = new Set(["suspended", "no_plan", "limits_unusable", "no_data", "sensor_off"]); // and whatever shows no number at all

/**
 * One value of a tile: {metric, label, unit, text, number, look, age, status, reason, limits}.
 * look: "live"; "old" (struck); "gone" (two dashes). delays: seconds, scaled.
 */
export function value(shown, delays) {
  if (!shown) return { text: "--", look: "gone", status: "absent", age: null, limits: [] };
  const { metric, limits, age_s: age } = shown;
  const base = { metric, label: words.SHORT[metric], unit: words.unit(shown.unit), limits, age };
  if (shown.missing) {
    const late = age !== null && age >= delays.notMonitoredShown;
    const status = shown.missing === "never" ? "no_data" : late ? "not_monitored" : shown.missing === "sensor_off" ? "sensor_off" : "missing";
    return { ...base, text: "--", look: "gone", status, reason: words.missing(shown.missing) };
  }
  if (shown.value === null || age === null) return { ...base, text: "--", look: "gone", status: "no_data", reason: "NO DATA" };
  const text = String(Math.round(shown.value));
  base.number = shown.value;
  if (age >= delays.numberHidden) return { ...base, text: "--", look: "gone", status: "not_monitored" };
  if (age >= delays.notMonitoredShown) return { ...base, text, look: "old", status: "not_monitored" };
  return { ...base, text, look: "live", status: age >= delays.ageShown ? "stale" : "monitored" };
}

/** The rate to show: the heart's, or the pulse's while no heart rate is being measured. */
export function rate(shown, delays) {
  const [heart, pulse] = RATES.map((metric) => shown[metric] && value(shown[metric], delays));
  if (heart?.look === "live" || !pulse) return heart ?? value(undefined, delays);
  return pulse.look === "live" || !heart ? pulse : heart;
}

/** The alarm that a tile wears: the highest that nobody took, or else the highest. */
export function foremost(alarms) {
  const weight = (alarm) => words.PRIORITIES.indexOf(alarm.priority) + (alarm.phase === "acknowledged" ? 3 : 0);
  return alarms.reduce((best, alarm) => (best && weight(best) <= weight(alarm) ? best : alarm), null);
}

const HIDDEN = { text: "--", look: "gone", status: "absent", age: null, limits: [] };

/** Everything about one tile; alarms are its patient's, compact says that one line must do. */
export function tileView(tile, alarms, delays, compact) {
  const one = tile.suspended ? HIDDEN : rate(tile.shown, delays); // nobody watches these numbers: they are not shown
  const two = tile.suspended ? HIDDEN : value(tile.shown.spo2, delays);
  const values = [one, two].filter(({ status }) => status !== "absent");
  const alarm = foremost(alarms);
  const status = worst([tile.status, ...values.map((each) => (each.status === "missing" ? "monitored" : each.status))]);
  const age = Math.max(...values.map((each) => each.age ?? 0), 0);
  const known = tile.suspended ? suspension(tile.suspended, !compact) : knowledge(status, values, age, compact);
  return {
    rate: one,
    spo2: two,
    wide: one.text.length + two.text.length > 5 || (one.metric === "pulse_rate" && one.text.length > 2),
    alarm: alarm?.priority ?? null,
    phase: alarm?.phase ?? null,
    quiet: Boolean(alarm && words.quiet(alarm)),
    badge: badge(alarm) + (tile.inactivated.length ? "⊘" : ""),
    off: tile.inactivated.map(words.off).join("\n"),
    status,
    suspended: tile.suspended ? `${suspension(tile.suspended, true)}, ${tile.suspended.reason}` : "",
    hatch: HATCHED.has(status) || values.some(({ reason }) => reason === "SENSOR OFF") || values.length === 0 || values.every(({ look }) => look === "gone"),
    blind: ["no_plan", "no_data", "not_monitored"].includes(status),
    why: tile.suspended ? `until ${words.clock(tile.suspended.until)}\n${tile.suspended.owner}` : why(status, values, age),
    state: line(known, alarm, tile, delays.now, compact),
  };
}

const suspension = ({ owner, until }, whole) => (whole ? `SUSPENDED until ${words.clock(until)} · ${owner}` : "SUSPENDED");

const worst = (statuses) => WORST[Math.min(...statuses.map((status) => WORST.indexOf(status)).filter((at) => at >= 0))];

function badge(alarm) {
  if (!alarm) return "";
  return (alarm.phase === "acknowledged" ? "✓" : "") + words.SYMBOL[alarm.priority];
}

function knowledge(status, values, age, compact) {
  const without = values.filter(({ reason }) => reason);
  const whose = !compact && without.length === 1 && values.length > 1 ? `${without[0].label} ` : "";
  const reason = without.length ? `${whose}${without[0].reason}` : "";
  const plain = {
    no_plan: "NO PLAN",
    limits_unusable: "CHECK LIMITS",
    no_data: "NO DATA",
    not_monitored: "NOT MONITORED",
    sensor_off: reason || "SENSOR OFF",
    stale: `AGE ${words.age(age)}`,
    monitored: reason,
  }[status];
  if (compact || status !== "not_monitored") return plain;
  return [plain, reason, words.age(age)].filter(Boolean).join(" · ");
}

function why(status, values, age) {
  if (status !== "not_monitored") return "";
  if (values.some(({ reason }) => reason === "SENSOR OFF")) return "OFF";
  return values.every(({ look }) => look === "gone") ? words.age(age) : "";
}

function line(known, alarm, tile, now, compact) {
  const said = [];
  const quiet = alarm && words.quiet(alarm);
  if (quiet) said.push(alarm.paused_until ? words.left(alarm.paused_until, now) : compact ? "" : "NO SOUND");
  if (alarm?.phase === "ended") said.push(known ? "ENDED" : `ENDED${quiet && compact ? "" : " ·"} now ${alarm.current === null ? "--" : Math.round(alarm.current)}`);
  if (known) said.push(compact && said.length ? known.replace("MONITORED", "MON.") : known);
  if (alarm?.phase === "acknowledged" && (!compact || !said.length)) said.push(`✓ ${alarm.acknowledged_by ?? ""}`);
  if (alarm && alarm.phase !== "ended" && !(known && alarm.kind === "technical") && (!compact || said.length === Number(quiet))) {
    const score = tile.scores.find((each) => `score.${each.score}` === alarm.condition);
    said.push(compact ? (quiet ? words.briefest : words.brief)(alarm) : score ? words.alarmed(alarm, score) : words.message(alarm));
  }
  if (tile.inactivated.length && (!compact || !said.length)) said.push(`⊘ ALARM OFF${tile.inactivated.length > 1 ? ` ×${tile.inactivated.length}` : ""}`);
  const urgent = tile.scores.filter(({ priority }) => priority); // it alarms, or did and was taken
  const scores = compact ? urgent : tile.scores;
  if (!said.length && scores.length) said.push(...scores.map(words.score));
  if (!said.length && tile.battery !== null && tile.battery < 15) said.push(`BATTERY ${tile.battery} %`);
  return said.filter(Boolean).join(quiet && compact ? " " : " · ");
}

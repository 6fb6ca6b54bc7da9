// In which order the lane lists alarms, and which of them it may put off.

import { PRIORITIES } from "./words.js";

const SHOWN = 6;

/** Highest first, then those that nobody took, then the newest. */
function before(one, other) {
  const by = (alarm) => [PRIORITIES.indexOf(alarm.priority), alarm.phase === "acknowledged" ? 1 : 0];
  const [[high, taken], [otherHigh, otherTaken]] = [by(one), by(other)];
  return high - otherHigh || taken - otherTaken || other.raised_at.localeCompare(one.raised_at) || one.episode.localeCompare(other.episode);
}

/**
 * {rows, hidden}: rows to show in order, and alarms put off behind "+N more".
 * Rows down to the held one keep their places, also one whose alarm is over by now: what a person is about to press
 * never moves (S9). An unacknowledged high is never put off.
 */
export function order(alarms, previous, held, all) {
  const open = new Map(alarms.map((alarm) => [alarm.episode, alarm]));
  const kept = previous.slice(0, previous.findIndex(({ episode }) => episode === held) + 1);
  const fixed = kept.map((old) => open.get(old.episode) ?? { ...old, phase: "over", sounding: false });
  const rest = alarms.filter(({ episode }) => !fixed.some((row) => row.episode === episode)).sort(before);
  const urgent = ({ priority, phase }) => priority === "high" && phase !== "acknowledged";
  const room = Math.max(0, SHOWN - fixed.length);
  const shown = rest.filter((alarm, index) => all || index < room || urgent(alarm));
  return { rows: [...fixed, ...shown], hidden: rest.filter((alarm) => !shown.includes(alarm)) };
}

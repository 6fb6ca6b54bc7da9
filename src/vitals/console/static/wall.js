// The wall: what the server says, on the page; and what the page says when the server says nothing.

import { element, mark, write } from "./element.js";
import { Lane } from "./lane.js";
import { Freshness, connect } from "./link.js";
import { Missed } from "./missed.js";
import { Observe } from "./observe.js";
import { PathShown } from "./path.js";
import { Opened } from "./opened.js";
import { Patient } from "./patient.js";
import { remembered } from "./preference.js";
import { Requests } from "./requests.js";
import { Resolve } from "./resolve.js";
import { Station } from "./station.js";
import { Tiles } from "./tiles.js";
import { Voice } from "./voice.js";
import { PRIORITIES, audible, clock, message } from "./words.js";

const $ = (id) => document.getElementById(id);
const { body } = document;
const seconds = (name) => Number(body.dataset[name]);
const GREYED_MS = seconds("consoleGreyedS") * 1000; // real seconds: no time scale speeds a person up
const SOUNDS_MS = seconds("consoleSoundsS") * 1000;
const SOUND_WORDS = {
  off: "Sound is OFF – turn on",
  on: "Sound on",
  elsewhere: "Sound on in another window",
  failed: "Sound has FAILED",
};
const FLASH_MS = { high: 250, medium: 833 }; // 2 Hz and 0.6 Hz

const present = { begun: false, tiles: [], alarms: new Map(), missed: [], requests: [], scale: 1, offset: 0, spoken: new Map(), heard: new Set() };
const fresh = new Freshness();
const tiles = new Tiles($("ward"), (patient, tile) => dialog.open(patient, tile));
const lane = new Lane($("lane"), heard, (alarm, card) => resolve.open(alarm, card));
const observe = new Observe($("observe"));
const dialog = new Patient($("patient"), (patient) => lane.focus(patient), (...asked) => observe.open(...asked));
const resolve = new Resolve($("resolve"), heard);
const missed = new Missed($("missed"));
const requests = new Requests($("requests"));
const station = new Station();
const path = new PathShown($("path"), $("silent"));
const opened = new Opened($("opened"), lane);
const keys = remembered($("keys"), () => showAlarms());
const voice = new Voice(showSound, (priority) => {
  $("sound").dataset.bursts = Number($("sound").dataset.bursts) + 1;
  $("sound").dataset.burst = priority;
});

const delays = () => ({
  ageShown: seconds("ageShownS") * present.scale,
  notMonitoredShown: seconds("notMonitoredShownS") * present.scale,
  numberHidden: seconds("numberHiddenS") * present.scale,
  audioPause: seconds("audioPauseS") * present.scale,
  now: now(),
});
const lost = () => body.dataset.link === "lost";
const now = () => Date.now() + present.offset; // the server's clock, on every screen the same

const ON = {
  tick() {
    watch(); // from the worker, whose timers run on while this page is hidden
    voice.tick();
  },
  beat(data, { id }) {
    fresh.stamp(data.monotonic_ms, id.split("-")[0]);
    lane.showEnded(data.ended);
    showSilent(data.silent);
    path.hear(data.path);
  },
  snapshot(data, { heldMs }) {
    fresh.seen(heldMs);
    present.begun = true;
    present.tiles = data.tiles;
    present.missed = data.missed;
    present.requests = data.requests;
    present.scale = data.time_scale;
    present.alarms = new Map(data.alarms.map((alarm) => [alarm.episode, alarm]));
    present.offset = Date.parse(data.at) - (Date.now() - (heldMs ?? 0));
    showMode(data.mode, data.time_scale);
    lane.showNotices(data.notices);
    tiles.show(data.tiles, byPatient(), delays());
    if (Math.floor(Date.parse(data.at) / 1000) !== present.second) tiles.second(); // not of an extra one after an action
    present.second = Math.floor(Date.parse(data.at) / 1000);
    showCensus();
    watch();
    showAlarms();
    path.drew();
    tell();
  },
  alarm: heard,
};

connect((message) => ON[message.event]?.(message.data && JSON.parse(message.data), message));
recall();
setInterval(watch, 1000);
setInterval(() => voice.tick(), 250);
for (const [priority, half] of Object.entries(FLASH_MS)) {
  const grid = $("grid");
  const name = `flash${priority[0].toUpperCase()}${priority.slice(1)}`;
  setInterval(() => {
    const any = !lost() && grid.querySelector(`[data-alarm="${priority}"]:not([data-phase="acknowledged"])`);
    mark(grid, name, any && grid.dataset[name] !== "1" ? "1" : null);
  }, half);
}
$("sound").addEventListener("click", () => voice.unlock());

/** The minute before this page was opened. */
async function recall() {
  const answer = await fetch("/api/v1/traces").catch(() => null);
  if (!answer?.ok) return; // the traces begin empty
  tiles.traces.begin(await answer.json());
  tiles.draw();
}

/** One alarm changed, between two snapshots. */
function heard(alarm) {
  if (alarm.phase === "over") {
    present.alarms.delete(alarm.episode);
    lane.over(alarm);
    resolve.ended(alarm);
  } else if ((present.alarms.get(alarm.episode)?.version ?? 0) <= alarm.version) present.alarms.set(alarm.episode, alarm);
  if (alarm.patient) tiles.refresh(alarm.patient, byPatient().get(alarm.patient) ?? [], delays());
  showAlarms();
}

function byPatient() {
  const found = new Map();
  for (const alarm of present.alarms.values()) {
    if (alarm.patient) found.set(alarm.patient, [...(found.get(alarm.patient) ?? []), alarm]);
  }
  return found;
}

function showAlarms() {
  const alarms = [...present.alarms.values()];
  const alike = tiles.alike ?? new Map();
  lane.show(alarms, { lost: lost(), now: now(), alike, keys: keys(), pauseS: delays().audioPause });
  opened.find();
  missed.show(present.missed, lost());
  requests.show(present.requests, lost());
  resolve.show(lost());
  observe.show(lost());
  dialog.show(present.tiles, { lost: lost(), alarms: byPatient(), alike, delays: delays() });
  for (const priority of PRIORITIES) {
    const count = alarms.filter((alarm) => alarm.priority === priority).length;
    write($(`count-${priority}`), String(count));
    mark($(`count-${priority}`).parentElement, "none", count ? null : "true");
  }
  announce(alarms);
  sound(alarms);
}

/** Have new and changed alarms read out. */
function announce(alarms) {
  for (const alarm of alarms) {
    const known = present.spoken.get(alarm.episode);
    const worth = alarm.phase === "active" && (known === undefined || alarm.priority !== known);
    if (worth) write($("say"), `${alarm.priority} priority: ${alarm.name} ${message(alarm)}`);
  }
  present.spoken = new Map(alarms.map((alarm) => [alarm.episode, alarm.priority]));
}

function sound(alarms) {
  const sounding = alarms.filter((alarm) => audible(alarm, now()));
  const cutOff = lost() && fresh.age() > SOUNDS_MS; // nobody is being watched here: as urgent as it gets
  const highest = cutOff ? "high" : PRIORITIES.find((priority) => sounding.some((alarm) => alarm.priority === priority)) ?? null;
  const anew = sounding.some((alarm) => alarm.priority === highest && !present.heard.has(alarm.episode));
  present.heard = new Set(sounding.map(({ episode }) => episode));
  mark(body, "unheard", highest && voice.state !== "on" && voice.state !== "elsewhere" ? "true" : null);
  if (highest) voice.say(highest, anew);
  else voice.hush();
}

/** Why nobody would hear an alarm, on every page, at the top, until somebody would (S3). */
function showSilent(reason) {
  mark(body, "silent", reason ? "true" : null);
  $("silent").hidden = !reason;
  write($("silent"), reason ?? "");
}

function showSound(state) {
  body.dataset.sound = state;
  tell();
  if (state === "on" || state === "elsewhere") mark(body, "unheard", null);
  write($("sound"), SOUND_WORDS[state]);
}

function showMode(mode, scale) {
  $("mode").hidden = mode === "real";
  $("mode").dataset.mode = mode;
  write($("mode-word"), mode.toUpperCase());
  $("scale").hidden = scale === 1;
  write($("scale"), `time scale ${scale}`);
  const title = `${mode === "real" ? "" : `[${mode.toUpperCase()}] `}Wall · OpenVitals`;
  if (document.title !== title) document.title = title;
}

function showCensus() {
  const all = present.tiles.length;
  const blind = [...tiles.views.values()].filter((view) => view.blind).length;
  const suspended = present.tiles.filter((tile) => tile.suspended).length;
  const said = `${all} ${blind} ${suspended}`;
  if ($("census").dataset.said === said) return;
  $("census").dataset.said = said;
  $("census").replaceChildren(element("b", {}, String(all)), all === 1 ? " patient" : " patients");
  if (blind) $("census").append(element("span", { class: "blind" }, `${blind} not monitored`));
  if (suspended) $("census").append(element("span", { class: "blind" }, `${suspended} suspended`));
}

/** Tell the server whether this page would be heard. */
function tell() {
  if (body.dataset.link === "live") station.tell(voice.state === "on", path.drawn);
}

/** Is the newest snapshot young enough to be believed? */
function watch() {
  tell();
  path.show();
  const age = fresh.age();
  const state = age > GREYED_MS ? "lost" : present.begun ? "live" : "connecting";
  write($("clock"), clock(now(), true));
  if (state === "lost") {
    $("lost").hidden = false;
    const since = `${Math.floor(age / 1000)} s`;
    $("lost").replaceChildren("CONNECTION LOST", element("small", {}, `for ${since} – every value is old, nobody is being watched here`));
  }
  if (state === body.dataset.link) {
    if (state === "lost") sound([...present.alarms.values()]);
    return;
  }
  body.dataset.link = state;
  $("lost").hidden = state !== "lost";
  write($("link"), state === "live" ? "Live" : "Connecting…");
  if (state === "lost") write($("say"), "Connection lost. Every value is old.");
  showAlarms();
}

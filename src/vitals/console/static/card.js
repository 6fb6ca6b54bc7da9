// One alarm in the lane: who, what, since when, and what to do about it.

import { Action } from "./action.js";
import { element, mark, write } from "./element.js";
import * as words from "./words.js";

const PHASE = { ended: "ENDED", over: "OVER" };
const KEYS = { a: "acknowledge", s: "pause" };

// Each is a button, an address below the alarm's, and offered while it makes sense.
const VERBS = {
  acknowledge: { label: () => "Acknowledge", offered: words.untaken },
  pause: { label: ({ pauseS }) => `Silence ${words.age(pauseS)}`, offered: (alarm) => words.untaken(alarm) && alarm.sounding },
  accept: { label: () => "Accept", offered: (alarm) => alarm.phase === "acknowledged" && alarm.offered_to !== null },
  resume: { label: () => "Sound again", offered: (alarm) => words.quiet(alarm) && alarm.paused_until !== null },
};

export class Card {
  /** changed(alarm) is called with what the server answers; resolve(alarm, item) asks what came of it. */
  constructor(changed, resolve) {
    this.changed = changed;
    this.part = {};
    for (const name of ["priority", "phase", "since", "who", "identity", "similar", "what", "detail", "owner", "unrecorded"]) {
      this.part[name] = element("span", { class: name });
    }
    this.part.now = element("b");
    this.actions = {};
    this.buttons = {};
    for (const verb of Object.keys(VERBS)) {
      this.actions[verb] = new Action(verb === "acknowledge" ? verb : "press again");
      this.buttons[verb] = element("button", { type: "button", class: verb });
      this.buttons[verb].addEventListener("click", () => this.press(verb));
    }
    this.buttons.acknowledge.classList.add("primary");
    this.resolveButton = element("button", { type: "button", class: "resolve", "aria-haspopup": "dialog" }, "Resolve…");
    this.resolveButton.addEventListener("click", () => this.context.lost || resolve(this.alarm, this.item));
    const { priority, phase, since, who, identity, similar, what, detail, owner, unrecorded, now } = this.part;
    this.nowBox = element("span", { class: "now" }, "now ", now);
    this.noteBox = element("p", { class: "note", role: "alert" });
    this.item = element(
      "li",
      { class: "card", tabindex: "-1" },
      element("p", { class: "top" }, priority, phase, since),
      who,
      identity,
      similar,
      element("p", { class: "facts" }, what, this.nowBox),
      detail,
      element("p", { class: "act" }, ...Object.values(this.buttons), owner, this.resolveButton),
      this.noteBox,
      unrecorded,
    );
    this.item.addEventListener("keydown", (event) => this.keyed(event));
  }

  /** Show alarm; context: {lost, now (ms UTC), similar (names), keys, pauseS}. */
  show(alarm, context) {
    this.alarm = alarm;
    this.context = context;
    const { part, item } = this;
    for (const name of ["priority", "phase"]) mark(item, name, alarm[name]);
    mark(item, "quiet", words.quiet(alarm) || null);
    item.dataset.episode = alarm.episode;
    write(part.priority, `${words.SYMBOL[alarm.priority]} ${alarm.priority.toUpperCase()}`);
    write(part.phase, [PHASE[alarm.phase], words.quiet(alarm) && silence(alarm, context)].filter(Boolean).join(" · "));
    write(part.since, since(alarm, context));
    write(part.who, alarm.name || (alarm.patient ?? "No patient"));
    write(part.identity, alarm.name ? `born ${alarm.birth_date} · ${alarm.record_number}` : "");
    write(part.similar, context.similar?.length ? `≈ similar name: ${context.similar.join("; ")}` : "");
    write(part.what, words.headline(alarm));
    write(part.detail, words.detail(alarm));
    const bound = alarm.at_least ? "≥" : "";
    write(part.now, alarm.current === null ? "--" : `${bound}${words.exact(Math.round(alarm.current))} ${words.unit(alarm.unit)}`);
    this.nowBox.hidden = !alarm.metric && alarm.current === null;
    write(part.unrecorded, alarm.recorded ? "" : "not recorded yet");
    this.showActions();
  }

  showActions() {
    const { alarm, context, part } = this;
    for (const verb of Object.keys(VERBS)) this.showVerb(verb);
    this.offer(this.resolveButton, alarm.phase !== "active");
    this.resolveButton.setAttribute("aria-disabled", String(context.lost));
    this.entitle(this.resolveButton);
    const by = alarm.acknowledged_by ? `✓ ${alarm.acknowledged_by}, ${words.clock(alarm.acknowledged_at)}` : "";
    const offered = alarm.offered_to === null ? "" : ` → ${alarm.offered_to || "anybody"}?`;
    write(part.owner, alarm.phase === "over" && !by ? "over" : by + offered);
    write(this.noteBox, Object.values(this.actions).map(({ note }) => note).find(Boolean) ?? "");
    this.noteBox.hidden = !this.noteBox.textContent;
  }

  showVerb(verb) {
    const action = this.actions[verb];
    const button = this.buttons[verb];
    const offered = VERBS[verb].offered(this.alarm);
    if (!offered) action.settle();
    if (!action.unsent && !action.sending && action.about !== this.alarm.version) action.note = ""; // on what is gone
    this.offer(button, offered);
    write(button, action.sending ? "Sending…" : action.unsent ? "Send again" : VERBS[verb].label(this.context));
    button.setAttribute("aria-disabled", String(this.context.lost || this.busy));
    this.entitle(button);
  }

  get busy() {
    return Object.values(this.actions).some(({ sending }) => sending);
  }

  offer(button, offered) {
    if (!offered && document.activeElement === button) this.item.focus(); // not lost, and not on the next alarm
    button.hidden = !offered;
  }

  entitle(button) {
    const { alarm } = this;
    const label = `${button.textContent}: ${alarm.name || alarm.condition}, ${words.message(alarm)}`;
    if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
  }

  /** One letter, on the card that has the focus. */
  keyed(event) {
    const verb = KEYS[event.key.toLowerCase()];
    if (!verb || !this.context.keys || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.press(verb);
  }

  async press(verb) {
    if (this.context.lost || this.busy || this.buttons[verb].hidden) return;
    const action = this.actions[verb];
    for (const other of Object.values(this.actions)) if (other !== action) other.settle();
    const { episode, version } = this.alarm;
    const sent = action.send(`/api/v1/alarms/${encodeURIComponent(episode)}/${verb}`, { version });
    this.showActions();
    const { outcome, said } = await sent;
    action.about = said?.alarm?.version ?? version;
    const alarm = outcome === "done" ? said : said?.alarm;
    if (alarm) this.changed(alarm);
    else if (outcome === "over") this.changed({ ...this.alarm, phase: "over", sounding: false });
    this.showActions();
  }
}

function silence(alarm, { lost, now }) {
  if (!alarm.paused_until) return "NO SOUND";
  return lost ? `until ${words.clock(alarm.paused_until, true)}` : words.left(alarm.paused_until, now);
}

function since(alarm, { now }) {
  const seconds = Math.max(0, (now - Date.parse(alarm.raised_at)) / 1000);
  return `since ${words.clock(alarm.raised_at)} · ${words.age(seconds)}`;
}

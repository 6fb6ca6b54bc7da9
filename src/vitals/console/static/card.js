// One alarm in the lane: who, what, since when, and the button.

import { acknowledge } from "./acknowledge.js";
import { element, mark, write } from "./element.js";
import * as words from "./words.js";

const PHASE = { ended: "ENDED", over: "OVER" };

export class Card {
  /** changed(alarm) is called with what the server answers. */
  constructor(changed) {
    this.changed = changed;
    this.note = ""; // what became of the last attempt
    this.noteVersion = null;
    this.sending = false;
    this.key = null; // of the attempt that nobody confirmed
    this.part = {};
    for (const name of ["priority", "phase", "since", "who", "identity", "similar", "what", "owner", "unrecorded"]) {
      this.part[name] = element("span", { class: name });
    }
    this.part.now = element("b");
    this.button = element("button", { type: "button", class: "primary" }, "Acknowledge");
    this.button.addEventListener("click", () => this.press());
    const { priority, phase, since, who, identity, similar, what, owner, unrecorded, now } = this.part;
    this.nowBox = element("p", { class: "now" }, "now ", now);
    this.noteBox = element("p", { class: "note", role: "alert" });
    this.item = element(
      "li",
      { class: "card", tabindex: "-1" },
      element("p", { class: "top" }, priority, phase, since),
      who,
      identity,
      similar,
      element("div", { class: "act" }, element("div", { class: "facts" }, what, this.nowBox), this.button, owner),
      this.noteBox,
      unrecorded,
    );
  }

  /** Show alarm; context: {lost, now (ms UTC), similar (names)}. */
  show(alarm, context) {
    this.alarm = alarm;
    this.context = context;
    const { part, item } = this;
    for (const name of ["priority", "phase"]) mark(item, name, alarm[name]);
    item.dataset.episode = alarm.episode;
    write(part.priority, `${words.SYMBOL[alarm.priority]} ${alarm.priority.toUpperCase()}`);
    write(part.phase, PHASE[alarm.phase] ?? (alarm.sounding || alarm.phase === "acknowledged" ? "" : "SOUND PAUSED"));
    write(part.since, since(alarm, context));
    write(part.who, alarm.name || (alarm.patient ?? "No patient"));
    write(part.identity, alarm.name ? `born ${alarm.birth_date} · ${alarm.record_number}` : "");
    write(part.similar, context.similar?.length ? `≈ similar name: ${context.similar.join("; ")}` : "");
    write(part.what, words.headline(alarm));
    write(part.now, alarm.current === null ? "--" : `${words.exact(Math.round(alarm.current))} ${words.unit(alarm.unit)}`);
    this.nowBox.hidden = !alarm.metric;
    write(part.unrecorded, alarm.recorded ? "" : "not recorded yet");
    this.showAction();
  }

  showAction() {
    const { alarm, context, button, part } = this;
    const taken = alarm.phase === "acknowledged" || alarm.phase === "over";
    if (taken && !this.sending) this.settle();
    if (taken && document.activeElement === button) this.item.focus(); // not lost, and not on the next alarm
    button.hidden = taken;
    write(button, this.sending ? "Sending…" : this.key ? "Send again" : "Acknowledge");
    button.setAttribute("aria-label", `${button.textContent}: ${alarm.name || alarm.condition}, ${words.message(alarm)}`);
    button.setAttribute("aria-disabled", String(context.lost || this.sending));
    const by = alarm.acknowledged_by ? `✓ ${alarm.acknowledged_by}, ${words.clock(alarm.acknowledged_at)}` : "";
    write(part.owner, alarm.phase === "over" && !by ? "over" : by);
    if (this.noteVersion !== null && alarm.version !== this.noteVersion && !this.key) this.note = "";
    write(this.noteBox, this.note);
    this.noteBox.hidden = !this.noteBox.textContent;
  }

  settle() {
    this.note = "";
    this.key = null;
  }

  async press() {
    if (this.context.lost || this.sending || this.button.hidden) return;
    const { episode, version } = this.alarm;
    if (!this.key || this.keyVersion !== version) this.key = crypto.randomUUID();
    this.keyVersion = version;
    this.sending = true;
    this.showAction();
    const { outcome, alarm, message } = await acknowledge(episode, version, this.key);
    this.sending = false;
    if (outcome !== "unsent") this.key = null;
    this.note = {
      done: "",
      changed: "CHANGED meanwhile – read it again, then acknowledge",
      over: "",
      refused: `REFUSED – ${message}`,
      unsent: `NOT SENT – ${message ?? "no answer"}`,
    }[outcome];
    this.noteVersion = alarm?.version ?? version;
    if (alarm) this.changed(alarm);
    else if (outcome === "over") this.changed({ ...this.alarm, phase: "over", sounding: false });
    this.showAction();
  }
}

function since(alarm, { now }) {
  const seconds = Math.max(0, (now - Date.parse(alarm.raised_at)) / 1000);
  return `since ${words.clock(alarm.raised_at)} · ${words.age(seconds)}`;
}

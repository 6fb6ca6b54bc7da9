// What else can be done with an alarm that somebody has in hand: hand it over, or switch it off for a while.

import { Action } from "./action.js";
import { write } from "./element.js";

const LABELS = { offer: "Offer", inactivate: "Switch off" };

export class More {
  /** changed(alarm) is called with what the server answers; wrote() when something is to be shown anew. */
  constructor(box, changed, wrote) {
    this.box = box;
    this.changed = changed;
    this.wrote = wrote;
    this.part = Object.fromEntries(["to", "reason", "minutes"].map((name) => [name, box.querySelector(`[name=${name}]`)]));
    this.off = box.querySelector(".off");
    this.buttons = Object.fromEntries(Object.keys(LABELS).map((verb) => [verb, box.querySelector(`button.${verb}`)]));
    for (const verb of Object.keys(LABELS)) this.buttons[verb].addEventListener("click", () => this.send(verb));
  }

  /** Ask about alarm; done() is called when something was done. */
  open(alarm, done) {
    this.box.open = false;
    this.part.to.value = "";
    this.done = done;
    this.actions = Object.fromEntries(Object.keys(LABELS).map((verb) => [verb, new Action("press again")]));
    this.read(alarm);
  }

  read(alarm) {
    this.alarm = alarm;
    this.box.hidden = alarm.phase !== "acknowledged";
    this.off.hidden = !alarm.patient;
    const most = Number(this.part.minutes.dataset[alarm.priority]);
    for (const option of this.part.minutes.options) option.hidden = option.disabled = Number(option.value) > most;
    if (this.part.minutes.selectedOptions[0]?.disabled) this.part.minutes.value = this.part.minutes.options[0].value;
  }

  get sending() {
    return Object.values(this.actions).some(({ sending }) => sending);
  }

  get note() {
    return Object.values(this.actions).map(({ note }) => note).find(Boolean) ?? "";
  }

  write(lost) {
    this.lost = lost;
    for (const [verb, button] of Object.entries(this.buttons)) {
      const { sending, unsent } = this.actions[verb];
      write(button, sending ? "Sending…" : unsent ? "Send again" : LABELS[verb]);
      button.setAttribute("aria-disabled", String(Boolean(lost || this.sending)));
    }
  }

  async send(verb) {
    if (this.lost || this.sending) return;
    const { actions, alarm, done } = this;
    const { to, reason, minutes } = this.part;
    const body = verb === "offer" ? { to: to.value.trim() } : { reason: reason.value, minutes: Number(minutes.value) };
    for (const other of Object.keys(actions)) if (other !== verb) actions[other].settle();
    const sent = actions[verb].send(`/api/v1/alarms/${encodeURIComponent(alarm.episode)}/${verb}`, { version: alarm.version, ...body });
    this.wrote();
    const { outcome, said } = await sent;
    const now = verb === "offer" && outcome === "done" ? said : said?.alarm;
    if (now) this.changed(now);
    if (this.actions !== actions) return; // closed, and opened for another one
    if (now) this.read(now);
    this.wrote();
    if (outcome === "done") done();
  }
}

// What came of an alarm: one of four outcomes, and a note (S14); and what else can be done with it.

import { Action } from "./action.js";
import { Dialog } from "./dialog.js";
import { write } from "./element.js";
import { More } from "./more.js";
import * as words from "./words.js";

export class Resolve {
  /** changed(alarm) is called with what the server answers. */
  constructor(box, changed) {
    this.dialog = new Dialog(box);
    this.form = box.querySelector("form");
    this.button = box.querySelector("[type=submit]");
    this.part = Object.fromEntries(["who", "identity", "what"].map((name) => [name, box.querySelector(`.${name}`)]));
    this.changed = changed;
    this.more = new More(box.querySelector(".more"), changed, () => this.write());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  /** Ask about alarm, as it is now; card gets the focus back if its button is gone. */
  open(alarm, card) {
    this.action = new Action("record");
    this.form.reset();
    this.more.open(alarm, () => this.dialog.box.close());
    this.read(alarm);
    this.over = alarm.phase === "over";
    this.closed = false;
    this.write();
    this.dialog.show(card.querySelector("button.resolve"), card);
  }

  /** Whether the connection is lost. An alarm that changes meanwhile is not resolved by what was read before (S9). */
  show(lost) {
    this.lost = lost;
    if (this.dialog.open) this.write();
  }

  /** An alarm is over; what came of it can still be said. */
  ended(alarm) {
    if (!this.dialog.open || alarm.episode !== this.alarm.episode || this.action.sending) return;
    this.read(alarm);
    this.over = true;
    this.write();
  }

  read(alarm) {
    this.alarm = alarm;
    this.more.read(alarm);
    write(this.part.who, alarm.name || "No patient");
    write(this.part.identity, alarm.name ? `born ${alarm.birth_date} · ${alarm.record_number}` : "");
    write(this.part.what, `${words.SYMBOL[alarm.priority]} ${words.message(alarm)}`);
  }

  write() {
    const { sending, unsent } = this.action;
    write(this.button, sending ? "Sending…" : unsent ? "Send again" : "Record");
    this.button.setAttribute("aria-disabled", String(Boolean(this.lost || sending || this.closed)));
    this.more.write(this.lost);
    const over = this.closed ? "NOT RECORDED – the alarm was closed too long ago" : this.over ? "OVER meanwhile – what came of it can still be recorded" : "";
    this.dialog.note(this.lost ? "CONNECTION LOST – nothing can be recorded now" : this.action.note || this.more.note || over);
  }

  async send() {
    if (this.lost || this.action.sending || this.closed) return;
    const { outcome: chosen, note } = Object.fromEntries(new FormData(this.form));
    const { episode, version } = this.alarm;
    const address = `/api/v1/alarms/${encodeURIComponent(episode)}/resolve`;
    const sent = this.action.send(address, { version, outcome: chosen, note: note.trim() });
    this.write();
    const { outcome, said } = await sent;
    if (this.alarm.episode !== episode) return; // closed, and opened for another one
    if (said?.alarm) this.read(said.alarm);
    this.closed = outcome === "over";
    if (outcome === "done") this.dialog.box.close();
    if (outcome === "done" || said?.alarm) this.changed(said.alarm ?? said);
    this.write();
  }
}

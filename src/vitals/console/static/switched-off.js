// Alarms of one patient that somebody switched off: what, why, who, until when, and the way back.

import { Action } from "./action.js";
import { element, write } from "./element.js";
import * as words from "./words.js";

export class SwitchedOff {
  /** wrote() is called when something is to be shown anew. */
  constructor(box, wrote) {
    this.box = box;
    this.list = box.querySelector("ul");
    this.wrote = wrote;
    this.rows = new Map();
  }

  /** Begin anew, with another patient. */
  open(patient) {
    this.patient = patient;
    this.rows.clear();
    this.list.replaceChildren();
  }

  get note() {
    return [...this.rows.values()].map(({ action }) => action.note).find(Boolean) ?? "";
  }

  show(inactivated, lost) {
    this.lost = lost;
    this.box.hidden = !inactivated.length;
    for (const [condition, row] of this.rows) {
      if (inactivated.some((made) => made.condition === condition)) continue;
      row.item.remove();
      this.rows.delete(condition);
    }
    for (const made of inactivated) {
      const row = this.rows.get(made.condition) ?? this.make(made.condition);
      write(row.said, words.off(made));
      write(row.button, row.action.sending ? "Sending…" : row.action.unsent ? "Send again" : "Switch on");
      row.button.setAttribute("aria-label", `${row.button.textContent}: ${made.message}`);
      row.button.setAttribute("aria-disabled", String(Boolean(lost || row.action.sending)));
    }
  }

  make(condition) {
    const row = { action: new Action("press again"), said: element("span"), button: element("button", { type: "button" }) };
    row.item = element("li", {}, row.said, row.button);
    row.button.addEventListener("click", () => this.press(condition, row));
    this.rows.set(condition, row);
    this.list.append(row.item);
    return row;
  }

  async press(condition, row) {
    if (this.lost || row.action.sending) return;
    const sent = row.action.send(`/api/v1/patients/${encodeURIComponent(this.patient)}/reactivate`, { condition });
    this.wrote();
    await sent;
    if (this.rows.get(condition) === row) this.wrote();
  }
}

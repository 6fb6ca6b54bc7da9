// What late data show that nobody was told of in time (S6): listed silently, highs first, until somebody reviewed it.

import { Action } from "./action.js";
import { element, write } from "./element.js";
import * as words from "./words.js";

export class Missed {
  constructor(box) {
    this.box = box;
    this.list = box.querySelector("ul");
    this.rows = new Map();
  }

  show(events, lost) {
    this.lost = lost;
    const open = events.filter(({ reviewed_at: at }) => at === null);
    open.sort((one, other) => words.PRIORITIES.indexOf(one.priority) - words.PRIORITIES.indexOf(other.priority));
    this.box.hidden = !open.length;
    for (const [id, row] of this.rows) {
      if (open.some((event) => event.id === id)) continue;
      row.item.remove();
      this.rows.delete(id);
    }
    open.forEach((event, index) => {
      const { item } = this.row(event);
      if (this.list.children[index] !== item) this.list.insertBefore(item, this.list.children[index] ?? null);
    });
  }

  row(event) {
    const row = this.rows.get(event.id) ?? this.make(event.id);
    row.event = event;
    write(row.who, event.name);
    write(row.identity, `born ${event.birth_date} · ${event.record_number}`);
    write(row.what, `${words.SYMBOL[event.priority]} ${what(event)} ${words.unit(event.unit)}, ${when(event)}`);
    const { sending, unsent } = row.action;
    write(row.button, sending ? "Sending…" : unsent ? "Send again" : "Reviewed");
    row.button.setAttribute("aria-label", `${row.button.textContent}: ${event.name}, ${what(event)}`);
    row.button.setAttribute("aria-disabled", String(this.lost || sending));
    write(row.note, row.action.note);
    row.note.hidden = !row.action.note;
    return row;
  }

  make(id) {
    const row = { action: new Action("press again") };
    for (const name of ["who", "identity", "what"]) row[name] = element("span", { class: name });
    row.button = element("button", { type: "button" });
    row.note = element("p", { class: "note", role: "alert" });
    row.item = element("li", { "data-missed": id }, element("p", {}, row.who, row.identity, row.what), row.button, row.note);
    row.button.addEventListener("click", () => this.press(row));
    this.rows.set(id, row);
    return row;
  }

  async press(row) {
    if (this.lost || row.action.sending) return;
    const { id, version } = row.event;
    const sent = row.action.send(`/api/v1/missed/${encodeURIComponent(id)}/review`, { version });
    this.row(row.event);
    const { said } = await sent;
    if (this.rows.get(id) === row) this.row(said?.missed ?? row.event);
  }
}

const what = ({ metric, side, worst, limit }) => words.brief({ metric, condition: `${metric}.${side}`, value: worst, limit });
const when = ({ from_at: from, to_at: to }) => `${words.clock(from)}–${to ? words.clock(to) : ""}`;

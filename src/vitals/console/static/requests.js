// What patients ask for (S15): listed until a nurse accepts or refuses it. Nothing is suspended by asking.

import { Action } from "./action.js";
import { element, write } from "./element.js";
import * as words from "./words.js";

const VERBS = { accept: "Accept", refuse: "Refuse" };

export class Requests {
  constructor(box) {
    this.box = box;
    this.list = box.querySelector("ul");
    this.rows = new Map();
  }

  show(requests, lost) {
    this.lost = lost;
    this.box.hidden = !requests.length;
    for (const [patient, row] of this.rows) {
      if (requests.some((request) => request.patient === patient)) continue;
      row.item.remove();
      this.rows.delete(patient);
    }
    for (const request of requests) this.write(this.rows.get(request.patient) ?? this.make(request.patient), request);
  }

  write(row, request) {
    row.request = request;
    write(row.who, request.name);
    write(row.identity, `born ${request.birth_date} · ${request.record_number}`);
    write(row.what, `asks to suspend: ${request.reason}, ${request.minutes} min, ${words.clock(request.at)}`);
    const actions = Object.values(row.actions);
    const sending = actions.some((action) => action.sending);
    for (const [verb, button] of Object.entries(row.buttons)) {
      const action = row.actions[verb];
      write(button, action.sending ? "Sending…" : action.unsent ? "Send again" : VERBS[verb]);
      button.setAttribute("aria-label", `${button.textContent}: ${request.name}, ${request.reason} for ${request.minutes} minutes`);
      button.setAttribute("aria-disabled", String(this.lost || sending));
    }
    write(row.note, actions.map(({ note }) => note).find(Boolean) ?? "");
    row.note.hidden = !row.note.textContent;
  }

  make(patient) {
    const row = { actions: {}, buttons: {} };
    for (const name of ["who", "identity", "what"]) row[name] = element("span", { class: name });
    for (const verb of Object.keys(VERBS)) {
      row.actions[verb] = new Action("press again");
      row.buttons[verb] = element("button", { type: "button", class: verb });
      row.buttons[verb].addEventListener("click", () => this.press(row, verb));
    }
    row.note = element("p", { class: "note", role: "alert" });
    const said = element("p", {}, row.who, row.identity, row.what);
    row.item = element("li", { "data-request": patient }, said, element("p", { class: "act" }, ...Object.values(row.buttons)), row.note);
    this.rows.set(patient, row);
    this.list.append(row.item);
    return row;
  }

  async press(row, verb) {
    if (this.lost || Object.values(row.actions).some(({ sending }) => sending)) return;
    const { patient, version } = row.request;
    for (const [other, action] of Object.entries(row.actions)) if (other !== verb) action.settle();
    const sent = row.actions[verb].send(`/api/v1/requests/${encodeURIComponent(patient)}/${verb}`, { version });
    this.write(row, row.request);
    const { said } = await sent;
    if (this.rows.get(patient) === row) this.write(row, said?.request ?? row.request);
  }
}

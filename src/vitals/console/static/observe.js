// What a nurse observed of a patient: entered as a set, all of it or nothing. What cannot be is refused by its name.

import { Action } from "./action.js";
import { Dialog } from "./dialog.js";
import { element, write } from "./element.js";

export class Observe {
  constructor(box) {
    this.dialog = new Dialog(box);
    this.form = box.querySelector("form");
    this.fields = box.querySelector(".observed");
    this.button = box.querySelector("[type=submit]");
    this.part = Object.fromEntries(["who", "identity"].map((name) => [name, box.querySelector(`.${name}`)]));
    for (const event of ["pointerdown", "keydown"]) box.addEventListener(event, () => this.busy?.());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  /** Ask about the patient of tile; opener gets the focus back; busy() is called while somebody is at it. */
  open(tile, opener, busy) {
    this.busy = busy;
    this.patient = tile.patient;
    this.action = new Action("record");
    this.form.reset();
    this.offer(tile.fields);
    this.mark("");
    write(this.part.who, tile.name);
    write(this.part.identity, `born ${tile.birth_date} · ${tile.record_number}`);
    this.write();
    this.dialog.show(opener);
    this.form.elements[0].focus();
  }

  /** Parameters of a site's own scores, beside those that every patient has. */
  offer(own) {
    for (const label of this.fields.querySelectorAll(".own")) label.remove();
    for (const { parameter, display, unit, words } of own) {
      const options = words.map((word) => element("option", { value: word }, word));
      const input = words.length
        ? element("select", { name: parameter }, element("option", { value: "" }, "not observed"), ...options)
        : element("input", { name: parameter, inputmode: "decimal", autocomplete: "off" });
      this.fields.append(element("label", { class: "own", "data-display": display }, element("span", {}, `${display} ${unit}`), input));
    }
  }

  show(lost) {
    this.lost = lost;
    if (this.dialog.open) this.write();
  }

  write() {
    const { sending, unsent } = this.action;
    write(this.button, sending ? "Sending…" : unsent ? "Send again" : "Record");
    this.button.setAttribute("aria-disabled", String(Boolean(this.lost || sending)));
    this.dialog.note(this.lost ? "CONNECTION LOST – nothing can be recorded now" : this.action.note);
  }

  /** Say which field was refused, if the refusal begins with its name. */
  mark(message) {
    for (const label of this.fields.querySelectorAll("label")) {
      const input = label.querySelector("input, select");
      const refused = message.startsWith(`${label.dataset.display}:`);
      input.setAttribute("aria-invalid", String(refused));
      if (refused) input.focus();
    }
  }

  async send() {
    if (this.lost || this.action.sending) return;
    const { action, patient } = this;
    const given = [...new FormData(this.form)].map(([name, said]) => [name, said.trim()]).filter(([, said]) => said);
    const sent = action.send(`/api/v1/patients/${encodeURIComponent(patient)}/enter`, { values: Object.fromEntries(given.map(read)) });
    this.write();
    const { outcome, said } = await sent;
    if (this.action !== action) return; // closed, and opened for somebody else
    if (outcome === "done") this.dialog.box.close();
    else this.mark(said?.message ?? "");
    this.write();
  }
}

/** A number where it is one, also with a comma; else what was typed, for the server to refuse. */
function read([name, said]) {
  const number = Number(said.replace(",", "."));
  return [name, Number.isNaN(number) ? said : number];
}

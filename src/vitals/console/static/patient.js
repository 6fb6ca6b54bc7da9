// One patient, opened from their tile: who they are, what was measured against which limits, and suspended monitoring.

import { Action } from "./action.js";
import { Dialog } from "./dialog.js";
import { element, mark, write } from "./element.js";
import { SwitchedOff } from "./switched-off.js";
import { value } from "./tile-view.js";
import * as words from "./words.js";

export class Patient {
  /** find(patient) goes to the patient's alarm in the lane; observe(tile, opener, busy) asks what was observed. */
  constructor(box, find, observe) {
    this.dialog = new Dialog(box);
    const one = (selector) => box.querySelector(selector);
    this.part = { who: one(".who"), identity: one(".identity"), similar: one(".similar"), state: one(".state"), rows: one("tbody"), scores: one(".scores"), entries: one(".entries ul") };
    this.enterButton = one(".enter");
    this.enterButton.addEventListener("click", ({ currentTarget }) => {
      const tile = this.tiles.find(({ patient }) => patient === this.patient);
      if (tile && !this.context.lost) observe(tile, currentTarget, () => this.dialog.wait());
    });
    this.switchedOff = new SwitchedOff(one(".switched-off"), () => this.write());
    this.form = one(".suspend");
    this.suspended = one(".suspended");
    this.findButton = one(".find");
    this.findButton.addEventListener("click", () => {
      this.dialog.leave();
      find(this.patient);
    });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      const { reason, minutes } = Object.fromEntries(new FormData(this.form));
      this.send("suspend", { reason, minutes: Number(minutes) });
    });
    one(".resume").addEventListener("click", () => this.send("resume", {}));
    this.buttons = { suspend: one(".suspend [type=submit]"), resume: one(".resume") };
    this.labels = Object.fromEntries(Object.entries(this.buttons).map(([verb, button]) => [verb, button.textContent]));
  }

  /** Show patient; their tile gets the focus back. */
  open(patient, tile) {
    this.patient = patient;
    this.actions = { suspend: new Action("press again"), resume: new Action("press again") };
    this.switchedOff.open(patient);
    this.form.reset();
    this.write();
    this.dialog.show(tile);
    if (!this.findButton.hidden) this.findButton.focus();
  }

  /** The present; context: {lost, alarms (by patient), alike, delays}. */
  show(tiles, context) {
    this.tiles = tiles;
    this.context = context;
    if (this.dialog.open) this.write();
  }

  write() {
    const { lost, alarms, alike, delays } = this.context;
    const tile = this.tiles.find(({ patient }) => patient === this.patient);
    this.gone = !tile;
    this.enterButton.setAttribute("aria-disabled", String(Boolean(lost || this.gone)));
    if (tile) {
      const similar = alike.get(tile.patient);
      write(this.part.who, tile.name);
      write(this.part.identity, `born ${tile.birth_date} · ${tile.record_number}`);
      write(this.part.similar, similar ? `≈ similar name: ${similar.join("; ")}` : "");
      this.writeValues(Object.values(tile.shown), delays);
      this.writeScores(tile.scores);
      this.writeEntries(tile.entries);
      this.writeSuspended(tile.suspended);
      this.switchedOff.show(tile.inactivated, lost);
    }
    const theirs = alarms.get(this.patient) ?? [];
    this.findButton.hidden = !theirs.length;
    write(this.findButton, `Go to ${theirs.length > 1 ? `the first of ${theirs.length} alarms` : "the alarm"}`);
    for (const verb of Object.keys(this.buttons)) this.writeButton(verb);
    const note = this.actions.suspend.note || this.actions.resume.note || this.switchedOff.note;
    this.dialog.note(lost ? "CONNECTION LOST – every value is old, nothing can be changed now" : this.gone ? "This patient is no longer on the wall" : note);
  }

  writeValues(shown, delays) {
    const rows = shown.map((each) => {
      const { text, look, age, limits, reason, unit } = value(each, delays);
      const aged = age === null ? "never" : `${words.age(age)} ago`;
      return { look, cells: [each.display, `${text} ${look === "gone" ? reason ?? "" : unit}`, aged, words.byHeight(limits).map(words.limit).join("   ")] };
    });
    const said = JSON.stringify(rows);
    if (this.part.rows.dataset.said === said) return;
    this.part.rows.dataset.said = said;
    this.part.rows.replaceChildren(...rows.map(({ look, cells }) => {
      const row = element("tr", {}, element("th", { scope: "row" }, cells[0]), ...cells.slice(1).map((cell) => element("td", {}, cell)));
      mark(row, "look", look);
      return row;
    }));
  }

  /** Every score: what it comes to, what it asks for, and part by part what it knows and what it does not. */
  writeScores(scores) {
    this.part.scores.hidden = !scores.length;
    const made = scores.map((score) => [words.score(score), ...words.scoreLines(score)]);
    const said = JSON.stringify(made);
    if (this.part.scores.dataset.said === said) return;
    this.part.scores.dataset.said = said;
    const blocks = made.flatMap(([headline, ...lines]) => [element("p", { class: "score" }, headline), ...lines.map((line) => element("p", { class: "lines" }, line))]);
    this.part.scores.querySelector("div").replaceChildren(...blocks);
  }

  writeEntries(entries) {
    const said = entries.map(words.entry);
    if (this.part.entries.dataset.said === said.join()) return;
    this.part.entries.dataset.said = said.join();
    const made = said.map((line, at) => element("li", entries[at].expires_s > 0 ? {} : { class: "expired" }, line));
    this.part.entries.replaceChildren(...(made.length ? made : [element("li", { class: "none" }, "none")]));
  }

  writeSuspended(suspended) {
    this.form.hidden = Boolean(suspended);
    this.suspended.hidden = !suspended;
    if (suspended) write(this.part.state, `SUSPENDED (${suspended.reason}) by ${suspended.owner}, resumes by itself at ${words.clock(suspended.until)}`);
    this.actions[suspended ? "suspend" : "resume"].settle(); // what was asked for has come about
  }

  writeButton(verb) {
    const { sending, unsent } = this.actions[verb];
    write(this.buttons[verb], sending ? "Sending…" : unsent ? "Send again" : this.labels[verb]);
    this.buttons[verb].setAttribute("aria-disabled", String(Boolean(this.context.lost || sending || this.gone)));
  }

  async send(verb, body) {
    const { actions, patient } = this;
    const action = actions[verb];
    if (this.context.lost || action.sending || this.gone) return;
    const sent = action.send(`/api/v1/patients/${encodeURIComponent(patient)}/${verb}`, body);
    this.write();
    const { outcome } = await sent;
    if (this.actions !== actions) return; // closed, and opened for somebody else
    this.write();
    if (outcome === "done") this.dialog.box.close();
  }
}

// "Needs attention": the open alarms, most urgent first, and never a row that moves under a finger.

import { order } from "./attention.js";
import { Card } from "./card.js";
import { element, write } from "./element.js";
import { PRIORITIES, SYMBOL, clock, message } from "./words.js";

const POINTING_MS = 4000; // a pointer that rests longer than this is not about to press anything

export class Lane {
  /** changed(alarm) when the server answered; resolve(alarm, card) to ask what came of one. */
  constructor(lane, changed, resolve) {
    this.title = lane.querySelector("#lane-title");
    this.list = lane.querySelector("#cards");
    this.calm = lane.querySelector("#calm");
    this.more = lane.querySelector("#more");
    this.endedBox = lane.querySelector("#ended");
    this.noticeBox = lane.querySelector("#notices");
    this.make = () => new Card(changed, resolve);
    this.cards = new Map();
    this.rows = [];
    this.all = false;
    this.pointed = { episode: null, at: -Infinity };
    this.list.addEventListener("pointermove", ({ target }) => {
      this.pointed = { episode: target.closest(".card")?.dataset.episode ?? null, at: performance.now() };
    });
    this.list.addEventListener("pointerleave", () => (this.pointed.episode = null));
    this.more.addEventListener("click", () => {
      this.all = !this.all;
      this.show(this.last.alarms, this.last.context);
    });
  }

  /** Show alarms; context: {lost, now, alike (patient to similar names), keys, pauseS}. */
  show(alarms, context) {
    this.last = { alarms, context };
    write(this.title, context.lost ? "LAST KNOWN – no action possible" : "Needs attention");
    const { rows, hidden } = order(alarms, this.rows, this.held(), this.all);
    this.rows = rows;
    rows.forEach((alarm, index) => {
      const card = this.cards.get(alarm.episode) ?? this.make();
      this.cards.set(alarm.episode, card);
      card.show(alarm, { ...context, similar: context.alike.get(alarm.patient) });
      if (this.list.children[index] !== card.item) this.list.insertBefore(card.item, this.list.children[index] ?? null);
    });
    for (const [episode, card] of this.cards) {
      if (rows.some((row) => row.episode === episode)) continue;
      card.item.remove();
      this.cards.delete(episode);
    }
    this.calm.hidden = rows.length > 0 || context.lost;
    this.showMore(hidden);
  }

  /** An alarm is over: if its row is held, it says what became of it. */
  over(alarm) {
    this.rows = this.rows.map((row) => (row.episode === alarm.episode ? alarm : row));
  }

  showMore(hidden) {
    this.more.hidden = !hidden.length && !this.all;
    const kinds = PRIORITIES.map((priority) => [hidden.filter((alarm) => alarm.priority === priority).length, SYMBOL[priority]]);
    const said = kinds.filter(([count]) => count).map(([count, symbol]) => `${count} ${symbol}`);
    write(this.more, hidden.length ? `+${hidden.length} more: ${said.join("  ")}` : "Show fewer");
  }

  /** Medium alarms that ended by themselves: a silent, listed message (S14). */
  showEnded(alarms) {
    this.endedBox.hidden = !alarms.length;
    const said = alarms.slice(0, 3).map((alarm) => `${clock(alarm.raised_at)}–${clock(alarm.ended_at ?? alarm.raised_at)}  ${alarm.name}: ${message(alarm)}`);
    if (alarms.length > 3) said.push(`and ${alarms.length - 3} more`);
    lines(this.endedBox, "Ended by themselves", said);
  }

  showNotices(notices) {
    this.noticeBox.hidden = !notices.length;
    lines(this.noticeBox, "Notices", notices);
  }

  /** The lowest row that a person has focused or is pointing at. */
  held() {
    const focused = document.activeElement?.closest?.(".card")?.dataset.episode;
    const pointed = performance.now() - this.pointed.at < POINTING_MS ? this.pointed.episode : null;
    const at = (episode) => this.rows.findIndex((row) => row.episode === episode);
    return at(focused) > at(pointed) ? focused : pointed ?? focused;
  }

  /** Put the keyboard on one alarm; whether it is there. */
  focusOn(episode) {
    const card = this.cards.get(episode);
    if (card) (card.buttons.acknowledge.hidden ? card.item : card.buttons.acknowledge).focus();
    return Boolean(card);
  }

  /** Put the keyboard on a patient's first open alarm, or on the first that nobody took. */
  focus(patient = null) {
    const row = this.rows.find((alarm) => (patient ? alarm.patient === patient : alarm.phase !== "acknowledged"));
    const card = row && this.cards.get(row.episode);
    if (card) (card.buttons.acknowledge.hidden ? card.item : card.buttons.acknowledge).focus();
  }
}

/** A titled list of plain lines, written only where it differs. */
function lines(box, title, texts) {
  const said = [title, ...texts].join("\n");
  if (box.dataset.said === said) return;
  box.dataset.said = said;
  box.replaceChildren(element("h3", {}, title), ...texts.map((line) => element("p", {}, line)));
}

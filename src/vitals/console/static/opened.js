// What a message pointed to: this page was opened at /a/WORD. It says so to the server only now that a person's browser
// shows it: a program that looks at links proves nothing (S19).

import { post } from "./action.js";
import { write } from "./element.js";

export class Opened {
  /** box is where to say that the alarm is over. */
  constructor(box, lane) {
    this.box = box;
    this.lane = lane;
    this.wanted = null;
    const [, word] = location.pathname.match(/^\/a\/([A-Z0-9-]+)$/) ?? [];
    if (word) this.ask(word);
  }

  async ask(word) {
    const { outcome, said } = await post(`/api/v1/messages/${word}/viewed`, {});
    if (outcome === "unsent") {
      setTimeout(() => this.ask(word), 2000);
      return;
    }
    this.wanted = outcome === "done" ? said.episode : null;
    if (this.wanted) this.find();
    else this.say(outcome === "done" ? "What the message was about is over or taken." : said.message);
  }

  /** After the alarms are shown: the keyboard goes to the wanted one, once, also if it was folded away. */
  find() {
    const { alarms, context } = this.lane.last ?? { alarms: [] };
    if (!this.wanted || !alarms.some(({ episode }) => episode === this.wanted)) return;
    if (!this.lane.focusOn(this.wanted)) {
      this.lane.all = true;
      this.lane.show(alarms, context);
      this.lane.focusOn(this.wanted);
    }
    this.wanted = null;
  }

  say(text) {
    this.box.hidden = !text;
    write(this.box, text);
  }
}

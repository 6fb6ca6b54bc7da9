// How long ago the whole path was checked, from a sensor to a page and back; loud when it is broken (S3, S4).

import { mark, write } from "./element.js";
import { age } from "./words.js";

const QUIET_S = 20; // younger than this nobody needs to read a number

export class PathShown {
  /** banner: where it is said that nobody would hear an alarm (S3); what stands there is not said twice. */
  constructor(place, banner) {
    this.place = place;
    this.banner = banner;
    this.drawn = null; // the lap that is on the screen
    this.said = null;
  }

  /** What the server says of the path; it comes before the snapshot that belongs to it. */
  hear(said) {
    this.said = said;
    this.heardAt = performance.now();
  }

  /** The snapshot that belongs to it is on the screen. */
  drew() {
    this.drawn = this.said?.lap ?? null;
    this.show();
  }

  /** The age counts on by itself, whatever the server does. */
  show() {
    this.place.hidden = !this.said || (this.said.broken !== null && this.said.broken === this.banner.textContent);
    if (!this.said) return;
    const { checked_s: checked, broken } = this.said;
    const seconds = checked === null ? null : checked + (performance.now() - this.heardAt) / 1000;
    mark(this.place, "broken", broken ? "true" : null);
    if (broken) write(this.place, `PATH BROKEN: ${broken}`);
    else if (seconds === null) write(this.place, "Path not checked yet");
    else write(this.place, seconds < QUIET_S ? "Whole path checked" : `Whole path checked ${age(seconds)} ago`);
    this.place.title = seconds === null ? "" : `From a sensor to a console and back: ${age(seconds)} ago`;
  }
}

// This page as a station: every 5 s it says whether its audio clock advances, unmuted (S3), and which lap of the signs
// of life it has put on the screen; a new lap at once, but not more often than every second.

import { post } from "./action.js";

const EVERY_MS = 5000;
const LEAST_MS = 900;

export class Station {
  constructor() {
    sessionStorage.station ??= crypto.randomUUID();
    this.address = `/api/v1/stations/${sessionStorage.station}`;
    this.sentAt = -Infinity;
  }

  /** Called often, and at once when what it would say changed; an answer is not needed: silence is what counts. */
  tell(audible, drawn) {
    const now = performance.now();
    const waited = now - this.sentAt;
    if (audible === this.audible && waited < (drawn === this.drawn ? EVERY_MS : LEAST_MS)) return;
    this.audible = audible;
    this.drawn = drawn;
    this.sentAt = now;
    post(this.address, { audible, drawn });
  }
}

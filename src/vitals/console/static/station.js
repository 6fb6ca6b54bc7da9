// This page as a station: every 5 s it says whether its audio clock advances, unmuted (S3).

import { post } from "./action.js";

const EVERY_MS = 5000;

export class Station {
  constructor() {
    sessionStorage.station ??= crypto.randomUUID();
    this.address = `/api/v1/stations/${sessionStorage.station}`;
    this.sentAt = -Infinity;
  }

  /** Called often, and at once when what it would say changed; an answer is not needed: silence is what counts. */
  tell(audible) {
    const now = performance.now();
    if (audible === this.audible && now - this.sentAt < EVERY_MS) return;
    this.audible = audible;
    this.sentAt = now;
    post(this.address, { audible });
  }
}

// One audible voice per browser, and within it the highest priority of what is to be heard.

import { BURSTS, render } from "./bursts.js";
import { PRIORITIES } from "./words.js";

const STUCK_MS = 3000;

export class Voice {
  /** changed(state): "off" (a gesture is needed), "on", "elsewhere" (another window sounds), "failed". */
  constructor(changed, burst) {
    this.changed = changed;
    this.burst = burst;
    this.state = "off";
    this.priority = null;
    this.startedAt = -Infinity;
    this.sounding = null; // the priority of the last burst
    this.speaks = false;
    this.anew = false;
    this.buffers = new Map();
    for (const priority of PRIORITIES) {
      render(priority).then((buffer) => this.buffers.set(priority, buffer));
    }
  }

  /** Begin to sound; only a person's gesture may call this. */
  async unlock() {
    this.context ??= new AudioContext();
    this.context.onstatechange = () => this.judge();
    await this.context.resume();
    this.moved = { at: performance.now(), time: this.context.currentTime };
    this.claim();
    this.judge();
  }

  /** What is to be heard; anew: something began. Higher interrupts, anew ends the pause before the next burst (S2). */
  say(priority, anew = false) {
    this.priority = priority;
    this.anew ||= anew;
    this.tick();
  }

  /** Called often; plays what is due. */
  tick() {
    this.judge();
    if (this.state !== "on" || !this.priority) return;
    const rank = (priority) => (priority ? PRIORITIES.length - PRIORITIES.indexOf(priority) : 0);
    const waited = (performance.now() - this.startedAt) / 1000;
    const higher = rank(this.priority) > rank(this.sounding);
    if (rank(this.priority) < rank(this.sounding)) this.source?.stop(); // nobody waits for that one any more
    const buffer = this.buffers.get(this.priority);
    if (!buffer) return;
    if (!higher && waited < (this.anew ? buffer.duration : BURSTS[this.priority].every)) return;
    this.source?.stop(); // a lower burst gives way
    this.source = new AudioBufferSourceNode(this.context, { buffer });
    this.source.connect(this.context.destination);
    this.source.start();
    this.startedAt = performance.now();
    this.sounding = this.priority;
    this.anew = false;
    this.burst(this.priority);
  }

  /** Silence resets the voice: the next alarm sounds at once. */
  hush() {
    this.source?.stop();
    this.source = null;
    this.priority = null;
    this.sounding = null;
    this.anew = false;
    this.startedAt = -Infinity;
  }

  /** The audio clock must advance: a context that says "running" and stands still is silent (S3). */
  judge() {
    let state = "off";
    if (this.context?.state === "running") {
      const now = performance.now();
      if (this.context.currentTime > this.moved.time) this.moved = { at: now, time: this.context.currentTime };
      const stuck = now - this.moved.at > STUCK_MS;
      state = stuck ? "failed" : this.speaks ? "on" : "elsewhere";
    }
    if (state === this.state) return;
    this.state = state;
    this.changed(state);
  }

  /** One window of the browser sounds; when it closes, the next one takes over. */
  claim() {
    if (this.claimed) return;
    this.claimed = true;
    if (!navigator.locks) {
      this.speaks = true;
      return;
    }
    navigator.locks.request("vitals-voice", () => {
      this.speaks = true;
      this.judge();
      return new Promise(() => {}); // held for as long as the page lives
    });
  }
}

// The page's end of the stream, and its watchdog: how old is the newest snapshot, whatever the connection claims?

import { follow } from "./stream.js";

const WORKER = "/static/stream-worker.js";
const WINDOW_MS = 300_000;

/** Call deliver({event, data}) for every event of the server, through the browser's one connection. */
export function connect(deliver) {
  if (typeof SharedWorker === "undefined") {
    follow("/api/v1/stream", deliver);
    return;
  }
  const worker = new SharedWorker(script(WORKER), { type: "module", name: "vitals-stream-1" });
  worker.port.onmessage = ({ data }) => deliver(data);
  setInterval(() => worker.port.postMessage("here"), 10_000);
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}

function script(address) {
  if (typeof trustedTypes === "undefined") return address;
  const policy = trustedTypes.createPolicy("vitals-worker", {
    createScriptURL(url) {
      if (url !== WORKER) throw new TypeError(`no worker lives at ${url}`);
      return url;
    },
  });
  return policy.createScriptURL(address);
}

/**
 * How many milliseconds old the newest snapshot is. Two clocks watch, because one of them stands still while the
 * machine sleeps and the other may be stepped; and a snapshot that spent its time on the way counts as old as it is:
 * its transit beyond the quickest of the last minutes (a full pipe delivers steadily, and late).
 */
export class Freshness {
  constructor() {
    this.server = null;
    this.late = 0;
    this.seen();
  }

  /** The server's monotonic time came with a snapshot; server names the run of the server that it belongs to. */
  stamp(serverMs, server) {
    const now = performance.now();
    if (server !== this.server) {
      this.server = server;
      this.quickest = [Infinity, Infinity]; // of the window before, and of this one
      this.windowEnds = now + WINDOW_MS;
    } else if (now > this.windowEnds) {
      this.quickest = [this.quickest[1], Infinity]; // the two clocks drift apart: nothing is the quickest for ever
      this.windowEnds = now + WINDOW_MS;
    }
    const transit = now - serverMs;
    this.quickest[1] = Math.min(this.quickest[1], transit);
    this.late = transit - Math.min(...this.quickest);
  }

  /** A snapshot came; it had been held for so long on this side. */
  seen(heldMs = 0) {
    const held = heldMs + this.late;
    this.monotonic = performance.now() - held;
    this.wall = Date.now() - held;
  }

  age() {
    return Math.max(performance.now() - this.monotonic, Date.now() - this.wall);
  }
}

// One EventSource for every tab of the browser: over HTTP/1.1 the seventh tab would hang without it.

import { follow } from "./stream.js";

const GONE_MS = 180_000; // a hidden tab's timers may run once a minute
const ports = new Map(); // port to when it was last heard of
let newest; // the newest snapshot, for a tab that is opened later
let newestAt = 0;

function deliver(message) {
  const now = performance.now();
  if (message.event === "snapshot") {
    newest = message;
    newestAt = now;
  }
  for (const [port, heard] of ports) {
    if (now - heard > GONE_MS) ports.delete(port);
    else port.postMessage(message);
  }
}

self.onconnect = ({ ports: [port] }) => {
  ports.set(port, performance.now());
  port.onmessage = ({ data }) => {
    if (data === "bye") ports.delete(port);
    else ports.set(port, performance.now());
  };
  if (newest) port.postMessage({ ...newest, heldMs: performance.now() - newestAt });
};

follow("/api/v1/stream", deliver);

// The server's events, for as long as it takes: reconnects by itself, and gives up on a connection that says nothing.
// Runs in the SharedWorker, or in the page of a browser that has none.

const EVENTS = ["snapshot", "alarm", "beat"];
const SILENT_MS = 5000; // the server says something every second
const AGAIN_MS = 1500;

/** Call deliver({event, data, id}) for every event, as it came; deliver({event: "tick"}) every second. */
export function follow(address, deliver) {
  let source;
  let heard = 0;

  function open() {
    source?.close();
    heard = performance.now();
    source = new EventSource(address);
    for (const event of EVENTS) {
      source.addEventListener(event, ({ data, lastEventId }) => {
        heard = performance.now();
        deliver({ event, data, id: lastEventId });
      });
    }
  }

  open();
  setInterval(() => {
    deliver({ event: "tick" });
    const quiet = performance.now() - heard;
    // A refused connection is closed for good, a dead one looks open: both are opened anew.
    if (quiet > SILENT_MS || (source.readyState === EventSource.CLOSED && quiet > AGAIN_MS)) open();
  }, 1000);
}

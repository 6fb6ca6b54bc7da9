// What a person asks the server to do, and the ways it can end. One key per attempt: sending it again is harmless.

const PATIENCE_MS = 5000;

export class Action {
  /** then: what to do after having read again what changed, "acknowledge". */
  constructor(then) {
    this.then = then;
    this.sending = false;
    this.key = null; // of the attempt that nobody confirmed
    this.content = "";
    this.note = ""; // what became of the last attempt
  }

  /** Whether the last attempt may or may not have arrived. */
  get unsent() {
    return this.key !== null && !this.sending;
  }

  /** Forget the last attempt: it no longer matters. */
  settle() {
    if (this.sending) return;
    this.key = null;
    this.note = "";
  }

  /**
   * {outcome, said}. "done": said is the answer. "changed": said.alarm, said.missed or said.request is what it is now. "over": there
   * is no such thing any more. "refused": said.message. "unsent": nobody knows whether it arrived; the same again goes
   * under the same key.
   */
  async send(address, body) {
    const content = address + JSON.stringify(body);
    if (!this.key || content !== this.content) this.key = crypto.randomUUID();
    this.content = content;
    this.sending = true;
    const { outcome, said } = await post(address, { ...body, key: this.key });
    this.sending = false;
    if (outcome !== "unsent") this.key = null;
    this.note = {
      done: "",
      changed: `CHANGED meanwhile – read it again, then ${this.then}`,
      over: "",
      refused: `REFUSED – ${said?.message}`,
      unsent: `NOT SENT – ${said?.message ?? "no answer"}`,
    }[outcome];
    return { outcome, said };
  }
}

/** Post body as JSON; {outcome, said} as above. */
export async function post(address, body) {
  try {
    const response = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const said = await response.json();
    if (response.ok) return { outcome: "done", said };
    if (response.status >= 500) return { outcome: "unsent", said };
    if (response.status === 404) return { outcome: "over", said };
    const present = said.alarm ?? said.missed ?? said.request;
    return { outcome: present && present.version !== body.version ? "changed" : "refused", said };
  } catch {
    return { outcome: "unsent", said: null };
  }
}

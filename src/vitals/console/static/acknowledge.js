// The one action of the wall, and the four ways it can end.

const PATIENCE_MS = 5000;

/**
 * Send one acknowledgement; {outcome, alarm, message}, outcome "done", "changed" (alarm is what it is now), "over",
 * "refused" or "unsent": nobody knows whether it arrived, and sending it again with the same key is harmless.
 */
export async function acknowledge(episode, version, key) {
  try {
    const response = await fetch(`/api/v1/alarms/${encodeURIComponent(episode)}/acknowledge`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ version, key }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const said = await response.json();
    if (response.ok) return { outcome: "done", alarm: said };
    if (response.status === 409) return { outcome: "changed", alarm: said.alarm ?? null, message: said.message };
    if (response.status === 404) return { outcome: "over", alarm: null, message: said.message };
    if (response.status >= 500) return { outcome: "unsent", message: said.message };
    return { outcome: "refused", message: said.message };
  } catch {
    return { outcome: "unsent", message: "no answer" };
  }
}

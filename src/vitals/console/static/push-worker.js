// Shows what a push service brings while no page is open, and says so to the server: delivered is what was shown (S19).
// Nobody's name and no value is ever in a message. A classic script: not every browser has modules here.

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { word } = event.notification.data ?? {};
  event.waitUntil(self.clients.openWindow(word ? `/a/${word}` : "/notifications"));
});

async function show(data) {
  let message;
  try {
    message = data.json();
  } catch {
    message = { title: "OpenVitals", body: "A message came that cannot be read: open the console", key: "", word: "" };
  }
  const tag = message.word.split("-")[0];
  await self.registration.showNotification(message.title, {
    body: message.body,
    tag, // a newer message of the same alarm takes the place of the one before, and makes itself noticed again
    renotify: Boolean(tag),
    requireInteraction: Boolean(tag),
    icon: "/static/icon.svg",
    data: { word: message.word },
  });
  if (!message.key) return;
  const headers = { "Content-Type": "application/json" };
  await fetch("/api/v1/messages/shown", { method: "POST", headers, body: JSON.stringify({ key: message.key }) }).catch(() => {});
}

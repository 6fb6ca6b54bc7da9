// The page of notifications: this browser as a device of one person, and who hands over to whom.

import { post } from "./action.js";
import { element, write } from "./element.js";
import { clock } from "./words.js";

const WORKER = "/static/push-worker.js";
const $ = (id) => document.getElementById(id);
let known = { push_key: "", recipients: [], hand_overs: [] };

const me = () => $("me").value;

$("me").addEventListener("change", () => {
  localStorage["vitals-me"] = me();
  show();
});
$("tell").addEventListener("click", () => attempt(tell));
$("stop").addEventListener("click", () => attempt(stop));
$("offer").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => send("/api/v1/hand-overs", { giver: me(), taker: $("taker").value, minutes: Number($("hours").value) * 60 }));
});
attempt(() => {});
setInterval(() => attempt(() => {}), 15_000);

/** Do it, and show how things are afterwards; what goes wrong is said in one line. */
async function attempt(act) {
  try {
    const done = await act();
    if (done !== undefined) say(done);
    const response = await fetch("/api/v1/notifications");
    known = await response.json();
    if (!response.ok) throw new Error(known.message);
    await show();
  } catch (error) {
    say(error.message, true);
  }
}

async function send(address, body) {
  const { outcome, said } = await post(address, body);
  if (outcome !== "done") throw new Error(said?.message ?? "NOT SENT – no answer; try again");
  return "";
}

async function tell() {
  if (why()) throw new Error(why());
  if ((await Notification.requestPermission()) !== "granted") {
    throw new Error("This browser was told not to show notifications: allow them in its settings for this page.");
  }
  await navigator.serviceWorker.register(script(), { scope: "/static/" });
  const registration = await ready();
  const options = { userVisibleOnly: true, applicationServerKey: known.push_key };
  const before = await registration.pushManager.getSubscription();
  if (before && ours(before) !== known.push_key) await before.unsubscribe(); // it belongs to a key that is gone
  const subscription = await registration.pushManager.subscribe(options);
  const { endpoint, keys } = subscription.toJSON();
  await send("/api/v1/push/devices", { recipient: me(), endpoint, keys });
  return `This device tells ${me()} from now on. The daily self-test says whether it still does.`;
}

async function stop() {
  const subscription = await subscribed();
  if (!subscription) return "This device tells nobody.";
  await send("/api/v1/push/devices/remove", { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
  return "This device tells nobody any more.";
}

/** Why this browser cannot tell anybody anything; empty if it can. */
function why() {
  if (!known.push_key) return "This server sends no Web Push: its configuration has no [notify.push].";
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) {
    return "This browser cannot: it needs Web Push, and a page over https or from this machine.";
  }
  const mine = known.recipients.find(({ id }) => id === me());
  if (mine && !mine.pushed) return `${me()} is not told by Web Push: add push:// to the channels of ${me()}.`;
  return "";
}

async function subscribed() {
  const registration = await navigator.serviceWorker?.getRegistration("/static/");
  return (await registration?.pushManager?.getSubscription()) ?? null;
}

/** The registration, once its worker is there to be pushed to. */
async function ready() {
  const registration = await navigator.serviceWorker.getRegistration("/static/");
  const worker = registration.installing ?? registration.waiting;
  if (!registration.active && worker) {
    await new Promise((done) => worker.addEventListener("statechange", () => worker.state === "activated" && done()));
  }
  return registration;
}

function ours(subscription) {
  const bytes = new Uint8Array(subscription.options.applicationServerKey ?? []);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function script() {
  if (typeof trustedTypes === "undefined") return WORKER;
  script.policy ??= trustedTypes.createPolicy("vitals-push-worker", {
    createScriptURL(url) {
      if (url !== WORKER) throw new TypeError(`no worker lives at ${url}`);
      return url;
    },
  });
  return script.policy.createScriptURL(WORKER);
}

async function show() {
  choose($("me"), localStorage["vitals-me"] ?? "", "Choose…");
  choose($("taker"), $("taker").value, "Choose…");
  const person = me();
  const lacks = why();
  $("tell").disabled = !person || Boolean(lacks);
  $("stop").hidden = !(await subscribed().catch(() => null));
  write($("lacks"), person || !known.push_key ? lacks : "Say who you are first.");
  $("lacks").hidden = !$("lacks").textContent;
  $("devices").replaceChildren(
    ...known.recipients.map(({ id, devices, pushed }) =>
      element("li", {}, element("b", {}, id), pushed ? ` ${devices} ${devices === 1 ? "device" : "devices"}` : " no Web Push"),
    ),
  );
  $("offer").querySelector("button").disabled = !person;
  $("hand-overs").replaceChildren(...known.hand_overs.map((each) => handOver(each, person)));
  $("none").hidden = known.hand_overs.length > 0;
}

function choose(select, value, first) {
  const ids = ["", ...known.recipients.map(({ id }) => id)];
  if ([...select.options].map((option) => option.value).join("\n") !== ids.join("\n")) {
    select.replaceChildren(...ids.map((id) => element("option", { value: id }, id || first)));
  }
  select.value = ids.includes(value) ? value : "";
}

function handOver({ id, giver, taker, until, accepted }, person) {
  const said = accepted ? `${taker} stands in for ${giver} until ${clock(until)}` : `${giver} asks ${taker} until ${clock(until)} – NOT accepted yet`;
  const row = element("li", { "data-accepted": String(accepted) }, element("span", {}, said));
  const button = (label, address) => {
    const made = element("button", { type: "button" }, label);
    made.addEventListener("click", () => attempt(() => send(`/api/v1/hand-overs/${id}/${address}`, {})));
    row.append(made);
  };
  if (!accepted && person === taker) button("Accept", "accept");
  if (person === giver || person === taker) button(accepted ? "End" : person === giver ? "Withdraw" : "Decline", "end");
  return row;
}

function say(text, wrong = false) {
  write($("said"), text);
  $("said").dataset.wrong = String(wrong);
  $("said").hidden = !text;
}

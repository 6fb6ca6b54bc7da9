// Limits as rows that can be edited: by metric, what is beyond, after how long, how urgent, at which time of day.

import { element } from "./element.js";

const SIDES = { below: "below", above: "above", falls: "falls by", rises: "rises by" };
const COUNTED = { s: "s", values: "values in a row" };
const PRIORITIES = { low: "low !", medium: "medium !!", high: "high !!!" };
const HEADS = ["Alarm when", "Value", "Within s", "After", "Counted in", "Priority", "From", "Until", "Remove"];

export class LimitForm {
  constructor(box, another) {
    this.box = box;
    this.another = another;
    this.metrics = [];
    this.name = "proposed";
  }

  fill(form, metrics) {
    this.metrics = metrics;
    this.name = form.name;
    this.box.replaceChildren();
    for (const metric of Object.keys(form.hysteresis)) {
      const part = this.part(metric, form.hysteresis[metric], form.average_s[metric] ?? 0);
      for (const limit of form.limits.filter((each) => each.metric === metric)) this.row(part, limit);
    }
    this.offer();
    this.filled = null;
    this.filled = JSON.stringify({ ...this.read(), name: this.name });
  }

  /** Limits of a metric that has none yet. */
  add(metric) {
    if (!metric) return;
    const part = this.part(metric, 0, 0);
    this.row(part, { side: "below", value: "", after: 15, counted: "s", priority: "medium" });
    this.offer();
    part.querySelector("select").focus();
  }

  offer() {
    const there = new Set([...this.box.children].map((part) => part.dataset.metric));
    const rest = this.metrics.filter(({ metric }) => !there.has(metric));
    this.another.replaceChildren(...rest.map(({ metric, display, unit }) => element("option", { value: metric }, `${display} ${unit}`)));
  }

  part(metric, hysteresis, average) {
    const { display, unit } = this.metrics.find((each) => each.metric === metric);
    const title = `${display} ${unit}`;
    const head = element("thead", {}, element("tr", {}, ...HEADS.map((text) => element("th", { scope: "col" }, text))));
    const rows = element("tbody");
    const add = element("button", { type: "button", class: "add" }, `Add a limit of ${display}`);
    const part = element(
      "div",
      { class: "metric", role: "group", "aria-label": `Limits of ${title}`, "data-metric": metric },
      element("h3", {}, title),
      element("table", {}, head, rows),
      element(
        "p",
        { class: "fields" },
        add,
        element("label", {}, "Ends when back by", number("hysteresis", hysteresis, `${display}: ends when back by`, { min: 0 })),
        element("label", {}, "Mean of so many s", number("average", average, `${display}: mean of so many seconds`, { min: 0 })),
      ),
    );
    add.addEventListener("click", () => {
      this.row(part, { side: "below", value: "", after: 15, counted: "s", priority: "medium" });
      rows.lastElementChild.querySelector("select").focus();
    });
    this.box.append(part);
    return part;
  }

  row(part, limit) {
    const rows = part.querySelector("tbody");
    const what = `${part.querySelector("h3").textContent}, limit ${rows.children.length + 1}`;
    const remove = element("button", { type: "button", "aria-label": `Remove ${what}` }, "✕");
    const [from, until] = limit.between ?? ["", ""];
    const row = element(
      "tr",
      {},
      cell(choice("side", SIDES, limit.side, `${what}: alarm when`)),
      cell(number("value", limit.value, `${what}: value`, { required: "" })),
      cell(number("within_s", limit.within_s ?? "", `${what}: within seconds, of a fall or rise`, { min: 0 })),
      cell(number("after", limit.after, `${what}: after`, { required: "", min: 0 })),
      cell(choice("counted", COUNTED, limit.counted, `${what}: counted in`)),
      cell(choice("priority", PRIORITIES, limit.priority, `${what}: priority`)),
      cell(element("input", { type: "time", name: "from", value: from, "aria-label": `${what}: from, empty for all day` })),
      cell(element("input", { type: "time", name: "until", value: until, "aria-label": `${what}: until, empty for all day` })),
      cell(remove),
    );
    remove.addEventListener("click", () => {
      row.remove();
      part.querySelector(".add").focus();
    });
    rows.append(row);
  }

  /** What the server takes. */
  read() {
    const form = { name: this.name, hysteresis: {}, average_s: {}, limits: [] };
    for (const part of this.box.children) {
      const { metric } = part.dataset;
      const rows = [...part.querySelectorAll("tbody tr")];
      if (!rows.length) continue;
      form.hysteresis[metric] = Number(field(part, "hysteresis"));
      const average = Number(field(part, "average"));
      if (average) form.average_s[metric] = average;
      form.limits.push(...rows.map((row) => this.limit(row, metric)));
    }
    if (JSON.stringify(form) !== this.filled) form.name = `${this.name}, edited`.slice(0, 80);
    return form;
  }

  limit(row, metric) {
    const side = field(row, "side");
    const [from, until] = [field(row, "from"), field(row, "until")];
    return {
      metric,
      side,
      value: Number(field(row, "value")),
      within_s: side === "falls" || side === "rises" ? Number(field(row, "within_s")) : null,
      after: Number(field(row, "after")),
      counted: field(row, "counted"),
      priority: field(row, "priority"),
      between: from && until ? [from, until] : null,
    };
  }
}

const field = (box, name) => box.querySelector(`[name="${name}"]`).value;
const cell = (child) => element("td", {}, child);

function number(name, value, label, attributes) {
  return element("input", { type: "number", step: "any", name, value: String(value), "aria-label": label, ...attributes });
}

function choice(name, words, chosen, label) {
  const made = element("select", { name, "aria-label": label });
  for (const [value, word] of Object.entries(words)) made.append(element("option", { value }, word));
  made.value = chosen;
  return made;
}

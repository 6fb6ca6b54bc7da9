// The grid: fixed places, one element per patient, made once and written to.

import { element, mark, write } from "./element.js";
import { arrange } from "./layout.js";
import { fit, similar } from "./names.js";
import { tileView } from "./tile-view.js";
import { Traces } from "./traces.js";
import * as words from "./words.js";

// Per unit: a name's size, and what is not its own: padding, and a badge's place, lest a name change with an alarm.
const NAME = { compact: { font: 12, taken: 42 }, roomy: { font: 9.5, taken: 38 } };

export class Tiles {
  /** open(patient, tile) is called when somebody wants to know more about a patient. */
  constructor(ward, open) {
    this.ward = ward;
    this.grid = ward.querySelector("#grid");
    this.traces = new Traces(ward.querySelector("#traces"));
    this.made = new Map(); // patient to the parts of their tile
    this.views = new Map();
    this.arrangement = arrange(1, 300, 200);
    new ResizeObserver(() => this.lay()).observe(ward);
    document.fonts.ready.then(() => this.lay());
    this.grid.addEventListener("keydown", (event) => this.walk(event));
    const opened = (event) => {
      const tile = event.target.closest(".tile");
      if (!tile || (event.type === "keydown" && event.key !== "Enter")) return;
      event.preventDefault(); // or the same Enter would press the button that gets the focus
      open(tile.dataset.patient, tile);
    };
    this.grid.addEventListener("click", opened);
    this.grid.addEventListener("keydown", opened);
  }

  /** Show these patients; alarms by patient. */
  show(tiles, alarms, delays) {
    const who = JSON.stringify(tiles.map(({ patient, position, name, birth_date, record_number }) => [patient, position, name, birth_date, record_number]));
    if (who !== this.who) {
      this.who = who;
      this.populate(tiles);
    }
    for (const tile of tiles) this.update(tile, alarms.get(tile.patient) ?? [], delays);
  }

  /** One patient again, because an alarm changed between two snapshots. */
  refresh(patient, alarms, delays) {
    const tile = this.made.get(patient)?.tile;
    if (tile) this.update(tile, alarms, delays);
  }

  /** A second has passed: every trace grows by what was shown. */
  second() {
    for (const [patient, view] of this.views) this.traces.add(patient, view);
    this.draw();
  }

  draw() {
    requestAnimationFrame(() => {
      const compact = this.arrangement.room === "compact";
      const colours = getComputedStyle(document.documentElement);
      const [hr, spo2] = [colours.getPropertyValue("--hr"), colours.getPropertyValue("--spo2")];
      const red = (view) => view.alarm === "high" && view.phase !== "acknowledged";
      this.traces.draw(
        (patient) => compact && this.views.get(patient)?.state !== "",
        (patient, name) => (red(this.views.get(patient)) ? "#ffffff" : name === "rate" ? hr : spo2),
      );
    });
  }

  populate(tiles) {
    const here = new Set(tiles.map(({ patient }) => patient));
    for (const [patient, { item }] of this.made) {
      if (here.has(patient)) continue;
      item.remove();
      this.made.delete(patient);
      this.views.delete(patient);
    }
    this.alike = similar(tiles);
    for (const tile of tiles) {
      if (!this.made.has(tile.patient)) this.made.set(tile.patient, this.make(tile));
      this.made.get(tile.patient).tile = tile;
    }
    this.places = Math.max(0, ...tiles.map(({ position }) => position)) + 1;
    this.lay();
  }

  make({ patient }) {
    const parts = { limits: {}, numbers: {}, labels: {}, values: {} };
    parts.name = element("span", { class: "name" });
    parts.badge = element("span", { class: "badge" });
    parts.why = element("span", { class: "why" });
    parts.state = element("span", { class: "state" });
    const traces = [];
    for (const side of ["rate", "spo2"]) {
      parts.labels[side] = element("span", { class: "label" });
      parts.numbers[side] = element("span", { class: "number" });
      parts.limits[side] = element("span", { class: "limits" });
      parts.values[side] = element("span", { class: `value ${side}` }, parts.labels[side], parts.numbers[side], parts.limits[side]);
      traces.push(element("span", { class: `trace ${side}`, "aria-hidden": "true" }));
    }
    parts.item = element("li", { class: "tile", tabindex: "-1", "aria-haspopup": "dialog", "data-patient": patient });
    parts.item.append(element("span", { class: "head" }, parts.name, parts.badge), parts.values.rate, parts.why, parts.values.spo2, ...traces, parts.state);
    this.grid.append(parts.item);
    return parts;
  }

  update(tile, alarms, delays) {
    const parts = this.made.get(tile.patient);
    parts.tile = tile;
    const view = tileView(tile, alarms, delays, this.arrangement.room === "compact");
    this.views.set(tile.patient, view);
    for (const side of ["rate", "spo2"]) this.writeValue(parts, side, view[side]);
    write(parts.badge, view.badge);
    write(parts.why, view.why);
    if (view.suspended !== parts.suspended || view.off !== parts.off) {
      parts.suspended = view.suspended;
      parts.off = view.off;
      this.entitle(parts);
    }
    write(parts.state, view.state);
    mark(parts.item, "alarm", view.alarm);
    mark(parts.item, "phase", view.phase);
    mark(parts.item, "status", view.status);
    mark(parts.item, "quiet", view.quiet || null);
    mark(parts.item, "hatch", view.hatch || null);
    mark(parts.item, "blind", view.blind || null);
    mark(parts.item, "wide", view.wide || null);
  }

  writeValue(parts, side, value) {
    write(parts.numbers[side], value.text);
    mark(parts.values[side], "look", value.look);
    const compact = this.arrangement.room === "compact";
    const always = value.metric === "pulse_rate";
    write(parts.labels[side], value.label ? (compact ? value.label : `${value.label} ${value.unit}`) : "");
    mark(parts.labels[side], "always", always || null);
    const said = words.byHeight(value.limits).map(words.limit);
    if (said.join() === parts.limits[side].dataset.said) return;
    parts.limits[side].dataset.said = said.join();
    parts.limits[side].replaceChildren(...said.map((each) => element("span", {}, each)));
    this.entitle(parts);
  }

  /** Whole name, two identifiers and every limit, for whoever points at the tile or has it read out. */
  entitle(parts) {
    const { tile, item } = parts;
    const limits = Object.values(tile.shown)
      .filter((shown) => shown.limits.length)
      .map((shown) => `${words.SHORT[shown.metric] ?? shown.display} ${words.byHeight(shown.limits).map(words.limit).join("  ")}`);
    const alike = this.alike.get(tile.patient);
    const lines = [tile.name, `born ${tile.birth_date} · ${tile.record_number}`];
    if (alike) lines.push(`similar name: ${alike.join("; ")}`);
    if (parts.suspended) lines.push(parts.suspended);
    if (parts.off) lines.push(parts.off);
    item.title = [...lines, ...limits].join("\n");
  }

  /** Sizes and places; nothing here depends on a value. */
  lay() {
    if (!this.made.size) return;
    const style = getComputedStyle(this.ward);
    const width = this.ward.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const height = this.ward.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    const plan = arrange(this.places, width, innerWidth > 1100 ? height : 0);
    this.arrangement = plan;
    this.grid.style.setProperty("--columns", plan.columns);
    this.grid.style.setProperty("--row", `${plan.row}px`);
    this.grid.style.setProperty("--u", plan.unit);
    this.grid.dataset.room = plan.room;
    document.body.dataset.room = plan.room;
    let first = true;
    for (const parts of this.made.values()) {
      const { tile, item } = parts;
      item.style.gridColumn = (tile.position % plan.columns) + 1;
      item.style.gridRow = Math.floor(tile.position / plan.columns) + 1;
      if (first) item.tabIndex = 0;
      first = false;
      this.nameTile(parts, plan);
      this.entitle(parts);
    }
    this.placeTraces();
  }

  nameTile(parts, plan) {
    const { tile, name } = parts;
    const { font, taken } = NAME[plan.room];
    const mention = this.alike.has(tile.patient) ? "≈ " : "";
    const { text, fit: how } = fit(tile.name, mention, plan.width - taken * plan.unit, font * plan.unit);
    const identity = element("span", { class: "identity" }, `born ${tile.birth_date} · ${tile.record_number}`);
    name.replaceChildren(text, identity);
    name.dataset.fit = how;
  }

  placeTraces() {
    const origin = this.ward.getBoundingClientRect();
    const places = [];
    for (const [patient, { item }] of this.made) {
      for (const name of ["rate", "spo2"]) {
        const box = this.traceBox(item, name);
        const [x, y] = [box.left - origin.left + this.ward.scrollLeft, box.top - origin.top + this.ward.scrollTop];
        places.push({ patient, name, x, y, width: box.width, height: box.height });
      }
    }
    this.traces.place(places, this.ward.scrollWidth, this.ward.scrollHeight);
    this.draw();
  }

  traceBox(item, name) {
    if (this.arrangement.room === "roomy") return item.querySelector(`.trace.${name}`).getBoundingClientRect();
    const box = item.getBoundingClientRect(); // compact: the state line's place, which words and traces share
    const { unit } = this.arrangement;
    const [width, height] = [(box.width - 22) / 2, box.height - 3 - 46 * unit];
    const left = box.left + 8 + (name === "spo2" ? width + 6 : 0);
    return { left, top: box.bottom - 3 - height, width, height };
  }

  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.arrangement.columns, ArrowUp: -this.arrangement.columns }[event.key];
    const from = event.target.closest(".tile");
    if (!step || !from) return;
    const position = this.made.get(from.dataset.patient).tile.position + step;
    const next = [...this.made.values()].find(({ tile }) => tile.position === position);
    if (!next) return;
    event.preventDefault();
    from.tabIndex = -1;
    next.item.tabIndex = 0;
    next.item.focus();
  }
}

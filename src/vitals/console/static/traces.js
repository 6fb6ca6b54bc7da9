// Sixty seconds of two values for every tile, all on one canvas.

const SECONDS = 60;
const SPAN = { rate: 20, spo2: 6 }; // the least that a trace's height stands for: calm looks calm

/** What the traces remember: patient to {rate: [], spo2: []}, null where there was nothing to rely on. */
export class Traces {
  constructor(canvas) {
    this.canvas = canvas;
    this.kept = new Map();
    this.places = [];
  }

  /** Begin with what the server remembers. */
  begin(columns) {
    for (const [patient, of] of Object.entries(columns)) {
      this.kept.set(patient, { rate: of.heart_rate ?? of.pulse_rate ?? [], spo2: of.spo2 ?? [] });
    }
  }

  /** One more second of one patient. */
  add(patient, view) {
    const traces = this.kept.get(patient) ?? { rate: [], spo2: [] };
    for (const name of ["rate", "spo2"]) {
      const live = view[name].look === "live" && view[name].status === "monitored";
      traces[name].push(live ? view[name].number : null);
      if (traces[name].length > SECONDS) traces[name].shift();
    }
    this.kept.set(patient, traces);
  }

  /** Where to draw: [{patient, name, x, y, width, height}] relative to the canvas, which covers width x height. */
  place(places, width, height) {
    this.places = places;
    const scale = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${height}px`;
    this.scale = scale;
  }

  /** Draw them all; quiet(patient) is true where words stand in the trace's place, colour(patient, name) tells how. */
  draw(quiet, colour) {
    const pen = this.canvas.getContext("2d");
    pen.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    pen.lineJoin = "round";
    for (const place of this.places) {
      const points = this.kept.get(place.patient)?.[place.name];
      if (!points || quiet(place.patient)) continue;
      pen.strokeStyle = colour(place.patient, place.name);
      pen.lineWidth = place.height > 30 ? 2 : 1.25;
      pen.beginPath();
      line(pen, place, points);
      pen.stroke();
    }
  }
}

function line(pen, { name, x, y, width, height }, points) {
  let low = Infinity;
  let high = -Infinity;
  for (const point of points) {
    if (point === null) continue;
    low = Math.min(low, point);
    high = Math.max(high, point);
  }
  if (low > high) return;
  const spare = Math.max(0, SPAN[name] - (high - low)) / 2;
  const span = high - low + 2 * spare;
  const step = width / (SECONDS - 1);
  const start = x + (SECONDS - points.length) * step;
  let drawing = false;
  points.forEach((point, index) => {
    if (point === null) {
      drawing = false; // a gap is a gap
      return;
    }
    const at = [start + index * step, y + height - ((point - low + spare) / span) * height];
    if (drawing) pen.lineTo(...at);
    else pen.moveTo(...at);
    drawing = true;
  });
}

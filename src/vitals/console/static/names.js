// Names on a tile: whole where they fit, shortened where they do not, never cut off mid-word without a trace.

const pen = document.createElement("canvas").getContext("2d");

/** "Hughes, Margaret" as "Hughes, M."; a name that does not say which part is the family's stays as it is. */
export function short(name) {
  const [family, given] = name.split(/,\s*/, 2);
  return given ? `${family}, ${[...given][0]}.` : name;
}

/** What to write into a box, the mention first: {text, fit}, fit "whole", "small" or "two" (two lines). */
export function fit(name, mention, width, font, weight = 600) {
  pen.font = `${weight} ${font}px Inter, system-ui, sans-serif`;
  const wide = (text) => pen.measureText(text).width;
  const whole = mention + name;
  if (wide(whole) <= width) return { text: whole, fit: "whole" };
  const brief = mention + short(name);
  if (wide(brief) <= width) return { text: brief, fit: "whole" };
  if (wide(brief) * 0.86 <= width) return { text: brief, fit: "small" };
  return { text: brief, fit: "two" };
}

/** Patient to the names that could be taken for theirs: the same family name and initial, or the same whole name. */
export function similar(tiles) {
  const groups = new Map();
  for (const tile of tiles) {
    const key = short(tile.name).toLocaleLowerCase();
    groups.set(key, [...(groups.get(key) ?? []), tile]);
  }
  const found = new Map();
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    for (const tile of group) {
      found.set(tile.patient, group.filter((other) => other !== tile).map((other) => other.name));
    }
  }
  return found;
}

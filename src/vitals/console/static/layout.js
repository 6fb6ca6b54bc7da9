// How many columns: the arrangement that makes the smallest side of a tile's content largest.

const GAP = 5;
const COMPACT = { width: 106, height: 62 }; // what a tile's content needs, in px at unit 1
const ROOMY = { width: 147, height: 76 }; // per unit; a roomy tile has labels, limits and traces
const ROOMY_FROM = 1.75; // numbers of 42 px, and limits beside them in 12 px
const LARGEST = { roomy: 3.5, compact: 2.4 }; // numbers of 84 px; of 58 px

/** {columns, row, width, unit, room}: sizes in px; the tile's size and place never depend on what it shows. */
export function arrange(count, width, height) {
  const roomy = best(count, width, height, ROOMY);
  if (roomy.unit >= ROOMY_FROM) return { ...roomy, unit: Math.min(roomy.unit, LARGEST.roomy), room: "roomy" };
  const compact = best(count, width, height, COMPACT);
  if (compact.unit >= 0.95) return { ...compact, unit: Math.min(compact.unit, LARGEST.compact), room: "compact" };
  const columns = Math.max(1, Math.floor((width + GAP) / (COMPACT.width + GAP))); // it scrolls: better than unreadable
  return { columns, row: COMPACT.height, width: (width + GAP) / columns - GAP, unit: 1, room: "compact" };
}

function best(count, width, height, need) {
  let found = null;
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const tile = (width + GAP) / columns - GAP;
    const row = Math.floor((height + GAP) / rows - GAP);
    const unit = Math.min(tile / need.width, row / need.height);
    if (!found || unit > found.unit) found = { columns, row, width: tile, unit };
  }
  return found ?? { columns: 1, row: need.height, width, unit: 1 };
}

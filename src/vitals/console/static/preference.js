// A checkbox that this browser remembers.

/** Whether it is checked now, and changed() when that changes. */
export function remembered(box, changed) {
  const name = `vitals-${box.id}`;
  box.checked = localStorage[name] !== "off";
  box.addEventListener("change", () => {
    localStorage[name] = box.checked ? "on" : "off";
    changed();
  });
  return () => box.checked;
}

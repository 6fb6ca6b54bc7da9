// Elements are made, never parsed: no string of the server's can become markup.

/** A new element: element("span", {class: "name"}, "text or", child). */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Write text only where it differs: 200 tiles change little from one second to the next. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Set a data attribute only where it differs; null removes it. */
export function mark(node, name, value) {
  if (value === null || value === undefined || value === "") {
    if (name in node.dataset) delete node.dataset[name];
  } else if (node.dataset[name] !== String(value)) node.dataset[name] = value;
}

// The only way by which anything gets into the page: text as text, attributes as attributes. Nothing is parsed as HTML.

import { guard } from "./faults.js";
import { t } from "./words.js";

const Svg = "http://www.w3.org/2000/svg";

/** The element of the page with an id. */
export const $ = id => document.getElementById(id);

/** Makes an element. Attributes that are null or false are left out; `onclick` and the like are listeners. */
export const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** Makes an element of a drawing. */
export const svg = (tag, attributes, ...children) => fill(document.createElementNS(Svg, tag), attributes, children);

/** Sets the text of an element when it is another one. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Sets an attribute when it is another one; null takes it away. */
export function setAttribute(node, name, value) {
  if (value == null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/**
 * Makes the children of a list those of some items, in their order. A child is made once for each key and then updated, so
 * that what has the focus keeps it. One that cannot be drawn says so, and the others are drawn.
 */
export function reconcile(list, items, keyOf, make, update) {
  const known = new Map([...list.children].map(child => [child.dataset.key, child]));
  let place = list.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = known.get(key);
    known.delete(key);
    if (!child || child.dataset.fault) {
      const made = make(item);
      made.dataset.key = key;
      if (child === place) place = made;
      child?.replaceWith(made);
      child = made;
    }
    guard(() => update(child, item), () => {
      child.dataset.fault = "true";
      child.replaceChildren(t("cannotShow", key));
    });
    if (child === place) place = place.nextElementSibling;
    else list.insertBefore(child, place);
  }
  for (const gone of known.values()) gone.remove();
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value != null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter(child => child != null));
  return node;
}

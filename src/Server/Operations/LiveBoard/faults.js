// A fault in drawing costs what could not be drawn. It is no fault of the connection, and an operator sees that there was one.

import { $, setText } from "./dom.js";
import { count } from "./format.js";
import { t } from "./words.js";

let faults = 0;

/** Draws something; when that fails, it is counted and shown, and what stands in for it is drawn. */
export function guard(draw, otherwise = () => {}) {
  try {
    return draw();
  } catch (error) {
    console.error(error);
    setText($("faults"), t("faults", count(++faults)));
    $("faults").hidden = false;
    otherwise();
  }
}

// The dialog that asks before anything is changed: why, and for a refund how much and where to.

import { $, el, setText } from "./dom.js";
import { toFen, toTimestamp } from "./format.js";
import { t } from "./words.js";

const LongestReason = 200;

/**
 * Asks, does it, and stays open with the server's sentence when it was refused.
 * @param question `title` and `says`; `reasonMay` when there need be none; `withAmount` for a refund; `withUntil` for what may end
 * by itself.
 * @param act does it with `{ reason, amountFen, to, until }`, and may return a sentence about what came of it.
 */
export function ask({ title, says, reasonMay, withAmount, withUntil }, act) {
  const dialog = $("ask");
  const reason = el("textarea", { id: "reason", rows: 2, maxlength: LongestReason });
  const amount = withAmount ? el("input", { id: "amount", inputmode: "decimal", autocomplete: "off" }) : null;
  const to = withAmount
    ? el("select", { id: "to" }, el("option", { value: "REFUND_TO_ORIGIN" }, t("toOrigin")), el("option", { value: "REFUND_TO_BALANCE" }, t("toBalance")))
    : null;
  const until = withUntil ? el("input", { id: "until", type: "datetime-local" }) : null;
  const error = el("p", { class: "error", role: "alert" });
  const go = el("button", { class: "main", "data-action": "go" }, title);
  const form = el("form", { novalidate: true },
    el("h2", { id: "ask-title" }, title), el("p", null, says),
    amount && el("label", { for: "amount" }, t("amount")), amount,
    to && el("label", { for: "to" }, t("to")), to,
    until && el("label", { for: "until" }, t("until")), until,
    el("label", { for: "reason" }, t(reasonMay ? "reasonMay" : "reason")), reason,
    error,
    el("p", { class: "actions" }, go, el("button", { type: "button", onclick: () => dialog.close() }, t("cancel"))));
  // Of the opened dialog and not of the click, so that a click that is repeated for want of an answer is one refund.
  const requestId = newRequestId();
  form.onsubmit = async event => {
    event.preventDefault();
    const given = { reason: reason.value.trim(), to: to?.value, until: toTimestamp(until?.value), requestId, amountFen: amount?.value.trim() ? toFen(amount.value) : 0 };
    if (given.amountFen === null || (amount?.value.trim() && given.amountFen === 0)) return setText(error, t("amountWrong"));
    if (!given.reason && !reasonMay) return setText(error, t("reasonMissing"));
    setText(error, "");
    go.disabled = true;
    try {
      const came = await act(given);
      // Whoever did not wait may be asked something else by now.
      if (!form.isConnected) return;
      if (!came) return dialog.close();
      form.replaceChildren(el("h2", { id: "ask-title" }, title), el("p", { role: "status" }, came), closing(dialog));
    } catch (refused) {
      setText(error, refused.message || t("noAnswer"));
    } finally {
      go.disabled = false;
    }
  };
  dialog.replaceChildren(form);
  dialog.showModal();
  (amount ?? reason).focus();
}

/** The button that closes a dialog. */
export const closing = dialog => el("p", { class: "actions" }, el("button", { type: "button", "data-action": "close", onclick: () => dialog.close() }, t("close")));

// crypto.randomUUID() is there over TLS alone, and the board is often read over the operator's own network without.
const newRequestId = () => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("");

// What waits for a person: alarms, and orders in trouble.

import { $, el, reconcile, setAttribute, setText } from "./dom.js";
import { count, named, time, yuan } from "./format.js";
import { t } from "./words.js";

// More are no help to anybody, and the count says how many there are.
const MostShown = 100;
const Severities = ["ALARM_SEVERITY_CRITICAL", "ALARM_SEVERITY_WARNING", "ALARM_SEVERITY_INFO"];

export class Attention {
  #data;
  #actions;
  #announced = null;

  /** @param actions opens what belongs to an alarm or an order, and says what the key may do. */
  constructor(data, actions) {
    this.#data = data;
    this.#actions = actions;
  }

  clear() {
    this.#announced = null;
    for (const id of ["alarms", "trouble"]) $(id).replaceChildren();
    setText($("announce"), "");
  }

  drawAlarms() {
    const urgent = alarm => (alarm.state === "ALARM_STATE_OPEN" ? 0 : 10) + Severities.indexOf(alarm.severity);
    const alarms = [...this.#data.alarms.items.values()].sort((a, b) => urgent(a) - urgent(b) || b.raisedAt.localeCompare(a.raisedAt));
    this.#draw("alarms", alarms, alarm => alarm.alarmId, "noAlarms", () => this.#makeAlarm(), (row, alarm) => this.#drawAlarm(row, alarm));
    this.#announce(alarms.filter(alarm => alarm.state === "ALARM_STATE_OPEN"));
  }

  drawTrouble() {
    const orders = [...this.#data.orders.items.values()].filter(order => order.trouble || this.#data.isDark(order)).sort((a, b) => b.createdAt.localeCompare(a.createdAt));
    this.#draw("trouble", orders, order => order.orderNo, "noTrouble", () => this.#makeOrder(), (row, order) => this.#drawOrder(row, order));
  }

  #draw(id, things, keyOf, none, make, update) {
    const shown = things.slice(0, MostShown);
    reconcile($(id), shown, keyOf, make, update);
    setText($(`${id}-count`), count(things.length));
    setAttribute($(`${id}-card`), "data-any", things.length > 0);
    const foot = $(id).nextElementSibling;
    foot.hidden = things.length > 0 && things.length === shown.length;
    setText(foot, things.length === 0 ? t(none) : t("more", count(things.length - shown.length)));
  }

  // Those that were there when the page was opened are on the page; those that come are said.
  #announce(open) {
    if (!this.#data.alarms.live) return;
    const now = new Set(open.map(alarm => `${alarm.alarmId} ${alarm.raisedAt}`));
    const fresh = this.#announced ? open.filter(alarm => !this.#announced.has(`${alarm.alarmId} ${alarm.raisedAt}`)) : [];
    this.#announced = now;
    if (fresh.length > 0) setText($("announce"), t("newAlarm", fresh.map(alarm => this.#titleOf(alarm)).join("; ")));
  }

  #titleOf(alarm) {
    return `${codeOf(alarm)}, ${this.#placeOf(alarm.deviceNo, alarm.plug ? String(alarm.plug).padStart(2, "0") : "")}`;
  }

  #placeOf(device, plug) {
    const pile = this.#data.piles.items.get(device);
    return [pile?.name, device, plug && t("plug", plug)].filter(it => it).join(" · ");
  }

  #makeAlarm() {
    return el("li", { class: "alarm" },
      el("strong"), el("span", { class: "badge" }), el("p", { class: "where" }), el("p", { class: "when" }), el("p", { class: "actions" }));
  }

  #drawAlarm(row, alarm) {
    const [title, badge, where, when, buttons] = row.children;
    setAttribute(row, "data-severity", alarm.severity.slice("ALARM_SEVERITY_".length));
    setAttribute(row, "data-state", alarm.state.slice("ALARM_STATE_".length));
    setText(title, codeOf(alarm));
    setText(badge, named("ALARM_SEVERITY", alarm.severity));
    setText(where, this.#placeOf(alarm.deviceNo, alarm.plug ? String(alarm.plug).padStart(2, "0") : ""));
    setText(when, [time(alarm.raisedAt), alarm.acknowledgedBy && t("acknowledgedBy", alarm.acknowledgedBy)].filter(it => it).join(" · "));
    this.#drawActions(buttons, alarm.state === "ALARM_STATE_OPEN" ? ["acknowledge", "clear"] : ["clear"], name => this.#actions.alarm(name, alarm.alarmId));
  }

  #makeOrder() {
    return el("li", { class: "order" },
      el("button", { type: "button", class: "link-like" }), el("span", { class: "badge" }), el("p", { class: "where" }), el("p", { class: "why" }), el("p", { class: "when" }),
      el("p", { class: "actions" }));
  }

  #drawOrder(row, order) {
    const [number, badge, where, why, when, buttons] = row.children;
    setText(number, order.orderNo);
    number.onclick = () => this.#actions.show(order.orderNo);
    setText(badge, named("ORDER_STATE", order.state));
    setText(where, this.#placeOf(order.deviceNo, order.plugLabel));
    setText(why, t(`TROUBLE.${order.trouble || "PILE_OFFLINE"}`) ?? order.trouble);
    setText(when, [time(order.createdAt), `${t("paid")} ${yuan(order.paidFen)}`, order.owedFen > 0 && `${t("owedNow")} ${yuan(order.owedFen)}`].filter(it => it).join(" · "));
    this.#drawActions(buttons, actionsOf(order), name => this.#actions.order(name, order.orderNo));
  }

  #drawActions(place, names, act) {
    reconcile(place, this.#actions.may ? names : [], name => name, name => el("button", { type: "button", "data-action": name }), (button, name) => {
      setText(button, t(name));
      button.onclick = () => act(name);
    });
  }
}

const codeOf = alarm => named("ALARM_CODE", alarm.code) + (alarm.codeNumbers?.length > 0 ? ` (${alarm.codeNumbers.join(", ")})` : "");

/** What can be done to an order as it stands. The server has the last word. */
export function actionsOf(order) {
  const goesOn = ["RESERVED", "PAID", "STARTING", "CHARGING", "START_FAILED"].includes(order.state.slice("ORDER_STATE_".length));
  return [
    goesOn && "forceEnd",
    order.state === "ORDER_STATE_SETTLED" && order.usedFen > order.waivedFen && "refund",
    (order.trouble || order.owedFen > 0) && "retry",
    order.trouble && "resolve",
  ].filter(it => it);
}

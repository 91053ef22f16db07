// The dialog with all there is about a plug or an order.

import { closing } from "./ask.js";
import { actionsOf } from "./attention.js";
import { $, el } from "./dom.js";
import { duration, kWh, named, time, yuan } from "./format.js";
import { isPaused, stateOf } from "./plugs.js";
import { told } from "./timeline.js";
import { t } from "./words.js";

/** Shows a plug, and the order that has it. */
export function showPlug(data, api, actions, device, number) {
  const pile = data.piles.items.get(device);
  const plug = pile.plugs.find(it => it.number === number);
  const order = data.orders.items.get(plug.orderNo);
  const facts = [
    [t("pile"), [pile.name, pile.deviceNo].filter(it => it).join(" · ")],
    [t("station"), data.stations.get(pile.stationId)?.name ?? pile.stationId],
    [t("state"), t(`plug.${stateOf(pile, plug, order)}`)],
    [t("fault"), plug.fault],
    [t("paused"), plug.pause && why(plug.pause)],
    [t("power"), plug.powerW > 0 ? `${plug.powerW} W` : ""],
    [t("firmware"), pile.firmware],
    [t("heard"), time(pile.heardAt)],
  ];
  const buttons = (actions.may ? pausesOf(pile, plug) : [])
    .map(([verb, what]) => el("button", { type: "button", "data-action": verb, "data-what": what, onclick: () => actions.pause(verb, what, pile, plug) }, t(`${verb}.${what}`)));
  open(t("plug", plug.label), list(facts), el("p", { class: "actions" }, ...buttons), plug.orderNo ? null : el("p", null, t("noOrder")));
  if (plug.orderNo) load(api, actions, plug.orderNo);
}

/** What can be paused, or what is and can be resumed: the plug, its pile, or its station. */
function pausesOf(pile, plug) {
  if (isPaused(plug)) return [["resume", plug.pause.stationId ? "station" : plug.pause.plug ? "plug" : "pile"]];
  return ["plug", "pile", pile.stationId && "station"].filter(it => it).map(what => ["pause", what]);
}

const why = pause => !pause.reason ? named("ALARM_CODE", pause.alarm) : pause.until ? t("pausedUntil", pause.reason, time(pause.until)) : pause.reason;

/** Shows an order. */
export function showOrder(api, actions, orderNo) {
  open(t("order"));
  load(api, actions, orderNo);
}

/** Shows the orders of the rider with a phone: those that wait for their payment, and the newest of those that were paid. */
export async function showRider(data, api, actions, phone) {
  open(t("ordersOf", phone));
  const place = $("details").querySelector(".more");
  try {
    const { orders, nextPageToken } = await api.get(`orders?phone=${encodeURIComponent(phone)}`);
    const unpaid = [...data.orders.items.values()].filter(order => order.phone === phone && order.state === "ORDER_STATE_RESERVED");
    const all = [...unpaid, ...orders];
    place.replaceChildren(
      el("ul", { class: "rows" }, ...all.map(order => el("li", { class: "order" },
        el("button", { type: "button", class: "link-like", onclick: () => actions.show(order.orderNo) }, order.orderNo),
        el("span", { class: "badge" }, named("ORDER_STATE", order.state)),
        el("p", { class: "where" }, `${order.deviceNo} · ${t("plug", order.plugLabel)}`),
        el("p", { class: "when" }, `${time(order.createdAt)} · ${t("paid")} ${yuan(order.paidFen)}`)))),
      el("p", { class: "none" }, all.length === 0 ? t("noOrders") : nextPageToken ? t("newestOrders", orders.length) : ""));
  } catch (refused) {
    place.replaceChildren(problem(refused));
  }
}

async function load(api, actions, orderNo) {
  const place = $("details").querySelector(".more");
  try {
    const path = `orders/${encodeURIComponent(orderNo)}`;
    const [{ order }, { entries }] = await Promise.all([api.get(path), api.get(`${path}/timeline`)]);
    place.replaceChildren(...describe(order, entries, actions));
  } catch (refused) {
    place.replaceChildren(problem(refused));
  }
}

function describe(order, entries, actions) {
  const facts = [
    [t("order"), order.orderNo],
    [t("state"), named("ORDER_STATE", order.state)],
    [t("inTrouble"), order.trouble && (t(`TROUBLE.${order.trouble}`) ?? order.trouble)],
    [t("pile"), `${order.deviceNo} · ${t("plug", order.plugLabel)}`],
    [t("phone"), order.phone],
    [t("payment"), [named("ORDER_TAG", order.tag), order.cardNo].filter(it => it).join(" · ")],
    [t("made"), time(order.createdAt)],
    [t("charged"), order.seconds > 0 ? `${duration(order.seconds)} · ${kWh(order.energyWh)}` : ""],
    ...[["paid", order.paidFen], ["held", order.holdFen], ["used", order.usedFen], ["owedNow", order.owedFen], ["wentBack", order.refundedFen]]
      .map(([name, fen]) => [t(name), fen > 0 ? yuan(fen) : ""]),
  ];
  const buttons = (actions.may ? actionsOf(order) : [])
    .map(name => el("button", { type: "button", "data-action": name, onclick: () => actions.order(name, order.orderNo, order) }, t(name)));
  return [
    list(facts),
    buttons.length > 0 ? el("p", { class: "actions" }, ...buttons) : null,
    el("h3", null, t("timeline")),
    el("ol", { class: "timeline" }, ...entries.map(entry => el("li", { "data-kind": entry.kind },
      el("time", null, time(entry.at)), el("span", { class: "badge" }, named("TIMELINE_KIND", entry.kind)),
      el("span", null, told(entry.text), entry.amountFen ? ` ${yuan(entry.amountFen)}` : null)))),
  ].filter(it => it);
}

function open(title, ...content) {
  const dialog = $("details");
  dialog.replaceChildren(el("h2", { id: "details-title" }, title), ...content.filter(it => it), el("div", { class: "more" }), closing(dialog));
  if (!dialog.open) dialog.showModal();
}

const problem = refused => el("p", { class: "error", role: "alert" }, refused.message || t("noAnswerYet"));

const list = facts => el("dl", null, ...facts.filter(([, value]) => value).flatMap(([name, value]) => [el("dt", null, name), el("dd", null, value)]));

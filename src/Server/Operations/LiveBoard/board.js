// The page: signing in, the streams, and what is done with what they tell.

import { Api, onLooking, sleep } from "./api.js";
import { ask } from "./ask.js";
import { Attention } from "./attention.js";
import { showOrder, showPlug, showRider } from "./details.js";
import { $, setAttribute, setText } from "./dom.js";
import { guard } from "./faults.js";
import { Feed } from "./feed.js";
import { Figures } from "./figures.js";
import { named, time, yuan } from "./format.js";
import { Piles } from "./piles.js";
import { told } from "./timeline.js";
import { switchLanguage, t, translate } from "./words.js";

// In the tab alone, and gone with it.
const Kept = "operator-key";
const OverStates = ["ENDED", "SETTLED", "CANCELLED", "EXPIRED", "REFUNDING", "REFUNDED"].map(state => `ORDER_STATE_${state}`);
const BegunStates = ["STARTING", "CHARGING", "START_FAILED"].map(state => `ORDER_STATE_${state}`);
const FiguresEvery = 30_000;
const FiguresAtMostEvery = 3_000;
const RetryAfter = 2_000;

const data = {
  piles: new Feed(pile => pile.deviceNo, pile => !pile.retiredAt),
  orders: new Feed(order => order.orderNo, order => order.trouble || !OverStates.includes(order.state)),
  alarms: new Feed(alarm => alarm.alarmId, alarm => alarm.state !== "ALARM_STATE_CLEARED"),
  stations: new Map(),
  /** Whether an order was begun at a pile that is offline now: nobody knows how it goes on. */
  isDark: order => BegunStates.includes(order.state) && data.piles.items.get(order.deviceNo)?.online === false,
  /** The piles at which an alarm is raised, or an order is in trouble. */
  troubled: () => new Set([...data.alarms.items.values(), ...[...data.orders.items.values()].filter(order => order.trouble || data.isDark(order))].map(it => it.deviceNo)),
};

let api = null;
let key = null;
let heardAt = 0;
let wasLive = false;
let wakeFigures = () => {};

const actions = {
  /** Whether the key may change what the board offers to change: every such method asks for an operator. */
  get may() {
    return key !== null && key.role !== "ROLE_VIEWER";
  },
  show: orderNo => showOrder(api, actions, orderNo),
  alarm: (name, id) => ask({ title: t(name), says: t(`${name}Says`), reasonMay: name === "acknowledge" },
    async ({ reason }) => void await api.post(`alarms/${encodeURIComponent(id)}:${name}`, { reason })),
  pause: (verb, what, pile, plug) => ask({ title: t(`${verb}.${what}`), says: t(`${verb}Says`), reasonMay: verb === "resume", withUntil: verb === "pause" }, async ({ reason, until }) => {
    const path = what === "station" ? `stations/${encodeURIComponent(pile.stationId)}` : `piles/${pile.deviceNo}`;
    await api.post(`${path}:${verb}`, { reason, until, plug: what === "plug" ? plug.number : undefined });
    $("details").close();
  }),
  order: (name, orderNo, order = data.orders.items.get(orderNo)) => ask({
    title: `${t(name)} · ${orderNo}`,
    says: t(`${name}Says`, yuan(order.usedFen - order.waivedFen)),
    reasonMay: name === "retry",
    withAmount: name === "refund",
  }, async given => {
    const { reason, amountFen, to, requestId } = given;
    const fields = name === "refund" ? { reason, to, requestId, ...(amountFen === 0 ? { all: true } : { amountFen }) } : { reason };
    const { kinds } = await api.post(`orders/${encodeURIComponent(orderNo)}:${name}`, fields);
    wakeFigures();
    if ($("details").open) showOrder(api, actions, orderNo);
    if (name === "retry") return kinds.length > 0 ? t("tried", told(kinds.join(", "))) : t("nothingWaits");
  }),
};

const piles = new Piles(data, (device, plug) => showPlug(data, api, actions, device, plug));
const attention = new Attention(data, actions);
const figures = new Figures(data);

async function signIn(secret) {
  api = new Api(secret, () => signOut(t("keyUnknown")));
  const mine = api;
  setText($("sign-in-error"), "");
  drawLink();
  while (!mine.closed) {
    try {
      ({ key } = await mine.get("whoami"));
      break;
    } catch (refused) {
      if (refused.status !== 0) return mine.closed || signOut(refused.message);
      // Somebody who waits before the form is told; a page that is opened again waits for the server.
      if (!sessionStorage.getItem(Kept)) return signOut(t("noAnswerYet"));
      await sleep(RetryAfter);
    }
  }
  if (mine.closed) return;
  sessionStorage.setItem(Kept, secret);
  show();
  follow("piles", mine, told => piles.tell(told));
  follow("orders", mine, () => attention.drawTrouble(), orders => piles.tell(orders.map(order => order.deviceNo)));
  follow("alarms", mine, () => attention.drawAlarms(), alarms => piles.tell(alarms.map(alarm => alarm.deviceNo)));
  keepFigures(mine);
}

function signOut(why = "") {
  sessionStorage.removeItem(Kept);
  api?.close();
  api = key = null;
  for (const feed of [data.piles, data.orders, data.alarms]) {
    feed.items.clear();
    feed.break();
  }
  for (const part of [piles, attention, figures]) part.clear();
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  for (const dialog of document.querySelectorAll("dialog")) dialog.replaceChildren();
  setText($("sign-in-error"), why);
  show();
  $("key").focus();
}

function follow(name, mine, draw, alsoTell = () => {}) {
  const feed = data[name];
  mine.follow(`${name}:watch`, message => {
    heardAt = Date.now();
    const told = feed.take(message, message[name]);
    if (message[name].length === 0 && !message.caughtUp) return;
    if (message.caughtUp) drawAll();
    guard(() => draw(told));
    alsoTell(message[name]);
    if (name === "orders") wakeFigures();
    if (name === "piles") {
      guard(() => figures.drawTiles());
      guard(() => attention.drawTrouble());
    }
    drawLink();
  }, () => {
    feed.break();
    drawLink();
  }, onLooking);
}

/** Asks for the figures now and then, and soon after an order has changed. */
async function keepFigures(mine) {
  while (!mine.closed) {
    await onLooking.yes();
    const woken = new Promise(wake => wakeFigures = wake);
    try {
      data.stations = new Map((await mine.list("stations", "stations")).map(station => [station.stationId, station]));
      await figures.load(mine);
      piles.tellAll();
    } catch {
      // The streams say that the connection is lost, and a key that is dead has ended the session.
    }
    await sleep(FiguresAtMostEvery);
    await Promise.race([woken, sleep(FiguresEvery)]);
  }
}

function drawLink() {
  const feeds = [data.piles, data.orders, data.alarms];
  wasLive ||= feeds.every(feed => feed.live);
  const state = feeds.every(feed => feed.live) ? "live" : wasLive ? "down" : "wait";
  $("link").hidden = api === null;
  setAttribute($("link"), "data-state", state);
  setText($("link"), t(`link.${state}`));
  document.body.classList.toggle("old", api !== null && state === "down");
  $("lost").hidden = api === null || state !== "down";
  setText($("lost"), t("lost", time(heardAt)));
}

function show() {
  translate();
  if (key === null) wasLive = false;
  $("sign-in").hidden = key !== null;
  $("board").hidden = $("sign-out").hidden = $("who").hidden = key === null;
  setText($("who"), key ? `${key.name} · ${named("ROLE", key.role)}${actions.may ? "" : ` (${t("looksOnly")})`}` : "");
  setText($("language"), t("other"));
  drawLink();
  if (key !== null) drawAll();
}

function drawAll() {
  guard(() => attention.drawAlarms());
  guard(() => attention.drawTrouble());
  guard(() => figures.draw());
  piles.tellAll();
}

$("sign-in").onsubmit = event => {
  event.preventDefault();
  const secret = $("key").value.trim();
  $("key").value = "";
  // What cannot stand in a header is no key.
  if (/^[\x21-\x7e]+$/.test(secret)) signIn(secret);
  else setText($("sign-in-error"), t("keyUnknown"));
};
$("find").onsubmit = event => {
  event.preventDefault();
  // As people write it: 138 0013 8000.
  const wanted = $("wanted").value.replace(/[\s-]/g, "");
  if (/^1\d{10}$/.test(wanted)) showRider(data, api, actions, wanted);
  else actions.show(wanted);
};
$("sign-out").onclick = () => signOut();
$("language").onclick = () => {
  switchLanguage();
  show();
};
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", event => {
    if (event.target === dialog) dialog.close();
  });
}

show();
if (sessionStorage.getItem(Kept)) signIn(sessionStorage.getItem(Kept));
else $("key").focus();

// The grid of piles. Only what has changed is drawn again, however many piles there are.

import { $, el, setAttribute, setText } from "./dom.js";
import { guard } from "./faults.js";
import { count, duration, kW, time } from "./format.js";
import { PlugStates, stateOf } from "./plugs.js";
import { language, t } from "./words.js";

export class Piles {
  #data;
  #open;
  #cards = new Map();
  #changed = new Set();
  #frame = 0;

  /**
   * @param data holds the feeds and the stations.
   * @param open is called with the number of a pile and of a plug that somebody wants to see.
   */
  constructor(data, open) {
    this.#data = data;
    this.#open = open;
    for (const id of ["search", "only-offline", "only-trouble"]) $(id).oninput = () => this.#filter();
  }

  /** Something may be new of some piles. They are drawn together, before the next picture. */
  tell(devices) {
    for (const device of devices) this.#changed.add(device);
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  /** Everything may be new. */
  tellAll() {
    this.tell(new Set([...this.#cards.keys(), ...this.#data.piles.items.keys()]));
  }

  /** Forgets everything. */
  clear() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#changed.clear();
    this.#cards.clear();
    $("piles").replaceChildren();
    $("search").value = "";
    $("only-offline").checked = $("only-trouble").checked = false;
  }

  #draw() {
    this.#frame = 0;
    let moved = false;
    for (const device of this.#changed) {
      const pile = this.#data.piles.items.get(device);
      let card = this.#cards.get(device);
      if (!pile) {
        card?.node.remove();
        this.#cards.delete(device);
        continue;
      }
      if (!card) this.#cards.set(device, card = new Card(device, plug => this.#open(device, plug)));
      moved = guard(() => card.draw(pile, this.#data), () => card.lose()) || moved;
    }
    this.#changed.clear();
    if (moved) $("piles").append(...[...this.#cards.values()].sort((a, b) => a.place.localeCompare(b.place, language(), { numeric: true })).map(card => card.node));
    this.#filter();
    this.#count();
  }

  #filter() {
    const [words, offline, trouble] = [$("search").value.trim().toLowerCase(), $("only-offline").checked, $("only-trouble").checked];
    const troubled = trouble ? this.#data.troubled() : null;
    let shown = 0;
    for (const [device, { node, text, pile, states }] of this.#cards) {
      const fits = text.includes(words) && !(offline && pile.online)
        && !(trouble && pile.online && !states.includes("fault") && !troubled.has(device));
      if (node.hidden === fits) node.hidden = !fits;
      if (fits) shown++;
    }
    $("no-piles").hidden = shown > 0;
    setText($("no-piles"), t(this.#cards.size > 0 ? "noMatch" : "noPiles"));
    setText($("piles-count"), shown === this.#cards.size ? count(shown) : `${count(shown)} / ${count(this.#cards.size)}`);
  }

  #count() {
    const counts = Object.fromEntries(PlugStates.map(state => [state, 0]));
    for (const { states } of this.#cards.values()) for (const state of states) counts[state]++;
    const legend = $("legend");
    if (legend.children.length === 0)
      legend.append(...PlugStates.map(state => el("li", { "data-state": state }, el("span", { class: "mark" }), el("span"), el("b"))));
    for (const item of legend.children) {
      setText(item.children[1], t(`plug.${item.dataset.state}`));
      setText(item.children[2], count(counts[item.dataset.state]));
    }
  }
}

/** A pile in the grid. */
class Card {
  node;
  pile;
  /** By what it is sorted. */
  place = "";
  /** In what is searched. */
  text = "";
  /** The states of its plugs. */
  states = [];

  #device;
  #open;
  #name = el("h3");
  #where = el("p", { class: "where" });
  #badge = el("span", { class: "badge" });
  #plugs = el("div", { class: "plugs" });

  constructor(device, open) {
    this.#device = device;
    this.#open = open;
    this.node = el("article", { class: "pile", "data-device": device }, el("header", null, this.#name, this.#badge, this.#where), this.#plugs);
  }

  /** Draws it. Returns whether its place among the others is another one. */
  draw(pile, { orders, stations }) {
    this.pile = pile;
    const station = stations.get(pile.stationId)?.name ?? pile.stationId;
    setText(this.#name, pile.name || pile.deviceNo);
    setText(this.#where, [pile.name && pile.deviceNo, station].filter(it => it).join(" · "));
    setText(this.#badge, pile.online ? t("pile.online") : pile.heardAt ? t("since", time(pile.heardAt)) : t("never"));
    setAttribute(this.node, "data-online", pile.online);
    this.text = `${pile.deviceNo} ${pile.name} ${station} ${pile.stationId}`.toLowerCase();
    this.states = pile.plugs.map((plug, index) => this.#drawPlug(pile, plug, index, orders.items.get(plug.orderNo)));
    while (this.#plugs.children.length > pile.plugs.length) this.#plugs.lastChild.remove();
    const place = `${station || "\uffff"} ${pile.name} ${this.#device}`;
    const moved = place !== this.place;
    this.place = place;
    return moved;
  }

  /** It cannot be drawn. */
  lose() {
    this.states = [];
    this.#plugs.replaceChildren();
    setText(this.#badge, t("cannotShow", this.#device));
  }

  #drawPlug(pile, plug, index, order) {
    const button = this.#plugs.children[index] ?? this.#plugs.appendChild(this.#makePlug());
    const state = stateOf(pile, plug, order);
    const says = state === "charging" && plug.powerW > 0 ? `${plug.powerW} W` : t(`plug.${state}`);
    setAttribute(button, "data-plug", plug.number);
    setAttribute(button, "data-state", state);
    setAttribute(button, "data-dark", state === "offline" && order !== undefined);
    setAttribute(button, "aria-label", `${t("plug", plug.label)}: ${t(`plug.${state}`)}${plug.powerW > 0 ? `, ${kW(plug.powerW)}, ${duration(plug.elapsedSeconds)}` : ""}${plug.fault ? `, ${plug.fault}` : ""}`);
    setText(button.children[0], plug.label);
    setText(button.children[2], says);
    return state;
  }

  #makePlug() {
    const button = el("button", { type: "button", class: "plug" }, el("b"), el("span", { class: "mark" }), el("small"));
    button.onclick = () => this.#open(Number(button.dataset.plug));
    return button;
  }
}

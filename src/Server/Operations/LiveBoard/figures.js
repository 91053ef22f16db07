// Today's figures, and the last 24 hours.

import { $, el, reconcile, setAttribute, setText, svg } from "./dom.js";
import { guard } from "./faults.js";
import { count, day, hour, kW, kWh, yuan } from "./format.js";
import { t } from "./words.js";

const Hour = 3_600_000;
const Hours = 24;
const [Width, Height, Left, Bottom, Top] = [720, 200, 8, 22, 14];
const Plots = { orders: count, energyWh: kWh, revenueFen: yuan };

export class Figures {
  #data;
  #today = null;
  #hours = [];
  #diagnosis = null;
  #now = 0;
  #plot = "orders";

  constructor(data) {
    this.#data = data;
  }

  clear() {
    this.#today = this.#diagnosis = null;
    for (const id of ["figures", "plot", "plot-choice"]) $(id).replaceChildren();
  }

  /** Asks the server for the figures, by its own clock. */
  async load(api) {
    const { diagnosis } = await api.get("diagnosis");
    const now = Date.parse(diagnosis.serverTime);
    const [today, yesterday] = [day(now), day(now - Hours * Hour)];
    const [{ total }, hours] = await Promise.all([
      api.get(`reports?fromDay=${today}&toDay=${today}&pageSize=1`),
      api.list(`reports?fromDay=${yesterday}&toDay=${today}&group=REPORT_GROUP_HOUR`, "rows"),
    ]);
    [this.#now, this.#diagnosis, this.#today, this.#hours] = [now, diagnosis, total, hours];
    guard(() => this.draw());
  }

  draw() {
    if (!this.#diagnosis) return;
    this.drawTiles();
    this.#drawWarnings();
    this.#drawPlot();
  }

  drawTiles() {
    if (!this.#diagnosis) return;
    const piles = [...this.#data.piles.items.values()];
    const online = piles.filter(pile => pile.online);
    const charging = online.flatMap(pile => pile.plugs).filter(plug => plug.powerW > 0);
    const tiles = [
      ["orders", count(this.#today.orders)],
      ["energy", kWh(this.#today.energyWh)],
      ["revenue", yuan(this.#today.revenueFen)],
      ["refunded", yuan(this.#today.refundedFen)],
      ["failed", count(this.#today.failedStarts), this.#today.failedStarts > 0],
      ["online", `${count(online.length)} / ${count(piles.length)}`, online.length < piles.length],
      ["charging", count(charging.length), false, kW(charging.reduce((sum, plug) => sum + plug.powerW, 0))],
      ["inTrouble", atMost200([...this.#data.orders.items.values()].filter(order => order.trouble).length), this.#diagnosis.ordersInTrouble > 0],
      ["owed", atMost200(this.#diagnosis.refundsOwed), this.#diagnosis.refundsOwed > 0],
    ];
    reconcile($("figures"), tiles, ([name]) => name, () => el("div", { class: "tile" }, el("b"), el("span")), (tile, [name, value, warns, more]) => {
      setText(tile.children[0], value);
      setText(tile.children[1], t(name, more));
      setAttribute(tile, "data-warns", warns ? "true" : null);
    });
  }

  #drawWarnings() {
    const [head, list] = $("warnings").children;
    $("warnings").hidden = this.#diagnosis.warnings.length === 0;
    setText(head, `${t("warnings")} (${this.#diagnosis.warnings.length})`);
    reconcile(list, this.#diagnosis.warnings, warning => warning, () => el("li"), setText);
  }

  #drawPlot() {
    reconcile($("plot-choice"), Object.keys(Plots), name => name, name => el("button", { type: "button", "data-plot": name, onclick: () => this.#choose(name) }), (button, name) => {
      setText(button, t(`plot.${name}`));
      setAttribute(button, "aria-pressed", name === this.#plot);
    });
    const known = new Map(this.#hours.map(row => [`${row.day} ${row.hour}`, row[this.#plot]]));
    const bars = Array.from({ length: Hours }, (_, index) => {
      const at = this.#now - (Hours - 1 - index) * Hour;
      return { day: day(at), hour: hour(at), value: Number(known.get(`${day(at)} ${hour(at)}`) ?? 0) };
    });
    $("plot").replaceChildren(plot(bars, Plots[this.#plot], t(`plot.${this.#plot}`)));
  }

  #choose(name) {
    this.#plot = name;
    this.#drawPlot();
  }
}

// The server counts no further.
const atMost200 = number => number < 200 ? count(number) : "200+";

function plot(bars, write, name) {
  const most = Math.max(...bars.map(bar => bar.value), 1);
  const step = (Width - 2 * Left) / bars.length;
  const high = value => (Height - Bottom - Top) * value / most;
  const sum = bars.reduce((total, bar) => total + bar.value, 0);
  return svg("svg", { viewBox: `0 0 ${Width} ${Height}`, role: "img", "aria-label": t("plotSays", name, write(sum)) },
    ...[0, 0.5, 1].map(part => svg("line", { class: "grid", x1: Left, x2: Width - Left, y1: Height - Bottom - high(most * part), y2: Height - Bottom - high(most * part) })),
    svg("text", { class: "most", x: Left, y: Top - 4 }, write(most)),
    ...bars.flatMap((bar, index) => [
      svg("rect", {
        class: index === bars.length - 1 ? "bar now" : "bar", "data-day": bar.day, "data-hour": bar.hour, "data-value": bar.value,
        x: Left + index * step + step * 0.12, y: Height - Bottom - high(bar.value), width: step * 0.76, height: high(bar.value), rx: 2,
      }, svg("title", null, `${bar.day} ${String(bar.hour).padStart(2, "0")}:00  ${write(bar.value)}`)),
      bar.hour % 3 === 0 ? svg("text", { class: "hour", x: Left + (index + 0.5) * step, y: Height - 6 }, String(bar.hour).padStart(2, "0")) : null,
    ]));
}

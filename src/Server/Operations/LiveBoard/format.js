// Figures and times as operators read them. Times are those of the piles, whatever the clock of the reader says.

import { language, t } from "./words.js";

const Zone = "Asia/Shanghai";

/** Fen as yuan. */
export const yuan = fen => `¥${(fen / 100).toLocaleString(language(), { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

export const kWh = wattHours => `${(wattHours / 1000).toLocaleString(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })} kWh`;

export const kW = watts => `${(watts / 1000).toLocaleString(language(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })} kW`;

export const count = number => Number(number).toLocaleString(language());

/** A time of the day, with the day when it is not today's. */
export function time(timestamp, now = Date.now()) {
  if (!timestamp) return "–";
  const at = new Date(timestamp);
  const clock = at.toLocaleTimeString(language(), { timeZone: Zone, hour12: false });
  return day(at) === day(now) ? clock : `${day(at)} ${clock}`;
}

/** What was chosen as a time in Shanghai, `2019-12-04T18:00`, as a timestamp; nothing for nothing. */
export const toTimestamp = text => text ? new Date(`${text}+08:00`).toISOString() : undefined;

/** The day in Shanghai, yyyy-MM-dd. */
export const day = at => new Date(at).toLocaleDateString("sv-SE", { timeZone: Zone });

/** The hour in Shanghai, 0 to 23. */
export const hour = at => Number(new Date(at).toLocaleString("en-GB", { timeZone: Zone, hour: "2-digit", hour12: false })) % 24;

/** Seconds as hours and minutes. */
export const duration = seconds => `${Math.floor(seconds / 3600)}:${String(Math.floor(seconds / 60) % 60).padStart(2, "0")}`;

/** What a person has typed as yuan, in fen; null when it is none. Never through a fraction. */
export function toFen(text) {
  const found = /^(\d{1,7})(?:\.(\d{1,2}))?$/.exec(text.trim());
  return found ? Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : null;
}

/** A value of an enum in words: `ORDER_STATE_SETTLED` of `ORDER_STATE`. One that is not known is shown as it is. */
export function named(prefix, value) {
  const text = String(value ?? "");
  const name = text.startsWith(`${prefix}_`) ? text.slice(prefix.length + 1) : text;
  return t(`${prefix}.${name}`) ?? name;
}

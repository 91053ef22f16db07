// What a plug is to an operator: what its pile says, and what its order says.

/** The states, as the legend has them. Each has a shape beside its colour. */
export const PlugStates = ["free", "reserved", "charging", "busy", "fault", "paused", "offline"];

/** Whether somebody has paused a plug; an open alarm keeps it out of use by itself, and is a fault. */
export const isPaused = plug => plug.pause?.alarm === "ALARM_CODE_UNSPECIFIED";

/** The state of a plug. Of a pile that is not heard nothing is known, least of all that it is free. */
export function stateOf(pile, plug, order) {
  if (!pile.online) return "offline";
  if (plug.state === "PLUG_STATE_FREE") return "free";
  if (plug.state === "PLUG_STATE_FAULT") return isPaused(plug) ? "paused" : "fault";
  switch (order?.state) {
    case "ORDER_STATE_RESERVED":
    case "ORDER_STATE_PAID":
    case "ORDER_STATE_STARTING":
      return "reserved";
    case "ORDER_STATE_CHARGING":
      return "charging";
    default:
      // Without an order of ours the pile's word counts.
      return plug.powerW > 0 ? "charging" : "busy";
  }
}

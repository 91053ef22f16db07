// The sentences of an order's timeline in Chinese. The server writes them in English, with what differs at {0} and so on; what
// is marked with a star is words or a sentence of its own.

import { language } from "./words.js";

// The first that fits counts. What an operator did ends with a sentence that would fit alone, so it comes before that.
const Sentences = {
  "{0}: {1} ({2}). {3}": "{0}：{1*}（{2}）。{3*}",
  "{0}: {1}. {2}": "{0}：{1*}。{2*}",

  "Made by card {0} at plug {1}.": "刷卡 {0} 在插座 {1} 创建订单。",
  "Reserved: plug {0} is kept for {1} s.": "已预约：插座 {0} 保留 {1} 秒。",
  "Not paid in time.": "未在规定时间内付款。",
  "Left unpaid.": "未付款即取消。",
  "Paid.": "已支付。",
  "The start command was sent, for at most {0} s.": "已发送启动指令，最长充电 {0} 秒。",
  "The pile charges.": "设备开始充电。",
  "The charge was taken for lost.": "该次充电按丢失处理。",
  "The charge is over, without an end record of its pile: {0} s, {1} Wh.": "充电结束（没有设备的结束记录）：{0} 秒，{1} Wh。",
  "The charge is over ({0}): {1} s, {2} Wh.": "充电结束（{0*}）：{1} 秒，{2} Wh。",

  "Paid at the payment provider as well: owed to the rider.": "支付平台上另有一笔付款：应退还用户。",
  "The payment is held for the order.": "付款已为该订单冻结。",
  "The payment provider has sent it back.": "支付平台已退回。",
  "Given back by an operator: owed to the rider.": "运营人员退款：应退还用户。",
  "Given back by an operator, to the rider's balance.": "运营人员退款：已退至用户余额。",
  "The end record came late and settles the charge: what had gone back for it is owed by the rider.": "结束记录迟到，按其结算：已退的相应金额由用户欠付。",
  "Taken from the rider's balance: owed since the end record came.": "结束记录迟到形成的欠款：已从用户余额扣除。",
  "Earned.": "计入收入。",
  "Not used: owed to the rider.": "未用部分：应退还用户。",
  "Not used: back on the rider's balance.": "未用部分：已退回用户余额。",
  "The rider's balance pays: it is held for the order.": "由用户余额支付：已为该订单冻结。",
  "Refund {0} is {1}, the provider said {2}.": "退款 {0}：{1*}，支付平台答复：{2*}。",
  "Refund {0} is {1}.": "退款 {0}：{1*}。",

  "The pile rejected the start: {0}.": "设备拒绝启动：{0*}。",
  "The pile was heard, and the start command was sent.": "设备已上线，启动指令已发送。",
  "The start command was sent again: the pile had not answered.": "设备未应答，已重发启动指令。",
  "The pile never answered the start.": "设备始终未应答启动指令。",
  "The start command could not be sent: the pile had just gone.": "设备刚刚离线，启动指令未能发送。",
  "The start is given up: {0}.": "放弃启动：{0*}。",
  "The start is not sent again: the plug is paused.": "插座已暂停，不再重发启动指令。",
  "The plug takes no new charges: {0}.": "该插座暂停充电：{0*}。",
  "The pile no longer knows of the charge, or says nothing: it ends with the last progress.": "设备已不知道该次充电，或一直没有上报：按最后进度结束。",
  "The pile reported what cannot be, and that does not count: {0} s, {1} Wh, {2} W.": "设备上报了不可能的数值，不计入费用：{0} 秒，{1} Wh，{2} W。",
  "The pile's end record cannot be, and what can be believed counts: {0} s, {1} Wh, {2} W, {3} s ago.": "设备的结束记录不可能属实，按可信的部分结算：{0} 秒，{1} Wh，{2} W，{3} 秒前。",
  "The pile's end record came too late to settle the charge, and is kept: {0} s, {1} Wh, {2} W.": "设备的结束记录来得太晚，不能据以结算，仅作保留：{0} 秒，{1} Wh，{2} W。",
  "The pile is told to stop, until it confirms it.": "向设备发送停止指令，直到设备确认。",
  "The pile answered the stop: {0}.": "设备对停止指令的答复：{0*}。",
  "The pile has not confirmed the stop in 100 tries, and is not told any more.": "停止指令已发送 100 次，设备仍未确认，不再发送。",
  "The pile told: {0} (event {1}).": "设备上报：{0*}（事件 {1}）。",

  "Was {0} and is {1}; used {2} yuan of {3}.": "由“{0*}”变为“{1*}”；已付 {3} 元，用去 {2} 元。",
  "{0} yuan go back through the payment provider.": "{0} 元经支付平台退回。",
  "{0} yuan go back to the balance.": "{0} 元退至用户余额。",
  "Nothing waits for another try.": "没有等待重试的事项。",
  "Tried again: {0}.": "已重试：{0*}。",
  "Was in trouble: {0}.": "此前的异常：{0*}。",
  "{0} yuan are owed no more.": "免除欠款 {0} 元。",

  "{0} is due, after {1} tries.": "{0*}：待执行，已尝试 {1} 次。",
  "{0} is due.": "{0*}：待执行。",
};

const Terms = {
  // Where an order stands.
  Reserved: "已预约", Paid: "已支付", Starting: "启动中", Charging: "充电中", Ended: "已结束", Settled: "已结算", Cancelled: "已取消", Expired: "已过期",
  StartFailed: "启动未应答", Refunding: "退款中", Refunded: "已退款",
  // Why a charge ended.
  Unspecified: "原因不明", Full: "已充满", LimitReached: "达到上限", Unplugged: "插头拔出", UserStop: "用户停止", Overload: "过载", OverTemperature: "过温",
  PowerLoss: "断电", RemoteStop: "远程停止", Fault: "故障",
  // Why a pile rejected a command, or what it answered.
  NoSuchPlug: "没有该插座", PlugBusy: "插座占用", PlugFault: "插座故障", OrderMismatch: "订单不符", NothingConnected: "未接充电器", ClockNotSet: "时钟未设置",
  Unsupported: "不支持", done: "已执行",
  // What a pile tells of, and warns of.
  None: "未知", ChargeStarted: "充电开始", ChargeEnded: "充电结束", CardSwiped: "刷卡", Alarm: "告警",
  Smoke: "烟雾", Temperature: "过温", OverCurrent: "过流", Water: "箱体进水", Door: "箱门打开", PowerCut: "断电",
  RefusedSwipes: "大量刷卡被拒", ImpossibleRecords: "结束记录不可能属实", CardLimit: "刷卡超过限额", Flooding: "报文过多", Other: "其他告警", retired: "设备已停用",
  // How a refund stands, and what the provider said of it.
  Owed: "待退", Done: "已退", Closed: "已关闭", Processing: "处理中", Refused: "拒绝", Abnormal: "异常", Unknown: "未知",
  // What is due.
  Expire: "预约到期", Close: "关闭支付单", Start: "启动指令", Stop: "停止指令", Unconfirmed: "未确认启动的退款", Overdue: "超时结束", Lost: "充电丢失的判定",
  Spent: "费用用完的检查", Surplus: "多付部分的处理", Refund: "退款", Notice: "结束通知", CardNotice: "停卡通知", Retire: "设备停用",
  // What operators do, and what an order waits for.
  ForceEndOrder: "强制结束", RefundOrder: "退款", RetryOrder: "重试", ResolveOrder: "标记已处理",
  LOST: "设备丢失了充电记录", LOST_CHARGED: "按丢失处理后仍在充电", IMPOSSIBLE_RECORD: "设备的结束记录不可能属实", REFUNDED_ELSEWHERE: "已在支付平台退款", REFUND_OVERDUE: "退款多次未成功", REFUND_ABNORMAL: "付款账户无法接收退款",
};

const Patterns = Object.entries(Sentences).map(([english, chinese]) => [
  new RegExp(`^${english.replace(/[.()]/g, "\\$&").replace(/\{\d\}/g, "(.+?)")}$`),
  chinese,
]);

/** A sentence or a word of a timeline in the language of the page. What is not known stays as it is. */
export function told(text) {
  if (language() === "en-GB") return text;
  const words = text.split(", ");
  if (words.every(word => Object.hasOwn(Terms, word))) return words.map(word => Terms[word]).join("、");
  for (const [pattern, chinese] of Patterns) {
    const found = pattern.exec(text)?.slice(1);
    if (found) return chinese.replace(/\{(\d)(\*?)\}/g, (_, place, star) => star ? told(found[place]) : found[place]);
  }
  return text;
}

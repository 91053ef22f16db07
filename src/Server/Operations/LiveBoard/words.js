// What the page says, in English and Chinese.

const Words = {
  title: ["Live board", "实时看板"],
  other: ["中文", "English"],
  signIn: ["Sign in", "登录"],
  signOut: ["Sign out", "退出"],
  signInHint: ["With an operator key, such as the one in operator.key of the server's data directory. Closing the tab signs out.", "请使用操作员密钥，例如服务器数据目录中的 operator.key。关闭标签页即退出登录。"],
  key: ["Operator key", "操作员密钥"],
  keyUnknown: ["The server does not know this key, or it was revoked.", "服务器不认识该密钥，或该密钥已被吊销。"],
  noAnswer: ["The server gives no answer. It is not known whether this was done: look before you try again.", "服务器没有应答，无法确定操作是否已执行：请先核实再重试。"],
  noAnswerYet: ["The server gives no answer: try again.", "服务器没有应答，请重试。"],
  looksOnly: ["may only look", "仅可查看"],
  "link.live": ["Live", "实时"],
  "link.wait": ["Connecting…", "连接中…"],
  "link.down": ["Connection lost", "连接中断"],
  lost: ["Connection lost, trying again. What you see is of {0}.", "连接中断，正在重试。当前显示的是 {0} 的数据。"],
  warnings: ["The server says", "服务器提示"],
  cannotShow: ["{0} cannot be shown by this page.", "本页面无法显示 {0}。"],
  faults: ["{0} times something could not be shown. What is missing is in the lists of chargectl. Reload the page if the server was updated.", "有 {0} 次内容无法显示，缺少的内容可用 chargectl 列表查看。如服务器已升级，请刷新页面。"],

  figures: ["Figures of today", "今日数据"],
  orders: ["Charges today", "今日充电"],
  energy: ["Energy today", "今日电量"],
  revenue: ["Earned today", "今日收入"],
  refunded: ["Refunded today", "今日退还"],
  failed: ["Failed starts", "今日启动失败"],
  online: ["Piles online", "在线设备"],
  charging: ["Charging, {0}", "正在充电，{0}"],
  inTrouble: ["Orders in trouble", "异常订单"],
  owed: ["Refunds owed", "待退款"],

  alarms: ["Alarms", "告警"],
  noAlarms: ["No alarms.", "没有告警。"],
  newAlarm: ["Alarm: {0}", "告警：{0}"],
  acknowledge: ["Acknowledge", "确认"],
  clear: ["Clear", "清除"],
  acknowledgedBy: ["seen to by {0}", "{0} 已确认"],
  acknowledgeSays: ["You say that somebody takes care of it. It stays on the list.", "表示已有人处理，告警仍保留在列表中。"],
  clearSays: ["For an alarm that the pile never clears itself. The pile may raise it again.", "用于设备自身不会清除的告警。设备可能再次上报。"],

  trouble: ["Orders in trouble", "异常订单"],
  noTrouble: ["No order waits for a person.", "没有需要人工处理的订单。"],
  findOrder: ["Order number, or a rider's phone", "订单号，或用户手机号"],
  show: ["Show", "查看"],
  ordersOf: ["Orders of {0}", "{0} 的订单"],
  noOrders: ["This rider has paid for no order, and none waits for a payment.", "该用户没有已支付或待支付的订单。"],
  newestOrders: ["These are the newest {0} that were paid. 'chargectl orders list --phone' lists all.", "以上为最近 {0} 笔已支付订单。全部订单：chargectl orders list --phone。"],
  more: ["and {0} more", "另有 {0} 条"],
  "TROUBLE.LOST": ["The pile forgot the charge: settled by its last progress.", "设备丢失了充电记录：已按最后进度结算。"],
  "TROUBLE.LOST_CHARGED": ["The end record came after the charge had been given up: it had gone on.", "放弃该次充电之后收到了结束记录：充电实际仍在进行。"],
  "TROUBLE.IMPOSSIBLE_RECORD": ["The pile's end record cannot be: settled by what can be believed.", "设备的结束记录不可能属实：已按可信的部分结算。"],
  "TROUBLE.PILE_OFFLINE": ["Its pile is offline: nobody knows how the charge goes on.", "设备已离线：无法得知充电是否仍在进行。"],
  "TROUBLE.REFUNDED_ELSEWHERE": ["The payment was sent back at the provider before it was known here: see to the rest there.", "该笔支付在本系统得知之前已在支付平台退款：请到支付平台核对余额。"],
  "TROUBLE.REFUND_OVERDUE": ["A refund was tried for long and has not gone through.", "退款多次尝试仍未成功。"],
  "TROUBLE.REFUND_ABNORMAL": ["The payer's account does not take the refund: act at the payment provider.", "付款账户无法接收退款：请到支付平台处理。"],
  forceEnd: ["Force end", "强制结束"],
  refund: ["Refund", "退款"],
  retry: ["Try again", "重试"],
  resolve: ["Resolve", "标记已处理"],
  forceEndSays: ["What was used until the pile was last heard is kept, and the rest goes back by itself; what did not charge goes back whole. The pile is told to stop.", "按设备最后一次上报结算，余款自动退回；未充电的全额退回。设备将收到停止指令。"],
  refundSays: ["Gives back what the charge has used: at most {0}. What it has not used goes back by itself.", "退还本次充电已用的费用，最多 {0}。未用部分会自动退回。"],
  retrySays: ["Does now what waits for its next try: refunds, stop commands.", "立即执行等待重试的事项：退款、停止指令。"],
  resolveSays: ["Takes the order off this list. What is owed stays owed.", "将订单移出此列表，欠退款项不变。"],
  nothingWaits: ["Nothing waits for another try.", "没有等待重试的事项。"],
  tried: ["Tried again: {0}.", "已重试：{0}。"],
  amount: ["Amount in yuan; empty for all that is left", "金额（元），留空表示全部"],
  amountWrong: ["Give an amount in yuan, such as 1.50.", "请输入金额（元），例如 1.50。"],
  to: ["To where", "退至"],
  toOrigin: ["Where the payment came from", "原支付方式"],
  toBalance: ["The rider's balance", "用户余额"],
  reason: ["Reason, for the audit log", "原因（写入审计日志）"],
  reasonMay: ["Reason, may be empty", "原因（可不填）"],
  reasonMissing: ["Say why.", "请填写原因。"],
  cancel: ["Cancel", "取消"],
  close: ["Close", "关闭"],

  zone: ["All times and days are Beijing time (Asia/Shanghai, UTC+8).", "所有时间和日期均为北京时间（Asia/Shanghai，UTC+8）。"],
  last24: ["The last 24 hours", "最近 24 小时"],
  "plot.orders": ["Charges", "充电次数"],
  "plot.energyWh": ["Energy", "电量"],
  "plot.revenueFen": ["Earned", "收入"],
  plotSays: ["{0}, hour by hour: {1} in all", "按小时统计{0}，合计 {1}"],

  piles: ["Piles", "设备"],
  search: ["Number, name or station", "编号、名称或站点"],
  onlyOffline: ["Offline", "离线"],
  onlyTrouble: ["In trouble", "有异常"],
  noPiles: ["No piles yet: 'chargectl piles add' registers one.", "还没有设备：用 chargectl piles add 登记。"],
  noMatch: ["No pile fits the filters.", "没有符合条件的设备。"],
  "pile.online": ["Online", "在线"],
  "pile.offline": ["Offline", "离线"],
  since: ["Offline, last heard {0}", "离线，最后上报 {0}"],
  never: ["Offline, not heard since the server started", "离线，服务器启动后未上报"],
  plug: ["Plug {0}", "插座 {0}"],
  pile: ["Pile", "设备"],
  station: ["Station", "站点"],
  firmware: ["Firmware", "固件"],
  heard: ["Last heard", "最后上报"],
  state: ["State", "状态"],
  fault: ["Fault", "故障"],
  power: ["Power", "功率"],
  paused: ["Paused", "暂停"],
  pausedUntil: ["{0} (until {1})", "{0}（至 {1}）"],
  "pause.plug": ["Pause the plug", "暂停插座"],
  "pause.pile": ["Pause the pile", "暂停设备"],
  "pause.station": ["Pause the station", "暂停站点"],
  "resume.plug": ["Resume the plug", "恢复插座"],
  "resume.pile": ["Resume the pile", "恢复设备"],
  "resume.station": ["Resume the station", "恢复站点"],
  pauseSays: ["Takes no new charges until it is resumed: riders see a fault. What charges goes on.", "恢复之前不接受新的充电，用户看到的是故障；正在进行的充电不受影响。"],
  resumeSays: ["Takes charges again, unless something else keeps it from them.", "恢复充电；如还有其他暂停或告警，仍不可用。"],
  until: ["Until (Beijing time); empty for no end", "截止时间（北京时间），留空表示不限"],
  noOrder: ["No order has this plug.", "该插座没有订单。"],
  "plug.free": ["free", "空闲"],
  "plug.reserved": ["held", "预约"],
  "plug.charging": ["charging", "充电"],
  "plug.busy": ["busy", "占用"],
  "plug.fault": ["fault", "故障"],
  "plug.paused": ["paused", "暂停"],
  "plug.offline": ["offline", "离线"],

  order: ["Order", "订单"],
  phone: ["Phone", "手机号"],
  payment: ["Payment", "支付"],
  paid: ["Paid", "已付"],
  held: ["Held", "冻结"],
  used: ["Used", "已用"],
  owedNow: ["Owed", "待退"],
  wentBack: ["Went back", "已退"],
  made: ["Made", "创建时间"],
  charged: ["Charged", "充电"],
  timeline: ["What happened (Beijing time)", "时间线（北京时间）"],

  "ROLE.VIEWER": ["viewer", "查看"], "ROLE.OPERATOR": ["operator", "操作员"], "ROLE.FINANCE": ["finance", "财务"], "ROLE.ADMIN": ["admin", "管理员"],
  "ORDER_STATE.RESERVED": ["reserved", "已预约"], "ORDER_STATE.PAID": ["paid", "已支付"], "ORDER_STATE.STARTING": ["starting", "启动中"],
  "ORDER_STATE.CHARGING": ["charging", "充电中"], "ORDER_STATE.ENDED": ["ended", "已结束"], "ORDER_STATE.SETTLED": ["settled", "已结算"],
  "ORDER_STATE.CANCELLED": ["cancelled", "已取消"], "ORDER_STATE.EXPIRED": ["expired", "已过期"], "ORDER_STATE.START_FAILED": ["start not answered", "启动未应答"],
  "ORDER_STATE.REFUNDING": ["refunding", "退款中"], "ORDER_STATE.REFUNDED": ["refunded", "已退款"],
  "ORDER_TAG.PHONE": ["phone", "手机支付"], "ORDER_TAG.CARD": ["card", "刷卡"], "ORDER_TAG.BALANCE": ["balance", "余额"],
  "ALARM_CODE.SMOKE": ["Smoke", "烟雾"], "ALARM_CODE.TEMPERATURE": ["Over-temperature", "过温"], "ALARM_CODE.OVER_CURRENT": ["Over-current", "过流"],
  "ALARM_CODE.WATER": ["Water in the box", "箱体进水"], "ALARM_CODE.DOOR": ["Door open", "箱门打开"], "ALARM_CODE.POWER_CUT": ["Supply gone", "断电"],
  "ALARM_CODE.REFUSED_SWIPES": ["Many swipes refused", "大量刷卡被拒"], "ALARM_CODE.IMPOSSIBLE_RECORDS": ["End records that cannot be", "结束记录不可能属实"],
  "ALARM_CODE.CARD_LIMIT": ["Card limit reached", "刷卡超过限额"], "ALARM_CODE.FLOODING": ["Sends too much", "报文过多"], "ALARM_CODE.OTHER": ["Other alarm", "其他告警"],
  "ALARM_SEVERITY.INFO": ["info", "提示"], "ALARM_SEVERITY.WARNING": ["warning", "警告"], "ALARM_SEVERITY.CRITICAL": ["critical", "严重"],
  "TIMELINE_KIND.ORDER": ["order", "订单"], "TIMELINE_KIND.MONEY": ["money", "资金"], "TIMELINE_KIND.COMMAND": ["command", "指令"],
  "TIMELINE_KIND.EVENT": ["pile", "设备"], "TIMELINE_KIND.DUE": ["due", "待办"], "TIMELINE_KIND.OPERATOR": ["operator", "操作"],
};

const Choice = "language";

let column = (sessionStorage.getItem(Choice) ?? navigator.language).startsWith("zh") ? 1 : 0;

/** The language of the page, for figures and times too. */
export const language = () => column === 1 ? "zh-CN" : "en-GB";

/** A text by its name, with what belongs at {0} and so on; undefined when there is none of that name. */
export const t = (name, ...values) => Words[name]?.[column].replace(/\{(\d)\}/g, (_, place) => values[place]);

/** Takes the other language. */
export function switchLanguage() {
  column = 1 - column;
  sessionStorage.setItem(Choice, language());
}

/** Puts the texts into what stands in the page from the start. */
export function translate() {
  document.documentElement.lang = language();
  document.title = t("title");
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  for (const node of document.querySelectorAll("[data-t-label]")) {
    node.setAttribute("aria-label", t(node.dataset.tLabel));
    if (node.matches("input")) node.setAttribute("placeholder", t(node.dataset.tLabel));
  }
}

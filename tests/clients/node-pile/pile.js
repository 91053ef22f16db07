// A pile in binary, with npm's mqtt: node pile.js <port> <deviceNo> <secret>
// It charges once at any plug, ends the charge after a moment as if the battery were full, and exits with 0 when the
// server has acknowledged both events.
import { randomUUID } from 'node:crypto';
import mqtt from 'mqtt';
import { decode, encode } from './protobuf.js';

const [port, device, secret] = process.argv.slice(2);
const topic = (leaf) => `piles/${device}/${leaf}`;
const boot = randomUUID();
const connection = randomUUID();
const DONE = 1, REJECTED = 2, CLOCK_NOT_SET = 8, UNSUPPORTED = 9, CONNECTED = 2, CHARGING = 3, FINISHED = 4, FULL = 1;

let seq = 0;
let eventId = 0;
let clockSet = false;
let finished = false;
let order;
const plugs = new Map([1, 2, 3, 4].map((plug) => [plug, { state: CONNECTED, orderNo: '' }]));
const answered = new Map();
const unacknowledged = new Map();

const time = () => [[1, Math.floor(Date.now() / 1000)]];
const plugStatus = (plug) => [[1, plug], [2, plugs.get(plug).state], [3, plugs.get(plug).orderNo]];
const status = (online) => encode([
  [1, 1], [2, boot], [3, connection], [4, online ? ++seq : 0], [5, online], [6, 'node-1'], [7, time()],
  ...(online ? [...plugs.keys()].map((plug) => [8, plugStatus(plug)]) : []),
]);

const client = mqtt.connect({
  host: '127.0.0.1', port: Number(port), protocolVersion: 4, clean: true, keepalive: 60, reconnectPeriod: 0,
  clientId: device, username: device, password: secret,
  will: { topic: topic('status'), payload: status(false), qos: 1, retain: true },
});
const publish = (leaf, payload) => client.publish(topic(leaf), payload, { qos: 1, retain: leaf === 'status' });

client.on('connect', () => client.subscribe(topic('commands'), { qos: 1 }, () => publish('status', status(true))));
client.on('message', (_, payload) => obey(decode(payload)));
client.on('error', fail);
client.on('close', () => fail('the server hung up'));
setTimeout(() => fail('nobody charged within a minute'), 60_000);

function obey(command) {
  const id = command.get(1).toString();
  if (command.has(7)) {
    unacknowledged.delete(Number(decode(command.get(7)).get(1)));
    if (order && plugs.get(order.plug).state === FINISHED && unacknowledged.size === 0) finish();
    return;
  }
  if (!answered.has(id)) answered.set(id, answer(id, command));
  publish('results', answered.get(id));
}

function answer(id, command) {
  if (command.has(9)) {
    clockSet = true;
    return encode([[1, id], [2, DONE]]);
  }
  if (command.has(8)) {
    publish('status', status(true));
    return encode([[1, id], [2, DONE]]);
  }
  if (!command.has(4)) return encode([[1, id], [2, REJECTED], [3, UNSUPPORTED]]);
  if (!clockSet) return encode([[1, id], [2, REJECTED], [3, CLOCK_NOT_SET]]);
  const start = decode(command.get(4));
  order = { no: start.get(1).toString(), plug: Number(start.get(2)) };
  plugs.set(order.plug, { state: CHARGING, orderNo: order.no });
  setImmediate(() => {
    raise(5, [[1, order.no], [2, order.plug]]);
    publish('status', status(true));
    setTimeout(end, 300);
  });
  return encode([[1, id], [2, DONE], [4, plugStatus(order.plug)]]);
}

function end() {
  plugs.get(order.plug).state = FINISHED;
  raise(6, [[1, order.no], [2, order.plug], [3, 60], [4, 3], [5, 180], [6, FULL]]);
  publish('status', status(true));
}

// A real pile keeps its events in memory that survives a power cut, and sends them again until they are acknowledged.
function raise(kind, fields) {
  const event = encode([[1, ++eventId], [2, boot], [3, time()], [4, 0], [kind, fields]]);
  unacknowledged.set(eventId, event);
  publish('events', event);
}

function finish() {
  finished = true;
  console.log(`charged ${order.no}`);
  client.end(false, {}, () => process.exit(0));
}

function fail(reason) {
  if (finished) return;
  console.error(`${reason}`);
  process.exit(1);
}

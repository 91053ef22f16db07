// The hot routes of the core service as a small team would write them: Fastify, aedes, SQLite, no ledger.
// node server.js <directory> <riders> <piles>: says a line with its ports, tokens and secrets when it is ready, and ends with its input.
import { randomBytes } from 'node:crypto';
import Fastify from 'fastify';
import { openPiles } from './piles.js';
import { openStore } from './store.js';

const [directory, riders, piles] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const PLUGS = 10;
const TOKEN_MS = 7 * 24 * 3600 * 1000;
const SECONDS_FOR_A_FEN = 144;

const store = openStore(directory);
const tokens = new Map();
const secrets = new Map();
for (let i = 0; i < riders; i++) {
  const [token, expiresAt] = [`Bearer ${randomBytes(32).toString('base64url')}`, Date.now() + TOKEN_MS];
  tokens.set(token, { userId: store.addUser(`139${String(i).padStart(8, '0')}`, token, expiresAt), expiresAt });
}
for (let i = 0; i < piles; i++) {
  const [device, secret] = [i.toString(16).toUpperCase().padStart(10, '0'), randomBytes(16).toString('hex')];
  store.addPile(device, secret, PLUGS);
  secrets.set(device, secret);
}

const board = await openPiles(store, secrets);
const app = Fastify({ logger: false });

const answer = (data) => ({
  response: {
    200: { type: 'object', properties: { success: { type: 'boolean' }, code: { type: 'integer' }, message: { type: 'string' }, data } },
  },
});
const ok = (data) => ({ success: true, code: 200, message: '操作成功', data });
const refuse = (code, message) => ({ success: false, code, message });

app.addHook('onRequest', async (request, reply) => {
  const token = tokens.get(request.headers.authorization);
  if (!token || token.expiresAt < Date.now()) return reply.send(refuse(401, '未登录'));
  request.userId = token.userId;
});

const routes = '/wechat/smallapplet';
const pileStatus = { type: 'object', properties: { deviceNo: { type: 'string' }, status: { type: 'integer' }, plugs: { type: 'array', items: { type: 'integer' } } } };

app.post(`${routes}/getPileStatus`, { schema: answer(pileStatus) }, (request, reply) => {
  const deviceNo = request.body?.body?.deviceNo;
  if (!secrets.has(deviceNo)) return reply.send(refuse(3003, '充电桩不存在'));
  const status = board.find(deviceNo);
  const plugs = [];
  for (let plug = 1; plug <= PLUGS; plug++) plugs.push(store.isBusy(deviceNo, plug) || status?.plugs[plug - 1]?.state === 'PLUG_STATE_CHARGING' ? 1 : 0);
  reply.send(ok({ deviceNo, status: status?.online ? 1 : 0, plugs }));
});

app.post(`${routes}/getOrderNo`, { schema: answer({ type: 'string' }) }, (request, reply) => {
  const { deviceNo, plug } = request.body?.body ?? {};
  if (!board.find(deviceNo)?.online) return reply.send(refuse(3004, '充电桩离线'));
  const no = store.reserve(request.userId, deviceNo, Number(plug));
  if (!no) return reply.send(refuse(3001, '插座被占用'));
  reply.send(ok(no));
});

app.post(`${routes}/mobilePaymentCharging`, { schema: answer({ type: 'string' }) }, async (request) => {
  const { orderNo, amount } = request.body?.body ?? {};
  const order = store.find(orderNo);
  if (!order || order.user_id !== request.userId) return refuse(403, '参数错误');
  // Whoever asks the provider would wait here; its sandbox says at once that everything was paid.
  const fen = Math.round(amount * 100);
  if (!store.pay(order, fen)) return refuse(403, '参数错误');
  return (await board.start(order, fen * SECONDS_FOR_A_FEN)) ? ok() : refuse(4000, '启动失败');
});

await app.listen({ port: 0, host: '127.0.0.1' });
console.log(JSON.stringify({
  HttpPort: app.server.address().port, MqttPort: board.port, Tokens: [...tokens.keys()], Piles: Object.fromEntries(secrets),
}));
process.stdin.on('end', () => process.exit(0)).resume();

// The piles' side: aedes, JSON, what each pile reports in memory, and who waits for the result of a start.
import { Aedes } from 'aedes';
import { createServer } from 'node:net';

const PATIENCE_MS = 10_000;

export async function openPiles(store, secrets) {
  const broker = await Aedes.createBroker();
  const board = new Map();
  const waiting = new Map();
  let commands = 0;

  broker.authenticate = (client, username, password, done) => done(null, client.id === username && secrets.get(username) === password?.toString());
  broker.authorizePublish = (client, packet, done) => done(packet.topic.startsWith(`piles/${client.id}/`) ? null : new Error('not yours'));
  broker.authorizeSubscribe = (client, subscription, done) => done(null, subscription.topic === `piles/${client.id}/commands` ? subscription : null);
  broker.on('clientDisconnect', (client) => board.delete(client.id));
  broker.on('publish', (packet, client) => {
    if (!client) return;
    const message = JSON.parse(packet.payload);
    switch (packet.topic.slice(`piles/${client.id}/`.length)) {
      case 'status': return board.set(client.id, message);
      case 'results': return settle(message);
      case 'events': return onEvent(client.id, message);
    }
  });

  const server = createServer(broker.handle);
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));

  function send(device, command) {
    const payload = JSON.stringify({ commandId: `c-${++commands}`, ...command });
    broker.publish({ topic: `piles/${device}/commands`, payload, qos: 1, retain: false });
  }

  function settle(result) {
    const wait = waiting.get(result.commandId);
    if (!wait) return;
    waiting.delete(result.commandId);
    clearTimeout(wait.timer);
    const done = result.outcome === 'COMMAND_OUTCOME_DONE' && store.started(wait.orderNo);
    wait.resolve(done);
  }

  function onEvent(device, event) {
    // The result has said already what chargeStarted says.
    if (event.chargeEnded) store.ended(device, event.bootId, event.eventId, event.chargeEnded);
    send(device, { eventAck: { eventId: event.eventId } });
  }

  return {
    port: server.address().port,
    find: (device) => board.get(device),
    /** Starts a charge; whether the pile has. */
    start(order, maxSeconds) {
      const commandId = `start-${order.no}`;
      return new Promise((resolve) => {
        const timer = setTimeout(() => settle({ commandId }), PATIENCE_MS);
        waiting.set(commandId, { orderNo: order.no, resolve, timer });
        send(order.device, { commandId, startCharge: { orderNo: order.no, plug: order.plug, maxSeconds } });
      });
    },
  };
}

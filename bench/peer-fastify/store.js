// SQLite as it is used for money: WAL, synchronous=FULL, one transaction for each operation, prepared statements.
import Database from 'better-sqlite3';
import { join } from 'node:path';

export function openStore(directory) {
  const db = new Database(join(directory, 'peer.db'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(`
    CREATE TABLE users (id INTEGER PRIMARY KEY, phone TEXT UNIQUE NOT NULL, paid_orders INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE tokens (token TEXT PRIMARY KEY, user_id INTEGER NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE piles (device TEXT PRIMARY KEY, secret TEXT NOT NULL, plugs INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE orders (
      no TEXT PRIMARY KEY, user_id INTEGER NOT NULL, device TEXT NOT NULL, plug INTEGER NOT NULL, state TEXT NOT NULL,
      amount_fen INTEGER, list_number INTEGER, created_at INTEGER NOT NULL, paid_at INTEGER, started_at INTEGER, ended_at INTEGER,
      seconds INTEGER, energy_wh INTEGER) WITHOUT ROWID;
    CREATE INDEX orders_by_user ON orders (user_id, list_number);
    CREATE TABLE busy_plugs (device TEXT NOT NULL, plug INTEGER NOT NULL, order_no TEXT NOT NULL, PRIMARY KEY (device, plug)) WITHOUT ROWID;
    CREATE INDEX busy_by_order ON busy_plugs (order_no);
    CREATE TABLE seen_events (device TEXT NOT NULL, boot TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (device, boot, id)) WITHOUT ROWID;
  `);

  const busy = db.prepare('SELECT order_no FROM busy_plugs WHERE device = ? AND plug = ?');
  const takePlug = db.prepare('INSERT INTO busy_plugs VALUES (?, ?, ?)');
  const freePlug = db.prepare('DELETE FROM busy_plugs WHERE order_no = ? RETURNING plug');
  const insert = db.prepare(`INSERT INTO orders (no, user_id, device, plug, state, created_at) VALUES (?, ?, ?, ?, 'reserved', ?)`);
  const find = db.prepare('SELECT * FROM orders WHERE no = ?');
  const count = db.prepare('UPDATE users SET paid_orders = paid_orders + 1 WHERE id = ? RETURNING paid_orders');
  const pay = db.prepare(`UPDATE orders SET state = 'starting', amount_fen = ?, list_number = ?, paid_at = ? WHERE no = ? AND state = 'reserved'`);
  const start = db.prepare(`UPDATE orders SET state = 'charging', started_at = ? WHERE no = ? AND state = 'starting'`);
  const end = db.prepare(`UPDATE orders SET state = 'settled', ended_at = ?, seconds = ?, energy_wh = ? WHERE no = ? AND device = ? AND state IN ('starting', 'charging')`);
  const see = db.prepare('INSERT OR IGNORE INTO seen_events VALUES (?, ?, ?)');
  const addUser = db.prepare('INSERT INTO users (phone) VALUES (?)');
  const addToken = db.prepare('INSERT INTO tokens VALUES (?, ?, ?)');
  const addPile = db.prepare('INSERT INTO piles VALUES (?, ?, ?)');

  // What getPileStatus needs of the orders, so that it touches no disk.
  const busyNow = new Map();
  const plugKey = (device, plug) => `${device}/${plug}`;
  let lastNumber = 0;
  const nextNumber = () => new Date().toISOString().slice(0, 10).replaceAll('-', '') + String(++lastNumber).padStart(10, '0');

  const reserve = db.transaction((userId, device, plug) => {
    if (busy.get(device, plug)) return null;
    const no = nextNumber();
    insert.run(no, userId, device, plug, Date.now());
    takePlug.run(device, plug, no);
    return no;
  });
  const finish = db.transaction((device, boot, eventId, { orderNo, seconds, energyWh }) => {
    if (see.run(device, boot, eventId).changes === 0) return null;
    if (end.run(Date.now(), seconds, energyWh, orderNo, device).changes === 0) return null;
    return freePlug.get(orderNo);
  });

  return {
    find: (no) => find.get(no),
    isBusy: (device, plug) => busyNow.has(plugKey(device, plug)),
    /** Reserves a plug; null when somebody has it. */
    reserve(userId, device, plug) {
      const no = reserve(userId, device, plug);
      if (no) busyNow.set(plugKey(device, plug), no);
      return no;
    },
    /** Takes a payment up; false when it was taken up before. */
    pay: db.transaction((order, fen) => pay.run(fen, count.get(order.user_id).paid_orders, Date.now(), order.no).changes > 0),
    started: db.transaction((no) => start.run(Date.now(), no).changes > 0),
    /** Ends a charge, once for each event. */
    ended(device, boot, eventId, record) {
      const freed = finish(device, boot, eventId, record);
      if (freed) busyNow.delete(plugKey(device, freed.plug));
    },
    addUser: db.transaction((phone, token, expiresAt) => {
      const id = Number(addUser.run(phone).lastInsertRowid);
      addToken.run(token, id, expiresAt);
      return id;
    }),
    addPile: (device, secret, plugs) => addPile.run(device, secret, plugs),
  };
}

// A service with pg-transactional-outbox: messages are stored in the transaction of the business
// row, and the library's polling listener hands them to a handler, which publishes to Kafka.
//
//   node host.js setup
//   node host.js write COUNT [LARGE…]       (the numbers of events with a long name)
//   node host.js relay [--refuse BYTES] [--die-after COUNT]

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import outbox from 'pg-transactional-outbox';

const AT_MOST_MS = 40_000;
const database = { connectionString: process.env.HOST_DATABASE };

const config = {
  outboxOrInbox: 'outbox',
  dbListenerConfig: database,
  dbHandlerConfig: database,
  settings: {
    dbSchema: 'public',
    dbTable: 'outbox',
    enableMaxAttemptsProtection: true,
    maxAttempts: 2,
    enablePoisonousMessageProtection: false,
    nextMessagesFunctionName: 'next_outbox_messages',
    nextMessagesBatchSize: 1,
    nextMessagesLockInMs: 500,
    nextMessagesPollingIntervalInMs: 20,
  },
};

// Standard output is for ids.
const say = (...what) => console.error(...what);
const logger = { trace() {}, debug() {}, info() {}, warn: say, error: say, fatal: say };

/** Lets the library make its table, its function and its indexes. */
async function setup(pool) {
  await pool.query('CREATE TABLE products (id uuid PRIMARY KEY, name text NOT NULL)');
  const { rows: [{ name, role }] } =
    await pool.query('SELECT current_database() AS name, current_user AS role');
  const where = {
    outboxOrInbox: 'outbox',
    database: name,
    schema: config.settings.dbSchema,
    table: config.settings.dbTable,
    listenerRole: role,
    nextMessagesName: config.settings.nextMessagesFunctionName,
  };
  await pool.query(outbox.DatabaseSetup.dropAndCreateTable(where));
  await pool.query(outbox.DatabaseSetup.createPollingFunction(where));
  await pool.query(outbox.DatabaseSetup.setupPollingIndexes(where));
}

/** The service's business: one row, one message, one transaction. */
async function add(pool, store, number, large) {
  const id = randomUUID();
  const product = { id: randomUUID(), name: `product ${number}${large ? ' long'.repeat(1000) : ''}` };
  const client = await pool.connect();
  await client.query('BEGIN');
  await client.query('INSERT INTO products (id, name) VALUES ($1, $2)', [product.id, product.name]);
  const message = {
    id,
    aggregateType: 'product',
    aggregateId: product.id,
    messageType: 'ProductChanged',
    concurrency: 'parallel',
    payload: product,
  };
  await store(message, client);
  await client.query('COMMIT');
  client.release();
  return id;
}

/** Runs the library's listener until every message is processed or abandoned. */
async function relay(pool, options) {
  const kafka = new Kafka({ brokers: [process.env.HOST_BROKER], logLevel: logLevel.ERROR });
  const producer = kafka.producer();
  await producer.connect();
  let left = 0;
  const handler = {
    async handle(message) {
      if (left === options.dieAfter) process.kill(process.pid, 'SIGKILL');
      const value = JSON.stringify(message.payload);
      if (value.length >= options.refuse) throw new Error('the broker takes no message that large');
      const headers = { 'message-id': message.id, type: message.messageType };
      const messages = [{ key: message.aggregateId, value, headers }];
      await producer.send({ topic: process.env.HOST_DESTINATION, acks: -1, messages });
      left += 1;
    },
  };
  const [shutdown] = outbox.initializePollingMessageListener(config, handler, logger);
  await awaitIdle(pool);
  await shutdown();
  await producer.disconnect();
}

async function awaitIdle(pool) {
  const deadline = Date.now() + AT_MOST_MS;
  const open = 'SELECT count(*)::int AS n FROM outbox WHERE processed_at IS NULL AND abandoned_at IS NULL';
  while ((await pool.query(open)).rows[0].n > 0) {
    if (Date.now() > deadline) throw new Error('messages stay open');
    await sleep(20);
  }
}

const { values, positionals: [command, count, ...large] } = parseArgs({
  allowPositionals: true,
  options: { refuse: { type: 'string' }, 'die-after': { type: 'string' } },
});
const pool = new pg.Pool(database);
if (command === 'setup') {
  await setup(pool);
} else if (command === 'write') {
  const store = outbox.initializeMessageStorage(config, logger);
  for (let number = 0; number < Number(count); number += 1) {
    console.log(await add(pool, store, number, large.includes(String(number))));
  }
} else if (command === 'relay') {
  const { refuse = Infinity, 'die-after': dieAfter = Infinity } = values;
  await relay(pool, { refuse: Number(refuse), dieAfter: Number(dieAfter) });
} else {
  throw new Error(`what is ${command}?`);
}
await pool.end();

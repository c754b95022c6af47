// A zyre.js node under remote control; started by harness.ReferencePeer. The exchange is described in console.py.
//
// zyre.js sends and delivers one content frame only: further frames to send are refused, further frames that
// arrive are lost in it. A message without any is reported with empty content; with zyre.js's own default
// encoding it would end the process.

'use strict';

const fs = require('fs');
const readline = require('readline');
const Zyre = require('zyre.js');

const INDEX_SIZE = 8;
const BATCH = 500;
const GRACE_MS = 150;

const options = JSON.parse(process.argv[2]);
const node = new Zyre({
  name: options.name === null ? undefined : options.name,
  iface: options.interface,
  headers: options.headers,
  bport: options.port,
  port: options.peer_port || undefined,
  binterval: options.interval || undefined,
  evasive: options.evasive || undefined,
  expired: options.expired || undefined,
});
node.setEncoding('raw');

const uuid = (identity) => identity.toUpperCase();
const identity = (text) => text.toLowerCase();
const say = (message) => fs.writeSync(1, `${JSON.stringify(message)}\n`);
const event = (type, peer, name, fields) => say({
  event: {
    type, peer: uuid(peer), name: name || '', ...fields,
  },
});

// Counting, as Tally in console.py

let tally = null;

function summary() {
  return {
    received: tally.received,
    first: tally.first,
    last: tally.last,
    in_order: tally.broken === null,
    broken_at: tally.broken,
  };
}

function count(peer, name, content) {
  const index = Number(content.readBigUInt64BE(0));
  if (tally.last === null) tally.first = index;
  else if (index !== tally.last + 1 && tally.broken === null) tally.broken = [tally.last + 1, index];
  tally.last = index;
  tally.received += 1;
  if (tally.received === tally.until) event('COUNTED', peer, name, summary());
}

function message(type, peer, name, content, fields) {
  if (tally) count(peer, name, content);
  else event(type, peer, name, { ...fields, content: content ? [content.toString('hex')] : [] });
}

node.on('connect', (peer, name, headers) => {
  event('ENTER', peer, name, { headers, address: node.getPeer(peer).endpoint });
});
node.on('disconnect', (peer, name) => event('EXIT', peer, name));
node.on('expired', (peer, name) => event('EXPIRED', peer, name));
node.on('join', (peer, name, group) => event('JOIN', peer, name, { group }));
node.on('leave', (peer, name, group) => event('LEAVE', peer, name, { group }));
node.on('whisper', (peer, name, content) => message('WHISPER', peer, name, content));
node.on('shout', (peer, name, content, group) => message('SHOUT', peer, name, content, { group }));

// Commands

function single(content) {
  if (content.length !== 1) throw new Error('zyre.js sends exactly one content frame');
  return Buffer.from(content[0], 'hex');
}

function flood({
  peer, group, count: total, size, first,
}) {
  if (size < INDEX_SIZE) throw new Error(`a flooded message is at least ${INDEX_SIZE} bytes long`);
  const started = process.hrtime.bigint();
  let index = first;
  return new Promise((resolve) => {
    // Between two batches the event loop must turn, or nothing would leave the process and nothing be heard.
    const batch = () => {
      const end = Math.min(index + BATCH, first + total);
      for (; index < end; index += 1) {
        const content = Buffer.alloc(size);
        content.writeBigUInt64BE(BigInt(index), 0);
        if (peer) node.whisper(identity(peer), content);
        else node.shout(group, content);
      }
      if (index < first + total) setImmediate(batch);
      else resolve(Number(process.hrtime.bigint() - started) / 1e9);
    };
    batch();
  });
}

const ownGroups = new Set(options.groups);
let running = false;

function join({ group }) {
  ownGroups.add(group);
  if (running) node.join(group);
}

const commands = {
  // Before start zyre.js cannot join. Joined now, before any peer is known, the groups still stand in each HELLO.
  start: async () => {
    const started = node.start();
    await started;
    running = true;
    ownGroups.forEach((group) => node.join(group));
  },
  stop: () => {
    running = false;
    return node.stop();
  },
  join,
  leave: ({ group }) => {
    ownGroups.delete(group);
    node.leave(group);
  },
  whisper: ({ peer, content }) => node.whisper(identity(peer), single(content)),
  shout: ({ group, content }) => node.shout(group, single(content)),
  flood,
  count: ({ until }) => {
    tally = {
      until, received: 0, first: null, last: null, broken: null,
    };
  },
  uncount: () => { tally = null; },
  counted: () => (tally ? summary() : null),
  peers: () => Object.keys(node.getPeers()).map(uuid).sort(),
  peers_in: ({ group }) => Object.keys(node.getGroup(group) || {}).map(uuid).sort(),
  own_groups: () => [...ownGroups].sort(),
  peer_groups: () => Object.keys(node.getGroups()).sort(),
  address: ({ peer }) => (node.getPeer(identity(peer)) || { endpoint: '' }).endpoint,
  header: ({ peer, key }) => (node.getPeer(identity(peer)).headers || {})[key] || '',
  close: async ({ stop }) => {
    if (stop && running) {
      await node.stop();
      await new Promise((resolve) => { setTimeout(resolve, GRACE_MS); });
    }
    process.exit(0);
  },
};

async function obey({ cmd, id, ...args }) {
  try {
    if (!Object.prototype.hasOwnProperty.call(commands, cmd)) throw new Error(`zyre.js has no ${cmd}`);
    const value = await commands[cmd](args);
    say({ reply: id, value: value === undefined ? null : value });
  } catch (error) {
    say({ reply: id, error: String(error) });
  }
}

const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => obey(JSON.parse(line)));
lines.on('close', () => process.exit(1));

const own = uuid(node.getIdentity());
say({ ready: { uuid: own, name: options.name === null ? node.getIdentity().slice(0, 12) : options.name } });

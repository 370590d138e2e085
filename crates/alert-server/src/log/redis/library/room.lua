-- What Alert does in Redis: each function is one step of one room, so that all nodes see one order.
--
-- A room's keys begin with KEYS[1], which holds its hash tag, and are in one slot:
--   :meta    seq (of events), ordinal, number, epoch, token; op:NODE, the last message that a node has said;
--            turn:NODE, how often it has had to send what it says of its people again
--   :log     the messages: a stream whose ids are ORDINAL-NUMBER
--   :epochs  of:EPOCH its ordinal, name:ORDINAL its name, end:ORDINAL its last number; lost:ORDINAL the last number that
--            a node has heard of, where that is later
--   :seats   "NODE NAME" and how many connections the person has there
--   :people  each name and on how many nodes it has connections
--   :roster  the names by the event with which they entered
--   :grace   who has no connection, by when they leave
--   :nodes   each node and how many names it has here
--   :stays   each name and its connections that are given what they missed: see stays.lua, which stands before this
--   :away    the names of those that were lost, by when they are forgotten
--   :key:K   what was said with an idempotency key
--   :rule    what its hosts have decided: revision, policy (JSON)
--   :audits  what they did, as JSON, the newest first
--   :removed the ids of messages that were removed, by when: they are not missing
--   :spoken  in slow mode, who has spoken, by when
--   :rolls   the ids of alerts with a roll call, by when that has changed last
--   :roll:ID the people of one: see roll.lua; and :roll:ID:counts, how many there are of each kind
--   :listed  the names on the room's roster, a line each
-- KEYS[2] is the set of the rooms with this tag in which somebody is. ARGV[1] names the start of this Redis, and says
-- how often the node has lost what it had sent with this tag.

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function text(number)
  return string.format('%d', number)
end

-- Another epoch begins: this Redis may not have all of the one before.
local function begin(room, token, proposal)
  if room.epoch then
    redis.call('HSET', room.base .. ':epochs', 'end:' .. text(room.ordinal), text(room.number))
  end
  room.ordinal, room.number, room.epoch = room.ordinal + 1, 0, proposal
  redis.call('HSET', room.base .. ':meta', 'seq', text(room.seq), 'ordinal', text(room.ordinal), 'number', '0',
    'epoch', proposal, 'token', token)
  redis.call('HSET', room.base .. ':epochs', 'of:' .. proposal, text(room.ordinal),
    'name:' .. text(room.ordinal), proposal)
end

local function start_of(text)
  local token, turn = string.match(text, '^(%S+) (%d+)$')
  return token, tonumber(turn)
end

-- The room, in an epoch that this Redis has begun: where another one wrote last, the log may have gone back.
local function open(keys, start, proposal)
  local base = keys[1]
  local token, turn = start_of(start)
  local meta = redis.call('HMGET', base .. ':meta', 'seq', 'ordinal', 'number', 'epoch', 'token')
  local room = {
    base = base, rooms = keys[2], at = now(),
    seq = tonumber(meta[1] or '0'), ordinal = tonumber(meta[2] or '0'), number = tonumber(meta[3] or '0'),
    epoch = meta[4], token = token, turn = turn,
  }
  if meta[5] ~= token then begin(room, token, proposal) end
  return room
end

local function publish(room, seq, kind, count, name, rest)
  local facts = { text(seq), kind, room.epoch, text(room.number), text(room.at), text(count), text(#name) }
  redis.call('SPUBLISH', room.base .. ':events', table.concat(facts, ' ') .. '\n' .. name .. (rest or ''))
end

-- Tells the nodes that hear the room: a line of facts, then the name, then what belongs to it.
local function tell(room, kind, count, name, rest)
  room.seq = room.seq + 1
  publish(room, room.seq, kind, count, name, rest)
end

-- The event with which the last of those who are in it entered.
local function last_entered(base)
  return redis.call('ZRANGE', base .. ':roster', -1, -1, 'WITHSCORES')[2] or '0'
end

local function count(room)
  return redis.call('ZCARD', room.base .. ':roster')
end

-- A room that nobody is in is forgotten with its last message.
local function keep(room, age)
  redis.call('PEXPIRE', room.base .. ':log', age)
  if count(room) == 0 then
    redis.call('PEXPIRE', room.base .. ':meta', age)
    for _, key in ipairs({ ':epochs', ':stays', ':away' }) do redis.call('PEXPIRE', room.base .. key, age) end
  end
end

local function close(room)
  redis.call('HSET', room.base .. ':meta', 'seq', text(room.seq))
end

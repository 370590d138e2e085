-- What Alert does in Redis: each function is one step of one room, so that all nodes see one order.
--
-- A room's keys begin with KEYS[1], which holds its hash tag, and are in one slot:
--   :meta    seq (of events), ordinal, number, epoch, token; op:NODE, the last message that a node has said
--   :log     the messages: a stream whose ids are ORDINAL-NUMBER
--   :epochs  of:EPOCH its ordinal, name:ORDINAL its name, end:ORDINAL its last number
--   :seats   "NODE NAME" and how many connections the person has there
--   :people  each name and on how many nodes it has connections
--   :roster  the names by the event with which they entered
--   :grace   who has no connection, by when they leave
--   :nodes   each node and how many names it has here
--   :key:K   what was said with an idempotency key
-- KEYS[2] is the set of the rooms with this tag in which somebody is. ARGV[1] names the start of this Redis.

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function text(number)
  return string.format('%.0f', number)
end

-- The room, in an epoch that this Redis has begun: where another one wrote last, the log may have gone back.
local function open(keys, token, proposal)
  local base = keys[1]
  local meta = redis.call('HMGET', base .. ':meta', 'seq', 'ordinal', 'number', 'epoch', 'token')
  local room = {
    base = base, rooms = keys[2], at = now(),
    seq = tonumber(meta[1] or '0'), ordinal = tonumber(meta[2] or '0'), number = tonumber(meta[3] or '0'),
    epoch = meta[4],
  }
  if meta[5] ~= token then
    if room.epoch then
      redis.call('HSET', base .. ':epochs', 'end:' .. text(room.ordinal), text(room.number))
    end
    room.ordinal, room.number, room.epoch = room.ordinal + 1, 0, proposal
    redis.call('HSET', base .. ':meta', 'seq', text(room.seq), 'ordinal', text(room.ordinal), 'number', '0',
      'epoch', proposal, 'token', token)
    redis.call('HSET', base .. ':epochs', 'of:' .. proposal, text(room.ordinal),
      'name:' .. text(room.ordinal), proposal)
  end
  return room
end

-- Tells the nodes that hear the room: a line of facts, then the name, then what belongs to it.
local function tell(room, kind, count, name, rest)
  room.seq = room.seq + 1
  local facts = { text(room.seq), kind, room.epoch, text(room.number), text(room.at), text(count), text(#name) }
  redis.call('PUBLISH', room.base .. ':events', table.concat(facts, ' ') .. '\n' .. name .. (rest or ''))
end

local function count(room)
  return redis.call('ZCARD', room.base .. ':roster')
end

-- A room that nobody is in is forgotten with its last message.
local function keep(room, age)
  redis.call('PEXPIRE', room.base .. ':log', age)
  if count(room) == 0 then
    redis.call('PEXPIRE', room.base .. ':meta', age)
    redis.call('PEXPIRE', room.base .. ':epochs', age)
  end
end

local function close(room)
  redis.call('HSET', room.base .. ':meta', 'seq', text(room.seq))
end

-- Drops what is too old: a few messages at a time, more than come in.
local function drop_old(room, age)
  for _ = 1, 4 do
    local first = redis.call('XRANGE', room.base .. ':log', '-', '+', 'COUNT', 1)[1]
    if not first or room.at - tonumber(first[2][6]) <= age then return end
    redis.call('XDEL', room.base .. ':log', first[1])
  end
end

-- ARGV: token, epoch, node, op, name, text, key, digest of the message, messages kept, their age, the key's
-- Gives: kind ("said", "again"), epoch, number, time, seq; or "reused".
local function say(keys, args)
  local room = open(keys, args[1], args[2])
  local node, op, name, said, key, digest = args[3], tonumber(args[4]), args[5], args[6], args[7], args[8]
  local age = tonumber(args[10])
  local last = tonumber(redis.call('HGET', room.base .. ':meta', 'op:' .. node) or '0')
  if op <= last then
    -- This node does not know whether it has been said: it has.
    for _, entry in ipairs(redis.call('XREVRANGE', room.base .. ':log', '+', '-', 'COUNT', 1000)) do
      if entry[2][8] == node .. ' ' .. text(op) then
        local ordinal, number = string.match(entry[1], '(%d+)-(%d+)')
        local epoch = redis.call('HGET', room.base .. ':epochs', 'name:' .. ordinal)
        return { 'said', epoch, number, entry[2][6], text(room.seq) }
      end
    end
    -- It has been dropped since, as one of too many.
    return { 'said', room.epoch, text(room.number), text(room.at), text(room.seq) }
  end
  if key ~= '' then
    local before = redis.call('HMGET', room.base .. ':key:' .. key, 'epoch', 'number', 'at', 'digest')
    if before[1] then
      if before[4] ~= digest then return { 'reused' } end
      return { 'again', before[1], before[2], before[3], text(room.seq) }
    end
  end
  room.number = room.number + 1
  redis.call('XADD', room.base .. ':log', 'MAXLEN', '=', args[9], text(room.ordinal) .. '-' .. text(room.number),
    'name', name, 'text', said, 'at', text(room.at), 'by', node .. ' ' .. text(op))
  drop_old(room, age)
  if key ~= '' then
    redis.call('HSET', room.base .. ':key:' .. key, 'epoch', room.epoch, 'number', text(room.number),
      'at', text(room.at), 'digest', digest)
    redis.call('PEXPIRE', room.base .. ':key:' .. key, args[11])
  end
  tell(room, 'said', 0, name, said)
  redis.call('HSET', room.base .. ':meta', 'seq', text(room.seq), 'number', text(room.number),
    'op:' .. node, text(op))
  keep(room, age)
  return { 'said', room.epoch, text(room.number), text(room.at), text(room.seq) }
end

local function enters(room, name)
  redis.call('ZREM', room.base .. ':grace', name)
  local is_new = redis.call('ZADD', room.base .. ':roster', 'NX', room.seq + 1, name) == 1
  if is_new and count(room) == 1 then
    redis.call('SADD', room.rooms, room.base)
    for _, key in ipairs({ ':meta', ':epochs' }) do redis.call('PERSIST', room.base .. key) end
  end
  tell(room, is_new and 'entered' or 'again', count(room), name)
  return is_new
end

local function leaves(room, name, age)
  redis.call('ZREM', room.base .. ':grace', name)
  if redis.call('ZREM', room.base .. ':roster', name) == 0 then return end
  tell(room, 'left', count(room), name)
  if count(room) == 0 then
    redis.call('SREM', room.rooms, room.base)
    keep(room, age)
  end
end

-- How many connections a person has on a node now. Whether it is their last that has gone.
local function seat(room, node, name, connections)
  local place = node .. ' ' .. name
  local before = tonumber(redis.call('HGET', room.base .. ':seats', place) or '0')
  if connections > 0 then
    redis.call('HSET', room.base .. ':seats', place, text(connections))
  else
    redis.call('HDEL', room.base .. ':seats', place)
  end
  local change = (connections > 0 and 1 or 0) - (before > 0 and 1 or 0)
  if change == 0 then return false end
  for key, field in pairs({ [':people'] = name, [':nodes'] = node }) do
    if redis.call('HINCRBY', room.base .. key, field, change) <= 0 then
      redis.call('HDEL', room.base .. key, field)
    end
  end
  return change < 0 and redis.call('HEXISTS', room.base .. ':people', name) == 0
end

-- ARGV: token, epoch, node, name, connections, how ("enter", "leave", "lose"), grace, age
-- Gives: whether the person is new, epoch, number, time, seq, count.
local function presence(keys, args)
  local room = open(keys, args[1], args[2])
  local node, name, connections, how, grace, age = args[3], args[4], tonumber(args[5]), args[6], tonumber(args[7]), args[8]
  local is_last = seat(room, node, name, connections)
  local is_new = false
  if how == 'enter' then
    is_new = enters(room, name)
  elseif is_last and how == 'lose' and grace > 0 then
    redis.call('ZADD', room.base .. ':grace', room.at + grace, name)
    tell(room, 'lost', grace, name)
  elseif is_last then
    leaves(room, name, age)
  end
  close(room)
  return { is_new and 1 or 0, room.epoch, text(room.number), text(room.at), text(room.seq), count(room) }
end

-- Whose grace has ended leaves, 64 at most. ARGV: token, epoch, age. Gives the milliseconds until the next, or -1.
local function expire(keys, args)
  local room = open(keys, args[1], args[2])
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', room.base .. ':grace', '-inf', room.at, 'LIMIT', 0, 64)) do
    leaves(room, name, args[3])
  end
  close(room)
  local next = redis.call('ZRANGE', room.base .. ':grace', 0, 0, 'WITHSCORES')
  if not next[1] then return -1 end
  return math.max(0, next[2] - room.at)
end

-- A node has this many connections of these people, and no others. What it had besides, has gone.
-- ARGV: token, epoch, node, age, 1 where the node has ended, then each name and its connections.
local function declare(keys, args)
  local room = open(keys, args[1], args[2])
  local node, here = args[3], {}
  for place = 6, #args, 2 do
    here[args[place]] = true
    seat(room, node, args[place], tonumber(args[place + 1]))
    if not redis.call('ZSCORE', room.base .. ':roster', args[place]) then
      enters(room, args[place])
    else
      redis.call('ZREM', room.base .. ':grace', args[place])
    end
  end
  local had = tonumber(redis.call('HGET', room.base .. ':nodes', node) or '0')
  if had > (#args - 5) / 2 then
    for _, place in ipairs(redis.call('HKEYS', room.base .. ':seats')) do
      local name = string.sub(place, #node + 2)
      if string.sub(place, 1, #node + 1) == node .. ' ' and not here[name] then
        if seat(room, node, name, 0) then leaves(room, name, args[4]) end
      end
    end
  end
  if args[5] == '1' then redis.call('HDEL', room.base .. ':meta', 'op:' .. node) end
  close(room)
  return text(room.seq)
end

-- A part of the log, and what is needed to see what is missing. `which` is "after", "before", "oldest" or "newest".
local function page(base, which, epoch, number, limit, at)
  local log, epochs = base .. ':log', base .. ':epochs'
  local ordinal = epoch ~= '' and redis.call('HGET', epochs, 'of:' .. epoch)
  local id = ordinal and (ordinal .. '-' .. number)
  local entries
  if which == 'after' and id then
    entries = redis.call('XRANGE', log, '(' .. id, '+', 'COUNT', limit)
  elseif which == 'before' then
    entries = id and redis.call('XREVRANGE', log, '(' .. id, '-', 'COUNT', limit) or {}
  elseif which == 'newest' then
    entries = redis.call('XREVRANGE', log, '+', '-', 'COUNT', limit)
  else
    entries = redis.call('XRANGE', log, '-', '+', 'COUNT', limit)
  end
  return { redis.call('HGETALL', epochs), redis.call('HMGET', base .. ':meta', 'epoch', 'number', 'ordinal'),
    redis.call('XRANGE', log, '-', '+', 'COUNT', 1), entries, ordinal or '', text(at) }
end

-- ARGV: token, which, epoch, number, limit
local function read(keys, args)
  return page(keys[1], args[2], args[3], args[4], args[5], now())
end

-- Where the room stands, who is in it, and what was said after a place.
-- ARGV: token, epoch, the place's epoch or '', its number, limit
local function state(keys, args)
  local room = open(keys, args[1], args[2])
  local graces = redis.call('ZRANGE', room.base .. ':grace', 0, -1, 'WITHSCORES')
  return { text(room.seq), room.epoch, text(room.number), text(room.at),
    redis.call('ZRANGE', room.base .. ':roster', 0, -1), graces, redis.call('HKEYS', room.base .. ':nodes'),
    page(room.base, 'after', args[3], args[4], args[5], room.at) }
end

-- Gives: the first names, and how many there are. ARGV: token, how many names
local function members(keys, args)
  return { redis.call('ZRANGE', keys[1] .. ':roster', 0, args[2] - 1), count({ base = keys[1] }) }
end

-- The rooms of a tag with people in them, and how many. KEYS[1] is their set.
local function rooms(keys)
  local found = {}
  for _, base in ipairs(redis.call('SMEMBERS', keys[1])) do
    table.insert(found, base)
    table.insert(found, count({ base = base }))
  end
  return found
end

-- A node is alive until its lease ends. KEYS: the leases, what each node says of itself. ARGV: token, node, time, about
-- Gives: whether the lease had not ended, and the nodes whose lease has.
local function lease(keys, args)
  local at = now()
  local before = tonumber(redis.call('ZSCORE', keys[1], args[2]) or '0')
  redis.call('ZADD', keys[1], at + args[3], args[2])
  redis.call('HSET', keys[2], args[2], args[4])
  return { before >= at and 1 or 0, redis.call('ZRANGEBYSCORE', keys[1], '-inf', at) }
end

-- A node has ended, and its people have been given up. ARGV: token, node
local function bury(keys, args)
  redis.call('ZREM', keys[1], args[2])
  redis.call('HDEL', keys[2], args[2])
end

-- What the first node has proposed, for all of them. ARGV: token, a proposal
local function agree(keys, args)
  redis.call('SET', keys[1], args[2], 'NX')
  return redis.call('GET', keys[1])
end

-- KEYS: of the seat. ARGV: token, the seat or '', how long it is kept
local function put_seat(keys, args)
  if args[2] == '' then
    redis.call('DEL', keys[1])
  else
    redis.call('SET', keys[1], args[2], 'PX', args[3])
  end
end

local function seat_of(keys)
  return redis.call('GET', keys[1])
end

redis.register_function('LIBRARY_say', say)
redis.register_function('LIBRARY_presence', presence)
redis.register_function('LIBRARY_expire', expire)
redis.register_function('LIBRARY_declare', declare)
redis.register_function('LIBRARY_state', state)
redis.register_function('LIBRARY_agree', agree)
redis.register_function('LIBRARY_lease', lease)
redis.register_function('LIBRARY_bury', bury)
redis.register_function('LIBRARY_put_seat', put_seat)
redis.register_function({ function_name = 'LIBRARY_seat_of', callback = seat_of, flags = { 'no-writes' } })
redis.register_function({ function_name = 'LIBRARY_read', callback = read, flags = { 'no-writes' } })
redis.register_function({ function_name = 'LIBRARY_members', callback = members, flags = { 'no-writes' } })
redis.register_function({ function_name = 'LIBRARY_rooms', callback = rooms, flags = { 'no-writes' } })

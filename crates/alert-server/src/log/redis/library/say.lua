-- What people say.

-- Drops what is too old: a few messages at a time, more than come in. Looking costs a sixth of saying something, so it is
-- not done each time; readers pass over what is too old.
local function drop_old(room, age)
  if room.number % 16 ~= 0 then return end
  for _ = 1, 64 do
    local first = redis.call('XRANGE', room.base .. ':log', '-', '+', 'COUNT', 1)[1]
    if not first or room.at - tonumber(first[2][6]) <= age then return end
    redis.call('XDEL', room.base .. ':log', first[1])
  end
end

-- Somebody has said something: the room's next message, which everybody hears.
local function put(room, name, said, most, by)
  room.number = room.number + 1
  redis.call('XADD', room.base .. ':log', 'MAXLEN', '=', most, text(room.ordinal) .. '-' .. text(room.number),
    'name', name, 'text', said, 'at', text(room.at), 'by', by)
  tell(room, 'said', 0, name, said)
end

-- Slow mode: for how many milliseconds somebody still has to wait; otherwise they have spoken now, unless this is a repeated
-- call. `turn` has a line with how long people wait between two messages, and one for each that they are told apart by.
-- Whoever spoke longest ago is forgotten where there are too many, and may speak.
local function waits(room, turn, is_repeated)
  local key, lines, last = room.base .. ':spoken', {}, 0
  for line in string.gmatch(turn, '[^\n]+') do table.insert(lines, line) end
  local slow = tonumber(table.remove(lines, 1))
  for _, who in ipairs(lines) do
    last = math.max(last, tonumber(redis.call('ZSCORE', key, who) or '0'))
  end
  local wait = math.min(last + slow - room.at, slow)
  if wait > 0 or is_repeated then return math.max(wait, 1) end
  for _, who in ipairs(lines) do redis.call('ZADD', key, text(room.at), who) end
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(room.at - slow))
  redis.call('ZREMRANGEBYRANK', key, 0, -10001)
  redis.call('PEXPIRE', key, text(slow))
end

-- ARGV: token, epoch, node, op, name, text, key, digest of the message, messages kept, their age, the key's, in slow mode whose
-- turn it is (see `waits`) or '', and the op that this node has sent before to this room, if it does not know yet whether
-- that has been carried out
-- Gives: kind ("said", "again"), epoch, number, time, seq; or "reused"; or "slow", milliseconds; or "early", where the one
-- before was not.
local function say(keys, args)
  local room = open(keys, args[1], args[2])
  local node, op, name, said, key, digest = args[3], tonumber(args[4]), args[5], args[6], args[7], args[8]
  local age, turn = tonumber(args[10]), args[12]
  local last = tonumber(redis.call('HGET', room.base .. ':meta', 'op:' .. node) or '0')
  if last < (tonumber(args[13] or '') or 0) then return { 'early' } end
  if op <= last then
    -- This node does not know whether it has been said: it has.
    for _, entry in ipairs(redis.call('XREVRANGE', room.base .. ':log', '+', '-', 'COUNT', 1000)) do
      if entry[2][8] == node .. ' ' .. text(op) then
        local ordinal, number = string.match(entry[1], '(%d+)-(%d+)')
        local epoch = redis.call('HGET', room.base .. ':epochs', 'name:' .. ordinal)
        return { 'said', epoch, number, entry[2][6], text(room.seq) }
      end
    end
  end
  if key ~= '' then
    local before = redis.call('HMGET', room.base .. ':key:' .. key, 'epoch', 'number', 'at', 'digest')
    if before[1] then
      redis.call('HSET', room.base .. ':meta', 'op:' .. node, text(math.max(op, last)))
      if before[4] ~= digest then return { 'reused' } end
      return { 'again', before[1], before[2], before[3], text(room.seq) }
    end
  end
  local wait = turn ~= '' and waits(room, turn, op <= last)
  if wait then
    redis.call('HSET', room.base .. ':meta', 'op:' .. node, text(math.max(op, last)))
    return { 'slow', text(wait) }
  end
  if op <= last then
    -- It has been dropped since, as one of too many.
    return { 'said', room.epoch, text(room.number), text(room.at), text(room.seq) }
  end
  put(room, name, said, args[9], node .. ' ' .. args[4])
  local number, at = text(room.number), text(room.at)
  drop_old(room, age)
  if key ~= '' then
    redis.call('HSET', room.base .. ':key:' .. key, 'epoch', room.epoch, 'number', number, 'at', at, 'digest', digest)
    redis.call('PEXPIRE', room.base .. ':key:' .. key, args[11])
  end
  local seq = text(room.seq)
  redis.call('HSET', room.base .. ':meta', 'seq', seq, 'number', number, 'op:' .. node, args[4])
  keep(room, age)
  return { 'said', room.epoch, number, at, seq }
end

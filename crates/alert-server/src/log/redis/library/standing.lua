-- Where rooms stand, and what nodes say of them besides.

-- A node has heard of more than this Redis has: a place must not be given twice, and whoever has heard of less hears that
-- messages are missing.
local function notice_loss(room, args)
  local ordinal, number = args[3] ~= '' and redis.call('HGET', room.base .. ':epochs', 'of:' .. args[3]), tonumber(args[4])
  if not ordinal then return end
  if tonumber(ordinal) == room.ordinal then
    if number <= room.number then return end
    begin(room, room.token, args[2])
  end
  local known = redis.call('HMGET', room.base .. ':epochs', 'end:' .. ordinal, 'lost:' .. ordinal)
  if number > math.max(tonumber(known[1] or '0'), tonumber(known[2] or '0')) then
    redis.call('HSET', room.base .. ':epochs', 'lost:' .. ordinal, text(number))
    tell(room, 'lacks', 0, '', args[3] .. ' ' .. text(number))
  end
end

-- Members of a room on one node are behind: those who speak on others wait. It has no place among the events.
-- ARGV: token, milliseconds
local function slow(keys, args)
  local meta = redis.call('HMGET', keys[1] .. ':meta', 'epoch', 'number')
  if not meta[1] then return end
  local room = { base = keys[1], epoch = meta[1], number = tonumber(meta[2]), at = now() }
  publish(room, 0, 'slow', tonumber(args[2]), '')
end

-- What was said in a room is deleted, and whom it waits for. Its places are not given again. Gives how many messages.
-- ARGV: token
local function forget(keys)
  local count = redis.call('XLEN', keys[1] .. ':log')
  for _, key in ipairs({ ':log', ':away', ':removed' }) do redis.call('UNLINK', keys[1] .. key) end
  stays.forget(keys[1])
  return count
end

-- Where the room stands, who is in it, what was said after a place, and the policy or ''.
-- ARGV: token, epoch, the place's epoch or '', its number, limit, age
local function state(keys, args)
  local room = open(keys, args[1], args[2])
  notice_loss(room, args)
  keep(room, args[6])
  keep_policy(room.base)
  close(room)
  local graces = redis.call('ZRANGE', room.base .. ':grace', 0, -1, 'WITHSCORES')
  return { text(room.seq), room.epoch, text(room.number), text(room.at),
    redis.call('ZRANGE', room.base .. ':roster', 0, -1), graces, redis.call('HKEYS', room.base .. ':nodes'),
    page(room.base, 'after', args[3], args[4], args[5], room.at), redis.call('HGET', room.base .. ':rule', 'policy') or '' }
end

-- Of rooms with one tag, each: the number of its last event, and its epoch, or '' where another Redis began that.
-- ARGV: token, age of messages, 1 to keep the rooms, which somebody hears
local function stand(keys, args)
  local found = {}
  for _, base in ipairs(keys) do
    local meta = redis.call('HMGET', base .. ':meta', 'seq', 'epoch', 'token')
    table.insert(found, meta[1] or '0')
    table.insert(found, meta[3] == start_of(args[1]) and meta[2] or '')
    if args[3] == '1' then
      keep({ base = base }, args[2])
      keep_policy(base)
    end
  end
  return found
end

-- Gives: the first names, how many there are, and the event with which the last of them entered.
-- ARGV: token, how many names, 0 for all
local function members(keys, args)
  return { redis.call('ZRANGE', keys[1] .. ':roster', 0, args[2] - 1), count({ base = keys[1] }), last_entered(keys[1]) }
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

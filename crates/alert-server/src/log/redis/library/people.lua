-- Who comes to a room and goes from it, on which node.

local function enters(room, name)
  redis.call('ZREM', room.base .. ':grace', name)
  local is_new = redis.call('ZADD', room.base .. ':roster', 'NX', room.seq + 1, name) == 1
  if is_new and count(room) == 1 then
    redis.call('SADD', room.rooms, room.base)
    for _, key in ipairs({ ':meta', ':epochs', ':stays', ':away' }) do redis.call('PERSIST', room.base .. key) end
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

-- Whether a call comes from a connection that its node has given up, after what the node has sent again over the next one.
local function is_late(room, node)
  local newest = tonumber(redis.call('HGET', room.base .. ':meta', 'turn:' .. node) or '0')
  if room.turn > newest then redis.call('HSET', room.base .. ':meta', 'turn:' .. node, text(room.turn)) end
  return room.turn < newest
end

local function late()
  -- Nobody waits for this answer any more.
  return redis.error_reply('LATE it has been sent again')
end

-- ARGV: token, epoch, node, name, connections, how ("enter", "leave", "lose"), grace, age, then the connection's stay or '',
-- its client (not where it is undone), and where it is lost: entered, upto, unconfirmed, the window; then, on entering, how
-- many people there may be
-- Gives: whether the person is new, epoch, number, time, seq, count, what the connection takes the place of, and the nodes
-- that are asked whether they have its old one; or nothing, where the room is full.
local function presence(keys, args)
  local room = open(keys, args[1], args[2])
  local node, name, connections, how, grace, age = args[3], args[4], tonumber(args[5]), args[6], tonumber(args[7]), args[8]
  local stay, client = args[9], args[10]
  if is_late(room, node) then return late() end
  if how == 'enter' and count(room) >= tonumber(args[15])
    and not redis.call('ZSCORE', room.base .. ':roster', name) then
    return {}
  end
  local is_last = seat(room, node, name, connections)
  local is_new, found, asked = false, {}, {}
  if how == 'enter' then
    is_new = enters(room, name)
    if stay ~= '' then
      found, asked = stays.enter(room, name, stay, client)
      if #asked > 0 then tell(room, 'asked', 0, name, client .. ' ' .. table.concat(asked, ' ')) end
    end
  elseif stay ~= '' and client == '' then
    stays.undo(room, name, stay)
  elseif stay ~= '' and args[11] == '' then
    stays.leave(room, name, stay)
  elseif stay ~= '' then
    stays.lose(room, name, stay, client, args[11], args[12], args[13], args[14])
  end
  if is_last and how == 'lose' and grace > 0 then
    redis.call('ZADD', room.base .. ':grace', room.at + grace, name)
    tell(room, 'lost', grace, name)
  elseif is_last then
    leaves(room, name, age)
  end
  stays.drop_old(room)
  close(room)
  return { is_new and 1 or 0, room.epoch, text(room.number), text(room.at), text(room.seq), count(room), found, asked }
end

-- Changes a stay alone. ARGV: token, epoch, name, stay, age, how ("leave", "undo", "lose", "given"), then when the oldest
-- message was said that it was given; or client, entered, upto, unconfirmed, the window
local function note(keys, args)
  local room = open(keys, args[1], args[2])
  local name, stay, how = args[3], args[4], args[6]
  if how == 'lose' then
    stays.lose(room, name, stay, args[7], args[8], args[9], args[10], args[11])
  else
    stays[how](room, name, stay, args[7])
  end
  keep(room, args[5])
end

-- A node has asked the connections that it has of a person. ARGV: token, epoch, node, name, the window, then each that is
-- silent: stay, client, entered, upto, unconfirmed
local function probed(keys, args)
  local room = open(keys, args[1], args[2])
  for place = 6, #args, 5 do
    stays.lose(room, args[4], args[place], args[place + 1], args[place + 2], args[place + 3], args[place + 4], args[5])
  end
  tell(room, 'probed', 0, args[4], args[3])
  close(room)
end

-- A connection takes the place of one that was lost, when the nodes have been asked. ARGV: token, epoch, name, its stay,
-- how long a node may not notice a loss, the window, then each node that did not answer, and its last sign of life.
-- Gives what it takes the place of.
local function take(keys, args)
  local room = open(keys, args[1], args[2])
  local died = {}
  for place = 7, #args, 2 do died[args[place]] = tonumber(args[place + 1]) or room.at end
  return stays.take(room, args[3], args[4], tonumber(args[5]), tonumber(args[6]), died)
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
-- ARGV: token, epoch, node, age, when a node gave its last sign of life that has ended, or '', how long it may not have
-- noticed a loss, the window, how many people; each name and its connections; then each stay: its id, name, client,
-- entered, at, given
local function declare(keys, args)
  local room = open(keys, args[1], args[2])
  local node, died, unnoticed, window = args[3], tonumber(args[5]), tonumber(args[6]), tonumber(args[7])
  local here, people = {}, 8 + 2 * tonumber(args[8])
  if not died and is_late(room, node) then return late() end
  for place = 9, people, 2 do here[args[place]] = {} end
  for place = people + 1, #args, 6 do
    local listed = here[args[place + 1]]
    if listed then
      listed[args[place]] = { id = args[place], client = args[place + 2], entered = args[place + 3],
        at = tonumber(args[place + 4]) or room.at, given = tonumber(args[place + 5]) or room.at }
    end
  end
  for place = 9, people, 2 do
    local name = args[place]
    seat(room, node, name, tonumber(args[place + 1]))
    stays.declare(room, node, name, here[name], died, unnoticed, window)
    if not redis.call('ZSCORE', room.base .. ':roster', name) then
      enters(room, name)
    else
      redis.call('ZREM', room.base .. ':grace', name)
    end
  end
  local had = tonumber(redis.call('HGET', room.base .. ':nodes', node) or '0')
  if had > tonumber(args[8]) then
    for _, place in ipairs(redis.call('HKEYS', room.base .. ':seats')) do
      local name = string.sub(place, #node + 2)
      if string.sub(place, 1, #node + 1) == node .. ' ' and not here[name] then
        stays.declare(room, node, name, {}, died, unnoticed, window)
        if seat(room, node, name, 0) then leaves(room, name, args[4]) end
      end
    end
  end
  if died then redis.call('HDEL', room.base .. ':meta', 'op:' .. node, 'turn:' .. node) end
  close(room)
  return text(room.seq)
end

-- What a room's hosts decide and do.

-- A policy is forgotten when nobody has heard its room for so many milliseconds: 90 days.
local function keep_policy(base)
  redis.call('PEXPIRE', base .. ':rule', 7776000000)
end

-- A line of the audit log.
local function note_deed(room, line, most, age)
  if line == '' then return end
  redis.call('LPUSH', room.base .. ':audits', line)
  redis.call('LTRIM', room.base .. ':audits', 0, most - 1)
  redis.call('PEXPIRE', room.base .. ':audits', age)
end

local function place(room)
  return room.epoch, text(room.number), text(room.at), text(room.seq)
end

-- A policy holds from now on, if it was made of the one that holds.
-- ARGV: token, epoch, the revision before, the revision, the policy, a line of the audit log or '', 1 if it is to be the
-- first of a room that nobody is in, age of messages, how long a policy is kept that nobody needs, most lines, their age,
-- 1 if somebody is banned, and if the policy has a list of those who are there, the event with which the last of them entered
-- or '', messages kept, 1 if something happens there at its time, whoever hears it (a bell rings, an alert is passed on), 1 if it has webhooks, and what is said just before: each name and text in turn
-- Gives: "holds" or "stale" with the policy that holds, and where; or "in use"
local function rule(keys, args)
  local room = open(keys, args[1], args[2])
  local kept = redis.call('HMGET', room.base .. ':rule', 'revision', 'policy')
  if (kept[1] or '0') ~= args[3] then return { 'stale', kept[2] or '', place(room) } end
  -- Somebody has entered who is not on its list.
  if args[13] ~= '' and tonumber(last_entered(room.base)) > tonumber(args[13]) then
    return { 'stale', kept[2] or '', place(room) }
  end
  if args[7] == '1' and (kept[1] or count(room) > 0 or redis.call('XLEN', room.base .. ':log') > 0) then
    return { 'in use', '' }
  end
  redis.call('HSET', room.base .. ':rule', 'revision', args[4], 'policy', args[5])
  redis.call('PEXPIRE', room.base .. ':rule', args[9])
  redis.call(args[12] == '1' and 'SADD' or 'SREM', keys[2] .. ':banned', room.base)
  redis.call(args[15] == '1' and 'SADD' or 'SREM', keys[2] .. ':bells', room.base)
  redis.call(args[16] == '1' and 'SADD' or 'SREM', keys[2] .. ':hooks', room.base)
  note_deed(room, args[6], tonumber(args[10]), args[11])
  for place = 17, #args, 2 do
    put(room, args[place], args[place + 1], args[14], '- 0')
    redis.call('HSET', room.base .. ':meta', 'number', text(room.number))
  end
  tell(room, 'policy', 0, '', args[5])
  close(room)
  keep(room, args[8])
  return { 'holds', place(room) }
end

-- ARGV: token
local function policy_of(keys)
  return redis.call('HGET', keys[1] .. ':rule', 'policy')
end

-- The policies of the rooms with one tag that are in a set of these. Those that were forgotten leave it.
-- Gives what a room's keys begin with, and its policy, in turn.
local function policies_in(set)
  local found = {}
  for _, base in ipairs(redis.call('SMEMBERS', set)) do
    local policy = redis.call('HGET', base .. ':rule', 'policy')
    if policy then
      table.insert(found, base)
      table.insert(found, policy)
    else
      redis.call('SREM', set, base)
    end
  end
  return found
end

-- The rooms in which somebody is banned. KEYS: the set of the tag's rooms. ARGV: token
local function banned(keys)
  return policies_in(keys[1] .. ':banned')
end

-- The rooms where something happens at its time, whoever hears it. What rings is of use, whoever hears it: their policies are not forgotten. The same KEYS and ARGV.
local function belled(keys)
  local found = policies_in(keys[1] .. ':bells')
  for place = 1, #found, 2 do keep_policy(found[place]) end
  return found
end

-- The rooms that have webhooks, as with bells. The same KEYS and ARGV.
local function hooked(keys)
  local found = policies_in(keys[1] .. ':hooks')
  for place = 1, #found, 2 do keep_policy(found[place]) end
  return found
end

-- A message is removed. ARGV: token, epoch, the message's epoch, its number, a line of the audit log, age of messages, how
-- long a policy is kept, most lines, their age. Gives where that was told; nothing where there is no such message.
local function remove(keys, args)
  local room = open(keys, args[1], args[2])
  local ordinal = redis.call('HGET', room.base .. ':epochs', 'of:' .. args[3])
  local id = ordinal and (ordinal .. '-' .. args[4])
  if not id or redis.call('XDEL', room.base .. ':log', id) == 0 then return {} end
  local removed = room.base .. ':removed'
  redis.call('ZADD', removed, room.at, id)
  redis.call('ZREMRANGEBYSCORE', removed, '-inf', room.at - tonumber(args[6]))
  redis.call('PEXPIRE', removed, args[6])
  note_deed(room, args[5], tonumber(args[8]), args[9])
  tell(room, 'removed', 0, '', args[3] .. ' ' .. args[4])
  close(room)
  keep(room, args[6])
  return { place(room) }
end

-- ARGV: token, how many. The newest come first.
local function audits_of(keys, args)
  return redis.call('LRANGE', keys[1] .. ':audits', 0, args[2] - 1)
end

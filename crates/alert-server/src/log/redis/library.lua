-- What all nodes have in common, and at the end all functions: those of rooms are in library/, which stands before this, as
-- library.rs puts it together.

-- The nodes whose lease has not ended, each with what it says of itself.
local function alive(keys, at)
  local found = {}
  for _, node in ipairs(redis.call('ZRANGEBYSCORE', keys[1], '(' .. text(at), '+inf')) do
    table.insert(found, node)
    table.insert(found, redis.call('HGET', keys[2], node) or '{}')
  end
  return found
end

local function nodes(keys)
  return alive(keys, now())
end

-- When a node has renewed its lease last, by its own doing.
local function last_sign(keys, node)
  return redis.call('HGET', keys[1] .. ':signs', node)
end

-- A node is alive until its lease ends. Where nobody has renewed one for half its time, Redis was away, or its clock has
-- jumped: that ends nobody's lease. KEYS: the leases, what each node says of itself. ARGV: token, node, time, about
-- Gives: whether the lease had not ended, the nodes whose lease has, with their last sign of life, and those that are alive.
local function lease(keys, args)
  local at, time = now(), tonumber(args[3])
  local before = tonumber(redis.call('ZSCORE', keys[1], args[2]) or '0')
  local newest = tonumber(redis.call('ZRANGE', keys[1], -1, -1, 'WITHSCORES')[2] or '0')
  if newest < at + time / 2 or newest > at + time then
    for _, node in ipairs(redis.call('ZRANGE', keys[1], 0, -1)) do
      redis.call('ZADD', keys[1], at + time, node)
    end
  end
  redis.call('ZADD', keys[1], at + time, args[2])
  redis.call('HSET', keys[2], args[2], args[4])
  redis.call('HSET', keys[1] .. ':signs', args[2], text(at))
  local dead = {}
  for _, node in ipairs(redis.call('ZRANGEBYSCORE', keys[1], '-inf', at)) do
    table.insert(dead, node)
    table.insert(dead, last_sign(keys, node) or text(at - time))
  end
  return { before >= at and 1 or 0, dead, alive(keys, at) }
end

-- The last signs of life of nodes, or ''. KEYS: as above. ARGV: token, nodes
local function signs(keys, args)
  local found = {}
  for place = 2, #args do
    table.insert(found, last_sign(keys, args[place]) or '')
  end
  return found
end

-- A node has ended, and its people have been given up. ARGV: token, node
local function bury(keys, args)
  redis.call('ZREM', keys[1], args[2])
  redis.call('HDEL', keys[2], args[2])
  redis.call('HDEL', keys[1] .. ':signs', args[2])
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

-- KEYS: of the tokens that have been taken back. ARGV: token, what, until when, in milliseconds since 1970
local function revoke(keys, args)
  redis.call('ZADD', keys[1], args[3], args[2])
  redis.call('ZREMRANGEBYSCORE', keys[1], '-inf', now())
end

-- The same. ARGV: token, the most. Each with its time; those that are forgotten last come first.
local function revoked(keys, args)
  return redis.call('ZREVRANGEBYSCORE', keys[1], '+inf', '(' .. now(), 'WITHSCORES', 'LIMIT', '0', args[2])
end

redis.register_function('LIBRARY_say', say)
redis.register_function('LIBRARY_presence', presence)
redis.register_function('LIBRARY_note', note)
redis.register_function('LIBRARY_probed', probed)
redis.register_function('LIBRARY_take', take)
redis.register_function('LIBRARY_expire', expire)
redis.register_function('LIBRARY_declare', declare)
redis.register_function('LIBRARY_state', state)
redis.register_function('LIBRARY_stand', stand)
redis.register_function('LIBRARY_forget', forget)
redis.register_function('LIBRARY_slow', slow)
redis.register_function('LIBRARY_rule', rule)
redis.register_function('LIBRARY_remove', remove)
redis.register_function('LIBRARY_banned', banned)
redis.register_function('LIBRARY_belled', belled)
redis.register_function({ function_name = 'LIBRARY_policy_of', callback = policy_of, flags = { 'no-writes' } })
redis.register_function({ function_name = 'LIBRARY_audits_of', callback = audits_of, flags = { 'no-writes' } })
redis.register_function('LIBRARY_mark', mark)
redis.register_function({ function_name = 'LIBRARY_roll_call', callback = roll_call, flags = { 'no-writes' } })
redis.register_function({ function_name = 'LIBRARY_roll_person', callback = roll_person, flags = { 'no-writes' } })
redis.register_function({ function_name = 'LIBRARY_roll_counts', callback = roll_counts, flags = { 'no-writes' } })
redis.register_function('LIBRARY_put_roster', put_roster)
redis.register_function({ function_name = 'LIBRARY_roster_of', callback = roster_of, flags = { 'no-writes' } })
redis.register_function('LIBRARY_put_device', put_device)
redis.register_function('LIBRARY_drop_devices', drop_devices)
redis.register_function({ function_name = 'LIBRARY_devices_of', callback = devices_of, flags = { 'no-writes' } })
redis.register_function('LIBRARY_hooked', hooked)
redis.register_function('LIBRARY_claim_hook', claim_hook)
redis.register_function({ function_name = 'LIBRARY_hook_of', callback = hook_of, flags = { 'no-writes' } })
redis.register_function('LIBRARY_keep_hook', keep_hook)
redis.register_function({ function_name = 'LIBRARY_letters_of', callback = letters_of, flags = { 'no-writes' } })
redis.register_function('LIBRARY_put_letter', put_letter)
redis.register_function('LIBRARY_forget_hook', forget_hook)
redis.register_function('LIBRARY_revoke', revoke)
redis.register_function({ function_name = 'LIBRARY_revoked', callback = revoked, flags = { 'no-writes' } })
redis.register_function('LIBRARY_agree', agree)
redis.register_function('LIBRARY_lease', lease)
redis.register_function({ function_name = 'LIBRARY_nodes', callback = nodes, flags = { 'no-writes' } })
redis.register_function('LIBRARY_bury', bury)
redis.register_function('LIBRARY_put_seat', put_seat)
redis.register_function({ function_name = 'LIBRARY_signs', callback = signs, flags = { 'no-writes' } })
redis.register_function({ function_name = 'LIBRARY_seat_of', callback = seat_of, flags = { 'no-writes' } })
redis.register_function({ function_name = 'LIBRARY_read', callback = read, flags = { 'no-writes' } })
redis.register_function({ function_name = 'LIBRARY_members', callback = members, flags = { 'no-writes' } })
redis.register_function({ function_name = 'LIBRARY_rooms', callback = rooms, flags = { 'no-writes' } })

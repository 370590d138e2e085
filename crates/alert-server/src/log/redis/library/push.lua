-- The devices that are told of a room's alerts: `:devices` has each with what is known of it, `:devicesof` the ids of each
-- person's, the one that was renewed last at the end, and `:deviceowners` whose each is.

local function forget_device(base, id)
  local owner = redis.call('HGET', base .. ':deviceowners', id)
  redis.call('HDEL', base .. ':devices', id)
  redis.call('HDEL', base .. ':deviceowners', id)
  if not owner then return end
  local left = {}
  for other in string.gmatch(redis.call('HGET', base .. ':devicesof', owner) or '', '%S+') do
    if other ~= id then table.insert(left, other) end
  end
  if #left == 0 then
    redis.call('HDEL', base .. ':devicesof', owner)
  else
    redis.call('HSET', base .. ':devicesof', owner, table.concat(left, ' '))
  end
end

-- ARGV: token, the device, whose it is, what is known of it, the most of a person, the most of the room, how long the room's
-- are kept. Gives 0 if there are too many.
local function put_device(keys, args)
  local base, id, owner = keys[1], args[2], args[3]
  local known = redis.call('HEXISTS', base .. ':devices', id)
  if known == 0 and redis.call('HLEN', base .. ':devices') >= tonumber(args[6]) then return 0 end
  forget_device(base, id)
  local ids = {}
  for other in string.gmatch(redis.call('HGET', base .. ':devicesof', owner) or '', '%S+') do table.insert(ids, other) end
  for place = 1, #ids - tonumber(args[5]) + 1 do forget_device(base, ids[place]) end
  local before = redis.call('HGET', base .. ':devicesof', owner)
  redis.call('HSET', base .. ':devicesof', owner, before and before .. ' ' .. id or id)
  redis.call('HSET', base .. ':devices', id, args[4])
  redis.call('HSET', base .. ':deviceowners', id, owner)
  for _, kept in ipairs({ ':devices', ':devicesof', ':deviceowners' }) do redis.call('PEXPIRE', base .. kept, args[7]) end
  return 1
end

-- ARGV: token, devices
local function drop_devices(keys, args)
  for place = 2, #args do forget_device(keys[1], args[place]) end
end

-- What is known of all devices, or of those of one person. ARGV: token, and perhaps a name
local function devices_of(keys, args)
  local base = keys[1]
  if not args[2] then return redis.call('HVALS', base .. ':devices') end
  local found = {}
  for id in string.gmatch(redis.call('HGET', base .. ':devicesof', args[2]) or '', '%S+') do
    table.insert(found, redis.call('HGET', base .. ':devices', id))
  end
  return found
end

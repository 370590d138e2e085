-- Webhooks: which node delivers for one, how far it has come, and its dead letters, by when they came.
local function of_hook(keys, args)
  return keys[1] .. ':hook:' .. args[2]
end

local function last_hook(key, age)
  for _, kept in ipairs({ key, key .. ':letters', key .. ':order' }) do redis.call('PEXPIRE', kept, age) end
end

-- ARGV: token, webhook, node, for how long it delivers, how long all of this is kept
-- Gives how far it has come or '', in a list; an empty one if another node delivers.
local function claim_hook(keys, args)
  local key, at = of_hook(keys, args), now()
  local kept = redis.call('HMGET', key, 'node', 'until', 'state')
  if kept[1] and kept[1] ~= args[3] and tonumber(kept[2]) > at then return {} end
  redis.call('HSET', key, 'node', args[3], 'until', text(at + tonumber(args[4])))
  last_hook(key, args[5])
  return { kept[3] or '' }
end

-- ARGV: token, webhook
local function hook_of(keys, args)
  return redis.call('HGET', of_hook(keys, args), 'state') or ''
end

-- ARGV: as of claim_hook, how far it has come, the id of a dead letter or '', the letter, the most letters
-- Gives 1 if the node delivers.
local function keep_hook(keys, args)
  local key, at = of_hook(keys, args), now()
  if redis.call('HGET', key, 'node') ~= args[3] then return 0 end
  redis.call('HSET', key, 'state', args[6], 'until', text(at + tonumber(args[4])))
  if args[7] ~= '' then
    redis.call('HSET', key .. ':letters', args[7], args[8])
    redis.call('ZADD', key .. ':order', text(at), args[7])
    for _ = 1, redis.call('ZCARD', key .. ':order') - tonumber(args[9]) do
      redis.call('HDEL', key .. ':letters', redis.call('ZPOPMIN', key .. ':order')[1])
    end
  end
  last_hook(key, args[5])
  return 1
end

-- ARGV: token, webhook. Each letter's id and text in turn.
local function letters_of(keys, args)
  local key, found = of_hook(keys, args), {}
  for _, id in ipairs(redis.call('ZRANGE', key .. ':order', 0, -1)) do
    local letter = redis.call('HGET', key .. ':letters', id)
    if letter then
      table.insert(found, id)
      table.insert(found, letter)
    end
  end
  return found
end

-- ARGV: token, webhook, the id of a letter, the letter or '' if it is dropped. Gives 1 if it was there.
local function put_letter(keys, args)
  local key = of_hook(keys, args)
  if redis.call('HEXISTS', key .. ':letters', args[3]) == 0 then return 0 end
  if args[4] == '' then
    redis.call('HDEL', key .. ':letters', args[3])
    redis.call('ZREM', key .. ':order', args[3])
  else
    redis.call('HSET', key .. ':letters', args[3], args[4])
  end
  return 1
end

-- ARGV: token, webhook
local function forget_hook(keys, args)
  local key = of_hook(keys, args)
  redis.call('UNLINK', key, key .. ':letters', key .. ':order')
end

-- Roll calls of alerts: whom each has reached, who has seen it and who has confirmed it. Of a person, one text of five lines:
-- 1 if they are expected, the stage (0 missing, 1 reached, 2 shown, 3 confirmed), since when or '', the host who has confirmed
-- it for them or '', and their answer or ''.
local STAGES = { expected = 0, reached = 1, shown = 2, confirmed = 3 }

local function forget_roll(base, alert)
  redis.call('UNLINK', base .. ':roll:' .. alert, base .. ':roll:' .. alert .. ':counts')
end

-- The text after a mark: what is known does not grow less.
local function marked(before, kind, at, by, answer)
  local expected, stage, since, host, said = string.match(before, '^(%d)\n(%d)\n(%d*)\n([^\n]*)\n([^\n]*)$')
  if kind == 'expected' then
    expected = '1'
  elseif STAGES[kind] > tonumber(stage) or (kind == 'confirmed' and answer ~= '' and answer ~= said) then
    stage, since, host, said = text(STAGES[kind]), text(at), by, answer
  end
  return table.concat({ expected, stage, since, host, said }, '\n')
end

-- Counts a person, or no longer.
local function count_person(counts, person, by)
  local expected, stage, said = string.match(person, '^(%d)\n(%d)\n%d*\n[^\n]*\n([^\n]*)$')
  local fields = { 'stage:' .. stage }
  if expected == '1' then table.insert(fields, 'expected') end
  if said ~= '' then table.insert(fields, 'answer:' .. said) end
  for _, field in ipairs(fields) do counts[field] = (counts[field] or 0) + by end
end

-- Something is noted of people, and told to the nodes that hear the room; it has no place among the events.
-- ARGV: token, alert, what, answer or '', the host who confirms it for them or '', how long it is kept, the most people, the
-- most roll calls of a room, and the names
-- Gives "full" if nothing could be noted of any of them.
local function mark(keys, args)
  local base, alert, kind, at, most = keys[1], args[2], args[3], now(), tonumber(args[7])
  local key, counts, full, last = base .. ':roll:' .. alert, {}, 0, nil
  local people = redis.call('HLEN', key)
  for place = 9, #args do
    local name = args[place]
    local before = redis.call('HGET', key, name)
    if not before and people >= most then
      full = full + 1
    else
      local after = marked(before or '0\n0\n\n\n', kind, at, args[5], args[4])
      if after ~= before then
        redis.call('HSET', key, name, after)
        if before then count_person(counts, before, -1) else people = people + 1 end
        count_person(counts, after, 1)
        last = { name = name, person = after }
      end
    end
  end
  for field, by in pairs(counts) do
    if by ~= 0 then redis.call('HINCRBY', key .. ':counts', field, by) end
  end
  redis.call('ZADD', base .. ':rolls', text(at), alert)
  for _ = 1, redis.call('ZCARD', base .. ':rolls') - tonumber(args[8]) do
    forget_roll(base, redis.call('ZPOPMIN', base .. ':rolls')[1])
  end
  for _, kept in ipairs({ key, key .. ':counts', base .. ':rolls', base .. ':listed' }) do
    redis.call('PEXPIRE', kept, args[6])
  end
  local meta = last and redis.call('HMGET', base .. ':meta', 'epoch', 'number')
  if meta and meta[1] then
    local room = { base = base, epoch = meta[1], number = tonumber(meta[2]), at = at }
    -- Only of one person it matters who that is.
    local one = #args == 9
    publish(room, 0, 'roll', 0, one and last.name or '', alert .. (one and '\n' .. last.person or ''))
  end
  if full > 0 and full == #args - 8 then return 'full' end
  return 'marked'
end

-- All people, each with their text. ARGV: token, alert
local function roll_call(keys, args)
  return redis.call('HGETALL', keys[1] .. ':roll:' .. args[2])
end

-- The text of one person, or ''. ARGV: token, alert, name
local function roll_person(keys, args)
  return redis.call('HGET', keys[1] .. ':roll:' .. args[2], args[3]) or ''
end

-- How many there are of each kind. ARGV: token, alert
local function roll_counts(keys, args)
  return redis.call('HGETALL', keys[1] .. ':roll:' .. args[2] .. ':counts')
end

-- ARGV: token, the names, a line each, or '', how long they are kept
local function put_roster(keys, args)
  if args[2] == '' then
    redis.call('DEL', keys[1] .. ':listed')
  else
    redis.call('SET', keys[1] .. ':listed', args[2], 'PX', args[3])
  end
end

-- ARGV: token
local function roster_of(keys)
  return redis.call('GET', keys[1] .. ':listed') or ''
end

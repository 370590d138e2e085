-- Reading a room's log.

-- Of names and texts in one answer, so that a page of long messages does not hold everybody up; and how many messages are
-- looked at together.
local PAGE_BYTES = 1048576
local PORTION = 100

-- Messages from one id on, up to a number of them and to PAGE_BYTES of names and texts, but one at least; and whether
-- there are more for their bytes.
local function entries_from(log, first, is_backwards, limit)
  local entries, bytes = {}, 0
  while #entries < limit do
    local count = math.min(PORTION, limit - #entries)
    local part
    if is_backwards then
      part = redis.call('XREVRANGE', log, first, '-', 'COUNT', count)
    else
      part = redis.call('XRANGE', log, first, '+', 'COUNT', count)
    end
    for _, entry in ipairs(part) do
      bytes = bytes + #entry[2][2] + #entry[2][4]
      if bytes > PAGE_BYTES and #entries > 0 then return entries, true end
      table.insert(entries, entry)
    end
    if #part < count then break end
    first = '(' .. part[#part][1]
  end
  return entries, false
end

-- The first message from an id on, in either direction.
local function message_at(log, id, is_backwards)
  local command, far = is_backwards and 'XREVRANGE' or 'XRANGE', is_backwards and '-' or '+'
  return redis.call(command, log, id, far, 'COUNT', 1)[1]
end

-- The least number from `low` to `high`, the last of which counts as good, that is good; as all after it are.
local function first_good(low, high, is_good)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_good(middle) then high = middle else low = middle + 1 end
  end
  return low
end

-- From where on messages were said at a time or later, by bisection: first the epoch, then the message in it.
local function id_at_time(log, since)
  local first, last = message_at(log, '-', false), message_at(log, '+', true)
  if not first then return '-' end
  local function was_later(ordinal, number)
    local entry = message_at(log, text(ordinal) .. '-' .. text(number), false)
    return not entry or tonumber(entry[2][6]) >= since
  end
  local oldest, newest = tonumber(string.match(first[1], '^%d+')), tonumber(string.match(last[1], '^%d+'))
  local ordinal = first_good(oldest, newest + 1, function(one) return was_later(one, 0) end) - 1
  if ordinal < oldest then return '-' end
  local end_of = message_at(log, '(' .. text(ordinal + 1) .. '-0', true)
  local most = tonumber(string.match(end_of[1], '%d+$'))
  local number = first_good(0, most + 1, function(one) return was_later(ordinal, one) end)
  return text(ordinal) .. '-' .. text(number)
end

-- The oldest message that is there, or was until somebody removed it: nothing is missing behind it.
local function oldest_of(base, here)
  local oldest = redis.call('XRANGE', base .. ':log', '-', '+', 'COUNT', 1)
  local removed = base .. ':removed'
  if redis.call('EXISTS', removed) == 0 then return oldest end
  local ordinal, number
  if oldest[1] then
    ordinal, number = string.match(oldest[1][1], '(%d+)-(%d+)')
  elseif here[3] then
    ordinal, number = here[3], tonumber(here[2]) + 1
  else
    return oldest
  end
  number = tonumber(number)
  while redis.call('ZSCORE', removed, ordinal .. '-' .. text(number - 1)) do number = number - 1 end
  local fields = oldest[1] and oldest[1][2] or {}
  return { { ordinal .. '-' .. text(number), fields } }
end

-- A part of the log, and what is needed to see what is missing. `which` is "after", "before", "oldest", "newest", or "time",
-- whose `number` are milliseconds since 1970, and those of now, by the clock of the node.
local function page(base, which, epoch, number, limit, at)
  local log, epochs = base .. ':log', base .. ':epochs'
  local ordinal = epoch ~= '' and redis.call('HGET', epochs, 'of:' .. epoch)
  local here = redis.call('HMGET', base .. ':meta', 'epoch', 'number', 'ordinal')
  if which == 'after' and ordinal and ordinal == here[3] and tonumber(number) > tonumber(here[2]) then
    -- It was never given here.
    ordinal = nil
  end
  local id, is_backwards = ordinal and (ordinal .. '-' .. number), which == 'before' or which == 'newest'
  local entries, is_cut = {}, false
  if which ~= 'before' or id then
    local first = is_backwards and '+' or '-'
    if which == 'time' then
      local since, asked_at = string.match(number, '(%d+) (%d+)')
      -- Clocks that differ by less than half a second count as one: the question has taken its time, too.
      local ahead = 1000 * math.floor((at - asked_at) / 1000 + 0.5)
      first = id_at_time(log, since + ahead)
    elseif id and (which == 'after' or which == 'before') then
      first = '(' .. id
    end
    entries, is_cut = entries_from(log, first, is_backwards, tonumber(limit))
  end
  return { redis.call('HGETALL', epochs), here, oldest_of(base, here), entries, ordinal or '', text(at), is_cut and 1 or 0 }
end

-- ARGV: token, which, epoch, number, limit
local function read(keys, args)
  return page(keys[1], args[2], args[3], args[4], args[5], now())
end

-- Stays: connections in a room whose clients know nothing of recovery, kept so that such a client is given what it missed
-- by whichever node it comes back to. Those of a person are one text, a line each:
--   ID CLIENT ENTERED AT GIVEN TOOK GONE UNTIL UPTO UNCONFIRMED SINCE
-- ID is NODE-NUMBER, CLIENT tells clients of one person apart, and positions are as clients see them. GIVEN is when the
-- oldest message was said that the connection was given on entering; TOOK is what it took the place of, or "-". The last
-- five are "-" until the connection is lost: what came after UPTO was missed, and what was said before may not have
-- arrived if it is among the last UNCONFIRMED bytes, or was said at SINCE or later. All times are those of Redis.
local stays = {}

-- Of one person. Beyond that, those that were lost are forgotten first.
local MOST_STAYS = 64
-- A node that has died may have lived this much longer than its last sign of life.
local ALIVE = 10000
local LOSS = { 'gone', 'till', 'upto', 'unconfirmed', 'since' }

local function whole(number)
  return string.format('%.0f', number)
end

local function position(room)
  return room.epoch .. '-' .. whole(room.number)
end

local function node_of(stay)
  return string.match(stay.id, '^(%x+)-') or ''
end

local function is_lost(room, stay)
  return stay.gone and stay.till > room.at
end

-- What was lost, of `from`, becomes that of `to`; nothing, if `from` is missing.
local function copy(from, to)
  for _, key in ipairs(LOSS) do to[key] = from and from[key] end
  return to
end

local function write_loss(stay, between)
  if not stay or not stay.gone then return table.concat({ '-', '-', '-', '-', '-' }, between) end
  return table.concat({ whole(stay.gone), whole(stay.till), stay.upto, whole(stay.unconfirmed),
    stay.since and whole(stay.since) or '-' }, between)
end

local function read_loss(stay, gone, till, upto, unconfirmed, since)
  if gone ~= '-' then
    stay.gone, stay.till, stay.upto = tonumber(gone), tonumber(till), upto
    stay.unconfirmed, stay.since = tonumber(unconfirmed), tonumber(since)
  end
  return stay
end

function stays.read(room, name)
  local all = {}
  local kept = redis.call('HGET', room.base .. ':stays', name)
  if not kept then return all end
  local word = ' (%S+)'
  for id, client, entered, at, given, took, gone, till, upto, unconfirmed, since
    in string.gmatch(kept, '(%S+)' .. string.rep(word, 10) .. '\n') do
    local stay = { id = id, client = client, entered = entered, at = tonumber(at), given = tonumber(given) }
    if took ~= '-' then
      local part = ',([^,]+)'
      local from, oldest, a, b, c, d, e = string.match(took, '^([^,]+)' .. string.rep(part, 6) .. '$')
      stay.took = read_loss({ entered = from, given = tonumber(oldest) }, a, b, c, d, e)
    end
    table.insert(all, read_loss(stay, gone, till, upto, unconfirmed, since))
  end
  return all
end

-- Those whose time is over are left out.
function stays.write(room, name, all)
  while #all > MOST_STAYS do
    local place = 1
    for other, stay in ipairs(all) do
      if stay.gone then place = other break end
    end
    table.remove(all, place)
  end
  local lines, till = {}, 0
  for _, stay in ipairs(all) do
    if not stay.gone or is_lost(room, stay) then
      till = math.max(till, stay.till or 0)
      local took = stay.took
      took = took and table.concat({ took.entered, whole(took.given), write_loss(took, ',') }, ',') or '-'
      table.insert(lines, table.concat({ stay.id, stay.client, stay.entered, whole(stay.at), whole(stay.given), took,
        write_loss(stay, ' ') }, ' ') .. '\n')
    end
  end
  if #lines == 0 then
    redis.call('HDEL', room.base .. ':stays', name)
  else
    redis.call('HSET', room.base .. ':stays', name, table.concat(lines))
  end
  if till > 0 then
    redis.call('ZADD', room.base .. ':away', whole(till), name)
  else
    redis.call('ZREM', room.base .. ':away', name)
  end
end

-- Drops those whose time is over: a few at a time, more than come in.
function stays.drop_old(room)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', room.base .. ':away', '-inf', whole(room.at), 'LIMIT', 0, 2)) do
    stays.write(room, name, stays.read(room, name))
  end
end

local function find(all, id)
  for place, stay in ipairs(all) do
    if stay.id == id then return stay, place end
  end
end

-- Nobody has seen its connection end: its node has died, or did not say it. `died` is the last sign of life.
local function kill(room, stay, died, unnoticed, window)
  local since = died - unnoticed
  if stay.at >= since then since = math.min(since, stay.given) end
  stay.gone, stay.till, stay.upto = died, died + ALIVE + window, position(room)
  stay.unconfirmed, stay.since, stay.took = 0, since, nil
end

-- Which of two positions is the earlier one. One that this Redis does not know comes first.
local function earlier(room, one, other)
  local function place(text)
    local epoch, number = string.match(text, '^(%x+)-(%d+)$')
    return tonumber(redis.call('HGET', room.base .. ':epochs', 'of:' .. (epoch or '')) or '0'), tonumber(number or '0')
  end
  local first_ordinal, first = place(one)
  local second_ordinal, second = place(other)
  if first_ordinal ~= second_ordinal then return first_ordinal < second_ordinal and one or other end
  return first <= second and one or other
end

-- What is in doubt for either of two.
local function either(room, one, other)
  local first = one.gone <= other.gone and one or other
  return { entered = earlier(room, one.entered, other.entered), given = math.min(one.given, other.given),
    gone = first.gone, till = math.max(one.till, other.till), upto = first.upto,
    unconfirmed = math.max(one.unconfirmed, other.unconfirmed),
    since = one.since and other.since and math.min(one.since, other.since) or one.since or other.since }
end

-- A connection takes the place of one of its client's that were lost, or else of the one that was lost first. Those of one
-- client cannot be told apart: what any of them has not received counts for each.
local function take(room, all, new)
  local first, own
  for _, stay in ipairs(all) do
    if is_lost(room, stay) then
      if stay.client == new.client then own = stay end
      if not first or stay.gone < first.gone then first = stay end
    end
  end
  if not first then return end
  local key = (own or first).client
  local found
  for _, stay in ipairs(all) do
    if is_lost(room, stay) and stay.client == key then found = found and either(room, found, stay) or stay end
  end
  local took = copy(found, { entered = found.entered, given = found.given })
  for place = #all, 1, -1 do
    local stay = all[place]
    if is_lost(room, stay) and stay.client == key then
      if new.took then
        stay.entered, stay.given = took.entered, took.given
        copy(took, stay)
      else
        table.remove(all, place)
        new.entered, new.given, new.took = took.entered, took.given, took
      end
    end
  end
end

-- What a connection takes the place of, as a node reads it.
local function taken(room, new)
  local took = new.took
  if not took then return {} end
  return { took.entered, took.upto, whole(took.unconfirmed), took.since and whole(took.since) or '',
    whole(math.max(0, room.at - took.gone)) }
end

-- A connection has come. Gives what it takes the place of, and the nodes that have connections of the person that may
-- be its own, half open: they have to be asked first. Nothing changes where that is repeated.
function stays.enter(room, name, id, client)
  local all = stays.read(room, name)
  local here, nodes, asked, has_own = position(room), {}, {}, false
  local new = find(all, id)
  if not new then
    new = { id = id, client = client, entered = here, at = room.at, given = room.at }
    table.insert(all, new)
  end
  for _, stay in ipairs(all) do
    if is_lost(room, stay) then
      has_own = has_own or stay.client == client
    elseif not stay.gone and stay ~= new and stay.entered ~= here then
      nodes[node_of(stay)] = true
    end
  end
  if not has_own and not new.took then
    for node in pairs(nodes) do table.insert(asked, node) end
  end
  if #asked == 0 and not new.took then take(room, all, new) end
  stays.write(room, name, all)
  return taken(room, new), asked
end

-- The nodes that have connections of a person have been asked. Those that did not answer `died` then.
function stays.take(room, name, id, unnoticed, window, died)
  local all = stays.read(room, name)
  local new = find(all, id)
  if not new then return {} end
  for _, stay in ipairs(all) do
    if not stay.gone and stay ~= new and died[node_of(stay)] then
      kill(room, stay, died[node_of(stay)], unnoticed, window)
    end
  end
  if not new.took then take(room, all, new) end
  stays.write(room, name, all)
  return taken(room, new)
end

function stays.leave(room, name, id)
  local all = stays.read(room, name)
  local _, place = find(all, id)
  if not place then return end
  table.remove(all, place)
  stays.write(room, name, all)
end

-- A connection has not come in after all: what it took the place of is lost as before.
function stays.undo(room, name, id)
  local all = stays.read(room, name)
  local stay, place = find(all, id)
  if not stay then return end
  if stay.took then
    stay.entered, stay.given = stay.took.entered, stay.took.given
    copy(stay.took, stay)
    stay.took = nil
  else
    table.remove(all, place)
  end
  stays.write(room, name, all)
end

-- A connection is lost.
function stays.lose(room, name, id, client, entered, upto, unconfirmed, window)
  local all = stays.read(room, name)
  local stay = find(all, id)
  if not stay then
    stay = { id = id, at = room.at, given = room.at }
    table.insert(all, stay)
  end
  stay.client, stay.entered, stay.took = client, entered, nil
  stay.gone, stay.till, stay.upto = room.at, room.at + tonumber(window), upto
  stay.unconfirmed, stay.since = tonumber(unconfirmed), nil
  stays.write(room, name, all)
end

function stays.given(room, name, id, given)
  local all = stays.read(room, name)
  local stay = find(all, id)
  if not stay then return end
  stay.given = tonumber(given)
  stays.write(room, name, all)
end

-- A node has these connections of a person, and no others: what is not listed went without a word. Of a node that has
-- ended `died` is its last sign of life; of one that was cut off it is not known what it has delivered.
function stays.declare(room, node, name, listed, died, unnoticed, window)
  local all = stays.read(room, name)
  if #all == 0 and not next(listed) then return end
  for _, stay in ipairs(all) do
    if node_of(stay) == node and not stay.gone and not listed[stay.id] then
      kill(room, stay, died or room.at, unnoticed, window)
      if not died then stay.since = math.min(stay.since, stay.given) end
    end
  end
  for id, stay in pairs(listed) do
    local known = find(all, id)
    if known then
      -- The node may have been given up, and was only cut off.
      copy(nil, known)
    elseif stay.entered ~= '' then
      table.insert(all, stay)
    end
  end
  stays.write(room, name, all)
end

-- Forgets those that were lost.
function stays.forget(base)
  for _, name in ipairs(redis.call('HKEYS', base .. ':stays')) do
    local room, here = { base = base, at = 0 }, {}
    for _, stay in ipairs(stays.read(room, name)) do
      if not stay.gone then table.insert(here, stay) end
    end
    stays.write(room, name, here)
  end
end


import type { RedisScript } from "../contract/redis.ts";

/** Numbers that the script returns for each key. */
export const gcraResults = 4;

/**
 * The generic cell rate algorithm over several keys in one step: a request takes what it costs of all of them or of none. A key
 * holds the time at which its limit is whole again, and is gone by then. The server's clock counts, so that gateways need not
 * agree on the time.
 *
 * For each key: milliseconds for one token, tokens of a whole limit, cost, mode (0: refuses; 1: only reports; 2: takes in any
 * case, and owes at most a whole limit). Returned for each: taken (1 or 0), whole tokens that are left, milliseconds to wait,
 * milliseconds until it is whole.
 */
export const gcraScript: RedisScript = {
  name: "sluiceGcra",
  lua: `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local n = #KEYS
local whole, taken, wait, after = {}, {}, {}, {}
local refused = false
for i = 1, n do
  local at = (i - 1) * 4
  local token, burst, cost, mode = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local known = tonumber(redis.call('GET', KEYS[i]) or now)
  if known < now then known = now end
  whole[i] = known
  after[i] = known + token * cost
  local needed = cost
  if needed == 0 then needed = 1 end
  local from = known + token * needed - token * burst
  if mode == 2 then
    taken[i] = true
    after[i] = math.min(after[i], now + 2 * token * burst)
  else
    taken[i] = from <= now
    if not taken[i] and mode == 0 then refused = true end
  end
  wait[i] = taken[i] and 0 or (cost > burst and -1 or math.ceil(from - now))
end
local result = {}
for i = 1, n do
  local at = (i - 1) * 4
  local token, burst = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  if taken[i] and not refused then
    whole[i] = after[i]
    local life = math.ceil(whole[i] - now)
    if life > 0 then redis.call('SET', KEYS[i], string.format('%.3f', whole[i]), 'PX', life) end
  end
  result[#result + 1] = taken[i] and 1 or 0
  result[#result + 1] = math.floor((token * burst - (whole[i] - now)) / token + 0.000001)
  result[#result + 1] = wait[i]
  result[#result + 1] = math.ceil(whole[i] - now)
end
return result
`,
};

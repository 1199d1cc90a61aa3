-- Sends prepared requests in turn. The file in the first argument holds them,
-- each behind its length as four bytes, the highest first.
local requests, turn = {}, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local content = file:read("*a")
  file:close()
  local at = 1
  while at <= #content do
    local a, b, c, d = content:byte(at, at + 3)
    local length = ((a * 256 + b) * 256 + c) * 256 + d
    requests[#requests + 1] = content:sub(at + 4, at + 3 + length)
    at = at + 4 + length
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'callboard-bench {"requests":%d,"errors":%d,"bytes":%d,"duration":%d,"p50":%d,"p99":%d}\n',
    summary.requests, e.connect + e.read + e.write + e.status + e.timeout, summary.bytes,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end

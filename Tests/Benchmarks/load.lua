-- wrk: POSTs a mood as JSON. With COLD set, no two requests carry the same one.
local cold = os.getenv("COLD") ~= nil
local salt = os.getenv("SALT") or ""
local count = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

request = function()
  count = count + 1
  local mood = "I miss the sea and my old friends"
  if cold then mood = mood .. " since day " .. salt .. count end
  return wrk.format(nil, nil, nil, '{"mood":"' .. mood .. '","limit":10}')
end

done = function(summary, latency)
  io.write(string.format("RESULT %d %d %d %d %d %d\n",
    summary.requests, summary.duration,
    summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end

-- Creates claims: wrk -s create.lua URL -- TOKEN PATH API_VERSION KIND
local token, path, version, kind, thread_count = nil, nil, nil, nil, 0
function setup(thread) thread:set("id", thread_count); thread_count = thread_count + 1 end
function init(args)
  token, path, version, kind = args[1], args[2], args[3], args[4]
  seed = args[5] or tostring(os.time())
  counter = 0
  headers = { ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json" }
end
function request()
  counter = counter + 1
  local name = string.format("c-%s-%d-%d", seed, id, counter)
  local body = '{"apiVersion":"' .. version .. '","kind":"' .. kind .. '","metadata":{"name":"' .. name .. '","namespace":"default"},"spec":{"parameters":{"storageGB":50,"instanceClass":"db.t3.medium","multiAZ":true},"compositionRef":{"name":"postgresql-aws-standard"},"writeConnectionSecretToRef":{"name":"' .. name .. '-connection"}}}'
  return wrk.format("POST", path, headers, body)
end
local refused = 0
function response(status) if status ~= 201 then refused = refused + 1; if refused < 4 then io.stderr:write("status " .. status .. "\n") end end end

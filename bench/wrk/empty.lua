-- The same body to a handler that does nothing: wrk -s empty.lua URL -- PATH
function init(args) path = args[1] end
function request() return wrk.format("POST", path, { ["Content-Type"] = "application/json" }, string.rep("x", 420)) end

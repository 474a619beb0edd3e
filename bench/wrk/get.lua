-- Reads one resource over and over: wrk -s get.lua URL -- TOKEN PATH
function init(args) headers = { ["Authorization"] = "Bearer " .. args[1] }; path = args[2] end
function request() return wrk.format("GET", path, headers) end

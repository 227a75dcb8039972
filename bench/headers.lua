-- Requests whose response gets 100 headers of 600 bytes.
wrk.method = "POST"
local lines = {}
for number = 1, 100 do
  lines[number] = "x-" .. number .. ": " .. string.rep("v", 600)
end
wrk.body = table.concat(lines, "\n")

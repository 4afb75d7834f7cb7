# SPDX-License-Identifier: Apache-2.0
# show.rb HEAP.json: how many objects of each class there are in a dump of ObjectSpace, and their bytes.
require "json"

names = {}
count = Hash.new(0)
bytes = Hash.new(0)
File.foreach(ARGV[0]) do |line|
  object = JSON.parse(line)
  names[object["address"]] = object["name"] if object["name"]
  key = object["class"] || object["type"]
  count[key] += 1
  bytes[key] += object["memsize"].to_i
end
puts "       bytes    objects  class"
bytes.sort_by { |_, size| -size }.first(6).each do |key, size|
  puts format("%12d %10d  %s", size, count[key], names[key] || key)
end

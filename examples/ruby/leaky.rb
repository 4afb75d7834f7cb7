# SPDX-License-Identifier: Apache-2.0
# A small service with a classic leak: sessions are remembered and never forgotten.
require "objspace"

class Session
  def initialize
    @basket = Array.new(16) { "x" * 4096 }
  end
end

SESSIONS = []

def handle_request
  SESSIONS << Session.new # the leak
end

# A file is complete when it has its name.
def write_dump(path)
  File.open("#{path}.partial", "w", 0o600) { |file| ObjectSpace.dump_all(output: file) }
  File.rename("#{path}.partial", path)
end

asked = false
Signal.trap("USR1") { asked = true } # the guard asks (dump.kind = signal); the answer comes between requests
Signal.trap("TERM") do
  puts "leaky.rb: asked to stop; finishing after #{SESSIONS.size} requests"
  exit
end

loop do
  handle_request
  write_dump(ARGV[0]) if asked
  asked = false
  sleep 0.005
end

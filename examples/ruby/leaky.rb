# SPDX-License-Identifier: Apache-2.0
# A small service with a classic leak: sessions are remembered and never forgotten.
class Session
  def initialize(number)
    @basket = Array.new(1000) { |i| "item number #{i} in the basket of #{number}" }
  end
end

SESSIONS = {}

def handle_request(number)
  SESSIONS[number] = Session.new(number) # the leak
end

Signal.trap("TERM") do
  puts "leaky.rb: asked to stop; finishing after #{SESSIONS.size} requests"
  exit
end

loop do
  handle_request(SESSIONS.size)
  sleep 0.008
end

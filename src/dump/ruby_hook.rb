# SPDX-License-Identifier: Apache-2.0
# Loaded through RUBYOPT=-r (dump.inject). Answers the guard on a unix socket, see dump/hook.h; does
# nothing until asked, says nothing, and fails in silence. With OOMGUARD_HOOK_RUBY=full every object
# remembers where it was made. Ruby 2.7 and later; others only pass through.
begin
  module OOMGuardHook
    OK = "oomguard-hook 1 ok\n".b
    CHUNK = 1 << 16
    WALK_SECONDS = 1.0
    ROWS_MAX = 200
    CLASS_OF = Kernel.instance_method(:class)
    NAME_OF = Module.instance_method(:name)
    HIGH_FD = 200 # out of the way of programs that count on low numbers

    class << self
      def start
        @directory = ENV["OOMGUARD_HOOK_DIR"]
        return if !@directory || @directory.empty? || RUBY_VERSION < "2.7"

        begin_thread
        at_exit { File.unlink(@path) if @pid == Process.pid rescue nil }
        require "objspace"
        ObjectSpace.trace_object_allocations_start if ENV["OOMGUARD_HOOK_RUBY"] == "full"
      rescue Exception
        nil
      end

      # In a child that was forked no thread but the one that forked is left.
      def begin_thread
        @listener&.close rescue nil
        @pid = Process.pid
        @path = "#{@directory}/#{@pid}.sock"
        @listener = open_socket(@path)
        @thread = Thread.new { serve }
        @thread.name = "oomguard"
        @thread.report_on_exception = false
        @thread.abort_on_exception = false
        ThreadGroup.new.add(@thread)
      rescue Exception
        nil
      end

      private

      def open_socket(path)
        require "socket"
        require "fcntl"
        File.unlink(path) rescue nil # of a process that had this number before
        socket = Socket.new(:UNIX, :STREAM, 0)
        mask = File.umask(0o177)
        begin
          socket.bind(Socket.sockaddr_un(path))
        ensure
          File.umask(mask)
        end
        socket.listen(4)
        high = socket.fcntl(Fcntl::F_DUPFD_CLOEXEC, HIGH_FD) rescue nil
        return socket unless high

        socket.close
        Socket.for_fd(high)
      end

      def serve
        loop do
          peer, = @listener.accept
          begin
            answer(peer)
          rescue Exception
            nil
          ensure
            peer.close rescue nil
          end
        end
      rescue Exception
        nil
      end

      def answer(peer)
        peer.setsockopt(:SOCKET, :RCVTIMEO, [30, 0].pack("l!2")) rescue nil
        peer.setsockopt(:SOCKET, :SNDTIMEO, [30, 0].pack("l!2")) rescue nil
        request = (peer.gets("\n", 128) || "").chomp
        verb, argument = request.split(" ", 2)
        begin
          text = case verb
                 when "stats" then statistics
                 when "types" then types
                 when "gc" then collect
                 when "objects" then return dump_objects(peer, argument)
                 else raise "unknown request"
                 end
        rescue Exception => error
          words = "#{error.class}: #{error.message}"[0, 100].gsub(/[^ -~]/, " ")
          return send_all(peer, "oomguard-hook 1 error #{words}\n")
        end
        send_all(peer, OK)
        send_frame(peer, text)
        send_all(peer, [0].pack("N"))
      end

      # Not IO#write: frameworks have their own.
      def send_all(peer, data)
        data = data.b
        until data.empty?
          sent = peer.send(data, Socket::MSG_NOSIGNAL)
          data = data.byteslice(sent, data.bytesize - sent)
        end
      end

      def send_frame(peer, text)
        data = text.b
        at = 0
        while at < data.bytesize
          part = data.byteslice(at, CHUNK)
          send_all(peer, [part.bytesize].pack("N") + part)
          at += part.bytesize
        end
      end

      # --- what can be asked; each gives JSON without the module of that name ---------------

      def json(value)
        case value
        when Hash then "{" + value.map { |k, v| "#{json(k.to_s)}:#{json(v)}" }.join(",") + "}"
        when Array then "[" + value.map { |v| json(v) }.join(",") + "]"
        when String
          text = value.encode("UTF-8", invalid: :replace, undef: :replace).scrub("?")
          '"' + text.gsub(/["\\\x00-\x1f]/) { |c| format('\\u%04x', c.ord) } + '"'
        when nil then "null"
        else value.to_s
        end
      end

      def resident_bytes
        File.read("/proc/self/statm").split[1].to_i * 4096
      end

      def tracing?
        ENV["OOMGUARD_HOOK_RUBY"] == "full"
      end

      def statistics
        json("runtime" => "ruby", "version" => RUBY_VERSION, "tracing" => tracing?,
             "resident_bytes" => resident_bytes, "gc" => GC.stat.select { |_, v| Numeric === v },
             "objects" => ObjectSpace.count_objects)
      end

      def types
        begun = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        kinds = Hash.new { |h, k| h[k] = [0, 0] }.compare_by_identity
        lines = Hash.new { |h, k| h[k] = [0, 0] }
        seen = 0
        whole = true
        full = tracing?
        ObjectSpace.each_object do |object|
          seen += 1
          if (seen & 1023).zero? &&
             Process.clock_gettime(Process::CLOCK_MONOTONIC) - begun > WALK_SECONDS
            whole = false
            break
          end
          kind = CLASS_OF.bind_call(object) rescue next
          size = ObjectSpace.memsize_of(object)
          row = kinds[kind]
          row[0] += 1
          row[1] += size
          next unless full && (file = ObjectSpace.allocation_sourcefile(object))

          row = lines["#{file}:#{ObjectSpace.allocation_sourceline(object)}"]
          row[0] += 1
          row[1] += size
        end
        rows = kinds.map { |k, v| [(NAME_OF.bind_call(k) rescue nil) || "#<Class>", v] }
        value = { "runtime" => "ruby", "version" => RUBY_VERSION, "looked_at" => seen,
                  "whole" => whole, "types" => top(rows, "type") }
        value["lines"] = top(lines.to_a, "line") if full
        json(value)
      end

      def top(rows, key)
        rows.sort_by { |_, v| -v[1] }.first(ROWS_MAX).map do |name, v|
          { key => name, "count" => v[0], "bytes" => v[1] }
        end
      end

      def collect
        GC.start
        compacted = false
        begin
          if RUBY_VERSION >= "3.1"
            GC.compact
            compacted = true
          end
        rescue NotImplementedError
          nil
        end
        json("collected" => true, "compacted" => compacted, "trimmed" => trim)
      end

      def trim
        require "fiddle"
        call = Fiddle::Function.new(Fiddle::Handle::DEFAULT["malloc_trim"],
                                    [Fiddle::TYPE_SIZE_T], Fiddle::TYPE_INT)
        call.call(0) == 1
      rescue Exception
        false
      end

      # All objects, a line of JSON each, into a fifo that the guard has made beside the socket:
      # what the interpreter writes itself goes past us. One frame says that it begins.
      def dump_objects(peer, name)
        raise "not a name" unless name =~ /\A\.oomguard-[-0-9a-f]{1,40}\z/

        path = "#{@directory}/#{name}"
        raise "not a fifo" unless File.ftype(path) == "fifo"

        fifo = File.open(path, File::WRONLY | File::NONBLOCK)
        fifo.fcntl(Fcntl::F_SETFL, File::WRONLY)
        begin
          send_all(peer, OK)
          send_frame(peer, "{}")
          ObjectSpace.dump_all(output: fifo)
          fifo.flush
        ensure
          fifo.close
        end
        send_all(peer, [0].pack("N"))
      end
    end

    module Fork
      def _fork
        pid = super
        OOMGuardHook.begin_thread if pid.zero?
        pid
      end

      def daemon(*arguments)
        result = super
        OOMGuardHook.begin_thread
        result
      end
    end
    # Before 3.1 there is no such place to hold on to: children answer nobody.
    Process.singleton_class.prepend(Fork) if Process.respond_to?(:_fork)
  end
  OOMGuardHook.start
rescue Exception
  nil
end

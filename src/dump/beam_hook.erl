%% SPDX-License-Identifier: Apache-2.0
%% Evaluated at the start through ERL_AFLAGS (dump.inject): expressions, no module, so that nothing
%% is compiled or loaded. Answers the guard on a unix socket, see dump/hook.h; one process that
%% waits until asked. Needs OTP 21.
Top = 50.
Many = 20000.

Text = fun(Term) ->
	Flat = lists:flatten(io_lib:format("~0tp", [Term])),
	Safe = [case C of $" -> $'; $\\ -> $/; _ when C < 32 -> $ ; _ -> C end
		|| C <- lists:sublist(Flat, 200)],
	[$", unicode:characters_to_binary(Safe), $"]
end.

Join = fun(Parts) -> lists:join($,, Parts) end.

Number = fun(N) when is_integer(N) -> integer_to_list(N); (_) -> "0" end.

Info = fun(P, What) ->
	case erlang:process_info(P, What) of
		{What, Value} -> Value;
		_ -> none
	end
end.

Binaries = fun(P) ->
	case erlang:process_info(P, binary) of
		{binary, Bins} -> lists:sum([Size || {_, Size, _} <- Bins]);
		_ -> 0
	end
end.

Process = fun({_, Memory, Held, P}) ->
	Start = (catch proc_lib:translate_initial_call(P)),
	["{\"pid\":", Text(P), ",\"name\":", Text(Info(P, registered_name)),
		",\"bytes\":", integer_to_list(Memory),
		",\"binary_bytes\":", integer_to_list(Held),
		",\"messages\":", Number(Info(P, message_queue_len)),
		",\"started_as\":", Text(Start),
		",\"now_in\":", Text(Info(P, current_function)), "}"]
end.

Table = fun({Bytes, T}) ->
	["{\"name\":", Text(ets:info(T, name)), ",\"bytes\":", integer_to_list(Bytes),
		",\"objects\":", Number(ets:info(T, size)),
		",\"owner\":", Text(ets:info(T, owner)), "}"]
end.

Largest = fun(Rows) -> lists:sublist(lists:reverse(lists:sort(Rows)), Top) end.

Tell = fun() ->
	Ps = erlang:processes() -- [self()],
	Few = length(Ps) =< Many,
	Rows = [begin
			Held = case Few of true -> Binaries(P); false -> 0 end,
			{M + Held, M, Held, P}
		end || P <- Ps, {memory, M} <- [erlang:process_info(P, memory)]],
	Word = erlang:system_info(wordsize),
	Sizes = [{ets:info(T, memory), T} || T <- ets:all()],
	Tables = [{M * Word, T} || {M, T} <- Sizes, is_integer(M)],
	["{\"runtime\":\"beam\",\"otp\":", Text(erlang:system_info(otp_release)),
		",\"memory\":{",
		Join([[$", atom_to_list(K), "\":", Number(V)] || {K, V} <- erlang:memory()]),
		"},\"process_count\":", integer_to_list(length(Ps)),
		",\"processes\":[", Join([Process(R) || R <- Largest(Rows)]),
		"],\"tables\":[", Join([Table(R) || R <- Largest(Tables)]), "]}\n"]
end.

Collect = fun() ->
	Ps = erlang:processes(),
	lists:foreach(fun(P) -> catch erlang:garbage_collect(P) end, Ps),
	["{\"collected\":", integer_to_list(length(Ps)), "}\n"]
end.

Frames = fun(Socket, Data) ->
	Length = <<(iolist_size(Data)):32>>,
	gen_tcp:send(Socket, ["oomguard-hook 1 ok\n", Length, Data, <<0:32>>])
end.

Answer = fun(Socket) ->
	case gen_tcp:recv(Socket, 0, 30000) of
		{ok, <<"processes\n">>} -> Frames(Socket, Tell());
		{ok, <<"gc\n">>} -> Frames(Socket, Collect());
		{ok, _} -> gen_tcp:send(Socket, "oomguard-hook 1 error unknown request\n");
		_ -> none
	end
end.

Serve = fun Loop(Listener) ->
	case gen_tcp:accept(Listener) of
		{ok, Socket} ->
			catch Answer(Socket),
			catch gen_tcp:close(Socket),
			Loop(Listener);
		_ -> none
	end
end.

Begin = fun(Directory) ->
	Path = Directory ++ "/" ++ os:getpid() ++ ".sock",
	file:delete(Path),
	case gen_tcp:listen(0, [local, {ifaddr, {local, Path}}, binary, {packet, line},
			{active, false}, {backlog, 4}, {send_timeout, 30000}]) of
		{ok, Listener} -> file:change_mode(Path, 8#600), Serve(Listener);
		_ -> none
	end
end.

case os:getenv("OOMGUARD_HOOK_DIR") of
	false -> none;
	Place -> spawn(fun() -> catch Begin(Place) end)
end.

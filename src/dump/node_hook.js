// SPDX-License-Identifier: Apache-2.0
// Loaded by NODE_OPTIONS=--require=FILE (dump.inject). Answers the guard on a unix socket, see
// dump/hook.h; does nothing until asked, says nothing, and fails in silence. With
// OOMGUARD_HOOK_NODE=full a sampling heap profile runs from the start.
'use strict';
(() => {
	const dir = process.env.OOMGUARD_HOOK_DIR;
	let full = process.env.OOMGUARD_HOOK_NODE === 'full';
	let session = null;

	if (!dir || !require('worker_threads').isMainThread)
		return;
	const { setTimeout, Buffer, JSON } = globalThis;
	const path = `${dir}/${process.pid}.sock`;
	// Programs of a moment end before it opens anything.
	const START_MS = 50;
	const SAMPLE_BYTES = 512 * 1024;
	const CHUNK = 64 * 1024;

	const startSampling = () => {
		const inspector = require('inspector');
		session = new inspector.Session();
		session.connect();
		session.post('HeapProfiler.startSampling', { samplingInterval: SAMPLE_BYTES });
	};

	// --- what can be asked: a text, an object, or a stream -----------------------------------

	const statistics = () => {
		const v8 = require('v8');
		return {
			runtime: 'node',
			version: process.version,
			sampling: session !== null,
			memory: process.memoryUsage(),
			heap: v8.getHeapStatistics(),
			spaces: v8.getHeapSpaceStatistics(),
		};
	};

	const profile = () => {
		let result = null;
		if (session === null)
			throw new Error('no sampling profile (dump.inject is not full)');
		session.post('HeapProfiler.getSamplingProfile', (error, reply) => {
			result = error ? null : reply.profile;
		});
		if (result === null)
			throw new Error('V8 gives no profile');
		return result;
	};

	const collect = () => {
		const v8 = require('v8');
		let gc = globalThis.gc;
		if (typeof gc !== 'function') {
			v8.setFlagsFromString('--expose-gc');
			gc = require('vm').runInNewContext('gc');
			v8.setFlagsFromString('--no-expose-gc');
		}
		// Twice: what the first one found dead may hold pages that only the next gives back.
		gc();
		gc();
		return { collected: true };
	};

	const verbs = {
		stats: statistics,
		profile,
		gc: collect,
		snapshot: () => require('v8').getHeapSnapshot(),
	};

	// --- the answer --------------------------------------------------------------------------

	const frame = (data) => {
		const head = Buffer.allocUnsafe(4);
		head.writeUInt32BE(data.length, 0);
		return [head, data];
	};
	const END = Buffer.alloc(4);
	const OK = 'oomguard-hook 1 ok\n';

	const sendStream = (peer, stream) => {
		peer.write(OK);
		peer.on('close', () => stream.destroy());
		peer.on('drain', () => stream.resume());
		stream.on('error', () => peer.destroy());
		stream.on('data', (data) => {
			const bytes = typeof data === 'string' ? Buffer.from(data) : data;
			let more = true;
			for (let at = 0; at < bytes.length; at += CHUNK)
				for (const part of frame(bytes.subarray(at, at + CHUNK)))
					more = peer.write(part);
			if (!more)
				stream.pause();
		});
		stream.on('end', () => peer.end(END));
	};

	const sendObject = (peer, value) => {
		const bytes = Buffer.from(JSON.stringify(value));
		peer.write(OK);
		if (bytes.length)
			for (const part of frame(bytes))
				peer.write(part);
		peer.end(END);
	};

	const answer = (peer, request) => {
		let value;
		try {
			if (!Object.hasOwn(verbs, request))
				throw new Error('unknown request');
			value = verbs[request]();
			if (value !== null && typeof value.pipe === 'function')
				sendStream(peer, value);
			else
				sendObject(peer, value);
		} catch (error) {
			const text = String(error && error.message).replace(/[^ -~]+/g, ' ').slice(0, 100);
			peer.end(`oomguard-hook 1 error ${text}\n`);
		}
	};

	const serve = (peer) => {
		let request = '';
		peer.unref();
		peer.setTimeout(120000, () => peer.destroy());
		peer.on('error', () => {});
		const read = (data) => {
			request += data.toString('latin1');
			const end = request.indexOf('\n');
			if (end < 0 && request.length < 128)
				return;
			peer.removeListener('data', read);
			answer(peer, request.slice(0, end < 0 ? 0 : end));
		};
		peer.on('data', read);
	};

	// --- the socket: ours alone, keeps nothing alive, in a cluster no business of the primary --

	const remove = () => {
		try {
			require('fs').unlinkSync(path);
		} catch {
			// Never there, or gone.
		}
	};

	const open = () => {
		const server = require('net').createServer(serve);
		let mask;
		server.on('error', () => {});
		server.unref();
		try {
			remove(); // of a process that had this number before
			mask = process.umask(0o177);
			server.listen({ path, exclusive: true });
			server.unref();
		} catch {
			return;
		} finally {
			if (mask !== undefined)
				process.umask(mask);
		}
		process.once('exit', remove);
	};

	try {
		if (full)
			startSampling();
	} catch {
		full = false;
		session = null;
	}
	setTimeout(() => {
		try {
			open();
		} catch {
			// Then there is none.
		}
	}, START_MS).unref();
})();

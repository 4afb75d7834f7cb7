// SPDX-License-Identifier: Apache-2.0
// A small service with a classic leak: sessions are remembered and never forgotten.
"use strict";

class Session {
	constructor(number) {
		this.number = number;
		this.basket = Array.from({ length: 1000 }, (_, i) => ({ item: i, price: number + i }));
	}
}

const sessions = new Map();

function handleRequest(number) {
	sessions.set(number, new Session(number)); // the leak
}

let number = 0;
setInterval(() => {
	for (let i = 0; i < 4; i++) handleRequest(number++);
}, 15);
process.on("SIGTERM", () => {
	console.log(`leaky.js: asked to stop; finishing after ${sessions.size} requests`);
	process.exit(0);
});

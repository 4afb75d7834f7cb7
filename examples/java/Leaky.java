// SPDX-License-Identifier: Apache-2.0
import java.util.HashMap;
import java.util.Map;

/** A small service with a classic leak: sessions are remembered and never forgotten. */
public class Leaky {
	static final class Session {
		final byte[] basket = new byte[8 * 1024];
	}

	static final Map<Long, Session> sessions = new HashMap<>();

	static void handleRequest(long number) {
		sessions.put(number, new Session()); // the leak
	}

	public static void main(String[] args) throws InterruptedException {
		Runtime.getRuntime().addShutdownHook(new Thread(() ->
			System.out.println("Leaky: asked to stop; finishing after " + sessions.size() + " requests")));
		for (long number = 0;; number++) {
			handleRequest(number);
			if (number % 20 == 0)
				Thread.sleep(15);
		}
	}
}

package io.conversationstore.postgres;

import java.time.Duration;

/** Waits before a retry. */
@FunctionalInterface
interface Sleeper {

  Sleeper REAL = duration -> Thread.sleep(duration.toMillis());

  void sleep(Duration duration) throws InterruptedException;
}

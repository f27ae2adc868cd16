package io.conversationstore.jsonfile;

import java.util.concurrent.ThreadFactory;

/**
 * Threads for simulations, which hand over from one thread to another all the time: virtual ones
 * where a lock does not pin them, from JDK 24 on, and before that those of the operating system. A
 * simulation takes a quarter of the time with virtual ones.
 */
public final class LightThreads {
  private static final ThreadFactory VIRTUAL_OR_DAEMON =
      areVirtual() ? virtual() : LightThreads::daemon;

  private LightThreads() {}

  public static boolean areVirtual() {
    return Runtime.version().feature() >= 24;
  }

  /** A thread, not started. */
  public static Thread of(Runnable work) {
    return VIRTUAL_OR_DAEMON.newThread(work);
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "simulated");
    thread.setDaemon(true);
    return thread;
  }

  /** By reflection, since this code is compiled for JDK 17. */
  private static ThreadFactory virtual() {
    try {
      Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
      return (ThreadFactory)
          Class.forName("java.lang.Thread$Builder").getMethod("factory").invoke(builder);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("this JDK has no virtual threads", e);
    }
  }
}

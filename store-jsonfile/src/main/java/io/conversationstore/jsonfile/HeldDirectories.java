package io.conversationstore.jsonfile;

import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * What stores of this JVM hold, whichever class loader they come from: two applications in one
 * server have two copies of this class, and one set of system properties. So each entry is a system
 * property, of JDK types only and a text like all others, which stays readable for whoever lists
 * them. Thread-safe.
 *
 * <p>An application that puts other {@link System#setProperties properties} in their place loses
 * the entries; see {@link DirectoryLock} for what holds then.
 */
final class HeldDirectories {
  private static final String PREFIX = "io.conversationstore.jsonfile.held:";

  private HeldDirectories() {}

  /**
   * Enters what nobody holds.
   *
   * @param note who holds it; no two holders have the same
   * @return null where it is entered now, else the note of the one who holds it
   */
  static @Nullable String hold(String what, String note) {
    return (String) System.getProperties().putIfAbsent(PREFIX + what, note);
  }

  /** Gives back what was entered with this note; does nothing where another one holds it. */
  static void release(String what, String note) {
    Properties properties = System.getProperties();
    properties.remove(PREFIX + what, note);
  }
}

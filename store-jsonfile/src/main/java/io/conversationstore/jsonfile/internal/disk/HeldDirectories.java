package io.conversationstore.jsonfile.internal.disk;

import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The directories held by stores of this JVM, across class loaders: two applications in one server
 * have two copies of this class, but one set of system properties. So each entry is a system
 * property of JDK types, a string like all others, and stays readable for any code that lists
 * properties. Thread-safe.
 *
 * <p>The entries are lost if an application replaces the {@link System#setProperties properties};
 * see {@link DirectoryLock} for the remaining protection.
 */
final class HeldDirectories {
  private static final String PREFIX = "io.conversationstore.jsonfile.held:";

  private HeldDirectories() {}

  /**
   * Enters a name that is not held.
   *
   * @param note identifies the holder; notes must be unique
   * @return null if it is entered now, otherwise the note of the current holder
   */
  static @Nullable String hold(String what, String note) {
    return (String) System.getProperties().putIfAbsent(PREFIX + what, note);
  }

  /** Releases the entry with this note; does nothing if another holder has it. */
  static void release(String what, String note) {
    Properties properties = System.getProperties();
    properties.remove(PREFIX + what, note);
  }
}

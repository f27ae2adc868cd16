package io.conversationstore.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A data directory for tests: a copy of a cached result of {@code initdb}, with its own password
 * and settings file.
 *
 * <p>Added files:
 *
 * <ul>
 *   <li>{@code testkit-password}: the password of the user {@value #USER}, random for each cache;
 *       it stays with the data, so copies and backups of a directory can be opened again;
 *   <li>{@code testkit.conf}: settings, included at the end of postgresql.conf and rewritten before
 *       each start; ALTER SYSTEM takes precedence.
 * </ul>
 */
final class DataDirectory {

  static final String USER = "postgres";

  private static final Duration INITDB_LIMIT = Duration.ofMinutes(2);

  /** Version of the directory made by {@link #initialise}; must change with it. */
  private static final int EDITION = 2;

  /** The first version with a setting for the cost of password checks. */
  private static final int CHEAP_PASSWORDS = 16;

  private static final Pattern MAJOR_VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+)");
  private static final String PASSWORD_FILE = "testkit-password";
  private static final String SETTINGS_FILE = "testkit.conf";

  private final Path path;

  private DataDirectory(Path path) {
    this.path = path;
  }

  /**
   * Opens a data directory; an absent or empty one is filled first.
   *
   * @throws IllegalStateException if it holds files that this class did not make
   */
  static DataDirectory open(Path path, PostgresBinaries binaries, Launcher launcher)
      throws IOException {
    if (FileTrees.isVacant(path)) {
      FileTrees.copy(template(binaries, launcher), path);
    } else if (!Files.exists(path.resolve(PASSWORD_FILE))) {
      throw new IllegalStateException(path + " is neither empty nor a data directory made here");
    }
    return new DataDirectory(path);
  }

  String password() throws IOException {
    return Files.readString(path.resolve(PASSWORD_FILE)).strip();
  }

  /** Replaces the settings, effective from the next start. */
  void configure(Map<String, String> settings) throws IOException {
    List<String> lines = new ArrayList<>();
    settings.forEach((name, value) -> lines.add(name + " = '" + value.replace("'", "''") + "'"));
    Path file = path.resolve(SETTINGS_FILE);
    Files.write(file, lines);
    permit(file, "rw-r--r--");
  }

  private static Path template(PostgresBinaries binaries, Launcher launcher) throws IOException {
    String name = "data-" + EDITION + "-" + binaries.checksum() + "-" + launcher.ownerKey();
    Path template = binaries.cache().resolve(name);
    PostgresBinaries.exclusively(
        binaries.cache(),
        name,
        () -> {
          if (!Files.isDirectory(template)) {
            Path partial = binaries.cache().resolve(name + ".partial");
            initialise(partial, binaries, launcher);
            Files.move(partial, template, StandardCopyOption.ATOMIC_MOVE);
          }
        });
    return template;
  }

  private static void initialise(Path path, PostgresBinaries binaries, Launcher launcher)
      throws IOException {
    FileTrees.delete(path);
    Files.createDirectory(path);
    permit(path, "rwx------");
    launcher.own(path);
    Path password = path.resolveSibling(path.getFileName() + ".password");
    Files.deleteIfExists(password);
    Files.createFile(password);
    permit(password, "rw-------");
    Files.writeString(password, randomPassword() + "\n");
    launcher.own(password);
    List<String> command =
        new ArrayList<>(
            List.of(
                binaries.program("initdb"),
                "--pgdata=" + path,
                "--username=" + USER,
                "--auth=scram-sha-256",
                "--pwfile=" + password,
                "--encoding=UTF8",
                "--locale=" + (Platform.isLinux() ? "C.UTF-8" : "C"),
                "--no-sync"));
    if (majorVersion(binaries, launcher) >= CHEAP_PASSWORDS) {
      // The random password needs no stretching, which takes most of the time of a connection.
      command.add("--set=scram_iterations=1");
    }
    Commands.Result result = Commands.run(binaries.home(), INITDB_LIMIT, launcher.command(command));
    if (!result.ok()) {
      throw new IllegalStateException("initdb failed: " + result.output());
    }
    Files.writeString(
        path.resolve("postgresql.conf"),
        "\ninclude_if_exists = '" + SETTINGS_FILE + "'\n",
        StandardOpenOption.APPEND);
    Files.move(password, path.resolve(PASSWORD_FILE));
  }

  private static int majorVersion(PostgresBinaries binaries, Launcher launcher) throws IOException {
    List<String> command = List.of(binaries.program("initdb"), "--version");
    Commands.Result result = Commands.run(binaries.home(), INITDB_LIMIT, launcher.command(command));
    Matcher version = MAJOR_VERSION.matcher(result.output());
    if (!version.find()) {
      throw new IllegalStateException("initdb does not report its version: " + result.output());
    }
    return Integer.parseInt(version.group(1));
  }

  private static String randomPassword() {
    byte[] bytes = new byte[16];
    new SecureRandom().nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private static void permit(Path path, String permissions) throws IOException {
    if (!Platform.isWindows()) {
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }
  }
}

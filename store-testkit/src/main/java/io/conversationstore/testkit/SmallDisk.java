package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** A small file system, mounted if the test has permission and unmounted on close. */
public final class SmallDisk implements AutoCloseable {
  private final Path place;

  private SmallDisk(Path place) {
    this.place = place;
  }

  /** A file system in memory; skips the test if that is impossible. */
  public static SmallDisk tmpfs(Path temporary, String options) throws IOException {
    Optional<SmallDisk> disk = tmpfsIfPossible(temporary, options);
    assumeTrue(disk.isPresent(), "a tmpfs cannot be mounted here; it needs root");
    return disk.orElseThrow();
  }

  /** A file system in memory; empty if that is impossible. */
  public static Optional<SmallDisk> tmpfsIfPossible(Path temporary, String options)
      throws IOException {
    Path place = Files.createDirectories(temporary.resolve("disk"));
    String[] mount = {"mount", "-t", "tmpfs", "-o", options, "tmpfs", place.toString()};
    return SystemCommands.succeeds(mount) ? Optional.of(new SmallDisk(place)) : Optional.empty();
  }

  /** An ext4 file system in a file; skips the test if that is impossible. */
  public static SmallDisk ext4(Path temporary) throws IOException {
    Path image = temporary.resolve("image");
    if (!Files.exists(image)) {
      Files.write(image, new byte[8 << 20]);
      boolean made = SystemCommands.succeeds("mkfs.ext4", "-q", "-F", "-m", "0", image.toString());
      assumeTrue(made, "mkfs.ext4 is not installed");
    }
    Path place = Files.createDirectories(temporary.resolve("disk"));
    String options = "loop,errors=remount-ro";
    assumeTrue(
        SystemCommands.succeeds("mount", "-o", options, image.toString(), place.toString()),
        "a file cannot be mounted here; it needs root and a loop device");
    return new SmallDisk(place);
  }

  public Path resolve(String name) {
    return place.resolve(name);
  }

  /** Remounts as an administrator would; the system refuses while a file is open for writing. */
  public void remount(String mode) {
    assertThat(SystemCommands.succeeds("mount", "-o", "remount," + mode, place.toString()))
        .isTrue();
  }

  /** Simulates the reaction of ext4 to an error, even with files open for writing. */
  public void meetError() throws IOException {
    Path device = Path.of(Files.getFileStore(place).name()).getFileName();
    Path trigger = Path.of("/sys/fs/ext4").resolve(device).resolve("trigger_fs_error");
    assumeTrue(Files.isWritable(trigger), "this kernel has no trigger_fs_error");
    Files.writeString(trigger, "1");
  }

  /** Writes a file until the disk is full; it stays full until {@link #free}. */
  public void fill() throws IOException {
    byte[] block = new byte[4_096];
    try (OutputStream out =
        Files.newOutputStream(ballast(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (Files.getFileStore(place).getUsableSpace() > 0) {
        out.write(block);
      }
    }
  }

  /** Deletes that file. */
  public void free() throws IOException {
    Files.deleteIfExists(ballast());
  }

  private Path ballast() {
    return place.resolve("ballast");
  }

  @Override
  public void close() {
    if (!SystemCommands.succeeds("umount", place.toString())) {
      // A failed test may have left a store open; the mount must not outlive it.
      SystemCommands.succeeds("umount", "--lazy", place.toString());
      throw new IllegalStateException("files in " + place + " were still open");
    }
  }
}

package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A small file system of its own, mounted where a test may mount; unmounted when it is closed. */
final class SmallDisk implements AutoCloseable {
  private final Path place;

  private SmallDisk(Path place) {
    this.place = place;
  }

  /** One in memory; skips the test where that is not possible. */
  static SmallDisk tmpfs(Path temporary, String options) throws IOException, InterruptedException {
    Path place = Files.createDirectories(temporary.resolve("disk"));
    String[] mount = {"mount", "-t", "tmpfs", "-o", options, "tmpfs", place.toString()};
    assumeTrue(Commands.succeeds(mount), "a tmpfs cannot be mounted here; it needs root");
    return new SmallDisk(place);
  }

  /** An ext4 in a file; skips the test where that is not possible. */
  static SmallDisk ext4(Path temporary) throws IOException, InterruptedException {
    Path image = temporary.resolve("image");
    if (!Files.exists(image)) {
      Files.write(image, new byte[8 << 20]);
      boolean made = Commands.succeeds("mkfs.ext4", "-q", "-F", "-m", "0", image.toString());
      assumeTrue(made, "mkfs.ext4 is not there");
    }
    Path place = Files.createDirectories(temporary.resolve("disk"));
    String options = "loop,errors=remount-ro";
    assumeTrue(
        Commands.succeeds("mount", "-o", options, image.toString(), place.toString()),
        "a file cannot be mounted here; it needs root and a loop device");
    return new SmallDisk(place);
  }

  Path resolve(String name) {
    return place.resolve(name);
  }

  /** What an administrator does; refused by the system while a file is open for writing. */
  void remount(String mode) throws IOException, InterruptedException {
    assertThat(Commands.succeeds("mount", "-o", "remount," + mode, place.toString())).isTrue();
  }

  /** What ext4 does when it meets an error, with files open for writing too. */
  void meetError() throws IOException {
    Path device = Path.of(Files.getFileStore(place).name()).getFileName();
    Path trigger = Path.of("/sys/fs/ext4").resolve(device).resolve("trigger_fs_error");
    assumeTrue(Files.isWritable(trigger), "this kernel has no trigger_fs_error");
    Files.writeString(trigger, "1");
  }

  @Override
  public void close() throws IOException, InterruptedException {
    if (!Commands.succeeds("umount", place.toString())) {
      // A test that failed may have left a store open; the mount must not outlive it.
      Commands.succeeds("umount", "--lazy", place.toString());
      throw new IllegalStateException("files in " + place + " were still open");
    }
  }
}

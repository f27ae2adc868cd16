package io.conversationstore.cli;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Enumeration;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * A file to import: plain, the conversations inside a zip of a program's export, or the standard
 * input. For one thread.
 */
final class ImportSource {

  /** Reads one stream of a source. */
  interface Reading {
    /** Reads a stream; {@code time} is when the file was last written. */
    void read(String name, Counted stream, Instant time) throws IOException;
  }

  /** The files with conversations in the exports of programs. */
  private static final Pattern CONVERSATIONS =
      Pattern.compile("(?:.*/)?conversations[^/]*\\.jsonl?");

  private static final int BUFFER = 1 << 16;

  private final String name;
  private final Screen screen;

  /**
   * @param name a path, or {@code -} for the standard input
   */
  ImportSource(String name, Screen screen) {
    this.name = name;
    this.screen = screen;
  }

  /**
   * Reads the source.
   *
   * @throws CommandException if the file does not exist, or a zip holds no conversations
   */
  void read(Reading reading) throws IOException {
    if (name.equals("-")) {
      reading.read("standard input", new Counted(screen.in(), 0), Instant.now());
      return;
    }
    Path file = Path.of(name);
    if (Files.isDirectory(file)) {
      throw new CommandException(
          ExitCode.FILE,
          file + " is a directory; name a file, or copy a store with 'conversations copy'");
    }
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER)) {
      in.mark(4);
      boolean zip = in.read() == 'P' && in.read() == 'K' && in.read() == 3 && in.read() == 4;
      in.reset();
      if (!zip) {
        reading.read(name, new Counted(in, Files.size(file)), timeOf(file));
        return;
      }
    } catch (NoSuchFileException e) {
      throw new CommandException(ExitCode.NOT_FOUND, file + " does not exist; check the path", e);
    }
    zip(file, reading);
  }

  private static Instant timeOf(Path file) throws IOException {
    return Files.getLastModifiedTime(file).toInstant();
  }

  private void zip(Path file, Reading reading) throws IOException {
    boolean any = false;
    try (ZipFile zip = new ZipFile(file.toFile())) {
      Enumeration<? extends ZipEntry> entries = zip.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        if (CONVERSATIONS.matcher(entry.getName()).matches()) {
          any = true;
          try (InputStream in = zip.getInputStream(entry)) {
            reading.read(
                name + ":" + entry.getName(),
                new Counted(new BufferedInputStream(in, BUFFER), Math.max(0, entry.getSize())),
                timeOf(file));
          }
        }
      }
    } catch (ZipException e) {
      throw new CommandException(
          ExitCode.FILE, file + " is a damaged zip file; download or copy it again", e);
    }
    if (!any) {
      throw new CommandException(
          ExitCode.FILE, file + " holds no conversations.json; it is not a program's export");
    }
  }

  /** A stream that counts what was read. */
  static final class Counted extends FilterInputStream {

    private final long size;
    private long position;
    private long marked;

    Counted(InputStream in, long size) {
      super(in.markSupported() ? in : new BufferedInputStream(in, BUFFER));
      this.size = size;
    }

    /** The size of all; 0 if unknown. */
    long size() {
      return size;
    }

    long position() {
      return position;
    }

    /** The first bytes, which are read again afterwards. */
    byte[] beginning(int length) throws IOException {
      mark(length);
      byte[] bytes = readNBytes(length);
      reset();
      return bytes;
    }

    @Override
    public int read() throws IOException {
      int read = super.read();
      position += read < 0 ? 0 : 1;
      return read;
    }

    @Override
    public int read(byte @Nullable [] bytes, int offset, int length) throws IOException {
      int read = super.read(bytes, offset, length);
      position += Math.max(0, read);
      return read;
    }

    @Override
    public synchronized void mark(int limit) {
      super.mark(limit);
      marked = position;
    }

    @Override
    public synchronized void reset() throws IOException {
      super.reset();
      position = marked;
    }
  }
}

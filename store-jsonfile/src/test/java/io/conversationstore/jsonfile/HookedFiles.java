package io.conversationstore.jsonfile;

import io.conversationstore.jsonfile.internal.disk.LogFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Files that run test code before each call and after each read. Thread-safe. */
final class HookedFiles implements LogFiles {

  private final LogFiles files;
  private final AtomicInteger forces = new AtomicInteger();
  private final AtomicLong written = new AtomicLong();
  private final AtomicLong read = new AtomicLong();
  private final Runnable beforeCall;
  private volatile long usable = Long.MAX_VALUE;
  private volatile Runnable afterRead = () -> {};

  HookedFiles(LogFiles files) {
    this(files, () -> {});
  }

  /**
   * @param beforeCall runs on the calling thread, before each call
   */
  HookedFiles(LogFiles files, Runnable beforeCall) {
    this.files = files;
    this.beforeCall = beforeCall;
  }

  /** The number of bytes appended or overwritten. */
  long written() {
    return written.get();
  }

  /** The number of bytes read. */
  long read() {
    return read.get();
  }

  /** The number of forces of file contents. */
  int forces() {
    return forces.get();
  }

  /** Sets code that runs on the reading thread, after each read. */
  void afterRead(Runnable hook) {
    afterRead = hook;
  }

  /** Sets the free space of the disk in bytes. */
  void usable(long bytes) {
    usable = bytes;
  }

  @Override
  public long usableBytes() {
    return usable;
  }

  @Override
  public String describe() {
    return files.describe();
  }

  @Override
  public void requireHeld() throws IOException {
    files.requireHeld();
  }

  @Override
  public List<String> list() throws IOException {
    beforeCall.run();
    return files.list();
  }

  @Override
  public LogFile create(String name) throws IOException {
    beforeCall.run();
    return new HookedFile(files.create(name));
  }

  @Override
  public LogFile open(String name) throws IOException {
    beforeCall.run();
    return new HookedFile(files.open(name));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    beforeCall.run();
    files.rename(from, to);
  }

  @Override
  public void delete(String name) throws IOException {
    beforeCall.run();
    files.delete(name);
  }

  @Override
  public void forceDirectory() throws IOException {
    beforeCall.run();
    files.forceDirectory();
  }

  private final class HookedFile implements LogFile {
    private final LogFile file;

    HookedFile(LogFile file) {
      this.file = file;
    }

    @Override
    public long size() throws IOException {
      beforeCall.run();
      return file.size();
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      beforeCall.run();
      int count = file.read(into, position);
      read.addAndGet(count);
      afterRead.run();
      return count;
    }

    @Override
    public void append(ByteBuffer bytes) throws IOException {
      beforeCall.run();
      written.addAndGet(bytes.remaining());
      file.append(bytes);
    }

    @Override
    public void overwrite(long position, ByteBuffer bytes) throws IOException {
      beforeCall.run();
      written.addAndGet(bytes.remaining());
      file.overwrite(position, bytes);
    }

    @Override
    public void reserve(long bytes) throws IOException {
      beforeCall.run();
      file.reserve(bytes);
    }

    @Override
    public void truncate(long size) throws IOException {
      beforeCall.run();
      file.truncate(size);
    }

    @Override
    public void force() throws IOException {
      beforeCall.run();
      file.force();
      forces.incrementAndGet();
    }

    @Override
    public void requireNamed() throws IOException {
      beforeCall.run();
      file.requireNamed();
    }

    @Override
    public void close() throws IOException {
      beforeCall.run();
      file.close();
    }
  }
}

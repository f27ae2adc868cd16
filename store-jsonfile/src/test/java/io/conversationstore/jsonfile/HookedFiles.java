package io.conversationstore.jsonfile;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Files that tell a test of each read, so that it can come between two of them. */
final class HookedFiles implements LogFiles {

  private final LogFiles files;
  private final AtomicInteger forces = new AtomicInteger();
  private volatile Runnable afterRead = () -> {};

  HookedFiles(LogFiles files) {
    this.files = files;
  }

  /** How often the content of a file was forced. */
  int forces() {
    return forces.get();
  }

  /** Run on the thread that reads, after each read. */
  void afterRead(Runnable hook) {
    afterRead = hook;
  }

  @Override
  public String describe() {
    return files.describe();
  }

  @Override
  public List<String> list() throws IOException {
    return files.list();
  }

  @Override
  public LogFile create(String name) throws IOException {
    return new HookedFile(files.create(name));
  }

  @Override
  public LogFile open(String name) throws IOException {
    return new HookedFile(files.open(name));
  }

  @Override
  public void rename(String from, String to) throws IOException {
    files.rename(from, to);
  }

  @Override
  public void delete(String name) throws IOException {
    files.delete(name);
  }

  @Override
  public void forceDirectory() throws IOException {
    files.forceDirectory();
  }

  private final class HookedFile implements LogFile {
    private final LogFile file;

    HookedFile(LogFile file) {
      this.file = file;
    }

    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      int read = file.read(into, position);
      afterRead.run();
      return read;
    }

    @Override
    public void append(ByteBuffer bytes) throws IOException {
      file.append(bytes);
    }

    @Override
    public void reserve(long bytes) throws IOException {
      file.reserve(bytes);
    }

    @Override
    public void truncate(long size) throws IOException {
      file.truncate(size);
    }

    @Override
    public void force() throws IOException {
      file.force();
      forces.incrementAndGet();
    }

    @Override
    public void requireNamed() throws IOException {
      file.requireNamed();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}

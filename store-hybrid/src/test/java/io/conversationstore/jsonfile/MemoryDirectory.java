package io.conversationstore.jsonfile;

import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.LocalStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A lossless directory in memory, for simulations of nodes: the file store runs over it as over a
 * disk, many times as fast. Thread-safe.
 */
public final class MemoryDirectory {

  private final Map<String, Bytes> names = new TreeMap<>();
  private long peak;
  private long capacity = Long.MAX_VALUE;

  /** The content of a file, which outlives its name. */
  private static final class Bytes {
    private byte[] bytes = new byte[512];
    private int size;

    /** The position of the next append; the rest is reserved. */
    private int end;

    synchronized int size() {
      return size;
    }

    synchronized int read(ByteBuffer into, long position) {
      int count = (int) Math.max(0, Math.min(into.remaining(), size - position));
      into.put(bytes, (int) position, count);
      return count;
    }

    synchronized void append(ByteBuffer more) {
      int count = more.remaining();
      grow(end + count);
      more.get(bytes, end, count);
      end += count;
      size = Math.max(size, end);
    }

    synchronized void overwrite(int position, ByteBuffer others) {
      others.get(bytes, position, others.remaining());
    }

    synchronized void reserve(int count) {
      grow(end + count);
      Arrays.fill(bytes, end, end + count, (byte) ' ');
      size = Math.max(size, end + count);
    }

    synchronized void truncate(int to) {
      size = to;
      end = to;
    }

    synchronized void endBehindAll() {
      end = size;
    }

    synchronized Bytes copy() {
      Bytes copy = new Bytes();
      copy.bytes = Arrays.copyOf(bytes, Math.max(512, size));
      copy.size = size;
      copy.end = size;
      return copy;
    }

    synchronized String text() {
      return new String(bytes, 0, size, StandardCharsets.ISO_8859_1);
    }

    private void grow(int to) {
      if (to > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, to));
      }
    }
  }

  /** Opens a store over it; at most one at a time. */
  public LocalStore open(JsonFileOptions options) {
    try {
      return FileEngine.open(new Files(), () -> {}, options);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A copy of the files, independent from here on. */
  public synchronized MemoryDirectory copy() {
    MemoryDirectory copy = new MemoryDirectory();
    names.forEach((name, bytes) -> copy.names.put(name, bytes.copy()));
    return copy;
  }

  /** The bytes of each file as text, one character each. */
  public synchronized Map<String, String> texts() {
    Map<String, String> texts = new TreeMap<>();
    names.forEach((name, bytes) -> texts.put(name, bytes.text()));
    return texts;
  }

  /** From now on the disk reports this size; it accepts more all the same. */
  public synchronized void saysItHas(long bytes) {
    capacity = bytes;
  }

  private synchronized long usable() {
    return capacity == Long.MAX_VALUE ? capacity : capacity - size();
  }

  /** The maximum size of the files so far, in bytes. */
  public synchronized long peak() {
    return peak;
  }

  /** The present size of the files, in bytes. */
  public synchronized long size() {
    return names.values().stream().mapToLong(Bytes::size).sum();
  }

  private synchronized void measure() {
    peak = Math.max(peak, size());
  }

  private synchronized Bytes find(String name) throws NoSuchFileException {
    Bytes found = names.get(name);
    if (found == null) {
      throw new NoSuchFileException(name);
    }
    return found;
  }

  private final class Files implements LogFiles {

    @Override
    public String describe() {
      return "memory";
    }

    @Override
    public long usableBytes() {
      return usable();
    }

    /** No other process can reach it. */
    @Override
    public void requireHeld() {}

    @Override
    public Thread newThread(Runnable work, String name) {
      return LightThreads.of(work);
    }

    @Override
    public List<String> list() {
      synchronized (MemoryDirectory.this) {
        return new ArrayList<>(names.keySet());
      }
    }

    @Override
    public LogFile create(String name) throws IOException {
      synchronized (MemoryDirectory.this) {
        Bytes made = new Bytes();
        if (names.putIfAbsent(name, made) != null) {
          throw new FileAlreadyExistsException(name);
        }
        return new OpenFile(name, made);
      }
    }

    @Override
    public LogFile open(String name) throws IOException {
      Bytes found = find(name);
      found.endBehindAll();
      return new OpenFile(name, found);
    }

    @Override
    public void rename(String from, String to) throws IOException {
      synchronized (MemoryDirectory.this) {
        Bytes moved = find(from);
        names.remove(from);
        names.put(to, moved);
      }
    }

    @Override
    public void delete(String name) {
      synchronized (MemoryDirectory.this) {
        names.remove(name);
      }
    }

    @Override
    public void forceDirectory() {}
  }

  private final class OpenFile implements LogFiles.LogFile {
    private final String name;
    private final Bytes bytes;

    OpenFile(String name, Bytes bytes) {
      this.name = name;
      this.bytes = bytes;
    }

    @Override
    public long size() {
      return bytes.size();
    }

    @Override
    public int read(ByteBuffer into, long position) {
      return bytes.read(into, position);
    }

    @Override
    public void append(ByteBuffer more) {
      bytes.append(more);
      measure();
    }

    @Override
    public void overwrite(long position, ByteBuffer others) {
      bytes.overwrite((int) position, others);
    }

    @Override
    public void reserve(long count) {
      bytes.reserve((int) count);
      measure();
    }

    @Override
    public void truncate(long size) {
      bytes.truncate((int) size);
    }

    @Override
    public void force() throws IOException {
      requireNamed();
    }

    @Override
    public void requireNamed() throws IOException {
      if (find(name) != bytes) {
        throw new NoSuchFileException(name);
      }
    }

    @Override
    public void close() {}
  }
}

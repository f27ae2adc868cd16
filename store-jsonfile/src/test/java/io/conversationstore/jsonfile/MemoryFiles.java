package io.conversationstore.jsonfile;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * A disk in memory that forgets at a crash what was not forced, and fails when told to. Names are
 * durable after {@link #forceDirectory()}, contents after {@link LogFiles.LogFile#force()}.
 */
final class MemoryFiles implements LogFiles {
  private static final class Content {
    byte[] bytes = new byte[0];
    byte[] durable = new byte[0];
  }

  private final Map<String, Content> names = new TreeMap<>();
  private final Map<String, Content> durableNames = new HashMap<>();
  private final List<String> failing = new ArrayList<>();
  private final List<String> failingOnce = new ArrayList<>();
  private int callsUntilCrash = Integer.MAX_VALUE;
  private RandomGenerator crashing;

  /** From now on, calls of this kind (force, append, create, …) fail, until {@link #heal()}. */
  synchronized void fail(String call) {
    failing.add(call);
  }

  /** The next call of this kind fails, the others do not. */
  synchronized void failNext(String call) {
    failingOnce.add(call);
  }

  synchronized void heal() {
    failing.clear();
    callsUntilCrash = Integer.MAX_VALUE;
  }

  /** The call after {@code calls} more, and all after it, fail; an append is done in part. */
  synchronized void crashAfter(int calls, RandomGenerator random) {
    callsUntilCrash = calls;
    crashing = random;
  }

  private void call(String name) throws IOException {
    if (failingOnce.remove(name) || failing.contains(name) || callsUntilCrash-- <= 0) {
      throw new IOException(name + " failed on purpose");
    }
  }

  /** What is on the disk after the power was lost: of unforced bytes, any number at the front. */
  synchronized MemoryFiles crash(RandomGenerator random) {
    MemoryFiles after = new MemoryFiles();
    Map<String, Content> kept = random.nextBoolean() ? names : durableNames;
    Map<Content, Content> copies = new HashMap<>();
    kept.forEach(
        (name, content) -> {
          Content copy = copies.computeIfAbsent(content, key -> survivor(key, random));
          after.names.put(name, copy);
          after.durableNames.put(name, copy);
        });
    return after;
  }

  private static Content survivor(Content content, RandomGenerator random) {
    int common = content.durable.length;
    byte[] bytes = content.durable;
    if (content.bytes.length > common && random.nextInt(3) > 0) {
      bytes =
          Arrays.copyOf(content.bytes, common + random.nextInt(content.bytes.length - common + 1));
      if (bytes.length > common && random.nextInt(4) == 0) {
        bytes[common + random.nextInt(bytes.length - common)] ^= 0x10;
      }
    }
    Content copy = new Content();
    copy.bytes = bytes.clone();
    copy.durable = copy.bytes;
    return copy;
  }

  /** Everything in every file. */
  synchronized byte[] all() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    names.values().forEach(content -> all.writeBytes(content.bytes));
    return all.toByteArray();
  }

  synchronized byte[] bytes(String name) {
    return names.get(name).bytes.clone();
  }

  synchronized void setBytes(String name, byte[] bytes) {
    names.get(name).bytes = bytes;
    names.get(name).durable = bytes;
  }

  synchronized Map<String, Integer> fingerprints() {
    Map<String, Integer> fingerprints = new TreeMap<>();
    names.forEach((name, content) -> fingerprints.put(name, Arrays.hashCode(content.bytes)));
    return fingerprints;
  }

  @Override
  public String describe() {
    return "memory";
  }

  @Override
  public synchronized List<String> list() {
    return List.copyOf(names.keySet());
  }

  @Override
  public synchronized LogFile create(String name) throws IOException {
    call("create");
    if (names.containsKey(name)) {
      throw new IOException(name + " exists");
    }
    Content content = new Content();
    names.put(name, content);
    return new MemoryFile(content);
  }

  @Override
  public synchronized LogFile open(String name) throws IOException {
    Content content = names.get(name);
    if (content == null) {
      throw new IOException(name + " is not there");
    }
    return new MemoryFile(content);
  }

  @Override
  public synchronized void rename(String from, String to) throws IOException {
    call("rename");
    names.put(to, names.remove(from));
  }

  @Override
  public synchronized void delete(String name) throws IOException {
    call("delete");
    names.remove(name);
  }

  @Override
  public synchronized void forceDirectory() throws IOException {
    call("forceDirectory");
    durableNames.clear();
    durableNames.putAll(names);
  }

  private final class MemoryFile implements LogFile {
    private final Content content;

    MemoryFile(Content content) {
      this.content = content;
    }

    @Override
    public long size() {
      synchronized (MemoryFiles.this) {
        return content.bytes.length;
      }
    }

    @Override
    public int read(ByteBuffer into, long position) {
      synchronized (MemoryFiles.this) {
        int count = (int) Math.min(into.remaining(), content.bytes.length - position);
        if (count > 0) {
          into.put(content.bytes, (int) position, count);
        }
        return Math.max(count, 0);
      }
    }

    @Override
    public void append(ByteBuffer bytes) throws IOException {
      synchronized (MemoryFiles.this) {
        try {
          call("append");
        } catch (IOException e) {
          int some = crashing == null ? bytes.remaining() / 2 : crashing.nextInt(bytes.remaining());
          bytes.limit(bytes.position() + some);
          put(bytes);
          throw e;
        }
        put(bytes);
      }
    }

    private void put(ByteBuffer bytes) {
      int size = content.bytes.length;
      content.bytes = Arrays.copyOf(content.bytes, size + bytes.remaining());
      bytes.get(content.bytes, size, bytes.remaining());
    }

    @Override
    public void truncate(long size) throws IOException {
      synchronized (MemoryFiles.this) {
        call("truncate");
        content.bytes = Arrays.copyOf(content.bytes, (int) Math.min(size, content.bytes.length));
        if (content.durable.length > size) {
          content.durable = content.bytes;
        }
      }
    }

    @Override
    public void force() throws IOException {
      synchronized (MemoryFiles.this) {
        call("force");
        content.durable = content.bytes;
      }
    }

    @Override
    public void close() {}
  }
}

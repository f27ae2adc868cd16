package io.conversationstore.jsonfile;

import io.conversationstore.jsonfile.FaultPlan.Call;
import io.conversationstore.jsonfile.FaultPlan.Outcome;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A disk in memory that loses unforced data when the power is lost, and fails on demand. Names
 * become durable with {@link #forceDirectory()}, contents with {@link LogFiles.LogFile#force}: see
 * {@link Inode}. Thread-safe.
 *
 * <p>Each unforced creation, rename or deletion is lost or kept independently, a rename as a whole.
 */
public final class MemoryFiles implements LogFiles {

  /**
   * A change of the directory: {@code name} becomes {@code inode}, or is removed; {@code from} is
   * removed too.
   */
  private record NameChange(String name, Inode inode, String from) {
    void apply(Map<String, Inode> names) {
      if (from != null) {
        names.remove(from);
      }
      if (inode == null) {
        names.remove(name);
      } else {
        names.put(name, inode);
      }
    }
  }

  private final FaultPlan plan = new FaultPlan();
  private @Nullable String notCreated;
  private @Nullable String notDeleted;
  private final Map<String, Inode> names = new TreeMap<>();
  private final Map<String, Inode> durableNames = new HashMap<>();
  private final List<NameChange> unforced = new ArrayList<>();
  private RandomGenerator random = new java.util.SplittableRandom(1);
  private int openFiles;

  FaultPlan plan() {
    return plan;
  }

  /** From now on, calls of this kind fail, until {@link #heal()}. */
  void fail(Call call) {
    plan.fail(call);
  }

  /** The next call of this kind fails; the others succeed. */
  void failNext(Call call) {
    plan.failNth(call, 1);
  }

  void heal() {
    plan.heal();
  }

  /** The power is lost during the call after {@code calls} more. */
  synchronized void crashAfter(int calls, RandomGenerator generator) {
    random = generator;
    plan.crashAfter(calls);
  }

  /** The number of files opened and not closed. */
  synchronized int openFiles() {
    return openFiles;
  }

  /** Cuts the power, and returns a disk that the next start may find. */
  MemoryFiles crash(RandomGenerator generator) {
    plan.powerOff();
    return survivor(generator);
  }

  /** A disk that a start might find if the power were lost now. */
  synchronized MemoryFiles survivor(RandomGenerator generator) {
    Map<String, Inode> kept = new TreeMap<>(durableNames);
    int mode = generator.nextInt(4);
    int whole = generator.nextInt(unforced.size() + 1);
    for (int i = 0; i < unforced.size(); i++) {
      boolean keeps =
          mode == 1 || (mode == 2 && i < whole) || (mode == 3 && generator.nextBoolean());
      if (keeps) {
        unforced.get(i).apply(kept);
      }
    }
    MemoryFiles after = new MemoryFiles();
    Map<Inode, Inode> copies = new HashMap<>();
    kept.forEach(
        (name, inode) ->
            after.put(
                name, copies.computeIfAbsent(inode, key -> new Inode(key.survivor(generator)))));
    return after;
  }

  /** The disk with only the forced data. */
  synchronized MemoryFiles forcedOnly() {
    MemoryFiles after = new MemoryFiles();
    durableNames.forEach((name, inode) -> after.put(name, new Inode(inode.forcedOnly())));
    return after;
  }

  /** Waits until all written data is forced. */
  synchronized void awaitAllForced() throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!names.values().stream().allMatch(Inode::isForced)) {
      long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
      if (left <= 0) {
        throw new AssertionError("nobody forces what was written");
      }
      wait(left);
    }
  }

  /** The current disk, as after a clean shutdown. */
  synchronized MemoryFiles copy() {
    MemoryFiles copy = new MemoryFiles();
    names.forEach((name, inode) -> copy.put(name, new Inode(inode.content())));
    return copy;
  }

  private synchronized void put(String name, Inode inode) {
    names.put(name, inode);
    durableNames.put(name, inode);
  }

  /** The content of all files. */
  synchronized byte[] all() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    names.values().forEach(inode -> all.writeBytes(inode.content()));
    return all.toByteArray();
  }

  /** Whether any file holds this text. */
  boolean holds(String text) {
    return new String(all(), StandardCharsets.ISO_8859_1).contains(text);
  }

  synchronized byte[] bytes(String name) {
    return names.get(name).content();
  }

  /** Creates or replaces a file, durably. */
  void setBytes(String name, byte[] bytes) {
    put(name, new Inode(bytes));
  }

  /** Flips a bit of a file, also for those who have it open. */
  synchronized void turnBit(String name, int at) {
    Inode inode = names.get(name);
    inode.write(at, new byte[] {(byte) (inode.content()[at] ^ 1)});
  }

  /** Removes a file, durably. */
  synchronized void remove(String name) {
    names.remove(name);
    durableNames.remove(name);
  }

  synchronized Map<String, Integer> fingerprints() {
    Map<String, Integer> fingerprints = new TreeMap<>();
    names.forEach((name, inode) -> fingerprints.put(name, Arrays.hashCode(inode.content())));
    return fingerprints;
  }

  @Override
  public String describe() {
    return "memory";
  }

  private void call(Call call) throws IOException {
    Outcome outcome = plan.next(call);
    if (outcome != Outcome.DONE) {
      throw FaultPlan.error(call, outcome);
    }
  }

  /**
   * Makes a change of names, unless it fails. If the power is lost during it, the change may
   * happen.
   */
  private void change(Call call, NameChange change) throws IOException {
    Outcome outcome = plan.next(call);
    boolean happens =
        outcome == Outcome.DONE || (outcome == Outcome.POWER_LOST && random.nextBoolean());
    if (happens) {
      change.apply(names);
      unforced.add(change);
    }
    if (outcome != Outcome.DONE) {
      throw FaultPlan.error(call, outcome);
    }
  }

  @Override
  public void requireHeld() {}

  @Override
  public synchronized List<String> list() throws IOException {
    call(Call.LIST);
    return List.copyOf(names.keySet());
  }

  /** The creation of the next file whose name begins with this fails. */
  synchronized void failNextCreateOf(String beginning) {
    notCreated = beginning;
  }

  @Override
  public synchronized LogFile create(String name) throws IOException {
    if (names.containsKey(name)) {
      throw new IOException(name + " exists");
    }
    if (notCreated != null && name.startsWith(notCreated)) {
      notCreated = null;
      throw FaultPlan.error(Call.CREATE, FaultPlan.Outcome.FAILED);
    }
    Inode inode = new Inode();
    change(Call.CREATE, new NameChange(name, inode, null));
    return new MemoryFile(inode);
  }

  @Override
  public synchronized LogFile open(String name) throws IOException {
    call(Call.OPEN);
    Inode inode = names.get(name);
    if (inode == null) {
      throw new IOException(name + " is not there");
    }
    return new MemoryFile(inode);
  }

  @Override
  public synchronized void rename(String from, String to) throws IOException {
    Inode inode = names.get(from);
    if (inode == null) {
      throw new IOException(from + " is not there");
    }
    change(Call.RENAME, new NameChange(to, inode, from));
  }

  /** The deletion of the next file whose name begins with this fails. */
  synchronized void failNextDeleteOf(String beginning) {
    notDeleted = beginning;
  }

  @Override
  public synchronized void delete(String name) throws IOException {
    if (notDeleted != null && name.startsWith(notDeleted)) {
      notDeleted = null;
      throw FaultPlan.error(Call.DELETE, FaultPlan.Outcome.FAILED);
    }
    change(Call.DELETE, new NameChange(name, null, null));
  }

  @Override
  public synchronized void forceDirectory() throws IOException {
    Outcome outcome = plan.next(Call.FORCE_DIRECTORY);
    if (outcome == Outcome.DONE || (outcome == Outcome.POWER_LOST && random.nextBoolean())) {
      durableNames.clear();
      durableNames.putAll(names);
      unforced.clear();
    }
    if (outcome != Outcome.DONE) {
      throw FaultPlan.error(Call.FORCE_DIRECTORY, outcome);
    }
  }

  private final class MemoryFile implements LogFile {
    private final Inode inode;
    private int end;
    private boolean closed;

    MemoryFile(Inode inode) {
      this.inode = inode;
      this.end = inode.size();
      openFiles++;
    }

    private void requireOpen() throws IOException {
      if (closed) {
        throw new java.nio.channels.ClosedChannelException();
      }
    }

    @Override
    public long size() throws IOException {
      synchronized (MemoryFiles.this) {
        requireOpen();
        call(Call.SIZE);
        return inode.size();
      }
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      synchronized (MemoryFiles.this) {
        requireOpen();
        call(Call.READ);
        return inode.read(into, position);
      }
    }

    @Override
    public void append(ByteBuffer bytes) throws IOException {
      byte[] line = new byte[bytes.remaining()];
      bytes.get(line);
      synchronized (MemoryFiles.this) {
        end += write(Call.APPEND, line);
      }
    }

    @Override
    public void overwrite(long position, ByteBuffer bytes) throws IOException {
      byte[] line = new byte[bytes.remaining()];
      bytes.get(line);
      synchronized (MemoryFiles.this) {
        requireOpen();
        if (position + line.length > inode.size()) {
          throw new IllegalArgumentException("nothing stands there");
        }
        Outcome outcome = plan.next(Call.OVERWRITE);
        if (outcome == Outcome.DONE) {
          inode.write((int) position, line);
          return;
        }
        if (outcome != Outcome.DEAD) {
          byte[] some = Arrays.copyOf(line, random.nextInt(line.length + 1));
          inode.write((int) position, some);
        }
        throw FaultPlan.error(Call.OVERWRITE, outcome);
      }
    }

    @Override
    public void reserve(long bytes) throws IOException {
      byte[] blanks = new byte[(int) bytes];
      Arrays.fill(blanks, (byte) ' ');
      synchronized (MemoryFiles.this) {
        write(Call.RESERVE, blanks);
      }
    }

    /** Writes all bytes at the end, or some of them and fails. */
    private int write(Call call, byte[] bytes) throws IOException {
      requireOpen();
      Outcome outcome = plan.next(call);
      if (outcome == Outcome.DONE) {
        inode.write(end, bytes);
        return bytes.length;
      }
      if (outcome != Outcome.DEAD) {
        byte[] some = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
        inode.write(end, some);
        end += call == Call.APPEND ? some.length : 0;
      }
      throw FaultPlan.error(call, outcome);
    }

    @Override
    public void truncate(long size) throws IOException {
      synchronized (MemoryFiles.this) {
        requireOpen();
        Outcome outcome = plan.next(Call.TRUNCATE);
        if (outcome == Outcome.DONE || (outcome == Outcome.POWER_LOST && random.nextBoolean())) {
          inode.truncate(size);
          end = (int) size;
        }
        if (outcome != Outcome.DONE) {
          throw FaultPlan.error(Call.TRUNCATE, outcome);
        }
      }
    }

    @Override
    public void force() throws IOException {
      synchronized (MemoryFiles.this) {
        requireOpen();
        Outcome outcome = plan.next(Call.FORCE);
        if (outcome == Outcome.DONE || (outcome == Outcome.POWER_LOST && random.nextBoolean())) {
          inode.force();
          MemoryFiles.this.notifyAll();
        } else if (outcome == Outcome.FAILED) {
          inode.forceFailed();
        }
        if (outcome != Outcome.DONE) {
          throw FaultPlan.error(Call.FORCE, outcome);
        }
      }
    }

    @Override
    public void requireNamed() throws IOException {
      synchronized (MemoryFiles.this) {
        if (!names.containsValue(inode)) {
          throw new java.nio.file.NoSuchFileException("a file that was deleted");
        }
      }
    }

    @Override
    public void close() {
      synchronized (MemoryFiles.this) {
        openFiles -= closed ? 0 : 1;
        closed = true;
      }
    }
  }
}

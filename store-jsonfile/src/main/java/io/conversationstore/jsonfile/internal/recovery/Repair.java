package io.conversationstore.jsonfile.internal.recovery;

import com.fasterxml.jackson.core.JsonGenerator;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.DamageReport;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.internal.apply.LinePayloads;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.LineHead;
import io.conversationstore.jsonfile.internal.format.LogLine;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.PendingQueue;
import io.conversationstore.spi.LocalStore.Mirrored;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves unreadable parts of a directory's files to separate files and puts lines in their place
 * that list the lost lines. Every file is replaced as a whole, so an interrupted repair can be
 * repeated. Not thread-safe; the caller holds the directory's lock.
 */
public final class Repair {
  private static final Logger LOG = LoggerFactory.getLogger(Repair.class);
  private final LogFiles files;
  private final Instant now;
  private final List<DamageReport.Finding> findings = new ArrayList<>();

  public Repair(LogFiles files, Instant now) {
    this.files = files;
    this.now = now;
  }

  public List<DamageReport.Finding> findings() {
    return findings;
  }

  /** Repairs one file. */
  private void apply(List<DamageScan.Damage> damages) throws IOException {
    int file = damages.get(0).file();
    String name = Segments.name(file);
    boolean missing = !files.list().contains(name);
    for (DamageScan.Damage damage : damages) {
      String movedTo = damage.length() > 0 ? setAside(name, damage) : null;
      findings.add(
          new DamageReport.Finding(
              name, damage.offset(), damage.length(), damage.what(), damage.torn(), movedTo));
    }
    files.write(
        FileNames.REPAIR_TEMPORARY,
        repaired -> {
          if (missing) {
            writeMissing(repaired, damages);
          } else {
            try (LogFiles.LogFile old = files.open(name)) {
              write(repaired, old, damages);
            }
          }
        });
    files.rename(FileNames.REPAIR_TEMPORARY, name);
    files.forceDirectory();
  }

  private String setAside(String name, DamageScan.Damage damage) throws IOException {
    String stem = FileNames.SET_ASIDE_PREFIX + name + "-" + damage.offset();
    List<String> names = files.list();
    String side = stem + ".bin";
    for (int i = 2; names.contains(side); i++) {
      side = stem + "-" + i + ".bin";
    }
    try (LogFiles.LogFile from = files.open(name);
        LogFiles.LogFile to = files.create(side)) {
      from.copyTo(to, damage.offset(), damage.offset() + damage.length());
      to.force();
    }
    files.forceDirectory();
    return side;
  }

  private void writeMissing(LogFiles.LogFile to, List<DamageScan.Damage> damages)
      throws IOException {
    DamageScan.Damage damage = damages.get(0);
    to.append(ByteBuffer.wrap(header(damage.file(), damage.from())));
    writeLost(to, damage);
  }

  private byte[] header(int file, long from) throws IOException {
    Manifest manifest = Manifest.read(files);
    long through = manifest == null ? 0 : manifest.snapshotEnd();
    return file > 0
        ? LineFormat.logHeader(file, from)
        : LineFormat.snapshotHeader(file, from, through);
  }

  private void write(LogFiles.LogFile to, LogFiles.LogFile old, List<DamageScan.Damage> damages)
      throws IOException {
    long at = 0;
    boolean headed = false;
    for (DamageScan.Damage damage : damages) {
      boolean isHeader = damage.offset() == 0 && !headed;
      headed = true;
      if (isHeader) {
        to.append(ByteBuffer.wrap(header(damage.file(), damage.from())));
      }
      old.copyTo(to, at, damage.offset());
      if (!isHeader || damage.through() >= damage.from()) {
        writeLost(to, damage);
      }
      at = damage.offset() + damage.length();
    }
    old.copyTo(to, at, old.size());
  }

  /**
   * Writes a line that stands for the lost ones; torn lines need none, because they never counted.
   */
  private void writeLost(LogFiles.LogFile to, DamageScan.Damage damage) throws IOException {
    if (!damage.torn() && damage.through() >= damage.from()) {
      String instead = damage.instead();
      String field =
          instead == null
              ? "\"lost\":" + Json.text(out -> writeLost(out, damage.through()))
              : instead;
      byte[] head = LineFormat.head(damage.from(), 0, now, "");
      to.append(ByteBuffer.wrap(LineFormat.join(head, field.getBytes(StandardCharsets.UTF_8))));
    }
  }

  private static void writeLost(JsonGenerator out, long through) throws IOException {
    out.writeStartObject();
    out.writeNumberField("through", through);
    out.writeEndObject();
  }

  /** The range of a line that is whole but cannot be read or applied. */
  public static DamageScan.Damage unusable(int file, LogLine line) {
    long number = line.number();
    return new DamageScan.Damage(
        file,
        line.offset(),
        line.length() + 1L,
        number,
        number,
        "the line is unreadable, or it depends on lost lines",
        false,
        instead(line));
  }

  /**
   * The field of the replacement line, from what is still readable. A pending change keeps its id,
   * so that it can be parked. A message of the mirror marks its conversation as incomplete.
   */
  private static @Nullable String instead(LogLine line) {
    byte[] bytes = Arrays.copyOfRange(line.bytes(), line.start(), line.start() + line.length());
    LineHead head = LineHead.of(bytes, bytes.length);
    try {
      if (head.payload().equals("pending")) {
        return "\"was\":" + LinePayloads.ended(PendingQueue.Entry.of(head)) + ",\"gone\":\"\"";
      }
      Mirrored incomplete = incomplete(head);
      return incomplete == null
          ? null
          : "\"lacks\":"
              + new String(LinePayloads.mirrored(List.of(incomplete)), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      LOG.debug("A line does not name its conversation", e);
      return null;
    }
  }

  /** The mirrored conversation that lacks a message without this line; null if there is none. */
  private static @Nullable Mirrored incomplete(LineHead head) {
    Owner owner = head.owner();
    boolean message = head.payload().equals("row") && head.kind().equals("message");
    return owner == null || !message || head.conversation().isEmpty() || head.generation() == 0
        ? null
        : new Mirrored(owner, head.conversation(), head.epoch(), head.generation());
  }

  /**
   * Removes from the log whole lines that cannot be read or applied, as a repair does; the
   * directory then opens. The mirror of a database is rebuilt, unless it lacks only messages of
   * conversations now marked as incomplete.
   */
  public static Manifest setAside(
      LogFiles files, Manifest manifest, List<DamageScan.Damage> lines, JsonFileOptions options)
      throws IOException {
    Repair repair = new Repair(files, Micros.truncated(options.clock().instant()));
    boolean mirrorStays =
        !manifest.mirrorDue() && lines.stream().allMatch(line -> line.instead() != null);
    Manifest repaired = manifest.withRepair(options.ids().get());
    repaired = mirrorStays ? repaired.withMirrorBegun() : repaired;
    // It may be cut off. So first drop the checkpoint, which holds places of lines, and record the
    // rebuild that is due.
    Checkpoint.delete(files);
    repaired.write(files);
    repair.applyAll(lines);
    for (DamageReport.Finding finding : repair.findings()) {
      LOG.error("{}: {}", files.describe(), finding);
    }
    return repaired;
  }

  /** Repairs any files; the damages of each file must be in order. */
  public void applyAll(List<DamageScan.Damage> damages) throws IOException {
    Map<Integer, List<DamageScan.Damage>> byFile = new LinkedHashMap<>();
    for (DamageScan.Damage damage : damages) {
      byFile.computeIfAbsent(damage.file(), key -> new ArrayList<>()).add(damage);
    }
    for (List<DamageScan.Damage> ofFile : byFile.values()) {
      apply(ofFile);
    }
  }
}

package io.conversationstore.jsonfile;

import com.fasterxml.jackson.core.JsonGenerator;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Moves what cannot be read out of a directory's files, each into a file beside, and says in its
 * place which lines are lost. Every file is replaced as a whole, so that a repair that was cut off
 * can be done again. For one thread, which holds the directory's lock.
 */
final class Repair {
  static final String TEMPORARY = "repair.tmp";

  private final LogFiles files;
  private final Instant now;
  private final List<DamageReport.Finding> findings = new ArrayList<>();

  Repair(LogFiles files, Instant now) {
    this.files = files;
    this.now = now;
  }

  /** Whether a repair has put bytes aside, which are still there. */
  static boolean hasPutAside(LogFiles files) throws IOException {
    return files.list().stream().anyMatch(name -> name.startsWith(FileJobs.SIDE_FILE));
  }

  List<DamageReport.Finding> findings() {
    return findings;
  }

  /** Puts right what is wrong with one file. */
  void apply(List<DamageScan.Damage> damages) throws IOException {
    int file = damages.get(0).file();
    String name = Segments.name(file);
    boolean missing = !files.list().contains(name);
    for (DamageScan.Damage damage : damages) {
      String movedTo = damage.length() > 0 ? putAside(name, damage) : null;
      findings.add(
          new DamageReport.Finding(
              name, damage.offset(), damage.length(), damage.what(), damage.torn(), movedTo));
    }
    files.write(
        TEMPORARY,
        repaired -> {
          if (missing) {
            writeMissing(repaired, damages);
          } else {
            try (LogFiles.LogFile old = files.open(name)) {
              write(repaired, old, damages);
            }
          }
        });
    files.rename(TEMPORARY, name);
    files.forceDirectory();
  }

  private String putAside(String name, DamageScan.Damage damage) throws IOException {
    String stem = FileJobs.SIDE_FILE + name + "-" + damage.offset();
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
    return file > 0 ? Line.logHeader(file, from) : Line.snapshotHeader(file, from, through);
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

  /** A line that stands for those that are lost; torn ones were never there. */
  private void writeLost(LogFiles.LogFile to, DamageScan.Damage damage) throws IOException {
    if (!damage.torn() && damage.through() >= damage.from()) {
      String lost = Json.text(out -> writeLost(out, damage.through()));
      byte[] head = Line.head(damage.from(), 0, now, "\"lost\":");
      to.append(ByteBuffer.wrap(Line.join(head, lost.getBytes(StandardCharsets.UTF_8))));
    }
  }

  private static void writeLost(JsonGenerator out, long through) throws IOException {
    out.writeStartObject();
    out.writeNumberField("through", through);
    out.writeEndObject();
  }

  /** The stretch that a line takes which is whole but cannot be applied any more. */
  static DamageScan.Damage unusable(int file, LogLine line) {
    long number = line.number();
    String what = "the line depends on lines that are lost";
    return new DamageScan.Damage(
        file, line.offset(), line.length() + 1L, number, number, what, false);
  }
}

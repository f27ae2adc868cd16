package io.conversationstore.jsonfile;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@link JsonFileTool} found in a directory. Immutable.
 *
 * @param lines how many whole lines there are
 * @param bytes how many bytes they take
 * @param findings what is wrong, in the order of the files; empty where all is well
 */
public record DamageReport(Path directory, long lines, long bytes, List<Finding> findings) {

  public DamageReport {
    findings = List.copyOf(findings);
  }

  /**
   * One thing that is wrong.
   *
   * @param file its name in the directory
   * @param offset of the first byte concerned
   * @param length how many bytes are concerned; 0 where something is missing
   * @param what in words, without content
   * @param harmless whether nothing acknowledged is concerned: opening puts it right by itself
   * @param movedTo the file that has the bytes now, where a repair moved them
   */
  public record Finding(
      String file,
      long offset,
      long length,
      String what,
      boolean harmless,
      @Nullable String movedTo) {

    @Override
    public String toString() {
      return file
          + ", byte "
          + offset
          + (length == 0 ? "" : ", " + length + " bytes")
          + ": "
          + what
          + (movedTo == null ? "" : "; moved to " + movedTo);
    }
  }

  /** Whether the store opens and holds all that was acknowledged. */
  public boolean isSound() {
    return findings.stream().allMatch(Finding::harmless);
  }
}

package io.conversationstore.jsonfile;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The findings of {@link JsonFileTool} in a directory. Immutable.
 *
 * @param lines the number of whole lines
 * @param bytes the size of those lines in bytes
 * @param findings what is wrong, in the order of the files; empty if the directory is sound
 */
public record DamageReport(Path directory, long lines, long bytes, List<Finding> findings) {

  public DamageReport {
    findings = List.copyOf(findings);
  }

  /**
   * One finding.
   *
   * @param file its name in the directory
   * @param offset of the first affected byte
   * @param length the number of affected bytes; 0 if something is missing
   * @param what a description, without content
   * @param harmless whether no acknowledged data is affected; opening the store repairs it
   * @param movedTo the file that holds the bytes now, if a repair moved them
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

  /** Whether the store opens and holds all acknowledged data. */
  public boolean isSound() {
    return findings.stream().allMatch(Finding::harmless);
  }
}

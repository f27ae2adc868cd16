package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.jsonfile.FaultPlan.Call;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.jsonfile.internal.format.Manifest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A repair that is cut off at any of its calls can be repeated, with the same result. */
class RepairTest {

  /** The places in each file at which damage is tried. */
  private static final int PARTS = 16;

  private SoundDirectory sound;
  private MemoryFiles damaged;

  @BeforeEach
  void damage() throws IOException {
    sound = SoundDirectory.make(1, 3);
    damaged = damagedWhereSomethingIsLost();
    assertThat(sound.names()).contains(FileNames.CHECKPOINT);
  }

  /**
   * One line is damaged, of which the content is needed. A background thread decides which lines a
   * file has, and some of them matter no more, for example those of an erased owner.
   */
  private MemoryFiles damagedWhereSomethingIsLost() throws IOException {
    for (String name : sound.names()) {
      // Not in the last segment, so the checkpoint's own position stays valid.
      if (Segments.number(name) > 0 && !name.equals(sound.lastSegment())) {
        for (int part = 1; part < PARTS; part++) {
          MemoryFiles files = sound.copy();
          byte[] bytes = files.bytes(name);
          bytes[bytes.length * part / PARTS] ^= 1;
          files.setBytes(name, bytes);
          MemoryFiles repaired = files.copy();
          if (repair(repaired) && !content(repaired).equals(sound.content())) {
            return files;
          }
        }
      }
    }
    throw new AssertionError("no damage in the middle of the log loses anything");
  }

  private static boolean repair(MemoryFiles files) throws IOException {
    Manifest manifest = Manifest.read(files);
    assertThat(manifest).isNotNull();
    JsonFileTool.repair(Path.of("memory"), files, manifest);
    return JsonFileTool.verify(Path.of("memory"), files, manifest).isSound();
  }

  private Map<String, String> content(MemoryFiles files) throws IOException {
    FileEngine engine = Memory.engine(files, sound.options());
    try (ConversationStore store = Memory.front(engine, sound.options())) {
      return Fingerprint.of(store, engine);
    }
  }

  @Test
  void whatAPowerCutLeavesIsRepaired() throws IOException {
    MemoryFiles whole = damaged.copy();
    assertThat(repair(whole)).isTrue();
    Map<String, String> expected = content(whole);
    assertThat(expected).isNotEqualTo(sound.content());
    int calls = 0;
    boolean ended = false;
    while (!ended) {
      MemoryFiles files = damaged.copy();
      files.crashAfter(calls++, new Random(calls));
      try {
        repair(files);
      } catch (IOException e) {
        assertThat(files.plan().isDead()).isTrue();
      }
      ended = !files.plan().isDead();
      files.heal();
      MemoryFiles after = ended ? files : files.survivor(new Random(calls));
      assertThat(repair(after)).as("cut off at call %d", calls).isTrue();
      assertThat(content(after)).as("cut off at call %d", calls).isEqualTo(expected);
    }
    assertThat(calls).isGreaterThan(20);
  }

  @Test
  void aFullDiskKeepsNothingOfIt() throws IOException {
    for (Call call : new Call[] {Call.APPEND, Call.FORCE}) {
      MemoryFiles files = damaged.copy();
      files.fail(call);
      try {
        repair(files);
        throw new AssertionError("it took no notice of the disk");
      } catch (IOException e) {
        assertThat(files.list()).noneMatch(name -> name.endsWith(".tmp"));
      }
    }
  }
}

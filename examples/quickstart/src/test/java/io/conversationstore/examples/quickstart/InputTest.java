package io.conversationstore.examples.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputTest {

  private static final String GOOD =
      "{\"conversation_id\":\"c1\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

  @TempDir private Path directory;

  private Path file(String text) throws IOException {
    return Files.writeString(directory.resolve("input.jsonl"), text);
  }

  @Test
  void theSampleIsReadAsOftenAsAsked() throws Exception {
    List<Input.Chat> once = Input.read(null, 1);
    assertThat(once).hasSizeGreaterThan(5);
    assertThat(Input.read(null, 3)).hasSize(3 * once.size());
    for (Input.Chat chat : once) {
      assertThat(chat.turns().stream().flatMap(List::stream)).isEqualTo(chat.messages());
    }
  }

  @Test
  void aUsersMessageIsATurnOfItsOwn() throws Exception {
    for (Input.Chat chat : Input.read(null, 1)) {
      for (var turn : chat.turns()) {
        if (turn.stream().anyMatch(message -> message.role() == Role.USER)) {
          assertThat(turn).hasSize(1);
        }
      }
    }
  }

  @Test
  void missingFilesAreReported() {
    Path missing = directory.resolve("no.jsonl");
    assertThatThrownBy(() -> Input.read(missing, 1))
        .isInstanceOf(Arguments.Wrong.class)
        .hasMessage(missing + ": no such file");
  }

  @Test
  void aBrokenLineIsNamedByItsNumber() throws Exception {
    Path broken = file(GOOD + "\n\n{\"conversation_id\":\"c2\",\"messages\":[{\"role\":\"SEC\n");
    assertThatThrownBy(() -> Input.read(broken, 1))
        .isInstanceOf(Arguments.Wrong.class)
        .hasMessageContaining("line 3: invalid JSON")
        .hasMessageNotContaining("SEC");
    Path wrong = file(GOOD + "\n{\"conversation_id\":\"c2\",\"messages\":[{\"role\":\"x\"}]}\n");
    assertThatThrownBy(() -> Input.read(wrong, 1))
        .hasMessageContaining("line 2: messages[0]: role must be");
    Path twice = file(GOOD + "\n" + GOOD + "\n");
    assertThatThrownBy(() -> Input.read(twice, 1))
        .hasMessageContaining("line 2: conversation_id is used on an earlier line");
    Path empty = file("\n");
    assertThatThrownBy(() -> Input.read(empty, 1)).hasMessageContaining("contains no conversation");
  }

  @Test
  void nonTextFilesAreReported() throws Exception {
    Path binary = Files.write(directory.resolve("x.bin"), new byte[] {(byte) 0xff, (byte) 0xfe});
    assertThatThrownBy(() -> Input.read(binary, 1)).hasMessageContaining("not UTF-8");
  }

  @Test
  void theCommandLineIsChecked() throws Exception {
    assertThat(Arguments.of("--help")).isNull();
    assertThatThrownBy(() -> Arguments.of("--wat")).hasMessageContaining("--wat");
    assertThatThrownBy(() -> Arguments.of("--writers", "0")).hasMessageContaining("1 to 64");
    assertThatThrownBy(() -> Arguments.of("--writers")).hasMessageContaining("1 to 64");
    assertThatThrownBy(() -> Arguments.of("a", "b")).hasMessageContaining("one FILE");
    assertThatThrownBy(() -> Arguments.of("--crash", "--kills", "0"))
        .hasMessageContaining("needs an outage");
  }
}

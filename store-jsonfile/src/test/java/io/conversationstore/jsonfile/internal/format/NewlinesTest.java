package io.conversationstore.jsonfile.internal.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class NewlinesTest {

  @Test
  void findsWhatALoopFinds() {
    Random random = new Random(1);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      for (int i = random.nextInt(4); i > 0 && bytes.length > 0; i--) {
        int at = random.nextInt(bytes.length);
        // A newline or a neighbouring value, which a wrong mask would take for a newline.
        bytes[at] = (byte) ('\n' + random.nextInt(3) - 1);
      }
      int from = random.nextInt(bytes.length + 1);
      int to = from + random.nextInt(bytes.length - from + 1);
      int next = from;
      while (next < to && bytes[next] != '\n') {
        next++;
      }
      int last = to;
      while (last > from && bytes[last - 1] != '\n') {
        last--;
      }
      assertThat(Newlines.next(bytes, from, to)).isEqualTo(next);
      assertThat(Newlines.behindLast(bytes, from, to)).isEqualTo(last);
    }
  }
}

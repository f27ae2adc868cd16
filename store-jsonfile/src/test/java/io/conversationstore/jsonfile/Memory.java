package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.StoreFront;
import java.io.IOException;
import java.nio.file.Path;

/** Opens stores over files in memory. */
final class Memory {
  private Memory() {}

  static JsonFileOptions options() {
    return JsonFileOptions.in(Path.of("memory")).withSegmentBytes(4 << 10);
  }

  static FileEngine engine(LogFiles files) throws IOException {
    return FileEngine.open(files, () -> {}, options());
  }

  static ConversationStore front(LocalStore engine) {
    JsonFileOptions options = options();
    return new StoreFront(
        engine, StoreLimits.DEFAULT, options.clock(), options.ids(), engine.identity().node());
  }

  static ConversationStore store(LogFiles files) throws IOException {
    return front(engine(files));
  }
}

package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreLimits;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.StoreEngine;
import io.conversationstore.spi.UuidV7;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Random;
import java.util.UUID;

/** Opens stores over files in memory. */
final class Memory {
  private Memory() {}

  static JsonFileOptions options() {
    return JsonFileOptions.in(Path.of("memory")).withSegmentBytes(4 << 10);
  }

  static FileEngine engine(LogFiles files) throws IOException {
    return engine(files, options());
  }

  static FileEngine engine(LogFiles files, JsonFileOptions options) throws IOException {
    return FileEngine.open(files, () -> {}, options);
  }

  static ConversationStore front(LocalStore engine) {
    return front(engine, options());
  }

  static ConversationStore front(LocalStore engine, JsonFileOptions options) {
    return new DefaultConversationStore(
        engine, StoreLimits.DEFAULT, options.clock(), options.ids(), engine.identity().node());
  }

  /** A store over any engine, with its own ids. */
  static ConversationStore front(StoreEngine engine, Clock clock) {
    UuidV7 ids = new UuidV7(clock, new Random(1));
    return new DefaultConversationStore(engine, StoreLimits.DEFAULT, clock, ids, new UUID(1, 1));
  }

  static ConversationStore store(LogFiles files) throws IOException {
    return front(engine(files));
  }
}

package io.conversationstore.jsonfile;

import io.conversationstore.testkit.PublicApi;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ApiTest {

  @Test
  void thePublicApiIsTheListedOne() throws IOException {
    PublicApi.requireListed(
        "store-jsonfile", Path.of("api.txt"), PublicApi.of(Path.of("target", "classes")));
  }
}

package io.conversationstore.adk;

import io.conversationstore.testkit.PublicApi;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ApiTest {

  @Test
  void thePublicApiIsTheListedOne() throws IOException {
    PublicApi.requireListed(
        "integrations/adk",
        Path.of("api.txt"),
        PublicApi.of(Path.of("target", "classes"), List.of("io.conversationstore.adk")));
  }
}

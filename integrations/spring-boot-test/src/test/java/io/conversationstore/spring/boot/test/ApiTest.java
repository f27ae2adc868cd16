package io.conversationstore.spring.boot.test;

import io.conversationstore.testkit.PublicApi;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ApiTest {

  @Test
  void thePublicApiIsTheListedOne() throws IOException {
    PublicApi.requireListed(
        "integrations/spring-boot-test",
        Path.of("api.txt"),
        PublicApi.of(
            Path.of("target", "classes"), List.of("io.conversationstore.spring.boot.test")));
  }
}

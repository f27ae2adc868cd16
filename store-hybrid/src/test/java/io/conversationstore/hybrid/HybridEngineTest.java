package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.spi.StoreEngine;
import org.junit.jupiter.api.Test;

class HybridEngineTest {

  @Test
  void noDefaultOfAnEngineIsInherited() {
    assertThat(StoreEngine.class.getMethods())
        .hasSizeGreaterThan(20)
        .allSatisfy(
            method ->
                assertThat(
                        HybridEngine.class
                            .getMethod(method.getName(), method.getParameterTypes())
                            .getDeclaringClass())
                    .isEqualTo(HybridEngine.class));
  }
}

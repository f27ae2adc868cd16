package io.conversationstore.testkit;

import io.conversationstore.spi.PrimaryStore;
import java.time.Clock;

class ReferenceLandingTest extends LandingContract {

  private final PrimaryStore primary = new ReferencePrimary(Clock.systemUTC());

  @Override
  protected PrimaryStore primary() {
    return primary;
  }
}

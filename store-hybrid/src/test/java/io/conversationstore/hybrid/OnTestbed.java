package io.conversationstore.hybrid;

import io.conversationstore.Owner;
import io.conversationstore.testkit.TestPostgres;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests each with their own database, nodes, and failing network. */
@ExtendWith(SharedServer.class)
abstract class OnTestbed {

  final TestPostgres server = SharedServer.get();
  final Owner alice = Owner.of("acme", "alice");
  Testbed bed;

  @BeforeEach
  final void openBed() {
    bed = makeBed();
  }

  Testbed makeBed() {
    return Testbed.withSchema(server);
  }

  @AfterEach
  final void closeBed() {
    bed.close();
  }
}

package io.conversationstore.spring.boot.test;

import io.conversationstore.Owner;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** An application that the tests find, as a user's test finds the user's application. */
@SpringBootApplication
class Shop {

  static final Owner ALICE = Owner.of("acme", "alice");
}

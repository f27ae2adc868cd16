package io.conversationstore.spring.boot;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** An application as small as it can be; prints what is stored. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class SampleMain {

  public static void main(String[] args) {
    Owner alice = Owner.of("acme", "alice");
    try (ConfigurableApplicationContext context = SpringApplication.run(SampleMain.class, args)) {
      ConversationStore store = context.getBean(ConversationStore.class);
      store.append(alice, NewConversation.ofId("c"), Message.user("tea"));
      System.out.println(
          "STORED "
              + store.last(alice, "c", 10).size()
              + " "
              + store.state().mode()
              + " pending="
              + store.state().pending().changes());
    }
  }
}

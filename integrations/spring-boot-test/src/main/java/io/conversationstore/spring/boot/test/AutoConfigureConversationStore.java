package io.conversationstore.spring.boot.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;

/**
 * Gives a test with another context, such as {@code @SpringBootTest}, a store with a directory of
 * its own, which is deleted with the context.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ImportAutoConfiguration
public @interface AutoConfigureConversationStore {

  /**
   * Whether to use the database of the properties or of a {@code @ServiceConnection}. Otherwise
   * conversations are in files alone, whatever the properties of the application say.
   */
  boolean database() default false;
}
